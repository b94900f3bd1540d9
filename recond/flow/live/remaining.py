"""What an unattended live system still has to do after it took up what a power cut left.

Why: a run is taken up for the disks whose journals had begun. One that had not begun then, or that
was plugged in since, is in no certificate, and a computer that switches itself off must not have
such a disk in it. In doubt a disk counts as left: it is erased once more, which loses nothing.
"""

from __future__ import annotations

import json
from pathlib import Path

from recond.flow.live.mirror import Places
from recond.flow.runfolder import RECORD
from recond.host.diskid import read_strings
from recond.host.files import Files
from recond.host.identity.nodisk import is_loop, is_no_disk
from recond.host.stick import medium_uses

Name = tuple[str | None, str | None, int | None]


def disks_left(files: Files, places: Places) -> tuple[str, ...]:
    """The disks here, by kernel name, of which no certificate of this start speaks."""
    spoken = {name for folder in places.issued() for name in _spoken(folder)}
    return tuple(
        disk
        for disk in files.list("/sys/block")
        if _may_hold_data(files, disk) and _named(files, disk) not in spoken
    )


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
        disks = [one["disk"] for one in json.loads((folder / RECORD).read_bytes())["erasures"]]
        return {
            (one["serial"], one["wwn"], one["namespace"])
            for one in disks
            if one["serial"] or one["wwn"]
        }
    except (OSError, ValueError, TypeError, KeyError):
        return set()
