"""A donor's manifest: which serials a lot should hold. A CSV as spreadsheets really write it.

Why so much care: in a batch the manifest decides what may be erased. What a spreadsheet did to a
serial (a lost zero, 1,23E+11) is named with its line and never guessed back; a serial that is there
twice, missing, or filler text is named, and the rest goes on. Only an equal serial is a match.
"""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path

from recond.erasure import DiskIdentity
from recond.errors import UsageError
from recond.flow.serials import clean, compared
from recond.host.reason import os_reason
from recond.host.regular import read_given
from recond.model import Message, Text

MAX_BYTES = 32 << 20
MOST_COLUMNS = 1000
_DELIMITERS = (";", ",", "\t", "|")
_SERIAL, _DISK, _MODEL, _NUMBER = "serial", "disk", "model", "number"
_DISK_MODEL, _SIZE = "disk-model", "size"
_NAMES = {  # headings by their telling words, without accents and case
    "sn": _SERIAL,
    "serial": _SERIAL,
    "serie": _SERIAL,
    "servicetag": _SERIAL,
    "serieordinateur": _SERIAL,
    "seriemachine": _SERIAL,
    "seriepc": _SERIAL,
    "machineserial": _SERIAL,
    "computerserial": _SERIAL,
    "seriedisque": _DISK,
    "disqueserie": _DISK,
    "diskserial": _DISK,
    "driveserial": _DISK,
    "model": _MODEL,
    "modele": _MODEL,
    "designation": _MODEL,
    "modeledisque": _DISK_MODEL,
    "disquemodele": _DISK_MODEL,
    "diskmodel": _DISK_MODEL,
    "drivemodel": _DISK_MODEL,
    "taille": _SIZE,
    "tailledisque": _SIZE,
    "capacite": _SIZE,
    "capacitedisque": _SIZE,
    "size": _SIZE,
    "disksize": _SIZE,
    "capacity": _SIZE,
    "asset": _NUMBER,
    "assettag": _NUMBER,
    "inventaire": _NUMBER,
    "etiquette": _NUMBER,
    "property": _NUMBER,
    "immobilisation": _NUMBER,
}
_EMPTY_WORDS = frozenset({"n", "no", "nr", "num", "numero", "number", "de", "du", "d", "la", "l"})
_FILLER = frozenset(
    {
        "",
        "-",
        "--",
        "?",
        "na",
        "n/a",
        "none",
        "null",
        "inconnu",
        "unknown",
        "ns",
        "illisible",
        "0",
        "default string",
        "to be filled by o.e.m.",
        "system serial number",
        "not specified",
    }
)
_SIZED = re.compile(r"(\d{1,6})(?:[.,](\d{1,3}))?([gt])[bo]?", re.IGNORECASE)
_MANGLED = re.compile(r"\d(?:[.,]\d+)?E\+\d+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ExpectedDisk:
    """One line: the serial as compared, and as written. `kind`: serial (a machine's or a disk's,
    the heading does not say which) or disk. `size_bytes` is a disk's, as the list says it.
    """

    line: int
    serial: str
    written: str
    kind: str
    model: str | None = None
    number: str | None = None
    size_bytes: int | None = None


@dataclass(frozen=True, slots=True)
class Manifest:
    """A manifest read. `problems` name the lines that were left out, and why."""

    path: str
    encoding: str
    expected: tuple[ExpectedDisk, ...]
    problems: tuple[Message, ...]

    def names(self, serial: str | None) -> bool:
        """Whether a serial is in the manifest."""
        return serial is not None and compared(serial) in {one.serial for one in self.expected}


class Named(Text):
    """What a manifest says of a disk among those that are here."""

    ONCE = "once"
    TWICE = "twice"
    NOT = "not"


def is_named(manifest: Manifest, disk: DiskIdentity, others: tuple[DiskIdentity, ...]) -> Named:
    """Whether the manifest names this disk. Two disks with one serial (cheap USB adapters make
    theirs up) are both left out: the manifest means at most one of them.
    """
    if not _names_disk(manifest, disk):
        return Named.NOT
    serial = compared(disk.serial or "")
    twice = any(one.serial and compared(one.serial) == serial for one in others)
    return Named.TWICE if twice else Named.ONCE


def _names_disk(manifest: Manifest, disk: DiskIdentity) -> bool:
    return manifest.names(disk.serial)


def read_manifest(path: Path) -> Manifest:
    """Read a manifest. Raises `UsageError` for a file that is none: absent, a workbook, binary, too
    large, without a heading that names serials.
    """
    try:
        raw = read_given(path, MAX_BYTES + 1)
    except OSError as error:
        raise UsageError(
            "lot.manifest.unreadable", file=str(path), reason=os_reason(error)
        ) from None
    return parse_manifest(raw, str(path))


def parse_manifest(raw: bytes, name: str) -> Manifest:
    """A manifest from its bytes; `name` is what it is called. Raises as `read_manifest`."""
    if len(raw) > MAX_BYTES:
        raise UsageError("lot.manifest.too_large", file=name, limit_bytes=MAX_BYTES)
    text, encoding = _decode(raw, name)
    rows = _rows(text, name)
    columns, first = _columns(rows, name)
    expected, problems = _expected(rows[first:], columns)
    if not expected and not problems:
        raise UsageError("lot.manifest.empty", file=name)
    return Manifest(name, encoding, expected, problems)


def _decode(raw: bytes, path: str) -> tuple[str, str]:
    if raw.startswith((b"PK\x03\x04", b"\xd0\xcf\x11\xe0")):
        raise UsageError("lot.manifest.workbook", file=path)
    encodings = (
        ("utf-16",) if raw.startswith((b"\xff\xfe", b"\xfe\xff")) else ("utf-8-sig", "cp1252")
    )
    for encoding in encodings:
        try:
            text = raw.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text, encoding
    raise UsageError("lot.manifest.binary", file=path)


def _rows(text: str, path: str) -> list[tuple[int, list[str]]]:
    """The rows with something in them, each with its line number."""
    skipped = 0
    if text[:4].lower() == "sep=":  # a spreadsheet's own hint
        first, _, text = text.partition("\n")
        delimiter, skipped = first[4:5] or ";", 1
    else:
        head = next((line for line in text.splitlines() if line.strip()), "")
        delimiter = max(_DELIMITERS, key=head.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    found, before = [], 0
    try:
        for row in reader:
            _check_width(row)
            if any(clean(cell) for cell in row):
                found.append((before + 1 + skipped, row))
            before = reader.line_num
    except csv.Error as error:
        raise UsageError(
            "lot.manifest.broken", file=path, line=before + 1 + skipped, reason=str(error)
        ) from None
    return found


def _check_width(row: list[str]) -> None:
    """Each cell is looked at: a line of nothing but separators would take minutes."""
    if len(row) > MOST_COLUMNS:
        raise csv.Error(f"{len(row)} > {MOST_COLUMNS}")


def _columns(rows: list[tuple[int, list[str]]], path: str) -> tuple[dict[str, int], int]:
    """Which column holds what, and where the data begin."""
    if not rows:
        raise UsageError("lot.manifest.empty", file=path)
    found: dict[str, int] = {}
    for index, cell in enumerate(rows[0][1]):
        name = _NAMES.get(_heading(cell))
        if name and name not in found:
            found[name] = index
    if _SERIAL in found or _DISK in found:
        return found, 1
    if all(len([cell for cell in row if clean(cell)]) == 1 for _, row in rows):
        return {_SERIAL: 0}, 0  # a bare list of serials
    raise UsageError(
        "lot.manifest.no_serial",
        file=path,
        found=", ".join(clean(cell) or "—" for cell in rows[0][1])[:200],
    )


def _heading(cell: str) -> str:
    plain = unicodedata.normalize("NFKD", clean(cell).replace("°", " ").replace("º", " "))
    plain = "".join(c for c in plain.lower() if not unicodedata.combining(c))
    words = re.findall(r"[a-z0-9]+", plain)
    return "sn" if words == ["s", "n"] else "".join(w for w in words if w not in _EMPTY_WORDS)


def _expected(
    rows: list[tuple[int, list[str]]], columns: dict[str, int]
) -> tuple[tuple[ExpectedDisk, ...], tuple[Message, ...]]:
    found: dict[str, ExpectedDisk] = {}
    problems: list[Message] = []
    kinds = [kind for kind in (_SERIAL, _DISK) if kind in columns]
    for line, row in rows:
        cells = {name: clean(row[at]) if at < len(row) else "" for name, at in columns.items()}
        written = [(kind, cells[kind]) for kind in kinds if not _is_filler(cells[kind])]
        if not written:
            problems.append(Message.of("lot.manifest.missing", line=line))
        for kind, serial in written:
            if _MANGLED.fullmatch(serial):
                problems.append(Message.of("lot.manifest.mangled", line=line, serial=serial))
            elif compared(serial) in found:
                if kind == _SERIAL and len(written) > 1:
                    continue  # one machine, a line for each of its disks
                problems.append(
                    Message.of(
                        "lot.manifest.double",
                        line=line,
                        serial=serial,
                        first=found[compared(serial)].line,
                    )
                )
            else:
                found[compared(serial)] = ExpectedDisk(
                    line,
                    compared(serial),
                    serial,
                    kind,
                    _model(cells, kind, alone=len(kinds) == 1) or None,
                    cells.get(_NUMBER) or None,
                    _size(cells) if kind == _DISK or len(kinds) == 1 else None,
                )
    return tuple(found.values()), tuple(problems)


def _model(cells: dict[str, str], kind: str, *, alone: bool) -> str | None:
    """A line's own model: beside two serials the one heading « modèle » is the computer's."""
    if kind == _DISK:
        return cells.get(_DISK_MODEL) or (cells.get(_MODEL) if alone else None)
    return cells.get(_MODEL) or (cells.get(_DISK_MODEL) if alone else None)


def _size(cells: dict[str, str]) -> int | None:
    """A disk's size; None where the list says none that can be read."""
    found = _SIZED.fullmatch(cells.get(_SIZE, "").replace(" ", ""))
    if found is None:
        return None
    unit = 10**12 if found[3].lower() == "t" else 10**9
    return int(found[1]) * unit + int((found[2] or "0").ljust(3, "0")) * unit // 1000


def _is_filler(serial: str) -> bool:
    return serial.lower() in _FILLER or not re.search(r"[A-Za-z0-9]", serial)
