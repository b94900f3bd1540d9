"""Locks that die with their holder, and the question whether one is taken.

Why: a look must not disturb what it looks at. Whoever asks by taking the lock for a moment makes a
writer fail that comes in this moment; the kernel answers for locks of open file descriptions
without taking any. Such a lock belongs to the opening, not to the process: two threads that open a
file keep each other out, and a `kill -9` gives it back.

Source: fcntl(2), "Open file description locks".
"""

from __future__ import annotations

import fcntl
import os
import struct
from pathlib import Path

from recond.host.regular import open_regular

_FORM = "hhqqi4x"
"""struct flock: l_type, l_whence, l_start, l_len, l_pid (0: the kernel demands it)."""


def take_lock(descriptor: int, *, wait: bool) -> None:
    """Lock a file that is open for writing, whole.

    Raises `BlockingIOError` where another has it and `wait` is false.
    """
    command = fcntl.F_OFD_SETLKW if wait else fcntl.F_OFD_SETLK
    fcntl.fcntl(descriptor, command, struct.pack(_FORM, fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0))


def is_taken(path: Path) -> bool:
    """Whether anybody has the lock of a file. Takes none; False where there is no such file."""
    try:
        descriptor = open_regular(path, os.O_RDONLY)
    except FileNotFoundError:
        return False
    try:
        asked = struct.pack(_FORM, fcntl.F_WRLCK, os.SEEK_SET, 0, 0, 0)
        answer = fcntl.fcntl(descriptor, fcntl.F_OFD_GETLK, asked)
    finally:
        os.close(descriptor)
    return bool(struct.unpack(_FORM, answer)[0] != fcntl.F_UNLCK)
