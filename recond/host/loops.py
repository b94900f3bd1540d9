"""What a loop device stands on, by device and inode: the kernel's own answer, not a path.

Why: /sys names the backing file by the path that it had in its own mount namespace; a hard link, a
bind mount or a rename makes it another text for the same file. Source: loop(4), LOOP_GET_STATUS64,
include/uapi/linux/loop.h (`struct loop_info64`).
"""

from __future__ import annotations

import fcntl
import os
import struct
from dataclasses import dataclass

from recond.host.files import Files
from recond.host.statx import inode_of_path

LOOP_GET_STATUS64 = 0x4C05
_INFO = struct.Struct("=QQQQQ")
_INFO_BYTES = 232

InodeNumber = tuple[int, int, int]
"""A file: its file system's major and minor, its inode number."""


@dataclass(frozen=True, slots=True)
class Loop:
    """A loop device in use. `file` is its backing file, `node` the device below it where it stands
    on one. `offset` and `limit` in bytes; a limit of 0 is none.
    """

    name: str
    backing: str  # its path as /sys shows it
    file: InodeNumber
    node: tuple[int, int] | None
    offset_bytes: int
    limit_bytes: int


def read_loops(files: Files) -> tuple[Loop, ...]:
    """Every loop device in use; one that cannot be asked is told by the path that /sys shows."""
    found = []
    for name in files.list("/sys/block"):
        backing = files.read_text(f"/sys/block/{name}/loop/backing_file")
        if name.startswith("loop") and isinstance(backing, str) and backing:
            loop = _asked(files, name, backing) or _shown(files, name, backing)
            found += [loop] if loop is not None else []
    return tuple(found)


def file_below(descriptor: int) -> str | None:
    """Which file an open loop device stands on ("8:1/42"); None where it does not say."""
    try:
        device, inode = _status(descriptor)[:2]
    except OSError:
        return None
    return f"{os.major(device)}:{os.minor(device)}/{inode}"


def _asked(files: Files, name: str, backing: str) -> Loop | None:
    try:
        path = files.at(f"/dev/{name}")
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        device, inode, node, offset, limit = _status(descriptor)
    except OSError:
        return None
    finally:
        os.close(descriptor)
    file = (os.major(device), os.minor(device), inode)
    below = (os.major(node), os.minor(node)) if node else None
    return Loop(name, backing, file, below, offset, limit)


def _status(descriptor: int) -> tuple[int, ...]:
    raw = fcntl.ioctl(descriptor, LOOP_GET_STATUS64, bytes(_INFO_BYTES))
    return tuple(_INFO.unpack_from(raw))


def _shown(files: Files, name: str, backing: str) -> Loop | None:
    folder = f"/sys/block/{name}/loop"
    try:
        inode = inode_of_path(str(files.at(backing)))
    except OSError:
        return None
    offset, limit = (files.read_text(f"{folder}/{one}") for one in ("offset", "sizelimit"))
    return Loop(
        name,
        backing,
        (*inode.device, inode.number),
        inode.node if inode.is_block else None,
        int(offset) if isinstance(offset, str) and offset.isdigit() else 0,
        int(limit) if isinstance(limit, str) and limit.isdigit() else 0,
    )


def is_part(files: Files, loop: Loop, size_bytes: int) -> bool:
    """Whether a loop device of this size shows less than the whole of its file, or stands on
    another device: an erasure would leave the rest, and speak of the whole.
    """
    if loop.node is not None or loop.offset_bytes or loop.limit_bytes:
        return True
    path = str(files.at(loop.backing))
    try:
        below = inode_of_path(path)
        length = os.stat(path).st_size  # noqa: PTH116 - beside the inode
    except OSError:
        return False  # removed: nobody reaches by name what the device does not show
    return (*below.device, below.number) == loop.file and length > size_bytes
