"""Whole files: two that write one, a power that is cut, somebody who lays links."""

from __future__ import annotations

import multiprocessing
import os
import stat
from pathlib import Path

import pytest

from recond.host.store import create_whole, write_folder, write_whole


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
