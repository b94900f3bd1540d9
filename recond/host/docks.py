"""Which disks are plugged in, and where: the slots of a dock bench, by looking again and again.

Why looking and not the kernel's messages: a look that was missed is made good by the next one, and
sysfs says what is there now; netlink would add a queue that can overflow and a library. A slot is
named by where the disk is plugged in, never by /dev/sdX. Opens no device, decides nothing.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Protocol

from recond.frozen import dataclass
from recond.host.files import Files
from recond.host.identity.nodisk import is_loop, is_no_disk

_PCI = re.compile(r"[0-9a-f]{4}:([0-9a-f]{2}:[0-9a-f]{2}\.[0-7])$")


@dataclass(frozen=True, slots=True)
class Docked:
    """A disk that is plugged in. `mark` is another one after each plugging."""

    place: str
    path: str
    mark: str


class Docks(Protocol):
    """The dock; a test, or a folder of images, may stand in for it."""

    @property
    def image(self) -> bool:
        """Whether its disks are disk images."""

    def look(self) -> tuple[Docked, ...]:
        """What is plugged in now, by place."""


@dataclass(frozen=True, slots=True)
class SysfsDocks:
    """The slots of this computer, from /sys/block."""

    files: Files
    image: bool = False

    def look(self) -> tuple[Docked, ...]:
        """Every whole disk with a medium in it; loop devices and what is built of disks are none.

        Never raises: a disk that goes away under the look is not there.
        """
        found: dict[str, Docked] = {}
        for name in self.files.list("/sys/block"):
            if is_no_disk(name) or is_loop(name):
                continue
            if self.files.read_text(f"/sys/block/{name}/size") in ("", "0"):
                continue  # a card reader without a card
            real = self.files.resolve(f"/sys/block/{name}")
            if real is None:
                continue
            seq = self.files.read_text(f"/sys/block/{name}/diskseq")
            place = place_of(self.files, name, real)
            if place in found:  # two disks behind one plug that nothing tells apart
                place = f"{place} ({name})"
            found[place] = Docked(
                place, f"/dev/{name}", f"{real} {seq if isinstance(seq, str) else ''}"
            )
        return tuple(found[place] for place in sorted(found))


def place_of(files: Files, name: str, real: str) -> str:
    """Where a disk is plugged in: an enclosure's bay, USB, SATA or SAS port, NVMe slot.

    `real` is its folder in /sys/devices (Documentation/admin-guide/devices, sysfs-rules).
    """
    parts = real.split("/")
    for entry in files.list(f"/sys/block/{name}/device"):
        if entry.startswith("enclosure_device:"):  # drivers/misc/enclosure.c
            return entry.removeprefix("enclosure_device:").strip()
    address = next((part for part in reversed(parts) if re.fullmatch(r"\d+:\d+:\d+:\d+", part)), "")
    _, channel, _, lun = (*address.split(":"), "0", "0", "0", "0")[:4]
    usb = [part for part in parts if re.fullmatch(r"\d+-\d+(\.\d+)*", part)]
    if usb:
        return f"USB {usb[-1]}" + (f" ({lun})" if lun not in ("", "0") else "")
    ata = next((part for part in parts if re.fullmatch(r"ata\d+", part)), None)
    if ata:  # behind a port multiplier the channel is its port
        return f"SATA {ata[3:]}" + (f".{channel}" if channel not in ("", "0") else "")
    if name.startswith("nvme"):
        return f"NVMe {_nvme_slot(files, name, parts)} n{name.rsplit('n', 1)[-1]}"
    sas = next((part for part in parts if part.startswith("end_device-")), None)
    if sas:
        return f"SAS {sas.removeprefix('end_device-')}"
    if address:
        return f"SCSI {address}"
    if name.startswith("mmcblk"):
        return f"MMC {name.removeprefix('mmcblk')}"
    return name


def _nvme_slot(files: Files, name: str, parts: list[str]) -> str:
    """The PCI slot's own name where firmware gives one, else its address; else the controller."""
    if not any(_PCI.match(part) for part in parts):  # multipath: below /sys/devices/virtual
        subsystem = next((part for part in parts if re.fullmatch(r"nvme-subsys\d+", part)), "")
        for entry in files.list(f"/sys/class/nvme-subsystem/{subsystem}"):
            if re.fullmatch(r"nvme\d+", entry):
                place = files.resolve(f"/sys/class/nvme/{entry}") or ""
                parts = place.split("/")
    found = [part for part in parts if _PCI.match(part)]
    if not found:
        return name.rsplit("n", 1)[0]
    for slot in files.list("/sys/bus/pci/slots"):
        if files.read_text(f"/sys/bus/pci/slots/{slot}/address") == found[-1].rsplit(".", 1)[0]:
            return slot
    return found[-1].removeprefix("0000:")


@dataclass(frozen=True, slots=True)
class FolderDocks:
    """A folder whose disk images stand in for the disks: to try the bench, and for tests."""

    folder: Path
    image: bool = True

    def look(self) -> tuple[Docked, ...]:
        """Every `*.img` file; one that is put back is a new plugging."""
        found = []
        for path in sorted(self.folder.glob("*.img")):
            try:
                status = path.stat()
            except OSError:
                continue
            mark = f"{status.st_dev}:{status.st_ino}"
            found.append(Docked(path.stem, str(path.absolute()), mark))
        return tuple(found)
