"""The stick that recond came from is never offered, wherever its mount has gone."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from recond.host.stick import MARKER, read_media, write_marker
from recond.host.usage import read_uses
from recond.model import Use
from tests.image.sysfs import INNER, STICK, FakeDisk, Machine


@pytest.fixture
def live(tmp_path: Path) -> Machine:
    """A live system with its stick and the computer's own disk, after `boot`."""
    machine = Machine(tmp_path / "root")
    machine.plug(STICK)
    machine.plug(INNER)
    mark(machine)
    return machine


def mark(machine: Machine) -> None:
    place = machine.root / MARKER.lstrip("/")
    place.parent.mkdir(parents=True, exist_ok=True)
    write_marker(read_media(machine.files), place)


def kinds(machine: Machine, name: str) -> set[str]:
    return {use.kind for use in read_uses(machine.files, name)}


def test_the_stick_is_the_medium_and_the_inner_disk_is_not(live: Machine) -> None:
    assert Use("medium", "sdb1", "RECOND") in read_uses(live.files, "sdb")
    assert kinds(live, "sda") == set()


def test_put_back_in_another_place_before_udev_has_read_it(live: Machine) -> None:
    live.pull(STICK)
    live.plug(replace(STICK, name="sdc", number=32, label=None, diskseq=9))
    assert kinds(live, "sdc") == {"medium"}


def test_another_stick_with_our_label_is_never_offered_either(live: Machine) -> None:
    live.plug(FakeDisk("sdc", 32, "RECOND", serial="OTHER"))
    assert kinds(live, "sdc") == {"medium"}


def test_a_disk_like_the_stick_but_with_its_own_serial_is_offered(live: Machine) -> None:
    live.plug(replace(STICK, name="sdc", number=32, label=None, serial="STICK0002"))
    assert kinds(live, "sdc") == set()


def test_a_stick_without_serial_is_known_by_its_model_and_size(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    nameless = replace(STICK, serial=None)
    machine.plug(nameless)
    mark(machine)
    machine.pull(nameless)
    machine.plug(replace(nameless, name="sdc", number=32, label=None))
    machine.plug(replace(nameless, name="sdd", number=48, label=None, size=4096))
    assert kinds(machine, "sdc") == {"medium"}
    assert kinds(machine, "sdd") == set()


def test_elsewhere_an_old_stick_may_be_erased(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    machine.plug(STICK)
    assert kinds(machine, "sdb") == set()


def test_where_the_boot_service_failed_the_label_still_counts(tmp_path: Path) -> None:
    machine = Machine(tmp_path)
    machine.plug(STICK)
    (machine.root / "run/live").mkdir()
    assert kinds(machine, "sdb") == {"medium"}


@pytest.mark.parametrize("text", ["", "{}", '{"media": [{}]}', '{"media": 1}', "[" * 100_000])
def test_a_damaged_marker_means_that_nothing_is_known(live: Machine, text: str) -> None:
    live.write(MARKER.lstrip("/"), text)
    assert "unreadable" in kinds(live, "sda")


def test_the_marker_keeps_what_was_known_before(live: Machine) -> None:
    live.pull(STICK)
    other = FakeDisk("sdc", 32, "RECOND_LIVE", serial="OTHER")
    live.plug(other)
    mark(live)
    live.pull(other)
    live.plug(replace(STICK, label=None))
    live.plug(replace(other, label=None))
    assert kinds(live, "sdb") == {"medium"}
    assert kinds(live, "sdc") == {"medium"}
