"""An organisation's table of processor marks (model, mark).

Why: marks of a benchmark are not ours to ship, and workshops keep theirs in whatever their
spreadsheet wrote: comma, semicolon or tab, with or without a header or a byte order mark, UTF-8,
UTF-16 or Windows-1252. Names are compared after normalising (see `normal_name`): exactly, never by
likeness, because a wrong mark is worse than none. Pure: bytes in.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from recond.errors import UsageError

MAX_BYTES = 8 << 20
MAX_MARK = 1_000_000

_NOISE = re.compile(
    r"\((?:r|tm|c)\)|[®™©]|\b(?:cpu|processor|processeur|apu)\b|\bwith radeon.*|@.*|"
    r"\b(?:\d+|two|dual|triple|quad|six|eight|twelve|sixteen)[- ]cores?\b",
    re.IGNORECASE,
)
_SPACE = re.compile(r"[\s_]+")
_GENERATION = re.compile(r"^\d{1,2}th gen ")


def normal_name(name: str) -> str:
    """A processor's name as it is compared.

    Left out: marks of trade, "CPU", "Processor", "APU", everything from "@" or "with Radeon" on,
    "Six-Core" and the like, "11th Gen"; spaces are made one, case does not count.
    """
    plain = _SPACE.sub(" ", _NOISE.sub(" ", name)).strip(" ,;").casefold()
    return _GENERATION.sub("", plain)


@dataclass(frozen=True, slots=True)
class CpuMarks:
    """Marks by normalised name, with the line of the file where each stands."""

    file: str
    marks: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    skipped: tuple[int, ...] = ()  # lines that hold no name and number

    def of(self, name: str) -> tuple[int, int] | None:
        """The mark and its line for a processor's name as the system tells it."""
        return self.marks.get(normal_name(name))


def parse_cpu_marks(raw: bytes, file: str) -> CpuMarks:
    """Read a CSV of (model, mark); further columns are ignored, the first name wins.

    Raises `UsageError` where the file is too big or holds no mark at all.
    """
    if len(raw) > MAX_BYTES:
        raise UsageError("readiness.marks.too_big", file=file, most_bytes=MAX_BYTES)
    text = _decoded(raw).replace("\0", "")
    marks: dict[str, tuple[int, int]] = {}
    skipped: list[int] = []
    separator = _separator(text)
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        found = _row(line, separator)
        if found is None:
            skipped.append(number)
        else:
            marks.setdefault(found[0], (found[1], number))
    if not marks:
        raise UsageError("readiness.marks.empty", file=file)
    return CpuMarks(file, marks, tuple(skipped))


def _decoded(raw: bytes) -> str:
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return raw.decode("utf-16", "replace")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("cp1252", "replace")


def _separator(text: str) -> str:
    # the one that stands in the most lines; a comma inside a name must not win over a semicolon
    lines = text.splitlines()[:200]
    return max(";\t,", key=lambda mark: sum(mark in line for line in lines))


def _row(line: str, separator: str) -> tuple[str, int] | None:
    try:
        cells = next(csv.reader(io.StringIO(line), delimiter=separator), [])
    except csv.Error:
        return None
    name = normal_name(cells[0]) if cells else ""
    for cell in cells[1:]:
        # 7 891 and 7,891 and 7891.0 are one number
        digits = re.sub(r"[\s\u00a0\u202f,']|\.0+$", "", cell)
        if name and re.fullmatch(r"[0-9]{1,7}", digits) and 0 < int(digits) <= MAX_MARK:
            return name, int(digits)
    return None
