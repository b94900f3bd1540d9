"""The whole job by key strokes on disk images, and what must not hurt it: a screen that breaks."""

from __future__ import annotations

import json
import re
import threading
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest
from textual.pilot import Pilot

from recond.census import Place
from recond.certify.pages.details import _answer
from recond.errors import BenchLacks
from recond.flow.answers import said_of
from recond.flow.guided import QUESTIONS, outside_paths, take_nap, with_answers
from recond.flow.run.background import MOST_HEARD, BackgroundRun
from recond.flow.run.run import Prepared
from recond.flow.run.unfinished import Left, OpenRun
from recond.flow.runfolder import OnEvent, RunFolder
from recond.flow.verify.files import verify_paths
from recond.guided import start as starting
from recond.guided.app import GuidedApp
from recond.guided.computer import computer_lines
from recond.guided.confirm import are_together
from recond.guided.progress import Board
from recond.guided.session import GuidedSession
from recond.guided.step_progress import ProgressStep
from recond.guided.words import GuidedWords, texts
from recond.host import Host
from recond.host.journalfile import JournalFile
from recond.locale import Lang
from recond.model import Json, Known, Message
from recond.progress import Phase, ProgressEvent, WorkerEnd, ended
from tests.guided.stage import MIB, HeldClock, images, play, session_on, shown_session, text_of

TYPED = ("l", "p", "h", "a", "enter")
BETA = ("b", "e", "t", "a", "enter")


async def to_the_end(session: GuidedSession, app: GuidedApp, pilot: Pilot[None]) -> None:
    """Wait for the erasure, then let the screen look."""
    assert session.work is not None
    assert session.work.wait(120)
    assert isinstance(app.screen, ProgressStep)
    app.screen.look()
    await pilot.pause()


def record_of(folder: Path) -> dict[str, Json]:
    (file,) = (folder / "out").glob("*/record.json")
    return cast("dict[str, Json]", json.loads(file.read_bytes()))


def test_a_volunteer_erases_two_disks_with_the_keyboard_alone(tmp_path: Path) -> None:
    targets = images(tmp_path, "alpha.img", "beta.img")
    session = session_on(tmp_path, "fr", targets)

    async def act(app: GuidedApp, pilot: Pilot[None]) -> None:
        assert "ThinkPad" in text_of(app)
        await pilot.press("enter", "down", "down", "enter", *("enter",) * 4)
        assert "Les disques" in text_of(app)
        await pilot.press("enter", *TYPED)
        assert b"DONOR" in Path(targets[0]).read_bytes()[:64], "the second is not confirmed yet"
        await pilot.press(*BETA)
        await pilot.pause()
        await to_the_end(session, app, pilot)
        shown = text_of(app)
        assert "Disques effacés et validés : 2 sur 2" in shown.replace("\u00a0", " ")
        await pilot.press("enter")

    play(session, "computer", act)
    assert [Path(one).read_bytes().count(b"DONOR") for one in targets] == [0, 0]
    record = record_of(tmp_path)
    assert record["answers"] == {"looks": "used"}
    erasures = cast("list[dict[str, Json]]", record["erasures"])
    assert [one["confirmed_by"] for one in erasures] == ["typed", "typed"]
    folder = next((tmp_path / "out").iterdir())
    assert verify_paths((folder,), (), state=tmp_path / "state").exit_code == 0
    assert starting._leave(session) == 0


def test_a_disk_that_is_not_ticked_is_not_touched(tmp_path: Path) -> None:
    targets = images(tmp_path, "alpha.img", "beta.img")
    before = Path(targets[0]).read_bytes()
    session = session_on(tmp_path, "en", targets)

    async def act(app: GuidedApp, pilot: Pilot[None]) -> None:
        await pilot.press("enter", "p", "space", "enter")
        assert "Disk 1 of 1" in text_of(app)
        await pilot.press(*BETA)
        await pilot.pause()
        await to_the_end(session, app, pilot)

    play(session, "computer", act)
    assert Path(targets[0]).read_bytes() == before
    assert b"DONOR" not in Path(targets[1]).read_bytes()


