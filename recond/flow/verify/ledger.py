"""A ledger against the certificates that name their place in it.

Why: a certificate proves itself; only its bench's ledger shows that one was cut off, changed or
taken away. The signed records are the ledger's checkpoints: each holds its size and root as they
stood, so lines that a trusted record covers cannot have been changed since, and lines after the
last of them rest on the file alone. Reads only.
"""

from __future__ import annotations

import dataclasses
import hashlib
from dataclasses import dataclass
from pathlib import Path

from recond.certify.ledger import (
    CLOCK,
    LedgerReading,
    entry_fault,
    position_fault,
    read_ledger,
)
from recond.certify.verify.verdicts import Answer, Axis, Check, Verdicts
from recond.erasure import LedgerPosition, WipeRecord
from recond.errors import RecondError, UsageError
from recond.flow.keys.keyring import Keyring
from recond.flow.runfolder import JWS, SIGNED
from recond.flow.verify.files import Report, verify_paths
from recond.flow.verify.given_record import given_record
from recond.host.reason import os_reason
from recond.host.regular import read_given
from recond.model import Message

MAX_BYTES = 512 << 20
SHOWN = 12


def verify_with_ledger(
    paths: tuple[Path, ...], certificates: tuple[Path, ...], file: Path, *, state: Path
) -> Report:
    """The files, each also against this ledger, and the ledger against them.

    In a folder of certificates all of this ledger's are expected; files alone are some of them.
    Raises `UsageError` for a path that cannot be read.
    """
    reading = _read(file)
    trust = dataclasses.replace(Keyring(state).trust(certificates), ledger=reading)
    report = verify_paths(paths, certificates, state=state, trust=trust) if paths else Report(())
    found = [one for one in map(_standing, report.found) if one is not None]
    here = [one for one in found if one.place.ledger_id == reading.ledger_id]
    whole = any(path.is_dir() and _is_collection(path, report) for path in paths)
    checks = [
        *_chain(reading, str(file)),
        *_steps(reading, str(file)),
        *_checkpoints(reading, here, str(file)),
        *_forks(here, str(file)),
        *_gaps(reading, here, str(file), whole=whole),
    ]
    checks += [
        Check(Axis.COMPLETE, Answer.UNKNOWN, one.found.name, Message("certify.ledger.other"))
        for one in found
        if one.place.ledger_id != reading.ledger_id
    ]
    return Report((*report.found, Verdicts.of(str(file), checks)))


def _read(file: Path) -> LedgerReading:
    try:
        return read_ledger(read_given(file, MAX_BYTES))
    except OSError as error:
        raise UsageError("key.read", file=str(file), reason=os_reason(error)) from None


@dataclass(frozen=True, slots=True)
class _Standing:
    """A certificate that says where in a ledger it stands; `raw` are its record's bytes."""

    found: Verdicts
    record: WipeRecord
    raw: bytes
    place: LedgerPosition


def _standing(found: Verdicts) -> _Standing | None:
    """None for what holds no signed record, or one that names no place."""
    if found.record_id is None:
        return None
    try:
        record, raw = given_record(Path(found.name))
    except (RecondError, OSError):
        return None
    place = record.ledger if found.is_of(raw) else None
    return _Standing(found, record, raw, place) if place else None


def _is_collection(path: Path, report: Report) -> bool:
    """Whether a folder holds several certificates rather than being one."""
    return all(Path(one.name) != path for one in report.found)


def _believed(one: Verdicts) -> bool:
    found = dict(one.answers)
    return all(found[axis] is Answer.YES for axis in ("intact", "valid", "trusted"))


def _chain(reading: LedgerReading, name: str) -> list[Check]:
    if reading.problems:
        return [Check(Axis.INTACT, Answer.NO, name, one) for one in reading.problems]
    if not reading.lines:
        return [Check(Axis.INTACT, Answer.NO, name, Message("recheck.ledger.empty"))]
    checks = [
        Check(
            Axis.INTACT,
            Answer.YES,
            name,
            Message.of("certify.verify.ledger.whole", n=len(reading.lines)),
        )
    ]
    if reading.torn:
        checks.append(Check(Axis.COMPLETE, Answer.UNKNOWN, name, Message("recheck.ledger.torn")))
    return checks


