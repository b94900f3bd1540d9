"""What is left of a computer at the end, and a person's word on it, by the keyboard."""

from __future__ import annotations

import dataclasses
from dataclasses import replace
from pathlib import Path

import pytest
from textual.pilot import Pilot

from recond.census import Census, Kind, Look, Reach, Said, StorageMedium, Suspicion
from recond.computer import Overall, conclude
from recond.erasure import Bench, Context, DiskIdentity, Person
from recond.flow.guided import end_of
from recond.flow.run.attach import follow
from recond.flow.run.background import BackgroundRun
from recond.flow.run.run import NOT_WHOLE, certify_run, finished_of
from recond.flow.runfolder import RunFacts, RunFolder, begin_run, make_run
from recond.guided.app import GuidedApp
from recond.guided.letters import HEIGHT, big_lines
from recond.guided.plain import show_end
from recond.guided.result import detail_lines, result_lines
from recond.guided.session import GuidedSession
from recond.guided.words import GuidedWords, texts
from recond.host import Host
from recond.inspect.machine import read_tables
from recond.inspect.system import read_system
from recond.locale import LANGS, Lang, text
from recond.model import Known, Message, Unknown, Why
from recond.workshop import Workshop
from tests.certify.papers import disk
from tests.computers import medium_of
from tests.flow.bench import quiet
from tests.guided.stage import check_screen, laptop_host, play, text_of
from tests.upload.erased import BLOCK, DISK_BYTES
from tests.upload.erased import journal as erased_journal
from tests.upload.records import notebook

RUN, AT = "20261128-100000-0000abcd", "2026-11-28T10:00:00.000Z"
INNER, SECOND = (
    dataclasses.replace(
        disk(n), size_bytes=DISK_BYTES, logical_block_bytes=BLOCK, physical_block_bytes=BLOCK
    )
    for n in (1, 2)
)
CRUSHED = medium_of(SECOND, "/dev/sdb")
SUSPICION = Suspicion(
    "vmd@0000:00:0e.0",
    "0000:00:0e.0",
    Message.of("inspect.census.what.vmd_empty", place="0000:00:0e.0"),
    Message("inspect.census.todo.vmd_empty"),
)


def ended(
    folder: Path, *media: StorageMedium, of: DiskIdentity = INNER, suspicions: bool = False
) -> tuple[RunFolder, Host]:
    """A run with --all whose one disk is erased, in a computer with these other media."""
    host = laptop_host(folder)
    census = Census(AT, (medium_of(of), *media), (), (), tuple(Look), ())
    census = replace(census, suspicions=(SUSPICION,) if suspicions else ())
    here = read_system(host.files, read_tables(host))  # the run is certified where it began
    machine = replace(notebook(), system=here, disks=(), devices=(), census=Known(census, "census"))
    context = Context(
        Workshop("Atelier"), Person("Ada"), Person("Ada"), Bench("0" * 16, None, False, None)
    )
    facts = RunFacts(RUN, AT, str(folder / "out"), "fr", context, machine, (), whole=True)
    run = make_run(folder / "state", RUN)
    begin_run(run, facts)
    run.journal("one").write_bytes(erased_journal(RUN, of))
    certify_run(run, folder / "state", host)
    return run, host


def session_of(folder: Path, lang: Lang, run: RunFolder, host: Host) -> GuidedSession:
    session = GuidedSession(GuidedWords(lang), host, folder / "state")
    session.work = BackgroundRun(
        lambda on_event, _: follow(run, folder / "state", host, on_event), host.clock
    )
    assert session.work.wait(60)
    return session


@pytest.mark.parametrize("lang", LANGS)
def test_what_is_left_is_said_and_closed_by_a_named_word(lang: Lang, tmp_path: Path) -> None:
    run, host = ended(tmp_path, CRUSHED, suspicions=True)
    session = session_of(tmp_path, lang, run, host)
    shown: dict[str, str] = {}

    async def act(app: GuidedApp, pilot: Pilot[None]) -> None:
        async def see(name: str, *keys: str) -> None:
            await pilot.press(*keys)
            await pilot.pause()
            shown[name] = text_of(app)

        await see("result")
        await see("details", "d")
        await see("first", "d", "o")
        await see("second", "down", "down", "enter")
        await see("name", "down", "enter")
        await see("no-name", *("backspace",) * 20, "enter")
        await see("after", *"Marie", "enter")

    play(session, "result", act)
    check_screen(lang, "words-disk", shown["first"])
    check_screen(lang, "words-suspicion", shown["second"])
    check_screen(lang, "words-name", shown["no-name"])
    assert "WD-WCC6Y0000002" in shown["result"]
    assert text(lang, "certify.fate.not-chosen") in shown["details"]
    assert text(lang, "guided.words.no_name") in shown["no-name"]
    assert session.work is not None
    assert session.work.finished is not None
    record = session.work.finished.issued.record
    assert conclude(record).outcome is Overall.ACCOUNTED
    assert {(one.said, one.name) for one in record.words} == {
        (Said.DESTROYED, "Marie"),
        (Said.CHECKED, "Marie"),
    }
    assert session.work.finished.exit_code == 0
    assert text(lang, "guided.result.left") not in shown["after"]


