"""Files that are there whole or not at all, and the one that only grows.

Why: a certificate that a power cut leaves half written is worse than none. Written to a temporary
name of its own, synced, renamed, the folder synced: two that write one file leave that of one of
them. Names are looked up in the opened folder and no link is followed, so that nobody who may write
there too leads a file elsewhere. No meaning of any content here.
"""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from recond.host.journalfile import sync_folder, sync_opened
from recond.host.regular import open_regular

_FOLDER = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
_LOCK = os.O_WRONLY | os.O_APPEND | os.O_CREAT
_NEW = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
NAME_BYTES = 200
"""A temporary name must fit where the name itself fits (255 bytes)."""

TAIL_BYTES = 64 << 10


def write_whole(path: Path, content: bytes, *, mode: int = 0o644) -> None:
    """Write a file whole or not at all. Raises `OSError`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with _opened(path.parent) as place:
        _write(place, path.name, content, mode)


def create_whole(path: Path, content: bytes, *, mode: int = 0o644) -> None:
    """The same for a file that must not be there yet, in a folder that must: of two that make it
    one does.

    Raises `FileExistsError`, `OSError`.
    """
    with _opened(path.parent) as place:
        _write(place, path.name, content, mode, fresh=True)


def write_folder(folder: Path, files: dict[str, bytes]) -> None:
    """Write several files of one folder, each whole; names may hold one slash. `OSError`, also
    where the folder is a link to one.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with _opened(folder, links=False) as place:
        for name, content in files.items():
            below, _, file = name.rpartition("/")
            if not below:
                _write(place, file, content, 0o644)
                continue
            with suppress(FileExistsError):
                os.mkdir(below, dir_fd=place)
            with _opened(below, links=False, within=place) as inner:
                _write(inner, file, content, 0o644)
    sync_folder(folder.parent)


@contextmanager
def _opened(folder: Path | str, *, links: bool = True, within: int | None = None) -> Iterator[int]:
    """A folder to look names up in, so that it stays the same one."""
    flags = _FOLDER if links else _FOLDER | os.O_NOFOLLOW
    descriptor = os.open(folder, flags, dir_fd=within)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _write(place: int, name: str, content: bytes, mode: int, *, fresh: bool = False) -> None:
    short = os.fsdecode(os.fsencode(name)[:NAME_BYTES])
    temporary = f".{short}.{os.urandom(4).hex()}.new"
    handle = os.open(temporary, _NEW, mode, dir_fd=place)
    try:
        with os.fdopen(handle, "wb") as stream:
            os.fchmod(stream.fileno(), mode)
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        if not fresh or _takes_name(place, temporary, name):
            os.rename(temporary, name, src_dir_fd=place, dst_dir_fd=place)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary, dir_fd=place)
        raise
    sync_opened(place)


def _takes_name(place: int, temporary: str, name: str) -> bool:
    """Give a whole file a name that nobody has; whether it is only taken, and the file still has to
    be renamed to it: a stick's file system (FAT) has no second names. Raises `FileExistsError`.
    """
    try:
        os.link(temporary, name, src_dir_fd=place, dst_dir_fd=place)
    except OSError as error:
        if error.errno not in (errno.EPERM, errno.ENOTSUP):
            raise
        os.close(os.open(name, _NEW, dir_fd=place))
        return True
    os.unlink(temporary, dir_fd=place)
    return False


def append_bytes(path: Path, more: bytes) -> None:
    """Append to a file that is there and have it on the disk. Raises `OSError`."""
    with os.fdopen(open_regular(path, os.O_WRONLY | os.O_APPEND), "ab") as stream:
        stream.write(more)
        stream.flush()
        os.fsync(stream.fileno())
    sync_folder(path.parent)


def append_line(path: Path, line: bytes) -> None:
    """Append to a file and have it on the disk. A torn last line is cut off first. `OSError`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = not path.exists()
    descriptor = open_regular(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o666)
    with os.fdopen(descriptor, "ab+") as stream:
        length = stream.seek(0, os.SEEK_END)
        whole = _whole_lines(stream, length)
        if whole != length:
            stream.truncate(whole)
        stream.write(line)
        stream.flush()
        os.fsync(stream.fileno())
    if fresh:
        sync_folder(path.parent)


def _whole_lines(stream: IO[bytes], length: int) -> int:
    """Where the last whole line ends, looked for from the end of a file of so many bytes."""
    end = length
    while end:
        begin = max(0, end - TAIL_BYTES)
        stream.seek(begin)
        at = stream.read(end - begin).rfind(b"\n")
        if at >= 0:
            return begin + at + 1
        end = begin
    return 0


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a lock file: one process at a time, given back even if the process dies. `OSError`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with os.fdopen(open_regular(path, _LOCK, 0o666), "ab") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield


def is_private(path: Path) -> bool:
    """Whether nobody but the owner may read the file."""
    return path.stat().st_mode & 0o077 == 0
