"""The identity of a disk that is held open: read from its descriptor, now.

Why: a path can be another disk a moment later; what was opened stays what it is.
"""

from __future__ import annotations

import fcntl
import os
import stat
import struct
from dataclasses import replace
from pathlib import Path

from recond.erasure import DiskIdentity, TargetKind
from recond.host.diskid import drive_of, name_of_descriptor, read_strings
from recond.host.files import Files
from recond.host.identity.names import DiskStrings
from recond.host.loops import file_below
from recond.host.virtual import kind_of
from recond.model import Medium

BLKROGET = 0x125E
BLKSSZGET = 0x1268
BLKPBSZGET = 0x127B
BLKGETSIZE64 = 0x80081272
BLKGETDISKSEQ = 0x80081280
IMAGE_BLOCK_BYTES = 512


def identity_of_descriptor(descriptor: int, path: str, files: Files) -> DiskIdentity:
    """The identity of an open descriptor, read now. Raises `OSError` when the disk is gone."""
    status = os.fstat(descriptor)
    if stat.S_ISREG(status.st_mode):
        return DiskIdentity(
            kind=TargetKind.IMAGE,
            serial=Path(path).name,
            wwn=None,
            vendor=None,
            model=None,
            firmware=None,
            size_bytes=status.st_size,
            logical_block_bytes=IMAGE_BLOCK_BYTES,
            physical_block_bytes=IMAGE_BLOCK_BYTES,
            bus="image",
            medium=Medium.IMAGE,
            inode=f"{os.major(status.st_dev)}:{os.minor(status.st_dev)}/{status.st_ino}",
        )
    name = name_of_descriptor(descriptor, files)
    strings = read_strings(files, name, drive_of(descriptor, files, name))
    found = identity_of(strings, read_geometry(descriptor), read_disk_seq(descriptor))
    below = file_below(descriptor) if strings.bus == "loop" else None
    return replace(found, kind=kind_of(files, name, strings.bus), inode=below)


def identity_of(
    strings: DiskStrings, geometry: tuple[int, int, int], disk_seq: int | None = None
) -> DiskIdentity:
    """Names and geometry (size, logical block, physical block in bytes) as one value."""
    size, logical, physical = geometry
    return DiskIdentity(
        kind=TargetKind.LOOP if strings.bus == "loop" else TargetKind.BLOCK,
        serial=strings.serial,
        wwn=strings.wwn,
        vendor=strings.vendor,
        model=strings.model,
        firmware=strings.firmware,
        size_bytes=size,
        logical_block_bytes=logical,
        physical_block_bytes=physical,
        bus=strings.bus,
        medium=strings.medium,
        namespace=strings.namespace,
        disk_seq=disk_seq,
        serial_of=strings.serial_of,
        box_serial=strings.box_serial,
        box_hides_bytes=strings.hidden_bytes,
    )


def read_geometry(descriptor: int) -> tuple[int, int, int]:
    """(size, logical block, physical block) in bytes, from the ioctls on the descriptor."""
    size = struct.unpack("Q", fcntl.ioctl(descriptor, BLKGETSIZE64, bytes(8)))[0]
    logical = struct.unpack("i", fcntl.ioctl(descriptor, BLKSSZGET, bytes(4)))[0]
    physical = struct.unpack("I", fcntl.ioctl(descriptor, BLKPBSZGET, bytes(4)))[0]
    return size, logical, physical


def read_only(descriptor: int) -> bool:
    """Whether the kernel holds the device read-only (BLKROGET)."""
    return bool(struct.unpack("i", fcntl.ioctl(descriptor, BLKROGET, bytes(4)))[0])


def read_disk_seq(descriptor: int) -> int | None:
    """The disk's sequence number: another one after a re-plugging (Linux 5.15 and later)."""
    try:
        found: int = struct.unpack("Q", fcntl.ioctl(descriptor, BLKGETDISKSEQ, bytes(8)))[0]
    except OSError:
        return None
    return found
