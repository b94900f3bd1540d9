"""Whether a drive can be erased by its PSID, and how far that reaches. Pure.

Why: a revert makes a new key only where the drive's Locking SP was in use; elsewhere drives were
seen to report success and to keep every byte. So it is planned only where the operator asked for it
(the PSID is printed on the drive, nobody else has it), and promised as purge only where the drive
encrypts, its locking is in use, and its content can be read before: what cannot be seen to change
is not shown to be gone.
"""

from __future__ import annotations

from recond.drive.answers import OpalState
from recond.drive.types import Capabilities, FirmwarePlan, reach_of
from recond.erasure import DiskIdentity, Level, Technique, WipeStep
from recond.model import Message

ESTIMATE_S = 30


def plan_opal(
    disk: DiskIdentity, path: str, found: Capabilities, state: OpalState | None
) -> FirmwarePlan:
    """The one step, or why not. `state` is the tool's answer, None where it gave none."""
    refusal = _refusal(disk, found, state)
    if refusal is not None or state is None:
        code = refusal or "drive.refusal.opal_silent"
        return FirmwarePlan(refusals=(Message.of(code, path=path),))
    seen = state.encrypts and not state.locked
    reach = reach_of(Technique.OPAL_PSID_REVERT, disk.medium) if seen else Level.CLEAR
    notes = [Message("drive.note.psid")]
    if state.locked:
        notes.append(Message("drive.note.opal_locked"))
    if not state.encrypts:
        notes.append(Message("drive.note.opal_plain"))
    hidden: tuple[Message, ...] = ()
    if found.ata is not None and (count := found.ata.hidden.hidden):
        size = count * found.ata.identity.logical_block_bytes
        hidden = (Message.of("drive.not_reached.hidden", size_bytes=size),)
        reach = min(reach, Level.CLEAR, key=lambda level: level.rank)
    return FirmwarePlan(
        (WipeStep(Technique.OPAL_PSID_REVERT, reach, None, (), ESTIMATE_S),), hidden, tuple(notes)
    )


def _refusal(disk: DiskIdentity, found: Capabilities, state: OpalState | None) -> str | None:
    if disk.bus == "usb":
        return "drive.refusal.opal_usb"
    if found.nvme is not None and found.nvme.namespaces is None:
        return "drive.refusal.opal_namespaces_unknown"
    if found.nvme is not None and len(found.nvme.namespaces or ()) > 1:
        return "drive.refusal.opal_takes_all"
    if state is None:
        return "drive.refusal.opal_silent"
    if state.serial != disk.serial:
        return "drive.refusal.opal_other"
    return None if state.enabled else "drive.refusal.opal_inactive"
