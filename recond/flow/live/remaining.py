"""What is left of a computer that a live system erased: disks without a certificate, and the whole.

Why: a run is taken up for the disks whose journals had begun. One that had not begun then, or that
was plugged in since, is in no certificate, and a computer that switches itself off must not have
such a disk in it. In doubt a disk counts as left: it is erased once more, which loses nothing.
Whether the whole computer is erased is `recond.computer`'s verdict, over a start's certificates.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from recond.certify.record import parse_record
from recond.computer import is_approved, is_computer_settled
from recond.documents import read_json
from recond.erasure import Erasure, WipeRecord
from recond.errors import FormatError
from recond.flow.live.mirror import Places
from recond.flow.runfolder import RECORD
from recond.host.diskid import read_strings
from recond.host.files import Files
from recond.host.identity.nodisk import is_loop, is_no_disk
from recond.host.regular import read_regular
from recond.host.stick import medium_uses
from recond.model import Known

Name = tuple[str | None, str | None, int | None]


def disks_left(files: Files, places: Places, *, usb: bool = False) -> tuple[str, ...]:
    """The disks here, by kernel name, of which no certificate of this start speaks.

    Those behind USB count only where they are to be erased too (`usb`).
    """
    spoken = {name for folder in places.issued() for name in _spoken(folder)}
    return tuple(
        disk
        for disk in files.list("/sys/block")
        if _may_hold_data(files, disk)
        and (usb or not _is_outside(files, disk))
        and _named(files, disk) not in spoken
    )


def is_whole(files: Files, places: Places, *, usb: bool = False) -> bool:
    """Whether the certificates of this start, taken together, leave nothing of the computer.

    The newest census speaks for the computer, and only words that came after it are about what it
    saw. What was not erased is forgiven only by what surely came later. In doubt: no.
    """
    folders = places.issued()
    records = [one for folder in folders if (one := _record(folder)) is not None]
    if len(records) < len(folders) or disks_left(files, places, usb=usb):
        return False
    newest = _newest(records)
    if newest is None:
        return False
    taken_at = _taken_at(newest)
    words = tuple(word for one in records for word in one.words if word.at >= taken_at)
    return is_computer_settled(replace(newest, erasures=_standing(records), words=words))


def _newest(records: list[WipeRecord]) -> WipeRecord | None:
    """The record with the newest census; None where clock and ledger disagree, and for none."""
    found = [one for one in records if _taken_at(one)]
    found.sort(key=_taken_at)
    if any(not _is_later(found[-1], one) for one in found[:-1]):
        return None
    return found[-1] if found else None


def _taken_at(record: WipeRecord) -> str:
    census = record.machine.census if record.machine else None
    return census.value.taken_at if isinstance(census, Known) else ""


def _is_later(one: WipeRecord, other: WipeRecord) -> bool:
    """Whether the ledger has `one` after `other`; clocks are set, a ledger only grows."""
    mine, theirs = one.ledger, other.ledger
    if mine is None or theirs is None or mine.ledger_id != theirs.ledger_id:
        return False
    return mine.number > theirs.number


def _standing(records: list[WipeRecord]) -> tuple[Erasure, ...]:
    """All erasures but those that failed and were made good later."""
    made = [(record, erasure) for record in records for erasure in record.erasures]
    return tuple(
        erasure
        for record, erasure in made
        if is_approved(erasure)
        or not any(
            is_approved(other)
            and _medium_of(other) == _medium_of(erasure)
            and _is_later(later, record)
            and (other.started_at or "") > (erasure.ended_at or "~")
            for later, other in made
        )
    )


def _medium_of(erasure: Erasure) -> tuple[str | int | None, ...]:
    """What tells a disk from another; one without a name stands for itself only."""
    disk = erasure.disk
    if not disk.serial and not disk.wwn:
        return (erasure.journal.sha256,)
    return disk.serial, disk.wwn, disk.namespace, disk.size_bytes


def _record(folder: Path) -> WipeRecord | None:
    try:
        return parse_record(read_json(read_regular(folder / RECORD)))
    except (OSError, ValueError, FormatError):
        return None


def _is_outside(files: Files, disk: str) -> bool:
    real = files.resolve(f"/sys/block/{disk}") or ""
    return any(f"/{bus}" in real for bus in ("usb", "fw"))


def _may_hold_data(files: Files, disk: str) -> bool:
    """Whether it is a disk, holds something (a card reader may be empty), and is not the stick."""
    if is_no_disk(disk) or is_loop(disk) or files.read_text(f"/sys/block/{disk}/size") == "0":
        return False
    parts = (part for part in files.list(f"/sys/block/{disk}") if part.startswith(disk))
    return not any(use.kind == "medium" for use in medium_uses(files, disk, (disk, *parts)))


def _named(files: Files, disk: str) -> Name:
    found = read_strings(files, disk)
    return found.serial, found.wwn, found.namespace


def _spoken(folder: Path) -> set[Name]:
    """Serial, WWN and namespace of each disk of a record; one without a name is never spoken of."""
    try:
        disks = [one["disk"] for one in read_json(read_regular(folder / RECORD))["erasures"]]
        return {
            (one["serial"], one["wwn"], one["namespace"])
            for one in disks
            if one["serial"] or one["wwn"]
        }
    except (OSError, ValueError, TypeError, KeyError):
        return set()
