"""The identity of a block device: from sysfs, and from an open descriptor.

Why: the plan names a disk, and just before the first destructive byte the same question is asked
again of the *open descriptor*; the inventory asks it too. All of them must be this one piece of
code (`recond.host.identity` decides), or a difference in reading would look like another disk (or
hide one). `/dev/sda` is never identity.

Sources: Linux Documentation/ABI/testing/sysfs-block, sysfs-bus-scsi (vpd_pg80, wwid),
include/uapi/linux/fs.h (BLK* ioctls), include/uapi/linux/hdreg.h (HDIO_GET_IDENTITY), SAT-4 12.2.
"""

from __future__ import annotations

import fcntl
import os
import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from recond.census import disk_of_area, emmc_area, is_erasable_area
from recond.drive.identify import ata_wwn, parse_identify
from recond.host.files import Files
from recond.host.identity.medium import Evidence
from recond.host.identity.names import Asked, DiskStrings, DriveWords, Told, name_disk
from recond.host.identity.pages import DrivePages, read_drive_pages

if TYPE_CHECKING:
    from recond.host.transport import AtaTransport

HDIO_GET_IDENTITY = 0x030D

BRIDGE_S = 8
"""A box's bridge may hang: it is not waited for as long as a drive."""


def read_strings(files: Files, name: str, drive: DriveWords | None = None) -> DiskStrings:
    """What the disk `name` ("sda", "nvme0n1", "loop3") is called, by sysfs and by `drive`: what it
    answered itself, where somebody could ask it.
    """
    if is_erasable_area(name):
        return _area_strings(files, name)
    return name_disk(asked_of_sysfs(files, name, drive))


def _area_strings(files: Files, name: str) -> DiskStrings:
    """An eMMC's area is a medium of its own: its disk's names, the serial number with the area."""
    disk = read_strings(files, disk_of_area(name))
    serial = f"{disk.serial}-{emmc_area(name)}" if disk.serial else None
    return replace(disk, name=name, serial=serial, wwn=None)


def asked_of_sysfs(files: Files, name: str, drive: DriveWords | None = None) -> Asked:
    """What sysfs keeps of the whole disk `name`."""
    block = f"/sys/block/{name}"
    device = f"{block}/device"
    pages = read_drive_pages(files, block)
    evidence = read_evidence(files, name, pages)
    serial = f"{block}/serial" if name.startswith("vd") else f"{device}/serial"
    told: tuple[Told, ...] = (pages.serial, f"{device}/vpd_pg80"), _told(files, serial)
    if name.startswith("loop"):
        told = (_backing(files, block),)
    return Asked(
        evidence=evidence,
        pages=pages,
        drive=drive or _words_of(pages),
        box=_usb_serial(files, evidence.sysfs_path),
        serials=told,
        wwns=(_told(files, f"{block}/wwid"), _told(files, f"{device}/wwid")),
        vendors=(_told(files, f"{device}/vendor"),),
        models=(_told(files, f"{device}/model"), _told(files, f"{device}/name")),
        firmwares=(_told(files, f"{device}/firmware_rev"), _told(files, f"{device}/rev")),
        namespace=_namespace(files, name),
        size_bytes=read_size(files, name),
    )


def read_size(files: Files, name: str) -> int | None:
    """The size that sysfs shows, in bytes; there it is always in units of 512 (block/genhd.c)."""
    sectors = _int(files, f"/sys/block/{name}/size")
    return None if sectors is None else sectors * 512


def read_evidence(files: Files, name: str, pages: DrivePages) -> Evidence:
    """What decides bus and medium, from sysfs."""
    block = f"/sys/block/{name}"
    path = files.resolve(block) or ""
    ata = re.match(r"(.*)/ata\d+/", path)
    driver = (files.resolve(f"{ata[1]}/driver") or "") if ata else ""
    return Evidence(
        name=name,
        sysfs_path=path if path.startswith("/sys/devices") else "",
        subsystems=_subsystems(files, block),
        driver=driver.rsplit("/", 1)[-1],
        vendor=_text(files, f"{block}/device/vendor") or "",
        model=pages.model or _text(files, f"{block}/device/model") or "",
        mmc_type=_text(files, f"{block}/device/type") or "" if name.startswith("mmc") else "",
        rpm=pages.rpm,
        rotational=_flag(files, f"{block}/queue/rotational"),
        removable=_flag(files, f"{block}/removable"),
        hybrid=pages.hybrid,
        transport="sas" if files.exists(f"{block}/device/sas_address") else "",
    )


def _subsystems(files: Files, block: str) -> str:
    place = files.resolve(f"{block}/device/subsystem")
    return place.rsplit("/", 1)[-1] if place else ""


