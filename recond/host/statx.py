"""What an inode is, without asking a server: statx(2).

Why: who has a medium open is told by device and inode numbers, never by paths. An ordinary stat of
a file on a network or FUSE file system waits for its server, perhaps for ever; looking at every
open file of a computer must not hang there. `statx` can be told to answer from memory.

Source: statx(2), include/uapi/linux/stat.h (layout of `struct statx`).
"""

from __future__ import annotations

import ctypes
import os
import stat
import struct
from dataclasses import dataclass

AT_FDCWD = -100
AT_EMPTY_PATH = 0x1000
AT_NO_AUTOMOUNT = 0x800
AT_STATX_DONT_SYNC = 0x4000
STATX_BASIC_AND_BIRTH = 0x0FFF
BIRTH = 0x0800

_LIBC = ctypes.CDLL(None, use_errno=True)
_LIBC.statx.argtypes = (
    ctypes.c_int,
    ctypes.c_char_p,
    ctypes.c_int,
    ctypes.c_uint,
    ctypes.c_void_p,
)
_LAYOUT = struct.Struct("=IIQIIIHxxQQQQ" + "qIxxxx" * 4 + "IIII")
"""mask … mode, inode, size, blocks, attributes mask; access, birth, change, write; rdev, dev."""


@dataclass(frozen=True, slots=True)
class Inode:
    """An inode: its mode, its number on its file system's device; for a device node its number."""

    mode: int
    device: tuple[int, int]  # of the file system that it lies on
    number: int
    node: tuple[int, int]  # what a device node stands for; (0, 0) for all else
    born: str | None  # "seconds.nanoseconds"; None where the file system does not keep it
    changed: str  # the same form: the last change of content or attributes

    @property
    def is_block(self) -> bool:
        """Whether it is a block device."""
        return stat.S_ISBLK(self.mode)

    @property
    def is_char(self) -> bool:
        """Whether it is a character device."""
        return stat.S_ISCHR(self.mode)

    @property
    def is_file(self) -> bool:
        """Whether it is a regular file."""
        return stat.S_ISREG(self.mode)


def inode_of_path(path: str) -> Inode:
    """The inode behind a path, from what the kernel remembers of it. Raises `OSError`."""
    flags = AT_NO_AUTOMOUNT | AT_STATX_DONT_SYNC
    return _statx(AT_FDCWD, os.fsencode(path), flags)


def inode_of_descriptor(descriptor: int) -> Inode:
    """The inode of an open file, as its file system has it now. Raises `OSError`."""
    return _statx(descriptor, b"", AT_EMPTY_PATH)


def _statx(folder: int, path: bytes, flags: int) -> Inode:
    buffer = ctypes.create_string_buffer(256)
    if _LIBC.statx(folder, path, flags, STATX_BASIC_AND_BIRTH, buffer) != 0:
        code = ctypes.get_errno()
        raise OSError(code, os.strerror(code), os.fsdecode(path))
    found = _LAYOUT.unpack_from(buffer)
    mask, mode, number = found[0], found[6], found[7]
    born, changed = found[13:15], found[15:17]
    return Inode(
        mode=mode,
        device=(found[21], found[22]),
        number=number,
        node=(found[19], found[20]),
        born=_time(*born) if mask & BIRTH else None,
        changed=_time(*changed),
    )


def _time(seconds: int, nanoseconds: int) -> str:
    return f"{seconds}.{nanoseconds:09d}"
