"""The journal's file: whole lines only, one writer, and a full disk that is said at once."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import pytest

from recond.certify.judge.journal_read import parse_journal
from recond.errors import BenchLacks
from recond.host.clock import SystemClock
from recond.host.journal_lines import read_entries
from recond.host.journalfile import JournalFile, is_held
from recond.model import Json
from recond.wipe.journal import Journal

OPEN: dict[str, Json] = {
    "schema": "recond.journal/1",
    "run_id": "r",
    "path": "/dev/x",
    "session": 1,
    "boot": "b",
    "software": {"name": "recond", "version": "1"},
    "demonstration": False,
}


def journal(path: Path) -> Journal:
    return Journal.create(path, SystemClock())


def test_a_journal_is_made_once_and_chained(tmp_path: Path) -> None:
    path = tmp_path / "neu" / "a.jsonl"
    log = journal(path)
    log.log("open", dict(OPEN))
    log.log("flush", {"step": 0, "errno": None})
    log.close()
    with pytest.raises(FileExistsError):
        journal(path)
    reading = parse_journal(path.read_bytes())
    assert not reading.problems
    assert [entry.kind for entry in reading.entries] == ["open", "flush"]
    assert path.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize("torn", [b"", b"{", b'{"data":{}', b"\x00" * 300, b"\xff\xfe"])
def test_it_goes_on_behind_its_last_whole_line(tmp_path: Path, torn: bytes) -> None:
    path = tmp_path / "a.jsonl"
    log = journal(path)
    log.log("open", dict(OPEN))
    log.close()
    whole = path.read_bytes()
    path.write_bytes(whole + torn)
    log, raw = Journal.reopen(path, SystemClock())
    assert raw == whole
    log.log("flush", {"step": 0, "errno": None})
    log.close()
    reading = parse_journal(path.read_bytes())
    assert not reading.problems
    assert not reading.torn
    assert reading.entries[1].prev == hashlib.sha256(whole.rstrip(b"\n")).hexdigest()


def test_two_writers_are_one_too_many(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    log = journal(path)
    log.log("open", dict(OPEN))
    assert is_held(path)
    with pytest.raises(BlockingIOError):
        Journal.reopen(path, SystemClock())
    log.close()
    assert not is_held(path)


def test_a_full_disk_ends_the_journal_for_good(tmp_path: Path) -> None:
    class Full:
        """Takes half of the second line, and everything again later."""

        def __init__(self) -> None:
            self.raw, self.lines = b"", 0

        def append(self, line: bytes) -> None:
            self.lines += 1
            if self.lines == 2:
                self.raw += line[: len(line) // 2]
                raise OSError(28, "No space left on device")
            self.raw += line

        def close(self) -> None: ...

    sink = Full()
    log = Journal(sink, SystemClock())
    log.log("open", dict(OPEN))
    for _ in range(2):
        with pytest.raises(BenchLacks):
            log.log("flush", {"step": 0, "errno": None})
    assert sink.lines == 2
    assert len(parse_journal(sink.raw).entries) == 1


def test_a_real_full_disk() -> None:
    descriptor = os.open("/dev/full", os.O_WRONLY)
    full = JournalFile(Path("/dev/full"), descriptor)
    with pytest.raises(OSError, match="No space left"):
        full.append(b"line\n")
    full.close()


@pytest.mark.parametrize(
    "raw",
    [b"", b"\n", b"[]\n", b"{}\n", b'{"kind":1}\n', b'{"kind":"a","data":[]}\n', b"\xff\n", b"nul"],
)
def test_lines_that_are_none_are_none(raw: bytes) -> None:
    assert all(isinstance(data, dict) for _, data in read_entries(raw))
    assert len(read_entries(raw)) <= 1
