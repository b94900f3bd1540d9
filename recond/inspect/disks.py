"""Disks: what each one is, how large, on which bus, and what holds it.

Why: the plan and the guard decide on these readings alone. A serial is the value that the drive
gives (NVMe Identify, ATA IDENTIFY, SCSI VPD page 80h, the USB descriptor), the same that the eraser
reads again from the open descriptor. Listed are whole disks: optical drives, RAM disks, zram,
device-mapper, md, empty card readers and the boot partitions of an eMMC are not. Loop devices are
no hardware; they are read when asked for by path. Never opens a device for writing.
"""

from __future__ import annotations

import re

from recond.host import Host
from recond.host.files import Files
from recond.host.identity.names import DiskStrings
from recond.host.identity.nodisk import is_loop, is_no_disk
from recond.host.paths import Paths, group
from recond.inspect.disk_names import read_names
from recond.inspect.lsblk import BlockNode, read_block_nodes
from recond.inspect.readings import file_int, text_reading
from recond.inspect.sidebyside import ask_each
from recond.inspect.smart import read_health
from recond.inspect.uses import read_disk_uses
from recond.model import Disk, Health, Known, Medium, Reading, Unknown, Why

_ASKED_AT_ONCE = 16  # smartctl on each; a dock has eight


def read_disks(
    host: Host, *, smart: bool = False, loops: bool = False
) -> tuple[Disk, ...] | Unknown:
    """Every whole disk, by name; loop devices too where `loops` asks for them.

    `Unknown` where the kernel's devices could not be listed: that is not "no disk".

    `smart` asks each disk for its health (some 0.1 s a disk, side by side).
    """
    nodes = read_block_nodes(host)
    if isinstance(nodes, Unknown):
        kept = _nodes_of_a_capture(host)
        if not kept:
            return nodes
        nodes = kept
    chosen = [n for n in nodes if is_whole_disk(n) and (loops or n.kind != "loop")]
    return _build(host, chosen, smart)


def _nodes_of_a_capture(host: Host) -> tuple[BlockNode, ...]:
    """The disks that a capture's smartctl documents name; none of a live computer."""
    if host.origin == "live":
        return ()
    from recond.inspect.smart_disks import read_smart_nodes

    return read_smart_nodes(host.files)


def read_disk(host: Host, path: str) -> Disk | None:
    """The whole disk or loop device behind a path or a /dev/disk/by-id name.

    None where there is none: a partition, an optical drive, no block device.
    """
    real = (host.files.resolve(path) or path) if host.origin == "live" else path
    name = real.rsplit("/", 1)[-1]
    nodes = read_block_nodes(host)
    if isinstance(nodes, Unknown):
        return None
    chosen = [n for n in nodes if n.name == name and is_whole_disk(n)]
    found = _build(host, chosen, False)
    return found[0] if found else None


def is_whole_disk(node: BlockNode) -> bool:
    """Whether lsblk's entry is a disk to be listed, and no part, stack of disks or empty reader."""
    return node.kind in ("disk", "loop") and not is_no_disk(node.name) and not is_reader(node)


def is_reader(node: BlockNode) -> bool:
    """Whether it is a reader without a card: on USB, of size zero, with a medium that comes out.

    A fixed disk of size zero is a disk that keeps its data, and so is one in a hot-plug SATA port,
    which the kernel calls removable.
    """
    if node.size_bytes != 0 or is_loop(node.name):
        return node.size_bytes == 0
    inner = node.transport in ("sata", "ata", "sas", "nvme", "mmc", "fc") or not node.removable
    return not inner


def _build(host: Host, chosen: list[BlockNode], smart: bool) -> tuple[Disk, ...]:
    if not chosen:
        return ()
    asked: list[Health | Unknown] = [Unknown(Why.NOT_READ, "smartctl")] * len(chosen)
    if smart:
        asked = ask_each(lambda node: _read_health(host, node), chosen, _ASKED_AT_ONCE)
    names = {node.name: read_names(host, node) for node in chosen}
    groups = group(
        {node.name: (names[node.name], node.size_bytes) for node in chosen},
        {node.name: _is_ata(host.files, node) for node in chosen},
    )
    disks = [
        _disk(host, node, health, names[node.name], groups[node.name])
        for node, health in zip(chosen, asked, strict=True)
    ]
    return tuple(sorted(disks, key=lambda d: _natural(d.path)))


def _read_health(host: Host, node: BlockNode) -> Health | Unknown:
    if node.smart_path is None:
        return read_health(host, node.path)
    return read_health(host, node.smart_path, node.smart_type)