def test_a_scanner_types_the_whole_number_and_enter(tmp_path: Path) -> None:
    targets = images(tmp_path, "alpha.img", "beta.img")
    session = session_on(tmp_path, "fr", targets)

    async def act(app: GuidedApp, pilot: Pilot[None]) -> None:
        await pilot.press("enter", "p", "enter")
        await pilot.press(*"GAMMA", "full_stop", *"IMG", "enter")  # of no disk here
        assert "Ce n’est pas cela" in text_of(app)
        await pilot.press(*"ALPHA", "full_stop", *"IMG")
        assert "ALPHA.IMG_" in text_of(app)
        await pilot.press("enter")
        read = [line for line in text_of(app).splitlines() if line.endswith("  lu")]
        assert ["alpha.img" in line for line in read] == [True]
        await pilot.press(*"ALPHA", "full_stop", *"IMG", "enter")
        assert session.work is None, "one disk twice is not two disks"
        await pilot.press("escape")

    play(session, "computer", act)
    assert session.work is None
    assert all(b"DONOR" in Path(target).read_bytes()[:64] for target in targets)


def test_the_inventory_number_is_scanned_shown_and_recorded(tmp_path: Path) -> None:
    (target,) = images(tmp_path, "alpha.img", size_bytes=MIB)
    session = session_on(tmp_path, "fr", (target,))

    async def act(app: GuidedApp, pilot: Pilot[None]) -> None:
        await pilot.press("n", *"AQ", "minus", *"41", "escape")  # thought better of
        assert session.asset == ""
        await pilot.press("n", *"AQ", "minus", *"0042", "enter")
        assert re.search("inventaire +AQ-0042", text_of(app))
        await pilot.press("n", *["backspace"] * 7, *"AQ", "minus", *"0043", "enter")
        await pilot.press("enter", "p", "enter", *"lpha", "enter")
        assert session.work is not None
        assert session.work.wait(60)

    play(session, "computer", act)
    (record,) = (tmp_path / "out").glob("*/record.json")
    assert json.loads(record.read_bytes())["property_number"] == "AQ-0043"


def test_the_machines_own_number_is_shown_as_the_machines(tmp_path: Path) -> None:
    prepared = cast(Prepared, shown_session(tmp_path, "fr").prepared)
    tagged = replace(prepared.machine.system, asset_tag=Known("OLD-7", "smbios:3"))
    machine = replace(prepared.machine, system=tagged)
    words = GuidedWords("fr")
    shown = "\n".join(texts(computer_lines(words, replace(prepared, machine=machine), 78)))
    assert "OLD-7 (d’après la machine)" in shown
    context = replace(prepared.context, property_number="AQ-1")
    own = replace(prepared, machine=machine, context=context)
    assert "OLD-7" not in "\n".join(texts(computer_lines(words, own, 78)))


def test_eight_disks_take_one_word_and_twelve_keys(tmp_path: Path) -> None:
    """Forty-three keys before: the end of each number. From the first screen to the erasure."""
    targets = images(tmp_path, *(f"disk-{number}.img" for number in range(8)), size_bytes=MIB)
    session = session_on(tmp_path, "fr", targets)
    keys = ("enter", "p", "enter", *"EFFACER8", "enter")
    assert len(keys) == 12

    async def act(app: GuidedApp, pilot: Pilot[None]) -> None:
        await pilot.press("enter", "p", "a")
        assert session.chosen == frozenset()
        await pilot.press("a")
        assert session.chosen == frozenset(targets)
        await pilot.press("escape", "escape", *keys[:-1])
        shown = text_of(app)
        assert all(f"disk-{number}.img" in shown for number in range(8)), "read by eye"
        assert session.work is None
        await pilot.press(keys[-1])
        await pilot.pause()
        await to_the_end(session, app, pilot)

    play(session, "computer", act)
    assert [Path(one).read_bytes().count(b"DONOR") for one in targets] == [0] * 8
    record = record_of(tmp_path)
    erasures = cast("list[dict[str, Json]]", record["erasures"])
    assert {one["confirmed_by"] for one in erasures} == {"typed"}


