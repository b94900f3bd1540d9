"""What a disk calls itself, by its place in sysfs and by its open descriptor.

Why: the plan names a disk, and just before the first destructive byte the same question is asked
again of the *open descriptor*; both questions must be this one piece of code, or a difference in
reading would look like another disk (or hide one). `/dev/sda` is never identity.

Sources: Linux Documentation/ABI/testing/sysfs-block, sysfs-bus-scsi (vpd_pg80, wwid),
include/uapi/linux/fs.h (BLK* ioctls), include/uapi/linux/hdreg.h (HDIO_GET_IDENTITY).
"""

from __future__ import annotations

import fcntl
import os
import stat
import struct
from dataclasses import dataclass
from pathlib import Path

from recond.erasure import DiskIdentity, TargetKind
from recond.host.files import Files
from recond.model import Medium

BLKROGET = 0x125E
BLKSSZGET = 0x1268
BLKPBSZGET = 0x127B
BLKGETSIZE64 = 0x80081272
BLKGETDISKSEQ = 0x80081280
HDIO_GET_IDENTITY = 0x030D

IMAGE_BLOCK_BYTES = 512


@dataclass(frozen=True, slots=True)
class DiskStrings:
    """The names in sysfs; None where there is none."""

    name: str
    bus: str
    medium: Medium
    serial: str | None
    wwn: str | None
    vendor: str | None
    model: str | None
    firmware: str | None
    namespace: int | None


def read_strings(files: Files, name: str) -> DiskStrings:
    """What sysfs says of the whole disk `name` ("sda", "nvme0n1", "loop3")."""
    block = f"/sys/block/{name}"
    real = files.resolve(block) or block
    bus = _bus(files, name, real)
    device = f"{block}/device"
    serial = _text(files, f"{device}/serial") or _vpd_serial(files, device)
    if bus == "usb":
        serial = _usb_serial(files, real) or serial
    if bus == "loop":
        backing = _text(files, f"{block}/loop/backing_file")
        serial = Path(backing).name if backing else None
    if bus == "virtio":
        serial = _text(files, f"{block}/serial")
    return DiskStrings(
        name=name,
        bus=bus,
        medium=_medium(files, block, bus),
        serial=serial or None,
        wwn=_text(files, f"{block}/wwid") or _text(files, f"{device}/wwid"),
        vendor=_text(files, f"{device}/vendor") if bus != "virtio" else None,
        model=_text(files, f"{device}/model") or _text(files, f"{device}/name"),
        firmware=_text(files, f"{device}/firmware_rev") or _text(files, f"{device}/rev"),
        namespace=_int(files, f"{block}/nsid"),
    )


def _text(files: Files, path: str) -> str | None:
    found = files.read_text(path)
    return " ".join(found.split()) or None if isinstance(found, str) else None


def _int(files: Files, path: str) -> int | None:
    found = _text(files, path)
    return int(found) if found is not None and found.isdigit() else None


def _bus(files: Files, name: str, real: str) -> str:
    for prefix, bus in (("loop", "loop"), ("nvme", "nvme"), ("mmcblk", "mmc"), ("vd", "virtio")):
        if name.startswith(prefix):
            return bus
    if "/usb" in real:
        return "usb"
    if "/ata" in real:
        return "sata"
    if "/end_device-" in real or files.exists(f"/sys/block/{name}/device/sas_address"):
        return "sas"
    return "scsi" if "/host" in real else "other"


def _medium(files: Files, block: str, bus: str) -> Medium:
    if bus == "loop":
        return Medium.IMAGE
    if bus == "nvme":
        return Medium.SSD
    if bus == "mmc":
        return Medium.SD if _text(files, f"{block}/device/type") == "SD" else Medium.EMMC
    rotational = _text(files, f"{block}/queue/rotational")
    if bus == "usb":
        return _usb_medium(files, block)
    if bus in ("sata", "sas", "scsi"):
        return {"1": Medium.HDD, "0": Medium.SSD}.get(rotational or "", Medium.UNKNOWN)
    return Medium.UNKNOWN


def _usb_medium(files: Files, block: str) -> Medium:
    """Behind USB the kernel's `rotational` is a default, so only VPD page B1h counts (SBC-4)."""
    if _text(files, f"{block}/removable") == "1":
        return Medium.USB_FLASH
    page = files.read(f"{block}/device/vpd_pgb1")
    if isinstance(page, bytes) and len(page) >= 6:
        rate = int.from_bytes(page[4:6], "big")
        if rate == 1:
            return Medium.SSD
        if rate >= 0x401:
            return Medium.HDD
    return Medium.UNKNOWN


