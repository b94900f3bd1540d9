"""Is this the medium that was begun? Read by its content, before a resumed session writes.

Why: two disks may bear one serial number (a dock's, a cheap stick's), and a disk may be in use
again since it was left. Each canary's place must hold what it held before or what this run writes
there, and the last flush's stretches must hold all of theirs; what fits nowhere is another disk.
Where nothing that was read tells the disk from others of its kind, only the kernel's word that it
was never unplugged counts; where nothing was read before the first write, not even that: it may
hold something new since. Reads only; `recond.certify` computes the proof again from the entries.
"""

from __future__ import annotations

import contextlib
import hashlib
from dataclasses import dataclass

from recond.erasure import DiskIdentity, Fill, FillKind, TargetKind, Technique, WipePlan
from recond.host.block import BlockDevice, repeats
from recond.host.lanes import Lane, pieces
from recond.methods import derive
from recond.model import Json, Message, Range
from recond.wipe import canary, verify
from recond.wipe.position import Position

REREAD_BYTES = 16 << 20
PIECE_BYTES = 1 << 20
ATTEMPTS = 3
OWN_BUS = frozenset({"sata", "nvme", "sas", "scsi", "mmc"})
"""Where the names come from the drive; a USB bridge gives its own."""

Place = dict[str, Json]


@dataclass(frozen=True, slots=True)
class Recognised:
    """What was read. `refusal` None: it is the medium that was begun."""

    canaries: dict[str, Json]  # the journal's `canary` entry, phase "resume"
    stretches: tuple[tuple[Range, bool], ...]  # the flush's last stretch, then its first
    refusal: Message | None


@dataclass(frozen=True, slots=True)
class Traces:
    """What may stand on the medium, by the journal so far."""

    plan: WipePlan
    position: Position

    @property
    def fills(self) -> tuple[Fill, ...]:
        """What the steps that were begun write."""
        steps = self.plan.steps
        return tuple(fill for one in self.position.begun if (fill := steps[one].fill) is not None)

    @property
    def since(self) -> tuple[Fill, ...]:
        """What may stand where the last flush reached: its step's content, or a later one's."""
        flushed, steps = self.position.flushed, self.plan.steps
        return tuple(
            fill
            for one in self.position.begun
            if flushed and one >= flushed.step and (fill := steps[one].fill) is not None
        )

    def by_drive(self, after: int = -1) -> bool:
        """Whether a drive may have erased by itself, in a step behind `after`: what it leaves
        cannot be computed.
        """
        steps = (self.plan.steps[one] for one in self.position.begun if one > after)
        return any(
            one.fill is None and one.technique is not Technique.RESTORE_HIDDEN for one in steps
        )

    @property
    def stretches(self) -> tuple[Range, ...]:
        """The last and the first stretch of what the last step had flushed."""
        flushed, begun = self.position.flushed, self.position.begun
        if flushed is None or not flushed.ranges or begun[-1:] != (flushed.step,):
            return ()
        if self.plan.steps[flushed.step].fill is None:
            return ()
        start, length = flushed.ranges[-1]
        count, (first, whole) = min(length, REREAD_BYTES), flushed.ranges[0]
        return (start + length - count, count), (first, min(whole, REREAD_BYTES))


def recognise(
    device: BlockDevice, plan: WipePlan, position: Position, boot: str, found: DiskIdentity
) -> Recognised:
    """Read a disk that is to be gone on with. `found` is its identity, `boot` that of now."""
    traces, disk = Traces(plan, position), plan.disk
    canaries = canary.read_canaries(
        device,
        derive(bytes.fromhex(plan.seed), "canary", 0),
        disk.size_bytes,
        disk.logical_block_bytes,
        "resume",
        None,
    )
    fill = plan.steps[position.flushed.step].fill if position.flushed else None
    stretches = tuple(
        (one, fill is not None and holds(device, fill, one)) for one in traces.stretches
    )
    if disk.kind is TargetKind.IMAGE:
        attached = None is not position.inode == found.inode
    else:
        attached = position.boot == boot and None is not position.disk_seq == found.disk_seq
    # a medium that never was unplugged is the same one, but may have been filled anew since: where
    # nothing was read of it before, only the person who confirmed it knows
    attached = attached and position.before is not None
    telling, strange = _places(traces, canaries)
    telling += sum(ok and fill is not None and _tells(fill) for _, ok in stretches)
    names = {"path": device.path, "token": disk.token, "found": _named(found)}
    refusal = None
    if strange or not all(ok for _, ok in stretches):
        refusal = Message.of("wipe.refusal.other_medium", **names)
    elif not telling and not attached and not (traces.by_drive() and is_same_drive(disk, found)):
        refusal = Message.of("wipe.refusal.unproven_medium", **names)
    return Recognised(canaries, stretches, refusal)


