"""IDENTIFY DEVICE data: what a SATA drive says of itself, from its 512 bytes to types.

Why by itself: an inventory reads it of every disk and needs nothing else of the drive commands.
Pure: no input or output, never raises for what a drive answered (short data gives None).
"""

from __future__ import annotations

from enum import Enum

from recond.frozen import dataclass


class SecurityState(Enum):
    """The states of the SECURITY feature set (ACS-3 4.20, figure "security state")."""

    SEC0 = "powered down"
    SEC1 = "disabled, not frozen"
    SEC2 = "disabled, frozen"
    SEC4 = "enabled, locked"
    SEC5 = "enabled, unlocked, not frozen"
    SEC6 = "enabled, unlocked, frozen"
    UNSUPPORTED = "not supported"


@dataclass(frozen=True, slots=True)
class AtaSecurity:
    """IDENTIFY words 82, 85, 89, 90, 128. Times in seconds; None: the drive does not say.

    `expired`: no more passwords are looked at until the next power cycle. `maximum`: the master
    password opens nothing, it can only erase (ACS-3 4.20.3.3, "security level").
    """

    supported: bool
    enabled: bool
    locked: bool
    frozen: bool
    expired: bool
    enhanced: bool
    maximum: bool
    normal_s: int | None
    enhanced_s: int | None

    @property
    def state(self) -> SecurityState:
        """Which state of the standard's diagram the bits are."""
        if not self.supported:
            return SecurityState.UNSUPPORTED
        if not self.enabled:
            return SecurityState.SEC2 if self.frozen else SecurityState.SEC1
        if self.locked:
            return SecurityState.SEC4
        return SecurityState.SEC6 if self.frozen else SecurityState.SEC5


@dataclass(frozen=True, slots=True)
class AtaIdentity:
    """IDENTIFY DEVICE (ACS-4 7.13.6), the parts an erasure needs. `sectors` as the drive shows."""

    serial: str
    model: str
    firmware: str
    checksum: bool | None  # word 255: right, wrong, or None where there is no signature A5h
    sectors: int
    logical_block_bytes: int
    rotation_rpm: int | None  # 1: not rotating; None: not reported
    security: AtaSecurity
    sanitize: bool
    crypto: bool
    overwrite: bool
    block: bool
    antifreeze: bool
    hpa: bool
    dco: bool
    amac: bool


def word_of(data: bytes, index: int) -> int:
    """A word of IDENTIFY data, by its number; 0 past the end."""
    return int.from_bytes(data[2 * index : 2 * index + 2], "little")


def words_of(data: bytes, first: int, count: int) -> int:
    """Some words as one number, the lowest first."""
    return int.from_bytes(data[2 * first : 2 * (first + count)], "little")


def ata_text(data: bytes, first: int, count: int) -> str:
    """An ATA string: two characters a word, the first in the upper byte (ACS-4 3.4.9)."""
    raw = data[2 * first : 2 * (first + count)]
    swapped = b"".join(raw[i : i + 2][::-1] for i in range(0, len(raw), 2))
    return " ".join(swapped.decode("ascii", "replace").strip("\0 ").split())


def parse_checksum(data: bytes) -> bool | None:
    """Word 255: the sum of all 512 bytes is 0 where the signature A5h stands (ACS-4 A.11.8.28)."""
    return sum(data) & 0xFF == 0 if len(data) == 512 and data[510] == 0xA5 else None


def ata_wwn(data: bytes) -> str | None:
    """The world-wide name of IDENTIFY data: words 108 to 111 where word 87 bit 8 says that there is
    one (ACS-4 7.13.6.41), high word first; None without.
    """
    if len(data) < 512 or word_of(data, 87) & 0xC100 != 0x4100:
        return None
    digits = "".join(f"{word_of(data, index):04x}" for index in range(108, 112))
    return f"0x{digits}" if digits.strip("0") else None


def parse_identify(data: bytes) -> AtaIdentity | None:
    """IDENTIFY DEVICE data; None where it is none (short, all zeros, all ones, ATAPI)."""
    if len(data) < 512 or not any(data) or data.count(0xFF) == len(data):
        return None
    if word_of(data, 0) & 0x8000:
        return None
    words_83 = word_of(data, 83)
    big = words_83 & 0xC400 == 0x4400
    sectors = words_of(data, 100, 4) if big else words_of(data, 60, 2)
    size_word, logical = word_of(data, 106), 512
    if size_word & 0xC000 == 0x4000 and size_word & 0x1000:
        logical = 2 * words_of(data, 117, 2)
    sanitize, rotation = word_of(data, 59), word_of(data, 217)
    has = bool(sanitize & 0x1000)
    features = word_of(data, 119) if word_of(data, 119) & 0xC000 == 0x4000 else 0
    return AtaIdentity(
        serial=ata_text(data, 10, 10),
        model=ata_text(data, 27, 20),
        firmware=ata_text(data, 23, 4),
        checksum=parse_checksum(data),
        sectors=sectors,
        logical_block_bytes=logical,
        rotation_rpm=rotation if rotation == 1 or 0x401 <= rotation <= 0xFFFE else None,
        security=_parse_security(data),
        sanitize=has,
        crypto=has and bool(sanitize & 0x2000),
        overwrite=has and bool(sanitize & 0x4000),
        block=has and bool(sanitize & 0x8000),
        antifreeze=has and bool(sanitize & 0x0400),
        hpa=bool(word_of(data, 82) & 0x0400),
        dco=words_83 & 0xC800 == 0x4800,
        amac=bool(features & 0x0100),
    )


def _parse_security(data: bytes) -> AtaSecurity:
    word = word_of(data, 128)
    supported = bool(word_of(data, 82) & 2) and bool(word & 1)
    return AtaSecurity(
        supported=supported,
        enabled=bool(word & 2),
        locked=bool(word & 4),
        frozen=bool(word & 8),
        expired=bool(word & 16),
        enhanced=bool(word & 32),
        maximum=bool(word & 0x100),
        normal_s=parse_erase_time_s(word_of(data, 89)),
        enhanced_s=parse_erase_time_s(word_of(data, 90)),
    )


def parse_erase_time_s(word: int) -> int | None:
    """Words 89 and 90 in seconds: units of two minutes; 0 is "not told" (ACS-4 7.13.6.42).

    The greatest values mean "more than", so they are no time to plan with, but a floor.
    """
    units = word & 0x7FFF if word & 0x8000 else word & 0xFF
    return units * 120 or None