def test_all_leaves_out_what_is_plugged_in_from_outside(tmp_path: Path) -> None:
    """A volunteer's own backup disk hangs on USB: it is ticked by itself, and marked to the end."""
    session = shown_session(tmp_path, "fr")
    ssd, hdd, stick = (plan.path for plan in cast(Prepared, session.prepared).to_erase)

    async def act(app: GuidedApp, pilot: Pilot[None]) -> None:
        await pilot.press("a")
        assert session.chosen == frozenset()
        await pilot.press("a")
        assert session.chosen == {ssd, hdd}
        assert "1 disque externe" in text_of(app).replace("\u00a0", " ")
        await pilot.press("down", "down", "space", "up", "space", "a")
        assert session.chosen == {ssd, hdd, stick}, "one that was ticked by itself stays"
        assert "non coché" not in text_of(app)
        await pilot.press("enter")
        (line,) = (one for one in text_of(app).splitlines() if "DataTraveler" in one)
        assert "USB, externe" in line
        assert "1 de ces disques est externe" in text_of(app).replace("\u00a0", " ")
        assert session.work is None

    play(session, "disks", act)


def test_a_disk_in_a_declared_dock_is_not_from_outside(tmp_path: Path) -> None:
    prepared = cast(Prepared, shown_session(tmp_path, "fr").prepared)
    usb = prepared.plans[2]
    machine = prepared.machine
    census = machine.census
    assert isinstance(census, Known)
    medium = census.value.media[0]
    (own,) = (one for one in machine.disks if one.path in medium.paths)
    moved = replace(own, path=usb.path, paths=(usb.path,), bus=Known("usb", "x"))

    def placed(place: Place) -> Prepared:
        there = replace(medium, paths=(usb.path,), place=place)
        found = replace(census.value, media=(there,))
        return replace(
            prepared, machine=replace(machine, disks=(moved,), census=replace(census, value=found))
        )

    assert outside_paths(placed(Place.USB), (usb,)) == {usb.path}
    assert outside_paths(placed(Place.DOCK), (usb,)) == frozenset()
    assert outside_paths(None, (usb,)) == {usb.path}


@pytest.mark.parametrize("word", ["EFFACER", "EFFACER3", "ERASE2", "2", "FFACER2", "", "g"])
def test_another_word_than_the_one_that_is_asked_for_begins_nothing(
    word: str, tmp_path: Path
) -> None:
    targets = images(tmp_path, "alpha.img", "beta.img")
    session = session_on(tmp_path, "fr", targets)

    async def act(app: GuidedApp, pilot: Pilot[None]) -> None:
        await pilot.press("enter", "p", "enter", *word, "enter")
        await pilot.pause()
        assert "Ce n’est pas cela" in text_of(app)

    play(session, "computer", act)
    assert session.work is None


def test_no_word_confirms_disks_that_are_not_all_in_sight_or_not_told_by_a_number(
    tmp_path: Path,
) -> None:
    prepared = cast(Prepared, shown_session(tmp_path, "fr").prepared)
    one = prepared.plans[0]
    twelve = tuple(replace(one, path=f"/dev/x{number}") for number in range(12))
    assert are_together(twelve, None)
    assert not are_together((*twelve, one), None)
    assert are_together((*twelve, one), None, most=13)
    assert not are_together((one,), None)
    assert not are_together((one, replace(one, place="USB 2-4")), None)
    stopped = OpenRun(RunFolder(tmp_path), Left.STOPPED, {})
    assert not are_together(twelve, stopped)


