"""Who has a medium, asked of the whole computer: every path of it, every process, every namespace.

Why: the kernel's exclusive claim keeps mounts, RAID and other claims away, and nobody else. A
program with a partition open, a virtual machine, a block server, a file system in user space, a
second loop device over the same file: each can put back what was erased, and none of them claims.
So the medium's device numbers and its inode are looked for in all that is open (`host.opened`), in
all mount tables, below all loop devices and in the kernel's own servers. Names holders; decides
nothing. What nobody can see is in docs/guarantees.md.
"""

from __future__ import annotations

import fcntl
import os
import re
from pathlib import Path

from recond.host import diskid, held_identity, stacked, usage
from recond.host.alike import alike_uses
from recond.host.block import HolderLook
from recond.host.files import Files
from recond.host.loops import InodeNumber, Loop, read_loops
from recond.host.opened import Holder, Number, OpenFiles, read_opened
from recond.host.paths import read_paths
from recond.host.statx import Inode, inode_of_descriptor, inode_of_path
from recond.model import Message, Use

SERVERS = (
    "nvmet/subsystems/*/namespaces/*/device_path",
    "target/core/*/*/udev_path",
    "usb_gadget/*/functions/*/lun.*/file",
    "usb_gadget/*/functions/*/file",
)
"""Where the kernel's own servers of block devices say what they serve, below CONFIGFS."""
CONFIGFS = "/sys/kernel/config"
KEPT_KINDS = frozenset({"mount", "swap", "system", "holder", "unreadable"})
"""What `usage.read_uses` finds and also counts once the writing has begun; a file system's label
may linger in udev's notes after it was overwritten."""


def look_at_disk(files: Files, descriptor: int, opened: OpenFiles | None = None) -> HolderLook:
    """Who has the disk behind an open descriptor. Raises `OSError` where it is gone."""
    name = diskid.name_of_descriptor(descriptor, files)
    names = medium_names(files, name)
    nodes = tuple(dict.fromkeys(node for one in names for node in usage.nodes_of(files, one)))
    opened = opened or read_opened(files)
    uses = {use for one in names for use in usage.read_uses(files, one) if use.kind in KEPT_KINDS}
    loops = read_loops(files)
    for node in nodes:
        for number in _numbers(files, node):
            uses |= _users(node, opened.devices.get(number, set()))
            uses |= _mounts(files, opened, node, number) if number[0] == "b" else set()
            uses |= _served(files, node, number)
            below = [loop for loop in loops if loop.node == number[1:]]
            uses |= {Use("holder", node, loop.name) for loop in below}
    uses |= _backing_users(opened, loops, set(nodes))
    uses |= alike_uses(files, descriptor, names)
    writes = _count_writes(files, names)
    unseen = opened.unseen + (() if writes is not None else (Message("host.unseen.counter"),))
    for loop in loops:
        if loop.name in nodes and (loop.offset_bytes or loop.limit_bytes):  # none when planned
            uses.add(Use("moved", loop.name, loop.backing))
        if loop.name in nodes and loop.node is None:
            backing = files.read_text(f"/sys/block/{loop.name}/loop/backing_file")
            holders, said = stacked.look_beneath(str(backing), loop.file, opened)
            uses |= _users(loop.name, holders)
            unseen += said
    size = held_identity.read_geometry(descriptor)[0]
    return HolderLook(nodes, _sorted(uses), unseen, opened.processes, size, writes)


def look_at_image(
    files: Files, descriptor: int, path: str, *, alone: bool | None, opened: OpenFiles | None = None
) -> HolderLook:
    """Who has an image file, by its inode. `alone` is the kernel's word on it (`has_alone`)."""
    inode, opened = inode_of_descriptor(descriptor), opened or read_opened(files)
    number = (*inode.device, inode.number)
    uses = _users(path, opened.inodes.get(number, set()))
    uses |= {Use("holder", path, loop.name) for loop in read_loops(files) if loop.file == number}
    uses |= {use for use in usage.file_uses(files, path) if use.kind == "swap"}
    uses |= _mounts_of_file(files, opened, path, number)
    holders, beneath = stacked.look_beneath(f"/proc/self/fd/{descriptor}", number, opened)
    uses |= _users(path, holders)
    if alone is False and not uses:
        uses.add(Use("open", path, "?"))
    if not _is_named(path, inode):
        uses.add(Use("moved", path, ""))
    size = os.fstat(descriptor).st_size
    unseen = () if alone and not beneath else (*opened.unseen, *beneath)
    return HolderLook((path,), _sorted(uses), unseen, opened.processes, size, inode.changed)


def _is_named(path: str, inode: Inode) -> bool:
    """Whether an image's name still leads to it: a certificate names it by that."""
    try:
        found = Path(path).lstat()
    except OSError:
        return False
    device = os.major(found.st_dev), os.minor(found.st_dev)
    return (device, found.st_ino) == (inode.device, inode.number)


def has_alone(descriptor: int) -> bool | None:
    """Whether nobody else has a file open, in no namespace, not even the kernel itself: only then
    does the kernel grant a write lease. None where the file system has none, or it is not ours.

    Ask it while this process has one descriptor of the file. Source: fcntl(2), F_SETLEASE.
    """
    try:
        fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_WRLCK)
    except BlockingIOError:
        return False
    except OSError:
        return None
    fcntl.fcntl(descriptor, fcntl.F_SETLEASE, fcntl.F_UNLCK)
    return True


