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
from recond.computer import is_computer_erased
from recond.documents import read_json
from recond.erasure import Erasure, WipeRecord
from recond.errors import FormatError
from recond.flow.live.mirror import Places
from recond.flow.runfolder import RECORD
from recond.host.diskid import read_strings
from recond.host.files import Files
from recond.host.identity.nodisk import is_loop, is_no_disk
from recond.host.stick import medium_uses

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

    The newest census speaks for the computer; of a disk the newest record that has it counts.
    """
    folders = places.issued()
    records = [one for folder in folders if (one := _record(folder)) is not None]
    of_computer = [one for one in records if one.machine is not None]
    if not of_computer or len(records) < len(folders) or disks_left(files, places, usb=usb):
        return False
    records.sort(key=lambda one: (one.issued_at, one.record_id))
    last = {_medium_of(erasure): erasure for one in records for erasure in one.erasures}
    newest = max(of_computer, key=lambda one: (one.issued_at, one.record_id))
    words = tuple(word for one in records for word in one.words)
    return is_computer_erased(replace(newest, erasures=tuple(last.values()), words=words))


def _medium_of(erasure: Erasure) -> tuple[str | int | None, ...]:
    """What tells a disk from another; one without a name stands for itself only."""
    disk = erasure.disk
    if not disk.serial and not disk.wwn:
        return (erasure.journal.sha256,)
    return disk.serial, disk.wwn, disk.namespace, disk.size_bytes


def _record(folder: Path) -> WipeRecord | None:
    try:
        return parse_record(read_json((folder / RECORD).read_bytes()))
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
        disks = [one["disk"] for one in read_json((folder / RECORD).read_bytes())["erasures"]]
        return {
            (one["serial"], one["wwn"], one["namespace"])
            for one in disks
            if one["serial"] or one["wwn"]
        }
    except (OSError, ValueError, TypeError, KeyError):
        return set()
