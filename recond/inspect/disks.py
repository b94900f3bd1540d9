"""Disks: what each one is, how large, on which bus, and what holds it.

Why: the plan and the guard decide on these readings alone. A serial is the value that the drive
gives (NVMe Identify, ATA IDENTIFY, SCSI VPD page 80h, the USB descriptor), the same that the eraser
reads again from the open descriptor. Listed are whole disks: optical drives, RAM disks, zram,
device-mapper, md, empty card readers and the boot partitions of an eMMC are not. Loop devices are
no hardware; they are read when asked for by path. Never opens a device for writing.
"""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor

from recond.host import Host
from recond.host.files import Files
from recond.inspect.disk_pages import DrivePages, read_drive_pages
from recond.inspect.lsblk import BlockNode, read_block_nodes
from recond.inspect.medium import Evidence, decide_bus, decide_medium
from recond.inspect.readings import file_int, file_text, first, text_reading
from recond.inspect.smart import read_health
from recond.inspect.smart_disks import read_smart_nodes
from recond.inspect.uses import read_disk_uses
from recond.model import Disk, Health, Known, Medium, Reading, Unknown, Why

_NO_DISK = re.compile(
    r"(zram|ram|sr|scd|fd|dm-|md|bcache|drbd|zd|nbd|mtdblock|ubiblock|rbd)\d|mmcblk\d+(boot\d|rpmb)"
)


def read_disks(
    host: Host, *, smart: bool = False, loops: bool = False
) -> tuple[Disk, ...] | Unknown:
    """Every whole disk, by name; loop devices too where `loops` asks for them.

    `Unknown` where the kernel's devices could not be listed: that is not "no disk".

    `smart` asks each disk for its health (some 0.1 s a disk, side by side).
    """
    nodes = read_block_nodes(host)
    if isinstance(nodes, Unknown):
        kept = read_smart_nodes(host.files) if host.origin != "live" else ()
        if not kept:
            return nodes
        nodes = kept
    chosen = [n for n in nodes if is_whole_disk(n) and (loops or n.kind != "loop")]
    return _build(host, chosen, smart)


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
    """Whether lsblk's entry is a disk to be listed: of some size, and no part or stack of disks."""
    return node.kind in ("disk", "loop") and not _NO_DISK.match(node.name) and node.size_bytes != 0


def _build(host: Host, chosen: list[BlockNode], smart: bool) -> tuple[Disk, ...]:
    if not chosen:
        return ()
    asked: list[Health | Unknown] = [Unknown(Why.NOT_READ, "smartctl")] * len(chosen)
    if smart:
        with ThreadPoolExecutor(min(16, len(chosen))) as pool:
            asked = list(pool.map(lambda node: _read_health(host, node), chosen))
    disks = [_disk(host, node, health) for node, health in zip(chosen, asked, strict=True)]
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


def _disk(host: Host, node: BlockNode, health: Health | Unknown) -> Disk:
    files = host.files
    folder = f"/sys/block/{node.name}"
    pages = read_drive_pages(files, folder)
    evidence = _evidence(files, node, folder, pages)
    bus = decide_bus(evidence)
    loop = bus == "loop"
    return Disk(
        path=node.path,
        bus=Known(bus, folder) if bus else Unknown(Why.ABSENT, folder),
        medium=decide_medium(bus, evidence),
        vendor=_vendor(files, node, folder),
        model=first(
            _text(pages.model, "vpd_pg89"),
            _text(node.model, node.source),
            file_text(files, f"{folder}/device/model"),
            file_text(files, f"{folder}/device/name"),
        ),
        firmware=first(
            _text(pages.firmware, "vpd_pg89"),
            file_text(files, f"{folder}/device/firmware_rev"),
            _text(node.revision, node.source),
            file_text(files, f"{folder}/device/rev"),
        ),
        serial=_loop_serial(files, folder) if loop else _serial(files, node, folder, pages),
        wwn=_wwn(files, node, folder),
        size_bytes=_count(node.size_bytes, f"{node.source}:size"),
        logical_block_bytes=_count(node.logical_block_bytes, f"{node.source}:log-sec"),
        physical_block_bytes=_count(node.physical_block_bytes, f"{node.source}:phy-sec"),
        rotational=_rotational(node, pages, decide_medium(bus, evidence)),
        rpm=(
            Known(pages.rpm, "vpd_pgb1")
            if pages.rpm is not None and pages.rpm > 1
            else Unknown(Why.UNSUPPORTED if pages.rpm == 1 else Why.ABSENT, "vpd_pgb1")
        ),
        removable=_flag(node.removable, f"{node.source}:rm"),
        read_only=_flag(node.read_only, f"{node.source}:ro"),
        disk_seq=file_int(files, f"{folder}/diskseq"),
        controller=_controller(files, folder, bus),
        namespace=_namespace(files, node.name, folder),
        uses=read_disk_uses(host, node),
        health=health,
    )


