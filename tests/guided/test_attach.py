"""Coming back to an erasure: what its journal tells, who looks after it, what is left to do."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

from recond.errors import UsageError
from recond.flow.run.attach import _told_by, find_attachable, told
from recond.flow.run.issued import read_issued
from recond.flow.run.unfinished import Left, is_running, open_runs
from recond.flow.runfolder import RunFolder, all_runs
from recond.guided.start import attach
from recond.host import Host
from recond.host.journal_lines import read_entries
from recond.host.journalfile import JournalFile
from recond.model import Json
from recond.progress import DRIVE_TOTAL, Meter, Phase, ProgressEvent, WorkerEnd, ended
from tests.certify.journals import (
    SIZE,
    TAIL,
    chained,
    entries_of,
    first,
    resumed_journal,
    true_journal,
)
from tests.cli.command import environment, recond
from tests.drive import histories
from tests.drive.test_lies import drive_of
from tests.guided.stage import MIB, images, play, session_on, text_of
from tests.guided.test_job import BETA, TYPED, to_the_end
from tests.processes import kill_all

# --- What a journal tells ---------------------------------------------------------------------


def cuts(raw: bytes) -> list[ProgressEvent | None]:
    """What each beginning of a journal tells, one entry longer each time."""
    lines = raw.splitlines(keepends=True)
    return [told(read_entries(b"".join(lines[:end]))) for end in range(len(lines) + 1)]


def permille(event: ProgressEvent) -> int:
    meter = Meter()
    meter.hear(event, 0)
    return meter.permille


def test_the_last_word_of_a_journal_wherever_it_is_cut() -> None:
    raw, whole = true_journal(), SIZE + TAIL
    heard = cuts(raw)
    kinds = [entry["kind"] for entry in entries_of(raw)]
    assert not any(heard[: kinds.index("step_start") + 1]), "nothing has begun"
    found = [one for one in heard if one is not None]
    assert found[0] == ProgressEvent(Phase.WRITE, 0, 3, 4, 0, whole)
    assert ProgressEvent(Phase.WRITE, 2, 3, 4, 0, whole) in found
    assert ProgressEvent(Phase.VERIFY, 3, 3, 4) in found
    assert found[-1] == ended(WorkerEnd.COMPLETED)
    ways = [permille(one) for one in found]
    assert ways == sorted(ways)


def test_a_journal_that_was_resumed_goes_on_where_it_was() -> None:
    raw = resumed_journal()
    kinds = [entry["kind"] for entry in entries_of(raw)]
    again = kinds.index("step_start", kinds.index("open", 1))
    event = cuts(raw)[again + 1]
    assert event is not None
    assert (event.phase, bool(event.done)) == (Phase.WRITE, True)


@pytest.mark.parametrize("entry", [("end", {"outcome": "erased!"}), ("plan", {"plan": {}})])
def test_a_journal_that_is_not_ours_tells_nothing_and_breaks_nothing(
    entry: tuple[str, dict[str, Json]], tmp_path: Path
) -> None:
    kind, data = entry
    entries = entries_of(true_journal())
    first(entries, kind)["data"] |= data
    journal = tmp_path / "d.jsonl"
    journal.write_bytes(chained(entries))
    assert _told_by(journal) is None


def test_the_last_word_of_a_drives_own_erasure() -> None:
    raw = histories.erase(*drive_of("nvme")).sink.raw
    moved = [entry["kind"] for entry in entries_of(raw)].index("progress")
    event = cuts(raw)[moved + 1]
    assert event is not None
    assert (event.phase, event.total) == (Phase.DRIVE, DRIVE_TOTAL)


# --- Who looks after a run --------------------------------------------------------------------


def empty_run(state: Path) -> RunFolder:
    folder = RunFolder(state / "runs" / "20261124-000000-aaaaaaaa")
    (folder.path / "journals").mkdir(parents=True)
    return folder


def test_a_writer_or_a_supervisor_means_running(tmp_path: Path) -> None:
    folder = empty_run(tmp_path)
    assert open_runs(tmp_path, Host()) == ()
    journal = JournalFile.create(folder.journal("d"))
    journal.append(b'{"kind": "open", "data": {}}\n')
    assert is_running(folder)
    assert [one.left for one in open_runs(tmp_path, Host())] == [Left.RUNNING]
    journal.close()
    assert not is_running(folder)
    with folder.supervised(wait=True) as mine:
        assert mine
        held = [
            sys.executable,
            "-c",
            "import sys; from pathlib import Path\n"
            "from recond.flow.run.unfinished import is_running\n"
            "from recond.flow.runfolder import RunFolder\n"
            "print(is_running(RunFolder(Path(sys.argv[1]))))",
            str(folder.path),
        ]
        done = subprocess.run(
            held, capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2]
        )
        assert done.stdout.strip() == "True"
    assert not is_running(folder)


def test_nothing_to_come_back_to_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        find_attachable(tmp_path, None, Host())
    done = recond("attach", folder=tmp_path)
    assert (done.code, "Traceback" in done.stderr) == (2, False)
    assert "aucun effacement" in done.stderr


# --- A real erasure ---------------------------------------------------------------------------


def begin_and_kill(
    folder: Path, size_bytes: int, names: tuple[str, ...] = ("alpha.img",)
) -> tuple[Path, Path]:
    """An erasure whose screen, the supervisor, is killed once each worker writes; (the first disk,
    the run's folder).
    """
    targets = images(folder, *names, size_bytes=size_bytes)
    process = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "recond",
            "wipe",
            *targets,
            "--image",
            *(word for name in names for word in ("--confirm", name)),
            "--method",
            "gutmann",
            "--json-events",
            "--out",
            str(folder / "out"),
        ],
        cwd=folder,
        env=environment(folder),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    writing: set[str] = set()
    for line in process.stderr:
        writing |= {json.loads(line)["disk"]} if '"write"' in line else set()
        if writing == set(names):
            break
    process.kill()
    process.wait(60)
    process.stderr.close()
    run = all_runs(folder / "state")[-1]
    return Path(targets[0]), run.path


def cut_power(
    folder: Path, size_bytes: int, names: tuple[str, ...] = ("alpha.img",)
) -> tuple[Path, Path]:
    """An erasure whose supervisor and workers die in the middle, as `begin_and_kill` gives it."""
    target, run = begin_and_kill(folder, size_bytes, names)
    for job in (run / "jobs").iterdir():
        kill_all(f"recond.wipe.worker {job}")
    while is_running(RunFolder(run)):
        time.sleep(0.05)
    return target, run


def new_owner(disk: Path) -> bytes:
    """The disk went back to somebody, and holds what is theirs."""
    size_bytes = disk.stat().st_size
    theirs = (b"A NEW OWNER 42 " * (size_bytes // 15 + 1))[:size_bytes]
    disk.write_bytes(theirs)
    return theirs


def test_attach_watches_to_the_end_and_makes_the_certificate(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target, _ = begin_and_kill(tmp_path, 8 * MIB)
    done = recond("attach", "--plain", folder=tmp_path)
    assert done.code == 0, done.stderr
    assert "Disques effacés et validés" in done.stdout
    assert "DISQUE" not in done.stderr
    assert b"DONOR" not in target.read_bytes()
    (folder,) = (tmp_path / "out").iterdir()
    assert recond("verify", str(folder), folder=tmp_path).code == 0
    record = (folder / "record.json").read_bytes()
    assert not json.loads(record)["erasures"][0]["interruptions"], "its worker went on by itself"
    again = recond("attach", "--plain", "--lang", "en", "--bell", folder=tmp_path)
    assert again.code == 0, again.stderr
    assert "Disks erased and approved: 1 of 1" in again.stdout
    assert "\a" not in again.stdout + again.stderr, "nothing rings into a file"
    assert (folder / "record.json").read_bytes() == record, "no second certificate"
    rung: list[bool] = []
    monkeypatch.setattr("recond.guided.plain.ring", lambda *, well: rung.append(well))
    assert attach("fr", tmp_path / "state", None, Host(), plain=True, bell=True) == 0
    assert rung == [True]


def test_a_run_that_broke_off_is_not_taken_for_an_older_one(tmp_path: Path) -> None:
    """After a crash nobody is shown the certificate of last week; a finished run is named."""
    (older,) = images(tmp_path, "older.img")
    erase(tmp_path, Path(older))
    (finished,) = all_runs(tmp_path / "state")
    shown = recond("attach", "--plain", folder=tmp_path)
    assert shown.code == 0, shown.stderr
    year, month, day = finished.day.split("-")
    assert f"Exécution {finished.run_id}, du {day}/{month}/{year}" in shown.stdout
    target, broken = cut_power(tmp_path, 8 * MIB)
    for command in (("attach", "--plain"), ("attach", "--plain", "--lang", "en")):
        done = recond(*command, folder=tmp_path)
        assert (done.code, done.stdout) == (2, "")
        assert f"recond resume {broken.name}" in done.stderr
    target.unlink()
    assert recond("attach", "--plain", folder=tmp_path).code == 2, "its disk is gone: the same"
    named = recond("attach", finished.run_id, "--plain", folder=tmp_path)
    assert named.code == 0, named.stderr
    assert finished.run_id in named.stdout


def test_an_older_run_that_waits_for_its_certificate_gets_it(tmp_path: Path) -> None:
    """A newer run that is finished has not broken off."""
    older, newer = images(tmp_path, "older.img", "newer.img")
    erase(tmp_path, Path(older))
    (first,) = all_runs(tmp_path / "state")
    first.issued.unlink()
    erase(tmp_path, Path(newer))
    assert find_attachable(tmp_path / "state", None, Host()) == first


def test_a_run_that_was_just_watched_is_not_called_an_earlier_one(tmp_path: Path) -> None:
    begin_and_kill(tmp_path, 8 * MIB)
    done = recond("attach", "--plain", folder=tmp_path)
    assert done.code == 0, done.stderr
    assert "finie auparavant" not in done.stdout


def test_the_screen_offers_what_was_left_and_ends_it(tmp_path: Path) -> None:
    """A power cut: worker and supervisor die. The next session says so and takes it up."""
    target, _ = cut_power(tmp_path, 8 * MIB)
    session = session_on(tmp_path, "fr", (str(target),))

    async def act(app: Any, pilot: Any) -> None:
        shown = text_of(app)
        assert "N’EST PAS FINI" in shown
        assert "alpha.img" in shown
        await pilot.press("r", *TYPED)
        await pilot.pause()
        await to_the_end(session, app, pilot)
        assert "validés : 1 sur 1" in text_of(app).replace("\u00a0", " ")

    play(session, "computer", act)
    assert b"DONOR" not in target.read_bytes()
    assert open_runs(tmp_path / "state", Host()) == ()


@pytest.mark.parametrize(
    "keys",
    [
        ("r",),
        ("r", "enter"),
        ("r", "r", "r", "r", "r", "enter"),
        ("r", *TYPED[:4], "escape"),
        ("r", *TYPED[:4], "escape", "enter", "p", "enter", "enter"),
        ("r", *TYPED[:4], "ctrl+q"),
    ],
)
def test_what_was_left_is_not_gone_on_with_by_a_key(keys: tuple[str, ...], tmp_path: Path) -> None:
    """Weeks later the disk holds somebody's system: only its typed number destroys it."""
    target, _ = cut_power(tmp_path, 8 * MIB)
    theirs = new_owner(target)
    session = session_on(tmp_path, "fr", (str(target),))

    async def act(app: Any, pilot: Any) -> None:
        await pilot.press("r")
        assert "a[lpha].img" in "".join(text_of(app).split())
        assert "Reprise de l’effacement" in text_of(app)
        await pilot.press("escape")
        assert "N’EST PAS FINI" in text_of(app)
        await pilot.press(*keys)
        await pilot.pause()

    play(session, "computer", act)
    assert session.work is None
    assert target.read_bytes() == theirs


def test_a_run_is_not_offered_once_a_later_one_erased_its_disk(tmp_path: Path) -> None:
    target, run = cut_power(tmp_path, 8 * MIB)
    (left,) = open_runs(tmp_path / "state", Host())
    assert (left.left, left.folder.path, left.tokens) == (Left.STOPPED, run, "alpha.img")
    erase(tmp_path, target)
    assert open_runs(tmp_path / "state", Host()) == ()


def test_it_is_said_that_there_is_more(tmp_path: Path) -> None:
    for name in ("alpha.img", "beta.img"):
        cut_power(tmp_path, 8 * MIB, (name,))
        time.sleep(1.1)  # a run's name tells its second: two of one second have no order
    session = session_on(tmp_path, "fr", (str(tmp_path / "alpha.img"),))

    async def act(app: Any, pilot: Any) -> None:
        shown = text_of(app)
        assert "(disque beta.img)" in shown.replace("\n", " ")
        assert "Et 1 autre, commencé plus tôt" in shown

    play(session, "computer", act)
    done = recond("guided", str(tmp_path / "alpha.img"), "--image", "--plain", folder=tmp_path)
    assert "Et 1 autre, commencé plus tôt" in done.stdout


def test_the_disk_of_another_run_is_offered_still(tmp_path: Path) -> None:
    """Two images of one name in two folders are two disks."""
    _, run = cut_power(tmp_path, 8 * MIB)
    (tmp_path / "b").mkdir()
    (other,) = images(tmp_path / "b", "alpha.img")
    erase(tmp_path, Path(other))
    assert [one.folder.path for one in open_runs(tmp_path / "state", Host())] == [run]


def test_going_on_writes_only_the_disks_that_were_asked_about(tmp_path: Path) -> None:
    """Of two disks one was erased by a later run and is in use since: the other is taken up."""
    target, _ = cut_power(tmp_path, 8 * MIB, ("alpha.img", "beta.img"))
    erase(tmp_path, target)
    theirs = new_owner(target)
    session = session_on(tmp_path, "fr", (str(target),))

    async def act(app: Any, pilot: Any) -> None:
        shown = text_of(app)
        assert ("beta.img" in shown, "(disque alpha.img" in shown) == (True, False)
        await pilot.press("r")
        assert "Disque 1 sur 1" in text_of(app)
        await pilot.press(*BETA)
        await pilot.pause()
        await to_the_end(session, app, pilot)

    play(session, "computer", act)
    assert target.read_bytes() == theirs
    assert b"DONOR" not in (tmp_path / "beta.img").read_bytes()
    assert open_runs(tmp_path / "state", Host()) == ()


def erase(folder: Path, target: Path) -> None:
    """A later run, to its end."""
    done = recond(
        "wipe",
        str(target),
        "--image",
        "--confirm",
        target.name,
        "--out",
        str(folder / "out"),
        folder=folder,
    )
    assert done.code == 0, done.stderr


def test_a_record_that_is_not_what_the_journals_say_is_not_shown(tmp_path: Path) -> None:
    session = session_on(tmp_path, "fr", images(tmp_path, "alpha.img"))

    async def act(app: Any, pilot: Any) -> None:
        await pilot.press("enter", "p", "enter", *TYPED)
        await to_the_end(session, app, pilot)

    play(session, "computer", act)
    (run,) = all_runs(tmp_path / "state")
    issued = read_issued(run)
    file = issued.folder / "record.json"
    assert issued.signed
    true = file.read_text(encoding="utf-8")
    file.write_text(true.replace('"approved"', '"rejected"'), encoding="utf-8")
    with pytest.raises(UsageError):
        read_issued(run)
    file.unlink()
    with pytest.raises(UsageError):
        read_issued(run)


def test_a_run_of_another_format_does_not_close_the_bench(tmp_path: Path) -> None:
    readable = "20260102-000000-bbbbbbbb"
    for run, word in (("20260101-000000-aaaaaaaa", "keystream"), (readable, "xts")):
        entries = entries_of(true_journal())
        for step in first(entries, "plan")["data"]["plan"]["steps"]:
            if step["fill"]["kind"] == "xts":
                step["fill"]["kind"] = word
        journals = tmp_path / "runs" / run / "journals"
        journals.mkdir(parents=True)
        (journals / "a.jsonl").write_bytes(chained(entries))
    assert [one.folder.run_id for one in open_runs(tmp_path, Host())] == [readable]
