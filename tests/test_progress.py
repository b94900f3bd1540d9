"""How far an erasure is: one event, one meter, for every screen."""

from __future__ import annotations

import json

import pytest

from recond.errors import FormatError
from recond.progress import DRIVE_TOTAL, Meter, Phase, ProgressEvent, WorkerEnd, ended, read_event


def said(phase: Phase, done: int, step: int = 0, total: int = 1000) -> ProgressEvent:
    return ProgressEvent(phase, step, 2, 3, done, total)


def meter(*told: tuple[ProgressEvent, float]) -> Meter:
    found = Meter()
    for event, at_s in told:
        found.hear(event, at_s)
    return found


def test_a_speed_needs_two_points_and_is_of_the_last_seconds() -> None:
    found = Meter()
    assert found.speed(0) is None
    found.hear(said(Phase.WRITE, 100), 0)
    assert found.speed(0) is None
    found.hear(said(Phase.WRITE, 300), 2)
    assert found.speed(2) == 100
    for second in range(3, 20):
        found.hear(said(Phase.WRITE, 300 + 10 * (second - 2)), second)
    assert found.speed(19) == 10, "what was long ago does not count"


@pytest.mark.parametrize(
    ("phase", "step", "left_s"), [(Phase.WRITE, 0, 27), (Phase.WRITE, 1, 17), (Phase.VERIFY, 2, 7)]
)
def test_the_time_left_is_of_all_that_is_to_come(phase: Phase, step: int, left_s: int) -> None:
    """Two passes and a reading, of 1000 bytes each, at 100 bytes a second."""
    found = meter((said(phase, 100, step), 0), (said(phase, 300, step), 2))
    assert found.left_s(2) == left_s


def test_a_disk_that_falls_silent_slows_down() -> None:
    found = meter((said(Phase.WRITE, 0), 0), (said(Phase.WRITE, 1000, total=5000), 10))
    speeds = [found.speed(now) for now in (10.0, 30.0, 60.0, 1000.0)]
    assert speeds == sorted((one or 0 for one in speeds), reverse=True)
    assert (speeds[-1] or 0) <= 1


def test_a_new_pass_begins_its_own_speed_and_goes_on_with_the_way() -> None:
    found = meter((said(Phase.WRITE, 900), 0), (said(Phase.WRITE, 1000), 1))
    assert found.percent == 33
    found.hear(said(Phase.WRITE, 5, step=1), 2)
    assert found.speed(2) is None
    assert found.percent == 33


def test_a_pause_is_no_new_pass() -> None:
    found = meter(
        (said(Phase.WRITE, 500), 0), (ProgressEvent(Phase.PAUSE, celsius=71, limit=70), 1)
    )
    assert (found.phase, found.percent, found.speed(1)) == (Phase.PAUSE, 16, None)
    found.hear(said(Phase.WRITE, 560), 2)
    assert (found.percent, found.speed(2)) == (18, 30)


def test_a_disk_that_erases_itself_has_no_speed() -> None:
    drive = [ProgressEvent(Phase.DRIVE, 0, 1, 2, done, DRIVE_TOTAL) for done in (100, 200)]
    found = meter((drive[0], 0), (drive[1], 1))
    assert (found.speed(1), found.left_s(1), found.percent) == (None, None, 10)


def test_a_reading_back_that_is_watched_has_no_percentage() -> None:
    found = meter((said(Phase.WRITE, 1000), 0), (ProgressEvent(Phase.VERIFY, 2, 2, 3), 1))
    assert (found.percent, found.permille) == (None, 666)


@pytest.mark.parametrize("outcome", list(WorkerEnd))
def test_only_what_is_complete_shows_100(outcome: WorkerEnd) -> None:
    found = meter((said(Phase.WRITE, 500), 0), (ended(outcome), 9))
    assert found.percent == (100 if outcome is WorkerEnd.COMPLETED else 16)
    assert (found.end is None) == (outcome is WorkerEnd.RUNNING)


def test_all_is_written_and_read_but_the_end_is_not_said() -> None:
    assert meter((said(Phase.VERIFY, 1000, 2), 0)).percent == 99


def test_no_number_of_a_worker_leaves_the_scale() -> None:
    for done, step, total in ((9, 7, 3), (-4, 0, 3), (5, 0, 0), (10**30, 2, 1)):
        found = meter((said(Phase.WRITE, done, step, total), 0))
        assert found.percent is None or 0 <= found.percent <= 99
        assert 0 <= found.permille <= 999


@pytest.mark.parametrize(
    "event",
    [
        said(Phase.WRITE, 5),
        ProgressEvent(Phase.PAUSE, celsius=71, limit=70),
        ended(WorkerEnd.LOST, FormatError("wipe.resume.no_plan").message),
    ],
)
def test_a_workers_line_is_read_as_it_was_said(event: ProgressEvent) -> None:
    line = json.dumps(event.fields()).encode()
    assert b"null" not in line
    assert read_event(line) == event


@pytest.mark.parametrize(
    "line",
    [b"", b"Traceback", b"[1]", b"{}", b'{"phase": "erased"}', b'{"phase": "end", "verdict": "x"}'],
)
def test_what_is_no_event_is_no_progress(line: bytes) -> None:
    assert read_event(line) is None
