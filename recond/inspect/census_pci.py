"""Storage controllers on the PCI bus: their drivers, and what they are known to hide.

Why: a disk behind a controller without a driver has no trace but the controller; Intel's RAID mode
hides NVMe disks behind the SATA controller and counts them; VMD puts them on a bus of its own.
Sources: PCI Code and ID Assignment 1.11 1.2 (class 01), Linux drivers/ata/ahci.c (`remapped_nvme`),
drivers/pci/controller/vmd.c (its table of ids).
"""

from __future__ import annotations

import re

from recond.census import Controller, Kind, StorageMedium, Suspicion
from recond.host.files import Files
from recond.inspect.census_sighting import Sighting, gap_of, hidden, suspect
from recond.inspect.devices import PCI
from recond.inspect.hardware_ids import read_name
from recond.inspect.readings import file_int
from recond.model import Known, Message, Reading, Unknown, Why

_VMD = frozenset({"201d", "28c0", "467f", "4c3d", "a77f", "7d0b", "ad0b", "9a0b", "b60b", "b06f"})
_INTEL = "8086"
_STORAGE, _CARD_HOST = "01", "0805"
_OTHER = "0180"  # old flash drives (Fusion-io, Turbo Memory), and card readers of laptops
_READER_MAKERS = frozenset({"1217", "104c", "1180"})  # O2 Micro, Texas Instruments, Ricoh


def look_at_controllers(files: Files, ids: Files) -> Sighting:
    """Every controller of class 01 and every SD host, with what it hides; `ids` hold the lists of
    names.
    """
    codes = {a: code for a in files.list(PCI) if (code := _code(files, a)) is not None}
    storage = [a for a, code in codes.items() if code.startswith(_STORAGE)]
    hosts = [a for a, code in codes.items() if code.startswith(_CARD_HOST)]
    controllers = tuple(_controller(files, ids, address) for address in storage)
    media = tuple(one for each in controllers for one in _remapped(each))
    suspicions = tuple(
        one
        for address in (*storage, *hosts)
        if (one := _suspicion(files, address, codes, storage)) is not None
    )
    return Sighting(media, controllers, suspicions, _gap(files, controllers))


def _gap(files: Files, controllers: tuple[Controller, ...]) -> Message | None:
    silent = [a for a in files.list(PCI) if _code(files, a) is None]
    if silent:
        return Message.of("inspect.census.gap.not_kept", place=f"{PCI}/{silent[0]}/class")
    for one in controllers:
        # a SATA or RAID controller of Intel's counts what it hides, once its driver is there
        asked = isinstance(one.driver, Known) and one.driver.value == "ahci"
        if asked and isinstance(one.remapped, Unknown) and one.remapped.why is Why.NOT_READ:
            place = f"{PCI}/{one.address}/remapped_nvme"
            return Message.of("inspect.census.gap.not_kept", place=place)
    return gap_of(files, PCI) or (
        None if files.whole() else Message.of("inspect.census.gap.not_kept", place=PCI)
    )


def _code(files: Files, address: str) -> str | None:
    raw = files.read_text(f"{PCI}/{address}/class")
    found = re.fullmatch(r"0x([0-9a-f]{6})", raw) if isinstance(raw, str) else None
    return found[1] if found else None


def _hex(files: Files, address: str, name: str) -> str:
    raw = files.read_text(f"{PCI}/{address}/{name}")
    found = re.fullmatch(r"0x([0-9a-f]{4})", raw) if isinstance(raw, str) else None
    return found[1] if found else ""


def driver_of(files: Files, address: str) -> Reading[str]:
    """The name of the driver that holds a PCI device; unknown (absent) where none does."""
    place = f"{PCI}/{address}/driver"
    real = files.resolve(place) if files.exists(place) else None
    if real is not None:
        return Known(real.rsplit("/", 1)[-1], place)
    return Unknown(Why.ABSENT if files.answers(place) else Why.NOT_READ, place)


def _controller(files: Files, ids: Files, address: str) -> Controller:
    vendor, device = _hex(files, address, "vendor"), _hex(files, address, "device")
    place = f"{PCI}/{address}/remapped_nvme"
    remapped = file_int(files, place)
    if isinstance(remapped, Unknown) and remapped.why is Why.ABSENT and not files.answers(place):
        remapped = Unknown(Why.NOT_READ, place)
    return Controller(
        address,
        f"{vendor}:{device}",
        read_name(ids, "pci.ids", vendor, device),
        driver_of(files, address),
        remapped,
    )


def _remapped(controller: Controller) -> tuple[StorageMedium, ...]:
    """The NVMe disks that a SATA controller in RAID mode hides: it says how many."""
    count = controller.remapped.value if isinstance(controller.remapped, Known) else 0
    place = controller.address
    return tuple(
        hidden(
            f"remapped:{place}:{number}",
            Kind.DRIVE,
            Message.of("inspect.census.what.remapped", place=place),
            Message.of("inspect.census.todo.remapped", place=place),
        )
        for number in range(1, min(count, 16) + 1)
    )


def _suspicion(
    files: Files, address: str, codes: dict[str, str], storage: list[str]
) -> Suspicion | None:
    driver = driver_of(files, address)
    ids = f"{_hex(files, address, 'vendor')}:{_hex(files, address, 'device')}"
    is_vmd = ids.startswith(_INTEL) and ids.partition(":")[2] in _VMD
    if isinstance(driver, Unknown):
        # what was not kept of a capture is a gap's matter, and no sign of a missing driver
        is_reader = codes[address].startswith(_OTHER) and ids.partition(":")[0] in _READER_MAKERS
        if driver.why is not Why.ABSENT or is_reader:
            return None
        return suspect("vmd-closed" if is_vmd else "no-driver", address, ids=ids)
    real = files.resolve(f"{PCI}/{address}") or ""
    others = [files.resolve(f"{PCI}/{one}") or "" for one in storage if one != address]
    if is_vmd and real and not any(other.startswith(f"{real}/pci") for other in others):
        return suspect("vmd-empty", address, ids=ids)
    return None