def _vpd_serial(files: Files, device: str) -> str | None:
    """VPD page 80h, unit serial number: four bytes of header, then text (SPC-4 7.8.16)."""
    page = files.read(f"{device}/vpd_pg80")
    if not isinstance(page, bytes) or len(page) <= 4:
        return None
    length = int.from_bytes(page[2:4], "big")
    return " ".join(page[4 : 4 + length].decode("ascii", "replace").strip("\0 ").split()) or None


def _usb_serial(files: Files, real: str) -> str | None:
    """The serial in the USB descriptor: that of the nearest parent with `idVendor`."""
    place = Path(real)
    for parent in place.parents:
        if files.exists(f"{parent}/idVendor"):
            return _text(files, f"{parent}/serial")
    return None


def identity_of_descriptor(descriptor: int, path: str, files: Files) -> DiskIdentity:
    """The identity of an open descriptor, read now. Raises `OSError` when the disk is gone."""
    status = os.fstat(descriptor)
    if stat.S_ISREG(status.st_mode):
        return DiskIdentity(
            kind=TargetKind.IMAGE,
            serial=Path(path).name,
            wwn=None,
            vendor=None,
            model=None,
            firmware=None,
            size_bytes=status.st_size,
            logical_block_bytes=IMAGE_BLOCK_BYTES,
            physical_block_bytes=IMAGE_BLOCK_BYTES,
            bus="image",
            medium=Medium.IMAGE,
        )
    name = name_of_descriptor(descriptor, files)
    strings = read_strings(files, name)
    size, logical, physical = read_geometry(descriptor)
    identify = _hd_identity(descriptor) if strings.bus == "sata" else None
    return DiskIdentity(
        kind=TargetKind.LOOP if strings.bus == "loop" else TargetKind.BLOCK,
        serial=(identify[0] if identify else None) or strings.serial,
        wwn=strings.wwn,
        vendor=strings.vendor,
        model=(identify[2] if identify else None) or strings.model,
        firmware=(identify[1] if identify else None) or strings.firmware,
        size_bytes=size,
        logical_block_bytes=logical,
        physical_block_bytes=physical,
        bus=strings.bus,
        medium=strings.medium,
        namespace=strings.namespace,
        disk_seq=read_disk_seq(descriptor),
    )


def name_of_descriptor(descriptor: int, files: Files) -> str:
    """The kernel's name of an open block device, by its device number, not by its path."""
    number = os.fstat(descriptor).st_rdev
    place = files.resolve(f"/sys/dev/block/{os.major(number)}:{os.minor(number)}")
    if place is None:
        raise OSError(19, "no such block device in sysfs")
    return place.rsplit("/", 1)[1]


def read_geometry(descriptor: int) -> tuple[int, int, int]:
    """(size, logical block, physical block) in bytes, from the ioctls on the descriptor."""
    size = struct.unpack("Q", fcntl.ioctl(descriptor, BLKGETSIZE64, bytes(8)))[0]
    logical = struct.unpack("i", fcntl.ioctl(descriptor, BLKSSZGET, bytes(4)))[0]
    physical = struct.unpack("I", fcntl.ioctl(descriptor, BLKPBSZGET, bytes(4)))[0]
    return size, logical, physical


def read_only(descriptor: int) -> bool:
    """Whether the kernel holds the device read-only (BLKROGET)."""
    return bool(struct.unpack("i", fcntl.ioctl(descriptor, BLKROGET, bytes(4)))[0])


def read_disk_seq(descriptor: int) -> int | None:
    """The disk's sequence number: another one after a re-plugging (Linux 5.15 and later)."""
    try:
        found: int = struct.unpack("Q", fcntl.ioctl(descriptor, BLKGETDISKSEQ, bytes(8)))[0]
    except OSError:
        return None
    return found


def _hd_identity(descriptor: int) -> tuple[str | None, str | None, str | None] | None:
    """(serial, firmware, model) of the kernel's IDENTIFY data (ACS-4 words 10–46)."""
    try:
        raw = fcntl.ioctl(descriptor, HDIO_GET_IDENTITY, bytes(512))
    except OSError:
        return None

    def words(first: int, count: int) -> str | None:
        # the kernel has put these strings' bytes in reading order already (ata_get_identity)
        piece = raw[first * 2 : (first + count) * 2]
        return " ".join(piece.decode("ascii", "replace").strip("\0 ").split()) or None

    return words(10, 10), words(23, 4), words(27, 20)
