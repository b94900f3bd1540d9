"""Files that are files: opened where no link, pipe or device lies in their place.

Why: root writes into folders where somebody else may write too (an output folder on a stick, a
state folder under /tmp). A link that was laid there leads an appended line into /etc; a pipe makes
the opening wait for ever, with the ledger's lock in hand. Looking first and opening then would be a
race, so the opening itself refuses. Files that are written whole need none of this: a rename
replaces whatever lies there (`recond.host.store`).

Source: open(2), O_NOFOLLOW and O_NONBLOCK; fifo(7).
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

_ALWAYS = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY


def open_regular(path: Path, flags: int, mode: int = 0o600) -> int:
    """A descriptor of a regular file, made where `flags` say so.

    Raises `OSError`: ELOOP for a link, EINVAL for a pipe, a device, a socket.
    """
    descriptor = os.open(path, flags | _ALWAYS, mode)
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise OSError(errno.EINVAL, "not a regular file", str(path))
    return descriptor


def read_regular(path: Path, most_bytes: int | None = None) -> bytes:
    """A regular file's bytes; the folders on the way may be links.

    Raises `OSError`; `OverflowError` for a file of more bytes than that.
    """
    with os.fdopen(open_regular(path, os.O_RDONLY), "rb") as stream:
        raw = stream.read(-1 if most_bytes is None else most_bytes + 1)
    if most_bytes is not None and len(raw) > most_bytes:
        raise OverflowError(str(path))
    return raw


def write_regular(path: Path, content: bytes) -> None:
    """Write a file that nobody misses if it is torn or lost. Raises `OSError`."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    with os.fdopen(open_regular(path, flags, 0o666), "wb") as stream:
        stream.write(content)