def _evidence(files: Files, node: BlockNode, folder: str, pages: DrivePages) -> Evidence:
    sysfs_path = files.resolve(folder) or ""
    mmc_type = files.read_text(f"{folder}/device/type") if node.name.startswith("mmc") else ""
    ata = re.match(r"(.*)/ata\d+/", sysfs_path)
    driver = (files.resolve(f"{ata[1]}/driver") or "") if ata else ""
    return Evidence(
        name=node.name,
        sysfs_path=sysfs_path if sysfs_path.startswith("/sys/devices") else "",
        transport=node.transport or "",
        subsystems=node.subsystems or "",
        driver=driver.rsplit("/", 1)[-1],
        vendor=node.vendor or "",
        model=pages.model or node.model or "",
        mmc_type=mmc_type if isinstance(mmc_type, str) else "",
        rpm=pages.rpm,
        rotational=node.rotational,
        removable=node.removable,
        hybrid=pages.hybrid,
    )


def _text(value: str | None, source: str) -> Reading[str]:
    return text_reading(value, source)


def _count(value: int | None, source: str) -> Reading[int]:
    return Known(value, source) if value else Unknown(Why.ABSENT, source)


def _flag(value: bool | None, source: str) -> Reading[bool]:
    return Unknown(Why.ABSENT, source) if value is None else Known(value, source)


def _vendor(files: Files, node: BlockNode, folder: str) -> Reading[str]:
    vendor = first(_text(node.vendor, node.source), file_text(files, f"{folder}/device/vendor"))
    # "ATA" is what libata puts there (SAT-4 8.1); a virtio disk shows its PCI vendor id
    if isinstance(vendor, Known) and (
        vendor.value == "ATA" or re.fullmatch(r"0x[0-9a-f]{4}", vendor.value)
    ):
        return Unknown(Why.ABSENT, vendor.source)
    return vendor


def _loop_serial(files: Files, folder: str) -> Reading[str]:
    backing = file_text(files, f"{folder}/loop/backing_file")
    if isinstance(backing, Known):
        return Known(backing.value.rsplit("/", 1)[-1], f"{folder}/loop/backing_file")
    return backing


def _serial(files: Files, node: BlockNode, folder: str, pages: DrivePages) -> Reading[str]:
    return first(
        _text(node.serial, node.source),
        file_text(files, f"{folder}/device/serial"),
        _text(pages.serial, "vpd_pg80"),
        file_text(files, f"{folder}/serial"),
        _usb_serial(files, folder),
    )


def _usb_serial(files: Files, folder: str) -> Reading[str]:
    """The serial of the USB device that a disk hangs below (USB 2.0 9.6.1, iSerialNumber)."""
    real = files.resolve(folder) or ""
    found = re.match(r".*/usb\d+(?:/\d+-[\d.]+)+(?=/)", real)
    if found is None:
        return Unknown(Why.ABSENT, f"{folder}/device/vpd_pg80")
    return file_text(files, f"{found[0]}/serial")


def _wwn(files: Files, node: BlockNode, folder: str) -> Reading[str]:
    paths = [f"{folder}/wwid", f"{folder}/device/wwid"]
    told = [(node.wwn, node.source), *((files.read_text(path), path) for path in paths)]
    for value, source in told:
        text = value.lower() if isinstance(value, str) else ""
        if text.startswith("naa."):
            text = "0x" + text[4:]
        # t10.* is made of vendor, model and serial: no world-wide name
        if re.fullmatch(r"0x[0-9a-f]{16,32}|(eui|nvme|uuid)\.[0-9a-f-]+", text):
            return Known(text, source)
    return Unknown(Why.ABSENT, f"{folder}/wwid")


def _rotational(node: BlockNode, pages: DrivePages, medium: Medium) -> Reading[bool]:
    if pages.rpm is not None and pages.rpm >= 1:
        return Known(pages.rpm > 1, "vpd_pgb1")
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


def _namespace(files: Files, name: str, folder: str) -> Reading[int]:
    if not name.startswith("nvme"):
        return Unknown(Why.UNSUPPORTED, name)
    read = file_int(files, f"{folder}/nsid", least=1)
    if isinstance(read, Known):
        return read
    # an older kernel has no nsid file; it numbers the names in the order of the namespaces
    found = re.fullmatch(r"nvme\d+n(\d+)", name)
    return Known(int(found[1]), "name") if found else read
