"""The tuner tries what it may, keeps the fastest, and searches no disk that is soon done."""

from __future__ import annotations

import pytest

from recond.host.tuning import CHECKED, FIRST_BYTES, MADE, MIB, PLAIN, Tuner

TIB = 1 << 40


def drive(tuner: Tuner, speeds: dict[tuple[int, int], float], size: int) -> list[tuple[int, int]]:
    """Run it over a disk whose speed depends on the setting; the settings, in order."""
    used, left = [], size
    while left > 0:
        setting = tuner.next_setting(left)
        used.append((setting.piece_bytes, setting.depth))
        assert 0 < setting.window_bytes <= left
        tuner.report(setting.window_bytes, setting.window_bytes / speeds[used[-1]])
        left -= setting.window_bytes
    return used


@pytest.mark.parametrize("candidates", [PLAIN, MADE, CHECKED])
def test_the_fastest_goes_on(candidates: tuple[tuple[int, int], ...]) -> None:
    for best in candidates:
        speeds = dict.fromkeys(candidates, 100e6) | {best: 120e6}
        used = drive(Tuner(TIB, 512, candidates), speeds, TIB)
        assert used[: len(candidates)] == list(candidates)
        assert used[len(candidates) :] == [best]


def test_a_disk_that_is_done_in_seconds_keeps_the_first() -> None:
    used = drive(Tuner(4096 * MIB, 512, PLAIN), dict.fromkeys(PLAIN, 5e9), 4096 * MIB)
    assert set(used) == {PLAIN[0]}


@pytest.mark.parametrize("size", [1, 512, FIRST_BYTES])
def test_a_small_disk_is_one_window(size: int) -> None:
    assert drive(Tuner(size, 512, PLAIN), dict.fromkeys(PLAIN, 1e6), size) == [PLAIN[0]]


def test_pieces_are_whole_blocks() -> None:
    tuner = Tuner(TIB, 8192, ((5000, 1), (20_000, 2)))
    assert tuner.next_setting(TIB).piece_bytes == 8192


def test_a_clock_that_stands_still_harms_nothing() -> None:
    tuner = Tuner(TIB, 512, PLAIN)
    for _ in PLAIN:
        tuner.report(tuner.next_setting(TIB).window_bytes, 0.0)
    assert tuner.next_setting(TIB).window_bytes <= TIB
