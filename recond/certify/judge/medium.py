"""Which disk a session had in hand: by its names, and resumed by what it read of the medium.

Why: a serial number is no proof of a disk, so a session that goes on must have read, before its
first write, the canaries' places and the stretches of the last flush. Here its readings are held
against the places drawn from the plan's seed, what stood there before, and what the plan's steps
leave. Independent of `recond.wipe` on purpose: a second writing of the rule. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from recond.certify.judge.coverage import covers, total_bytes
from recond.certify.judge.expected_content import MAX_PLACE_BYTES, fill_sha256
from recond.certify.judge.sampling import PAGE_BYTES, canary_bytes, canary_offsets
from recond.drive.types import sizes_after
from recond.erasure import DiskIdentity, Fill, FillKind, TargetKind, Technique, WipePlan
from recond.methods import derive
from recond.model import Json, Range

STRETCH_BYTES = 16 << 20
_OWN_NAMES = frozenset({"sata", "nvme", "sas", "scsi", "mmc"})


def is_same_disk(found: DiskIdentity, plan: WipePlan) -> bool:
    """Whether the open descriptor is the disk of the plan, before anything was written to it.

    The port (bus, sequence number) may have changed since the plan was made.
    """
    return all(
        getattr(found, name) == getattr(plan.disk, name)
        for name in (
            "size_bytes",
            "kind",
            "serial",
            "wwn",
            "model",
            "logical_block_bytes",
            "medium",
            "namespace",
            "inode",
        )
    )


def is_same_resumed(found: DiskIdentity, plan: WipePlan) -> bool:
    """The same for a run that has begun: another dock may name model and WWN differently, and the
    plan itself may have shown hidden sectors again; serial number and geometry may not change.
    """
    return found.size_bytes in sizes_after(plan) | {plan.disk.size_bytes} and all(
        getattr(found, name) == getattr(plan.disk, name)
        for name in ("kind", "token", "logical_block_bytes", "namespace", "inode")
    )


@dataclass(frozen=True, slots=True)
class DiskInHand:
    """How a session found the disk: the boot that it ran in, and the open descriptor's identity."""

    boot: str
    identity: DiskIdentity


@dataclass(frozen=True, slots=True)
class Begun:
    """What a journal says of the disk so far: the steps that were begun, in order, and what the
    last of them that was flushed had on the medium.
    """

    plan: WipePlan
    steps: tuple[int, ...]
    flushed_step: int
    flushed: tuple[Range, ...]
    before: dict[str, Json] | None  # the `canary` entry "before"

    def fills(self, first: int = 0) -> tuple[Fill, ...]:
        """What the steps that were begun, from `first` on, leave where they have been."""
        found = (self.plan.steps[index].fill for index in self.steps if index >= first)
        return tuple(fill for fill in found if fill is not None)

    def by_drive(self, first: int = 0) -> bool:
        """Whether such a step is the drive's own: nobody can compute what it leaves."""
        steps = (self.plan.steps[index] for index in self.steps if index >= first)
        return any(
            step.fill is None and step.technique is not Technique.RESTORE_HIDDEN for step in steps
        )


def is_proven(
    begun: Begun,
    read: dict[str, Json],
    resume: dict[str, Json],
    before: DiskInHand,
    now: DiskInHand,
) -> bool:
    """Whether a session's `canary` "resume" and `resume` entries show the medium of the journal.

    `before` is how the session before it had found the disk.
    """
    if not _is_drawn(read, begun.plan):
        return False
    telling = _stretches(begun, resume)
    if telling is None:
        return False
    old = begun.before if begun.before and _is_drawn(begun.before, begun.plan) else None
    was = _places(old) if old is not None else (None,) * len(_places(read))
    for place, earlier in zip(_places(read), was, strict=True):
        found = _place(begun, place, earlier)
        if found is None:
            return False
        telling = telling or found
    return telling or _is_attached(before, now) or (begun.by_drive() and _is_drive(begun, now))


def is_same_later(
    begun: Begun, later: dict[str, Json], before: DiskInHand, now: DiskInHand
) -> bool:
    """Whether another run had the medium of this journal, as this one had left it: within one boot
    it was never unplugged; else what the other run found before its first write (`later`, its
    `canary` entry "before") is what this one left there, and something that no other disk holds is
    among it. An image's inode, within one boot, takes the place of that something, no more: a file
    that is removed leaves its number to the next. A drive's own names are not enough: the
    computer's clock alone says then which of the two runs came later, and it is set now and then.
    """
    attached = before.boot == now.boot and _is_attached(before, now)
    if attached and now.identity.kind is not TargetKind.IMAGE:
        return True
    old = _places(begun.before) if begun.before and _is_drawn(begun.before, begun.plan) else []
    was = {cast(int, place["offset"]): place for place in old}
    found = [_place(begun, place, was.get(cast(int, place["offset"]))) for place in _places(later)]
    return None not in found and (any(found) or attached)


