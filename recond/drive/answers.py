"""What a drive's raw answer says: bytes to the types of `recond.drive.types`.

Why: the eraser decides by these while it runs and the judge reads the journal's bytes by them again
afterwards; nothing here trusts a tool's text. Pure: no input or output, never raises for what a
drive answered (short data gives None).
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from recond.drive.identify import words_of
from recond.drive.sense import AtaRegisters
from recond.drive.types import (
    AtaSanitizeStatus,
    MmcCapabilities,
    NvmeAnswer,
    NvmeController,
    NvmeNamespace,
    SanitizeLog,
)


def parse_ata_sanitize(registers: AtaRegisters | None) -> AtaSanitizeStatus | None:
    """SANITIZE STATUS EXT's registers (ACS-4 7.36.6.4); None where they say nothing."""
    if registers is None or not registers.whole or not registers.accepted:
        return None
    count = registers.count
    return AtaSanitizeStatus(
        done=bool(count & 0x8000),
        running=bool(count & 0x4000),
        frozen=bool(count & 0x2000),
        antifreeze=bool(count & 0x1000),
        permille=(registers.lba & 0xFFFF) * 1000 // 65536,
    )


def parse_dco_sectors(data: bytes) -> int | None:
    """DEVICE CONFIGURATION IDENTIFY words 3–6, the greatest address, as a count of sectors.

    None where the answer cannot be believed: wrong signature or sum, or an address of 1 or less
    (what bridges and emulators answer).
    """
    if len(data) < 512 or data[510] != 0xA5 or sum(data) & 0xFF:
        return None
    last = words_of(data, 3, 4)
    return last + 1 if last > 1 else None


# --- NVMe ------------------------------------------------------------------------------------


def _ascii(data: bytes) -> str:
    return " ".join(data.decode("ascii", "replace").strip("\0 ").split())


def nvme_good(status: int, errno: int | None) -> bool:
    """Whether an admin command completed with success: status code and type are 0."""
    return errno is None and status & 0x7FF == 0


def parse_nvme_controller(data: bytes) -> NvmeController | None:
    """Identify Controller data; None where it is short or blank."""
    if len(data) < 4096 or not any(data):
        return None
    oacs, fna = int.from_bytes(data[256:258], "little"), data[524]
    sanicap = int.from_bytes(data[328:332], "little")
    return NvmeController(
        serial=_ascii(data[4:24]),
        model=_ascii(data[24:64]),
        firmware=_ascii(data[64:72]),
        can_format=bool(oacs & 2),
        can_manage=bool(oacs & 8),
        several=bool(data[76] & 2),
        format_all=bool(fna & 1),
        erase_all=bool(fna & 2),
        format_crypto=bool(fna & 4),
        crypto=bool(sanicap & 1),
        block=bool(sanicap & 2),
        overwrite=bool(sanicap & 4),
        deallocates=bool(sanicap & 1 << 29),
        purge_reporting=bool(sanicap & 0x30),
    )


def parse_nvme_namespace(data: bytes) -> NvmeNamespace | None:
    """Identify Namespace data; None where it is short or blank (no such namespace)."""
    if len(data) < 4096 or not any(data):
        return None
    progress = data[32]
    return NvmeNamespace(
        flbas=data[26], dps=data[29], left_percent=progress & 0x7F if progress & 0x80 else None
    )


def parse_nvme_list(data: bytes) -> tuple[int, ...]:
    """A namespace list: up to 1,024 identifiers, ended by zero."""
    found: list[int] = []
    for offset in range(0, len(data) - 3, 4):
        value = int.from_bytes(data[offset : offset + 4], "little")
        if not value:
            break
        found.append(value)
    return tuple(found)


def parse_controller_list(data: bytes) -> frozenset[int]:
    """A controller list: how many, then up to 2,047 identifiers of 16 bits (NVMe Base 2.1 4.6.1);
    empty where it is cut short.
    """
    count = int.from_bytes(data[:2], "little")
    whole = data[2 : 2 + 2 * count]
    if len(whole) != 2 * count:
        return frozenset()
    return frozenset(int.from_bytes(whole[at : at + 2], "little") for at in range(0, 2 * count, 2))


