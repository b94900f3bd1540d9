"""The state's form: a newer one is refused, an older one brought forward, whatever cuts it off."""

from __future__ import annotations

import ast
import errno
import hashlib
import json
import os
import random
import shutil
from collections.abc import Iterator
from contextlib import nullcontext
from pathlib import Path

import pytest

from recond.ends import ConfirmedBy
from recond.errors import BenchLacks
from recond.flow.run.run import execute, prepare
from recond.flow.run.supervisor import confirm_all
from recond.flow.runfolder import RunFolder
from recond.flow.runindex import open_folders
from recond.flow.stateform import (
    STEPS,
    Rewrite,
    newest_form,
    open_state,
    read_form,
    write_form,
)
from recond.host import Host
from recond.host.regular import read_regular
from recond.host.signals import StopCount
from tests.cli.command import recond
from tests.flow.bench import Bench, donor_image, quiet
from tests.flow.struck import Storage, Strike, fork, strike
from tests.house import PACKAGE

FORMER = "former/form-1"


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Bench:
    """A bench of form 1: its two runs were certified by a recond whose notes named no journals."""
    bench = Bench(tmp_path_factory.mktemp("made"))
    for name in "ab":
        bench.run(donor_image(bench.path / f"{name}.img", 64 << 10))
    for run in bench.runs():
        note = json.loads(run.issued.read_bytes())
        del note["journals"]
        run.issued.write_text(json.dumps(note))
    (bench.state / "form.json").unlink()
    return bench


@pytest.fixture
def state(made: Bench, tmp_path: Path) -> Path:
    """A copy of its state to harm."""
    return Path(shutil.copytree(made.state, tmp_path / "state"))


def contents(state: Path) -> dict[str, bytes]:
    """Every file but locks and the index."""
    return {
        str(path.relative_to(state)): path.read_bytes()
        for path in sorted(state.rglob("*"))
        if path.is_file() and not path.name.startswith(".") and path.name != "lock"
    }


def notes(state: Path) -> dict[str, bytes]:
    return {name: raw for name, raw in contents(state).items() if name.endswith("issued.json")}


def check_migrated(state: Path, before: dict[str, bytes]) -> None:
    """Form 2: each note names its run's journals; nothing else changed; what did is kept whole."""
    after = contents(state)
    assert read_form(state) == newest_form() == 2
    for name, raw in before.items():
        if not name.endswith("issued.json"):
            assert after[name] == raw, name
    for name in notes(state).keys() & before.keys():
        folder = RunFolder((state / name).parent)
        note = folder.note()
        assert note is not None
        assert dict(note.journals) == {
            disk: hashlib.sha256(raw).hexdigest() for disk, raw in folder.journals().items()
        }
        kept = [place / name for place in (state / "former").glob("form-1*")]
        assert before[name] in [place.read_bytes() for place in kept if place.exists()]
    for place in (state / "former").glob("form-1*"):
        lines = (place / "SHA256SUMS").read_text().splitlines()
        told = {name: found for found, name in (line.split("  ") for line in lines)}
        there = {name: raw for name, raw in contents(place).items() if name != "SHA256SUMS"}
        assert told == {name: hashlib.sha256(raw).hexdigest() for name, raw in there.items()}


def test_notes_of_the_first_form_come_to_name_their_journals(state: Path) -> None:
    before = contents(state)
    assert len(open_folders(state)) == 2, "each look reads their certificates anew"
    open_state(state)
    check_migrated(state, before)
    assert not open_folders(state)
    assert (state / "form.json").stat().st_mode & 0o777 == 0o600
    former = state / "former"
    assert former.stat().st_mode & 0o777 == 0o700
    assert all(one.stat().st_mode & 0o777 == 0o600 for one in former.rglob("*") if one.is_file())
    once = contents(state)
    open_state(state)
    assert contents(state) == once


