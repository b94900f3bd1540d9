"""Is it the same disk? A serial number alone does not tell: model and size are asked as well.

Why: adapters and counterfeits give one number to many disks, a person mistypes one, and the erasure
of one disk says nothing of another. Two models with no word in common, or two sizes that no label
rounds to one another, are two disks. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import combinations

from recond.flow.likeness import models_differ, sizes_differ
from recond.flow.lot.manifest import ExpectedDisk
from recond.flow.lot.rows import DiskRow, LeftMedium, MachineRow
from recond.model import Message


def erased_at(row: MachineRow, disk: DiskRow) -> str:
    """When a disk's erasure had ended, at the latest: a clock may have been ahead until the record
    was signed.
    """
    return min(disk.ended_at or row.issued_at, row.issued_at)


def unfollowed(results: list[tuple[MachineRow, DiskRow]]) -> Message | None:
    """Which disk of a number was not erased, and no erasure after it is of a disk that it may be:
    two disks bear the number, or a certificate from before it was issued once more. None: there is
    none. `results` are as they were signed; they are asked as they happened too.
    """
    happened = sorted(results, key=lambda one: erased_at(*one))
    return _unfollowed(results) or _unfollowed(happened)


def _unfollowed(results: list[tuple[MachineRow, DiskRow]]) -> Message | None:
    for place, (row, disk) in enumerate(results):
        later = [one for after, one in results[place + 1 :] if after is not row and one.approved]
        if disk.approved or any(_may_be_one(disk, one) for one in later):
            continue
        if later:
            return other_disk(row.record_id, disk.model, disk.size_bytes)
        return Message.of("lot.custody.issued-again", id=row.record_id)
    return None


def other_disk(record_id: str, model: str | None, size_bytes: int | None) -> Message:
    """Says that two disks bear one number: this record's is not the one that was erased."""
    words: dict[str, str | int] = {"id": record_id, "disk": model or "—"}
    return Message.of("lot.custody.other-disk", **words, size_bytes=size_bytes or 0)


def two_known(known: Iterable[tuple[str, str | None, int | None]]) -> Message | None:
    """Which two disks bear a number, so that a word about it does not say which: of each a record,
    its model and size. None: it may be one.
    """
    for one, other in combinations(dict.fromkeys(known), 2):
        if _are_two(one[1:], other[1:]):
            return Message.of("lot.custody.which", id=one[0], other=other[0])
    return None


def is_other(medium: LeftMedium, disk: DiskRow) -> bool:
    """Whether what a census showed is another disk than the one of a result."""
    return _are_two((medium.model, medium.size_bytes), _looks(disk))


def _may_be_one(one: DiskRow, other: DiskRow) -> bool:
    return not _are_two(_looks(one), _looks(other))


def _looks(disk: DiskRow) -> tuple[str | None, int | None]:
    """A disk's model and size."""
    return disk.model, disk.size_bytes or None


def _are_two(one: tuple[str | None, int | None], other: tuple[str | None, int | None]) -> bool:
    """Whether two models with their sizes are of two disks."""
    return models_differ(one[0], other[0]) or sizes_differ(one[1], other[1])


def disk_misfit(listed: ExpectedDisk, disk: DiskRow) -> Message | None:
    """Why a disk of a record is not the one that the list names; None where it may be."""
    if sizes_differ(listed.size_bytes, disk.size_bytes or None):
        return Message.of(
            "lot.custody.size", said_bytes=listed.size_bytes or 0, known_bytes=disk.size_bytes
        )
    if listed.kind == "disk" and models_differ(listed.model, disk.model):
        return Message.of("lot.custody.model", said=listed.model or "", known=disk.model or "")
    return None
