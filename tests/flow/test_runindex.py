"""The index of runs: whatever lies in its place, the answers are those of the runs' own files.

RECOND_HISTORIES=N tries N histories, and kills three times as often.
"""

from __future__ import annotations

import os
import random
import shutil
import signal
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from recond.codec import to_json
from recond.flow.deliver.upload import INDEX as DUE
from recond.flow.deliver.upload import not_queued
from recond.flow.keys.workshop import waiting_runs
from recond.flow.run.attach import find_attachable
from recond.flow.run.unfinished import _open_run, open_runs
from recond.flow.runfolder import ISSUED, IssuedNote, RunFolder, all_runs, write_json
from recond.flow.runindex import DRAWN, INDEX, JournalNames, SeenRun, seen_runs
from recond.host import Host, recall
from tests.flow.bench import Bench, donor_image
from tests.lines import at_line

HISTORIES = int(os.environ.get("RECOND_HISTORIES", "20"))
KILLS = HISTORIES * 3


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """A bench with two real runs, of one image and of two."""
    bench = Bench(tmp_path_factory.mktemp("made"))
    bench.run(donor_image(bench.path / "A.img", 64 << 10))
    bench.run(*(donor_image(bench.path / f"{name}.img", 64 << 10) for name in "BC"))
    return bench


@pytest.fixture(autouse=True)
def nothing_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """The tests do not wait until a file is old enough to be known by its times, nor for a disk: a
    kill leaves the page cache as it is.
    """
    monkeypatch.setattr(recall, "YOUNG_NS", 0)
    monkeypatch.setattr(os, "fsync", lambda _: None)


# --- What is true without any index ------------------------------------------------------------


def true_runs(state: Path) -> list[tuple[str, str | None, bool, bool]]:
    """Each run with its certificate's folder, signed, being replaced."""
    found = []
    for run in all_runs(state):
        note = run.note()
        told = (note.folder, note.signed, note.replacing) if note else (None, False, False)
        found.append((run.run_id, *told))
    return found


def true_open(state: Path) -> list[tuple[str, str]]:
    """Each run that something is left to do for, and how it was left."""
    others, host = JournalNames(state), Host()
    found = ((run, _open_run(run, others, host)) for run in all_runs(state))
    return [(run.run_id, one.left.value) for run, one in found if one is not None]


def hold(state: Path) -> tuple[SeenRun, ...]:
    """Ask, and compare all answers with the files'."""
    seen = seen_runs(state)
    told = [(one.run_id, one.certificate, one.signed, one.replacing) for one in seen]
    assert told == true_runs(state)
    assert [(o.folder.run_id, o.left.value) for o in open_runs(state, Host())] == true_open(state)
    unsigned = tuple(run for run, folder, signed, _ in true_runs(state) if folder and not signed)
    assert waiting_runs(state) == unsigned
    return seen


# --- Changes of a state ------------------------------------------------------------------------