def test_a_certificate_that_was_moved_away_leaves_its_note(made: Bench, state: Path) -> None:
    (first, second) = notes(state)
    note = json.loads((state / first).read_bytes())
    note["folder"] = str(made.path / "gone")
    (state / first).write_text(json.dumps(note))
    before = contents(state)
    open_state(state)
    after = contents(state)
    assert after[first] == before[first]
    assert after[second] != before[second]
    assert list(contents(state / FORMER)) == ["SHA256SUMS", second]


@pytest.mark.parametrize("kind", ["kill", "power"])
def test_killed_behind_any_change_it_goes_on(made: Bench, tmp_path: Path, kind: str) -> None:
    """Killed, or without power, behind changes of files that a seed draws from all of them."""
    before, draw = contents(made.state), random.Random(24)
    behind, ended = 0, False
    while not ended:
        behind += draw.randint(1, 3 if kind == "kill" else 9)
        state = Path(shutil.copytree(made.state, tmp_path / f"{kind}-{behind}"))

        def work(state: Path = state, at: int = behind) -> None:
            strike(
                Strike(kind, at, behind=True, seed=at), Storage((str(state),)), tmp_path / "pids"
            )
            open_state(state)

        child = fork(work, tmp_path / "report")
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        ended = code == 0
        assert code in (0, -9), (tmp_path / "report").read_text()
        whole = set(notes(state).values()) <= {*before.values(), *notes_forward(made, tmp_path)}
        assert whole, f"a torn note, {kind} {behind}"
        open_state(state)
        check_migrated(state, before)
    assert behind > 20, "there is something to cut off"


def notes_forward(made: Bench, tmp_path: Path) -> tuple[bytes, ...]:
    """The notes as an undisturbed migration leaves them."""
    state = tmp_path / "calm"
    if not state.exists():
        shutil.copytree(made.state, state)
        open_state(state)
    return tuple(notes(state).values())


def test_what_another_recond_writes_is_waited_for(state: Path) -> None:
    before = contents(state)
    run = RunFolder((state / list(notes(state))[1]).parent)
    with run.supervised(wait=True), pytest.raises(BenchLacks) as caught:
        open_state(state)
    assert (caught.value.message.code, caught.value.exit_code) == ("host.form.busy", 9)
    assert read_form(state) == 1
    open_state(state)
    check_migrated(state, before)


@pytest.mark.parametrize("at", range(6))
def test_a_full_disk_leaves_the_old_form_or_the_new(state: Path, at: int, tmp_path: Path) -> None:
    before = contents(state)

    def work() -> None:
        strike(Strike("full", 1 + at * 6, once=False), Storage((str(state),)), tmp_path / "pids")
        with pytest.raises((BenchLacks, OSError)):
            open_state(state)

    assert os.waitpid(fork(work, tmp_path / "report"), 0)[1] == 0, (tmp_path / "report").read_text()
    open_state(state)
    check_migrated(state, before)


def test_steps_are_taken_in_their_order_and_once(tmp_path: Path) -> None:
    """The same way for every step to come."""
    file, seen = tmp_path / "thing", []

    def step(word: bytes, state: Path) -> Iterator[Rewrite]:
        seen.append(word)
        yield Rewrite(
            file, read_regular(file), read_regular(file) + word, lambda: nullcontext(True)
        )

    file.write_bytes(b"1")
    steps = tuple(lambda state, word=word: step(word, state) for word in (b"2", b"3", b"4"))
    write_form(tmp_path, 2)
    open_state(tmp_path, steps)
    open_state(tmp_path, steps)
    assert (file.read_bytes(), seen, read_form(tmp_path)) == (b"134", [b"3", b"4"], 4)
    assert [(tmp_path / "former" / f"form-{n}/thing").read_bytes() for n in (2, 3)] == [b"1", b"13"]


