"""After a power cut, what no certificate speaks of is erased too, before the computer goes off."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from recond.flow.live.mirror import Places, unfinished_here
from recond.flow.live.remaining import disks_left
from recond.host.stick import MARKER, read_media, write_marker
from recond.model import Json
from tests.image.sysfs import INNER, STICK, FakeDisk, Machine

SECOND = FakeDisk("sdc", 32, serial="INNER0002", model="Disk", size=4096, plug="ata2")


@pytest.fixture
def live(tmp_path: Path) -> Machine:
    machine = Machine(tmp_path / "root")
    for disk in (STICK, INNER, SECOND):
        machine.plug(disk)
    place = machine.root / MARKER.lstrip("/")
    place.parent.mkdir(parents=True, exist_ok=True)
    write_marker(read_media(machine.files, frozenset({"sdb"})), place)
    return machine


def certify(places: Places, *disks: dict[str, Json]) -> None:
    folder = places.out / "r1"
    folder.mkdir(parents=True)
    erasures = [{"disk": disk} for disk in disks]
    (folder / "record.json").write_text(json.dumps({"erasures": erasures}))


def named(serial: str | None, wwn: str | None = None) -> dict[str, Json]:
    return {"serial": serial, "wwn": wwn, "namespace": None}


def test_a_disk_of_which_no_certificate_speaks_is_left(live: Machine, tmp_path: Path) -> None:
    places = Places(tmp_path / "state", tmp_path / "out")
    assert disks_left(live.files, places) == ("sda", "sdc")
    certify(places, named("INNER0001"))
    assert disks_left(live.files, places) == ("sdc",)
    live.pull(SECOND)
    assert disks_left(live.files, places) == ()


def test_an_inner_disk_of_the_sticks_name_is_left(live: Machine, tmp_path: Path) -> None:
    live.plug(replace(INNER, label="RECOND"))
    assert disks_left(live.files, Places(tmp_path / "state", tmp_path / "out")) == ("sda", "sdc")


@pytest.mark.parametrize(
    "disks",
    [
        (named("INNER0001", "naa.5"), named("INNER0002", "naa.5")),  # another WWN: another disk
        (named(None), named(None)),
        ({"serial": "INNER0001"},),
        ("INNER0001",),
    ],
)
def test_in_doubt_it_is_left(
    disks: tuple[dict[str, Json], ...], live: Machine, tmp_path: Path
) -> None:
    places = Places(tmp_path / "state", tmp_path / "out")
    certify(places, *disks)
    assert disks_left(live.files, places) == ("sda", "sdc")


def test_disks_without_any_name_are_left(live: Machine, tmp_path: Path) -> None:
    places = Places(tmp_path / "state", tmp_path / "out")
    live.plug(FakeDisk("sdd", 48, size=4096, plug="ata1"))
    certify(places, named("INNER0001"), named("INNER0002"), named(None))
    assert disks_left(live.files, places) == ("sdd",)


def test_what_holds_no_data_is_not_left(live: Machine, tmp_path: Path) -> None:
    places = Places(tmp_path / "state", tmp_path / "out")
    certify(places, named("INNER0001"), named("INNER0002"))
    for name, number in (("loop0", 64), ("sr0", 80), ("zram0", 96)):
        live.plug(FakeDisk(name, number, size=4096))
    live.plug(FakeDisk("sde", 112, serial="READER", size=0))
    assert disks_left(live.files, places) == ()


def test_a_run_that_wrote_no_journal_was_not_begun(tmp_path: Path) -> None:
    """Else « resume » would find nothing to do, and the computer would go off with its data."""
    places = Places(tmp_path / "state", tmp_path / "out")
    (places.state / "runs/r1/jobs").mkdir(parents=True)
    (places.state / "runs/r1/jobs/D1.json").write_text("{}")
    assert unfinished_here(places) == 0
    (places.state / "runs/r1/journals").mkdir()
    (places.state / "runs/r1/journals/D1.jsonl").write_text("")
    assert unfinished_here(places) == 1


def test_a_disk_on_usb_is_left_only_where_usb_is_to_be_erased(
    live: Machine, tmp_path: Path
) -> None:
    places = Places(tmp_path / "state", tmp_path / "out")
    live.plug(FakeDisk("sdd", 48, size=4096, serial="BACKUP"))
    certify(places, named("INNER0001"), named("INNER0002"))
    assert disks_left(live.files, places) == ()
    assert disks_left(live.files, places, usb=True) == ("sdd",)
