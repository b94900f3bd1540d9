"""Machines for the tests: an ordinary good notebook, and changes to it."""

from __future__ import annotations

import dataclasses
from typing import Any

from recond.model import (
    Cpu,
    Device,
    Disk,
    Display,
    Firmware,
    Form,
    Health,
    HealthVerdict,
    Identity,
    Known,
    Machine,
    Medium,
    Memory,
    MemoryModule,
    System,
    Tpm,
    Unknown,
    Use,
    Why,
)

GIB = 1 << 30
GB = 1_000_000_000
NOTHING = Unknown(Why.NOT_READ)
GOOD_FLAGS = (
    "fpu",
    "tsc",
    "cx8",
    "pae",
    "nx",
    "sse2",
    "lm",
    "cx16",
    "lahf_lm",
    "3dnowprefetch",
    "sse4_2",
    "popcnt",
)


def known(value: Any, source: str = "test") -> Any:
    return Known(value, source)


def cpu(**changes: Any) -> Cpu:
    """An i5-8350U unless changed: Kaby Lake R, 6-142-10."""
    base = Cpu(
        maker=known("GenuineIntel"),
        name=known("Intel(R) Core(TM) i5-8350U CPU @ 1.70GHz"),
        family=known(6),
        model=known(142),
        stepping=known(10),
        sockets=known(1),
        cores=known(4),
        threads=known(8),
        bits=known(64),
        max_mhz=known(3600),
        flags=known(GOOD_FLAGS),
    )
    return dataclasses.replace(base, **changes)


def module(gib: int, kind: str = "DDR4", form: str = "SODIMM") -> MemoryModule:
    return MemoryModule(
        known("DIMM A"),
        known(gib * GIB),
        known(kind),
        known(form),
        known(2400),
        NOTHING,
        NOTHING,
        NOTHING,
    )


def memory(*gib: int, free: int = 0, most: int = 32, **changes: Any) -> Memory:
    kind, form = changes.pop("kind", "DDR4"), changes.pop("form", "SODIMM")
    base = Memory(
        visible_bytes=known(sum(gib) * GIB * 96 // 100, "/proc/meminfo"),
        installed_bytes=known(sum(gib) * GIB, "dmidecode:17"),
        maximum_bytes=known(most * GIB),
        slots_total=known(len(gib) + free),
        slots_free=known(free),
        soldered=known(False),
        modules=known(tuple(module(size, kind, form) for size in gib)),
    )
    return dataclasses.replace(base, **changes)


def disk(**changes: Any) -> Disk:
    base = Disk(
        path="/dev/sda",
        bus=known("sata"),
        medium=Medium.SSD,
        vendor=NOTHING,
        model=NOTHING,
        firmware=NOTHING,
        serial=NOTHING,
        wwn=NOTHING,
        size_bytes=known(256 * GB, "/sys/block/sda"),
        logical_block_bytes=known(512),
        physical_block_bytes=known(4096),
        rotational=known(False),
        rpm=NOTHING,
        removable=known(False),
        read_only=known(False),
        disk_seq=NOTHING,
        controller=NOTHING,
        namespace=NOTHING,
        uses=(),
        health=Health(known(HealthVerdict.OK), (), *([NOTHING] * 9)),
    )
    return dataclasses.replace(base, **changes)


def stick() -> Disk:
    return disk(
        path="/dev/sdb",
        bus=known("usb"),
        medium=Medium.USB_FLASH,
        removable=known(True),
        size_bytes=known(64 * GB),
        uses=(Use("medium", "sdb", "/run/live"),),
    )


def graphics(ids: str) -> Device:
    return Device("graphics", "pci", "0000:00:02.0", ids, NOTHING, NOTHING)


def display(**changes: Any) -> Display:
    base = Display(
        "eDP-1",
        known(True),
        known("LGD"),
        known(1),
        NOTHING,
        NOTHING,
        known(2018),
        known(1920),
        known(1080),
        known(140),
    )
    return dataclasses.replace(base, **changes)


def machine(**changes: Any) -> Machine:
    """A Latitude 5490 of 2018 with 8 GB and an SSD: good for every profile."""
    system = System(*([NOTHING] * 16))
    system = dataclasses.replace(
        system,
        maker=known("Dell Inc."),
        model=known("Latitude 5490"),
        form=known(Form.NOTEBOOK),
        bios_date=known("2021-05-04"),
    )
    base = Machine(
        inspected_at="2026-11-24T00:00:00.000Z",
        origin="live",
        system=system,
        cpu=cpu(),
        memory=memory(8, free=1),
        firmware=Firmware(
            known("uefi"), known(64), known(True), known(True), known(False), known(True)
        ),
        tpm=Tpm(known(True), known("2.0"), known(True)),
        batteries=(),
        displays=(display(),),
        networks=(),
        devices=(graphics("8086:5917"),),
        disks=(disk(), stick()),
        windows_key=NOTHING,
        identity=Identity(NOTHING, "none", (), NOTHING),
        problems=(),
    )
    return dataclasses.replace(base, **changes)
