"""Whether a disk may hang outside of the computer on a cable that carries PCI Express.

Why: a Thunderbolt or USB4 box shows an NVMe or SATA disk like one that is built in, and it may be
the volunteer's own. The kernel marks what is below a port that the firmware calls external; not
every firmware says so, and some say it of a slot inside. So this is a doubt and no answer: such a
disk is not erased unasked, and the computer is not called erased without it.

A SATA disk in a port for eSATA cannot be told: Linux calls a port inside that allows hot-plugging
removable, too.

Source: Linux Documentation/ABI/testing/sysfs-devices-removable, drivers/pci/probe.c
(`pci_set_removable`, 5.14), Documentation/ABI/testing/sysfs-bus-thunderbolt (`authorized`).
"""

from __future__ import annotations

import re

from recond.host.files import Files

PCI, THUNDERBOLT = "/sys/bus/pci/devices", "/sys/bus/thunderbolt/devices"
_ADDRESS = re.compile(r"[0-9a-f]{4,}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]")
_ROUTER = re.compile(r"\d+-[1-9a-f][0-9a-f]*")
"""A device on a Thunderbolt cable; `0-0` is the computer's own (its route is 0)."""
BEHIND_A_CABLE = 4
"""PCI functions on the way at least: a port, the box's switch with two ends, and the controller."""


def may_be_outside(files: Files, name: str) -> bool:
    """Whether the disk `name` is below a PCI port that is external; where no port of the computer
    says that it is and a Thunderbolt box is plugged in, whether it is behind a PCI switch.
    """
    ways = [_ADDRESS.findall(place) for place in _places(files, name)]
    if any(_is_removable(files, address) for way in ways for address in way):
        return True
    if not any(len(way) >= BEHIND_A_CABLE for way in ways) or not _has_box(files):
        return False
    return not any(_is_removable(files, address) for address in files.list(PCI))


def _places(files: Files, name: str) -> list[str]:
    """Its place in /sys/devices; of an NVMe disk with several controllers, theirs."""
    real = files.resolve(f"/sys/block/{name}") or ""
    subsystem = re.search(r"/nvme-subsystem/(nvme-subsys\d+)/", real)
    if subsystem is None:
        return [real]
    folder = f"/sys/class/nvme-subsystem/{subsystem[1]}"
    found = [one for one in files.list(folder) if re.fullmatch(r"nvme\d+", one)]
    return [files.resolve(f"/sys/class/nvme/{one}") or "" for one in found]


def _is_removable(files: Files, address: str) -> bool:
    return files.read_text(f"{PCI}/{address}/removable") == "removable"


def _has_box(files: Files) -> bool:
    boxes = [one for one in files.list(THUNDERBOLT) if _ROUTER.fullmatch(one)]
    told = [files.read_text(f"{THUNDERBOLT}/{one}/authorized") for one in boxes]
    return any(isinstance(one, str) and one not in ("", "0") for one in told)
