"""The journal's file: append and sync, read, cut a torn last line.

Why: a line counts only when it is on the disk that keeps the journal, so every append is followed
by fdatasync, and the folder is synced when the file is made. It lives off the target.
"""

from __future__ import annotations

import errno
import os
from pathlib import Path

from recond.host.locks import is_taken, take_lock
from recond.host.regular import GROWN_BYTES, open_regular, read_regular

_APPEND = os.O_WRONLY | os.O_APPEND


class JournalFile:
    """An append-only file. Raises `OSError` (ENOSPC, EROFS): then nothing may go on."""

    def __init__(self, path: Path, descriptor: int) -> None:
        self.path = path
        self._descriptor = descriptor

    @staticmethod
    def create(path: Path) -> JournalFile:
        """A new file; raises `FileExistsError` if there is one."""
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor = open_regular(path, _APPEND | os.O_CREAT | os.O_EXCL)
        take_lock(descriptor, wait=False)
        sync_folder(path.parent)
        return JournalFile(path, descriptor)

    @staticmethod
    def reopen(path: Path, *, abandoned: bool = False) -> tuple[JournalFile, bytes]:
        """An existing file and its whole lines; a torn last line (no line feed) is cut off.

        Raises `BlockingIOError` while its writer lives. `abandoned`: the writer was killed and only
        the kernel still holds it (a request that never returns); it will not write again.
        """
        descriptor = open_regular(path, _APPEND)
        if not abandoned:
            try:
                take_lock(descriptor, wait=False)
            except OSError:
                os.close(descriptor)
                raise
        raw = read_regular(path, GROWN_BYTES)
        whole = raw[: raw.rfind(b"\n") + 1]
        if len(whole) != len(raw):
            os.ftruncate(descriptor, len(whole))
            os.fsync(descriptor)
        return JournalFile(path, descriptor), whole

    def append(self, line: bytes) -> None:
        """Append one line and have it on the disk before returning."""
        done = 0
        while done < len(line):
            done += os.write(self._descriptor, line[done:])
        os.fdatasync(self._descriptor)

    def close(self) -> None:
        """Close the file."""
        os.close(self._descriptor)


def is_held(path: Path) -> bool:
    """Whether a living process is writing this journal; asks, and takes no lock."""
    return is_taken(path)


def sync_folder(folder: Path) -> None:
    """Sync a folder, so that a file made or renamed in it survives a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        sync_opened(descriptor)
    finally:
        os.close(descriptor)


def sync_opened(folder: int) -> None:
    """`sync_folder` for an open one. Raises `OSError`."""
    try:
        os.fsync(folder)
    except OSError as error:
        # drivers of some USB sticks' file systems (FUSE) cannot sync a folder; that is no failure
        if error.errno not in (errno.EINVAL, errno.ENOTSUP):
            raise
