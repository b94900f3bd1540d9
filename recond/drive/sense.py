"""Sense data, ATA registers and status: how a drive says whether it took a command.

Why: every answer that comes through SCSI (SPC-5, SAT-4) carries them, whatever the command was.
Pure: never raises for what a drive answered (short data gives None).
"""

from __future__ import annotations

from dataclasses import dataclass

GOOD = 0x00
FIXED = (b"\x70", b"\x71", b"\xf0", b"\xf1")
"""The first byte of sense data in the fixed form."""
_DRIVER_SENSE = 0x08
UNDER_WAY = frozenset({(0x04, 0x1B), (0x04, 0x04)})
"""ASC and ASCQ of a sanitize and of a format that is going on (SPC-5 annex F)."""
_ERR, _DF = 0x01, 0x20


@dataclass(frozen=True, slots=True)
class Sense:
    """Sense data (SPC-5 4.4). `progress` is in 1/65536; `deferred`: of an earlier command."""

    key: int
    asc: int
    ascq: int
    progress: int | None = None
    deferred: bool = False


@dataclass(frozen=True, slots=True)
class AtaRegisters:
    """The ATA registers after a command, from the sense data (SAT-4 12.2.2.6).

    `whole` is False for the fixed sense form, which drops the upper half of COUNT and LBA.
    """

    error: int
    status: int
    count: int
    lba: int
    device: int
    whole: bool

    @property
    def accepted(self) -> bool:
        """Neither ERR nor DF is set (ACS-4 6.2)."""
        return not self.status & (_ERR | _DF)


def parse_sense(raw: bytes) -> Sense | None:
    """Fixed (70h, 71h) or descriptor (72h, 73h) sense data; None for anything else."""
    if len(raw) < 8:
        return None
    form = raw[0] & 0x7F
    if form in (0x70, 0x71):
        code = (raw[12], raw[13]) if len(raw) >= 14 else (0, 0)
        progress = None
        if len(raw) >= 18 and raw[15] & 0x80:
            progress = int.from_bytes(raw[16:18], "big")
        return Sense(raw[2] & 0x0F, *code, progress, form == 0x71)
    if form in (0x72, 0x73):
        progress = None
        for kind, body in _descriptors(raw):
            if kind == 0x02 and len(body) >= 5 and body[2] & 0x80:
                progress = int.from_bytes(body[3:5], "big")
            if kind == 0x0A and len(body) >= 6:
                progress = int.from_bytes(body[4:6], "big")
        return Sense(raw[1] & 0x0F, raw[2], raw[3], progress, form == 0x73)
    return None


def _descriptors(raw: bytes) -> list[tuple[int, bytes]]:
    """(type, the bytes behind type and length) of each sense descriptor."""
    found, at, end = [], 8, min(len(raw), 8 + raw[7])
    while at + 2 <= end:
        length = raw[at + 1]
        found.append((raw[at], raw[at + 2 : at + 2 + length]))
        at += 2 + length
    return found


def parse_registers(raw: bytes) -> AtaRegisters | None:
    """The ATA registers in sense data; None where the drive's answer did not come back."""
    if len(raw) < 8:
        return None
    if raw[0] & 0x7F in (0x72, 0x73):
        for kind, body in _descriptors(raw):
            if kind == 0x09 and len(body) >= 12:
                upper = bool(body[0] & 1)
                count = body[3] | (body[2] << 8 if upper else 0)
                lba = body[5] | body[7] << 8 | body[9] << 16
                if upper:
                    lba |= body[4] << 24 | body[6] << 32 | body[8] << 40
                return AtaRegisters(body[1], body[11], count, lba, body[10], True)
        return None
    if raw[0] & 0x7F in (0x70, 0x71) and len(raw) >= 12:
        sense = parse_sense(raw)
        if sense is None or ((sense.asc, sense.ascq) != (0x00, 0x1D) and not raw[0] & 0x80):
            return None
        return AtaRegisters(
            error=raw[3],
            status=raw[4],
            device=raw[5],
            count=raw[6],
            lba=raw[9] | raw[10] << 8 | raw[11] << 16,
            whole=False,
        )
    return None


def ata_accepted(packed_status: int, sense: bytes, errno: int | None) -> bool:
    """Whether an ATA command sent with CK_COND came back from the drive without error.

    GOOD without registers is not enough: a bridge that drops a command says the same.
    """
    registers = parse_registers(sense)
    return (
        errno is None and _carried(packed_status) and registers is not None and registers.accepted
    )


def scsi_good(packed_status: int, errno: int | None) -> bool:
    """Whether a SCSI command ended with GOOD and the kernel carried it."""
    return errno is None and packed_status & 0xFF == GOOD and _carried(packed_status)


def _carried(packed_status: int) -> bool:
    # DID_OK, and no more of the driver than "sense is present"
    return not packed_status >> 8 & 0xFFFF and not packed_status >> 24 & ~_DRIVER_SENSE


# --- ATA -------------------------------------------------------------------------------------
