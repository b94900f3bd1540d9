"""Lines as the bytes of a table: CSV, a workbook, JSON. Pure, but for the clock it does not ask.

A text that a spreadsheet would take for a formula gets an apostrophe before it: serials and names
come from other people's hardware.
"""

from __future__ import annotations

import csv
import datetime as dt
import io
import json

from recond.foreign import cut, printable
from recond.upload.mapping import Cell, Template

_FORMULA = tuple("=+-@\t\r\n＝＋－＠")
MOST_CHARACTERS = 2000
_MADE = dt.datetime(2000, 1, 1, tzinfo=dt.UTC)  # the same lines are the same bytes


def table_bytes(template: Template, lines: list[list[Cell]]) -> bytes:
    """The whole table."""
    titles = [column.title for column in template.columns]
    if template.format == "json":
        rows = [dict(zip(titles, line, strict=True)) for line in lines]
        return (json.dumps(rows, ensure_ascii=False, indent=1) + "\n").encode()
    if template.format == "xlsx":
        return _workbook(titles, lines)
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=template.delimiter)
    writer.writerow([harmless(title) for title in titles])
    writer.writerows([harmless(cell) for cell in line] for line in lines)
    return out.getvalue().encode(template.encoding, "replace")


def harmless(cell: Cell) -> Cell:
    """A cell that no spreadsheet takes for a formula, and whose signs act on nothing."""
    if not isinstance(cell, str):
        return cell
    shown = shown_cell(cell)
    return f"'{shown}" if cell.lstrip(" \xa0").startswith(_FORMULA) else shown


def shown_cell(text: str) -> str:
    """A cell's text as it is shown; where it is overlong, cut with a mark."""
    return printable(cut(text, MOST_CHARACTERS))


def _workbook(titles: list[str], lines: list[list[Cell]]) -> bytes:
    import xlsxwriter

    out = io.BytesIO()
    book = xlsxwriter.Workbook(
        out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    )
    book.set_properties({"created": _MADE})
    page = book.add_worksheet()
    bold = book.add_format({"bold": True})
    for at, title in enumerate(titles):
        page.write_string(0, at, shown_cell(title), bold)
    for row, line in enumerate(lines, start=1):
        for at, cell in enumerate(line):
            if isinstance(cell, int):
                page.write_number(row, at, cell)
            elif cell is not None:
                page.write_string(row, at, shown_cell(cell))
    page.freeze_panes(1, 0)
    book.close()
    return out.getvalue()
