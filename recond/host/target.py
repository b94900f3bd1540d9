"""A path that somebody typed becomes a `Target`: what it is, which disk, what holds it.

Why: everything that can be wrong with a target is found here once, before any plan: unknown,
a folder, empty, a partition, a device without medium. Opens read-only, writes nothing.
"""

from __future__ import annotations

import errno
import os
import stat
from dataclasses import replace
from pathlib import Path

from recond.census import disk_of_area, is_erasable_area
from recond.drive.nvme_formats import NvmeFormats
from recond.erasure import Target
from recond.errors import BenchLacks, RecondError, UsageError
from recond.host import diskid, held_identity, holding, usage
from recond.host.alike import read_alike
from recond.host.files import Files
from recond.host.identity.nodisk import is_no_disk
from recond.host.loops import is_part, read_loops
from recond.host.opened import OpenFiles
from recond.host.paths import Paths, read_paths
from recond.host.reason import refuse_unwritable_name
from recond.host.sectors import ask_formats, read_formats, read_sector_bytes
from recond.host.virtual import is_disk_bus
from recond.host.write_switch import lock_faults, may_lift
from recond.model import Message, Use


def read_target(
    path: str, *, image: bool, files: Files | None = None, paths: Paths | None = None
) -> Target:
    """Look at a target. Raises `UsageError` for what is no disk, `BenchLacks` without permission.

    `image` says that the operator knows that it is a disk image; a regular file without it is
    refused, because a mistyped path must not cost a file. `paths` are the disk's names, where they
    were read already.
    """
    files = files or Files()
    refuse_unwritable_name(Path(path).absolute())
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
        return _describe(descriptor, real, files, paths)
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


def look_at_target(
    path: str, *, image: bool, files: Files | None = None, paths: Paths | None = None
) -> Target:
    """`read_target` for a disk among others: one that cannot be opened is a target with its faults.

    What sysfs knows of it stands in the identity. Raises where there is no such disk, and for a
    person without the right to open any.
    """
    files = files or Files()
    try:
        return read_target(path, image=image, files=files, paths=paths)
    except RecondError as error:
        if isinstance(error, BenchLacks) and os.geteuid() != 0:
            raise
        target = _unopened(path, files)
        if target is None:
            raise
        odd = _odd_sectors(target.path) if target.identity.size_bytes == 0 else None
        fault = odd or error.message
        if isinstance(error, BenchLacks):  # root already: sudo is no help
            fault = Message.of("wipe.refusal.cannot_open", path=target.path, errno="EPERM")
        return replace(target, faults=(fault,))


def _odd_sectors(path: str) -> Message | None:
    """Why Linux shows no size of a disk that answers: sectors of 520, 524 or 528, or metadata."""
    sectors = read_sector_bytes(path)
    if sectors and sectors & (sectors - 1):
        return Message.of("wipe.refusal.geometry", path=path, block=sectors)
    return _metadata(path, read_formats(path))


def _metadata(path: str, formats: NvmeFormats | None) -> Message | None:
    if formats is None or formats.is_plain:
        return None
    block, beside = formats.current.data_bytes, formats.current.metadata_bytes
    return Message.of("wipe.refusal.metadata", path=path, block=block, metadata=beside)


def with_holders(target: Target, files: Files, opened: OpenFiles | None = None) -> Target:
    """The same target with who has it, asked of the whole computer, where nothing else held it.

    The guard asks again before the first byte; this one is for whoever plans and confirms. `opened`
    was read before, for all targets.
    """
    if target.uses or target.faults:
        return target
    try:
        descriptor = os.open(target.path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError:
        return target
    try:
        if target.name is None:
            look = holding.look_at_image(files, descriptor, target.path, alone=None, opened=opened)
        else:
            look = holding.look_at_disk(files, descriptor, opened)
    except OSError:
        return target
    finally:
        os.close(descriptor)
    return replace(target, uses=look.uses)


def _unopened(path: str, files: Files) -> Target | None:
    """A whole disk as sysfs shows it; None for all else."""
    try:
        is_block = stat.S_ISBLK(Path(path).stat().st_mode)
    except OSError:
        return None
    real = str(Path(path).resolve())
    name = real.rsplit("/", 1)[-1]
    folder = f"/sys/block/{name}"
    if not is_block or is_no_disk(name) or not files.exists(folder):
        return None
    blocks = [
        files.read_text(f"{folder}/queue/{kind}_block_size") for kind in ("logical", "physical")
    ]
    logical, physical = (int(b) if isinstance(b, str) and b.isdigit() else 512 for b in blocks)
    geometry = diskid.read_size(files, name) or 0, logical, physical
    identity = held_identity.identity_of(diskid.read_strings(files, name), geometry)
    return Target(real, identity, usage.read_uses(files, name), False, name)


def _describe(descriptor: int, path: str, files: Files, paths: Paths | None) -> Target:
    identity = held_identity.identity_of_descriptor(descriptor, path, files)
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        if not os.access(path, os.W_OK):
            return Target(path, identity, usage.file_uses(files, path), True, None)
        return Target(path, identity, usage.file_uses(files, path), False, None)
    name = diskid.name_of_descriptor(descriptor, files)
    parent = _parent(files, name)
    if parent is not None:
        raise UsageError("host.target.partition", path=path, disk=f"/dev/{parent}")
    area = is_erasable_area(name) and identity.serial is not None
    if (is_no_disk(name) and not area) or not is_disk_bus(identity.bus):
        raise UsageError("host.target.not_disk", path=path)
    if identity.size_bytes == 0:
        raise UsageError("host.target.no_medium", path=path)
    known = paths or read_paths(files, name)
    uses = tuple(dict.fromkeys(use for one in known.names for use in usage.read_uses(files, one)))
    uses += _part_of(files, name, identity.size_bytes)
    uses += usage.read_uses(files, disk_of_area(name)) if area else ()
    if not uses:
        busy = [one for one in known.names if _is_busy(path if one == name else f"/dev/{one}")]
        # a claim has no name; most often it is that of a program with the disk open
        named = holding.look_at_disk(files, descriptor).uses if busy else ()
        uses = named or tuple(Use("busy", one, "O_EXCL") for one in busy)
    formats = ask_formats(descriptor) if identity.bus == "nvme" else None
    hidden = _metadata(path, formats)
    return Target(
        path,
        identity,
        uses,
        held_identity.read_only(descriptor) and not may_lift(files, name),
        name,
        tuple(f"/dev/{one}" for one in known.names) if len(known.names) > 1 else (),
        _faults(path, known, identity.size_bytes)
        or ((hidden,) if hidden else ())
        or lock_faults(files, path),
    )


def _faults(path: str, known: Paths, size_bytes: int) -> tuple[Message, ...]:
    """Why nobody can tell which disk an erasure would reach: names or contents contradict."""
    doubted = known.contradicted
    if not doubted and len(known.names) > 1:
        doubted = tuple(one for one in known.names if f"/dev/{one}" != path)
        if read_alike([path, *(f"/dev/{one}" for one in doubted)], size_bytes):
            return ()
    if not doubted:
        return ()
    others = ", ".join(f"/dev/{one}" for one in doubted)
    return (Message.of("wipe.refusal.which_disk", path=path, others=others),)


def _part_of(files: Files, name: str, size_bytes: int) -> tuple[Use, ...]:
    """A loop device that shows a part of something is not that: the file or disk itself is."""
    loops = [loop for loop in read_loops(files) if loop.name == name]
    return tuple(
        Use("part", name, loop.backing) for loop in loops if is_part(files, loop, size_bytes)
    )


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
