"""Each step at 80 by 25, in both languages, as it was looked at; RECOND_SCREENS=1 writes anew."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import cast

import pytest
from textual.pilot import Pilot

from recond.flow.guided import DiskEnd, End
from recond.flow.run import Finished
from recond.flow.work import Work
from recond.guided import step_result
from recond.guided.app import GuidedApp
from recond.guided.progress import Board
from recond.locale import LANGS, Lang
from recond.model import Json, Message
from tests.guided.stage import HeldClock, check_screen, play, shown_session, text_of

STEPS = {
    "computer": ("computer", ()),
    "question-looks": ("questions", ("down",)),
    "question-camera": ("questions", ("down", "enter", *("enter",) * 3)),
    "keyboard": ("questions", ("enter", "t", "a", "e", "space", "up", "escape")),
    "disks": ("disks", ("down",)),
    "disks-refused": ("disks", ("up", "space")),
    "confirm": ("confirm", ("2", "2", "x")),
    "confirm-wrong": ("confirm", ("2", "2", "2", "3", "enter")),
}


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("name", STEPS)
def test_a_step(name: str, lang: Lang, tmp_path: Path) -> None:
    first, keys = STEPS[name]

    async def act(app: GuidedApp, pilot: Pilot[None]) -> None:
        await pilot.press(*keys)
        await pilot.pause()
        check_screen(lang, name, text_of(app))

    play(shown_session(tmp_path, lang), first, act)


def events(session_board: Board, clock: HeldClock) -> list[tuple[str, dict[str, Json], float]]:
    names = list(session_board.tracks)
    total = 256_060_514_304
    found: list[tuple[str, dict[str, Json], float]] = []
    for second in range(30):
        speed = 300_000_000 + 20_000_000 * (second % 7)
        found.append((names[0], {"phase": "write", "step": 0, "steps": 1, "total": total,
                                 "done": 1_000_000_000 + second * speed}, second))
        found.append((names[1], {"phase": "firmware", "step": 0, "steps": 2, "total": 1000,
                                 "done": 10 * second}, second))
    return found


@pytest.mark.parametrize("lang", LANGS)
def test_the_progress(lang: Lang, tmp_path: Path) -> None:
    clock, go_on = HeldClock(), threading.Event()
    session = shown_session(tmp_path, lang)
    assert session.prepared is not None
    session.board = Board.of({plan.disk.token: plan for plan in session.prepared.plans[:3]})

    def wait(*_: object) -> None:
        go_on.wait()

    session.work = Work(wait, clock)

    async def act(app: GuidedApp, pilot: Pilot[None]) -> None:
        for disk, event, second in events(session.board, clock):
            clock.time_s = 1000.0 + second
            assert session.work is not None
            session.work._hear(disk, event)
            session.hear()
        await pilot.press("s")
        await pilot.pause()
        text = text_of(app)
        go_on.set()
        check_screen(lang, "progress", text)

    play(session, "progress", act)


CODE = "RECOND:20261124-041130-1F2E3D4C:" + "A7" * 32
ENDS = {
    "erased": End("erased", (DiskEnd("S3Z1NB0K222222", True, False, "erased", "purge", ()),),
                  Path("/media/RECOND/certificats/20261124-041130-1f2e3d4c/certificate.pdf"),
                  None, None, "2026-11-24", "1F2E3D4C", CODE, (),
                  demonstration=False),
    "not-erased": End("not-erased", (
        DiskEnd("S3Z1NB0K222222", False, False, "failed", "none",
                (Message("wipe.reason.flush"), Message("wipe.reason.vanished"))),),
        Path("/media/RECOND/certificats/20261124-041130-1f2e3d4c/certificate-NON-SIGNE.pdf"),
        Message("certify.unsigned.clock"), None, "2026-11-24", "1F2E3D4C",
        CODE, ("/dev/sdc",), demonstration=False),
}


class _Done:
    """Work that has ended."""

    def __init__(self) -> None:
        self.finished = cast(Finished, object())
        self.failure = None
        self.said = Message("guided.sent.all")


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("details", [False, True])
@pytest.mark.parametrize("name", ENDS)
def test_the_result(name: str, details: bool, lang: Lang, tmp_path: Path,
                    monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(step_result, "end_of", lambda _: ENDS[name])
    session = shown_session(tmp_path, lang)
    session.work = cast(Work, _Done())

    async def act(app: GuidedApp, pilot: Pilot[None]) -> None:
        await pilot.press(*("d",) * details)
        await pilot.pause()
        check_screen(lang, f"result-{name}" + "-details" * details, text_of(app))

    play(session, "result", act)