def test_a_newer_form_is_refused_by_who_writes_and_said_by_who_reads(
    made: Bench, state: Path, tmp_path: Path
) -> None:
    write_form(state, newest_form() + 1)
    before = contents(state)
    image = donor_image(tmp_path / "c.img", 64 << 10)
    data = image.read_bytes()
    asked = ("wipe", "--image", str(image), "--confirm", "c.img")
    told = recond("--lang", "en", "--state", str(state), *asked, folder=tmp_path)
    assert told.code == 9
    assert "newer recond (form 3; this one knows 2)" in told.stderr.replace("\n", " ")
    assert image.read_bytes() == data
    told = recond("--lang", "en", "--state", str(state), "runs", folder=tmp_path)
    assert told.code == 0
    assert "may be incomplete" in told.stderr.replace("\n", " ")
    assert contents(state) == before


def test_an_update_behind_a_screen_that_is_open_stops_the_next_erasure(tmp_path: Path) -> None:
    """Also `watch`: the process is older than the state by then."""
    bench, image = Bench(tmp_path), donor_image(tmp_path / "a.img", 64 << 10)
    data, host = image.read_bytes(), Host()
    prepared = prepare(bench.order(image), host)
    confirmed = confirm_all(prepared.plans, ConfirmedBy.FLAG)
    write_form(bench.state, newest_form() + 1)
    with pytest.raises(BenchLacks, match=r"host\.form\.newer"):
        execute(prepared, confirmed, host, quiet, StopCount())
    assert image.read_bytes() == data
    assert not bench.runs()


@pytest.mark.parametrize(
    "damage",
    [
        b"",
        b"[]",
        b"\xff",
        b'{"schema":"recond.state/1"}',
        b'{"schema":"recond.state/1","form":true}',
        b'{"schema":"recond.state/1","form":0}',
        b'{"schema":"recond.other/1","form":1}',
    ],
)
def test_a_number_that_cannot_be_read_is_no_form(state: Path, damage: bytes) -> None:
    (state / "form.json").write_bytes(damage)
    before = contents(state)
    with pytest.raises(BenchLacks, match=r"host\.form\.unreadable"):
        open_state(state)
    assert contents(state) == before


def test_a_number_that_this_disk_does_not_give_is_not_called_damaged(
    state: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever removed the file at that word would take a newer state for one of the first form."""

    def dying(path: Path, most_bytes: int = 0) -> bytes:
        raise OSError(errno.EIO, "x", str(path))

    monkeypatch.setattr("recond.flow.stateform.read_regular", dying)
    with pytest.raises(BenchLacks, match=r"host\.form\.unread "):
        open_state(state)


def test_a_state_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    open_state(tmp_path / "none")
    assert not (tmp_path / "none").exists()


def test_each_new_state_has_the_newest_form(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.run(donor_image(tmp_path / "a.img", 64 << 10))
    assert read_form(bench.state) == newest_form() == 1 + len(STEPS)
    assert not (bench.state / "former").exists()


READERS = {
    "config": {"_show", "config_check_command", "config_path_command"},
    "custody": {"history_command"},
    "key": {"show_command"},
    "machine": {"doctor_command"},
    "prove": {"verify_command", "_many_or_few", "_page", "_disk", "label_command", "runs_command"},
    "shell": {"version_command"},
    "stock": {"export_command", "upload_list_command", "queue_command", "_where"},
}
"""Who may read a state of a newer form; all others that name it ask first. `doctor` says it."""


def test_every_other_command_asks_before_it_writes() -> None:
    found: dict[str, set[str]] = {}
    for file in sorted((PACKAGE / "commands").glob("*.py")):
        for function in ast.walk(ast.parse(file.read_text())):
            if isinstance(function, ast.FunctionDef):
                calls = [one.func for one in ast.walk(function) if isinstance(one, ast.Call)]
                called = {one.id for one in calls if isinstance(one, ast.Name)}
                if "state_to_read" in called:
                    found.setdefault(file.stem, set()).add(function.name)
    assert found == READERS