def medium_names(files: Files, name: str) -> tuple[str, ...]:
    """Every kernel name of the medium of the disk `name`, itself first: other paths to it, and
    other loop devices over the same file.
    """
    paths = read_paths(files, name).names
    loops = read_loops(files)
    own = [loop for loop in loops if loop.name == name]
    same = [loop.name for loop in loops if own and loop.file == own[0].file]
    return tuple(dict.fromkeys((name, *paths, *same)))


# --- Who ---------------------------------------------------------------------------------------


def _sorted(uses: set[Use]) -> tuple[Use, ...]:
    return tuple(sorted(uses, key=lambda use: (use.kind, use.node, use.where)))


def _users(node: str, holders: set[Holder]) -> set[Use]:
    return {Use("open", node, str(holder)) for holder in holders}


def _numbers(files: Files, node: str) -> tuple[Number, ...]:
    """The device number of a node, and those of the character devices that reach the same disk."""
    folder = f"/sys/class/block/{node}"
    found = [("b", files.read_text(f"{folder}/dev"))]
    for place in (f"{folder}/device/scsi_generic", f"{folder}/device/bsg"):
        found += [("c", files.read_text(f"{place}/{one}/dev")) for one in files.list(place)]
    if node.startswith("nvme"):
        generic = f"/sys/class/nvme-generic/{node.replace('nvme', 'ng', 1)}/dev"
        found.append(("c", files.read_text(generic)))
    numbers = []
    for kind, text in found:
        match = re.fullmatch(r"(\d+):(\d+)", text) if isinstance(text, str) else None
        if match:
            numbers.append((kind, int(match[1]), int(match[2])))
    return tuple(numbers)


def _mounts(files: Files, opened: OpenFiles, node: str, number: Number) -> set[Use]:
    """Mounts of a device in any namespace: by its number, or by the source of one in user space."""
    text = f"{number[1]}:{number[2]}"
    return {
        Use("mount", node, usage.public_place(mount.point))
        for pid, mount in opened.mounts
        if mount.number == text
        or (
            (source := _source(files, pid, mount)) and source.is_block and source.node == number[1:]
        )
    }


def _mounts_of_file(files: Files, opened: OpenFiles, path: str, number: InodeNumber) -> set[Use]:
    return {
        Use("mount", path, usage.public_place(mount.point))
        for pid, mount in opened.mounts
        if (source := _source(files, pid, mount))
        and source.is_file
        and (*source.device, source.number) == number
    }


def _source(files: Files, pid: int, mount: usage.Mount) -> Inode | None:
    """What a mount in user space says that it comes from, as its own process sees that path."""
    if not mount.kind.startswith("fuse") or not mount.source.startswith("/"):
        return None
    try:
        return inode_of_path(str(files.at(f"/proc/{pid}/root{mount.source}")))
    except OSError:
        return None


def _served(files: Files, node: str, number: Number) -> set[Use]:
    """The kernel's own servers, which no process stands for."""
    root = files.at(CONFIGFS)
    found = set()
    for pattern in SERVERS:
        for place in root.glob(pattern):
            shown = str(place).removeprefix(str(root))
            source = files.read_text(CONFIGFS + shown)
            if isinstance(source, str) and source.startswith("/"):
                try:
                    inode = inode_of_path(source)
                except OSError:
                    continue
                if inode.is_block and inode.node == number[1:]:
                    found.add(Use("open", node, shown.strip("/")))
    return found


def _backing_users(opened: OpenFiles, loops: tuple[Loop, ...], nodes: set[str]) -> set[Use]:
    """Who has the file below a loop device open: that is its medium."""
    return {
        use
        for loop in loops
        if loop.name in nodes and loop.node is None
        for use in _users(loop.name, opened.inodes.get(loop.file, set()))
    } | {
        Use("holder", loop.name, other.name)
        for loop in loops
        for other in loops
        if loop.name in nodes and other.file == loop.file and other.name != loop.name
    }


# --- What was written --------------------------------------------------------------------------


def _count_writes(files: Files, names: tuple[str, ...]) -> str | None:
    """Sectors that were written or discarded since the disk is there, by each path. Requests are
    not counted: emptying the drive's cache, which we do ourselves, is one.

    Source: Documentation/ABI/stable/sysfs-block, `stat`. None where the counting is turned off.
    """
    counted = []
    for name in (*names, *(one for n in names for one in _hidden_paths(files, n))):
        folder = f"/sys/block/{name}"
        fields = str(files.read_text(f"{folder}/stat")).split()
        if len(fields) < 7 or files.read_text(f"{folder}/queue/iostats") == "0":
            return None
        counted.append(" ".join([name, fields[6], *fields[13:14]]))
    return ", ".join(counted)


def _hidden_paths(files: Files, name: str) -> tuple[str, ...]:
    """nvme0c1n1 and such: the paths below a native multipath disk, which do the counting."""
    match = re.fullmatch(r"nvme(\d+)n(\d+)", name)
    if not match:
        return ()
    wanted = re.compile(rf"nvme{match[1]}c\d+n{match[2]}")
    return tuple(one for one in files.list("/sys/block") if wanted.fullmatch(one))
