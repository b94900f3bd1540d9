"""Drives behind a RAID adapter: its logical volumes hide them from the kernel.

Why: an erased volume is a part of the drives below it; the rest, spare drives and drives of other
volumes keep their data. smartctl reaches the drives of some adapters one by one; of the others
nothing is known but that they are there. Sources: smartctl(8) -d, the kernel's driver names.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from recond.census import Kind, StorageMedium, Suspicion
from recond.host import Host
from recond.host.process import TIMED_OUT
from recond.inspect.census_pci import driver_of
from recond.inspect.census_sighting import Sighting, gap_of, hidden, suspect
from recond.inspect.devices import PCI
from recond.inspect.smart import smart_argv
from recond.inspect.smart_fields import Document
from recond.model import Disk, Known, Message, Reading, Unknown, Why

SCAN = ("smartctl", "-j", "--scan")
ADAPTERS = frozenset(
    {
        "megaraid_sas", "megaraid_mbox", "hpsa", "smartpqi", "cciss", "aacraid", "arcmsr",
        "3w-9xxx", "3w-sas", "3w-xxxx", "ips", "mpi3mr", "mpt3sas", "mpt2sas", "mptsas", "mvsas",
    }
)  # fmt: skip
"""Drivers of adapters that may join drives into volumes."""
_PLAIN = frozenset({"mpt3sas", "mpt2sas", "mptsas", "mvsas", "mpi3mr"})
"""Those that show each drive as a disk, unless it belongs to a volume."""
_HIDDEN_TYPE = re.compile(r"(megaraid|sssraid|cciss|aacraid|areca|3ware|hpt),[\d,/+]+")
_VOLUME = re.compile(
    r"\b(logical volume|perc|megaraid|mr9\d\d\d|raid|virtual (disk|drive)|avago|lsi|adaptec)\b",
    re.IGNORECASE,
)
_TIMEOUT_S, _MOST = 20.0, 32


def look_at_adapters(host: Host, disks: tuple[Disk, ...]) -> Sighting:
    """The drives of every RAID adapter, as far as smartctl reaches them."""
    files = host.files
    drivers = {a: d.value for a in files.list(PCI) if isinstance(d := driver_of(files, a), Known)}
    adapters = {a: driver for a, driver in drivers.items() if driver in ADAPTERS}
    gap = gap_of(files, PCI)
    if not adapters:
        return Sighting(gap=gap)
    done = host.processes.run(SCAN, timeout_s=_TIMEOUT_S)
    if done.missing or done.returncode == TIMED_OUT or not done.stdout:
        gap = gap or Message.of("inspect.census.gap.no_smartctl")
    known = {one.serial.value for one in disks if isinstance(one.serial, Known)}
    found = list(_drives(host, done.stdout, "hpsa" in adapters.values()))
    media = {one.key: one for one in found if _serial(one) not in known}
    volumes = [disk for disk in disks if _is_volume(disk)]
    silent = tuple(
        _silent(address, driver)
        for address, driver in adapters.items()
        if not found and (volumes or driver not in _PLAIN)
    )
    return Sighting(tuple(media.values()), suspicions=silent, gap=gap)


def _silent(address: str, driver: str) -> Suspicion:
    return suspect("adapter", address, driver=driver)


def _serial(medium: StorageMedium) -> str | None:
    return medium.serial.value if isinstance(medium.serial, Known) else None


def _is_volume(disk: Disk) -> bool:
    words = " ".join(one.value for one in (disk.vendor, disk.model) if isinstance(one, Known))
    return _VOLUME.search(words) is not None


def _drives(host: Host, scan: bytes, hpsa: bool) -> Iterator[StorageMedium]:
    for path, kind in parse_scan(scan):
        drive = _drive(host, path, kind)
        if drive is not None:
            yield drive
    if not hpsa:
        return
    # smartctl finds no drive behind hpsa by itself: each is asked for by its number, to the last
    for path in [f"/dev/{n}" for n in host.files.list("/sys/class/scsi_generic")][:4]:
        for number in range(_MOST):
            drive = _drive(host, path, f"cciss,{number}")
            if drive is None:
                break
            yield drive


def parse_scan(raw: bytes) -> tuple[tuple[str, str], ...]:
    """(path, type) of each drive behind an adapter, from `smartctl -j --scan`."""
    document = Document.of(raw)
    if document is None:
        return ()
    found = [(one.text("name"), one.text("type")) for one in document.items("devices")]
    told = [(path, kind.rpartition("+")[2]) for path, kind in found if path and kind]
    return tuple((path, kind) for path, kind in told if _HIDDEN_TYPE.fullmatch(kind))[:256]


def _drive(host: Host, path: str, kind: str) -> StorageMedium | None:
    """One drive; None where nothing answers there."""
    done = host.processes.run(smart_argv(path, kind), timeout_s=_TIMEOUT_S)
    document = Document.of(done.stdout)
    if document is None:
        return None
    model = document.text("model_name") or document.text("scsi_model_name")
    serial = document.text("serial_number")
    size = document.count("user_capacity", "bytes") or document.count("nvme_total_capacity")
    if not (model or serial or size):
        return None
    place = f"{path} -d {kind}"
    return hidden(
        serial or place,
        Kind.DRIVE,
        Message.of("inspect.census.what.behind_adapter", place=place),
        Message.of("inspect.census.todo.behind_adapter", place=place),
        model=_told(model, place),
        serial=_told(serial, place),
        size_bytes=Known(size, place) if size else Unknown(Why.ABSENT, place),
    )


def _told(text: str | None, source: str) -> Reading[str]:
    return Known(text, source) if text else Unknown(Why.ABSENT, source)
