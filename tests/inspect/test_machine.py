"""The whole machine: the laptop as it is, and readers that fail, each alone."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from recond.flow.profiles import load_profile
from recond.host import Host
from recond.inspect import machine as reading
from recond.inspect.machine import read_machine
from recond.model import (
    Form,
    HealthVerdict,
    Known,
    Machine,
    Medium,
    Outcome,
    Unknown,
    Why,
    WindowsKey,
)
from recond.readiness import assess_machine
from tests.inspect import laptop

EFI = "/sys/firmware/efi"


@pytest.fixture
def tree(tmp_path: Path) -> laptop.Tree:
    return laptop.make_laptop(tmp_path)


@pytest.fixture
def machine(tree: laptop.Tree) -> Machine:
    return read_machine(tree.host())


def value(reading: object) -> object:
    assert isinstance(reading, Known), reading
    return reading.value


def test_the_laptop_is_read_whole(machine: Machine) -> None:
    assert machine.problems == ()
    system = machine.system
    assert (value(system.maker), value(system.model)) == ("LENOVO", "20L6S01V00")
    assert value(system.form) is Form.NOTEBOOK
    assert value(system.serial) == laptop.SERIAL
    cpu = machine.cpu
    assert [value(r) for r in (cpu.maker, cpu.family, cpu.model, cpu.stepping)] == [
        "GenuineIntel",
        6,
        142,
        10,
    ]
    assert [value(r) for r in (cpu.sockets, cpu.cores, cpu.threads, cpu.bits, cpu.max_mhz)] == [
        1,
        4,
        8,
        64,
        3600,
    ]
    assert value(machine.memory.visible_bytes) == 7972808 * 1024
    assert value(machine.memory.installed_bytes) == 8 << 30
    firmware = machine.firmware
    assert (value(firmware.mode), value(firmware.bits)) == ("uefi", 64)
    assert value(firmware.secure_boot) is False
    assert value(firmware.secure_boot_capable) is True
    assert value(firmware.setup_mode) is False
    assert value(firmware.uefi_ca_2023) is True
    tpm = machine.tpm
    assert (value(tpm.present), value(tpm.version), value(tpm.active)) == (True, "2.0", True)


def test_the_laptops_parts(machine: Machine) -> None:
    (battery,) = machine.batteries
    assert (value(battery.unit), value(battery.design_capacity)) == ("mWh", 24000)
    assert (value(battery.wear_percent), value(battery.cycles)) == (27, 240)
    (panel,) = machine.displays
    assert (value(panel.internal), value(panel.maker), value(panel.year)) == (True, "LGD", 2018)
    assert (value(panel.width_px), value(panel.height_px)) == (1920, 1080)
    assert value(panel.diagonal_tenths_in) == 140
    (card,) = machine.networks
    assert (value(card.kind), value(card.mac), value(card.bus)) == ("ethernet", laptop.MAC, "pci")
    assert isinstance(card.speed_mbps, Unknown)
    assert [(d.role, d.ids) for d in machine.devices] == [("graphics", "8086:5917")]
    (disk,) = machine.disks
    assert disk.medium is Medium.SSD
    assert (value(disk.bus), value(disk.serial)) == ("sata", laptop.DISK_SERIAL)
    assert (value(disk.model), value(disk.firmware)) == ("SAMSUNG MZ7LN256HAJQ-000L7", "MVT03L6Q")
    assert value(disk.wwn) == f"0x{laptop.WWN}"
    assert not isinstance(disk.health, Unknown)
    assert value(disk.health.verdict) is HealthVerdict.OK
    assert ("mount", "sda1", "/media/…") in [(u.kind, u.node, u.where) for u in disk.uses]
    assert machine.identity.confidence == "strong"
    key = value(machine.windows_key)
    assert isinstance(key, WindowsKey)
    assert key.last_five == laptop.WINDOWS_KEY[-5:]
    assert laptop.WINDOWS_KEY not in repr(machine)


def test_the_laptop_is_ready_for_windows_10_and_11(machine: Machine) -> None:
    for name in ("windows-10", "windows-11"):
        found = assess_machine(machine, load_profile(name), "2026-11-24")
        bad = [
            line
            for line in found.requirements
            if line.tier == "minimum" and line.outcome is not Outcome.PASS
        ]
        assert not bad, (name, bad)


def test_in_bios_mode_secure_boot_is_not_known(tmp_path: Path) -> None:
    tree = laptop.make_laptop(tmp_path)
    (tmp_path / "sys/firmware/efi").rename(tmp_path / "gone")
    firmware = read_machine(tree.host()).firmware
    assert firmware.mode == Known("bios", EFI)
    assert isinstance(firmware.secure_boot, Unknown)
    assert isinstance(firmware.secure_boot_capable, Unknown)  # SMBIOS says that it knows UEFI


READERS = (
    "read_tables",
    "read_disks",
    "_read_lscpu",
    "read_devices",
    "read_displays",
    "read_networks",
    "read_batteries",
    "read_visible_bytes",
    "read_windows_key",
    "read_system",
    "read_firmware",
    "read_tpm",
    "_read_whole_cpu",
    "memory_of",
    "identify",
)


@pytest.mark.parametrize("name", READERS)
def test_a_failing_reader_stops_no_other(
    name: str, tree: laptop.Tree, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = read_machine(tree.host())

    def fail(*_args: object, **_options: object) -> object:
        raise ZeroDivisionError

    monkeypatch.setattr(reading, name, fail)
    machine = read_machine(tree.host())
    assert [p.code for p in machine.problems][:1] == ["inspect.problem.reader"]
    same = [
        part
        for part in (
            "cpu",
            "memory",
            "firmware",
            "tpm",
            "batteries",
            "displays",
            "networks",
            "devices",
            "disks",
            "system",
            "windows_key",
        )
        if getattr(machine, part) == getattr(whole, part)
    ]
    # the tables feed system, memory and identity; without them /sys and lscpu still answer
    assert len(same) >= (8 if name == "read_tables" else 10), (name, same)


def test_readers_run_side_by_side(tree: laptop.Tree, monkeypatch: pytest.MonkeyPatch) -> None:
    import threading

    barrier = threading.Barrier(3, timeout=20)

    def meet(*_args: object, **_options: object) -> tuple[()]:
        barrier.wait()
        return ()

    for name in ("read_devices", "read_displays", "read_networks"):
        monkeypatch.setattr(reading, name, meet)
    machine = read_machine(tree.host())
    assert machine.problems == ()  # a broken barrier would be a problem of each


def test_nothing_at_all_gives_a_machine_of_unknowns(tmp_path: Path) -> None:
    (tmp_path / "sys").mkdir()
    machine = read_machine(laptop.Tree(tmp_path).host())
    assert isinstance(machine.system.maker, Unknown)
    assert isinstance(machine.cpu.threads, Unknown)
    assert isinstance(machine.memory.visible_bytes, Unknown)
    assert machine.identity.confidence == "none"
    assert isinstance(machine.identity.machine_id, Unknown)


def test_this_computer_is_read_without_a_problem() -> None:
    machine = read_machine(Host(), smart=False)
    assert machine.problems == ()
    assert machine.origin == "live"
    assert isinstance(machine.cpu.threads, Known)
    assert isinstance(machine.memory.visible_bytes, Known)
    assert all(isinstance(disk.size_bytes, Known) for disk in machine.disks)


def test_the_laptop_is_read_in_bounded_time(tree: laptop.Tree) -> None:
    started = time.process_time()
    read_machine(tree.host())
    assert time.process_time() - started < 1.0


def test_without_root_only_what_root_hides_is_unknown(tmp_path: Path) -> None:
    tree = laptop.Tree(tmp_path)
    for name, text in (
        ("sys_vendor", "LENOVO"),
        ("product_name", "20L6S01V00"),
        ("chassis_type", "10"),
        ("bios_date", "02/27/2024"),
        ("board_name", "20L6S01V00"),
    ):
        tree.put(f"/sys/class/dmi/id/{name}", text + "\n")
    system = read_machine(tree.host()).system
    assert value(system.form) is Form.NOTEBOOK
    assert value(system.bios_date) == "2024-02-27"
    assert system.serial == Unknown(Why.ABSENT, "/sys/firmware/dmi/tables/DMI")
