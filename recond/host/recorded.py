"""A computer as a tree of files: watched while it is read, put together again from what was seen.

Why: every test of the readers, and every question about a machine that has left the bench, needs
the machine's own answers. `Watched…` stand before the real seam and keep what passes through it;
`PackedFiles` and `RecordedProcesses` answer from such a tree. Nothing is unpacked to a disk: an
archive is somebody else's, and its links and names lead nowhere outside of it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

from recond.host.files import MAX_BYTES, Files
from recond.host.process import NOT_FOUND, Completed, Processes
from recond.model import Unknown, Why

_MOST_LINKS = 40
_SELF = "/proc/self"  # a link to a number that is another one each time


@dataclass(slots=True)
class Seen:
    """What a reading of the machine touched. Paths are as seen from `root`, and free of links."""

    root: Path = Path("/")
    files: dict[str, bytes] = field(default_factory=dict)
    folders: set[str] = field(default_factory=set)
    links: dict[str, str] = field(default_factory=dict)  # the link's own path → relative target
    denied: set[str] = field(default_factory=set)
    absent: set[str] = field(default_factory=set)  # asked for, and not there
    commands: dict[tuple[str, ...], Completed] = field(default_factory=dict)

    def at(self, path: str) -> Path:
        """Where a path is in the file system of this computer."""
        return self.root / path.lstrip("/")

    def trace(self, path: str) -> str:
        """The path without links; every link on the way is kept."""
        real, todo = PurePosixPath("/"), list(PurePosixPath(path).parts[1:])
        for _ in range(_MOST_LINKS):
            while todo:
                step = todo.pop(0)
                real = real.parent if step == ".." else real / step
                if str(real) != _SELF and self.at(str(real)).is_symlink():
                    break
            else:
                return str(real)
            target = str(self.at(str(real)).readlink())
            whole = PurePosixPath(target) if target.startswith("/") else real.parent / target
            self.links[str(real)] = os.path.relpath(whole, real.parent)
            todo = [*whole.parts[1:], *todo]
            real = PurePosixPath("/")
        return str(real)

    def note(self, path: str) -> None:
        """Something exists here."""
        real = self.trace(path)
        if self.at(real).is_dir():
            self.folders.add(real)
        else:
            self.files.setdefault(real, b"")


@dataclass(frozen=True, slots=True)
class WatchedFiles(Files):
    """The files of this computer; `seen` keeps what was asked and found."""

    seen: Seen = field(default_factory=Seen)

    def read(self, path: str, limit_bytes: int = MAX_BYTES) -> bytes | Unknown:
        """As `Files.read`; the bytes are kept."""
        found = Files.read(self, path, limit_bytes)
        if isinstance(found, bytes):
            self.seen.files[self.seen.trace(path)] = found
        elif found.why is Why.DENIED:
            self.seen.denied.add(path)
        elif found.why is Why.ABSENT:
            self.seen.absent.add(path)
        return found

    def list(self, path: str) -> tuple[str, ...]:
        """As `Files.list`; folders and links in it are kept."""
        found = Files.list(self, path)
        if found:
            real = self.seen.trace(path)
            self.seen.folders.add(real)
            for name in found:
                full = f"{real}/{name}"
                if self.seen.at(full).is_symlink() or self.seen.at(full).is_dir():
                    self.seen.note(full)
        else:
            self._look(path)
        return found

    def exists(self, path: str) -> bool:
        """As `Files.exists`."""
        found = Files.exists(self, path)
        if found:
            self.seen.note(path)
        else:
            self._look(path)
        return found

    def resolve(self, path: str) -> str | None:
        """As `Files.resolve`."""
        found = Files.resolve(self, path)
        if found is not None:
            self.seen.note(path)
        return found

    def _look(self, path: str) -> None:
        """Note what is not there; an empty folder is there, and empty."""
        if Files.exists(self, path):
            self.seen.note(path)
        else:
            self.seen.absent.add(path)


@dataclass(frozen=True, slots=True)
class WatchedProcesses:
    """The processes of this computer; `seen` keeps their answers."""

    real: Processes
    seen: Seen

    def run(self, argv: tuple[str, ...], *, timeout_s: float = 30.0) -> Completed:
        """Run it, and keep what it said."""
        done = self.real.run(argv, timeout_s=timeout_s)
        self.seen.commands[argv] = done
        return done


Node = bytes | str | None
"""A file's bytes, a link's target, or None for a folder."""


@dataclass(frozen=True, slots=True)
class Recording:
    """What a recording says of itself: paths that were denied, and paths that were not there.

    `made`: by `recond capture`. A folder that a person put together says nothing by what it lacks.
    `absent` is None where there is no list: recond before 0.2 kept none, and always looked.
    """

    made: bool = False
    denied: frozenset[str] = frozenset()
    absent: frozenset[str] | None = frozenset()

    def looked(self, path: str) -> bool:
        """Whether somebody looked for the path, or for a folder above it, and found none."""
        if self.absent is None:
            return True
        places = (path, *(str(above) for above in PurePosixPath(path).parents))
        return any(place in self.absent for place in places)


@dataclass(frozen=True, slots=True)
class FolderFiles(Files):
    """A tree that lies in a folder. What was denied when it was recorded stays denied."""

    recording: Recording = Recording()

    def looked(self, path: str) -> bool:
        """Whether the path is there, or was looked for when this was recorded."""
        return self.recording.looked(path) or Files.exists(self, path)

    def answers(self, path: str) -> bool:
        """Whether the path is there, or was noted as absent; recond before 0.2 noted nothing."""
        return self.exists(path) or (
            self.recording.absent is not None and self.recording.looked(path)
        )

    def whole(self) -> bool:
        """Whether `recond capture` made it."""
        return self.recording.made

    def read(self, path: str, limit_bytes: int = MAX_BYTES) -> bytes | Unknown:
        """As `Files.read`."""
        if path in self.recording.denied:
            return Unknown(Why.DENIED, path)
        return Files.read(self, path, limit_bytes)


@dataclass(frozen=True, slots=True)
class PackedFiles(Files):
    """A tree held in memory. `nodes` by absolute path; folders above them need not be named."""

    nodes: Mapping[str, Node] = field(default_factory=dict)
    children: Mapping[str, frozenset[str]] = field(default_factory=dict)
    recording: Recording = Recording()

    @staticmethod
    def of(name: str, nodes: Mapping[str, Node], recording: Recording) -> PackedFiles:
        """The tree of some nodes; `name` is the archive's, for messages."""
        children: dict[str, set[str]] = {"/": set()}
        for path in nodes:
            below = path
            while below != "/":
                above, _, own = below.rpartition("/")
                linked = (above or "/") in children
                children.setdefault(above or "/", set()).add(own)
                if linked:
                    break
                below = above
            if nodes[path] is None:
                children.setdefault(path, set())
        frozen = {path: frozenset(names) for path, names in children.items()}
        return PackedFiles(Path(name), nodes, frozen, recording)

    def read(self, path: str, limit_bytes: int = MAX_BYTES) -> bytes | Unknown:
        """The bytes of a file; denied where it was denied when the tree was recorded."""
        if path in self.recording.denied:
            return Unknown(Why.DENIED, path)
        found = self.nodes.get(self._follow(path) or "")
        return found[:limit_bytes] if isinstance(found, bytes) else Unknown(Why.ABSENT, path)

    def list(self, path: str) -> tuple[str, ...]:
        """The names in a folder, sorted."""
        return tuple(sorted(self.children.get(self._follow(path) or "", ())))

    def looked(self, path: str) -> bool:
        """Whether the path is there, or was looked for when this was recorded."""
        return self.recording.looked(path) or self.exists(path)

    def answers(self, path: str) -> bool:
        """Whether the path is there, or was noted as absent; recond before 0.2 noted nothing."""
        return self.exists(path) or (
            self.recording.absent is not None and self.recording.looked(path)
        )

    def whole(self) -> bool:
        """Whether `recond capture` made it."""
        return self.recording.made

    def exists(self, path: str) -> bool:
        """Whether the path leads to a file or folder."""
        return self._follow(path) is not None

    def resolve(self, path: str) -> str | None:
        """The path without links."""
        return self._follow(path)

    def _follow(self, path: str) -> str | None:
        real, todo = PurePosixPath("/"), [p for p in path.split("/") if p not in ("", ".")]
        for _ in range(_MOST_LINKS):
            while todo:
                step = todo.pop(0)
                real = real.parent if step == ".." else real / step
                target = self.nodes.get(str(real))
                if isinstance(target, str):
                    base = PurePosixPath("/") if target.startswith("/") else real.parent
                    todo = [*(base / target).parts[1:], *todo]
                    real = PurePosixPath("/")
                    break
            else:
                found = str(real)
                return found if found in self.nodes or found in self.children else None
        return None


