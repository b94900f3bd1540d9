"""ATA: sectors that HPA, AMAC or DCO hide are shown again before the erasure, and looked at after.

Why: a plain erase does not reach what the drive does not show. The change is for good (the disk is
handed on with its full size). HPA or AMAC first: DEVICE CONFIGURATION RESTORE is refused while a
host protected area is set; some drives allow one change a power cycle, so what is read back
decides, not what was asked. The kernel is not told: its size stays the one that the plan names
until the disk is plugged in again, so the sectors that it does not see are read here, through the
drive's own command, before and after the erasure.

Source: ATA8-ACS 7.10 (DCO), 7.47 (SET MAX); ACS-3 7.1 (accessible max address).
"""

from __future__ import annotations

from collections.abc import Callable

from recond.drive import requests as rq
from recond.drive.identify import AtaIdentity
from recond.drive.types import CdbRequest, StepOutcome
from recond.ends import StepEnd
from recond.erasure import WipeStep
from recond.wipe.drive.conversation import (
    Conversation,
    accepted,
    ask_registers,
    failed,
    identify,
    not_begun,
    not_it,
)

PLACES = 16
_ERASING = frozenset({0xB4, 0xF1, 0xF4})


def run_restore(line: Conversation, step: WipeStep) -> StepOutcome:
    """Restore HPA or AMAC, then DCO; done where IDENTIFY shows all that the plan knew of."""
    identity = identify(line)
    if identity is None:
        return not_it(line)
    wanted = max(int(value) for _, value in step.options)
    if identity.sectors >= wanted and not _for_now(line):
        return StepOutcome(StepEnd.DONE)
    if line.should_stop():
        return not_begun()
    names = dict(step.options)
    changes: list[Callable[[Conversation, AtaIdentity], None]] = [_show_all]
    if int(names.get("real_sectors", 0)) > int(names.get("native_sectors", 0)):
        changes += [_restore_dco, _show_all]
    if identity.sectors >= wanted:  # shown by a session that was cut before it made it lasting
        changes = [_keep_all]
    for change in changes:
        change(line, identity)
        identity = identify(line)
        if identity is None:
            return not_it(line)
        if identity.sectors >= wanted:
            return StepOutcome(StepEnd.DONE)
    return failed("still_hidden", sectors=wanted - identity.sectors)


def checked_by_canaries(
    line: Conversation, step: WipeStep, run: Callable[[Conversation, WipeStep], StepOutcome]
) -> StepOutcome:
    """An erasing step; the sectors that the kernel does not see are read before and after it, and
    the drive is asked once more what it hides. The answers stand in the journal for the judge.
    """
    first = int(dict(step.options).get("shown_from", 0))
    begun = any(sent[14:15] and sent[14] in _ERASING for sent, _ in line.sent("ata"))
    if first and not begun:
        _read_places(line, first)
    outcome = run(line, step)
    if outcome.outcome == StepEnd.DONE and line.device.bus != "usb":
        identity = identify(line)
        if identity is not None:
            _ask_hidden(line, identity)
        if first:
            _read_places(line, first)
    return outcome


def _read_places(line: Conversation, first: int) -> None:
    """Sectors from `first` to the drive's last one, evenly spread, both ends among them."""
    identity = identify(line)
    count = identity.sectors - first if identity is not None else 0
    places = {first + at * (count - 1) // (PLACES - 1) for at in range(PLACES)}
    for lba in sorted(places) if count > 0 else ():
        line.ata(rq.ata_read(lba))


def _ask_hidden(line: Conversation, identity: AtaIdentity) -> None:
    """Ask for the native and the real size; only the journal's reader makes something of it."""
    if identity.hpa or identity.amac:
        native = rq.ata_amac_native() if identity.amac else rq.ata_read_native_max(extended=True)
        ask_registers(line, native)[2]()
    if identity.dco:
        line.ata(rq.ata_dco_identify())


def _restore_dco(line: Conversation, identity: AtaIdentity) -> None:
    if identity.dco:
        line.ata(rq.ata_dco_restore())


def _show_all(line: Conversation, identity: AtaIdentity) -> None:
    """Set the greatest address to the native one, as the drive gives it now.

    Until the power goes at first: a way to the drive that loses the upper half of an address would
    make the disk small for good. SET MAX is refused unless READ NATIVE MAX stands directly before.
    """
    if identity.amac:
        last = _native(line, rq.ata_amac_native())
        if last is not None and last + 1 > identity.sectors:
            line.ata(rq.ata_amac_set(last))
        return
    for lasting in (False, True):
        last = _native(line, rq.ata_read_native_max(extended=True))
        if last is None or (not lasting and last + 1 <= identity.sectors):
            return
        line.ata(rq.ata_set_max(last, extended=True, lasting=lasting))
        now = identify(line)
        if now is None or now.sectors != last + 1:
            return


def _for_now(line: Conversation) -> bool:
    """Whether an earlier session showed sectors until the power goes, and no more."""
    sent = [cdb[6] for cdb, _ in line.sent("ata") if len(cdb) == 16 and cdb[14] == 0x37]
    return bool(sent) and not any(sent)


def _keep_all(line: Conversation, _identity: AtaIdentity) -> None:
    """Make lasting what is shown until the power goes."""
    last = _native(line, rq.ata_read_native_max(extended=True))
    if last is not None:
        line.ata(rq.ata_set_max(last, extended=True))


def _native(line: Conversation, request: CdbRequest) -> int | None:
    """The native greatest address; None where it did not come back whole."""
    answer, registers, keep = ask_registers(line, request)
    keep()
    whole = registers is not None and registers.whole and accepted(answer)
    return registers.lba if registers is not None and whole else None
