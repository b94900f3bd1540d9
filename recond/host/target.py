"""A path that somebody typed becomes a `Target`: what it is, which disk, what holds it.

Why: everything that can be wrong with a target is found here once, before any plan: unknown,
a folder, empty, a partition, a device without medium. Opens read-only, writes nothing.
"""

from __future__ import annotations

import errno
import os
import stat
from pathlib import Path

from recond.erasure import Target
from recond.errors import BenchLacks, UsageError
from recond.host import diskid, usage
from recond.host.files import Files
from recond.model import Use

NOT_DISKS = ("dm-", "md", "zram", "ram", "sr", "fd", "bcache", "nbd-", "rbd-")


def read_target(path: str, *, image: bool, files: Files | None = None) -> Target:
    """Look at a target. Raises `UsageError` for what is no disk, `BenchLacks` without permission.

    `image` says that the operator knows that it is a disk image; a regular file without it is
    refused, because a mistyped path must not cost a file.
    """
    files = files or Files()
    try:
        status = Path(path).stat()
    except FileNotFoundError:
        raise UsageError("host.target.unknown", path=path) from None
    except OSError as error:
        raise UsageError("host.target.unreadable", path=path, reason=_reason(error)) from None
    if stat.S_ISDIR(status.st_mode):
        raise UsageError("host.target.directory", path=path)
    if stat.S_ISREG(status.st_mode):
        if not image:
            raise UsageError("host.target.needs_image", path=path)
        if status.st_size == 0:
            raise UsageError("host.target.empty", path=path)
    elif not stat.S_ISBLK(status.st_mode):
        raise UsageError("host.target.not_block", path=path)
    real = str(Path(path).resolve())
    descriptor = _open(real)
    try:
        return _describe(descriptor, real, files)
    except OSError as error:
        raise UsageError("host.target.unreadable", path=path, reason=_reason(error)) from None
    finally:
        os.close(descriptor)


def _open(path: str) -> int:
    try:
        return os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except PermissionError:
        raise BenchLacks("host.target.denied", path=path) from None
    except OSError as error:
        if error.errno in (errno.ENOMEDIUM, errno.ENXIO, errno.ENODEV):
            raise UsageError("host.target.no_medium", path=path) from None
        raise UsageError("host.target.unreadable", path=path, reason=_reason(error)) from None


def _reason(error: OSError) -> str:
    return errno.errorcode.get(error.errno or 0, str(error.errno))


def _describe(descriptor: int, path: str, files: Files) -> Target:
    identity = diskid.identity_of_descriptor(descriptor, path, files)
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        if not os.access(path, os.W_OK):
            return Target(path, identity, usage.file_uses(files, path), True, None)
        return Target(path, identity, usage.file_uses(files, path), False, None)
    name = diskid.name_of_descriptor(descriptor, files)
    parent = _parent(files, name)
    if parent is not None:
        raise UsageError("host.target.partition", path=path, disk=f"/dev/{parent}")
    if name.startswith(NOT_DISKS):
        raise UsageError("host.target.not_disk", path=path)
    if identity.size_bytes == 0:
        raise UsageError("host.target.no_medium", path=path)
    uses = usage.read_uses(files, name)
    if not uses and _is_busy(path):
        uses = (Use("busy", name, "O_EXCL"),)
    return Target(path, identity, uses, diskid.read_only(descriptor), name)


def _parent(files: Files, name: str) -> str | None:
    """The disk of a partition; None for a whole disk."""
    if not files.exists(f"/sys/class/block/{name}/partition"):
        return None
    place = files.resolve(f"/sys/class/block/{name}")
    return place.rsplit("/", 2)[1] if place else name


def _is_busy(path: str) -> bool:
    """Whether the kernel refuses an exclusive opening: a mount in another namespace, ZFS, …"""
    try:
        os.close(os.open(path, os.O_RDONLY | os.O_EXCL | os.O_CLOEXEC))
    except OSError as error:
        return error.errno == errno.EBUSY
    return False
