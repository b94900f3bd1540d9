"""The progress of the commands: what is not known, or not complete, is no hundred per cent."""

from __future__ import annotations

import pytest

from recond.show.progress import ProgressDisplay
from recond.show.screen import Screen


def test_a_worker_that_is_waited_for_has_no_percentage(capsys: pytest.CaptureFixture[str]) -> None:
    """Nor is it said anew each second."""
    with ProgressDisplay(Screen("fr"), json_events=False, totals={}) as display:
        for _ in range(5):
            display.on_event("d", {"phase": "end", "outcome": "running"})
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
    with ProgressDisplay(Screen("en"), json_events=False, totals={}) as display:
        display.on_event("d", {"phase": "write", "done": 30, "total": 100, "steps": 1})
        display.on_event("d", {"phase": "end", "outcome": outcome})
    first, last = capsys.readouterr().err.splitlines()
    assert " 30 %" in first
    assert f" {share}  " in last


def test_neither_has_the_live_bar(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    with ProgressDisplay(Screen("fr"), json_events=False, totals={}) as display:
        display.on_event("d", {"phase": "end", "outcome": "running"})
    said = capsys.readouterr().err
    assert "CONTINUE" in said
    assert "100" not in said
