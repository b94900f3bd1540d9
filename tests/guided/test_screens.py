"""Each step at 80 by 25, in both languages, as it was looked at; RECOND_SCREENS=1 writes anew."""

from __future__ import annotations

import io
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest
from textual.pilot import Pilot

from recond.errors import SafetyRefusal, UsageError
from recond.flow.guided import DiskEnd, End
from recond.flow.run.background import BackgroundRun
from recond.flow.run.run import Finished, refuse_if_asked
from recond.guided import step_result
from recond.guided.app import GuidedApp
from recond.guided.progress import Board
from recond.guided.questions import keyboard_lines
from recond.guided.step_questions import KeyboardTry
from recond.guided.words import GuidedWords, texts
from recond.host.terminal import wipe_console
from recond.locale import LANGS, Lang
from recond.model import Message
from recond.progress import DRIVE_TOTAL, Phase, ProgressEvent
from tests.guided.stage import HeldClock, check_screen, check_sizes, play, shown_session, text_of

STEPS = {
    "computer": ("computer", ()),
    "question-looks": ("questions", ("down",)),
    "question-camera": ("questions", ("down", "enter", *("enter",) * 3)),
    "note": ("questions", ("n", *"Charnière", "space", *"fendue", "question_mark")),
    "asset": ("computer", ("n", *"AQ", "minus", *"0042")),
    "keys": ("disks", ("down", "question_mark")),
    "keyboard": ("questions", ("enter", "t", "a", "e", "space", "up", "escape")),
    "disks": ("disks", ("down",)),
    "disks-refused": ("disks", ("up", "space")),
    "disks-all": ("disks", ("a", "a")),
    "confirm": ("confirm", ("2", "2", "x")),
    "confirm-usb": ("disks", ("down", "down", "space", "enter")),
    "confirm-usb-alone": ("disks", ("a", "down", "down", "space", "enter")),
    "confirm-one": ("disks", ("space", "enter", "2", "x")),
    "confirm-wrong": ("confirm", ("2", "2", "2", "3", "enter")),
}


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("name", STEPS)
def test_a_step(name: str, lang: Lang, tmp_path: Path) -> None:
    first, keys = STEPS[name]

    async def act(app: GuidedApp, pilot: Pilot[None]) -> None:
        await pilot.press(*keys)
        await pilot.pause()
        await check_sizes(app, pilot, lang, name)

    play(shown_session(tmp_path, lang), first, act)


def test_a_narrow_window_shows_every_key_and_all_lines(tmp_path: Path) -> None:
    async def act(app: GuidedApp, pilot: Pilot[None]) -> None:
        await pilot.resize_terminal(60, 14)
        await pilot.pause()
        shown = text_of(app).splitlines()
        assert len(shown) == 14
        assert [line.split()[0] for line in shown[-2:]] == ["Flèches,", "Entrée"]
        assert "(la suite" in shown[0]
        await pilot.resize_terminal(60, 25)
        await pilot.pause()
        assert "(la suite" not in text_of(app)

    play(shown_session(tmp_path, "fr"), "disks", act)


@pytest.mark.parametrize("lang", LANGS)
def test_a_high_screen_takes_many_disks_in_one_list(lang: Lang, tmp_path: Path) -> None:
    session = shown_session(tmp_path, lang)
    assert session.prepared is not None
    one = session.prepared.plans[0]
    plans = tuple(
        replace(one, path=f"/dev/x{n}", disk=replace(one.disk, serial=f"SERIAL{n:02d}"))
        for n in range(16)
    )
    session.prepared = replace(session.prepared, plans=plans)
    session.chosen = frozenset(plan.path for plan in plans)

    async def act(app: GuidedApp, pilot: Pilot[None]) -> None:
        assert "SERIAL01" not in text_of(app)  # disk by disk: they are not all in sight
        await pilot.resize_terminal(120, 40)
        await pilot.press("escape", "enter")
        await pilot.pause()
        shown = text_of(app)
        assert all(f"SERIAL{n:02d}" in shown for n in range(16))

    play(session, "confirm", act)


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("name", ["no-disk", "only-the-stick"])
def test_a_computer_without_a_disk_to_erase(name: str, lang: Lang, tmp_path: Path) -> None:
    """It says what may be the matter and how to leave; nothing can be chosen, nothing breaks."""
    session = shown_session(tmp_path, lang)
    assert session.prepared is not None
    plans = session.prepared.plans[3:] if name == "only-the-stick" else ()
    session.prepared, session.chosen = replace(session.prepared, plans=plans), frozenset()
    with pytest.raises((UsageError, SafetyRefusal)):  # nor does a run that nobody watches begin
        refuse_if_asked(
            replace(session.prepared, order=replace(session.prepared.order, every_unused=True))
        )

    async def act(app: GuidedApp, pilot: Pilot[None]) -> None:
        await pilot.press("down", "space", "up", "enter")
        await pilot.pause()
        check_screen(lang, name, text_of(app))
        assert session.work is None

    play(session, "disks", act)


