"""Files that are files: opened where no link, pipe or device lies in their place, read to a bound.

Why: root reads and writes in folders where somebody else may write too (an output folder on a
stick, a state folder under /tmp). A link that was laid there leads an appended line into /etc; a
pipe makes the opening wait for ever, with the ledger's lock in hand; a hole of a terabyte costs
whoever made it nothing, and the reader all of its memory. Looking first and opening then would be a
race, so the opening itself refuses. Files that are written whole need none of this: a rename
replaces whatever lies there (`recond.host.store`).

Source: open(2), O_NOFOLLOW and O_NONBLOCK; fifo(7).
"""

from __future__ import annotations

import errno
import os
import select
import stat
from pathlib import Path

SMALL_BYTES = 64 << 20
"""More than any file of ours that does not grow: a record, a key, a run's facts, a certificate."""

GROWN_BYTES = 512 << 20
"""More than a journal (the judge reads 256 MiB of one) and a bench's ledger of 500,000 lines."""

_PIECE = 1 << 20
"""Read at least at once. A whole bound asked for at once takes as much address space, and ends a
process that is held to less (`ulimit -v`)."""

NOBODY_S, SILENT_S = 5.0, 60.0
"""How long a named pipe may have no writer, and how long a writer may say nothing."""

_ALWAYS = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY


class TooLarge(OSError):
    """A file of more bytes than its reader takes; nothing of it was read."""

    def __init__(self, path: Path) -> None:
        super().__init__(errno.EFBIG, "too large", str(path))


def open_regular(path: Path, flags: int, mode: int = 0o600) -> int:
    """A descriptor of a regular file, made where `flags` say so.

    Raises `OSError`: ELOOP for a link, EISDIR for a folder, EMEDIUMTYPE for a pipe, a device, a
    socket.
    """
    descriptor = os.open(path, flags | _ALWAYS, mode)
    kind = os.fstat(descriptor).st_mode
    if not stat.S_ISREG(kind):
        os.close(descriptor)
        number = errno.EISDIR if stat.S_ISDIR(kind) else errno.EMEDIUMTYPE
        raise OSError(number, "not a regular file", str(path))
    return descriptor


def read_regular(path: Path, most_bytes: int = SMALL_BYTES) -> bytes:
    """A regular file's bytes; the folders on the way may be links.

    Raises `OSError`, of these `TooLarge` for a file of more bytes than that.
    """
    descriptor = open_regular(path, os.O_RDONLY)
    try:
        if os.fstat(descriptor).st_size > most_bytes:
            raise TooLarge(path)
        raw = _read(descriptor, most_bytes + 1)
    finally:
        os.close(descriptor)
    if len(raw) > most_bytes:  # it grew, or its size is not told (/proc)
        raise TooLarge(path)
    return raw


def read_given(path: Path, most_bytes: int) -> bytes:
    """The first bytes of a file that a person named: a link or a pipe there is what was meant.

    Raises `OSError`: EMEDIUMTYPE for a pipe that nobody writes into for `NOBODY_S`, ETIMEDOUT for
    what says nothing for `SILENT_S`. A folder on somebody's stick may hold either under any name.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
    try:
        kind = os.fstat(descriptor).st_mode
        if stat.S_ISREG(kind) or stat.S_ISDIR(kind):
            return _read(descriptor, most_bytes)
        if stat.S_ISFIFO(kind) and not select.select([descriptor], (), (), NOBODY_S)[0]:
            raise OSError(errno.EMEDIUMTYPE, "nobody writes into it", str(path))
        return _wait_for(descriptor, most_bytes, path)
    finally:
        os.close(descriptor)


def _wait_for(descriptor: int, most_bytes: int, path: Path) -> bytes:
    """What comes from a pipe or a device, up to a bound. Raises `OSError`."""
    pieces: list[bytes] = []
    while most_bytes:
        try:
            piece = os.read(descriptor, min(_PIECE, most_bytes))
        except BlockingIOError:
            if not select.select([descriptor], (), (), SILENT_S)[0]:
                raise TimeoutError(errno.ETIMEDOUT, "nothing comes", str(path)) from None
            continue
        if not piece:
            break
        pieces.append(piece)
        most_bytes -= len(piece)
    return b"".join(pieces)


def _read(descriptor: int, most_bytes: int) -> bytes:
    """Up to so many bytes, in pieces: the first is the whole of a file that tells its size."""
    pieces: list[bytes] = []
    step = os.fstat(descriptor).st_size + 1
    step = step if step > 1 else _PIECE  # a size that is not told (/proc)
    while most_bytes and (piece := os.read(descriptor, min(step, most_bytes))):
        pieces.append(piece)
        most_bytes -= len(piece)
    return pieces[0] if len(pieces) == 1 else b"".join(pieces)


def write_regular(path: Path, content: bytes) -> None:
    """Write a file that nobody misses if it is torn or lost. Raises `OSError`."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
    with os.fdopen(open_regular(path, flags, 0o666), "wb") as stream:
        stream.write(content)