def believed_list(answer: NvmeAnswer, nsid: int) -> frozenset[int] | None:
    """The identifiers of a namespace list (CNS 2, 10h); None where nobody knows which there are.

    A refused question has no list, and a list without `nsid`, which answers here, is no list of
    what there is (NVMe Base 2.1 5.1.13): neither means that there are no others.
    """
    if not nvme_good(answer.status, answer.errno):
        return None
    found = frozenset(parse_nvme_list(answer.data))
    return found if nsid in found else None


def parse_sanitize_log(data: bytes) -> SanitizeLog | None:
    """The Sanitize Status log page 81h; None where it is short."""
    if len(data) < 20:
        return None

    def seconds(offset: int) -> int | None:
        value = int.from_bytes(data[offset : offset + 4], "little")
        return None if value in (0, 0xFFFFFFFF) else value

    status = int.from_bytes(data[2:4], "little")
    return SanitizeLog(
        sprog=int.from_bytes(data[0:2], "little"),
        state=status & 7,
        purged=bool(status & 0x0800),
        scdw10=int.from_bytes(data[4:8], "little"),
        overwrite_s=seconds(8),
        block_s=seconds(12),
        crypto_s=seconds(16),
        blank=not any(data),
    )


# --- SCSI ------------------------------------------------------------------------------------


def parse_inquiry(data: bytes) -> tuple[str, str] | None:
    """(vendor, product) of standard INQUIRY data; None where it is short."""
    return (_ascii(data[8:16]), _ascii(data[16:32])) if len(data) >= 32 else None


def parse_vpd_serial(data: bytes) -> str | None:
    """The unit serial number page 80h (SPC-5 7.7.19)."""
    if len(data) < 5 or data[1] != 0x80:
        return None
    return _ascii(data[4 : 4 + int.from_bytes(data[2:4], "big")]) or None


def parse_block_characteristics(data: bytes) -> tuple[int | None, bool, bool]:
    """(rotation, WABEREQ, WACEREQ) of page B1h: must blocks be written before they can be read?

    The two fields say so with 10b ("reads end in an error") or 11b (SBC-4 6.6.2).
    """
    if len(data) < 8 or data[1] != 0xB1:
        return None, False, False
    rate = int.from_bytes(data[4:6], "big")
    return rate or None, bool(data[7] & 0x80), bool(data[7] & 0x20)


def parse_supported(data: bytes) -> bool | None:
    """REPORT SUPPORTED OPERATION CODES of one command: True for "as in the standard" (011b)."""
    if len(data) < 4 or data[1] & 7 == 0:
        return None
    return data[1] & 7 == 3


# --- eMMC ------------------------------------------------------------------------------------

R1_ERRORS = 0xFFF9_A080
"""Error bits of a card's R1 status (JESD84-B51 6.13), SWITCH_ERROR among them."""


def parse_ext_csd(data: bytes) -> MmcCapabilities | None:
    """EXT_CSD (JESD84-B51 7.4); None where it is short or blank."""
    if len(data) < 512 or not any(data):
        return None
    security = data[231]
    return MmcCapabilities(
        revision=data[192],
        secure_erase=bool(security & 0x01),
        sanitize=bool(security & 0x40),
        boot_bytes=data[226] * 128 * 1024,
        rpmb_bytes=data[168] * 128 * 1024,
    )


# --- Opal ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class OpalState:
    """The Locking feature of a drive (TCG Core 3.3.6, level 0 discovery), as a tool prints it."""

    serial: str
    locked: bool
    enabled: bool
    encrypts: bool


def parse_opal(text: bytes) -> OpalState | None:
    """`sedutil-cli --query`: the first line ends with the serial number; the Locking feature's
    flags follow. None where one of them is missing or said twice.
    """
    lines = text.decode("utf-8", "replace").splitlines()
    head = next((line.split() for line in lines if line.strip()), [])
    flags: dict[str, str] = {}
    for name in ("Locked", "LockingEnabled", "MediaEncrypt"):
        found = re.findall(rf"\b{name} = ([YN])\b", "\n".join(lines))
        if len(found) != 1:
            return None
        flags[name] = found[0]
    if len(head) < 3 or not head[0].startswith("/dev/"):
        return None
    return OpalState(
        head[-1], *(flags[name] == "Y" for name in ("Locked", "LockingEnabled", "MediaEncrypt"))
    )
