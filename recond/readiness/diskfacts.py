"""Which disk is judged, and what to put in where it is not enough.

Why: a machine on the bench also shows the stick it was started from and the technician's own USB
disks; only disks that stay in it count. The main disk is the best of those: flash of 60 GB or more
before the rest, then the largest. eMMC is a disk. No disk found on a live machine is an answer
("put one in"); no disk in a capture is not.
"""

from __future__ import annotations

from recond.model import Disk, HealthVerdict, Known, Machine, Medium, Message, Unknown, Why
from recond.readiness.logic import Fact

GB = 1_000_000_000
FLASH = (Medium.SSD, Medium.EMMC)
_GONE_WITH_THE_BENCH = (Medium.USB_FLASH, Medium.SD, Medium.IMAGE)
_USEFUL_FLASH_BYTES = 60 * GB
SOLD_GB = (120, 240, 480, 960, 1920, 3840)
"""Sizes of SATA and NVMe disks that are sold, from the smallest; 120 and 128 are one size."""
DISK_COST = 200
_KINDS = {"nvme": " NVMe", "sata": " SATA", "ata": " SATA", "ide": " IDE", "sas": " SAS"}
_WORST_FIRST = (HealthVerdict.FAILING, HealthVerdict.WORN, HealthVerdict.OK)


def inner_disks(machine: Machine) -> tuple[Disk, ...]:
    """The disks that belong to the computer."""
    return tuple(disk for disk in machine.disks if _stays(disk))


def _stays(disk: Disk) -> bool:
    if disk.medium in _GONE_WITH_THE_BENCH:
        return False
    bus = disk.bus.value if isinstance(disk.bus, Known) else None
    if bus in ("usb", "loop"):
        return False
    # a hot-plug SATA port calls its disk removable too: only where the bus is unknown does it count
    removable = bus is None and isinstance(disk.removable, Known) and disk.removable.value
    started_from = any(use.kind == "medium" for use in disk.uses)
    return not removable and not started_from


def fact(machine: Machine, field: str) -> Fact:
    """A reading of the main disk; `health` is the worst of all inner disks."""
    disks = inner_disks(machine)
    if not disks:
        return _none(machine, field)
    if field == "health":
        return _health(disks)
    disk = main_disk(disks)
    if field == "size_bytes":
        for other in disks:
            if isinstance(other.size_bytes, Unknown):  # it could be the larger one
                return Unknown(other.size_bytes.why, other.path)
        size = disk.size_bytes
        return Known(size.value, size.source) if isinstance(size, Known) else size
    if field == "bus":
        return Known(disk.bus.value, disk.bus.source) if isinstance(disk.bus, Known) else disk.bus
    if disk.medium is Medium.UNKNOWN:
        return Unknown(Why.CONFLICT, disk.path)
    return Known(disk.medium in FLASH if field == "flash" else str(disk.medium), disk.path)


def _none(machine: Machine, field: str) -> Fact:
    told = any("disk" in p.code or "lsblk" in str(p.args) for p in machine.problems)
    if told or (machine.origin != "live" and not machine.disks):
        return Unknown(Why.NOT_READ, "/sys/block")
    return Known(0, "/sys/block") if field == "size_bytes" else Unknown(Why.ABSENT, "/sys/block")


def main_disk(disks: tuple[Disk, ...]) -> Disk:
    """The disk that a system would be put on."""

    def rank(disk: Disk) -> tuple[bool, int]:
        size = disk.size_bytes.value if isinstance(disk.size_bytes, Known) else 0
        return disk.medium in FLASH and size >= _USEFUL_FLASH_BYTES, size

    return max(disks, key=rank)


def _health(disks: tuple[Disk, ...]) -> Fact:
    worst: Fact = Unknown(Why.NOT_READ, "smartctl")
    known = {
        disk.health.verdict.value: disk.health.verdict.source
        for disk in disks
        if not isinstance(disk.health, Unknown) and isinstance(disk.health.verdict, Known)
    }
    for verdict in _WORST_FIRST[:2]:
        if verdict in known:
            return Known(str(verdict), known[verdict])
    for disk in disks:
        if isinstance(disk.health, Unknown):
            return disk.health
        verdict_read = disk.health.verdict
        if isinstance(verdict_read, Unknown):
            return verdict_read
        worst = Known(str(verdict_read.value), verdict_read.source)
    return worst


def remedy(
    machine: Machine,
    need_bytes: int,
    *,
    failing: bool = False,
) -> tuple[bool | None, Message, int]:
    """Whether another disk can be put in, what to do, and its cost rank.

    The disk to take out is the main one, or with `failing` the one that is failing.
    """
    sold = next((gb for gb in SOLD_GB if gb * GB >= need_bytes), SOLD_GB[-1])
    cost, size = DISK_COST + sold // 10, sold * GB
    disks = inner_disks(machine)
    if not disks:
        return True, Message.of("readiness.remedy.disk_add", size_bytes=size), cost
    disk = next((disk for disk in disks if failing and _is_failing(disk)), main_disk(disks))
    bus = disk.bus.value if isinstance(disk.bus, Known) else ""
    if bus == "mmc" or disk.medium is Medium.EMMC:
        # soldered: whether there is a second place only the open case tells
        return None, Message.of("readiness.remedy.disk_emmc", size_bytes=size), cost
    kind = _KINDS.get(bus, "")
    if len(disks) == 1:
        return True, Message.of("readiness.remedy.disk_replace", size_bytes=size, kind=kind), cost
    name = disk.model.value if isinstance(disk.model, Known) else disk.path
    return (
        True,
        Message.of("readiness.remedy.disk_replace_one", size_bytes=size, kind=kind, disk=name),
        cost,
    )


def _is_failing(disk: Disk) -> bool:
    health = disk.health
    return (
        not isinstance(health, Unknown)
        and isinstance(health.verdict, Known)
        and health.verdict.value is HealthVerdict.FAILING
    )