def test_after_the_last_disk_the_certificate_is_said_and_nothing_can_be_stopped(
    tmp_path: Path,
) -> None:
    session = shown_session(tmp_path, "fr")
    go_on = threading.Event()
    session.board = Board.of({"d": cast(Prepared, session.prepared).plans[0]})
    session.work = BackgroundRun(lambda *_: cast(None, go_on.wait() and None), HeldClock())
    work = session.work

    async def act(app: GuidedApp, pilot: Pilot[None]) -> None:
        work._hear("d", ProgressEvent(Phase.WRITE, 0, 1, 2, 1, 2))
        cast(ProgressStep, app.screen).look()
        await pilot.pause()
        assert "S : arrêter" in text_of(app).replace("\u00a0", " ")
        work._hear("d", ended(WorkerEnd.COMPLETED))
        cast(ProgressStep, app.screen).look()
        await pilot.pause()
        shown = text_of(app).replace("\u00a0", " ")
        assert "Certificat en cours" in shown
        assert "S : arrêter" not in shown
        assert "/s" not in shown
        await pilot.press("s", "o")
        assert work.stops.count == 0
        go_on.set()

    play(session, "progress", act)


def _fail(*_: object) -> None:
    raise BenchLacks("host.folder.full", folder="x", needed_bytes=1)


