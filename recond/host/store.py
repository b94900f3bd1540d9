"""Files that are there whole or not at all, and the one that only grows.

Why: a certificate that a power cut leaves half written is worse than none. Written to a temporary
name, synced, renamed, the folder synced. No meaning of any content here.
"""

from __future__ import annotations

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from recond.host.journalfile import sync_folder


def write_whole(path: Path, content: bytes, *, mode: int = 0o644) -> None:
    """Write a file whole or not at all. Raises `OSError`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.new")
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, mode)
    try:
        os.fchmod(handle, mode)
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
    sync_folder(path.parent)


def write_folder(folder: Path, files: dict[str, bytes]) -> None:
    """Write several files of one folder, each whole; names may hold one slash. `OSError`."""
    for name, content in files.items():
        write_whole(folder / name, content)


def append_line(path: Path, line: bytes) -> None:
    """Append to a file and have it on the disk. A torn last line is cut off first. `OSError`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = not path.exists()
    with path.open("ab+") as stream:
        stream.seek(0)
        raw = stream.read()
        whole = raw.rfind(b"\n") + 1
        if whole != len(raw):
            stream.truncate(whole)
        stream.write(line)
        stream.flush()
        os.fsync(stream.fileno())
    if fresh:
        sync_folder(path.parent)


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a lock file: one process at a time, given back even if the process dies. `OSError`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("ab") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield


def is_private(path: Path) -> bool:
    """Whether nobody but the owner may read the file."""
    return path.stat().st_mode & 0o077 == 0