def _natural(path: str) -> tuple[str, list[tuple[int, str]]]:
    """sdb before sdaa, nvme2n1 before nvme10n1; one family after the other."""
    name = path.removeprefix("/dev/")
    lettered = re.match(r"sd|vd|hd|xvd", name)
    family = lettered[0] if lettered else (re.match(r"\D*", name) or [""])[0]
    parts = re.findall(r"\d+|\D+", name.removeprefix(family))
    return family, [(len(part), part) for part in parts]


def _is_ata(files: Files, node: BlockNode) -> bool:
    return "ATA" in (node.vendor, files.read_text(f"/sys/block/{node.name}/device/vendor"))


def _disk(
    host: Host, node: BlockNode, health: Health | Unknown, strings: DiskStrings, paths: Paths
) -> Disk:
    files = host.files
    folder = f"/sys/block/{node.name}"
    bus = None if strings.bus == "other" else strings.bus
    rpm = strings.rpm

    def told(name: str) -> Reading[str]:
        if name in strings.fillers:
            return Unknown(Why.GARBAGE, strings.fillers[name])
        return text_reading(getattr(strings, name), strings.sources.get(name, folder))

    return Disk(
        path=node.path,
        bus=Known(bus, folder) if bus else Unknown(Why.ABSENT, folder),
        medium=strings.medium,
        vendor=told("vendor"),
        model=told("model"),
        firmware=told("firmware"),
        serial=told("serial"),
        wwn=told("wwn"),
        size_bytes=_size(node),
        logical_block_bytes=_count(node.logical_block_bytes, f"{node.source}:log-sec"),
        physical_block_bytes=_count(node.physical_block_bytes, f"{node.source}:phy-sec"),
        rotational=_rotational(node, rpm, strings.medium),
        rpm=(
            Known(rpm, "vpd_pgb1")
            if rpm is not None and rpm > 1
            else Unknown(Why.UNSUPPORTED if rpm == 1 else Why.ABSENT, "vpd_pgb1")
        ),
        removable=_flag(node.removable, f"{node.source}:rm"),
        read_only=_flag(node.read_only, f"{node.source}:ro"),
        disk_seq=file_int(files, f"{folder}/diskseq"),
        controller=_controller(files, folder, bus),
        namespace=_namespace(node, strings.namespace, folder),
        uses=read_disk_uses(host, node),
        health=health,
        serial_of=strings.serial_of,
        box_serial=strings.box_serial,
        paths=tuple(f"/dev/{one}" for one in paths.names) if len(paths.names) > 1 else (),
    )


def _size(node: BlockNode) -> Reading[int]:
    """Size zero is no size: sectors that the kernel cannot use, or a drive that does not answer."""
    if node.size_bytes == 0:
        return Unknown(Why.UNREADABLE, f"{node.source}:size 0")
    return _count(node.size_bytes, f"{node.source}:size")


def _count(value: int | None, source: str) -> Reading[int]:
    return Known(value, source) if value else Unknown(Why.ABSENT, source)


def _flag(value: bool | None, source: str) -> Reading[bool]:
    return Unknown(Why.ABSENT, source) if value is None else Known(value, source)


def _rotational(node: BlockNode, rpm: int | None, medium: Medium) -> Reading[bool]:
    if rpm is not None and rpm >= 1:
        return Known(rpm > 1, "vpd_pgb1")
    if medium is Medium.UNKNOWN:
        # the kernel's default is "rotational" for what does not tell (USB, virtual disks)
        return Unknown(Why.UNSUPPORTED, f"{node.source}:rota")
    if medium in (Medium.USB_FLASH, Medium.SD, Medium.EMMC):
        return Known(False, "medium")
    return _flag(node.rotational, f"{node.source}:rota")


def _controller(files: Files, folder: str, bus: str | None) -> Reading[str]:
    if bus != "nvme":
        return Unknown(Why.UNSUPPORTED, folder)
    real = files.resolve(f"{folder}/device")
    if real is None:
        return Unknown(Why.ABSENT, f"{folder}/device")
    name = real.rsplit("/", 1)[-1]
    if name.startswith("nvme-subsys"):  # native multipath: the namespace hangs below the subsystem
        controllers = [c for c in files.list(real) if re.fullmatch(r"nvme\d+", c)]
        if not controllers:
            return Unknown(Why.ABSENT, real)
        return Known(controllers[0], real)
    return Known(name, real)


def _namespace(node: BlockNode, namespace: int | None, folder: str) -> Reading[int]:
    if not node.name.startswith("nvme"):
        return Unknown(Why.UNSUPPORTED, node.name)
    if namespace is None:
        return Unknown(Why.ABSENT, f"{folder}/nsid")
    return Known(namespace, f"{folder}/nsid")
