"""`recond runs`: what this bench did, told from the runs' own files."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from recond.errors import UsageError
from recond.flow.deliver.upload import add_destination, upload
from recond.flow.runlist import RunState, list_runs
from recond.host import Host
from recond.upload.send import Urgency
from tests.cli.command import recond
from tests.flow.bench import Bench, donor_image


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """A bench with two runs."""
    bench = Bench(tmp_path_factory.mktemp("made"))
    for name in ("A", "WD-WCC6Y0AB1234-of-a-serial-that-is-long"):
        bench.run(donor_image(bench.path / f"{name}.img", 64 << 10))
    return bench


@pytest.fixture
def bench(made: Bench, tmp_path: Path) -> Bench:
    """A copy to harm; its certificates are the copy's."""
    shutil.copytree(made.path, tmp_path / "b")
    copy = Bench(tmp_path / "b")
    for run in copy.runs():
        text = run.issued.read_text().replace(str(made.path), str(copy.path))
        run.issued.write_text(text)
    return copy


def test_the_newest_is_first_with_its_verdict_and_what_was_sent(bench: Bench) -> None:
    (bench.path / "there").mkdir()
    add_destination(bench.state, "glpi", "folder", {"path": str(bench.path / "there")})
    upload(bench.state, (), Host().clock, urgency=Urgency(now=True))
    found = list_runs(bench.state)
    assert [one.run for one in found.runs] == [one.run_id for one in reversed(bench.runs())]
    assert not found.more
    for one in found.runs:
        assert (one.state, one.outcome, one.signed, one.there) == (
            "certified",
            "erased",
            True,
            True,
        )
        assert [(sent.destination, sent.where) for sent in one.uploads] == [("glpi", "sent")]


def test_a_limit_says_that_there_is_more_and_a_day_bounds(bench: Bench) -> None:
    newest = bench.runs()[-1]
    found = list_runs(bench.state, limit=1)
    assert ([one.run for one in found.runs], found.more) == ([newest.run_id], True)
    assert len(list_runs(bench.state, limit=0).runs) == 2
    assert len(list_runs(bench.state, newest.day).runs) == 2
    assert list_runs(bench.state, "2999-01-01").runs == ()
    for day, limit in (("yesterday", 1), (None, -1)):
        with pytest.raises(UsageError):
            list_runs(bench.state, day, limit)


def test_no_note_and_no_index_makes_a_run_erased(bench: Bench) -> None:
    """The note says "signed" and the journals do not bear it out: no verdict is told."""
    cut, gone = bench.runs()
    (journal,) = cut.journal_files()
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(b"".join(lines[: len(lines) // 2]))
    (gone.path / "run.json").write_bytes(b"{")
    last, first = list_runs(bench.state).runs
    assert (first.state, first.outcome, first.headline) == (RunState.OPEN, None, None)
    assert (last.state, last.outcome, last.signed) == (RunState.UNREADABLE, None, False)
    told = recond("runs", folder=bench.path)
    assert "EFFAC" not in told.stdout
    assert "recond resume" in told.stdout


def test_a_verdict_is_the_journals_and_not_the_notes_digests(bench: Bench) -> None:
    """A note that was made to fit a cut journal makes it no erasure."""
    from recond.codec import to_json
    from recond.flow.runfolder import IssuedNote, write_json
    from recond.flow.runnote import digests_of

    run = bench.runs()[0]
    (journal,) = run.journal_files()
    lines = journal.read_bytes().splitlines(keepends=True)
    kept = [one for one in lines if b'"kind":"verify_end"' not in one]
    assert len(kept) < len(lines)
    journal.write_bytes(b"".join(kept))
    note = run.note()
    assert note is not None
    write_json(run.issued, to_json(IssuedNote(note.folder, True, digests_of(run.journals()))))
    (first,) = [one for one in list_runs(bench.state).runs if one.run == run.run_id]
    assert first.state is RunState.CERTIFIED
    assert first.outcome == "not-erased"


def test_a_certificate_that_was_moved_away_is_said(bench: Bench) -> None:
    shutil.rmtree(bench.path / "out")
    for one in list_runs(bench.state).runs:
        assert (one.outcome, one.there, one.signed) == ("erased", False, False)


def test_serials_and_paths_are_never_folded_and_both_languages_speak(bench: Bench) -> None:
    token = "WD-WCC6Y0AB1234-of-a-serial-that-is-long.img"
    for lang, word in (("fr", "DISQUES VIRTUELS EFFACÉS"), ("en", "VIRTUAL DISKS ERASED")):
        done = recond("--lang", lang, "runs", folder=bench.path)
        assert (done.code, word in done.stdout) == (0, True), done.stdout
        assert any(line.endswith(token) for line in done.stdout.splitlines())
    answer = recond("runs", "--limit", "1", "--json", folder=bench.path)
    assert json.loads(answer.stdout)["more"] is True
    (bench.path / "empty").mkdir()
    none = recond("runs", folder=bench.path / "empty")
    assert (none.code, none.stdout) == (0, "")
    assert not list((bench.path / "empty").iterdir())


def test_a_file_of_that_name_is_no_signature(bench: Bench) -> None:
    """Nonsense, and the true signature of another run, in the folder that anybody may write."""
    first, second = (Path(str(one.note().folder)) for one in bench.runs() if one.note())  # type: ignore[union-attr]
    (first / "record.jws").write_bytes(b"nonsense")
    other = (second / "record.jws").read_bytes()
    told = {one.run: one.signed for one in list_runs(bench.state).runs}
    assert told == {first.name: False, second.name: True}
    (first / "record.jws").write_bytes(other)
    told = {one.run: one.signed for one in list_runs(bench.state).runs}
    assert told == {first.name: False, second.name: True}
