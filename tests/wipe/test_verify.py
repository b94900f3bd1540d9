"""The separate reading: it finds every wrong byte, lists what it cannot read, asks once."""

from __future__ import annotations

import errno
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recond.certify.judge.expected_content import fill_bytes
from recond.erasure import XTS_UNIT_BYTES, DiskIdentity, Fill, FillKind, VerifyMode
from recond.host.block import repeats
from recond.host.lanes import Lane
from recond.host.sim.disk import Faults, SimCells
from recond.host.sim.drive import SimClock
from recond.host.tuning import Pace
from recond.wipe import verify
from recond.wipe.verify import Expected, Findings, Verifier, VerifyContext, sample_places
from tests.wipe.disks import ALONE, HDD, PATH

ZEROS = Fill(FillKind.CONSTANT, "00")
THREE = Fill(FillKind.CONSTANT, "924924")
CHANCE = Fill(FillKind.XTS, bytes(range(32)).hex())
FILLS = [ZEROS, THREE, CHANCE]
SIZE = 300 * 1024 + 512


def identity(size: int) -> DiskIdentity:
    return replace(HDD, size_bytes=size)


def drive_with(fill: Fill, faults: Faults | None = None, size: int = SIZE) -> SimCells:
    return SimCells(identity(size), fill_bytes(fill, 0, size), SimClock(), 0, faults)


def read(
    drive: SimCells, fill: Fill, mode: VerifyMode = VerifyMode.FULL, pace: Pace = ALONE
) -> Findings:
    context = VerifyContext(
        size=drive.identity.size_bytes,
        block=512,
        clock=drive._clock,
        should_stop=lambda: False,
        progress=lambda _done, _all: None,
        cool_down=lambda: None,
        pace=pace,
    )
    return Verifier(drive.open(PATH, False), fill, context).run(mode, b"seed")


@pytest.mark.parametrize("lanes", [1, 3])
@pytest.mark.parametrize("fill", FILLS, ids=["zeros", "three", "chance"])
def test_a_right_medium(fill: Fill, lanes: int) -> None:
    pace = Pace.of(8192, lanes)
    found = read(drive_with(fill), fill, pace=pace)
    assert (found.outcome, found.compared, found.places) == ("done", SIZE, 1)
    assert not found.mismatch.total
    assert not found.unreadable.total


