"""The progress of the commands: what is not known, or not complete, is no hundred per cent."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

import pytest

from recond.locale import NBSP, Lang, clock_time
from recond.model import Message
from recond.progress import Phase, ProgressEvent, WorkerEnd, ended
from recond.show.machine import show_plans
from recond.show.progress import ProgressDisplay
from recond.show.screen import Screen
from recond.wipe.plan import Wish, plan_wipe
from tests.cli.command import on_a_terminal, recond
from tests.drive.test_lies import drive_of

NOW = "2026-11-28T22:30:00.000Z"


def test_a_worker_that_is_waited_for_has_no_percentage(capsys: pytest.CaptureFixture[str]) -> None:
    """Nor is it said anew each second."""
    with ProgressDisplay(Screen("fr"), lambda: NOW, json_events=False) as display:
        for _ in range(5):
            display.on_event("d", ended(WorkerEnd.RUNNING))
    (said,) = capsys.readouterr().err.splitlines()
    assert "CONTINUE SANS ÉCRAN" in said
    assert "– %" in said


@pytest.mark.parametrize(
    ("outcome", "share"),
    [("completed", "100 %"), ("failed", "– %"), ("interrupted", "– %"), ("lost", "– %")],
)
def test_only_what_is_complete_is_a_hundred_per_cent(
    outcome: str, share: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with ProgressDisplay(Screen("en"), lambda: NOW, json_events=False) as display:
        display.on_event("d", ProgressEvent(Phase.WRITE, 0, 1, 1, 30, 100))
        display.on_event("d", ended(WorkerEnd(outcome)))
    first, last = capsys.readouterr().err.splitlines()
    assert " 30 %" in first
    assert f" {share}  " in last


def test_neither_has_the_live_bar(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    with ProgressDisplay(Screen("fr"), lambda: NOW, json_events=False) as display:
        display.on_event("d", ended(WorkerEnd.RUNNING))
    said = capsys.readouterr().err
    assert "CONTINUE" in said
    assert "100" not in said


@pytest.mark.parametrize(
    ("lang", "left", "at"),
    [
        ("fr", "reste 16 min 39 s", "fini vers"),
        ("en", "16 min 39 s left", "done at about"),
    ],
)
def test_the_time_left_and_the_time_of_day_of_the_end(
    lang: Lang, left: str, at: str, capsys: pytest.CaptureFixture[str]
) -> None:
    now = iter((0.0, 0.0, 1.0, 1.0, 9.0, 9.0))
    with ProgressDisplay(
        Screen(lang), lambda: NOW, json_events=False, now_s=lambda: next(now)
    ) as display:
        for done in (0, 1, 9):
            display.on_event("d", ProgressEvent(Phase.WRITE, 0, 1, 2, done, 504))
    last = capsys.readouterr().err.splitlines()[-1].replace(NBSP, " ")
    assert left in last
    assert f"{at} {clock_time(lang, NOW, 999)}".replace(NBSP, " ") in last


@pytest.mark.parametrize(
    ("lang", "after_s", "said"),
    [
        ("fr", 60, "12 h 31"),
        ("en", 60, "12:31"),
        ("fr", 12 * 3600, "29/11 à 00 h 30"),
        ("en", 12 * 3600, "00:30 on 2026-11-29"),
    ],
)
def test_a_time_of_day(
    lang: Lang, after_s: int, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    assert clock_time(lang, "2026-11-28T12:30:00.000Z", after_s).replace(NBSP, " ") == said


def test_a_new_pass_is_said_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    with ProgressDisplay(
        Screen("en"), lambda: NOW, json_events=False, now_s=lambda: 0.0
    ) as display:
        for step in (0, 0, 1, 1):
            display.on_event("d", ProgressEvent(Phase.WRITE, step, 2, 3, 5, 100))
    assert len(capsys.readouterr().err.splitlines()) == 2


@pytest.mark.parametrize(
    ("lang", "words"), [("fr", "fini vers {at}."), ("en", "ends at about {at}.")]
)
def test_the_plan_says_when_the_longest_disk_ends(
    lang: Lang, words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Disks are erased side by side; one that is refused takes no time."""
    drive, _ = drive_of("ata")
    plan = plan_wipe(drive.target("/dev/sim"), Wish(), bytes(32), ())
    plans = tuple(replace(plan, estimate_s=seconds) for seconds in (60, 3600))
    late = replace(plan, estimate_s=86400, refusals=(Message("wipe.refusal.read_only"),))
    show_plans(Screen(lang, 80), (*plans, late), NOW)
    shown = " ".join(capsys.readouterr().out.replace(NBSP, " ").split())
    assert words.format(at=clock_time(lang, NOW, 3600).replace(NBSP, " ")) in shown
    show_plans(Screen(lang, 80), (late,), NOW)
    assert words.partition(" {")[0] not in capsys.readouterr().out


def test_the_end_rings_once_where_all_is_well_else_three_times_and_never_into_a_file(
    tmp_path: Path,
) -> None:
    (tmp_path / "d.img").write_bytes(b"donor " * 4096)
    wipe = ["wipe", "d.img", "--image", "--confirm", "d.img"]
    assert on_a_terminal([*wipe, "--bell"], tmp_path).count("\a") == 1
    kept = recond(*wipe, "--verify", "none", "--bell", folder=tmp_path)
    assert (kept.code, "\a" in kept.stdout + kept.stderr) == (6, False), kept.stderr
    assert on_a_terminal([*wipe, "--verify", "none", "--bell"], tmp_path).count("\a") == 3
    assert "\a" not in on_a_terminal(wipe, tmp_path)
