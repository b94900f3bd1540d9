"""Computers that hold given disks: the census of a really inspected laptop, with other disks in it.

Why: whether a computer is erased depends on its census, and one made up by hand would not be what
`recond.inspect` makes. Everything but the disks' names and places is as it was read.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from recond.census import Census, StorageMedium
from recond.computer import NO_MEDIUM
from recond.erasure import DiskIdentity
from recond.flow.config import Overrides
from recond.flow.run.run import Order, Prepared, prepare
from recond.host import Host
from recond.model import Known, Machine, Unknown, Why
from recond.wipe.plan import Wish
from tests.upload.ran import ran


def read_census_of_a_run() -> Census:
    """The laptop's census, as its run recorded it."""
    machine = ran().record.machine
    assert machine is not None
    assert isinstance(machine.census, Known)
    return machine.census.value


def path_of(number: int) -> str:
    """/dev/sda, … for the first disks, as the kernel names them."""
    letters = chr(ord("a") + number % 26)
    return f"/dev/sd{'abc'[number // 26 - 1] if number >= 26 else ''}{letters}"


def medium_of(disk: DiskIdentity, path: str = "/dev/sda", **changes: Any) -> StorageMedium:
    """The laptop's own medium, under another disk's name."""

    def read(value: Any) -> Any:
        return Unknown(Why.ABSENT) if value is None else Known(value, "sysfs")

    token = disk.serial or disk.wwn or path
    named = dataclasses.replace(
        read_census_of_a_run().media[0],
        key=f"{token}-n{disk.namespace}" if disk.namespace else token,
        paths=(path,),
        model=read(disk.model),
        serial=read(disk.serial),
        wwn=read(disk.wwn),
        size_bytes=read(disk.size_bytes),
        namespace=read(disk.namespace),
        disk_seq=read(disk.disk_seq),
    )
    return dataclasses.replace(named, **changes)


def computer(machine: Machine, *disks: DiskIdentity, **changes: Any) -> Machine:
    """A machine in which these disks sit, and `changes` of its census."""
    inside = [disk for disk in disks if disk.kind not in NO_MEDIUM]
    media = tuple(medium_of(disk, path_of(n)) for n, disk in enumerate(inside))
    census = dataclasses.replace(read_census_of_a_run(), media=media)
    census = dataclasses.replace(census, **changes)
    paths = {path for one in census.media for path in one.paths}
    return dataclasses.replace(
        machine,
        disks=tuple(disk for disk in machine.disks if disk.path in paths),
        census=Known(census, "census"),
    )


def prepared_image(folder: Path, host: Host) -> Prepared:
    """A run of a disk image, as far as before the question."""
    image = folder / "disk.img"
    image.write_bytes(bytes(1 << 20))
    order = Order(
        targets=(str(image),),
        every_unused=False,
        wish=Wish(),
        image=True,
        profiles=(),
        out=folder / "out",
        state=folder / "state",
        lang="fr",
        overrides=Overrides(),
    )
    return prepare(order, host)
