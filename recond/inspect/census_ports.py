"""Ports with a link but no disk: a drive that does not answer, or that the kernel gave up.

Why: a dead disk draws power and keeps its data while no block device shows it. libata and the SAS
transport keep one folder a link; a link that came up has something at its other end. Sources:
Linux Documentation/ABI/testing/sysfs-ata, sysfs-class-sas_phy; SPC-5 6.7.2 (device types).
"""

from __future__ import annotations

import re

from recond.census import Kind, StorageMedium, Suspicion
from recond.host.files import Files
from recond.inspect.census_sighting import Sighting, gap_of, hidden, suspect
from recond.model import Known, Message, Unknown, Why

_LINKS, _ATA, _SCSI = "/sys/class/ata_link", "/sys/class/ata_device", "/sys/bus/scsi/devices"
_SAS = "/sys/class/sas_device"
_DISK_TYPES = frozenset({"0", "14", "20"})  # block, reduced block, host-managed zoned
_NOTHING = frozenset({"none", "unknown"})


def look_at_ports(files: Files) -> Sighting:
    """What is plugged in and shows no block device."""
    links = tuple(one for link in files.list(_LINKS) if (one := _link(files, link)) is not None)
    phys = tuple(phy for name in files.list(_SAS) if (phy := _end_device(files, name)) is not None)
    disks = tuple(unit for name in files.list(_SCSI) if (unit := _unit(files, name)) is not None)
    dropped = tuple(off for name in files.list(_ATA) if (off := _dropped(files, name)) is not None)
    gap = gap_of(files, _LINKS, _SCSI, _SAS)
    return Sighting((*disks, *dropped), suspicions=(*links, *phys), gap=gap)


def _link(files: Files, link: str) -> Suspicion | None:
    """A SATA link that is up, at whose end no device was recognised."""
    speed = files.read_text(f"{_LINKS}/{link}/sata_spd")
    if not isinstance(speed, str) or not re.match(r"\d", speed):
        return None
    number = link.removeprefix("link")  # link3 has dev3.0; behind a multiplier link3.1 has dev3.1.0
    classes = [
        files.read_text(f"{_ATA}/{name}/class")
        for name in files.list(_ATA)
        if name.removeprefix("dev").rpartition(".")[0] == number
    ]
    told = [one for one in classes if isinstance(one, str)]
    if not told or not set(told) <= _NOTHING:
        return None
    return suspect("link-no-device", f"ATA {number}", speed=speed)


def _dropped(files: Files, name: str) -> StorageMedium | None:
    """A disk that libata recognised and then switched off, after too many errors."""
    kind = files.read_text(f"{_ATA}/{name}/class")
    if kind not in ("ata_unsup", "zac_unsup"):
        return None
    return _silent(f"ATA {name.removeprefix('dev')}", "dropped")


def _end_device(files: Files, name: str) -> Suspicion | None:
    """A SAS device that no logical unit came of."""
    if not name.startswith("end_device-"):
        return None
    real = files.resolve(f"{_SAS}/{name}") or ""
    place = real.partition("/sas_device/")[0]
    if not place or any(one.startswith("target") for one in files.list(place)):
        return None
    return suspect("sas-no-unit", f"SAS {name.removeprefix('end_device-')}")


def _unit(files: Files, name: str) -> StorageMedium | None:
    """A SCSI or ATA disk without a block device: its driver would not take it."""
    if not re.fullmatch(r"\d+:\d+:\d+:\d+", name):
        return None
    place = f"{_SCSI}/{name}"
    if files.read_text(f"{place}/type") not in _DISK_TYPES or files.list(f"{place}/block"):
        return None
    model = files.read_text(f"{place}/model")
    return _silent(f"SCSI {name}", "no_block", model if isinstance(model, str) else None)


def _silent(place: str, why: str, model: str | None = None) -> StorageMedium:
    return hidden(
        f"silent:{place}",
        Kind.DRIVE,
        Message.of(f"inspect.census.what.{why}", place=place),
        Message.of(f"inspect.census.todo.{why}", place=place),
        model=Known(model, place) if model else Unknown(Why.ABSENT, place),
    )
