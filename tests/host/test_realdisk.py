"""The real form of the seam, on files: what it opens, what it never makes, what it answers."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from recond.host import realdisk
from recond.host.block import _address, aligned_buffer, repeats
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
    assert bytes(source) == bytes(back)
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


@pytest.mark.parametrize("period", [1, 3, 64, 192])
@pytest.mark.parametrize("size", [0, 1, 7, 63, 64, 65, 4096, 100_000])
def test_what_repeats_and_one_bit_that_does_not(size: int, period: int) -> None:
    unit = os.urandom(period)
    held = memoryview(bytearray((unit * (size // period + 1))[:size]))
    assert repeats(held, unit)
    for at in {0, period - 1, period, size // 2, size - 1} & set(range(size)):
        held[at] ^= 1
        assert not repeats(held, unit)
        held[at] ^= 1
    if size > period and len(set(unit)) > 1:
        assert not repeats(held[1:], unit)


@pytest.mark.parametrize("size", [4 * KIB, 1 << 20, (2 << 20) + 4096])
@pytest.mark.parametrize("huge", [False, True])
def test_a_buffer_is_zeroed_on_a_page_and_no_child_gets_it(size: int, huge: bool) -> None:
    buffer = aligned_buffer(size, huge=huge)
    assert len(buffer) == size
    assert repeats(buffer, bytes(64))
    huge = huge and size >= 1 << 20
    assert _address(buffer) % (2 << 20 if huge else 4096) == 0
    buffer[-1] = 7
    flags = _flags_of(_address(buffer))
    assert "dc" in flags  # "do not copy on fork"
    if Path("/sys/kernel/mm/transparent_hugepage").is_dir():
        assert ("hg" in flags) == huge


def _flags_of(address: int) -> list[str]:
    """The kernel's own word on the memory area that holds an address (proc(5), smaps)."""
    inside = False
    for line in Path("/proc/self/smaps").read_text().splitlines():
        head = line.split()[0]
        if "-" in head and not head.endswith(":"):
            low, high = (int(part, 16) for part in head.split("-"))
            inside = low <= address < high
        elif inside and head == "VmFlags:":
            return line.split()[1:]
    return []