@pytest.mark.parametrize("lang", LANGS)
def test_a_bug_while_reading_is_said_on_the_screen(
    lang: Lang, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def breaks(*_: object) -> None:
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr("recond.guided.session.prepare", breaks)
    session = shown_session(tmp_path, lang)
    session.prepared = None

    async def act(app: GuidedApp, pilot: Pilot[None]) -> None:
        await pilot.press("enter", "r")
        await pilot.pause()
        check_screen(lang, "bug", text_of(app))

    play(session, "computer", act)
    assert isinstance(session.problem, ZeroDivisionError)


@pytest.mark.parametrize(("key", "times"), [("escape", 2), ("enter", 2), ("space", 9)])
def test_the_keyboard_test_ends_by_either_of_two_keys(key: str, times: int, tmp_path: Path) -> None:
    async def act(app: GuidedApp, pilot: Pilot[None]) -> None:
        await pilot.press("enter", "t", "a", *(key,) * times)
        await pilot.pause()
        assert isinstance(app.screen, KeyboardTry) == (key == "space")

    play(shown_session(tmp_path, "fr"), "questions", act)


@pytest.mark.parametrize(
    ("layout", "asked", "first"),
    [("", "fr", "²"), ("fr", "en", "²"), ("us", "fr", "`"), ("de", "fr", "[ß]")],
)
def test_the_keys_that_are_asked_for_are_those_of_the_layout(
    layout: str, asked: Lang, first: str
) -> None:
    lines = texts(keyboard_lines(GuidedWords(asked), layout, frozenset({"ß"})))
    assert any(line.split()[:1] == [first] for line in lines)


def events(session_board: Board) -> list[tuple[str, ProgressEvent, float]]:
    names = list(session_board.tracks)
    total = 256_060_514_304
    found: list[tuple[str, ProgressEvent, float]] = []
    for second in range(30):
        done = 1_000_000_000 + second * 300_000_000 + 100_000_000 * (second % 3)
        found.append((names[0], ProgressEvent(Phase.WRITE, 0, 1, 2, done, total), second))
        drive = ProgressEvent(Phase.DRIVE, 0, 2, 3, 10 * second, DRIVE_TOTAL)
        found.append((names[1], drive, second))
    return found


@pytest.mark.parametrize("lang", LANGS)
def test_the_progress(lang: Lang, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        "recond.guided.step_progress.EVERY_S", 3600.0
    )  # the test says when it looks
    clock, go_on = HeldClock(), threading.Event()
    session = shown_session(tmp_path, lang)
    assert session.prepared is not None
    session.board = Board.of({plan.disk.token: plan for plan in session.prepared.plans[:3]})

    def wait(*_: object) -> None:
        go_on.wait()

    session.work = BackgroundRun(wait, clock)

    async def act(app: GuidedApp, pilot: Pilot[None]) -> None:
        for disk, event, second in events(session.board):
            clock.time_s = 1000.0 + second
            assert session.work is not None
            session.work._hear(disk, event)
            session.hear()
        await pilot.press("s")
        await pilot.pause()
        try:
            await check_sizes(app, pilot, lang, "progress")
        finally:
            go_on.set()

    play(session, "progress", act)


CODE = "RECOND:20261124-041130-1F2E3D4C:" + "A7" * 32
ENDS = {
    "erased": End(
        "erased",
        (DiskEnd("S3Z1NB0K222222", True, False, "erased", "purge", ()),),
        Path("/media/RECOND/certificats/20261124-041130-1f2e3d4c/certificate.pdf"),
        None,
        None,
        "2026-11-24",
        "1F2E3D4C",
        CODE,
        (),
        demonstration=False,
    ),
    "not-erased": End(
        "not-erased",
        (
            DiskEnd(
                "S3Z1NB0K222222",
                False,
                False,
                "failed",
                "none",
                (Message("wipe.reason.flush"), Message("wipe.reason.vanished")),
            ),
        ),
        Path("/media/RECOND/certificats/20261124-041130-1f2e3d4c/certificate-NON-SIGNE.pdf"),
        Message("certify.unsigned.clock"),
        None,
        "2026-11-24",
        "1F2E3D4C",
        CODE,
        ("/dev/sdc",),
        demonstration=False,
    ),
    "interrupted": End(
        "not-erased",
        (
            DiskEnd(
                "S3Z1NB0K222222",
                False,
                False,
                "interrupted",
                "none",
                (
                    Message.of(
                        "certify.interrupted",
                        time="2026-11-24T04:11:36.154Z",
                        reason="@certify.interrupted.signal",
                    ),
                ),
            ),
        ),
        Path("/media/RECOND/certificats/20261124-041130-1f2e3d4c/certificate.pdf"),
        None,
        None,
        "2026-11-24",
        "1F2E3D4C",
        CODE,
        (),
        demonstration=False,
    ),
}


@pytest.fixture
def utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A computer whose clock is the record's."""
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


class _Done:
    """Work that has ended."""

    def __init__(self) -> None:
        self.finished = cast(Finished, object())
        self.failure = None
        self.said = Message("guided.sent.all")


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("details", [False, True])
@pytest.mark.parametrize("name", ENDS)
def test_the_result(
    name: str, details: bool, lang: Lang, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, utc: None
) -> None:
    monkeypatch.setattr(step_result, "end_of", lambda _: ENDS[name])
    session = shown_session(tmp_path, lang)
    session.work = cast(BackgroundRun, _Done())

    async def act(app: GuidedApp, pilot: Pilot[None]) -> None:
        await pilot.press(*("d",) * details)
        await pilot.pause()
        await check_sizes(app, pilot, lang, f"result-{name}" + "-details" * details)

    play(session, "result", act)


@pytest.mark.parametrize(("term", "said"), [("linux", "\x1b[0m\x1b[J"), ("xterm-256color", "")])
def test_a_console_is_wiped_once_the_screen_is_left(
    term: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Other terminals go back to what stood there before; that must stay."""

    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    monkeypatch.setenv("TERM", term)
    monkeypatch.setattr("sys.stderr", stream := Terminal())
    wipe_console()
    assert stream.getvalue() == said
