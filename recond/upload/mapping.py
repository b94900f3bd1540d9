"""A record as a line of somebody's own table, by a template. Pure.

Why: Odoo, Dolibarr, Homebox, a town hall's spreadsheet want the same facts under other headings,
and none of that is worth code. A template is TOML:

    title = "Inventory of the town"
    format = "csv"                      # csv, xlsx, json
    delimiter = ";"                     # csv: one character
    encoding = "utf-8-sig"              # csv: utf-8, utf-8-sig, windows-1252
    [[column]]
    title = "Type"
    path = "machine.system.form"        # a place in the record, or facts.NAME
    words = { notebook = "Portable", desktop = "Fixe" }

A column may have several paths (`path = ["…", "…"]`, put together with `join`), a `unit` (GB, GiB:
whole numbers), a `text` that is the same in each line, a `default` where nothing is known. What is
not known is an empty cell, never a zero. A place that no record has is a mistake of the template
and is named with its column.
"""

from __future__ import annotations

import dataclasses
import types
import typing
from collections import Counter
from dataclasses import dataclass
from enum import Enum

from recond.computer import is_computer_erased
from recond.erasure import WipeRecord
from recond.errors import UsageError
from recond.model import Known, Unknown
from recond.upload.facts import evidence_of, name_of, remark

Cell = str | int | None
FORMATS = ("csv", "xlsx", "json")
ENCODINGS = ("utf-8", "utf-8-sig", "windows-1252")
UNITS = {"": 1, "GB": 1_000_000_000, "GiB": 1 << 30}
FACTS = (
    *("certificate", "verdict", "level", "date", "sha256", "grade", "price", "asset", "notes"),
    *("serial", "approved", "remark"),
)
_KEYS = ("title", "path", "words", "unit", "text", "default", "join")


@dataclass(frozen=True, slots=True)
class Column:
    """One column: a heading, and where its cell comes from."""

    title: str
    paths: tuple[str, ...]
    words: dict[str, str]
    unit: str
    text: str | None
    default: str
    join: str


@dataclass(frozen=True, slots=True)
class Template:
    """A table's form."""

    name: str
    format: str
    delimiter: str
    encoding: str
    columns: tuple[Column, ...]


def read_template(name: str, table: object) -> Template:
    """A template from its TOML. Raises `UsageError` with the key or column that is wrong."""
    top = _table(name, "", table)
    for key in top:
        if key not in ("title", "format", "delimiter", "encoding", "column"):
            raise UsageError("upload.map.key", map=name, key=key)
    columns = top.get("column")
    if not isinstance(columns, list) or not columns:
        raise UsageError("upload.map.empty", map=name)
    found = Template(
        name,
        _one_of(name, "format", top.get("format", "csv"), FORMATS),
        str(top.get("delimiter", ",")),
        _one_of(name, "encoding", top.get("encoding", "utf-8-sig"), ENCODINGS),
        tuple(_column(name, one) for one in columns),
    )
    if len(found.delimiter) != 1 or found.delimiter in '"\r\n':
        raise UsageError("upload.map.value", map=name, key="delimiter", known="; ,")
    titles = Counter(one.title for one in found.columns)
    if twice := next((one for one, times in titles.items() if times > 1), None):
        raise UsageError("upload.map.twice", map=name, column=twice)
    return found


def _table(name: str, column: str, value: object) -> dict[str, object]:
    if not isinstance(value, dict):
        raise UsageError("upload.map.key", map=name, key=column or "column")
    return value


def _one_of(name: str, key: str, value: object, known: tuple[str, ...]) -> str:
    if value not in known:
        raise UsageError("upload.map.value", map=name, key=key, known=", ".join(known))
    return str(value)


def _column(name: str, value: object) -> Column:
    table = _table(name, "column", value)
    title = table.get("title")
    if not isinstance(title, str) or not title:
        raise UsageError("upload.map.value", map=name, key="title", known="…")
    for key in table:
        if key not in _KEYS:
            raise UsageError("upload.map.key", map=name, key=f"{title}: {key}")
    path = table.get("path", [])
    paths = tuple(map(str, path)) if isinstance(path, list) else (str(path),)
    text = table.get("text")
    if bool(paths) == (text is not None):
        raise UsageError("upload.map.source", map=name, column=title)
    for one in paths:
        if not _is_place(one):
            raise UsageError("upload.map.path", map=name, column=title, path=one)
    words = _table(name, title, table.get("words", {}))
    return Column(
        title,
        paths,
        {key: str(word) for key, word in words.items()},
        _one_of(name, f"{title}: unit", table.get("unit", ""), tuple(UNITS)),
        None if text is None else str(text),
        str(table.get("default", "")),
        str(table.get("join", ", ")),
    )


def _is_place(path: str) -> bool:
    first, _, rest = path.partition(".")
    if first == "facts":
        return rest in FACTS
    hints: tuple[object, ...] = (WipeRecord,)
    for name in path.split("."):
        classes = [one for hint in hints for one in _classes(hint)]
        hints = tuple(
            typing.get_type_hints(one)[name]
            for one in classes
            if name in {field.name for field in dataclasses.fields(one)}
        )
        if not hints:
            return False
    # a place is a value or several of a kind, not a part with parts
    return not [one for hint in hints for one in _classes(hint)]


def _classes(hint: object) -> list[type]:
    """The record's classes in a type hint, through readings, lists and "or nothing"."""
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if origin is Known or origin in (typing.Union, types.UnionType, tuple):
        return [one for part in inner for one in _classes(part)]
    if isinstance(hint, type) and dataclasses.is_dataclass(hint) and hint is not Unknown:
        return [hint]
    return []


def line_of(template: Template, record: WipeRecord, digest: str) -> list[Cell]:
    """The cells of a record's line, in the template's order."""
    facts = _facts(record, digest)
    return [_cell(column, record, facts) for column in template.columns]


def _facts(record: WipeRecord, digest: str) -> dict[str, str]:
    machine = record.machine
    found = evidence_of(record, digest)
    found["approved"] = "true" if is_computer_erased(record) else "false"
    found["remark"] = remark(record, digest)
    if machine is not None:
        found["serial"] = name_of(machine, "")
    return found


def _cell(column: Column, record: WipeRecord, facts: dict[str, str]) -> Cell:
    if column.text is not None:
        return column.text
    values = [v for path in column.paths for v in _values(path, record, facts)]
    shown = [_shown(column, value) for value in values if value not in (None, "")]
    if not shown:
        return column.default or None
    return shown[0] if len(shown) == 1 else column.join.join(map(str, shown))


def _shown(column: Column, value: object) -> str | int:
    word = str(value).lower() if isinstance(value, bool) else str(value)
    if word in column.words:
        return column.words[word]
    if isinstance(value, int) and not isinstance(value, bool):
        return round(value / UNITS[column.unit])
    return word


def _values(path: str, record: WipeRecord, facts: dict[str, str]) -> list[object]:
    first, _, rest = path.partition(".")
    if first == "facts":
        return [facts.get(rest)]
    values: list[object] = [record]
    for name in path.split("."):
        values = [part for one in values for part in _parts(getattr(one, name, None))]
    return [one.value if isinstance(one, Enum) else one for one in values]


def _parts(value: object) -> list[object]:
    if isinstance(value, Known):
        value = value.value
    if value is None or isinstance(value, Unknown):
        return []
    return [part for one in value for part in _parts(one)] if isinstance(value, tuple) else [value]
