"""Processes of recond that are struck at a drawn moment: killed, stopped, out of room, cut off.

Each is a fork of this one, so that a kill is a kill: no `finally` runs, locks go to the kernel. A
power cut also takes back what was not synced: bytes behind the last fsync, names behind the last
fsync of their folder. It is told apart from a kill because the page cache outlives a process.
"""

from __future__ import annotations

import contextlib
import errno
import io
import os
import random
import signal
import sys
import traceback
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.lines import at_line

WATCHED = (
    "recond/flow/run/",
    "recond/flow/keys/",
    "recond/flow/deliver/",
    "recond/flow/runfolder",
    "recond/host/store",
    "recond/host/spool",
    "recond/host/locks",
    "recond/host/journalfile",
    "recond/host/workers",
    "recond/upload/queue",
    "recond/upload/send",
    "recond/wipe/journal",
    "recond/wipe/session",
    "recond/wipe/worker",
)
"""The rooms whose lines are counted."""

CHANGES = ("write", "fsync", "fdatasync", "rename", "replace", "link", "mkdir", "ftruncate")
"""The calls of `os` that may fail: each file that is written whole is synced before its name."""


@dataclass(frozen=True)
class Strike:
    """What happens to one process: `kind` at its `at`th line (kill, power, stop; `fresh`: of those
    that did not run before), or behind its `at`th change of a file (`behind`), or behind all of its
    work (0); or in place of that change (full, broken; `once`, or from then on).
    """

    kind: str
    at: int
    once: bool = True
    seed: int = 0
    behind: bool = False
    fresh: bool = False


@dataclass
class Storage:
    """What of the files below `roots` is on the disk, and what only in the page cache."""

    roots: tuple[str, ...]
    opened: set[str] = field(default_factory=set)
    before: dict[tuple[int, int], int] = field(default_factory=dict)
    restored: set[Path] = field(default_factory=set)
    synced: dict[tuple[int, int], int] = field(default_factory=dict)
    names: list[tuple[tuple[int, int], Path, str, bytes | None]] = field(default_factory=list)

    def watch(self) -> None:
        """Note what is on the disk now, and listen to every opening for writing."""
        for path in self._files():
            found = path.stat()
            self.before[(found.st_dev, found.st_ino)] = found.st_size

        def hear(event: str, args: tuple[Any, ...]) -> None:
            if event != "open" or isinstance(args[0], int):  # a descriptor was opened by its name
                return
            if args[2] & (os.O_WRONLY | os.O_RDWR):
                self.opened.add(str(args[0]))

        sys.addaudithook(hear)

    def _files(self) -> list[Path]:
        return [path for root in self.roots for path in Path(root).rglob("*") if path.is_file()]

    def note_sync(self, descriptor: int) -> None:
        found = os.fstat(descriptor)
        key = (found.st_dev, found.st_ino)
        self.synced[key] = found.st_size
        self.names = [one for one in self.names if one[0] != key]

    def note_name(self, folder: int | None, name: str, action: str) -> None:
        """A name that is about to be given or taken; what it named before."""
        if folder is None:
            place = Path(name).absolute().parent
        else:
            place = Path(f"/proc/self/fd/{folder}").readlink()
        if not str(place).startswith(self.roots):
            return
        path, found = place / Path(name).name, place.stat()
        before = path.read_bytes() if path.is_file() else None
        self.names.append(((found.st_dev, found.st_ino), path, action, before))

    def cut(self, chance: random.Random) -> None:
        """The power goes off: of what was not synced some is there and some is not."""
        keep = chance.randrange(len(self.names) + 1)
        for _, path, action, before in reversed(self.names[keep:]):
            with contextlib.suppress(OSError):
                if action == "mkdir":
                    path.rmdir()
                elif before is None:
                    path.unlink()
                else:
                    path.write_bytes(before)
                    self.restored.add(path)
        for path in self._files():
            self._lose(path, chance)

    def _lose(self, path: Path, chance: random.Random) -> None:
        if path in self.restored or (path.suffix == ".jsonl" and str(path) not in self.opened):
            return  # what another process wrote and synced is not known here
        found = path.stat()
        key = (found.st_dev, found.st_ino)
        safe = self.synced.get(key, self.before.get(key, 0))
        if found.st_size > safe:
            os.truncate(path, chance.randint(safe, found.st_size))


def strike(given: Strike | None, storage: Storage, pids: Path) -> Callable[[], None]:
    """Have this process struck. What comes back is called when its work is done."""
    chance = random.Random(given.seed if given else 0)
    if given is None:
        return _nothing
    if given.kind in ("full", "broken"):
        _fail(given)
        return _nothing
    if given.kind == "power":
        storage.watch()
        _wrap(storage)

    struck = os.getpid()

    def end() -> None:
        sys.settrace(None)
        if given.kind == "stop":
            if os.getpid() == struck:  # nobody would wake the child that tries the signing
                os.kill(struck, signal.SIGSTOP)
            return
        if given.kind == "power":
            for one in living(pids):
                with contextlib.suppress(ProcessLookupError):
                    os.kill(one, signal.SIGKILL)
            storage.cut(chance)
        os.kill(os.getpid(), signal.SIGKILL)

    if not given.at:
        return end
    if given.behind:
        _behind(given.at, end)
    else:
        at_line(given.at, WATCHED, end, fresh=given.fresh)
    return _nothing


