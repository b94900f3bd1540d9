"""Disks with sectors of 520 or 528 bytes, or with metadata: given plain ones, then erased.

Why: Linux reads no such sectors, so nothing can be overwritten or read back. What the drive does
to its medium meanwhile is nobody's evidence: no record is made of it, and its journal has a form
of its own, which no judge of erasures reads. The plan of the erasure that follows names that
journal by its digest, so that a certificate holds how the disk came to its sectors.

state/reformats/<time>-<disk>.jsonl   the conversation with the drive, hash-chained like a journal
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from recond import __version__
from recond.codec import to_json
from recond.drive.sectors import Capacity
from recond.drive.types import StepOutcome
from recond.ends import StepEnd
from recond.erasure import DiskIdentity, TargetKind, WipePlan
from recond.errors import SafetyRefusal
from recond.flow.run.rehearsal import rehearse
from recond.flow.run.run import Prepared, facts_of
from recond.flow.run.supervisor import Confirmed
from recond.flow.runfolder import disk_name, new_run_id
from recond.host import Host
from recond.host.block import BlockDevice
from recond.host.clock import Clock
from recond.host.drives import open_drive
from recond.host.realdisk import open_disk
from recond.host.regular import GROWN_BYTES, read_regular
from recond.host.sectors import rescan
from recond.host.signals import StopCount, counted_stops
from recond.host.transport import FirmwareDevice
from recond.model import Message
from recond.wipe import guard
from recond.wipe.drive import nvme, scsi
from recond.wipe.drive.conversation import Conversation
from recond.wipe.journal import Journal

BLOCK_BYTES = 512
FOLDER = "reformats"
SHOWN_S = 30
ODD, METADATA = "wipe.refusal.geometry", "wipe.refusal.metadata"
_BUSES = {ODD: frozenset({"sas", "scsi"}), METADATA: frozenset({"nvme"})}

Prepare = Callable[[], Prepared]


@dataclass(frozen=True, slots=True)
class Bay:
    """Where the disk is reached: this computer, or a test's. `progress` hears which disk, by its
    token, and how far it is, in permille.
    """

    open_disk: Callable[[str, bool], BlockDevice]
    open_drive: Callable[[str], tuple[FirmwareDevice, DiskIdentity]]
    rescan: Callable[[str], None]
    clock: Clock
    progress: Callable[[str, int], None] = lambda _disk, _permille: None


def real_bay(host: Host, progress: Callable[[str, int], None]) -> Bay:
    """This computer's disks."""
    return Bay(open_disk, open_drive, lambda p: rescan(p, host.files), host.clock, progress)


def odd_plans(plans: tuple[WipePlan, ...]) -> tuple[WipePlan, ...]:
    """The plans that are refused for their sectors and for nothing else, without that refusal: what
    is confirmed before a disk is reformatted. A box that stands between lets no such command by.
    """
    return tuple(
        replace(plan, refusals=())
        for plan in plans
        if plan.refusals
        and all(plan.disk.bus in _BUSES.get(one.code, ()) for one in plan.refusals)
        and plan.disk.kind is TargetKind.BLOCK
    )


def reformat_confirmed(
    prepared: Prepared, confirmed: tuple[Confirmed, ...], bay: Bay, again: Prepare
) -> Prepared:
    """Reformat what was confirmed and plan anew. Each new plan says from which journal it comes.

    Raises `SafetyRefusal` where a disk did not take other sectors, or did not come back as itself.
    """
    state = prepared.order.state
    if not prepared.order.sign_later:
        rehearse(state, facts_of(prepared, bay.clock), bay.clock)
    with counted_stops() as stops:
        notes = {one.plan.path: _reformat_one(one, state, bay, stops) for one in confirmed}
    found = again()
    plans = tuple(
        replace(plan, notes=(*plan.notes, notes[plan.path])) if plan.path in notes else plan
        for plan in found.plans
    )
    return replace(found, plans=plans)


def _reformat_one(one: Confirmed, state: Path, bay: Bay, stops: StopCount) -> Message:
    plan = one.plan
    file = state / FOLDER / f"{new_run_id(bay.clock)}-{disk_name(plan.disk, frozenset())}.jsonl"
    with closing(Journal.create(file, bay.clock)) as journal:
        outcome, before, after = _carry_out(one, journal, bay, stops)
        journal.log(
            "end",
            {
                "outcome": outcome.outcome,
                "reason": to_json(outcome.reason) if outcome.reason else None,
                "before": to_json(before) if before else None,
                "after": to_json(after) if after else None,
            },
        )
    if outcome.outcome is not StepEnd.DONE or before is None or after is None:
        reason = outcome.reason or Message("drive.reason.no_answer")
        failed = Message.of("wipe.reformat.failed", path=plan.path, journal=str(file))
        raise SafetyRefusal((failed, reason))
    return Message.of(
        "wipe.note.reformatted",
        block=before.block_bytes,
        to=after.block_bytes,
        journal=file.name,
        sha256=hashlib.sha256(read_regular(file, GROWN_BYTES)).hexdigest(),
    )


def _carry_out(
    one: Confirmed, journal: Journal, bay: Bay, stops: StopCount
) -> tuple[StepOutcome, Capacity | None, Capacity | None]:
    """The claim on the disk is held from the look at its identity to the kernel's new reading."""
    plan = one.plan
    journal.log(
        "open",
        {
            "schema": "recond.reformat/1",
            "path": plan.path,
            "software": {"name": "recond", "version": __version__},
            "disk": to_json(plan.disk),
            "confirmed_by": one.by,
            "token": one.token,
        },
    )
    disk = bay.open_disk(plan.path, True)
    try:
        device, told = bay.open_drive(plan.path)
        try:
            found = disk.identity()
            if guard.differences(plan.disk, found) or guard.differences(found, told):
                return StepOutcome(StepEnd.FAILED, Message("drive.reason.other_drive")), None, None
            progress = partial(bay.progress, plan.disk.token)
            line = Conversation(
                device, 0, journal.log, bay.clock, lambda: stops.count > 0, progress, []
            )
            if plan.disk.bus == "nvme":
                outcome, before, after = nvme.reformat(line, plan.disk.namespace or 0)
            else:
                outcome, before, after = scsi.reformat(line, BLOCK_BYTES)
        finally:
            device.close()
    finally:
        disk.close()
    if outcome.outcome is StepEnd.DONE and after is not None and not _shown(plan, after, bay):
        outcome = StepOutcome(StepEnd.FAILED, Message("wipe.reformat.not_shown"))
    return outcome, before, after


def _shown(plan: WipePlan, after: Capacity, bay: Bay) -> bool:
    """Whether the kernel shows the disk with all of its new sectors, and as the same disk."""
    bay.rescan(plan.path)
    for _ in range(SHOWN_S):
        disk = bay.open_disk(plan.path, False)
        try:
            found = disk.identity()
        finally:
            disk.close()
        if found.size_bytes == after.size_bytes:
            wanted = replace(
                plan.disk,
                size_bytes=after.size_bytes,
                logical_block_bytes=after.block_bytes,
                physical_block_bytes=found.physical_block_bytes,
            )
            return not guard.differences(wanted, found)
        bay.clock.sleep(1)
    return False