class Changing:
    """One seed's state, changed at random: each run a copy of a real one, then harmed."""

    def __init__(self, seed: int, state: Path, made: Bench) -> None:
        self.chance, self.state, self.made, self.number = random.Random(seed), state, made, 0
        (state / "runs").mkdir(parents=True)

    def add(self) -> None:
        """One more run of those that were made."""
        self.number += 1
        source = self.chance.choice(self.made.runs())
        shutil.copytree(source.path, self.state / "runs" / f"20261124-{self.number:06d}-{'0' * 8}")

    def pick(self) -> RunFolder | None:
        runs = all_runs(self.state)
        return self.chance.choice(runs) if runs else None

    def cut(self, run: RunFolder) -> None:
        """A journal loses its last lines, as of a worker that was killed."""
        path = self.chance.choice(run.journal_files() or (run.path / "journals" / "x.jsonl",))
        if path.exists():
            lines = path.read_bytes().splitlines(keepends=True)
            path.write_bytes(b"".join(lines[: self.chance.randrange(len(lines) + 1)]))

    def lengthen(self, run: RunFolder) -> None:
        for path in run.journal_files():
            path.write_bytes(path.read_bytes() + b"{}\n")

    def unissue(self, run: RunFolder) -> None:
        run.issued.unlink(missing_ok=True)

    def unsign(self, run: RunFolder) -> None:
        self._note(run, signed=False)

    def replace(self, run: RunFolder) -> None:
        self._note(run, replacing=True)

    def older_form(self, run: RunFolder) -> None:
        self._note(run, journals=())

    def _note(self, run: RunFolder, **changes: object) -> None:
        from dataclasses import replace

        note = run.note()
        if note is not None:
            write_json(run.issued, to_json(replace(note, **changes)))  # type: ignore[arg-type]

    def damage(self, run: RunFolder) -> None:
        run.issued.write_bytes(b"{")

    def lose_journal(self, run: RunFolder) -> None:
        for path in run.journal_files()[:1]:
            path.unlink()

    def remove(self, run: RunFolder) -> None:
        shutil.rmtree(run.path)

    def litter(self) -> None:
        """What is no run: a file, a folder that has not begun."""
        (self.state / "runs" / "notes.txt").write_text("?")
        (self.state / "runs" / "20261124-000000-ffffffff" / "jobs").mkdir(
            parents=True, exist_ok=True
        )

    def change(self) -> None:
        run = self.pick()
        acts: list[Callable[[RunFolder], None]] = [
            *(self.cut, self.lengthen, self.unissue, self.unsign, self.replace),
            *(self.older_form, self.damage, self.lose_journal, self.remove),
        ]
        if run is None or self.chance.random() < 0.5:
            self.chance.choice((self.add, self.add, self.litter))()
        else:
            self.chance.choice(acts)(run)

    # --- What befalls the index ----------------------------------------------------------------

    def befall(self) -> None:
        """One thing that may happen to the index between two commands."""
        file = self.state / INDEX
        what = self.chance.choice((*BEFALLS, None, None))
        if what is not None:
            what(file, self.chance)


def gone(file: Path, chance: random.Random) -> None:
    """It is taken away."""
    if file.is_dir() and not file.is_symlink():
        file.rmdir()
    else:
        file.unlink(missing_ok=True)


def _in_its_place(file: Path, raw: bytes) -> None:
    gone(file, random.Random(0))
    file.write_bytes(raw)


def cut_short(file: Path, chance: random.Random) -> None:
    """A file system that lost its end."""
    if file.is_file():
        raw = file.read_bytes()
        _in_its_place(file, raw[: chance.randrange(len(raw) + 1)])


def flipped(file: Path, chance: random.Random) -> None:
    """A bit of it is another."""
    if file.is_file():
        raw = bytearray(file.read_bytes() or b"\0")
        raw[chance.randrange(len(raw))] ^= 1 << chance.randrange(8)
        _in_its_place(file, bytes(raw))


def of_another_version(file: Path, chance: random.Random) -> None:
    """Written by a recond of another version."""
    if file.is_file():
        head, _, image = file.read_bytes().partition(b"\n")
        words = head.split(b" ")
        _in_its_place(file, b" ".join([*words[:-2], b"0.0.1", words[-1]]) + b"\n" + image)


def noise(file: Path, chance: random.Random) -> None:
    """Anything at all."""
    _in_its_place(file, chance.randbytes(chance.randrange(5000)))


def a_folder(file: Path, chance: random.Random) -> None:
    """A folder in its place."""
    gone(file, chance)
    file.mkdir()


def a_link(file: Path, chance: random.Random) -> None:
    """A link in its place."""
    gone(file, chance)
    file.symlink_to("/etc/hostname")


def a_pipe(file: Path, chance: random.Random) -> None:
    """A pipe in its place, which nobody writes."""
    gone(file, chance)
    os.mkfifo(file)


def forged(file: Path, chance: random.Random) -> None:
    """A whole index of the right form that calls every run settled, with the stamps of now."""
    gone(file, chance)
    index = recall.Recall(file, "files", "certificate", "signed")
    for run in all_runs(file.parent):
        path = str(run.path)
        inside = [recall.Stamp.at(f"{path}/{ISSUED}"), recall.Stamp.at(f"{path}/jobs")]
        inside += [stamp for _, stamp in recall.stamped(f"{path}/journals")]
        files = " / ".join(one.text for one in inside)
        index.keep(run.run_id, recall.Stamp.at(path), (files, "/nowhere", chance.randrange(2)))
    index.save()