def _nothing() -> None: ...


def _behind(point: int, end: Callable[[], None]) -> None:
    left, struck = point, os.getpid()  # a worker that it starts is not struck
    for name in CHANGES:
        real = getattr(os, name)

        def changing(*args: Any, _real: Any = real, **kwargs: Any) -> Any:
            nonlocal left
            found = _real(*args, **kwargs)
            left -= 1
            if left == 0 and os.getpid() == struck:
                end()
            return found

        setattr(os, name, changing)


def _fail(given: Strike) -> None:
    number = errno.ENOSPC if given.kind == "full" else errno.EIO
    left = given.at

    def may_go_on(write_half: Callable[[], object] | None = None) -> None:
        nonlocal left
        left -= 1
        if left == 0 or (left < 0 and not given.once):
            if write_half is not None:  # some of it is there
                write_half()
            raise OSError(number, os.strerror(number))

    each_change(may_go_on)


def each_change(hear: Callable[[Callable[[], object] | None], None]) -> None:
    """Call `hear` before each change of a file by this process; what it raises, the change raises.

    It is given what writes half of the bytes, where bytes are written: by `os.write`, or by a
    stream of `os.fdopen`. What SQLite writes is not among it.
    """
    for name in CHANGES:
        real = getattr(os, name)

        def changing(*args: Any, _real: Any = real, _name: str = name, **kwargs: Any) -> Any:
            if _name != "write":
                hear(None)
            elif args[0] not in (1, 2):
                hear(lambda: _real(args[0], args[1][: len(args[1]) // 2]))
            return _real(*args, **kwargs)

        setattr(os, name, changing)
    opened, streamed = os.open, os.fdopen

    def opening(path: Any, flags: int, *args: Any, **kwargs: Any) -> int:
        if flags & os.O_CREAT:
            hear(None)
        return opened(path, flags, *args, **kwargs)

    class Raw(io.FileIO):
        """One whose refused request takes half of the bytes: the system says so at the next."""

        refused: OSError | None = None

        def write(self, given: Any) -> int:
            error, self.refused = self.refused, None
            if error is not None:
                raise error
            raw = bytes(given)
            try:
                hear(None)
            except OSError as found:
                if len(raw) < 2:
                    raise
                self.refused = found
                return super().write(raw[: len(raw) // 2])
            return super().write(raw)

    def streaming(descriptor: int, mode: str = "r", *args: Any, **kwargs: Any) -> Any:
        if "b" not in mode or not set(mode) & set("wa+") or kwargs.get("buffering") == 0:
            return streamed(descriptor, mode, *args, **kwargs)
        raw = Raw(descriptor, mode.replace("b", ""))
        return io.BufferedRandom(raw) if "+" in mode else io.BufferedWriter(raw)

    os.open, os.fdopen = opening, streaming  # type: ignore[assignment] # of the same form


def _wrap(storage: Storage) -> None:
    for name in ("fsync", "fdatasync"):
        real = getattr(os, name)

        def syncing(descriptor: int, _real: Any = real) -> None:
            _real(descriptor)
            storage.note_sync(descriptor)

        setattr(os, name, syncing)
    for name, key, which in (
        ("rename", "dst_dir_fd", 1),
        ("replace", "dst_dir_fd", 1),
        ("link", "dst_dir_fd", 1),
        ("mkdir", "dir_fd", 0),
        ("unlink", "dir_fd", 0),
    ):
        real = getattr(os, name)

        def naming(
            *args: Any,
            _real: Any = real,
            _name: str = name,
            _key: str = key,
            _at: int = which,
            **kwargs: Any,
        ) -> Any:
            storage.note_name(kwargs.get(_key), os.fspath(args[_at]), _name)
            return _real(*args, **kwargs)

        setattr(os, name, naming)


def living(pids: Path) -> tuple[int, ...]:
    """The processes of that file that live and are forks of this program, and no others: a number
    is given again when its process has ended.
    """
    own, found = Path("/proc/self/cmdline").read_bytes(), []
    for line in pids.read_text().splitlines() if pids.exists() else ():
        with contextlib.suppress(OSError):
            at_work = Path(f"/proc/{line}/stat").read_text().rsplit(") ", 1)[-1][0] not in "ZX"
            if at_work and Path(f"/proc/{line}/cmdline").read_bytes() == own:
                found.append(int(line))
    return tuple(found)


def fork(work: Callable[[], None], report: Path) -> int:
    """Do it in a child; its id. An error that nobody foresaw goes into `report`."""
    child = os.fork()
    if child:
        return child
    code = 0
    try:
        os.setsid()
        work()
    except BaseException:
        sys.settrace(None)
        with report.open("a") as stream:
            traceback.print_exc(file=stream)
        code = 1
    os._exit(code)