def place_of(argv: tuple[str, ...]) -> str | None:
    """Where a tool's answer stands in a tree: the same names that a person would choose."""
    if argv in (("dmidecode",), ("lscpu",), ("iw", "phy"), ("btmgmt", "info")):
        return f"/{argv[0]}.txt"
    if argv[:1] == ("lsblk",):
        return "/lsblk.json"
    if argv[:1] == ("smartctl",):
        disk = argv[-1].rsplit("/", 1)[-1]
        kind = f".{argv[argv.index('-d') + 1]}" if "-d" in argv[:-1] else ""
        return f"/smartctl/{disk}{kind}.json"
    return None


@dataclass(frozen=True, slots=True)
class RecordedProcesses:
    """Answers of tools from a tree; a tool without an answer is missing."""

    files: Files

    def run(self, argv: tuple[str, ...], *, timeout_s: float = 30.0) -> Completed:  # noqa: ARG002
        """The recorded answer."""
        place = place_of(argv)
        found = self._read(place, argv) if place else None
        if found is None:
            return Completed(argv, NOT_FOUND, b"", b"", 0)
        return Completed(argv, 0, found, b"", 0)

    def _read(self, place: str, argv: tuple[str, ...]) -> bytes | None:
        found = self.files.read(place)
        if isinstance(found, bytes):
            return found
        if argv[0] != "smartctl":
            return None
        kind = argv[argv.index("-d") + 1] if "-d" in argv[:-1] else None
        if kind == "sat":  # the second question to a bridge that was not understood
            return None
        # a file that a person named otherwise still says of which device it speaks; an NVMe
        # disk's is often that of its controller
        name = argv[-1].removeprefix("/dev/")
        controller = re.match(r"nvme\d+", name)
        names = "|".join(re.escape(n) for n in (name, controller[0] if controller else name))
        device = re.compile(f'"name"\\s*:\\s*"/dev/({names})"'.encode())
        for entry in self.files.list("/smartctl"):
            other = self.files.read(f"/smartctl/{entry}")
            if (
                isinstance(other, bytes)
                and device.search(other[:65536])
                and (kind is None or f'"{kind}"'.encode() in other[:65536])
            ):
                return other
        return None
