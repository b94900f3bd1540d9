"""A profile's text as TOML, and what is left of it where parts are broken.

Why: tomllib stops at the first place that is no TOML, and one run must show all mistakes. So a
broken line is left out, or its whole section where the line does not stand alone, and the rest is
still read. tomllib's messages are English sentences; they are sorted into kinds that the catalogues
know. Pure.
"""

from __future__ import annotations

import re
import tomllib
from dataclasses import dataclass, field
from typing import Any

from recond.documents import read_toml

MAX_BROKEN = 20

_WHERE = re.compile(r"\(at line (\d+), column (\d+)\)$")
_HEADER = re.compile(r"[ \t]*(\[\[?)[ \t]*([A-Za-z0-9_-]+)[ \t]*\]\]?[ \t]*(?:#.*)?\r?$")
_KEY = re.compile(r"""[ \t]*([A-Za-z0-9_."'-]+)[ \t]*=""")

_KINDS = (
    ("Invalid value", "value"),
    ("Unterminated string", "string"),
    ("Expected \"'", "string"),
    ("Illegal character '\\n'", "string"),
    ("Illegal character '\\r'", "string"),
    ("Illegal character", "character"),
    ("Found invalid", "character"),
    ("Unescaped", "escape"),
    ("Escaped character", "escape"),
    ("Invalid hex", "escape"),
    ("Expected '='", "statement"),
    ("Invalid statement", "statement"),
    ("Invalid initial character", "statement"),
    ("Unclosed", "unclosed"),
    ("Expected newline", "rest"),
    ("Expected ']", "header"),
    ("Invalid date", "date"),
    ("Cannot", "twice"),
    ("Duplicate", "twice"),
)
"""How tomllib's messages begin (CPython 3.11 to 3.14, Lib/tomllib/_parser.py), and their kinds."""


@dataclass(frozen=True, slots=True)
class Broken:
    """A place that is no TOML: its line from 1, its section and key ("" for none), the kind.

    `lost` is the part of the document that was left out with it.
    """

    line: int
    section: str
    key: str
    kind: str
    lost: str

    def hides(self, key: str) -> bool:
        """Whether a mistake at a key is only the shadow of what was left out."""
        return (
            not self.lost or key == self.lost or key.startswith((self.lost + ".", self.lost + "["))
        )


@dataclass(slots=True)
class ProfileTables:
    """The tables that could be read; `text` is the text with the broken sections left blank."""

    text: str
    tables: dict[str, Any] = field(default_factory=dict)
    broken: list[Broken] = field(default_factory=list)


def read_source(text: str) -> ProfileTables:
    """Read a text as TOML, leaving out at most `MAX_BROKEN` places that are none."""
    source = ProfileTables(text)
    for _ in range(MAX_BROKEN):
        try:
            source.tables = read_toml(source.text)
            return source
        except tomllib.TOMLDecodeError as error:
            before = source.text
            _leave_out(source, str(error))
            if source.text == before:
                return source
        except ValueError:  # nesting without end; numbers without end
            source.broken.append(Broken(1, "", "", "nesting", ""))
            return source
    return source


def _leave_out(source: ProfileTables, message: str) -> None:
    lines = source.text.split("\n")
    kind = next((kind for start, kind in _KINDS if message.startswith(start)), "other")
    found = _WHERE.search(message)
    index = min(int(found[1]), len(lines)) - 1 if found else _never_closed(lines)
    if kind == "unclosed" and found and "=" not in lines[index][: int(found[2]) - 1]:
        # what is not closed is noticed at the next thing that does not fit in it
        index = next((i for i in range(index - 1, -1, -1) if _KEY.match(lines[i])), index)
    start, end = _section(lines, index)
    section, key = _names(lines, start, index)
    if _stands_alone(lines[index]):
        lines[index], lost = "", key
    else:
        # the header stays, so that the sections after it keep their numbers
        keep = start + 1 if index > start and _HEADER.match(lines[start]) else start
        lines[keep:end], lost = [""] * (end - keep), section
    source.text = "\n".join(lines)
    source.broken.append(Broken(index + 1, section, key, kind, lost))


def _never_closed(lines: list[str]) -> int:
    """The line that opens what goes on to the end: the last whose forerunners are TOML."""
    starts = [i for i, line in enumerate(lines) if _KEY.match(line) or _HEADER.match(line)]
    low, high = 0, len(starts)
    while high - low > 1:
        middle = (low + high) // 2
        try:
            read_toml("\n".join(lines[: starts[middle]]))
            low = middle
        except ValueError:
            high = middle
    return starts[low] if starts else len(lines) - 1


def _stands_alone(line: str) -> bool:
    pairs = (line.count(opening) == line.count(closing) for opening, closing in ("[]", "{}"))
    return _KEY.match(line) is not None and all(pairs) and not re.search("\"{3}|'{3}", line)


def _section(lines: list[str], index: int) -> tuple[int, int]:
    """The first line of the section that holds a line, and the first after it."""
    start = next((i for i in range(index, -1, -1) if _HEADER.match(lines[i])), 0)
    end = next(
        (i for i in range(max(index, start) + 1, len(lines)) if _HEADER.match(lines[i])), len(lines)
    )
    return start, end


def _names(lines: list[str], start: int, index: int) -> tuple[str, str]:
    """`requirement[3]` and `requirement[3].at_least` for a line, as far as they can be told."""
    header = _HEADER.match(lines[start])
    section = header[2] if header else ""
    if header and header[1] == "[[":
        earlier = [_HEADER.match(line) for line in lines[:start]]
        section += f"[{sum(one is not None and one[2] == section for one in earlier)}]"
    keys = (_KEY.match(lines[i]) for i in range(index, start - 1, -1))
    key = next((found[1] for found in keys if found), "")
    return section, ".".join(part for part in (section, key) if part)
