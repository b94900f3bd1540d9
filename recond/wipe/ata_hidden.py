"""ATA: sectors that HPA, AMAC or DCO hide are shown again before the erasure.

Why: a plain erase does not reach what the drive does not show. The change is for good (the disk is
handed on with its full size), DCO first because it bounds the others; some drives allow one change
a power cycle, so what is read back decides, not what was asked. The kernel is not told: its size
stays the one that the plan names until the disk is plugged in again.

Source: ATA8-ACS §7.10 (DCO), §7.47 (SET MAX); ACS-3 §7.1 (accessible max address).
"""

from __future__ import annotations

from recond import firmware_requests as rq
from recond.erasure import WipeStep
from recond.firmware import AtaIdentity, StepOutcome
from recond.wipe.firmware_line import (
    Line,
    accepted,
    ask_registers,
    failed,
    identify,
    not_begun,
    not_it,
)


def run_restore(line: Line, step: WipeStep) -> StepOutcome:
    """Restore DCO, then HPA or AMAC; done where IDENTIFY shows all that the plan knew of."""
    identity = identify(line)
    if identity is None:
        return not_it(line)
    wanted = max(int(value) for _, value in step.options)
    if identity.sectors >= wanted:
        return StepOutcome("done")
    if line.should_stop():
        return not_begun()
    names = dict(step.options)
    if int(names.get("real_sectors", 0)) > int(names.get("native_sectors", 0)):
        line.ata(rq.ata_dco_restore())
        identity = identify(line)
        if identity is None:
            return not_it(line)
    if identity.sectors < wanted:
        _show_all(line, identity)
        identity = identify(line)
    if identity is None:
        return not_it(line)
    if identity.sectors < wanted:
        return failed("still_hidden", sectors=wanted - identity.sectors)
    return StepOutcome("done")


def _show_all(line: Line, identity: AtaIdentity) -> None:
    """Set the greatest address to the native one, as the drive gives it now."""
    native = rq.ata_amac_native() if identity.amac else rq.ata_read_native_max(extended=True)
    answer, registers, keep = ask_registers(line, native)
    keep()
    if registers is None or not registers.whole or not accepted(answer):
        return
    if registers.lba + 1 <= identity.sectors:
        return
    if identity.amac:
        line.ata(rq.ata_amac_set(registers.lba))
    else:  # SET MAX is refused unless READ NATIVE MAX stands directly before it
        line.ata(rq.ata_set_max(registers.lba, extended=True))
