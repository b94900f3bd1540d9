"""A look at the computer that ends late changes nothing of what a person sees and confirms."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from textual.pilot import Pilot

from recond.errors import SafetyRefusal
from recond.flow.run.run import Order, Prepared
from recond.flow.run.run import prepare as real_prepare
from recond.guided.app import GuidedApp
from recond.guided.session import GuidedSession
from recond.host import Host
from tests.guided.stage import MIB, images, play, session_on, text_of

PATIENCE_S = 60


class SlowLook:
    """`prepare`, of which the call `slow` (from 0) waits until it is let go."""

    def __init__(self, slow: int) -> None:
        self._slow, self._calls, self._counting = slow, 0, threading.Lock()
        self.waits, self.go, self.over = threading.Event(), threading.Event(), threading.Event()

    def __call__(self, order: Order, host: Host) -> Prepared:
        with self._counting:
            number, self._calls = self._calls, self._calls + 1
        found = real_prepare(order, host)
        if number == self._slow:
            self.waits.set()
            assert self.go.wait(PATIENCE_S)
        return found


def watched(session: GuidedSession, look: SlowLook, monkeypatch: pytest.MonkeyPatch) -> None:
    """Have `look` prepare, and tell when a reading that was slow is wholly over."""
    read = GuidedSession.read

    def told(one: GuidedSession, *number: int) -> None:
        read(one, *number)
        if look.go.is_set():
            look.over.set()

    monkeypatch.setattr("recond.guided.session.prepare", look)
    monkeypatch.setattr(GuidedSession, "read", told)


async def until(pilot: Pilot[None], session: GuidedSession) -> None:
    """Wait until the computer has been read."""
    for _ in range(PATIENCE_S * 50):
        if session.prepared is not None:
            break
        await pilot.pause(0.02)
    await pilot.pause()


def test_a_late_look_erases_nothing_that_was_unticked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Of three looks the second ends while the list of two disks is being confirmed."""
    targets = images(tmp_path, "alpha.img", "beta.img", "gamma.img", size_bytes=MIB)
    session, look = session_on(tmp_path, "en", targets), SlowLook(1)
    watched(session, look, monkeypatch)

    async def act(app: GuidedApp, pilot: Pilot[None]) -> None:
        await pilot.press("f5")
        assert look.waits.wait(PATIENCE_S)
        await pilot.press("f5")
        await until(pilot, session)
        await pilot.press("enter", "p", "space", "enter")  # alpha is unticked
        shown = text_of(app)
        assert "ERASE 2" in shown
        assert "alpha.img" not in shown
        chosen = session.chosen
        look.go.set()
        assert look.over.wait(PATIENCE_S)
        await pilot.pause()
        assert session.chosen == chosen
        assert text_of(app) == shown
        await pilot.press(*"ERASE2", "enter")
        assert session.work is not None
        session.work.wait_over(PATIENCE_S)

    play(session, "computer", act)
    kept = [Path(target).name for target in targets if b"DONOR" in Path(target).read_bytes()]
    assert kept == ["alpha.img"]


def test_an_older_look_never_replaces_a_newer_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session, look = session_on(tmp_path, "en", images(tmp_path, "a.img")), SlowLook(0)
    watched(session, look, monkeypatch)
    older = threading.Thread(target=session.read)
    older.start()
    assert look.waits.wait(PATIENCE_S)
    session.read()
    newer = session.prepared
    assert newer is not None
    session.chosen = frozenset()
    look.go.set()
    older.join(PATIENCE_S)
    assert session.prepared is newer
    assert session.chosen == frozenset()


def test_what_is_begun_is_what_was_shown(tmp_path: Path) -> None:
    """Whatever changes the session behind the confirmation, only its own disks are written."""
    targets = images(tmp_path, "alpha.img", "beta.img", size_bytes=MIB)
    session = session_on(tmp_path, "en", targets)
    session.read()
    session.chosen = frozenset(targets[1:])
    asked = session.ask()
    session.chosen = frozenset(targets)
    session.begin(asked)
    assert session.work is not None
    session.work.wait_over(PATIENCE_S)
    assert [b"DONOR" in Path(target).read_bytes() for target in targets] == [True, False]
    with pytest.raises(SafetyRefusal):
        session.begin(asked)  # once


def test_what_is_not_shown_any_more_is_refused(tmp_path: Path) -> None:
    (target,) = images(tmp_path, "alpha.img", size_bytes=MIB)
    session = session_on(tmp_path, "en", (target,))
    session.read()
    former = session.ask()
    session.ask()
    with pytest.raises(SafetyRefusal):
        session.begin(former)
    looked = session.ask()
    session.read()
    with pytest.raises(SafetyRefusal):
        session.begin(looked)
    assert session.work is None
    assert b"DONOR" in Path(target).read_bytes()
