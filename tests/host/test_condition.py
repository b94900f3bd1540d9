"""Mains, battery and memory, as psutil reads them from files that a kernel would show."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from recond.flow.machine.doctor import examine
from recond.flow.run.warnings import memory_needed, warnings_before
from recond.guided.computer import computer_lines
from recond.guided.words import GuidedWords
from recond.host import Host
from recond.host.condition import Condition, LocalConditions, NoConditions
from recond.model import Known, Unknown, Why
from recond.show.result import show_bench
from recond.show.screen import Screen
from tests.computers import prepared_image

MIB = 1 << 20
UNREAD = Unknown(Why.ABSENT)


def kernel(root: Path, monkeypatch: pytest.MonkeyPatch, **supplies: dict[str, str]) -> None:
    """A kernel with these power supplies, in psutil's eyes."""
    for name, files in supplies.items():
        (root / name).mkdir(parents=True)
        for key, text in files.items():
            (root / name / key).write_text(text + "\n")
    root.mkdir(exist_ok=True)
    monkeypatch.setattr(psutil._pslinux, "POWER_SUPPLY_PATH", str(root))


BATTERY = {"energy_now": "20500000", "energy_full": "50000000", "capacity": "41", "type": "Battery"}


@pytest.mark.parametrize(
    ("supplies", "codes"),
    [
        ({"BAT0": {**BATTERY, "status": "Discharging"}, "AC": {"online": "0"}}, ["on_battery"]),
        ({"BAT1": {**BATTERY, "status": "Discharging"}}, ["on_battery"]),
        ({"BAT0": {**BATTERY, "status": "Charging"}, "AC0": {"online": "1"}}, []),
        ({"BAT0": {**BATTERY, "status": "Unknown"}}, []),  # nobody knows
        ({}, []),  # a desktop
    ],
)
def test_a_battery_is_warned_of_before_an_erasure(
    supplies: dict[str, dict[str, str]],
    codes: list[str],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kernel(tmp_path / "power", monkeypatch, **supplies)
    found = warnings_before(LocalConditions().read(), 1)
    assert [one.code for one in found] == [f"cli.run.{code}" for code in codes]
    if codes:
        assert dict(found[0].args)["n"] == 41


def test_memory_is_counted_by_the_disk() -> None:
    for left, disks, warned in ((200, 1, False), (200, 8, True), (160, 1, True)):
        condition = Condition(UNREAD, UNREAD, Known(left * MIB, "psutil"))
        assert bool(warnings_before(condition, disks)) is warned
    assert memory_needed(8) == (118 + 8 * 51) * MIB


def test_what_cannot_be_read_warns_of_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise OSError("no /proc/meminfo")

    monkeypatch.setattr(psutil, "virtual_memory", fail)
    assert warnings_before(LocalConditions().read(), 99) == ()
    assert warnings_before(NoConditions().read(), 99) == ()


def test_the_doctor_says_what_the_bench_runs_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    kernel(tmp_path / "power", monkeypatch, BAT0={**BATTERY, "status": "Discharging"})
    found = examine(Host(), tmp_path / "state")
    assert next(one for one in found if one.name == "mains").present is False
    show_bench(Screen("fr"), found)
    assert "BATTERIE" in capsys.readouterr().out


class Discharging:
    """A laptop whose cable was forgotten."""

    def read(self) -> Condition:
        return Condition(
            Known(False, "psutil:sensors_battery"), Known(7, "psutil:sensors_battery"), UNREAD
        )


def test_a_run_is_prepared_with_the_warning_and_shows_it(tmp_path: Path) -> None:
    prepared = prepared_image(tmp_path, replace(Host(), conditions=Discharging()))
    assert [one.code for one in prepared.warnings] == ["cli.run.on_battery"]
    shown = " ".join(text for text, _ in computer_lines(GuidedWords("fr"), prepared, 78))
    assert "batterie (7" in shown