@pytest.mark.parametrize(
    "keys",
    [
        ("o", "enter", "enter"),  # mere Enters say nothing
        ("o", "down", "enter", "escape"),
        ("o", "down", "enter", "enter", *("backspace",) * 20, "enter", "escape"),
    ],
)
def test_nothing_is_said_by_accident(keys: tuple[str, ...], tmp_path: Path) -> None:
    run, host = ended(tmp_path, CRUSHED, suspicions=True)
    session = session_of(tmp_path, "fr", run, host)

    async def act(app: GuidedApp, pilot: Pilot[None]) -> None:
        await pilot.press(*keys)
        await pilot.pause()
        assert app.screen.query_one("#code")  # back at the result

    play(session, "result", act)
    assert session.work is not None
    assert session.work.finished is not None
    assert session.work.finished.exit_code == NOT_WHOLE
    assert not run.facts().context.words


def test_line_by_line_the_same_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    run, host = ended(tmp_path, CRUSHED)
    session = session_of(tmp_path, "fr", run, host)
    for answers, code in ((("",), NOT_WHOLE), (("1", "..."), NOT_WHOLE), (("1", "Marie"), 0)):
        left = list(answers)

        def ask(_: str, left: list[str] = left) -> str:
            if not left:
                raise EOFError
            return left.pop(0)

        monkeypatch.setattr("builtins.input", ask)
        show_end(session)
        assert session.work is not None
        assert session.work.finished is not None
        assert session.work.finished.exit_code == code
    assert "EN PARTIE" in capsys.readouterr().out.replace("\u00a0", " ")
    assert [(one.said, one.name) for one in run.facts().context.words] == [(Said.REMOVED, "Marie")]


def test_an_image_or_a_dock_ends_in_the_word_of_a_disk(tmp_path: Path) -> None:
    from recond.census import Place

    run, host = ended(tmp_path, CRUSHED)
    facts = run.facts()
    assert facts.machine is not None
    assert isinstance(facts.machine.census, Known)
    census = facts.machine.census.value
    docked = replace(census, media=(replace(census.media[0], place=Place.DOCK), CRUSHED))
    machine = replace(facts.machine, census=Known(docked, "census"))
    begin_run(run, replace(facts, machine=machine))
    end = end_of(finished_of(run, certify_run(run, tmp_path / "state", host)))
    assert (end.word, end.open_ends) == ("erased-disks", ())
    shown = "\n".join(texts(result_lines(GuidedWords("fr"), end, None, 78)))
    assert "DISQUE EFFACÉ" in shown.replace("\u00a0", " ")


def test_what_nobody_looked_at_cannot_be_said_to_be_well(tmp_path: Path) -> None:
    hidden = replace(
        medium_of(replace(SECOND, serial=None, wwn=None)),
        kind=Kind.DRIVE,
        reach=Reach.HIDDEN,
        paths=(),
        key="nvme@0000:00:17.0",
    )
    run, host = ended(tmp_path, hidden)
    facts = run.facts()
    assert facts.machine is not None
    machine = replace(facts.machine, census=Unknown(Why.NOT_READ))
    begin_run(run, replace(facts, machine=machine))
    end = end_of(finished_of(run, certify_run(run, tmp_path / "state", host)))
    assert (end.word, end.open_ends) == ("unknown", ())
    assert end.doubts
    words = GuidedWords("fr")
    assert words.t("guided.result.doubt")[:20] in "\n".join(
        texts(result_lines(words, end, None, 78))
    )
    assert words.say(end.doubts[0])[:30] in "\n".join(texts(detail_lines(words, end, 78)))
    run2, host2 = ended(tmp_path / "second", hidden)
    (one,) = end_of(follow(run2, tmp_path / "second" / "state", host2, quiet)).open_ends
    assert one.may == (Said.REMOVED, Said.DESTROYED)  # of a disk, never « checked »


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("word", ["accounted", "erased-disks", "unknown"])
def test_the_large_word_stands_beside_the_code(word: str, lang: Lang) -> None:
    rows = big_lines(text(lang, f"guided.word.{word}"), 37)
    assert max(map(len, rows)) <= 37
    assert len(rows) <= 2 * HEIGHT
