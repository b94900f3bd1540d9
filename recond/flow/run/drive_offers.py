"""What a target's own firmware can do for the level asked: opened, asked, closed, planned.

Why: planning is pure and asking is not; here they meet. Only questions are asked of the drive.
"""

from __future__ import annotations

from dataclasses import replace

from recond.drive.answers import parse_opal
from recond.drive.types import FirmwarePlan
from recond.erasure import LevelWish, Target, TargetKind
from recond.host import Host
from recond.host.transport import FirmwareDevice
from recond.model import Message
from recond.wipe.drive.capabilities import read_capabilities
from recond.wipe.drive.choosing import plan_firmware
from recond.wipe.drive.opal import QUERY, QUERY_S, TOOL
from recond.wipe.drive.opal_choosing import plan_opal
from recond.wipe.plan import NOT_ASKED, Wish


def read_firmware_plan(target: Target, wish: Wish, host: Host) -> FirmwarePlan:
    """The drive's steps; none where a method was named, at level clear, or for an image.

    There a SATA disk is asked all the same what it hides: an overwrite does not reach it.
    """
    if wish.psid:
        return _read_opal_plan(target, host)
    overwritten = wish.level is LevelWish.CLEAR or wish.method is not None
    disk = target.identity
    if disk.kind is not TargetKind.BLOCK or (overwritten and disk.bus != "sata"):
        return FirmwarePlan()
    try:
        drive = host.drives.open(target.path)
    except OSError:
        return FirmwarePlan()
    return _ask(drive, target, wish, LevelWish.CLEAR if overwritten else wish.level)


def read_recorded_plan(target: Target, wish: Wish, host: Host) -> FirmwarePlan:
    """The same of a capture's drive, from what it answered then; `NOT_ASKED` where it was not.

    A capture keeps no answer of sedutil-cli: a revert by PSID is planned before the drive only.
    """
    overwritten = wish.level is LevelWish.CLEAR or wish.method is not None
    if wish.psid or (overwritten and target.identity.bus != "sata"):
        return NOT_ASKED
    try:
        drive = host.drives.open(target.path)
    except OSError:
        return NOT_ASKED
    if drive.size_bytes != target.identity.size_bytes:
        return NOT_ASKED  # an archive that somebody put together: another drive's answers
    found = _ask(drive, target, wish, LevelWish.CLEAR if overwritten else wish.level)
    return replace(found, notes=(*found.notes, Message("wipe.note.as_captured")))


def _ask(drive: FirmwareDevice, target: Target, wish: Wish, level: LevelWish) -> FirmwarePlan:
    try:
        return plan_firmware(
            read_capabilities(drive),
            level,
            target.identity.size_bytes,
            restore_hidden=wish.restore_hidden,
            try_unreported=wish.try_unreported,
        )
    finally:
        drive.close()


def _read_opal_plan(target: Target, host: Host) -> FirmwarePlan:
    """The revert by PSID, or why not; `sedutil-cli` only asks here."""
    path = target.path
    if target.identity.kind is not TargetKind.BLOCK:
        return FirmwarePlan(refusals=(Message.of("drive.refusal.opal_silent", path=path),))
    try:
        drive = host.drives.open(path)
    except OSError:
        return FirmwarePlan(refusals=(Message.of("drive.refusal.opal_silent", path=path),))
    try:
        found = read_capabilities(drive)
    finally:
        drive.close()
    done = host.processes.run((TOOL, QUERY, path), timeout_s=QUERY_S)
    if done.missing:
        return FirmwarePlan(refusals=(Message.of("drive.refusal.no_sedutil", path=path),))
    state = parse_opal(done.stdout) if done.returncode == 0 else None
    return plan_opal(target.identity, path, found, state)
