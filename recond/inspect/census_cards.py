"""MMC and SD hosts: cards that failed, and an eMMC's areas beside its user area.

Why: boot areas and general-purpose partitions are media of their own, which no erasure of the user
area reaches; a card that fails shows no device. The eMMC of many tablets hangs on a host that is on
no PCI bus, and without its driver leaves no trace but the firmware's name of it. Sources:
JESD84-B51 6.3.2, 6.2.4; Linux drivers/mmc/host/sdhci-acpi.c (its table of ids).
"""

from __future__ import annotations

import re

from recond.census import (
    Kind,
    Reach,
    StorageMedium,
    disk_of_area,
    emmc_area,
    is_boot_area,
    is_erasable_area,
)
from recond.host import Host
from recond.host.cards import is_blank, read_failed_cards
from recond.host.diskid import read_size
from recond.host.files import Files
from recond.inspect.census_sighting import Sighting, gap_of, has_devices, hidden, suspect
from recond.inspect.readings import file_text
from recond.model import Known, Message, Unknown, Why

_HOSTS, _PLATFORM = "/sys/class/mmc_host", "/sys/bus/platform/devices"
_ACPI_HOSTS = frozenset(
    {
        "80860F14", "80860F16", "80865ACA", "80865ACC", "80865AD0", "INT33BB", "INT33C6", "INT3436",
        "INT344D", "PNP0FFF", "PNP0D40", "QCOM8051", "QCOM8052", "AMDI0040", "AMDI0041",
    }
)  # fmt: skip


def look_at_cards(host: Host) -> Sighting:
    """Every MMC host without its card, and every area of an eMMC that holds something."""
    files = host.files
    hosts = [name for name in files.list(_HOSTS) if re.fullmatch(r"mmc\d+", name)]
    gap = gap_of(files, _HOSTS)
    failed: dict[str, str] | None = {}
    if hosts:
        failed = read_failed_cards(host.processes) if host.origin == "live" else None
        if failed is None:
            gap = gap or Message.of("inspect.census.gap.kernel_log", place=hosts[0])
    doubts = tuple(
        suspect("card-failed", name, error=error)
        for name, error in (failed or {}).items()
        if name in hosts and not _has_card(files, name)
    )
    doubts += tuple(
        suspect("no-driver", name, ids=name.partition(":")[0])
        for name in files.list(_PLATFORM)
        if name.partition(":")[0] in _ACPI_HOSTS and not files.exists(f"{_PLATFORM}/{name}/driver")
    )
    areas = [name for name in files.list("/sys/block") if _holds_files(name)]
    media = tuple(_area(host, name) for name in areas)
    return Sighting(media, suspicions=doubts, gap=gap)


def _has_card(files: Files, name: str) -> bool:
    return any(one.startswith(f"{name}:") for one in files.list(f"{_HOSTS}/{name}"))


def _holds_files(name: str) -> bool:
    """RPMB holds keys that only their owner reads (JESD84-B51 6.6.22): nothing to recover."""
    return is_erasable_area(name)


def _lock(files: Files, name: str) -> str:
    """Whether the card itself keeps the area as it is: until its power goes, or for good."""
    told = files.read_text(f"/sys/block/{name}/ro_lock_until_next_power_on")
    return {"1": "_locked", "2": "_locked_for_good"}.get(str(told), "")


def _area(host: Host, name: str) -> StorageMedium:
    path, size = f"/dev/{name}", read_size(host.files, name)
    blank = is_blank(path, size or 0) if has_devices(host) else None
    disk = disk_of_area(name)
    serial = file_text(host.files, f"/sys/block/{disk}/device/serial")
    token = serial.value if isinstance(serial, Known) else disk
    locked = "" if blank else _lock(host.files, name)
    holds = "emmc_area" if is_boot_area(name) else "emmc_gp"
    return hidden(
        f"{token}-{emmc_area(name)}",
        Kind.BOOT_AREA,
        Message.of(f"inspect.census.what.emmc_area{locked}", place=path),
        Message.of(f"inspect.census.todo.{holds}", place=path),
        serial=serial,
        size_bytes=Known(size, "/sys/block") if size else Unknown(Why.ABSENT, "/sys/block"),
        reach=Reach.EMPTY if blank else Reach.READY,
    )