def _is_attached(before: DiskInHand, now: DiskInHand) -> bool:
    """The kernel numbers each plugging in anew within a boot (Linux 5.15, BLKGETDISKSEQ); an image
    is its inode.
    """
    if now.identity.kind is TargetKind.IMAGE:
        return now.identity.inode is not None and now.identity.inode == before.identity.inode
    one, other = before.identity.disk_seq, now.identity.disk_seq
    return before.boot == now.boot and one is not None and one == other


def _is_drive(begun: Begun, now: DiskInHand) -> bool:
    """Behind no bridge, every name that the plan's drive gave itself."""
    planned, found = begun.plan.disk, now.identity
    names = ("serial", "wwn", "vendor", "model", "firmware", "bus", "namespace", "kind")
    return (
        planned.kind is TargetKind.BLOCK
        and planned.serial is not None
        and found.bus in _OWN_NAMES
        and all(getattr(planned, name) == getattr(found, name) for name in names)
    )


def _stretches(begun: Begun, resume: dict[str, Json]) -> bool | None:
    """None: the last flush was not found on the medium; else whether finding it tells the disk."""
    last = begun.steps[-1] if begun.steps else -1
    fill = begun.plan.steps[last].fill if begun.steps else None
    if fill is None or begun.flushed_step != last or not begun.flushed:
        return False
    (first, whole), (start, length) = begun.flushed[0], begun.flushed[-1]
    count = min(length, STRETCH_BYTES)
    due = {"reread": [start + length - count, count], "head": [first, min(whole, STRETCH_BYTES)]}
    for name, stretch in due.items():
        if resume.get(name) != {"range": stretch, "ok": True}:
            return None
    return _tells(fill)


def _place(begun: Begun, place: dict[str, Json], was: dict[str, Json] | None) -> bool | None:
    """None: this disk cannot hold that there; else whether only this disk holds it."""
    disk, at, held = begun.plan.disk, cast(int, place["offset"]), place["sha256"]
    length = min(canary_bytes(disk.logical_block_bytes), disk.size_bytes - at)
    if held is None:
        return False
    inside = covers(begun.flushed, at, at + length)
    first = begun.flushed_step if inside else 0
    for fill in begun.fills(first):
        if fill_sha256(fill, at, length) == held:
            return _tells(fill)
    if inside:
        later = at % PAGE_BYTES > 0 and begun.steps[-1] > first
        return False if later or begun.by_drive(first + 1) else None
    if was is not None and was["sha256"] == held:
        return was["uniform"] is not True
    unknown = was is None or was["sha256"] is None
    return False if unknown or begun.by_drive() or _is_cut(begun, at, length) else None


def _is_cut(begun: Begun, at: int, length: int) -> bool:
    """Whether the flush reached a part of the place only, or writing may have: an odd disk's last
    place lies across two requests.
    """
    shared = [
        (max(low, at), min(low + count, at + length) - max(low, at))
        for low, count in begun.flushed
        if low < at + length and at < low + count
    ]
    return at % PAGE_BYTES > 0 or 0 < total_bytes(shared) < length


def _tells(fill: Fill) -> bool:
    """A constant stands on other disks too; a content that was drawn for this plan does not."""
    return fill.kind is FillKind.XTS


def _places(entry: dict[str, Json]) -> tuple[dict[str, Json], ...]:
    return tuple(cast(list[dict[str, Json]], entry["places"]))


def _is_drawn(entry: dict[str, Json], plan: WipePlan) -> bool:
    """Whether a reading is of the places that the plan's seed draws."""
    disk, seed = plan.disk, derive(bytes.fromhex(plan.seed), "canary", 0)
    length = canary_bytes(disk.logical_block_bytes)
    if length > MAX_PLACE_BYTES:
        return False
    offsets = canary_offsets(seed, disk.size_bytes, disk.logical_block_bytes)
    return (
        bool(offsets)
        and (entry["seed"], entry["length"]) == (seed.hex(), length)
        and tuple(place["offset"] for place in _places(entry)) == offsets
    )
