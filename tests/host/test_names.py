"""What a disk is called, and which names are one disk: whatever a box, a maker or a bus says."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from recond.drive import requests as rq
from recond.drive.identify import ata_text
from recond.drive.types import CdbAnswer, CdbRequest
from recond.host.diskid import ask_drive
from recond.host.identity.medium import Evidence
from recond.host.identity.names import Asked, DiskStrings, DriveWords, name_disk
from recond.host.identity.nodisk import is_no_disk
from recond.host.paths import group
from recond.host.sim.ata import SimAta
from recond.host.sim.drive import SimClock
from recond.model import Medium

TB = 10**12
USB = "/sys/devices/pci0000:00/usb1/1-2/1-2:1.0/host5/target5:0:0/5:0:0:0/block/sdb"


def words(serial: str | None = "NAAAAAA1", size_bytes: int | None = 6 * TB) -> DriveWords:
    return DriveWords("asked", serial, "HGST HDN726060ALE614", "APGNW7JH", None, size_bytes, 7200)


def boxed(**more: Any) -> DiskStrings:
    base = Asked(
        Evidence("sdb", sysfs_path=USB, removable=False, rotational=True),
        box=("152D00539000", "usb"),
        vendors=(("ASMT", "sysfs"),),
        models=(("2115", "sysfs"),),
        size_bytes=6 * TB - 12288,
    )
    return name_disk(replace(base, **more))


def test_the_drive_in_a_dock_is_called_by_its_own_number() -> None:
    found = boxed(drive=words())
    assert (found.serial, found.serial_of, found.box_serial) == ("NAAAAAA1", "disk", "152D00539000")
    assert (found.vendor, found.model, found.medium) == (None, "HGST HDN726060ALE614", Medium.HDD)
    assert found.hidden_bytes == 12288


def test_where_only_the_box_tells_its_number_it_is_the_boxs() -> None:
    found = boxed()
    assert (found.serial, found.serial_of) == ("152D00539000", "box")


def test_a_stick_is_its_own_box() -> None:
    found = boxed(evidence=Evidence("sdb", sysfs_path=USB, removable=True))
    assert (found.serial, found.serial_of, found.box_serial) == ("152D00539000", "disk", None)


def test_a_box_that_joins_several_drives_is_none_of_them() -> None:
    found = boxed(drive=words(size_bytes=3 * TB))  # JBOD of two: the first one answers
    assert (found.serial, found.serial_of) == ("152D00539000", "box")


def test_a_number_beside_the_boxs_own_is_the_drives() -> None:
    found = boxed(serials=(("NAAAAAA9", "vpd_pg80"),))
    assert (found.serial, found.serial_of, found.box_serial) == ("NAAAAAA9", "disk", "152D00539000")
    again = boxed(serials=(("152D00539000", "vpd_pg80"),))
    assert again.serial_of == "box"


class Mute:
    """A bridge that takes no ATA command, or answers another one each time."""

    def __init__(self, *answers: bytes) -> None:
        self._answers = list(answers)

    def execute(self, request: CdbRequest, tick: object = None) -> CdbAnswer:
        return CdbAnswer(status=0, data=self._answers.pop(0) if self._answers else b"")


def test_a_drive_is_believed_that_answers_the_same_twice() -> None:
    drive = SimAta(SimClock(5), 5)
    raw = drive.execute(rq.ata_identify()).data
    found = ask_drive(drive)
    assert found is not None
    assert found.serial
    assert found.serial == ata_text(raw, 10, 10)
    other = bytearray(raw)
    other[20:22] = b"ZZ"
    other[511] = (other[511] + sum(raw[20:22]) - sum(b"ZZ")) & 0xFF  # a sound sum, another serial
    assert ask_drive(Mute(bytes(other), bytes(other))) is not None
    assert ask_drive(Mute(raw, bytes(other))) is None
    assert ask_drive(Mute(raw)) is None
    assert ask_drive(Mute()) is None


# --- Several names of one disk ---------------------------------------------------------------


def disk(name: str, bus: str = "sas", **more: Any) -> DiskStrings:
    base: dict[str, Any] = {
        "name": name, "bus": bus, "medium": Medium.HDD, "serial": "KWG1", "vendor": "HGST",
        "wwn": "0x5000cca000000001", "model": "HUS72", "firmware": "A", "namespace": None,
    }  # fmt: skip
    return DiskStrings(**{**base, **more})


def names_of(*disks: DiskStrings, sizes: tuple[int, ...] = (), ata: bool = False) -> object:
    sized: dict[str, tuple[DiskStrings, int | None]] = {one.name: (one, TB) for one in disks}
    for one, size in zip(disks, sizes, strict=False):
        sized[one.name] = (one, size)
    found = group(sized, {one.name: ata for one in disks})
    return {name: (paths.names, paths.contradicted) for name, paths in found.items()}


ONE = {"sda": (("sda", "sdb"), ()), "sdb": (("sda", "sdb"), ())}
TWO = {"sda": (("sda",), ()), "sdb": (("sdb",), ())}
DOUBT = {"sda": (("sda",), ("sdb",)), "sdb": (("sdb",), ("sda",))}


def test_two_ports_of_a_sas_drive_are_one_disk() -> None:
    assert names_of(disk("sda"), disk("sdb")) == ONE
    assert names_of(disk("sda", wwn=None), disk("sdb", wwn=None)) == ONE
    assert names_of(disk("sda", wwn=None), disk("sdb")) == ONE
    assert names_of(disk("sda", serial=None), disk("sdb")) == ONE


def test_two_units_of_one_drive_are_two() -> None:
    """A drive with two actuators, an array's volumes: one maker's number, two world-wide names."""
    assert names_of(disk("sda"), disk("sdb", wwn="0x5000cca000000002")) == TWO


@pytest.mark.parametrize("other", [{"serial": "KWG2"}, {"model": "ST4000"}])
def test_what_contradicts_itself_is_named(other: dict[str, str]) -> None:
    assert names_of(disk("sda"), disk("sdb", **other)) == DOUBT


def test_one_name_and_two_sizes_contradict() -> None:
    assert names_of(disk("sda"), disk("sdb"), sizes=(TB, 2 * TB)) == DOUBT


@pytest.mark.parametrize("bus", ["sata", "usb", "mmc", "ide", "virtio"])
def test_a_plug_for_one_disk_has_one_disk(bus: str) -> None:
    """Cheap disks and docks give one number to all: taken for paths, one would keep its data."""
    assert names_of(disk("sda", bus), disk("sdb", bus)) == TWO


def test_sata_disks_behind_a_sas_adapter_have_one_plug_too() -> None:
    assert names_of(disk("sda"), disk("sdb"), ata=True) == TWO


def test_namespaces_are_disks_of_their_own() -> None:
    same: dict[str, Any] = {"wwn": "eui.0025388b", "serial": "S4EW"}
    one, two = (disk(n, "nvme", namespace=i, **same) for n, i in (("sda", 1), ("sdb", 2)))
    assert names_of(one, two) == TWO
    again = disk("sdb", "nvme", namespace=1, **same)
    assert names_of(one, again) == ONE


@pytest.mark.parametrize(
    "name",
    ["nbd0", "nbd-1", "rbd0", "rbd-a", "zd0", "zd16", "drbd0", "mtdblock2", "dm-3", "md127",
     "md_d0", "sr0", "ram0", "zram0", "fd0", "bcache0", "mmcblk0boot1", "mmcblk0rpmb",
     "mmcblk1gp0", "nvme0c1n1", "ubiblock0_0"],
)  # fmt: skip
def test_what_is_no_disk(name: str) -> None:
    assert is_no_disk(name)


@pytest.mark.parametrize(
    "name", ["sda", "sdaa", "nvme0n1", "nvme10n2", "mmcblk0", "vda", "hda", "xvda", "pmem0"]
)
def test_what_is_a_disk(name: str) -> None:
    assert not is_no_disk(name)
