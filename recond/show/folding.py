"""Lines and tables at a terminal's width: broken between words only, and never within a number.

Why: a serial number that is folded is read wrongly and cannot be found again, and no-break spaces
are no places to break, though most libraries take them for one. Where the columns of a table need
more room than there is, the table gives way: one block for each row. Pure.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from unicodedata import combining, east_asian_width

GAP = 3
"""Columns between two cells, and `EDGE` around a table, of the box that `screen` draws."""
EDGE = 2
_LEAD = re.compile(r"\s*(?:(?:[-–•!?→✓✗]|\d{1,2}\.)\s+)?")


def fold_line(line: str, width: int) -> str:
    """A line in pieces of `width` columns at most, hanging under its own first word.

    A word that is longer than the line stays whole.
    """
    if columns(line) <= width:
        return line
    lead = _LEAD.match(line)
    indent = " " * min(len(lead[0]) if lead else 0, width // 2)
    pieces = _wrap(line, width, indent)
    return "\n".join(pieces)


def _wrap(line: str, width: int, indent: str) -> list[str]:
    return textwrap.wrap(
        line,
        width,
        subsequent_indent=indent,
        break_long_words=False,
        break_on_hyphens=False,
        drop_whitespace=True,
        replace_whitespace=False,
    ) or [line]


def columns(words: str) -> int:
    """How many columns of a terminal some words take."""
    return sum(0 if combining(c) else 2 if east_asian_width(c) in "WF" else 1 for c in words)


def column_widths(rows: Sequence[Sequence[str]], room: int) -> list[int] | None:
    """The width of each column so that no word is broken; None where `room` is too small.

    Each column gets its longest word; what is left goes where the most is wanted.
    """
    cells = list(zip(*rows, strict=True))
    least = [max(columns(word) for cell in column for word in _words(cell)) for column in cells]
    most = [max(columns(line) for cell in column for line in lines(cell)) for column in cells]
    left = room - EDGE - GAP * (len(cells) - 1) - sum(least)
    if left < 0:
        return None
    widths = least
    while left > 0 and widths != most:
        wanting = [n for n, width in enumerate(widths) if width < most[n]]
        for n in sorted(wanting, key=lambda n: widths[n] / most[n])[:left]:
            widths[n] += 1
            left -= 1
    return widths


def lines(cell: str) -> list[str]:
    """The lines of a cell; of an empty one an empty line."""
    return cell.split("\n")


def _words(cell: str) -> list[str]:
    return cell.split(" ") if "\n" not in cell else re.split("[ \n]", cell)


def blocks(head: Sequence[str], rows: Sequence[Sequence[str]], width: int) -> list[str]:
    """Each row as a block of lines: its first words, then « Column : cell » below.

    `head` has its colons already.
    """
    said = []
    for row in rows:
        marks = 1 if len(row) > 1 and not head[0] else 0  # a sign before the name
        first = " ".join(cell for cell in row[: marks + 1] if cell)
        said += ["", fold_line(first, width)]
        for name, cell in list(zip(head, row, strict=True))[marks + 1 :]:
            said += fold_cell(f"  {name} " if name else "  ", cell, width)
    return said


def fold_cell(label: str, cell: str, width: int) -> list[str]:
    """A label and what stands beside it, folded under itself."""
    if not cell:
        return []
    indent = " " * 4
    first, *rest = lines(cell)
    folded = _wrap(f"{label}{first}", width, indent)
    return folded + [piece for line in rest for piece in _wrap(indent + line, width, indent)]