def _named(found: DiskIdentity) -> str:
    return " ".join(one for one in (found.vendor, found.model, found.token) if one)


def is_same_drive(planned: DiskIdentity, found: DiskIdentity) -> bool:
    """Whether a drive that erases by itself says all the names that it said before, and no bridge
    speaks for it: there is no content to compare.
    """
    names = ("serial", "wwn", "vendor", "model", "firmware", "bus", "namespace")
    return (
        planned.kind is TargetKind.BLOCK
        and planned.serial is not None
        and found.bus in OWN_BUS
        and all(getattr(planned, name) == getattr(found, name) for name in names)
    )


def _places(traces: Traces, canaries: dict[str, Json]) -> tuple[int, int]:
    """(places that tell this disk from others, places that hold what they cannot)."""
    before, now = traces.position.before, canaries["places"]
    old = before["places"] if before is not None else []
    telling = strange = 0
    for index, place in enumerate(now if isinstance(now, list) else []):
        was = old[index] if isinstance(old, list) and index < len(old) else None
        if not isinstance(place, dict) or place["sha256"] is None:
            continue  # unreadable: it says nothing
        tells = _tells_at(traces, place, was if isinstance(was, dict) else None)
        telling, strange = telling + (tells is True), strange + (tells is None)
    return telling, strange


def _tells_at(traces: Traces, place: Place, was: Place | None) -> bool | None:
    """True: only this disk holds that here; False: it may be; None: this disk cannot hold it."""
    disk, flushed = traces.plan.disk, traces.position.flushed
    at, held = int(str(place["offset"])), place["sha256"]
    length = min(canary.canary_length(disk.logical_block_bytes), disk.size_bytes - at)
    ends = [(low, low + count) for low, count in (flushed.ranges if flushed else ())]
    reached = [(low, high) for low, high in ends if low < at + length and at < high]
    whole = any(low <= at and at + length <= high for low, high in reached)
    ours = next(
        (
            one
            for one in (traces.since if whole else traces.fills)
            if _sha256(one, at, length) == held
        ),
        None,
    )
    if ours is not None:
        return _tells(ours)
    # an odd disk's last place lies across two requests: a kill leaves two contents in it
    odd = bool(at % canary.LENGTH_BYTES)
    if flushed is not None and whole:
        later = odd and traces.position.begun[-1] > flushed.step
        return False if later or traces.by_drive(flushed.step) else None
    if was is not None and held == was["sha256"]:
        return was["uniform"] is not True
    unknown = was is None or was["sha256"] is None
    # half of it is ours; or nobody can compute what a drive leaves
    return False if reached or unknown or odd or traces.by_drive() else None


def _sha256(fill: Fill, at: int, length: int) -> str:
    return hashlib.sha256(verify.Expected(fill).at(at, length)).hexdigest()


def _tells(fill: Fill) -> bool:
    """A constant stands on other disks too; what was drawn for this run does not."""
    return fill.kind is FillKind.XTS


def holds(device: BlockDevice, fill: Fill, stretch: Range) -> bool:
    """Whether a stretch that a flush claims is on the medium, all of it."""
    expected, lane, (start, length) = verify.Expected(fill), Lane(), stretch
    return all(
        can_read(device, at, lane.buffer("read", count)[:count])
        and repeats(*expected.beside(lane, at, count))
        for at, count in pieces(start, start + length, PIECE_BYTES, backward=False)
    )


def can_read(device: BlockDevice, offset: int, buffer: memoryview) -> bool:
    """Whether a stretch could be read whole into the buffer, at the third attempt at the latest."""
    for _ in range(ATTEMPTS):
        with contextlib.suppress(OSError):
            if device.read_into(offset, buffer) == len(buffer):
                return True
    return False