@pytest.mark.parametrize("lanes", [1, 3])
@pytest.mark.parametrize("fill", FILLS, ids=["zeros", "three", "chance"])
@pytest.mark.parametrize("at", [0, 511, 512, 8191, 8192, 99_999, SIZE - 512, SIZE - 1])
def test_one_wrong_bit_anywhere_is_found_in_its_block(fill: Fill, at: int, lanes: int) -> None:
    drive = drive_with(fill)
    drive.cells[at] ^= 0x10
    found = read(drive, fill, pace=Pace.of(8192, lanes))
    assert found.mismatch.ranges() == ((at // 512 * 512, 512),)
    assert found.compared == SIZE


def test_a_content_of_another_pass_is_no_match() -> None:
    other = Fill(FillKind.XTS, bytes(range(1, 33)).hex())
    assert read(drive_with(CHANCE), other).mismatch.total == SIZE
    assert read(drive_with(THREE), Fill(FillKind.CONSTANT, "249249")).mismatch.total == SIZE
    assert read(drive_with(ZEROS), Fill(FillKind.CONSTANT, "ff")).mismatch.total == SIZE


def test_a_disk_whose_size_lies_is_found_by_chance_and_not_by_zeros() -> None:
    faults = Faults(real_blocks=SIZE // 512 // 2)
    for fill, expected in ((CHANCE, True), (ZEROS, False)):
        drive = SimCells(identity(SIZE), bytes(SIZE), SimClock(), 0, faults)
        disk = drive.open(PATH, True)
        for at in range(0, SIZE, 512):
            disk.write(at, memoryview(bytearray(fill_bytes(fill, at, 512))))
        disk.flush()
        assert bool(read(drive, fill).mismatch.total) is expected


def test_what_cannot_be_read_is_listed_to_the_block_and_the_rest_compared() -> None:
    drive = drive_with(CHANCE, Faults(bad_reads=frozenset({3, 400, 401})))
    drive.cells[402 * 512] ^= 1
    found = read(drive, CHANCE)
    assert found.outcome == "done"
    assert found.unreadable.ranges() == ((3 * 512, 512), (400 * 512, 1024))
    assert found.mismatch.ranges() == ((402 * 512, 512),)
    assert found.compared == SIZE - 3 * 512


def test_a_block_that_can_be_read_at_a_later_attempt_is_compared() -> None:
    found = read(drive_with(ZEROS, Faults(weak_reads=frozenset({0, 77}))), ZEROS)
    assert not found.unreadable.total
    assert found.compared == SIZE


class TwoAnswers:
    """A disk that gives old data once and what it must give ever after."""

    path, direct, memory_align_bytes = PATH, True, 512

    def __init__(self) -> None:
        self.asked: list[int] = []

    def read_into(self, offset_bytes: int, buffer: memoryview) -> int:
        buffer[:] = bytes(len(buffer)) if offset_bytes in self.asked else b"\x01" * len(buffer)
        self.asked.append(offset_bytes)
        return len(buffer)

    def still_there(self) -> bool:
        return True


def test_what_differed_once_differed() -> None:
    context = VerifyContext(
        size=8192,
        block=512,
        clock=SimClock(),
        should_stop=lambda: False,
        progress=lambda _done, _all: None,
        cool_down=lambda: None,
        pace=ALONE,
    )
    found = Verifier(TwoAnswers(), ZEROS, context).run(VerifyMode.FULL, b"")  # type: ignore[arg-type]
    assert found.mismatch.total == 8192


@pytest.mark.parametrize(
    ("number", "unnoticed"), [(errno.ENODEV, 9), (errno.ENXIO, 9), (errno.EIO, 0)]
)
def test_a_disk_that_vanishes_is_told_from_a_bad_block(number: int, unnoticed: int) -> None:
    faults = Faults(vanish_after=9, vanish_errno=number, unnoticed=unnoticed)
    found = read(drive_with(ZEROS, faults), ZEROS)
    assert found.outcome == "vanished"
    assert found.compared == 9 * 8192


def test_a_bridge_that_answers_zeros_for_a_disk_that_is_gone() -> None:
    class Bridge(TwoAnswers):
        def read_into(self, offset_bytes: int, buffer: memoryview) -> int:
            buffer[:] = bytes(len(buffer))
            return len(buffer)

        def still_there(self) -> bool:
            return False

    context = VerifyContext(
        size=8192,
        block=512,
        clock=SimClock(),
        should_stop=lambda: False,
        progress=lambda _done, _all: None,
        cool_down=lambda: None,
        pace=ALONE,
    )
    found = Verifier(Bridge(), ZEROS, context).run(VerifyMode.FULL, b"")  # type: ignore[arg-type]
    assert found.outcome == "vanished"


def test_a_stop_says_so_and_is_no_result() -> None:
    drive = drive_with(ZEROS)
    context = VerifyContext(
        size=SIZE,
        block=512,
        clock=drive._clock,
        should_stop=lambda: True,
        progress=lambda _done, _all: None,
        cool_down=lambda: None,
        pace=ALONE,
    )
    found = Verifier(drive.open(PATH, False), ZEROS, context).run(VerifyMode.FULL, b"")
    assert found.outcome == "stopped"
    assert found.compared < SIZE


def test_an_untouched_disk_is_told_in_one_reading() -> None:
    """A terabyte that was never written must not be read block by block."""
    drive = drive_with(Fill(FillKind.CONSTANT, "41"), size=1 << 20)
    found = read(drive, ZEROS)
    assert found.mismatch.ranges() == ((0, 1 << 20),)
    assert drive._requests <= (1 << 20) // 8192


def test_every_other_block_wrong_stays_a_list_of_bounded_size(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(verify, "MAX_SPANS", 50)
    drive = drive_with(ZEROS)
    for block in range(0, SIZE // 512, 2):
        drive.cells[block * 512] = 1
    found = read(drive, ZEROS)
    assert len(found.mismatch.ranges()) < 100
    wrong = range(0, SIZE, 1024)
    assert all(any(a <= at < a + n for a, n in found.mismatch.ranges()) for at in wrong)


# --- Samples ---------------------------------------------------------------------------------


@given(st.integers(1, 1 << 44), st.sampled_from([512, 4096]), st.binary(min_size=1, max_size=8))
def test_a_sample_keeps_its_rule(size: int, block: int, seed: bytes) -> None:
    """Rev. 1 4.7.2: a thousand subsections, two places in each that do not overlap, the first and
    the last block, a tenth of the medium.
    """
    size = max(block, size // block * block)
    places = sample_places(seed, size, block)
    assert places[0][0] == 0
    assert places[-1][0] + places[-1][1] == size
    assert sum(length for _, length in places) * 10 >= size
    ends = [start + length for start, length in places]
    assert all(end < start for end, (start, _) in zip(ends, places[1:], strict=False))
    assert all(start % block == 0 and length % block == 0 for start, length in places)
    if len(places) > 1:
        section = size // 1000 // block * block
        half = section // 2 // block * block

        def place_of(at: int) -> int:
            return at // section * 2 + (at % section >= half)

        hit = {
            n
            for start, length in places
            for n in range(place_of(start), place_of(start + length - block) + 1)
        }
        assert set(range(2000)) <= hit


def test_a_sample_depends_on_its_seed_and_on_nothing_else() -> None:
    one, same, other = (sample_places(seed, 1 << 30, 512) for seed in (b"1", b"1", b"2"))
    assert one == same
    assert one != other


def test_a_sample_finds_what_lies_in_its_places_only() -> None:
    size = 4400 * 512
    drive = drive_with(ZEROS, size=size)
    places = sample_places(b"seed", size, 512)
    assert len(places) > 1000
    inside = places[500][0]
    outside = next(at for at in range(0, size, 512) if not any(a <= at < a + n for a, n in places))
    drive.cells[outside] = 1
    found = read(drive, ZEROS, VerifyMode.SAMPLE)
    assert not found.mismatch.total
    assert found.compared == sum(length for _, length in places)
    drive.cells[inside] = 1
    assert read(drive, ZEROS, VerifyMode.SAMPLE).mismatch.ranges() == ((inside, 512),)


PLACES = st.integers(0, 1 << 50) | st.builds(
    lambda unit, near: max(0, unit * XTS_UNIT_BYTES + near),
    st.integers(0, 1 << 32),
    st.integers(-6000, 6000),
)
"""Anywhere on a disk, and often near the border of two data units."""


@given(st.sampled_from(FILLS), PLACES, st.integers(1, 5000))
def test_the_expected_bytes_are_those_of_the_judge(fill: Fill, offset: int, length: int) -> None:
    assert Expected(fill).at(offset, length) == fill_bytes(fill, offset, length)


@given(st.sampled_from(FILLS), PLACES, st.integers(1, 5000), st.data())
def test_what_was_read_stands_beside_what_it_must_be(
    fill: Fill, offset: int, length: int, data: st.DataObject
) -> None:
    """The same only for the very bytes, also of a lane that has compared other content before."""
    lane, expected = Lane(), Expected(fill)
    buffer = lane.buffer("read", length)
    wanted = bytearray(fill_bytes(fill, offset, length))
    at = data.draw(st.integers(0, length - 1))
    for flipped in (0, data.draw(st.integers(1, 255)), 0):
        wanted[at] ^= flipped
        buffer[:length] = wanted
        held, unit = expected.beside(lane, offset, length)
        assert repeats(held, unit) == (not flipped)
        # a wrong bit spoils its cipher block, which lies in one block of the disk, and no other
        wrong = [i for i in range(length) if held[i] != unit[i % len(unit)]]
        assert {(offset + i) // 16 for i in wrong} == ({(offset + at) // 16} if flipped else set())
        wanted[at] ^= flipped
    buffer[:length] = bytes(length)
    assert repeats(*expected.beside(lane, offset, length)) == (bytes(wanted) == bytes(length))


class OnlySays:
    """A disk whose every request but the first is said to be done and brings nothing."""

    path, direct, memory_align_bytes = PATH, True, 512

    def __init__(self, fill: Fill) -> None:
        self._fill, self._first = fill, True

    def read_into(self, offset_bytes: int, buffer: memoryview) -> int:
        if self._first:
            buffer[:] = fill_bytes(self._fill, offset_bytes, len(buffer))
        self._first = False
        return len(buffer)

    def still_there(self) -> bool:
        return True


@pytest.mark.parametrize("fill", FILLS, ids=["zeros", "three", "chance"])
def test_a_reading_that_brings_nothing_is_not_what_was_there_before(fill: Fill) -> None:
    """The buffer of the piece before must not serve for the next one."""
    context = VerifyContext(
        size=8 * 8192,
        block=512,
        clock=SimClock(),
        should_stop=lambda: False,
        progress=lambda _done, _all: None,
        cool_down=lambda: None,
        pace=ALONE,
    )
    found = Verifier(OnlySays(fill), fill, context).run(  # type: ignore[arg-type]
        VerifyMode.FULL, b""
    )
    pages = {
        at // 4096
        for start, length in found.mismatch.ranges()
        for at in range(start, start + length, 512)
    }
    assert pages == set(range(2, 16)), "each page but those of the first request"
