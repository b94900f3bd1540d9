"""Who sits here is asked once: kept for the day, for this start, for this user, and never believed
blindly."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from textual.events import Key
from textual.pilot import Pilot

from recond.commands.sitting import seated
from recond.errors import UsageError
from recond.flow.config import Overrides
from recond.flow.guided import order_for
from recond.flow.run.run import Order
from recond.flow.sitting import (
    FILE,
    Sitting,
    end_sitting,
    keep_sitting,
    read_sitting,
    with_sitting,
)
from recond.guided.app import GuidedApp
from recond.guided.session import GuidedSession
from recond.guided.words import GuidedWords
from recond.host import Host
from tests.cli.command import recond
from tests.guided.stage import (
    MIB,
    HeldClock,
    check_screen,
    images,
    laptop_host,
    play,
    session_on,
    text_of,
)

SAID = Sitting("Camille", "L7", "Mairie de Lyon")


class TomorrowClock(HeldClock):
    def now(self) -> str:
        return "2026-11-26T04:11:30.123Z"


@pytest.fixture
def host(tmp_path: Path) -> Host:
    return replace(laptop_host(tmp_path), clock=HeldClock())


def test_it_holds_until_the_next_day_or_the_next_start(host: Host, tmp_path: Path) -> None:
    state = tmp_path / "state"
    assert read_sitting(state, host) is None
    keep_sitting(state, host, SAID)
    assert read_sitting(state, host) == SAID
    assert (state / FILE).stat().st_mode & 0o777 == 0o600
    assert read_sitting(state, replace(host, clock=TomorrowClock())) is None
    kept = json.loads((state / FILE).read_bytes())
    (state / FILE).write_text(json.dumps({**kept, "boot": "another start"}))
    assert read_sitting(state, host) is None
    keep_sitting(state, host, SAID)
    end_sitting(state)
    assert read_sitting(state, host) is None


def at(host: Host, uptime_s: int) -> None:
    """The kernel's own clock, which nobody sets."""
    file = host.files.at("/proc/uptime")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"{uptime_s}.37 99.00\n")


def test_a_clock_that_is_set_back_brings_no_sitting_back(host: Host, tmp_path: Path) -> None:
    """The day and the start were those of the day before: its operator stood on certificates."""
    state = tmp_path / "state"
    at(host, 500)
    keep_sitting(state, host, SAID)
    at(host, 510)
    assert read_sitting(state, host) == SAID
    at(host, 499)
    assert read_sitting(state, host) is None, "not of this boot"
    at(host, 500 + 24 * 3600)
    assert read_sitting(state, host) is None
    host.files.at("/proc/uptime").unlink()
    assert read_sitting(state, host) is None, "what the kernel does not tell now revives nothing"
    kept = json.loads((state / FILE).read_bytes())
    for change in ({"until_s": 1 << 60}, {"from_s": None, "until_s": None}, {"from_s": True}):
        at(host, 510)
        (state / FILE).write_text(json.dumps({**kept, **change}))
        assert read_sitting(state, host) is None
    (state / FILE).write_text(json.dumps(kept))
    assert read_sitting(state, host) == SAID


@pytest.mark.parametrize(
    "change",
    [
        {"lot": "L7\x1b[2J"},
        {"lot": "L7\nEFFACÉ"},
        {"donor": "x" * 81},
        {"donor": ""},
        {"operator": ["Camille"]},
        {"operator": 7},
        {"operator": "Cam\u202eille"},
        {"schema": "recond.sitting/2"},
    ],
)
def test_a_file_that_says_anything_else_is_no_sitting(
    change: dict[str, object], host: Host, tmp_path: Path
) -> None:
    keep_sitting(tmp_path, host, SAID)
    kept = json.loads((tmp_path / FILE).read_bytes())
    (tmp_path / FILE).write_text(json.dumps({**kept, **change}), encoding="utf-8")
    assert read_sitting(tmp_path, host) is None


@pytest.mark.parametrize("raw", [b"", b"[]", b"\xff", b"{" * 99, b" " * (1 << 15) + b"{}"])
def test_a_file_that_is_no_document_is_no_sitting(raw: bytes, host: Host, tmp_path: Path) -> None:
    (tmp_path / FILE).write_bytes(raw)
    assert read_sitting(tmp_path, host) is None


def test_a_link_is_no_sitting(host: Host, tmp_path: Path) -> None:
    keep_sitting(tmp_path, host, SAID)
    (tmp_path / FILE).rename(tmp_path / "elsewhere")
    (tmp_path / FILE).symlink_to("elsewhere")
    assert read_sitting(tmp_path, host) is None


@pytest.mark.parametrize("lot", ["x" * 81, "L\udcff"], ids=["long", "no UTF-8"])
def test_what_fits_no_line_is_refused_and_nothing_is_kept(
    lot: str, host: Host, tmp_path: Path
) -> None:
    with pytest.raises(UsageError):
        keep_sitting(tmp_path / "state", host, replace(SAID, lot=lot))
    assert not (tmp_path / "state" / FILE).exists()


def test_an_option_of_the_command_wins() -> None:
    said = with_sitting(Overrides(lot="L8", property_number="7"), SAID)
    assert (said.operator, said.lot, said.donor) == ("Camille", "L8", "Mairie de Lyon")
    assert said.property_number == "7"
    assert with_sitting(Overrides(lot="L8"), None) == Overrides(lot="L8")
    private = with_sitting(Overrides(donor=""), SAID)
    assert (private.lot, private.donor) == ("L7", ""), "one computer of nobody's donation"


