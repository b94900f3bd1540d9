"""What is kept of a stick's own partition while another image is put onto it.

Why: the partition holds the workshop's private key, so its copy is the one way back of a stick that
was pulled in the middle, and a leak where it stays without need. It is on the medium, with every
folder above it, before the stick is marked; it goes once the stick is whole. A folder without a
note is of a stick that was never marked, and goes with the next renewal.

state/sticks/<number of the mark>/own.img   the partition, as it was
                                 note.json  its size and sum: written last, deleted first
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import stat
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from recond.documents import read_json
from recond.errors import BenchLacks
from recond.host.journalfile import sync_folder
from recond.host.reason import os_reason
from recond.host.regular import open_regular, read_regular
from recond.host.store import write_whole

FOLDER = "sticks"
OWN_IMAGE = "own.img"
STICK_NOTE = "note.json"
PRIVATE = 0o700


class StickCopy:
    """The copy of one stick, by its mark's number."""

    def __init__(self, state: Path, number: str) -> None:
        self.folder = state / FOLDER / number
        self._lock: int | None = None

    def make(self) -> None:
        """A folder of its own, in folders that outlive a power cut. Raises `BenchLacks`."""
        sticks = self.folder.parent
        with self._said():
            sticks.mkdir(parents=True, mode=PRIVATE, exist_ok=True)
            self.folder.mkdir(mode=PRIVATE)
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
            self._lock = open_regular(self.folder / OWN_IMAGE, flags)
            fcntl.flock(self._lock, fcntl.LOCK_EX)  # another renewal takes it for no left one
            for one in (sticks, sticks.parent, sticks.parent.parent):
                sync_folder(one)

    def fill(self, pieces: Iterable[memoryview]) -> str:
        """The partition's bytes onto the disk; their SHA-256. Raises `BenchLacks`: the pieces may
        raise no `OSError`.
        """
        whole, kept = hashlib.sha256(), self._lock
        if kept is None:
            raise ValueError("no copy was made to be filled")
        with self._said():
            for piece in pieces:
                whole.update(piece)
                done = 0
                while done < len(piece):
                    done += os.write(kept, piece[done:])
            os.fsync(kept)
        return whole.hexdigest()

    def note(self, size_bytes: int, sha256: str) -> None:
        """What the copy is, so that it counts. Raises `BenchLacks`."""
        told = json.dumps({"bytes": size_bytes, "sha256": sha256}).encode()
        with self._said():
            write_whole(self.folder / STICK_NOTE, told, mode=0o600)
            sync_folder(self.folder)
        self._release()

    def read(self, path: str) -> tuple[int, str]:
        """Size and sum of what was kept of the stick at `path`, that somebody began on. Raises
        `BenchLacks` where nothing was, or somebody else laid it there.
        """
        with suppress(OSError, ValueError, TypeError, KeyError):
            folder, told = self.folder.lstat(), read_json(read_regular(self.folder / STICK_NOTE))
            size, whole = told["bytes"], told["sha256"]
            mine = stat.S_ISDIR(folder.st_mode) and folder.st_uid == os.geteuid()
            same = (self.folder / OWN_IMAGE).lstat().st_size == size
            if mine and same and isinstance(whole, str):
                return int(size), whole
        raise BenchLacks("stick.update.elsewhere", path=path, folder=str(self.folder))

    def forget(self) -> None:
        """Delete it, and have that on the disk. Raises `OSError`."""
        self._release()
        (self.folder / STICK_NOTE).unlink(missing_ok=True)
        with suppress(FileNotFoundError):  # without a note it may be swept away at the same time
            shutil.rmtree(self.folder)
        sync_folder(self.folder.parent)

    def _release(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    @contextmanager
    def _said(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            told = {"path": str(self.folder), "reason": os_reason(error)}
            raise BenchLacks("stick.update.cannot.keep", **told) from None


def sweep(state: Path) -> None:
    """Delete the copies of sticks that were never marked: whoever made them was ended."""
    for folder in _folders(state):
        with (
            suppress(OSError),
            os.fdopen(open_regular(folder / OWN_IMAGE, os.O_RDONLY), "rb") as held,
        ):
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
            if not os.path.lexists(folder / STICK_NOTE):
                shutil.rmtree(folder)


def copies_left(state: Path) -> int:
    """How many copies lie in the state; each holds the key that was on its stick."""
    return len(_folders(state))


def _folders(state: Path) -> list[Path]:
    try:
        return sorted(one for one in (state / FOLDER).iterdir() if os.path.lexists(one / OWN_IMAGE))
    except OSError:
        return []
