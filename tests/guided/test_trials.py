"""Trials of the parts on the guided screen: chosen, followed, left out, and in the record."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest
from textual.pilot import Pilot

from recond.errors import BenchLacks
from recond.flow.parts import plan_parts, read_parts
from recond.flow.run.run import Finished, Prepared
from recond.flow.trials import TrialsBeside
from recond.guided.app import GuidedApp
from recond.guided.session import GuidedSession
from recond.guided.step_trials import TrialsStep
from recond.guided.words import GuidedWords
from recond.host import Host
from recond.host.senses import InputEvent, Senses, parse_events
from recond.inspect.trial import PartPlan, PartSeen, Trial
from recond.locale import LANGS, Lang
from recond.model import Message, Tried
from tests.guided.stage import (
    MIB,
    HeldClock,
    check_screen,
    check_sizes,
    images,
    laptop_host,
    play,
    session_on,
    shown_session,
    text_of,
)
from tests.inspect import laptop
from tests.inspect.test_trial_senses import KEYS, pressed

PATIENCE_S = 30
BOOT = "1f0c9a62-5d5e-4b0e-9b52-6a1d3c1c7a10\n"


class Bench:
    """Three trials: one ends at once, one waits until it is let go, one fails."""

    def __init__(self) -> None:
        self.reached, self.go, self.closed = (threading.Event() for _ in range(3))

    def plans(self, *_: object) -> tuple[PartPlan, ...]:
        linked = PartSeen.passed("ethernet_link", "eth0", speed="1000")
        short = PartSeen.failed("battery_short", "BAT0", lasted_s=300, lasts_s=900)
        return (
            PartPlan("ethernet", 8, lambda _: at_once(linked)),
            PartPlan("memory", 120, self._waits),
            PartPlan("heat", 300, lambda _: at_once(linked)),
            PartPlan("battery", 300, lambda _: at_once(short)),
        )

    def _waits(self, _: Host) -> Trial:
        try:
            for _second in range(13):
                yield None
            yield Message("inspect.part.pull_now")
            self.reached.set()
            assert self.go.wait(PATIENCE_S)
            while True:
                yield None
        finally:
            self.closed.set()


def at_once(seen: PartSeen) -> Trial:
    yield None
    return (seen,)


@pytest.fixture
def bench(monkeypatch: pytest.MonkeyPatch) -> Iterator[Bench]:
    monkeypatch.setenv("TZ", "UTC")
    time.tzset()
    found = Bench()
    monkeypatch.setattr("recond.guided.step_trials.plan_parts", found.plans)
    yield found
    monkeypatch.undo()
    time.tzset()


def words_of(lang: Lang, code: str) -> str:
    return GuidedWords(lang).t(code)


def seen_on(session: GuidedSession) -> list[tuple[str, str]]:
    return [(one.part, one.outcome) for one in read_parts(session.state, session.host)]


@pytest.mark.parametrize("lang", LANGS)
def test_trials_are_chosen_followed_left_out_and_kept(
    lang: Lang, bench: Bench, tmp_path: Path
) -> None:
    session = shown_session(tmp_path, lang)
    laptop.Tree(tmp_path / "laptop").put("/proc/sys/kernel/random/boot_id", BOOT)
    session.host = replace(session.host, clock=HeldClock())

    async def act(app: GuidedApp, pilot: Pilot[None]) -> None:
        await pilot.press("t", "a", "enter")
        assert words_of(lang, "guided.trials.none") in text_of(app)
        await pilot.press("a", "down", "down", "space", "down")
        check_screen(lang, "trials", text_of(app))
        await pilot.press("enter")
        trials = session.trials
        assert trials is not None
        assert bench.reached.wait(PATIENCE_S)
        await pilot.press("enter", "space")  # neither goes on nor chooses while something runs
        cast(TrialsStep, app.screen).look()
        await pilot.pause()
        check_screen(lang, "trials-running", text_of(app))
        await pilot.press("p")
        bench.go.set()
        assert trials.wait(PATIENCE_S)
        assert bench.closed.is_set()
        cast(TrialsStep, app.screen).look()
        await pilot.pause()
        check_screen(lang, "trials-over", text_of(app))
        await pilot.press("escape", "t")
        assert "BAT0" in text_of(app), "what was tried before is said"

    play(session, "computer", act)
    kept = [("ethernet", "pass"), ("memory", "unknown"), ("battery", "fail")]
    assert seen_on(session) == kept
    assert session.work is None


def test_leaving_the_screen_ends_the_trial_that_runs(
    bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What ended before is kept, and goes along with what is erased afterwards."""
    begun: list[tuple[Tried, ...]] = []

    def erase(prepared: Prepared, *_: object) -> Finished:
        begun.append(prepared.context.tests)
        raise BenchLacks("host.folder.full", folder="x", needed_bytes=1)

    monkeypatch.setattr("recond.flow.guided.execute", erase)
    session = session_on(tmp_path, "fr", images(tmp_path, "alpha.img", size_bytes=MIB))
    laptop.Tree(tmp_path / "laptop").put("/proc/sys/kernel/random/boot_id", BOOT)
    session.read()
    real, session.host = session.host, replace(session.host, clock=HeldClock())
    session.try_parts(bench.plans())
    session.host = real
    assert bench.reached.wait(PATIENCE_S)
    bench.go.set()
    session.leave_trials()
    assert bench.closed.is_set()
    assert seen_on(session) == [("ethernet", "pass")]
    session.begin(session.ask())
    assert session.work is not None
    session.work.wait_over(PATIENCE_S * 2)
    assert [[(one.part, one.outcome) for one in tests] for tests in begun] == [
        [("ethernet", "pass")]
    ]


