"""What a drive says of itself in the pages that the kernel keeps in /sys: VPD and IDENTIFY.

Why: /sys cuts ATA models to 16 and firmware to 4 characters; the whole strings, the rotation rate
and the hybrid bit stand in the cached pages, and reading those needs no command to the drive.
Sources: SPC-5 7.7.19 (80h), SBC-4 6.6.2 (B1h), SAT-4 12.4.2 (89h), ACS-4 7.13.
"""

from __future__ import annotations

from recond.drive.identify import ata_wwn, parse_identify
from recond.frozen import dataclass
from recond.host.files import Files

_IDENTIFY_AT = 60  # offset of the IDENTIFY data in page 89h
_IDENTIFY_BYTES = 512


@dataclass(frozen=True, slots=True)
class DrivePages:
    """`rpm`: None not told, 1 non-rotating, else revolutions per minute.

    `serial` is the unit's (page 80h; behind a bridge it may be the box's), `own_serial` the
    drive's, from its IDENTIFY data; with them `wwn` and `size_bytes`.
    """

    serial: str | None = None
    own_serial: str | None = None
    wwn: str | None = None
    size_bytes: int | None = None
    model: str | None = None
    firmware: str | None = None
    rpm: int | None = None
    hybrid: bool = False


def read_drive_pages(files: Files, folder: str) -> DrivePages:
    """The cached pages of /sys/block/NAME; what is absent or too short stays None."""
    page80 = _page(files, f"{folder}/device/vpd_pg80", 0x80)
    pageb1 = _page(files, f"{folder}/device/vpd_pgb1", 0xB1)
    page89 = _page(files, f"{folder}/device/vpd_pg89", 0x89)
    return parse_drive_pages(page80, pageb1, page89)


def read_identify(files: Files, folder: str) -> bytes:
    """The IDENTIFY data that the kernel keeps of the drive of /sys/block/NAME; b"" without."""
    page = _page(files, f"{folder}/device/vpd_pg89", 0x89)
    return page[_IDENTIFY_AT : _IDENTIFY_AT + _IDENTIFY_BYTES]


def read_locked(files: Files, folder: str) -> bool:
    """Whether the drive said, when the kernel asked it, that a password locks it (word 128)."""
    identity = parse_identify(read_identify(files, folder))
    return identity is not None and identity.security.locked


def parse_drive_pages(page80: bytes, pageb1: bytes, page89: bytes) -> DrivePages:
    """Readings of whole VPD pages, header included; empty bytes for an absent page."""
    identify = page89[_IDENTIFY_AT : _IDENTIFY_AT + _IDENTIFY_BYTES]
    if len(identify) < _IDENTIFY_BYTES:
        identify = b""
    rpm = _rotation_rate(int.from_bytes(pageb1[4:6], "big")) if len(pageb1) >= 6 else None
    if rpm is None and identify:
        rpm = _rotation_rate(_word(identify, 217))
    ata = parse_identify(identify)
    return DrivePages(
        serial=_ascii(page80[4:]),
        own_serial=_ata_text(identify, 10, 19),
        wwn=ata_wwn(identify),
        size_bytes=ata.sectors * ata.logical_block_bytes if ata else None,
        model=_ata_text(identify, 27, 46),
        firmware=_ata_text(identify, 23, 26),
        rpm=rpm,
        hybrid=bool(identify) and bool(_word(identify, 78) & 1 << 9),
    )


def _page(files: Files, path: str, code: int) -> bytes:
    raw = files.read(path, 4096)
    if not isinstance(raw, bytes) or len(raw) < 4 or raw[1] != code:
        return b""
    return raw[: 4 + int.from_bytes(raw[2:4], "big")]


def _rotation_rate(value: int) -> int | None:
    # 0 not reported; 0x0001 non-rotating; 0x0401 to 0xFFFE rates; the rest is reserved
    return value if value == 1 or 0x0401 <= value <= 0xFFFE else None


def _word(identify: bytes, number: int) -> int:
    return int.from_bytes(identify[2 * number : 2 * number + 2], "little")


def _ata_text(identify: bytes, start: int, end: int) -> str | None:
    """ATA strings have the two characters of each word swapped (ACS-4 3.3.10)."""
    words = identify[2 * start : 2 * end + 2]
    swapped = bytes(words[i ^ 1] for i in range(len(words)))
    return _ascii(swapped)


def _ascii(raw: bytes) -> str | None:
    return raw.decode("ascii", "replace").replace("\ufffd", "").strip("\0 ") or None
