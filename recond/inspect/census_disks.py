"""The census of what has a block device: disks with their places, readers without a card.

Why: a disk of size zero, a locked one or one that the kernel has set offline keeps its data, and a
reader without a card has none; the kernel's size is 0 for both. Several names of one disk are one
medium. Decides nothing beyond that.
"""

from __future__ import annotations

import re
from collections import Counter

from recond.census import Kind, Place, Reach, StorageMedium
from recond.host import Host
from recond.host.docks import place_of
from recond.host.files import Files
from recond.host.identity.nodisk import is_loop, is_no_disk
from recond.host.identity.pages import read_locked
from recond.host.outside import may_be_outside
from recond.inspect.census_sighting import Sighting, has_devices
from recond.inspect.disks import is_reader
from recond.inspect.lsblk import BlockNode, read_block_nodes
from recond.model import Disk, Known, Medium, Message, Unknown, Why

USB_BUSES = frozenset({"usb", "firewire"})
_OFFLINE = frozenset({"offline", "transport-offline", "blocked", "deleted"})


def look_at_disks(
    host: Host, disks: tuple[Disk, ...] | Unknown, docks: tuple[str, ...]
) -> Sighting:
    """Every disk of the inventory as a medium, and every empty reader."""
    if isinstance(disks, Unknown):
        return Sighting(gap=Message.of("inspect.census.gap.no_list", why=f"@cli.why.{disks.why}"))
    keys = Counter(_token(disk) for disk in _once(disks))
    media = [_medium(host, disk, docks, keys[_token(disk)]) for disk in _once(disks)]
    nodes = read_block_nodes(host)
    listed = nodes if isinstance(nodes, tuple) else ()
    media += [_reader(node) for node in listed if node.kind == "disk" and _is_empty(node)]
    return Sighting(tuple(media), gap=_gap(host, disks))


def _gap(host: Host, disks: tuple[Disk, ...]) -> Message | None:
    """A disk that the kernel shows and the inventory does not list would be passed over."""
    if not host.files.whole():
        return Message.of("inspect.census.gap.not_kept", place="/sys/block")
    shown = {path for disk in disks for path in (disk.path, *disk.paths)}
    missing = [
        name
        for name in host.files.list("/sys/block")
        if not is_no_disk(name)
        and not is_loop(name)
        and f"/dev/{name.replace('!', '/')}" not in shown
        and host.files.read_text(f"/sys/block/{name}/size") != "0"
    ]
    if missing:
        return Message.of("inspect.census.gap.not_listed", names=", ".join(missing))
    return None


def _is_empty(node: BlockNode) -> bool:
    return is_reader(node) and not is_no_disk(node.name) and not is_loop(node.name)


def _once(disks: tuple[Disk, ...]) -> tuple[Disk, ...]:
    """Each disk once, by the first of its paths."""
    seen: set[str] = set()
    found = []
    for disk in disks:
        if disk.path not in seen:
            found.append(disk)
            seen |= {disk.path, *disk.paths}
    return tuple(found)


def _token(disk: Disk) -> str:
    told = disk.serial if isinstance(disk.serial, Known) else disk.wwn
    space = f"-n{disk.namespace.value}" if isinstance(disk.namespace, Known) else ""
    return f"{told.value}{space}" if isinstance(told, Known) else disk.path


def _medium(host: Host, disk: Disk, docks: tuple[str, ...], same: int) -> StorageMedium:
    files = host.files
    name = disk.path.removeprefix("/dev/").replace("/", "!")
    plug = _plug(files, name)
    why = _unreadable(files, disk, name)
    told: dict[str, int] = {}
    if why == "size_zero" and has_devices(host):
        why, told = _ask_why(disk.path)
    return StorageMedium(
        key=_token(disk) if same == 1 else f"{_token(disk)} ({plug or disk.path})",
        kind=Kind.DISK,
        place=place_of_disk(
            disk,
            plug,
            docks,
            built_in=_is_built_in(files, name),
            doubtful=may_be_outside(files, name),
        ),
        reach=Reach.UNREADABLE if why else Reach.READY,
        paths=disk.paths or (disk.path,),
        model=disk.model,
        serial=disk.serial,
        wwn=disk.wwn,
        size_bytes=disk.size_bytes,
        namespace=disk.namespace,
        disk_seq=disk.disk_seq,
        of_bench=any(use.kind == "medium" for use in disk.uses),
        why=_say("what", why, disk.path, told),
        remedy=_say("todo", why, disk.path, told),
    )


