"""Whole files: two that write one, a power that is cut, somebody who lays links."""

from __future__ import annotations

import multiprocessing
import os
import signal
import stat
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from recond.errors import BenchLacks
from recond.flow.keys.ledger_file import LedgerFile
from recond.host.journalfile import JournalFile, is_held
from recond.host.log import errors_kept, log_swallowed
from recond.host.spool import Spool, read_files
from recond.host.state import prepare_state
from recond.host.store import append_line, create_whole, locked, write_folder, write_whole
from recond.host.workers import Workers


def write_many(path: Path, letter: bytes) -> None:
    for _ in range(200):
        write_whole(path, letter * 70_000)


def test_two_that_write_one_file_leave_that_of_one(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    writers = [
        multiprocessing.get_context("fork").Process(target=write_many, args=(path, letter))
        for letter in (b"a", b"b")
    ]
    for one in writers:
        one.start()
    while any(one.is_alive() for one in writers):
        if path.exists():
            raw = path.read_bytes()
            assert raw in (b"a" * 70_000, b"b" * 70_000)
    for one in writers:
        one.join()
        assert one.exitcode == 0, "one took the other's temporary file away"
    assert [one.name for one in tmp_path.iterdir()] == ["state.json"]


@pytest.mark.parametrize("name", ["record.json", ".record.json.new"])
def test_a_link_in_the_place_of_a_file_is_replaced_and_not_followed(
    tmp_path: Path, name: str
) -> None:
    """Root writes into a folder where somebody else may write too."""
    other = tmp_path / "passwd"
    other.write_bytes(b"root")
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / name).symlink_to(other)
    write_whole(folder / "record.json", b"{}")
    assert other.read_bytes() == b"root"
    assert (folder / "record.json").read_bytes() == b"{}"
    assert not (folder / "record.json").is_symlink()


@pytest.mark.parametrize("laid", ["run", "run/journals"])
def test_a_folder_that_is_a_link_is_not_filled(tmp_path: Path, laid: str) -> None:
    other = tmp_path / "other"
    other.mkdir()
    place = tmp_path / "out" / laid
    place.parent.mkdir(parents=True)
    place.symlink_to(other)
    with pytest.raises(OSError):
        write_folder(tmp_path / "out" / "run", {"journals/a.jsonl": b"{}"})
    assert not list(other.iterdir())


def test_a_long_name_and_a_private_mode(tmp_path: Path) -> None:
    path = tmp_path / ("é" * 120)
    write_whole(path, b"x", mode=0o600)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_what_cannot_be_written_leaves_the_old_and_no_rest(tmp_path: Path) -> None:
    path = tmp_path / "state.json"
    write_whole(path, b"old")
    with pytest.MonkeyPatch.context() as patch:

        def full(_descriptor: int) -> None:
            raise OSError(28, "No space left on device")

        patch.setattr(os, "fsync", full)
        with pytest.raises(OSError):
            write_whole(path, b"new")
    assert path.read_bytes() == b"old"
    assert [one.name for one in tmp_path.iterdir()] == ["state.json"]


def test_of_two_that_make_a_file_one_does(tmp_path: Path) -> None:
    create_whole(tmp_path / "bench-id", b"one")
    with pytest.raises(FileExistsError):
        create_whole(tmp_path / "bench-id", b"two")
    assert (tmp_path / "bench-id").read_bytes() == b"one"
    assert [one.name for one in tmp_path.iterdir()] == ["bench-id"]


# --- Somebody else may write into the folder too ------------------------------------------------


def lock(path: Path) -> None:
    with locked(path):
        pass


def lock_spool(path: Path) -> None:
    with Spool(path.parent).locked(path.name, wait=False):
        pass


def reopen(path: Path) -> None:
    JournalFile.reopen(path)[0].close()


def report(path: Path) -> None:
    with errors_kept(path):
        log_swallowed("test", ValueError())


def start(path: Path) -> None:
    workers = Workers()
    workers.start("disk", "recond.no_such_module", (), path)
    list(workers.events())


def append(path: Path) -> None:
    append_line(path, b"{}\n")


def read_spool(path: Path) -> None:
    Spool(path.parent).read(path.name)


def read_ledger(path: Path) -> None:
    LedgerFile(path).read()


OPENINGS = (append, lock, lock_spool, reopen, report, start, is_held, read_spool, read_ledger)


@pytest.fixture
def in_time() -> Iterator[None]:
    """Whoever waits for a pipe's other end fails."""
    signal.alarm(20)
    yield
    signal.alarm(0)


@pytest.mark.parametrize("opening", OPENINGS)
@pytest.mark.parametrize("laid", ["link", "dangling", "pipe", "device"])
@pytest.mark.usefixtures("in_time")
def test_what_was_laid_in_a_files_place_is_not_opened(
    tmp_path: Path, laid: str, opening: Callable[[Path], None]
) -> None:
    other, place = tmp_path / "passwd", tmp_path / "state" / "file"
    place.parent.mkdir()
    if laid == "pipe":
        os.mkfifo(place)
    elif laid == "device":
        place.symlink_to("/dev/full")
    else:
        place.symlink_to(other)
    if laid == "link":
        other.write_bytes(b"root:x:0:0")
    if opening is report or (opening is read_ledger and laid == "dangling"):
        opening(place)  # a report is never a reason to stop; what leads nowhere is not there
    else:
        with pytest.raises(OSError):
            opening(place)
    assert other.exists() == (laid == "link")
    assert not other.exists() or other.read_bytes() == b"root:x:0:0"


@pytest.mark.usefixtures("in_time")
def test_a_pipe_among_a_folders_files_holds_nobody_up(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "record.json")
    (tmp_path / "record.jws").write_bytes(b"x")
    assert read_files(tmp_path, ("record.*",), most_files=9, most_bytes=99) == {"record.jws": b"x"}


def test_a_state_folder_is_for_its_user_alone(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        prepare_state(tmp_path / "a" / "state")
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a" / "state").stat().st_mode) == 0o700
    prepare_state(tmp_path / "a" / "state")


def test_a_state_folder_that_others_write_is_refused(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    (tmp_path / "state").chmod(0o777)
    with pytest.raises(BenchLacks) as error:
        prepare_state(tmp_path / "state")
    assert error.value.message.code == "host.folder.anothers"
    assert not list((tmp_path / "state").iterdir())


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_root_keeps_nothing_in_somebody_elses_folder(tmp_path: Path) -> None:
    (tmp_path / "state").mkdir()
    os.chown(tmp_path / "state", 1000, 1000)
    with pytest.raises(BenchLacks) as error:
        prepare_state(tmp_path / "state")
    assert error.value.message.code == "host.folder.anothers"
