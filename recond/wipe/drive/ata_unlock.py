"""ATA: the password that another tool or a BIOS left on a drive is taken off, by who knows it.

Why: a locked drive answers nothing, so it can be neither erased nor read back. One password, one
try: five wrong ones and the drive looks at no more before the next power cycle. Well-known vendor
passwords are not tried. Erases nothing, and says nothing of what the drive holds.

Source: ACS-3 4.20 (security states, security level), 7.44 and 7.49 (DISABLE PASSWORD, UNLOCK).
"""

from __future__ import annotations

from recond.drive import requests as rq
from recond.drive.identify import AtaIdentity, SecurityState
from recond.drive.types import AtaCapabilities, StepOutcome
from recond.ends import StepEnd
from recond.model import Message
from recond.wipe.drive.conversation import Conversation, failed, identify, not_it, unknown


def refusal(found: AtaCapabilities | None, bus: str, *, master: bool) -> Message | None:
    """Why no password is sent to this drive now; None where one may be."""
    if bus == "usb":
        return Message("drive.unlock.usb")
    if found is None:
        return Message("drive.reason.no_answer")
    if found.distrust is not None:
        return found.distrust
    security = found.identity.security
    if not security.supported or not security.enabled:
        return Message("drive.unlock.open")
    if security.frozen:
        return Message("drive.note.locked_frozen")
    if security.expired:
        return Message("drive.note.locked_expired")
    if master and security.maximum:
        return Message("drive.note.way_out_maximum")
    return None


def run_unlock(line: Conversation, password: bytes, *, master: bool) -> StepOutcome:
    """Unlock, take the password off, and look: done only where IDENTIFY shows none any more."""
    found = identify(line)
    if found is None:
        return not_it(line)
    if found.security.state is SecurityState.SEC4:
        line.ata(rq.ata_unlock(password, master=master))
        found = identify(line)
        if found is None:
            return unknown("no_answer")
        if found.security.locked:
            return _wrong(found)
    if found.security.state is SecurityState.SEC5:
        line.ata(rq.ata_disable_password(password, master=master))
        found = identify(line)
        if found is None:
            return unknown("no_answer")
    if found.security.state is SecurityState.SEC1:
        return StepOutcome(StepEnd.DONE)
    return _wrong(found)


def _wrong(found: AtaIdentity) -> StepOutcome:
    return failed("wrong_password_last" if found.security.expired else "wrong_password")