@pytest.mark.parametrize(("fails", "tone", "rings"), [(False, "good", 1), (True, "bad", 3)])
def test_the_end_is_told_by_colour_and_by_ringing(
    fails: bool, tone: str, rings: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Told from across the room, and by who does not see red from green too."""
    rung: list[int] = []
    monkeypatch.setattr(GuidedApp, "bell", lambda _: rung.append(1))
    monkeypatch.setattr("recond.guided.step_result.RING_EVERY_S", 0.01)
    session = session_on(tmp_path, "fr", images(tmp_path, "alpha.img", size_bytes=MIB))
    session.bell = True
    session.read()
    session.begin(session.ask())
    assert session.work is not None
    session.work.wait_over(120)
    if fails:
        session.work = BackgroundRun(_fail, HeldClock())
        session.work.wait_over(60)

    async def act(app: GuidedApp, pilot: Pilot[None]) -> None:
        for _ in range(100):
            if len(rung) >= rings:
                break
            await pilot.pause(0.02)
        assert app.screen.has_class(tone)
        ground = app.screen.query_one("#beside").styles.background
        assert ground.hex == {"good": "#00AA00", "bad": "#AA0000"}[tone]
        assert len(rung) == rings

    play(session, "result", act)


def test_the_bar_says_that_more_is_below_only_while_it_is(tmp_path: Path) -> None:
    session = shown_session(tmp_path, "fr")
    prepared = cast(Prepared, session.prepared)
    plans = tuple(replace(prepared.plans[0], path=f"/dev/x{number}") for number in range(25))
    session.prepared = replace(prepared, plans=plans)

    async def act(app: GuidedApp, pilot: Pilot[None]) -> None:
        assert "(la suite" in text_of(app)
        await pilot.press("up")  # from the first to the last
        await pilot.pause()
        assert "(la suite" not in text_of(app)
        assert "Il manque un disque" in text_of(app)
        await pilot.press("down")
        await pilot.pause()
        assert "(la suite" in text_of(app)

    play(session, "disks", act)


@pytest.mark.parametrize(
    "keys",
    [
        ("enter",),
        (".", "i", "m", "g", "enter"),  # the ending of every image
        ("l", "p", "h", "enter"),
        ("a", *TYPED[:3], "enter"),
        (*TYPED[:4], "escape"),
        (*TYPED[:4], "ctrl+q"),
        (*TYPED[:4], "backspace", "enter"),
    ],
)
def test_nothing_begins_without_the_right_characters(keys: tuple[str, ...], tmp_path: Path) -> None:
    targets = images(tmp_path, "alpha.img")
    before = Path(targets[0]).read_bytes()
    session = session_on(tmp_path, "fr", targets)

    async def act(app: GuidedApp, pilot: Pilot[None]) -> None:
        await pilot.press("enter", "p", "enter")
        assert "a[lpha].img" in "".join(text_of(app).split())
        await pilot.press(*keys)
        await pilot.pause()

    play(session, "computer", act)
    assert session.work is None
    assert Path(targets[0]).read_bytes() == before
    assert not list((tmp_path / "out").iterdir())


def test_a_refused_disk_cannot_be_taken(tmp_path: Path) -> None:
    session = shown_session(tmp_path, "fr")

    async def act(app: GuidedApp, pilot: Pilot[None]) -> None:
        await pilot.press("space", "down", "space", "up", "up", "space")
        assert session.chosen == frozenset()
        await pilot.press("enter")
        assert "Choisissez au moins un disque" in text_of(app)

    play(session, "disks", act)


def test_what_stands_in_the_way_is_said_and_tried_again(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("no folder")
    session = session_on(tmp_path, "fr", images(tmp_path, "alpha.img"))

    async def act(app: GuidedApp, pilot: Pilot[None]) -> None:
        assert "On ne peut pas commencer" in text_of(app)
        await pilot.press("enter")
        assert "On ne peut pas commencer" in text_of(app)
        (tmp_path / "state").unlink()
        await pilot.press("f5")
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert "ThinkPad" in text_of(app)

    play(session, "computer", act)
    (tmp_path / "state2").write_text("no folder")
    session.problem, session.work = BenchLacks("host.folder.full", folder="x", needed_bytes=1), None
    with pytest.raises(BenchLacks):
        starting._leave(session)


@pytest.mark.parametrize(("lang", "yes"), [("fr", "o"), ("en", "y"), ("en", "O")])
def test_a_stop_is_asked_for_and_meant(lang: Lang, yes: str, tmp_path: Path) -> None:
    """The key that asks never answers: it may be held down, or pressed twice in haste."""
    session = shown_session(tmp_path, lang)
    go_on = threading.Event()

    def wait(*_: object) -> None:
        go_on.wait()

    session.work = BackgroundRun(wait, HeldClock())
    work = session.work

    async def act(app: GuidedApp, pilot: Pilot[None]) -> None:
        await pilot.press(yes, *("s",) * 10, "n", yes, "s", "escape", yes)
        assert work.stops.count == 0
        await pilot.press("s", "s", yes, yes)
        assert (work.stops.count, work.stops.number) == (1, 2)
        await pilot.press(*("s",) * 10, "escape", yes)
        assert work.stops.count == 1
        await pilot.press("s", "s", yes, "s", yes)
        assert work.stops.count == 2
        assert ("ARRÊT NET" if lang == "fr" else "AT ONCE") in text_of(app)
        go_on.set()

    play(session, "progress", act)


def test_a_stopped_erasure_is_said_to_be_none(tmp_path: Path) -> None:
    targets = images(tmp_path, "alpha.img", size_bytes=256 << 20)
    session = session_on(tmp_path, "fr", targets)

    async def act(app: GuidedApp, pilot: Pilot[None]) -> None:
        await pilot.press("enter", "p", "enter", *TYPED)
        assert session.work is not None
        session.work.stop()
        await pilot.pause()
        await to_the_end(session, app, pilot)
        assert "validés : 0 sur 1" in text_of(app).replace("\u00a0", " ")
        await pilot.press("d")
        assert "INTERROMPU" in text_of(app)

    play(session, "computer", act)
    assert starting._leave(session) == 130


# --- A screen that breaks ---------------------------------------------------------------------


def test_a_crash_of_the_screen_does_not_stop_the_erasure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """The screen breaks at its first look at the erasure; the dialogue takes over and ends it."""
    targets = images(tmp_path, "alpha.img")
    session = session_on(tmp_path, "fr", targets)
    session.read()

    async def nothing(*_: object) -> None:
        pytest.fail("the screen did not break")

    def broken(*_: object) -> None:
        raise RuntimeError("a mistake of the screen")

    def crash(app: GuidedApp) -> None:
        session.begin(session.ask())
        monkeypatch.setattr(ProgressStep, "redraw", broken)
        with pytest.raises(RuntimeError):
            play(session, "progress", nothing)
        app._return_code = 1

    monkeypatch.setattr(GuidedApp, "run", crash)
    starting._draw(session, "computer")
    said = capsys.readouterr()
    assert "L’écran guidé s’est arrêté" in said.err
    assert "Disques effacés et validés" in said.out
    assert b"DONOR" not in Path(targets[0]).read_bytes()
    assert starting._leave(session) == 0


def test_work_keeps_what_it_failed_of_and_forgets_the_oldest() -> None:
    def task(on_event: OnEvent, _: object) -> None:
        for number in range(MOST_HEARD + 5):
            on_event("d", ProgressEvent(Phase.WRITE, done=number))
        raise BenchLacks("host.folder.full", folder="x", needed_bytes=1)

    work = BackgroundRun(task, HeldClock())
    work.wait_over(60)
    assert isinstance(work.failure, BenchLacks)
    assert work.finished is None
    heard = work.heard()
    assert (len(heard), heard[0].event.done) == (MOST_HEARD, 5)
    assert work.heard() == ()


def test_what_failed_is_said_and_raised(tmp_path: Path) -> None:
    session = shown_session(tmp_path, "fr")

    def task(*_: object) -> None:
        raise RuntimeError("ours")

    session.work = BackgroundRun(task, HeldClock())
    session.work.wait_over(60)

    async def act(app: GuidedApp, pilot: Pilot[None]) -> None:
        shown = text_of(app)
        assert "PAS DE CERTIFICAT" in shown
        assert "RuntimeError ours" in shown

    play(session, "result", act)
    with pytest.raises(RuntimeError):
        starting._leave(session)


@pytest.mark.parametrize(
    ("played", "said"), [(True, "La carte son a joué le son"), (False, "Aucune carte son")]
)
def test_the_sound_is_tried_and_the_answer_stays_the_persons(
    played: bool, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("recond.guided.step_questions.try_sound", lambda _: played)
    session = shown_session(tmp_path, "fr")

    async def act(app: GuidedApp, pilot: Pilot[None]) -> None:
        await pilot.press("enter", "enter", "enter", "t")
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert said in text_of(app)
        await pilot.press("enter")
        assert said not in text_of(app)
        assert session.answers == {}, "a sound that was played was not heard by itself"

    play(session, "questions", act)


# --- A frozen drive ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("can", "why_not", "said"),
    [
        (True, "", "Cet ordinateur"),
        (True, "guided.nap.failed", "pas dormi"),
        (True, "guided.nap.busy", "pas de veille"),
        (False, "", "ne sait pas dormir"),
    ],
)
def test_a_frozen_drive_is_freed_by_a_nap(
    can: bool, why_not: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    naps: list[str] = []

    def slept(*_: object) -> str:
        naps.append(why_not)
        return why_not

    monkeypatch.setattr("recond.flow.guided.can_nap", lambda _: can)
    monkeypatch.setattr("recond.guided.step_disks.take_nap", slept)
    session = shown_session(tmp_path, "fr")
    prepared = cast(Prepared, session.prepared)
    first = replace(prepared.plans[0], notes=(Message("drive.note.frozen"),))

    async def act(app: GuidedApp, pilot: Pilot[None]) -> None:
        await pilot.press("v")
        await app.workers.wait_for_complete()
        assert not naps, "nothing is frozen: no nap"
        session.prepared = replace(prepared, plans=(first, *prepared.plans[1:]))
        await pilot.press("down", "v")
        await app.workers.wait_for_complete()
        await pilot.pause()
        assert said in text_of(app)
        assert len(naps) == can

    play(session, "disks", act)


def test_no_nap_while_something_is_erased(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[bool] = []

    def sleep(*_: object) -> bool:
        slept.append(True)
        return True

    monkeypatch.setattr("recond.flow.guided.nap", sleep)
    journal = empty_run(tmp_path).journal("d")
    writer = JournalFile.create(journal)
    writer.append(b'{"kind": "open", "data": {}}\n')
    assert take_nap(tmp_path, Host()) == "guided.nap.busy"
    assert not slept
    writer.close()
    assert take_nap(tmp_path, Host()) == ""
    assert slept


def empty_run(state: Path) -> RunFolder:
    folder = RunFolder(state / "runs" / "20261124-000000-aaaaaaaa")
    (folder.path / "journals").mkdir(parents=True)
    return folder


# --- The operator's word ----------------------------------------------------------------------


def test_answers_go_into_the_record_and_the_judgement(tmp_path: Path) -> None:
    session = session_on(tmp_path, "fr", images(tmp_path, "alpha.img"))
    assert session.order is not None
    session.order = replace(session.order, profiles=("emmaus-connect",))
    session.read()
    prepared = cast(Prepared, session.prepared)
    plain = with_answers(prepared, {})
    looks = {word: with_answers(prepared, {"looks": word}) for word in QUESTIONS["looks"]}
    assert plain.context.answers == ()
    assert looks["good"].context.answers == (("looks", "good"),)
    points = {word: one.assessments[0].points for word, one in looks.items()}
    assert points["good"] is not None
    assert points["damaged"] is not None
    assert points["good"][0] > points["damaged"][0]


def test_the_guided_screen_grades_by_machine_and_answers(tmp_path: Path) -> None:
    """The battery of this laptop lost 27 %, which is no reason for less than an A."""
    session = session_on(tmp_path, "fr", images(tmp_path, "alpha.img"))
    assert session.order is not None
    session.order = replace(session.order, answers=said_of((), "Chargeur absent"))

    async def act(app: GuidedApp, pilot: Pilot[None]) -> None:
        assert "C-A" in text_of(app)
        await pilot.press("enter", "p")
        assert "grade entre C et A" in text_of(app)
        await pilot.press("escape")
        for key, values in QUESTIONS.items():
            assert (key, values[0]) in {("looks", "good"), (key, "works")}
            await pilot.press("down", "enter")
        assert "grade A" in text_of(app)
        await pilot.press("escape", "n", *"BOS", "backspace", *"S?", "f1", "n", "enter")
        assert "Remarque : Chargeur absentBOS?" in text_of(app).replace("\u00a0", " ")
        await pilot.press("down", "enter", "p")
        assert "grade B" in text_of(app)
        await pilot.press("question_mark", "enter")  # any key: it closes the list, and no more
        assert "grade B" in text_of(app)

    play(session, "computer", act)
    prepared = with_answers(cast(Prepared, session.prepared), session.answers)
    assert dict(prepared.context.answers)["note"] == "Chargeur absentBOS?"
    session.answer_note(" ")
    assert "note" not in dict(with_answers(prepared, session.answers).context.answers)
    assert dict(prepared.context.answers)["looks"] == "used"
    assert [one.category for one in prepared.assessments] == [None, None, "B"]


def test_the_certificate_says_the_answers_in_words() -> None:
    assert _answer("looks", "used", "fr") == ("Aspect", "des traces d’usage")
    assert _answer("camera", "absent", "en") == ("Camera", "there is none")
    assert _answer("sticker", "7", "fr") == ("sticker", "7")
    assert _answer("note", "Chargeur absent", "fr") == ("Remarque", "Chargeur absent")
