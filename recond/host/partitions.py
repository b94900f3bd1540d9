"""A disk's partitions, taken away before it is erased and given back where it was not.

Why: each partition has a page cache of its own. A program that wrote to one and has it open (or
has closed it) leaves pages there that the kernel writes back when it likes: behind the erasure. The
kernel refuses to take a partition away while anybody has it open, also where nobody sees who.

Source: ioctl BLKPG, BLKRRPART, BLKFLSBUF (include/uapi/linux/blkpg.h, linux/fs.h).
"""

from __future__ import annotations

import contextlib
import ctypes
import errno
import fcntl
import os
import struct

from recond.host.block import TakenPartition
from recond.host.files import Files
from recond.host.statx import inode_of_descriptor

BLKFLSBUF = 0x1261
BLKRRPART = 0x125F
BLKPG = 0x1269
BLKPG_ADD_PARTITION = 1
BLKPG_DEL_PARTITION = 2
_PARTITION = struct.Struct("=qqi64s64s4x")
_REQUEST = struct.Struct("=iii4xQ")
SECTOR_BYTES = 512
"""The unit of /sys/class/block/*/start and size, whatever the disk's sector (block/genhd.c)."""


def partitions_of(files: Files, name: str) -> tuple[str, ...]:
    """The kernel's names of a disk's partitions."""
    folder = f"/sys/block/{name}"
    return tuple(one for one in files.list(folder) if files.exists(f"{folder}/{one}/partition"))


def take_partitions(descriptor: int, files: Files, name: str) -> tuple[TakenPartition, ...]:
    """Take each away on the disk's open descriptor; one in use answers EBUSY and stays."""
    return tuple(_take(descriptor, files, name, one) for one in partitions_of(files, name))


def _take(descriptor: int, files: Files, name: str, partition: str) -> TakenPartition:
    folder = f"/sys/block/{name}/{partition}"
    start, count, number = (_number(files, f"{folder}/{one}") for one in _WORDS)
    _empty_cache(files, folder, partition)
    failed: int | None = None
    try:
        _ask(descriptor, BLKPG_DEL_PARTITION, 0, 0, number)
    except OSError as error:
        failed = None if error.errno == errno.ENXIO else error.errno  # ENXIO: gone already
    place = start * SECTOR_BYTES, count * SECTOR_BYTES
    return TakenPartition(partition, number, *place, failed)


_WORDS = ("start", "size", "partition")


def _empty_cache(files: Files, folder: str, partition: str) -> None:
    """Write out and forget the partition's own pages; taking it away does so once more."""
    with contextlib.suppress(OSError):
        path = files.at(f"/dev/{partition}")
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            major, minor = inode_of_descriptor(descriptor).node
            if files.read_text(f"{folder}/dev") == f"{major}:{minor}":
                fcntl.ioctl(descriptor, BLKFLSBUF, 0)
        finally:
            os.close(descriptor)


def _number(files: Files, path: str) -> int:
    text = files.read_text(path)
    return int(text) if isinstance(text, str) and text.isdigit() else 0


def give_back(descriptor: int, taken: tuple[TakenPartition, ...], *, untouched: bool) -> None:
    """Have the kernel read the partition table again, on a descriptor with the claim (O_EXCL).

    `untouched`: nothing was written, so that those taken away are added again where the kernel does
    not know the kind of table, or a person had made them by hand.
    """
    with contextlib.suppress(OSError):  # a loop device without partitions says EINVAL
        fcntl.ioctl(descriptor, BLKRRPART)
    for one in taken if untouched else ():
        if one.errno is None:
            with contextlib.suppress(OSError):  # EBUSY: it is back already
                place = (one.start_bytes, one.length_bytes, one.number)
                _ask(descriptor, BLKPG_ADD_PARTITION, *place)


def _ask(descriptor: int, operation: int, start: int, length: int, number: int) -> None:
    asked = ctypes.create_string_buffer(_PARTITION.pack(start, length, number, b"", b""))
    request = _REQUEST.pack(operation, 0, _PARTITION.size, ctypes.addressof(asked))
    fcntl.ioctl(descriptor, BLKPG, request)
