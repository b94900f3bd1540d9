"""What every process of this computer has open: descriptors, memory maps, mounts.

Why: a program that has a partition or an image open without claiming it writes its cache back after
the erasure, and nothing in the mount table shows it. One reading of /proc answers for every disk of
the computer at once; what is compared are device and inode numbers, never paths, so that a hard
link, another mount namespace or a renamed node hides nobody. This process itself is left out.

What cannot be looked at is counted and said (`unseen`): processes of other users, processes outside
of this container. Not to be seen by anybody: files on their way in a socket, files that only the
kernel has (guarantees.md). Source: proc(5), namespaces(7).
"""

from __future__ import annotations

import contextlib
import os
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from recond.host.files import Files
from recond.host.loops import InodeNumber
from recond.host.statx import Inode, inode_of_path
from recond.host.usage import Mount, parse_mountinfo
from recond.model import Message

INITIAL_PID_NAMESPACE = "pid:[4026531836]"
"""The computer's own namespace of processes (include/linux/proc_ns.h, PROC_PID_INIT_INO)."""
PF_KTHREAD = 0x00200000
_SHARED = re.compile(rb"([0-9a-f]+-[0-9a-f]+) ...s [0-9a-f]+ (\S+) ([1-9]\d*) ")

Number = tuple[str, int, int]
"""A device: "b" (block) or "c" (character), major, minor."""


@dataclass(frozen=True, slots=True, order=True)
class Holder:
    """A process that has something."""

    pid: int
    program: str
    how: str  # "open" (a descriptor) or "map" (its memory)

    def __str__(self) -> str:
        return f"{self.program} (pid {self.pid})"


@dataclass(slots=True)
class OpenFiles:
    """What was open at one moment. `mounts` are those of every mount namespace, each once, with a
    process that lives there; `denied` counts the processes that could not be looked into.
    """

    devices: dict[Number, set[Holder]] = field(default_factory=dict)
    inodes: dict[InodeNumber, set[Holder]] = field(default_factory=dict)
    files: dict[InodeNumber, Inode] = field(default_factory=dict)  # what `inodes` are
    mounts: list[tuple[int, Mount]] = field(default_factory=list)
    processes: int = 0
    denied: int = 0
    confined: bool = False

    @property
    def unseen(self) -> tuple[Message, ...]:
        """What this reading could not look at; empty where it saw the whole computer."""
        found = []
        if not self.processes:
            found.append(Message("host.unseen.proc"))
        if self.denied:
            found.append(Message.of("host.unseen.processes", n=self.denied))
        if self.confined:
            found.append(Message("host.unseen.container"))
        return tuple(found)


def read_opened(files: Files) -> OpenFiles:
    """Look into every process once. Costs some microseconds for each open file."""
    root, found = str(files.root).rstrip("/"), OpenFiles()
    maps: dict[tuple[str, int], Inode | None] = {}
    spaces: set[str] = set()
    own = os.getpid()
    namespace = _link(f"{root}/proc/self/ns/pid")
    found.confined = namespace is not None and namespace != INITIAL_PID_NAMESPACE
    for pid in sorted(int(name) for name in files.list("/proc") if name.isdigit()):
        folder = f"{root}/proc/{pid}"
        found.processes += 1
        if pid == own:
            _read_mounts(folder, pid, spaces, found)
            continue
        program = _first_line(f"{folder}/comm") or "?"
        _read_mounts(folder, pid, spaces, found)
        try:
            for inode in _descriptors(folder):
                _note(found, inode, Holder(pid, program, "open"))
            for inode in _mapped(folder, maps):
                _note(found, inode, Holder(pid, program, "map"))
        except PermissionError:
            found.denied += not _is_kernel_thread(folder)
        except OSError:
            continue  # it ended meanwhile
    return found


def _note(found: OpenFiles, inode: Inode, holder: Holder) -> None:
    if inode.is_block or inode.is_char:
        number = ("b" if inode.is_block else "c", *inode.node)
        found.devices.setdefault(number, set()).add(holder)
    elif inode.is_file:
        found.inodes.setdefault((*inode.device, inode.number), set()).add(holder)
        found.files[*inode.device, inode.number] = inode


def _descriptors(folder: str) -> Iterator[Inode]:
    """The open files of a process; of its threads too, where its first thread shows none."""
    places = [f"{folder}/fd"]
    names = os.listdir(places[0])  # noqa: PTH208 - names only
    if not names:  # the first thread has ended, the others go on: they have the table
        threads = os.listdir(f"{folder}/task")  # noqa: PTH208 - names only
        places = [f"{folder}/task/{one}/fd" for one in threads[1:]]
    for place in places:
        for name in os.listdir(place):  # noqa: PTH208 - names only
            with contextlib.suppress(FileNotFoundError):
                yield inode_of_path(f"{place}/{name}")


def _mapped(folder: str, known: dict[tuple[str, int], Inode | None]) -> Iterator[Inode]:
    """The files that a process shares its memory with; of a private map nothing is written back.

    The same file is looked at once in the whole reading.
    """
    for place, device, number in _shared(Path(f"{folder}/maps").read_bytes()):
        key = (device.decode(), int(number))
        if key not in known:
            known[key] = _mapped_inode(f"{folder}/map_files/{place.decode()}", *key)
        inode = known[key]
        if inode is not None:
            yield inode


def _shared(maps: bytes) -> Iterator[tuple[bytes, ...]]:
    """Place, device and inode of each shared map. A process has hundreds of lines and shares few:
    they are found by the end of their permissions, the first "s " of a line that has one.
    """
    at = maps.find(b"s ")
    while at >= 0:
        found = _SHARED.match(maps, maps.rfind(b"\n", 0, at) + 1)
        if found:
            yield found.groups()
        end = maps.find(b"\n", at)
        at = maps.find(b"s ", end) if end >= 0 else -1


def _mapped_inode(link: str, device: str, number: int) -> Inode | None:
    """Behind the link that only root may follow; else as the map's own line says."""
    try:
        return inode_of_path(link)
    except OSError:
        major, _, minor = device.partition(":")
        return Inode(0o100000, (int(major, 16), int(minor, 16)), number, (0, 0), None, "")


def _read_mounts(folder: str, pid: int, spaces: set[str], found: OpenFiles) -> None:
    """The mounts of a namespace that no process before was in."""
    space = _link(f"{folder}/ns/mnt")
    if space in spaces:
        return
    try:
        text = Path(f"{folder}/mountinfo").read_text("utf-8", "surrogateescape")
    except OSError:
        return
    if space is not None:
        spaces.add(space)
    known = {mount for _, mount in found.mounts}
    found.mounts += [(pid, mount) for mount in parse_mountinfo(text) if mount not in known]


def _link(path: str) -> str | None:
    try:
        return os.readlink(path)  # noqa: PTH115 - the text of a link that leads nowhere
    except OSError:
        return None


def _first_line(path: str) -> str:
    try:
        return Path(path).read_text("utf-8", "replace").strip()
    except OSError:
        return ""


def _is_kernel_thread(folder: str) -> bool:
    """Whether it is a thread of the kernel, which has no files (proc(5): stat, field 9)."""
    fields = _first_line(f"{folder}/stat").rpartition(")")[2].split()
    return len(fields) > 6 and fields[6].isdigit() and bool(int(fields[6]) & PF_KTHREAD)
