"""The guided screen joins a Wi-Fi, on a live system with a radio and nowhere else."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest
from textual.pilot import Pilot

from recond.flow.live.stick import Live, StickState, StickStatus, save_status
from recond.guided.app import GuidedApp
from recond.guided.plain import _join_wifi
from recond.guided.session import GuidedSession
from recond.locale import LANGS, Lang
from tests.guided.stage import HeldClock, check_sizes, play, shown_session, text_of
from tests.image.iwd import AccessPoint, FakeIwd

SECRET = "mot de passe 42"
POINTS = (
    AccessPoint("Freebox-1234", "psk", -71, "freebox-secret"),
    AccessPoint("Bricol'Café – réparation \x1b[31m", "psk", -48, SECRET),
    AccessPoint("Café d'en face", "open", -80),
    AccessPoint("eduroam", "8021x", -60),
)


def live_session(folder: Path, lang: Lang, **how: str) -> GuidedSession:
    """The laptop as a live system, with a radio that hears four networks."""
    session = shown_session(folder, lang)
    live = Live(run=folder / "run", wifi=folder / "iwd")
    live.run.mkdir()
    live.wifi.mkdir()
    save_status(live, StickStatus(StickState.SAVED))
    (folder / "laptop/sys/class/ieee80211/phy0").mkdir(parents=True)
    iwd = FakeIwd(live.wifi, POINTS, behind=session.host.processes, **how)
    session.live = live
    session.host = replace(session.host, processes=iwd, clock=HeldClock())
    return session


async def press(app: GuidedApp, pilot: Pilot[None], *keys: str) -> None:
    await pilot.press(*keys)
    await app.workers.wait_for_complete()
    await pilot.pause()


PASSWORD = tuple("space" if one == " " else one for one in SECRET)
SHOWN = (
    ("wifi-offered", ()),
    ("wifi", ("w", "down")),
    ("wifi-password", ("up", "enter", *PASSWORD, "question_mark")),
    ("wifi-refused", ("enter",)),
    ("wifi-joined", ("enter", *PASSWORD, "enter")),
    ("wifi-more", ("down", "enter")),
    ("wifi-keys", ("question_mark",)),
)
"""One sitting: each picture with the keys that lead to it from the one before."""


@pytest.mark.parametrize("lang", LANGS)
def test_each_picture_of_a_sitting(lang: Lang, tmp_path: Path) -> None:
    async def act(app: GuidedApp, pilot: Pilot[None]) -> None:
        for name, keys in SHOWN:
            await press(app, pilot, *keys)
            await check_sizes(app, pilot, lang, name)
            await pilot.resize_terminal(80, 25)
            await pilot.pause()

    play(live_session(tmp_path, lang), "computer", act)


def test_nothing_is_erased_and_one_comes_back(tmp_path: Path) -> None:
    session = live_session(tmp_path, "fr")

    async def act(app: GuidedApp, pilot: Pilot[None]) -> None:
        await press(app, pilot, "w", "enter", *PASSWORD, "escape")
        assert "> Bricol" in text_of(app)
        await press(app, pilot, "escape")
        assert "1 sur 6" in text_of(app).replace("\u00a0", " ")
        assert "W : Wi-Fi" in text_of(app).replace("\u00a0", " ")

    play(session, "computer", act)
    assert not list(session.live.wifi.iterdir())
    assert session.work is None


@pytest.mark.parametrize("lacks", ["stick", "radio"])
def test_elsewhere_the_key_does_nothing(lacks: str, tmp_path: Path) -> None:
    """An installed computer's network is its owner's."""
    session = live_session(tmp_path, "fr")
    if lacks == "stick":
        session.live.status.unlink()
    else:
        (tmp_path / "laptop/sys/class/ieee80211/phy0").rmdir()

    async def act(app: GuidedApp, pilot: Pilot[None]) -> None:
        before = text_of(app)
        assert "Wi-Fi" not in before
        await press(app, pilot, "w")
        assert text_of(app) == before

    play(session, "computer", act)
    assert isinstance(session.host.processes, FakeIwd)
    assert session.host.processes.asked == []


def test_line_by_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    session = live_session(tmp_path, "fr")
    answers = iter(["o", "1", SECRET])
    monkeypatch.setattr(sys.stdin, "isatty", lambda: True)
    monkeypatch.setattr("builtins.input", lambda _: next(answers))
    _join_wifi(session)
    said = capsys.readouterr().out.replace("\u00a0", " ")
    assert "  1. Bricol'Café – réparation \\u001b[3… fort" in said
    assert "\x1b" not in said
    assert "adresse 192.168.1.77" in said
    assert [file.suffix for file in session.live.wifi.iterdir()] == [".psk"]
