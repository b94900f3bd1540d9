"""File systems that show the files of others: what is open beneath them has another number there.

Why: who has an image open is told by device and inode numbers. On an overlay, a network's or a user
space's file system the same content is also a file somewhere else, of other numbers, and whoever
has that one open can put back what was erased; the kernel's word on a lease is of the upper file
alone. What is open beneath an overlay is told by its birth and its number or last change, which an
overlay passes on (Documentation/filesystems/overlayfs.rst, "Inode properties"); of all of them it
is said that nobody can look further.
"""

from __future__ import annotations

import os
from pathlib import Path

from recond.host.loops import InodeNumber
from recond.host.opened import Holder, OpenFiles
from recond.host.statx import Inode, inode_of_descriptor
from recond.model import Message

STACKED = frozenset(
    {
        *("overlay", "aufs", "unionfs", "ecryptfs", "fuse"),
        *("nfs", "nfs4", "cifs", "smb3", "smbfs", "ceph", "afs", "lustre", "beegfs"),
        *("9p", "virtiofs", "vboxsf", "vmhgfs", "prl_fs", "drvfs", "ocfs2", "gfs2"),
    }
)


def is_stacked(kind: str) -> bool:
    """Whether a file on a file system of this kind is another one's too. What drives a disk of its
    own in user space (`fuseblk`) is none.
    """
    return kind in STACKED or kind.startswith("fuse.")


def look_beneath(
    path: str, number: InodeNumber, opened: OpenFiles
) -> tuple[set[Holder], tuple[Message, ...]]:
    """Who has the file open that may be beneath the one at `path`, and what is said of that:
    nothing on an ordinary file system. A path that cannot be opened, or is another file than
    `number` by now, tells nothing; unless its device does, it is said that nobody could look.
    """
    found = _at(path)
    if found is None or (*found[1].device, found[1].number) != number:
        kinds = _kinds_of_device(number)
        plain = bool(kinds) and not any(map(is_stacked, kinds))
        return set(), () if plain else (Message("host.unseen.no_look_beneath"),)
    kind, inode = found
    if not is_stacked(kind):
        return set(), ()
    return _holders_beneath(inode, opened), (Message.of("host.unseen.beneath", kind=kind),)


def _at(path: str) -> tuple[str, Inode] | None:
    """The kind of file system at a path, and the file there; None where nobody can tell."""
    try:
        descriptor = os.open(path, os.O_PATH | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        kind = _kind_of(descriptor)
        return (kind, inode_of_descriptor(descriptor)) if kind else None
    except OSError:
        return None
    finally:
        os.close(descriptor)


def _kind_of(descriptor: int) -> str:
    """The kind of file system that an open file lies on; empty where /proc does not tell.

    Source: proc(5), fdinfo (`mnt_id`) and mountinfo.
    """
    try:
        told = Path(f"/proc/self/fdinfo/{descriptor}").read_text("ascii")
        number = next(line.split()[1] for line in told.splitlines() if line.startswith("mnt_id:"))
    except (OSError, StopIteration, IndexError):
        return ""
    own = (line for line in _mounts() if line.split(" ", 1)[0] == number)
    return next((line.partition(" - ")[2].split(" ")[0] for line in own), "")


def _kinds_of_device(number: InodeNumber) -> set[str]:
    """The kinds of the file systems that are mounted here from a file's device."""
    device = f"{number[0]}:{number[1]}"
    lines = (line for line in _mounts() if line.split(" ")[2:3] == [device])
    return {line.partition(" - ")[2].split(" ")[0] for line in lines}


def _mounts() -> list[str]:
    try:
        told = Path("/proc/self/mountinfo").read_text("utf-8", "surrogateescape")
    except OSError:
        return []
    return told.splitlines()


def _holders_beneath(inode: Inode, opened: OpenFiles) -> set[Holder]:
    found: set[Holder] = set()
    for number, other in opened.files.items():
        alike = other.number == inode.number or other.changed == inode.changed
        if other.born == inode.born and alike and number != (*inode.device, inode.number):
            found |= opened.inodes[number]
    return found