def of_odd_types(file: Path, chance: random.Random) -> None:
    """The right form and stamps, and values of other types."""
    gone(file, chance)
    index = recall.Recall(file, "files", "certificate", "signed")
    for run in all_runs(file.parent):
        index.keep(run.run_id, recall.Stamp.at(str(run.path)), (7, None, "yes"))
    index.save()


def another_table(file: Path, chance: random.Random) -> None:
    """A database with the right checksum that holds a view without end in the table's place."""
    with closing(sqlite3.connect(":memory:")) as database:
        database.execute(
            "CREATE VIEW seen AS WITH RECURSIVE n(name) AS (SELECT 1 UNION ALL SELECT name + 1"
            " FROM n) SELECT name, name AS stamp, 1 AS files, 1 AS certificate, 1 AS signed FROM n"
        )
        image = database.serialize()
    _in_its_place(file, recall._head(image) + image)


BEFALLS = (
    *(gone, cut_short, flipped, of_another_version, noise, a_folder, a_link, a_pipe),
    *(forged, of_odd_types, another_table),
)


@pytest.mark.parametrize("seed", range(HISTORIES))
def test_the_answers_are_those_of_the_files(seed: int, made: Bench, tmp_path: Path) -> None:
    changing = Changing(seed, tmp_path / "state", made)
    for _ in range(changing.chance.randint(2, 8)):
        for _ in range(changing.chance.randint(0, 2)):
            changing.change()
        changing.befall()
        hold(changing.state)
    hold(changing.state)


@pytest.mark.parametrize("befalls", BEFALLS, ids=lambda one: one.__name__)
def test_a_bad_index_is_made_anew(
    befalls: Callable[[Path, random.Random], None], made: Bench, tmp_path: Path
) -> None:
    state, file = tmp_path / "state", tmp_path / "state" / INDEX
    shutil.copytree(made.state, state)
    hold(state)
    befalls(file, random.Random(befalls.__name__))
    if befalls is a_folder:  # left where it is: nobody's to take away
        hold(state)
        return
    hold(state)
    assert not file.is_symlink()
    assert set(recall.Recall(file, "files", "certificate", "signed").names) == {
        one.run_id for one in made.runs()
    }


