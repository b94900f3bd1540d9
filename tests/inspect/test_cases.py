"""Inputs that were read wrongly (../shared/cases), each read as their README wants it."""

from __future__ import annotations

from pathlib import Path

import pytest

from recond.flow.machine.capture import host_from
from recond.host import Host
from recond.inspect.machine import read_machine
from recond.model import Known, Machine, Unknown
from tests.inspect.corpus import CORPUS

CASES = CORPUS.parent / "cases"


def read_case(name: str) -> Machine:
    place: Path = CASES / name
    if not place.is_dir():
        pytest.skip(f"no case beside the project: {name}")
    return read_machine(host_from(place, Host()))


def test_the_largest_timing_where_the_header_prefers_none() -> None:
    (screen,) = read_case("edid-first-timing-not-preferred").displays
    assert isinstance(screen.width_px, Known)
    assert isinstance(screen.height_px, Known)
    assert (screen.width_px.value, screen.height_px.value) != (720, 350)
    assert screen.width_px.value >= 1024


def test_a_placeholder_is_no_timing() -> None:
    (screen,) = read_case("edid-placeholder-1x1").displays
    assert screen.width_px != Known(1, "edid/VGA-1")
    assert not isinstance(screen.width_px, Known) or screen.width_px.value >= 640


def test_a_mount_is_seen_without_the_list_of_block_devices() -> None:
    (disk,) = read_case("guard-no-class-block").disks
    assert disk.uses
    assert {use.kind for use in disk.uses} <= {"system", "mount", "unreadable"}


def test_each_disk_behind_an_adapter_is_listed() -> None:
    disks = read_case("megaraid-same-name").disks
    assert [d.serial.value for d in disks if isinstance(d.serial, Known)] == [
        "WMC1300AAAA1",
        "WMC1300AAAA2",
    ]
    assert len({d.path for d in disks}) == 2
    hours = [d.health.power_on_hours for d in disks if not isinstance(d.health, Unknown)]
    assert len(hours) == 2


def test_dimm_is_a_form() -> None:
    modules = read_case("memory-form-dimm").memory.modules
    assert isinstance(modules, Known)
    assert {m.form.value for m in modules.value if isinstance(m.form, Known)} == {"DIMM"}


def test_a_part_of_sys_says_nothing_by_what_it_lacks() -> None:
    machine = read_case("partial-sys-made-up")
    assert isinstance(machine.firmware.mode, Unknown)
    # the firmware's table says that there is one; that nothing is below /sys/class does not say off
    assert isinstance(machine.tpm.active, Unknown)


def test_the_raw_words_tell_the_wear() -> None:
    (disk,) = read_case("wd-ssd-230-raw").disks
    assert not isinstance(disk.health, Unknown)
    assert isinstance(disk.health.wear_percent, Known)
    assert disk.health.wear_percent.value == 47
