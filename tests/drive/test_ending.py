"""What a medium reads as: the words, and that a rest of data is never overlooked."""

from __future__ import annotations

import random

import pytest

from recond.host.sim.drive import SimBlock, SimClock
from recond.host.sim.scsi import SimScsi
from recond.wipe.drive.ending import kind_of, read_ending

NOISE = random.Random(1).randbytes(1 << 20)


@pytest.mark.parametrize(
    ("data", "start", "expected"),
    [
        (bytes(8192), 0, ("zeros", b"\0")),
        (b"\xff" * 512, 512, ("ones", b"\xff")),
        (b"\x5a" * 4096, 0, ("pattern", b"\x5a")),
        (b"\x33\xcc\x55\xaa" * 1024, 0, ("pattern", b"\x33\xcc\x55\xaa")),
        (b"\x55\xaa\x33\xcc" * 1024, 2, ("pattern", b"\x33\xcc\x55\xaa")),  # by the medium's byte 0
        (NOISE, 0, ("random", b"")),
        (NOISE[:512], 0, ("random", b"")),
        (b"a letter to a friend, " * 200, 0, ("data", b"")),
        (NOISE[:5120] + bytes(512) + NOISE[5120:9216], 0, ("data", b"")),
    ],
)
def test_kinds(data: bytes, start: int, expected: tuple[str, bytes]) -> None:
    assert kind_of(data, start) == expected


def ending(drive: SimScsi) -> tuple[str, int]:
    found = read_ending(
        SimBlock(drive, "/dev/sim"),
        ((0, drive.cells.size),),
        512,
        SimClock(),
        lambda: False,
        lambda _done, _total: None,
    )
    return found.word(), found.mismatch().total


@pytest.mark.parametrize(
    ("how", "word"),
    [("zeros", "zeros"), ("ones", "ones"), ("pattern", "pattern"), ("noise", "random")],
)
def test_an_erased_medium_is_the_same_everywhere(how: str, word: str) -> None:
    drive = SimScsi(SimClock(), 1)
    drive.cells.erase(how)
    assert ending(drive) == (word, 0)
    for _ in range(20):  # one old sector anywhere
        at = random.Random(how).randrange(drive.cells.size // 512) * 512
        drive.cells.data[at : at + 512] = b"x" * 256 + b"letter..".ljust(256)
        assert ending(drive)[0] == "mixed"


def test_what_cannot_be_read_is_said() -> None:
    drive = SimScsi(SimClock(), 1)
    drive.unreadable = True
    found = read_ending(
        SimBlock(drive, "/dev/sim"),
        ((0, 8192),),
        4096,
        SimClock(),
        lambda: False,
        lambda _done, _total: None,
    )
    assert (found.word(), found.unreadable.total, found.compared) == ("unreadable", 8192, 0)
