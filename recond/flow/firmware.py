"""What a target's own firmware can do for the level asked: opened, asked, closed, planned.

Why: planning is pure and asking is not; here they meet. Only questions are asked of the drive.
"""

from __future__ import annotations

from recond.erasure import LevelWish, Target, TargetKind
from recond.firmware import FirmwarePlan
from recond.host.drives import open_drive
from recond.wipe.firmware_plan import plan_firmware
from recond.wipe.firmware_read import read_capabilities
from recond.wipe.plan import Wish


def read_firmware_plan(target: Target, wish: Wish) -> FirmwarePlan:
    """The drive's steps; none where a method was named, at level clear, or for an image.

    There a SATA disk is asked all the same what it hides: an overwrite does not reach it.
    """
    overwritten = wish.level is LevelWish.CLEAR or wish.method is not None
    disk = target.identity
    if disk.kind is not TargetKind.BLOCK or (overwritten and disk.bus != "sata"):
        return FirmwarePlan()
    try:
        drive, _ = open_drive(target.path)
    except OSError:
        return FirmwarePlan()
    try:
        return plan_firmware(
            read_capabilities(drive), LevelWish.CLEAR if overwritten else wish.level,
            disk.size_bytes, restore_hidden=wish.restore_hidden)
    finally:
        drive.close()