def test_a_settled_run_is_not_read_again(
    made: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the index were of no use: of many runs, those that are drawn are read, and no more."""
    state, many = tmp_path / "state", DRAWN * 3
    for number in range(many):
        source = made.runs()[number % 2].path
        shutil.copytree(source, state / "runs" / f"20261124-{number:06d}-{'0' * 8}")
    hold(state)
    read: list[str] = []
    real = RunFolder.note

    def counted(self: RunFolder) -> IssuedNote | None:
        read.append(self.run_id)
        return real(self)

    monkeypatch.setattr(RunFolder, "note", counted)
    assert [one.settled for one in seen_runs(state)] == [True] * many
    assert len(read) == DRAWN
    read.clear()
    left = state / "runs" / f"20261124-{7:06d}-{'0' * 8}"
    (left / ISSUED).unlink()
    assert [one.folder.path for one in open_runs(state, Host())] == [left]


def test_what_changed_just_now_is_not_kept(
    made: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two changes in one tick of the file system's clock leave one time."""
    monkeypatch.setattr(recall, "YOUNG_NS", 3_000_000_000)
    state = tmp_path / "state"
    shutil.copytree(made.state, state)
    hold(state)
    assert not (state / INDEX).exists()
    ahead = time.time_ns() - 10_000_000_000
    monkeypatch.setattr(recall.time, "time_ns", lambda: ahead)  # type: ignore[attr-defined]
    hold(state)
    assert not (state / INDEX).exists(), "a clock that was set back says nothing of an age"


def test_a_full_or_missing_state_fails_nothing(
    made: Bench, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(recall, "write_whole", full)
    state = tmp_path / "state"
    shutil.copytree(made.state, state)
    hold(state)
    assert not (state / INDEX).exists()
    assert seen_runs(tmp_path / "none") == ()
    assert not (tmp_path / "none").exists(), "a question makes no state"


def test_a_name_that_is_no_text_is_a_run_all_the_same(made: Bench, tmp_path: Path) -> None:
    state = tmp_path / "state"
    shutil.copytree(made.state, state)
    shutil.copytree(made.runs()[0].path, state / "runs" / os.fsdecode(b"20270101-\xff"))
    assert len(hold(state)) == 3
    assert len(recall.Recall(state / INDEX, "files", "certificate", "signed").names) == 2


def test_killed_between_any_two_lines_nothing_is_lost(made: Bench, tmp_path: Path) -> None:
    chance = random.Random(22)
    state = tmp_path / "state"
    shutil.copytree(made.state, state)
    want, struck = true_runs(state), 0
    watched = ("recond/host/recall", "recond/host/store", "recond/flow/runindex")
    for _ in range(KILLS):
        (state / INDEX).unlink(missing_ok=True)
        if chance.random() < 0.5:
            seen_runs(state)
            os.utime(state / "runs" / want[0][0])  # a row to be written anew
        point = chance.randrange(1, 260)
        pid = os.fork()
        if pid == 0:
            at_line(point, watched, lambda: os.kill(os.getpid(), signal.SIGKILL))
            seen_runs(state)
            os._exit(0)
        struck += os.waitpid(pid, 0)[1] == signal.SIGKILL
        told = [(o.run_id, o.certificate, o.signed, o.replacing) for o in seen_runs(state)]
        assert told == want, point
    assert struck > KILLS // 2


def test_several_at_once_all_hear_the_truth(made: Bench, tmp_path: Path) -> None:
    state = tmp_path / "state"
    shutil.copytree(made.state, state)
    want, pids = true_runs(state), []
    for seed in range(4):
        pid = os.fork()
        if pid == 0:
            chance, good = random.Random(seed), True
            for _ in range(25):
                if chance.random() < 0.3:
                    (state / INDEX).unlink(missing_ok=True)
                told = [(o.run_id, o.certificate, o.signed, o.replacing) for o in seen_runs(state)]
                good = good and told == want
            os._exit(0 if good else 1)
        pids.append(pid)
    assert [os.waitpid(pid, 0)[1] for pid in pids] == [0] * 4


def test_a_lie_among_many_is_found_by_chance(made: Bench, tmp_path: Path) -> None:
    """A forger of the state could as well take the run away; a fault of ours is found soon."""
    state, many = tmp_path / "state", DRAWN * 4
    for number in range(many):
        source = made.runs()[0].path
        shutil.copytree(source, state / "runs" / f"20261124-{number:06d}-{'0' * 8}")
    for run in all_runs(state)[: many // 4]:
        run.issued.unlink()
    forged(state / INDEX, random.Random(4))
    random.seed(4)
    asked = 0
    while len(seen_runs(state)) != many or len(open_runs(state, Host())) != many // 4:
        asked += 1
        assert asked < 50


# --- Coming back to a run ----------------------------------------------------------------------


def test_attach_takes_the_newest_of_many(made: Bench, tmp_path: Path) -> None:
    state = tmp_path / "state"
    shutil.copytree(made.state, state)
    ids = sorted(one.run_id for one in made.runs())  # two may be of one second
    assert find_attachable(state, None, Host()).run_id == ids[-1]
    assert not_queued(made.state) == tuple(ids)


@pytest.fixture(autouse=True, scope="module")
def the_made_bench_stays(made: Bench) -> Iterator[None]:
    """The bench that was made stays as it was."""
    before = true_runs(made.state)
    yield
    assert true_runs(made.state) == before


def test_what_waits_for_an_upload_is_counted_from_the_records(made: Bench, tmp_path: Path) -> None:
    """The second look reads the drawn ones only; a lie, a change and a bad file are found."""
    shutil.copytree(made.path, tmp_path / "b")
    bench = Bench(tmp_path / "b")
    for run in bench.runs():
        run.issued.write_text(run.issued.read_text().replace(str(made.path), str(bench.path)))
    both = tuple(one.run_id for one in bench.runs())
    assert (not_queued(bench.state), not_queued(bench.state)) == (both, both)
    file = bench.state / DUE
    assert len(recall.Recall(file, "record_id", "digest").names) == 2
    lying = recall.Recall(file, "record_id", "digest")
    for name in lying.names:
        lying._rows[name] = (lying._rows[name][0], "20261124-000000-ffffffff", "0" * 64)
    lying._changed = True
    lying.save()
    assert not_queued(bench.state) == both
    record = bench.path / "out" / both[0] / "record.json"
    record.write_bytes(record.read_bytes() + b" ")
    assert not_queued(bench.state) == both[1:]
    file.write_bytes(b"?")
    assert not_queued(bench.state) == both[1:]
