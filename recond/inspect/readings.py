"""Making and choosing readings: a value with its source, or the reason for none.

Why: every reader has the same three questions (was it read, is it filler text, which of two sources
wins) and must answer them alike. Pure, apart from reading through `Files`.
"""

from __future__ import annotations

import re
from typing import TypeVar

from recond.host.files import Files
from recond.host.identity.garbage import is_garbage
from recond.model import Known, Reading, Unknown, Why

T = TypeVar("T")
_MAX_TEXT = 256
_MAX_INT = 2**53
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff]+")


def clean(text: str) -> str:
    """Printable text on one line, white space runs as one space, at most 256 characters."""
    return " ".join(_CONTROLS.sub(" ", text[: 8 * _MAX_TEXT]).split())[:_MAX_TEXT]


def text_reading(text: str | None, source: str) -> Reading[str]:
    """A maker's text: known, or unknown because it is absent or filler."""
    if text is None:
        return Unknown(Why.ABSENT, source)
    value = clean(text)
    if not value:
        return Unknown(Why.ABSENT, source)
    if is_garbage(value):
        return Unknown(Why.GARBAGE, value)
    return Known(value, source)


def int_reading(text: str | Unknown | None, source: str, *, least: int = 0) -> Reading[int]:
    """A decimal number of at least `least`; anything else is unparsable."""
    if isinstance(text, Unknown):
        return text
    if text is None or text == "":
        return Unknown(Why.ABSENT, source)
    if re.fullmatch(r"-?[0-9]{1,18}", text) is None or not least <= int(text) < _MAX_INT:
        return Unknown(Why.UNPARSABLE, f"{source}: {clean(text)[:40]}")
    return Known(int(text), source)


def file_text(files: Files, path: str) -> Reading[str]:
    """A one-line file as a maker's text."""
    raw = files.read_text(path)
    return raw if isinstance(raw, Unknown) else text_reading(raw, path)


def file_int(files: Files, path: str, *, least: int = 0) -> Reading[int]:
    """A one-line file as a number."""
    return int_reading(files.read_text(path), path, least=least)


def file_flag(files: Files, path: str) -> Reading[bool]:
    """A file that holds 0 or 1."""
    raw = files.read_text(path)
    if isinstance(raw, Unknown):
        return raw
    if raw not in ("0", "1"):
        return Unknown(Why.UNPARSABLE, f"{path}: {clean(raw)[:40]}")
    return Known(raw == "1", path)


def first(*readings: Reading[T]) -> Reading[T]:
    """The first known reading; else the first reason that says more than "absent"."""
    for reading in readings:
        if isinstance(reading, Known):
            return reading
    unknowns = [r for r in readings if isinstance(r, Unknown)]
    for unknown in unknowns:
        if unknown.why not in (Why.ABSENT, Why.NOT_READ):
            return unknown
    return unknowns[0] if unknowns else Unknown(Why.ABSENT)


def value_of(reading: Reading[T]) -> T | None:
    """The value, or None where it is unknown: for a decision that treats the two differently."""
    return reading.value if isinstance(reading, Known) else None