def _steps(reading: LedgerReading, name: str) -> list[Check]:
    """Each line that put the time back: the times before it are those of a clock that was ahead."""
    found = []
    for number, entry in enumerate(reading.entries, 1):
        data = entry["data"]
        if entry["kind"] == CLOCK and isinstance(data, dict):
            told = {"last": str(data["last"]), "time": str(entry["time"])}
            operator = str(data["operator"] or "—")
            step = Message.of("recheck.ledger.step", number=number, operator=operator, **told)
            found.append(Check(Axis.COMPLETE, Answer.UNKNOWN, name, step))
    return found


def _checkpoints(reading: LedgerReading, here: list[_Standing], name: str) -> list[Check]:
    """What the signed records say of the ledger: those that are believed, and none other."""
    checks, covered = [], 0
    for one in here:
        if not _believed(one.found):
            continue
        fault = position_fault(reading, one.place) or _entry_fault(reading, one)
        if fault is None:
            covered = max(covered, one.place.number)
        else:
            checks.append(
                Check(
                    Axis.INTACT,
                    Answer.NO,
                    name,
                    Message.of(
                        "recheck.ledger.contradicts", number=one.place.number, reason=f"@{fault}"
                    ),
                )
            )
    if checks:
        return checks
    if not covered:
        return [Check(Axis.VALID, Answer.UNKNOWN, name, Message("recheck.ledger.unsigned"))]
    checks = [
        Check(Axis.VALID, Answer.YES, name, Message.of("recheck.ledger.covered", number=covered)),
        Check(Axis.TRUSTED, Answer.YES, name, Message.of("recheck.ledger.covered", number=covered)),
    ]
    left = len(reading.lines) - covered
    if left > 0:
        checks.append(
            Check(
                Axis.COMPLETE, Answer.UNKNOWN, name, Message.of("recheck.ledger.uncovered", n=left)
            )
        )
    return checks


def _entry_fault(reading: LedgerReading, one: _Standing) -> str | None:
    """Whether the certificate's own line is true of it; no root covers the last line yet."""
    path = Path(one.found.name)
    digests = {"record_sha256": hashlib.sha256(one.raw).hexdigest()}
    for key, name in (("jws_sha256", JWS), ("pdf_sha256", SIGNED)):
        file = path / name if path.is_dir() else path
        if file.name == name and file.is_file():
            digests[key] = hashlib.sha256(read_given(file, MAX_BYTES)).hexdigest()
    return entry_fault(reading.entries[one.place.number - 1], one.record, digests)


def _forks(here: list[_Standing], name: str) -> list[Check]:
    """Two believed certificates with one number: the ledger was copied or set back."""
    by_number: dict[int, set[str]] = {}
    for one in here:
        if _believed(one.found):
            by_number.setdefault(one.place.number, set()).add(
                f"{one.found.record_id} {one.place.root}"
            )
    return [
        Check(Axis.INTACT, Answer.NO, name, Message.of("recheck.ledger.fork", number=number))
        for number, records in sorted(by_number.items())
        if len(records) > 1
    ]


def _gaps(reading: LedgerReading, here: list[_Standing], name: str, *, whole: bool) -> list[Check]:
    """Entries whose certificate was not given. A record that was issued again counts once."""
    given = {one.found.record_id for one in here}
    numbers: dict[str, int] = {}
    for number, entry in enumerate(reading.entries, 1):
        data = entry["data"]
        if entry["kind"] == "issued" and isinstance(data, dict):
            numbers[str(data.get("record_id"))] = number
    missing = sorted(number for record, number in numbers.items() if record not in given)
    if not numbers or (not missing and not here):
        return []
    if not missing:
        return [
            Check(
                Axis.COMPLETE,
                Answer.YES,
                name,
                Message.of("recheck.ledger.all-there", n=len(numbers)),
            )
        ]
    return [
        Check(
            Axis.COMPLETE,
            Answer.NO if whole else Answer.UNKNOWN,
            name,
            Message.of("recheck.ledger.gap", n=len(missing), numbers=_list(missing)),
        )
    ]


def _list(numbers: list[int]) -> str:
    shown = ", ".join(str(number) for number in numbers[:SHOWN])
    return shown + (" …" if len(numbers) > SHOWN else "")
