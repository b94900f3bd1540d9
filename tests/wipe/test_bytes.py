"""The exact bytes that each method issues, against expectations written from the methods' sources.

The expectations share nothing with the engine: keys by hashlib from the documented label, keystream
by AES-ECB over counters, patterns from the papers.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from recond.erasure import DiskIdentity, TargetKind
from recond.host.simdrive import SimClock
from recond.host.tuning import Pace
from recond.methods import all_methods, find_method, plan_fills
from recond.wipe.overwrite import OverwritePass, PassContext
from tests.wipe.disks import HDD, SEED

RANDOM, CHAR = "random", "char"
SIZE = 7 * 512 + 3 * 8192  # no multiple of a piece, of a page, of 3 or of 16 pieces

PASSES: dict[str, tuple[str, ...]] = {
    "nist-clear": ("00",),
    "zero": ("00",),
    "one": ("ff",),
    "random": (RANDOM,),
    "flash-clear": ("55", "aa"),
    "dod-short": ("00", "ff", RANDOM),
    "dod": ("00", "ff", RANDOM, CHAR, "00", "ff", RANDOM),
    "hmg-is5-enhanced": ("00", "ff", RANDOM),
    "schneier": ("ff", "00", RANDOM, RANDOM, RANDOM, RANDOM, RANDOM),
    "gutmann": (
        RANDOM, RANDOM, RANDOM, RANDOM,
        "555555", "aaaaaa", "924924", "492492", "249249",
        *(f"{nibble:x}" * 6 for nibble in range(16)),
        "924924", "492492", "249249", "6db6db", "b6db6d", "db6db6",
        RANDOM, RANDOM, RANDOM, RANDOM,
    ),
    "rcmp-ops2": ("00", "ff", "00", "ff", "00", "ff", RANDOM),
    "bmb21-2019": ("ff", "00", RANDOM, RANDOM, RANDOM, "ff"),
}


def keystream(key: bytes, size: int) -> bytes:
    counters = b"".join(index.to_bytes(16, "big") for index in range(-(-size // 16)))
    cipher = Cipher(algorithms.AES(key), modes.ECB()).encryptor()
    return cipher.update(counters)[:size]


def due(word: str, index: int, size: int) -> bytes:
    """What must stand on the disk after pass `index`."""
    if word == RANDOM:
        return keystream(hashlib.sha256(b"recond/1 keystream %d\0" % index + SEED).digest(), size)
    if word == CHAR:
        return hashlib.sha256(b"recond/1 char %d\0" % index + SEED).digest()[:1] * size
    pattern = bytes.fromhex(word)
    return (pattern * (size // len(pattern) + 1))[:size]


class RecordingDisk:
    """Takes writes, notes each, refuses what a disk refuses."""

    path, direct = "/dev/recording", True

    def __init__(self, size: int) -> None:
        self.content = bytearray(b"\x5e" * size)
        self.writes: list[tuple[int, int]] = []
        self.flushes: list[int] = []

    def identity(self) -> DiskIdentity:
        return replace(HDD, size_bytes=len(self.content))

    def write(self, offset_bytes: int, data: memoryview) -> int:
        assert offset_bytes % 512 == 0
        assert len(data) % 512 == 0
        assert 0 < offset_bytes + len(data) <= len(self.content)
        self.content[offset_bytes : offset_bytes + len(data)] = data
        self.writes.append((offset_bytes, len(data)))
        return len(data)

    def read_into(self, offset_bytes: int, buffer: memoryview) -> int:
        raise AssertionError("a pass reads nothing")

    def flush(self) -> None:
        self.flushes.append(len(self.writes))

    def drop_cache(self) -> None: ...

    def still_there(self) -> bool:
        return True

    def close(self) -> None: ...


def context(size: int, pace: Pace) -> PassContext:
    return PassContext(
        step=0, size=size, block=512, kind=TargetKind.BLOCK, log=lambda _kind, _data: None,
        clock=SimClock(), should_stop=lambda: False, progress=lambda _done: None,
        cool_down=lambda: None, pace=pace)


def test_every_method_has_its_expectation() -> None:
    assert PASSES.keys() == all_methods().keys()


@pytest.mark.parametrize("lanes", [1, 3])
@pytest.mark.parametrize("method", PASSES)
def test_what_stands_on_the_disk_after_each_pass(method: str, lanes: int) -> None:
    fills = plan_fills(find_method(method), SEED)
    assert len(fills) == len(PASSES[method])
    pace = Pace.of(8192, lanes)
    disk = RecordingDisk(SIZE)
    for index, (fill, word) in enumerate(zip(fills, PASSES[method], strict=True)):
        disk.writes.clear()
        result = OverwritePass(disk, fill, context(SIZE, pace), (), ()).run()
        assert result.outcome == "done"
        assert result.done == ((0, SIZE),)
        assert bytes(disk.content) == due(word, index, SIZE), (method, index)
        # every byte once, and the drive was told to empty its cache behind the last one
        assert sum(length for _, length in disk.writes) == SIZE
        assert sorted(start for start, _ in disk.writes) == [0, 8192, 16384, 24576]
        assert disk.flushes[-1] == len(disk.writes)


@pytest.mark.parametrize("word", ["00", "924924", RANDOM])
def test_a_pass_that_goes_on_writes_only_what_is_left(word: str) -> None:
    method = {"00": "zero", "924924": "gutmann", RANDOM: "random"}[word]
    index = 6 if method == "gutmann" else 0
    fill = plan_fills(find_method(method), SEED)[index]
    disk, done = RecordingDisk(SIZE), ((0, 1536), (8704, 512))
    result = OverwritePass(disk, fill, context(SIZE, Pace.of(4096, 1)), done, ())
    assert result.run().done == ((0, SIZE),)
    expected = bytearray(due(word, index, SIZE))
    for start, length in done:
        expected[start : start + length] = b"\x5e" * length
    assert bytes(disk.content) == bytes(expected)


def test_the_keystream_is_another_one_in_each_pass_and_each_plan() -> None:
    keys = [fill.hex for seed in (SEED, SEED[::-1])
            for fill in plan_fills(find_method("schneier"), seed) if len(fill.hex) == 64]
    assert len(set(keys)) == 10