def test_a_state_that_cannot_be_written_is_said(bench: Bench, tmp_path: Path) -> None:
    (tmp_path / "state").write_text("no folder")
    trials = TrialsBeside(bench.plans(), tmp_path / "state", laptop_host(tmp_path))
    assert trials.wait(PATIENCE_S)
    assert isinstance(trials.failure, BenchLacks)
    assert trials.tests == ()


class HeldKeyboard:
    """Keys that came, and then nothing until the test lets go."""

    def __init__(self, *codes: int) -> None:
        self._says = [pressed(*codes)]
        self.reached, self.go = threading.Event(), threading.Event()

    def open_input(self, _node: str, *, hold: bool = False) -> HeldKeyboard:
        assert hold
        return self

    def read(self) -> tuple[InputEvent, ...]:
        if self._says:
            return parse_events(self._says.pop())
        self.reached.set()
        assert self.go.wait(PATIENCE_S)
        return ()

    def axis(self, _code: int) -> None:
        return None

    def close(self) -> None:
        pass


@pytest.mark.parametrize(("lang", "layout"), [("fr", "fr"), ("en", "us")])
def test_the_keyboard_is_drawn_with_the_keys_that_came_in_brackets(
    lang: Lang, layout: str, bench: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keyboard = HeldKeyboard(1, 59, 3, 16, 30, 28, 57, 105)  # Escape, F1, é or 2, A, Q, …
    del bench  # its time zone is wanted, its trials are not
    session = shown_session(tmp_path, lang)
    tree = laptop.Tree(tmp_path / "laptop")
    tree.put("/proc/sys/kernel/random/boot_id", BOOT)
    tree.put("/etc/default/keyboard", f'XKBLAYOUT="{layout}"')
    device = "/sys/class/input/event0/device"
    tree.put(f"{device}/name", "AT keyboard\n")
    tree.put(f"{device}/capabilities/key", f"{KEYS}\n")
    senses = cast(Senses, keyboard)
    session.host = replace(session.host, clock=HeldClock(), senses=senses)
    plans = plan_parts(("keyboard",), 1)
    monkeypatch.setattr("recond.guided.step_trials.plan_parts", lambda *_: plans)

    async def act(app: GuidedApp, pilot: Pilot[None]) -> None:
        await pilot.press("t", "enter")
        try:
            assert keyboard.reached.wait(PATIENCE_S)
            cast(TrialsStep, app.screen).look()
            await pilot.pause()
            await check_sizes(app, pilot, lang, "trials-keyboard")
        finally:
            keyboard.go.set()
        assert session.trials is not None
        assert session.trials.wait(PATIENCE_S)

    play(session, "computer", act)
    (one,) = read_parts(session.state, session.host)
    assert dict(one.said.args)["n"] == 8
