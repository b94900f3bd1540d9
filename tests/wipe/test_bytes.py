"""The exact bytes that each method issues, against expectations written from the methods' sources.

The expectations share nothing with the engine: keys by hashlib from the documented label, XTS by
AES-ECB and the tweak's doubling as IEEE 1619 writes it, patterns from the papers.
"""

from __future__ import annotations

import hashlib
from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from recond.erasure import DiskIdentity, TargetKind
from recond.host.block import HolderLook, TakenPartition
from recond.host.sim.drive import SimClock
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
        RANDOM,
        RANDOM,
        RANDOM,
        RANDOM,
        "555555",
        "aaaaaa",
        "924924",
        "492492",
        "249249",
        *(f"{nibble:x}" * 6 for nibble in range(16)),
        "924924",
        "492492",
        "249249",
        "6db6db",
        "b6db6d",
        "db6db6",
        RANDOM,
        RANDOM,
        RANDOM,
        RANDOM,
    ),
    "rcmp-ops2": ("00", "ff", "00", "ff", "00", "ff", RANDOM),
    "bmb21-2019": ("ff", "00", RANDOM, RANDOM, RANDOM, "ff"),
}


def xts(key: bytes, size: int, first_unit: int = 0) -> bytes:
    """Zeros encrypted with XTS-AES-128 in data units of 1 MiB (IEEE 1619-2018 5.3.2, 5.2)."""
    one, two = (
        Cipher(algorithms.AES(half), modes.ECB()).encryptor() for half in (key[:16], key[16:])
    )
    found = bytearray()
    for unit in range(first_unit, first_unit + -(-size // (1 << 20))):
        tweak = int.from_bytes(two.update(unit.to_bytes(16, "little")), "little")
        for _ in range(min(1 << 20, size - (unit - first_unit) * (1 << 20)) // 16 + 1):
            raw = tweak.to_bytes(16, "little")
            found += bytes(a ^ b for a, b in zip(one.update(raw), raw, strict=True))
            tweak = (tweak << 1) ^ (0x87 | 1 << 128 if tweak >> 127 else 0)
        del found[(unit - first_unit + 1) * (1 << 20) :]
    return bytes(found[:size])


def due(word: str, index: int, size: int) -> bytes:
    """What must stand on the disk after pass `index`."""
    if word == RANDOM:
        return xts(hashlib.sha256(b"recond/1 xts %d\0" % index + SEED).digest(), size)
    if word == CHAR:
        return hashlib.sha256(b"recond/1 char %d\0" % index + SEED).digest()[:1] * size
    pattern = bytes.fromhex(word)
    return (pattern * (size // len(pattern) + 1))[:size]


class RecordingDisk:
    """Takes writes, notes each, refuses what a disk refuses."""

    path, direct, memory_align_bytes = "/dev/recording", True, 512

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

    def look(self) -> HolderLook:
        raise AssertionError("a pass asks for nobody")

    def take_partitions(self) -> tuple[TakenPartition, ...]:
        raise AssertionError("a pass takes nothing away")

    def stop_writing(self) -> None: ...

    def reader(self) -> RecordingDisk:
        return self

    def close(self) -> None: ...


def context(size: int, pace: Pace) -> PassContext:
    return PassContext(
        step=0,
        size=size,
        block=512,
        kind=TargetKind.BLOCK,
        log=lambda _kind, _data: None,
        clock=SimClock(),
        should_stop=lambda: False,
        progress=lambda _done: None,
        cool_down=lambda: None,
        pace=pace,
    )


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


@pytest.mark.parametrize("piece", [1 << 20, 300 * 1024])
def test_a_random_pass_over_more_than_one_data_unit(piece: int) -> None:
    """The second unit has a number of its own, whatever the pieces are and wherever one begins."""
    size = (1 << 20) + 5 * 4096 + 512
    (fill,) = plan_fills(find_method("random"), SEED)
    disk, behind = RecordingDisk(size), size - 5 * 4096
    result = OverwritePass(disk, fill, context(size, Pace.of(piece, 2)), (), ()).run()
    assert result.outcome == "done"
    assert bytes(disk.content) == due(RANDOM, 0, size)
    disk = RecordingDisk(size)  # resumed within the second unit
    OverwritePass(disk, fill, context(size, Pace.of(piece, 1)), ((0, behind),), ()).run()
    assert bytes(disk.content[behind:]) == due(RANDOM, 0, size)[behind:]


def test_chance_is_another_one_in_each_pass_and_each_plan() -> None:
    keys = [
        fill.hex
        for seed in (SEED, SEED[::-1])
        for fill in plan_fills(find_method("schneier"), seed)
        if len(fill.hex) == 64
    ]
    assert len(set(keys)) == 10