def test_the_command_shows_changes_and_ends_it(tmp_path: Path) -> None:
    said = recond("sitting", "--operator", "Camille", "--lot", "L7", folder=tmp_path)
    assert said.code == 0, said.stderr
    assert "opérateur Camille, lot L7" in said.stdout.replace("\u00a0", " ")
    changed = recond("sitting", "--lot", "", "--donor", "Mairie", "--json", folder=tmp_path)
    assert json.loads(changed.stdout)["sitting"] == {
        "operator": "Camille",
        "lot": None,
        "donor": "Mairie",
    }
    refused = recond("sitting", "--operator", "x" * 81, folder=tmp_path)
    assert (refused.code, "opérateur" in refused.stderr) == (2, True)
    assert (
        json.loads(recond("sitting", "--end", "--json", folder=tmp_path).stdout)["sitting"] is None
    )


def test_a_script_gets_none_of_it(tmp_path: Path) -> None:
    """What one person said this morning is not what a script of the night erases for."""
    assert recond("sitting", "--lot", "L7", folder=tmp_path).code == 0
    images(tmp_path, "a.img", size_bytes=MIB)
    arguments = ("wipe", "--image", "a.img", "--confirm", "a.img", "--out", "out")
    done = recond(*arguments, folder=tmp_path)
    assert done.code == 0, done.stderr
    (record,) = (tmp_path / "out").glob("*/record.json")
    assert json.loads(record.read_bytes())["lot"] is None


def order_of(said: Overrides) -> Order:
    place = Path("x")
    return order_for((), (), image=True, out=place, state=place, lang="fr", overrides=said)


@pytest.fixture
def answers(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[list[str]]:
    """A terminal on which these lines are typed."""
    typed: list[str] = []
    monkeypatch.setenv("RECOND_STATE", str(tmp_path / "state"))
    monkeypatch.setattr("sys.stdin.isatty", lambda: True)
    monkeypatch.setattr("builtins.input", lambda _: typed.pop(0))
    yield typed
    assert not typed


def test_a_person_at_a_terminal_is_asked_once(answers: list[str]) -> None:
    answers += ["Camille", "L\x1b7", "L7", ""]
    wanted = Overrides(operator="Camille", lot="L7")
    order = order_of(Overrides())
    assert seated(order, (), False, None, False).overrides == wanted
    assert seated(order).overrides == wanted, "and not again"
    assert seated(order_of(Overrides(lot="L8"))).overrides.lot == "L8"
    assert seated(order, ("SERIAL",)) == order


def test_who_named_the_lot_is_asked_nothing(answers: list[str]) -> None:
    order = order_of(Overrides(lot="L8"))
    assert seated(order) == order


def test_lines_that_come_in_one_go_stay_apart(tmp_path: Path) -> None:
    """As a scanner or a paste types them: nobody waits for the screen between two keys."""

    async def act(app: GuidedApp, pilot: Pilot[None]) -> None:
        await pilot.press("enter")
        for key in (*"Camille", "enter", *"L7", "enter", *"Mairie", "enter"):
            app.post_message(Key(key, "\r" if key == "enter" else key))
        await pilot.pause()
        await pilot.pause()

    session = session_on(tmp_path, "fr", images(tmp_path, "a.img", size_bytes=MIB))
    assert session.order is not None
    session.order = replace(session.order, overrides=Overrides())
    play(session, "computer", act)
    assert session.sitting == Sitting("Camille", "L7", "Mairie")


def test_the_guided_screen_asks_once_and_shows_it(tmp_path: Path) -> None:
    targets = images(tmp_path, "a.img", size_bytes=MIB)

    async def first(app: GuidedApp, pilot: Pilot[None]) -> None:
        await pilot.press("enter", *"Camille", "enter", *"L77", "backspace", "enter")
        await pilot.pause()
        check_screen("fr", "sitting", text_of(app))
        await pilot.press("enter")
        await pilot.pause()
        assert "Question 1 sur 5" in text_of(app).replace("\u00a0", " ")
        await pilot.press("escape")
        await pilot.pause()
        check_screen("fr", "computer-sitting", text_of(app))

    session = session_on(tmp_path, "fr", targets)
    assert session.order is not None
    session.order = replace(session.order, overrides=Overrides())
    play(session, "computer", first)
    assert session.prepared is not None
    context = session.prepared.context
    assert (context.operator.name, context.verifier.name) == ("Camille", "Camille")
    assert (context.lot, context.donor) == ("L7", None)

    async def second(app: GuidedApp, pilot: Pilot[None]) -> None:
        await pilot.press("enter")
        assert "Question 1" in text_of(app).replace("\u00a0", " "), "not asked again"
        await pilot.press("escape", "o", "down", "backspace", "8", "enter", "enter")
        await pilot.pause()

    order = replace(session.order, overrides=Overrides())
    again = GuidedSession(GuidedWords("fr"), session.host, session.state, order)
    again.seat(read_sitting(again.state, again.host))
    play(again, "computer", second)
    assert again.prepared is not None
    assert again.prepared.context.lot == "L8"
    kept = read_sitting(again.state, again.host)
    assert kept is not None
    assert kept.lot == "L8"


def test_a_screen_that_stood_open_over_night_asks_anew(tmp_path: Path) -> None:
    session = session_on(tmp_path, "fr", images(tmp_path, "a.img", size_bytes=MIB))
    assert session.order is not None
    session.order = replace(session.order, overrides=Overrides(donor="Mairie"))
    keep_sitting(session.state, session.host, Sitting("Camille", "L7"))
    session.seat(read_sitting(session.state, session.host))
    session.read()
    assert session.prepared is not None
    assert (session.prepared.context.operator.name, session.prepared.context.lot) == (
        "Camille",
        "L7",
    )
    session.host = replace(session.host, clock=TomorrowClock())
    session.read()
    context = session.prepared.context
    assert (context.operator.name, context.lot, context.donor) == (None, None, "Mairie")
