"""Folders of files that are whole or not there, and locks that die with their holder.

Why: `kill -9` and a power cut come at any moment, and a queue must lose nothing to them. A file is
written whole (`recond.host.store`), a lock is the kernel's (flock), so that a killed process leaves
none behind. It knows nothing of records.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path

from recond.host.journalfile import sync_folder
from recond.host.locks import take_lock
from recond.host.regular import GROWN_BYTES, TooLarge, open_regular, read_given, read_regular
from recond.host.store import write_whole

TEXT_BYTES = 1 << 20
ORPHAN_S = 3600
"""A temporary file older than this belongs to nobody any more."""


class Spool:
    """One folder of such files. Methods raise `OSError` for what is wrong with the medium."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def read(self, name: str) -> bytes | None:
        """A file's bytes; None where there is no such file (nor such a folder)."""
        try:
            return read_regular(self.folder / name, GROWN_BYTES)
        except (FileNotFoundError, NotADirectoryError):
            return None

    def save(self, name: str, data: bytes, *, mode: int = 0o600) -> None:
        """Write a file whole or not at all; the folder is made where it is missing."""
        self._make()
        write_whole(self.folder / name, data, mode=mode)

    def remove(self, name: str) -> None:
        """Remove a file; one that is not there is no error."""
        (self.folder / name).unlink(missing_ok=True)
        sync_folder(self.folder)

    def names(self, ending: str) -> tuple[str, ...]:
        """The names of the whole files with that ending, without it, sorted."""
        found = (path.name for path in self.folder.glob(f"[!.]*{ending}"))
        return tuple(sorted(name.removesuffix(ending) for name in found))

    def has(self, name: str) -> bool:
        """Whether there is such a file or folder."""
        return (self.folder / name).exists()

    def changed(self, name: str) -> int | None:
        """When a file was last written (nanoseconds); None where there is none."""
        try:
            return (self.folder / name).stat().st_mtime_ns
        except FileNotFoundError:
            return None

    def all_changed(self, ending: str) -> dict[str, int]:
        """`changed` of each whole file with that ending, by its name without it."""
        found = dict[str, int]()
        with (
            contextlib.suppress(FileNotFoundError, NotADirectoryError),
            os.scandir(self.folder) as all_,
        ):
            for one in all_:
                if one.name.endswith(ending) and not one.name.startswith("."):
                    with contextlib.suppress(FileNotFoundError):  # it just left
                        found[one.name.removesuffix(ending)] = one.stat().st_mtime_ns
        return found

    def date(self, name: str, when_ns: int) -> None:
        """Give a file that time; without effect where there is none."""
        with contextlib.suppress(FileNotFoundError):
            os.utime(self.folder / name, ns=(when_ns, when_ns), follow_symlinks=False)

    def _make(self) -> None:
        if not self.folder.is_dir():
            self.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            sync_folder(self.folder.parent)

    @contextlib.contextmanager
    def locked(self, name: str, *, wait: bool) -> Iterator[bool]:
        """Hold a lock; yields False at once where another process has it and `wait` is false."""
        self._make()
        descriptor = open_regular(self.folder / name, os.O_RDWR | os.O_CREAT)
        try:
            take_lock(descriptor, wait=wait)
        except BlockingIOError:
            os.close(descriptor)
            yield False
            return
        try:
            yield True
        finally:
            os.close(descriptor)

    @contextlib.contextmanager
    def locked_once(self, name: str, *, wait: bool) -> Iterator[bool]:
        """As `locked`, of a name that nobody may ask for again: its file is gone behind the holder.

        Only who holds the lock of the name's own file takes it away. Whoever had opened it before
        finds that it is the name's no more, and asks for the new one: never two at once.
        """
        self._make()
        descriptor = self._own_lock(self.folder / name, wait=wait)
        if descriptor is None:
            yield False
            return
        try:
            yield True
        finally:
            with contextlib.suppress(OSError):  # one that stays is the next one's lock
                (self.folder / name).unlink()
            os.close(descriptor)

    def _own_lock(self, path: Path, *, wait: bool) -> int | None:
        """Open and lock the file that the path names then; None where another process has it."""
        while True:
            descriptor = open_regular(path, os.O_RDWR | os.O_CREAT)
            try:
                take_lock(descriptor, wait=wait)
                with contextlib.suppress(FileNotFoundError):
                    if os.path.samestat(os.fstat(descriptor), path.lstat()):
                        return descriptor
            except BlockingIOError:
                os.close(descriptor)
                return None
            except OSError:
                os.close(descriptor)
                raise
            os.close(descriptor)

    def sweep(self) -> None:
        """Remove the temporary files of killed processes, once nobody can be writing them."""
        for path in self.folder.glob(".*.new"):
            with contextlib.suppress(OSError):  # another sweeper was first
                if time.time() - path.stat().st_mtime > ORPHAN_S:
                    path.unlink()

    def deposit(self, name: str, files: tuple[tuple[str, bytes], ...]) -> None:
        """Make a folder with these files (relative names), which appears when it is whole."""
        part = self.folder / f".{name}.part"  # where a killed deposit left off, it begins anew
        shutil.rmtree(part, ignore_errors=True)
        for file, data in files:
            write_whole(part / file, data)
        part.rename(self.folder / name)
        sync_folder(self.folder)


def read_files(
    folder: Path, patterns: tuple[str, ...], *, most_files: int, most_bytes: int
) -> dict[str, bytes]:
    """The files below a folder that match, by their relative names.

    Raises `OSError`, of these `TooLarge` for more files or bytes than these.
    """
    found = sorted({path for pattern in patterns for path in folder.glob(pattern)})
    if len(found) > most_files:
        raise TooLarge(folder)
    files: dict[str, bytes] = {}
    above = len(folder.parts)
    for path in found:
        if path.is_file():
            raw = read_regular(path, most_bytes)
            most_bytes -= len(raw)
            files["/".join(path.parts[above:])] = raw
    return files


def read_text(path: str) -> str:
    """A text file's content. Raises `OSError`, `UnicodeDecodeError`."""
    return read_given(Path(path), TEXT_BYTES).decode("utf-8")
