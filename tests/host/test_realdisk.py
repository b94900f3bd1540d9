"""The real form of the seam, on files: what it opens, what it never makes, what it answers."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from recond.host import realdisk
from recond.host.block import aligned_buffer, same_bytes
from recond.host.realdisk import open_disk

KIB = 1024


def file(folder: Path, size: int = 64 * KIB) -> Path:
    path = folder / "a.img"
    path.write_bytes(os.urandom(size))
    return path


@pytest.mark.parametrize("direct", [True, False])
@pytest.mark.parametrize("size", [64 * KIB, 64 * KIB + 512, 64 * KIB + 1, 5])
def test_what_is_written_is_what_is_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, direct: bool, size: int
) -> None:
    if not direct:
        monkeypatch.setattr(realdisk, "_open_direct", lambda _fd, _flags: None)
    path = file(tmp_path, size)
    disk = open_disk(str(path), True)
    assert direct or not disk.direct
    source, back = aligned_buffer(128 * KIB)[:size], aligned_buffer(128 * KIB)[:size]
    source[:] = os.urandom(size)
    at = 0
    while at < size:
        at += disk.write(at, source[at : min(size, at + 16 * KIB)])
    disk.flush()
    disk.drop_cache()
    assert disk.read_into(0, back) == size
    assert same_bytes(source, back)
    disk.close()
    assert path.read_bytes() == bytes(source)
    assert path.stat().st_size == size


def test_a_reading_behind_the_end_is_short_and_a_reading_there_is_nothing(tmp_path: Path) -> None:
    disk = open_disk(str(file(tmp_path, 8 * KIB)), False)
    assert disk.read_into(4 * KIB, aligned_buffer(16 * KIB)) == 4 * KIB
    assert disk.read_into(64 * KIB, aligned_buffer(4 * KIB)) == 0
    disk.close()


def test_what_was_opened_for_reading_cannot_be_written(tmp_path: Path) -> None:
    path = file(tmp_path)
    before = path.read_bytes()
    disk = open_disk(str(path), False)
    with pytest.raises(OSError, match="Bad file descriptor"):
        disk.write(0, aligned_buffer(4 * KIB))
    disk.close()
    assert path.read_bytes() == before


def test_a_file_that_is_gone_is_not_made(tmp_path: Path) -> None:
    for writing in (True, False):
        with pytest.raises(FileNotFoundError):
            open_disk(str(tmp_path / "sdx"), writing)
    assert not list(tmp_path.iterdir())


def test_a_deleted_image_is_not_there_any_more(tmp_path: Path) -> None:
    path = file(tmp_path)
    disk = open_disk(str(path), True)
    assert disk.still_there()
    path.unlink()
    assert not disk.still_there()
    disk.close()


def test_no_descriptor_is_left_open(tmp_path: Path) -> None:
    path = file(tmp_path)
    held = open_disk(str(path), True)
    before = len(list(Path("/proc/self/fd").iterdir()))
    for _ in range(5):
        with pytest.raises(BlockingIOError):
            open_disk(str(path), True)
        open_disk(str(path), False).close()
    assert len(list(Path("/proc/self/fd").iterdir())) == before
    held.close()


def test_the_identity_of_an_image_is_its_name_and_size(tmp_path: Path) -> None:
    disk = open_disk(str(file(tmp_path, 3 * KIB)), False)
    identity = disk.identity()
    assert (identity.serial, identity.size_bytes, identity.wwn) == ("a.img", 3 * KIB, None)
    disk.close()


@pytest.mark.parametrize("size", [0, 1, 7, 4096, 100_000])
def test_equal_bytes_are_equal_and_one_bit_is_a_difference(size: int) -> None:
    raw = os.urandom(size)
    left, right = memoryview(bytearray(raw)), memoryview(bytearray(raw))
    assert same_bytes(left, right)
    assert not same_bytes(left, memoryview(bytearray(raw + b"x")))
    for at in {0, size // 2, size - 1} if size else ():
        right[at] ^= 1
        assert not same_bytes(left, right)
        right[at] ^= 1
