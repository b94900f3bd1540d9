"""Where a recond stick keeps what: read from its first bytes and from its own partition's.

Why: to renew a stick is to write onto a disk, so the disk has to show first, by what stands on it,
that it is one of ours. The image is a volume by ISO 9660 (ECMA-119, 8.4) with a partition table of
the old kind; its third partition, the last, is the workshop's: FAT, called RECOND. Reads only.
"""

from __future__ import annotations

import struct
from collections.abc import Callable

from recond.errors import UsageError
from recond.frozen import dataclass
from recond.host.stick import LABEL

SECTOR_BYTES = 512
VOLUME_AT = 16 * 2048
"""The first volume descriptor of ISO 9660: sector 16 of 2,048 bytes."""
HEAD_BYTES = 64 << 10
"""Boot code, table, volume descriptors and El Torito's: what a computer starts by. Nothing of ours
has its own partition in it."""
TABLE_AT = 446
ENTRY = struct.Struct("<B3sB3sII")  # active, first CHS, type, last CHS, first sector, sectors
OWN = 2
"""The workshop's partition is the third entry."""
FAT_TYPES = (0x06, 0x0B, 0x0C, 0x0E)
END_OF_TABLE = b"\x55\xaa"
SIGNATURE_AT = 440
MARK = b"\x52\x43"
"""In the two bytes after the disk signature, which are zero or 5A5Ah elsewhere: being renewed."""
NEXT_DISK = b"\xcd\x18\xf4\xeb\xfd"
"""int 18h (on with the next disk, BIOS Boot Specification 1.01, 6.7); else hlt, again and again."""
PAST_CHS = b"\xfe\xff\xff"

Read = Callable[[int, int], bytes]
"""Bytes of a place: offset and length in bytes, multiples of 512."""


@dataclass(frozen=True, slots=True)
class StickLayout:
    """The first sector of an image or a stick, and its own partition's place in bytes."""

    sector: bytes
    own_at_bytes: int
    own_bytes: int


def read_mark(sector: bytes) -> str | None:
    """The number of the renewal that began on this stick and did not end; None: none did, or what
    stands there is no more what was written then (somebody made partitions on it).
    """
    number = sector[SIGNATURE_AT : SIGNATURE_AT + 4].hex()
    return number if sector == marked(number) else None


def read_layout(read: Read, name: str, size_bytes: int) -> StickLayout:
    """What an image or a stick of so many bytes is. Raises `UsageError` for anything but ours, and
    for one with a partition behind the workshop's: what would happen to it cannot be said.
    `OSError` of the reading.
    """
    first = read(0, SECTOR_BYTES)
    volume = read(VOLUME_AT, SECTOR_BYTES)
    if (
        first[510:512] != END_OF_TABLE
        or volume[1:6] != b"CD001"
        or volume[40:72].rstrip(b" ") != b"RECOND_LIVE"
        or read(SECTOR_BYTES, SECTOR_BYTES)[:8] == b"EFI PART"
    ):
        raise UsageError("stick.update.not_ours", path=name)
    entry = ENTRY.unpack_from(first, TABLE_AT + OWN * ENTRY.size)
    _active, _first, kind, _last, start, sectors = entry
    if kind not in FAT_TYPES or not start or not sectors:
        raise UsageError("stick.update.not_ours", path=name)
    if any(first[TABLE_AT + (OWN + 1) * ENTRY.size : 510]):
        raise UsageError("stick.update.fourth", path=name)
    if start * SECTOR_BYTES < HEAD_BYTES or (start + sectors) * SECTOR_BYTES > size_bytes:
        raise UsageError("stick.update.table", path=name)
    before = (ENTRY.unpack_from(first, TABLE_AT + n * ENTRY.size) for n in range(OWN))
    if any(count and at + count > start for _a, _f, _k, _l, at, count in before):
        raise UsageError("stick.update.table", path=name)
    if not is_own(read, start * SECTOR_BYTES, sectors * SECTOR_BYTES):
        raise UsageError("stick.update.not_ours", path=name)
    return StickLayout(first, start * SECTOR_BYTES, sectors * SECTOR_BYTES)


def is_own(read: Read, at_bytes: int, length_bytes: int) -> bool:
    """Whether a FAT is called RECOND (FAT specification 1.03): by its boot sector (BS_VolLab, at 43
    in FAT12 and FAT16, at 71 in FAT32), or in its root folder (6, DIR_Attr ATTR_VOLUME_ID): Windows
    writes the name there alone when it formats.
    """
    boot, label = read(at_bytes, SECTOR_BYTES), LABEL.encode().ljust(11)
    if boot[510:512] != END_OF_TABLE:
        return False
    kinds = ((38, 43), (66, 71))
    if any(boot[at] == 0x29 and boot[to : to + 11] == label for at, to in kinds):
        return True
    root = _root_at(boot)
    if root % SECTOR_BYTES or not 0 < root < length_bytes:
        return False
    folder = read(at_bytes + root, SECTOR_BYTES)
    names = (folder[at : at + 12] for at in range(0, len(folder), 32))
    return any(name == label + b"\x08" for name in names)


def _root_at(boot: bytes) -> int:
    """Where the root folder of a FAT begins, in bytes from its start (FAT specification, 3.1)."""
    sector, cluster, reserved, fats = struct.unpack_from("<HBHB", boot, 11)
    (small,), (large,), (root,) = (
        struct.unpack_from(form, boot, at) for form, at in (("<H", 22), ("<I", 36), ("<I", 44))
    )
    skipped = 0 if small else (root - 2) * cluster
    return int((reserved + fats * (small or large) + skipped) * sector)


def marked(number: str) -> bytes:
    """The first sector while the stick is being renewed: the mark, and nothing to start by."""
    mark = NEXT_DISK.ljust(SIGNATURE_AT, b"\0") + bytes.fromhex(number) + MARK
    return mark.ljust(SECTOR_BYTES - len(END_OF_TABLE), b"\0") + END_OF_TABLE


def joined(image: StickLayout, own_bytes: int) -> bytes:
    """The image's first sector with its own partition as large as the one that is kept."""
    entry = TABLE_AT + OWN * ENTRY.size
    active, first, kind, last, start, _sectors = ENTRY.unpack_from(image.sector, entry)
    if own_bytes != image.own_bytes:
        last = PAST_CHS
    packed = ENTRY.pack(active, first, kind, last, start, own_bytes // SECTOR_BYTES)
    return image.sector[:entry] + packed + image.sector[entry + ENTRY.size :]