def _words_of(pages: DrivePages) -> DriveWords | None:
    if pages.own_serial is None and pages.model is None:
        return None
    return DriveWords(
        "vpd_pg89",
        pages.own_serial,
        pages.model,
        pages.firmware,
        pages.wwn,
        pages.size_bytes,
        pages.rpm,
    )


def _told(files: Files, path: str) -> Told:
    return _text(files, path), path


def _backing(files: Files, block: str) -> Told:
    backing = _text(files, f"{block}/loop/backing_file")
    return (Path(backing).name if backing else None), f"{block}/loop/backing_file"


def _text(files: Files, path: str) -> str | None:
    found = files.read_text(path)
    return " ".join(found.split()) or None if isinstance(found, str) else None


def _int(files: Files, path: str) -> int | None:
    found = _text(files, path)
    return int(found) if found is not None and re.fullmatch(r"[0-9]{1,15}", found) else None


def _flag(files: Files, path: str) -> bool | None:
    found = _text(files, path)
    return found == "1" if found in ("0", "1") else None


def _namespace(files: Files, name: str) -> int | None:
    read = _int(files, f"/sys/block/{name}/nsid")
    if read is not None or not name.startswith("nvme"):
        return read
    # an older kernel has no nsid file; it numbers the names in the order of the namespaces
    found = re.fullmatch(r"nvme\d+n(\d+)", name)
    return int(found[1]) if found else None


def _usb_serial(files: Files, real: str) -> Told:
    """The serial of the USB device that a disk hangs below: the nearest parent with `idVendor`."""
    if "/usb" not in real:
        return None, ""
    for parent in Path(real).parents:
        if files.exists(f"{parent}/idVendor"):
            return _told(files, f"{parent}/serial")
    found = re.match(r".*/usb\d+(?:/\d+-[\d.]+)+(?=/)", real)
    return _told(files, f"{found[0]}/serial") if found else (None, "")


# --- Past the bridge -------------------------------------------------------------------------


def ask_drive(transport: AtaTransport) -> DriveWords | None:
    """IDENTIFY by ATA PASS-THROUGH, twice; None where no drive answers the same both times.

    udev asks it of every USB disk that is not removable (60-persistent-storage.rules); a stick is
    never asked: some hang.
    """
    from recond.drive import requests as rq  # late: few computers have a disk behind a bridge

    first = transport.execute(rq.ata_identify(BRIDGE_S)).data
    identity = parse_identify(first)
    if identity is None or identity.checksum is False or not identity.serial:
        return None
    if parse_identify(transport.execute(rq.ata_identify(BRIDGE_S)).data) != identity:
        return None
    return DriveWords(
        "IDENTIFY DEVICE",
        identity.serial,
        identity.model,
        identity.firmware,
        ata_wwn(first),
        identity.sectors * identity.logical_block_bytes,
        identity.rotation_rpm,
    )


def ask_device(path: str, files: Files) -> DriveWords | None:
    """What the drive at a path answers itself; None where it does not, or may not be opened."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        return drive_of(descriptor, files, name_of_descriptor(descriptor, files))
    except OSError:
        return None
    finally:
        os.close(descriptor)


def drive_of(descriptor: int, files: Files, name: str) -> DriveWords | None:
    """What the drive of an open descriptor answers itself; None where it is not to be asked."""
    asked = asked_of_sysfs(files, name)
    bus = name_disk(asked).bus
    if bus == "usb":
        from recond.host.sgio import SgioTransport

        return None if asked.evidence.removable else ask_drive(SgioTransport(descriptor))
    return _hd_identity(descriptor) if bus in ("sata", "ide") else None


def name_of_descriptor(descriptor: int, files: Files) -> str:
    """The kernel's name of an open block device, by its device number, not by its path."""
    number = os.fstat(descriptor).st_rdev
    place = files.resolve(f"/sys/dev/block/{os.major(number)}:{os.minor(number)}")
    if place is None:
        raise OSError(19, "no such block device in sysfs")
    return place.rsplit("/", 1)[1]


def _hd_identity(descriptor: int) -> DriveWords | None:
    """What the kernel's IDENTIFY data says (ACS-4 words 10 to 46, 108 to 111, 217)."""
    try:
        raw = fcntl.ioctl(descriptor, HDIO_GET_IDENTITY, bytes(512))
    except OSError:
        return None

    def words(first: int, count: int) -> str | None:
        # the kernel has put these strings' bytes in reading order already (ata_get_identity)
        piece = raw[first * 2 : (first + count) * 2]
        return " ".join(piece.decode("ascii", "replace").strip("\0 ").split()) or None

    rate = int.from_bytes(raw[434:436], "little")
    return DriveWords(
        "HDIO_GET_IDENTITY",
        words(10, 10),
        words(27, 20),
        words(23, 4),
        ata_wwn(raw),
        None,
        rate if rate == 1 or 0x401 <= rate <= 0xFFFE else None,
    )
