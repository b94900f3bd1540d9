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
MAX_NAME = 200
MAX_LINE = 4000

_TITLE = re.compile(r"mark|note|score|indice", re.IGNORECASE)
_NOISE = re.compile(
    r"\b(?:cpu|processor|processeur|apu)\b|@.*|"
    r"(?:\bwith |\bw/ ?|\bradeon\b).*|,.*\bcompute cores\b.*|"
    r"\b(?:\d+|two|dual|triple|quad|six|eight|twelve|sixteen)[- ]cores?\b",
    re.IGNORECASE,
)
_TRADE = re.compile(r"\((?:r|tm|c)\)|[®™©]", re.IGNORECASE)
_SPACE = re.compile(r"[\s_]+")
_BEGIN = re.compile(r"^(?:\d{1,2}th gen )?(?:genuine )?(?:intel )?")
_FIRST_CORE = re.compile(r"\bcore i([3579]) ([mq]) ?(\d{3})\b|\bcore i(3) (\d{3})\b")
"""Core i7 Q 720 is sold as i7-720QM, Core i5 M 520 as i5-520M, Core i3 530 as i3-530."""


def normal_name(name: str) -> str:
    """A processor's name as it is compared.

    Left out: marks of trade, "CPU", "Processor", "APU", everything from "@", "with" or "Radeon" on,
    "Six-Core" and the like, "11th Gen", "Intel"; spaces are made one, case does not count. The
    first Core i are put in the form in which they are sold. A name without a digit but 0 names
    no model and gives "".
    """
    plain = _NOISE.sub(" ", _TRADE.sub("", name[:MAX_NAME]))
    plain = _SPACE.sub(" ", plain).strip(" ,;").casefold()
    plain = _BEGIN.sub("", plain).replace("core 2 ", "core2 ")
    plain = _FIRST_CORE.sub(_as_sold, plain)
    return plain if re.search("[1-9]", plain) else ""


def _as_sold(found: re.Match[str]) -> str:
    if found[4]:
        return f"core i{found[4]}-{found[5]}"
    return f"core i{found[1]}-{found[3]}{'qm' if found[2] == 'q' else 'm'}"


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
    """Read a CSV of (model, mark); of one model told twice the first counts.

    A first line that names the columns says which holds the mark ("mark", "note", "score",
    "indice"); without one it is the first column after the name that holds a number. Raises
    `UsageError` where the file is too big or holds no mark at all.
    """
    if len(raw) > MAX_BYTES:
        raise UsageError("readiness.marks.too_big", file=file, most_bytes=MAX_BYTES)
    text = _decoded(raw).replace("\0", "")
    marks: dict[str, tuple[int, int]] = {}
    skipped: list[int] = []
    separator, column = _separator(text), None
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        cells = _cells(line, separator) if len(line) <= MAX_LINE else []
        name, mark = normal_name(cells[0]) if cells else "", _mark(cells, column)
        if name and mark is not None:
            marks.setdefault(name, (mark, number))
            continue
        if column is None and not marks:
            column = next((i for i, cell in enumerate(cells) if i and _TITLE.search(cell)), None)
        skipped.append(number)
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


def _cells(line: str, separator: str) -> list[str]:
    try:
        return next(csv.reader(io.StringIO(line), delimiter=separator), [])
    except csv.Error:
        return []


def _mark(cells: list[str], column: int | None) -> int | None:
    for cell in cells[1:] if column is None else cells[column : column + 1]:
        # 7 891 and 7,891 and 7891.0 are one number
        digits = re.sub(r"[\s\u00a0\u202f,']|\.0+$", "", cell)
        if re.fullmatch(r"[0-9]{1,7}", digits) and 0 < int(digits) <= MAX_MARK:
            return int(digits)
    return None