def _ask_why(path: str) -> tuple[str, dict[str, int]]:
    """Why Linux shows the size 0 of a disk, as the drive itself tells it, with its numbers."""
    from recond.host.sectors import (  # late: hardly any disk is so
        is_erasing_itself,
        read_formats,
        read_sector_bytes,
    )

    sectors = read_sector_bytes(path)
    if sectors and sectors & (sectors - 1):
        return "odd_sectors", {"block": sectors}
    formats = read_formats(path)
    if formats is not None and not formats.is_plain:
        block = formats.current
        return "metadata", {"block": block.data_bytes, "metadata": block.metadata_bytes}
    return ("erasing_itself" if is_erasing_itself(path) else "size_zero"), {}


def _say(part: str, why: str | None, path: str, told: dict[str, int]) -> Message | None:
    return Message.of(f"inspect.census.{part}.{why}", place=path, **told) if why else None


def _plug(files: Files, name: str) -> str | None:
    real = files.resolve(f"/sys/block/{name}")
    return place_of(files, name, real) if real else None


def _is_built_in(files: Files, name: str) -> bool:
    """Whether a USB disk hangs on ports that the firmware says nobody can plug anything into: a
    laptop's card reader, a server's stick inside (sysfs-bus-usb, `removable`).
    """
    real = files.resolve(f"/sys/block/{name}") or ""
    ports = [found.end() for found in re.finditer(r"/\d+-\d+(\.\d+)*(?=/)", real)]
    told = [files.read_text(f"{real[:end]}/removable") for end in ports]
    return bool(told) and all(one == "fixed" for one in told)


def place_of_disk(
    disk: Disk,
    plug: str | None,
    docks: tuple[str, ...],
    *,
    built_in: bool = False,
    doubtful: bool = False,
) -> Place:
    """Where a disk sits; `plug` as `recond watch` names it, `docks` those that are declared.

    A USB disk that is built in stays with the computer, and is erased only where USB is asked for:
    firmware is wrong about its ports at times, and a volunteer's disk cannot be brought back. Nor
    is one erased unasked that may hang on a Thunderbolt cable (`doubtful`).
    """
    if plug and any(plug == dock or plug.startswith((f"{dock} ", f"{dock}.")) for dock in docks):
        return Place.DOCK
    if not isinstance(disk.bus, Known):
        return Place.UNKNOWN
    if disk.bus.value in USB_BUSES:
        return Place.READER if built_in else Place.USB
    if doubtful:
        return Place.UNKNOWN
    return Place.READER if disk.medium is Medium.SD else Place.INNER


def _unreadable(files: Files, disk: Disk, name: str) -> str | None:
    """The kind of fault for which a disk cannot be read at all; None where none shows."""
    if read_locked(files, f"/sys/block/{name}"):
        return "locked"
    if files.read_text(f"/sys/block/{name}/device/state") in _OFFLINE:
        return "offline"
    if not isinstance(disk.size_bytes, Known):
        return "size_zero" if disk.size_bytes.why is Why.UNREADABLE else "size_unknown"
    return None


def _reader(node: BlockNode) -> StorageMedium:
    unread = Unknown(Why.ABSENT, node.path)
    return StorageMedium(
        key=f"reader:{node.name}",
        kind=Kind.DISK,
        place=Place.READER,
        reach=Reach.EMPTY,
        paths=(node.path,),
        model=Known(node.model, node.source) if node.model else unread,
        serial=unread,
        wwn=unread,
        size_bytes=unread,
        namespace=unread,
        disk_seq=unread,
    )
