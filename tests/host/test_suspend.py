"""A nap is offered only where it takes the drives' power away and ends by itself."""

from __future__ import annotations

from pathlib import Path

import pytest

from recond.host.files import Files
from recond.host.process import Completed
from recond.host.suspend import can_nap, nap


def machine(folder: Path, states: str, depths: str, alarm: str = "") -> Files:
    for path, text in (("sys/power/state", states), ("sys/power/mem_sleep", depths), (alarm, "")):
        if path:
            (folder / path).parent.mkdir(parents=True, exist_ok=True)
            (folder / path).write_text(text)
    return Files(folder)


ALARM = "sys/class/rtc/rtc0/wakealarm"


@pytest.mark.parametrize(
    ("states", "depths", "alarm", "can"),
    [
        ("freeze mem disk\n", "s2idle [deep]\n", ALARM, True),
        ("freeze mem\n", "[s2idle] deep\n", ALARM, True),
        ("freeze mem\n", "[s2idle]\n", ALARM, False),
        ("freeze mem\n", "s2idle [deep]\n", "", False),
        ("freeze disk\n", "s2idle [deep]\n", ALARM, False),
        ("", "", ALARM, False),
    ],
)
def test_where_a_nap_is_possible(
    states: str, depths: str, alarm: str, can: bool, tmp_path: Path
) -> None:
    assert can_nap(machine(tmp_path, states, depths, alarm)) is can
    assert not can_nap(Files(tmp_path / "nothing"))


class Clock:
    def __init__(self, code: int) -> None:
        self.code = code
        self.said: list[tuple[str, ...]] = []

    def run(self, argv: tuple[str, ...], *, timeout_s: float = 30.0) -> Completed:
        self.said.append(argv)
        return Completed(argv, self.code, b"", b"", 1)


def test_it_sleeps_deeply_and_says_whether_it_did(tmp_path: Path) -> None:
    files, clock = machine(tmp_path, "mem", "[s2idle] deep", ALARM), Clock(0)
    assert nap(files, clock)
    assert (tmp_path / "sys/power/mem_sleep").read_text() == "deep"
    assert clock.said == [("rtcwake", "-m", "mem", "-s", "5")]
    assert not nap(files, Clock(1))
    assert not nap(Files(tmp_path / "nothing"), clock), "no deep sleep, no nap"
    assert len(clock.said) == 1
