"""What a pass does on a disk that fails: narrowed, counted, skipped, salvaged, or ended at once."""

from __future__ import annotations

import errno
from dataclasses import replace
from typing import Any

import pytest

from recond.certify.judge.expected_content import fill_bytes
from recond.erasure import Fill, FillKind, TargetKind
from recond.host.block import _address
from recond.host.sim.disk import Faults, SimCells
from recond.host.sim.drive import SimClock
from recond.host.tuning import Pace
from recond.model import Range
from recond.wipe import content, overwrite
from recond.wipe.overwrite import OverwritePass, PassContext, PassResult
from tests.wipe.disks import ALONE, HDD, PATH, letters

ZEROS = Fill(FillKind.CONSTANT, "00")
BLOCK = 512
SIZE = 1 << 20


class Rig:
    """A simulated drive under one pass, with what the pass said."""

    def __init__(
        self,
        faults: Faults,
        size: int = SIZE,
        pace: Pace = ALONE,
        kind: TargetKind = TargetKind.BLOCK,
    ) -> None:
        self.clock = SimClock()
        self.identity = replace(HDD, size_bytes=size)
        self.drive = SimCells(self.identity, letters(size), self.clock, 0, faults)
        self.logged: list[tuple[str, dict[str, Any]]] = []
        self.progress: list[int] = []
        self.stop_at = 1 << 60
        self.cooled = 0
        self.context = PassContext(
            step=3,
            size=size,
            block=BLOCK,
            kind=kind,
            log=lambda kind, data: self.logged.append((kind, data)),
            clock=self.clock,
            should_stop=lambda: bool(self.progress) and self.progress[-1] >= self.stop_at,
            progress=self.progress.append,
            cool_down=self._cool,
            pace=pace,
        )

    def _cool(self) -> None:
        self.cooled += 1

    def run(self, done: tuple[Range, ...] = (), bad: tuple[Range, ...] = ()) -> PassResult:
        return OverwritePass(self.drive.open(PATH, True), ZEROS, self.context, done, bad).run()

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [data for found, data in self.logged if found == kind]

    def unwritten(self) -> list[int]:
        self.drive.settle()
        return [at for at in range(self.drive.blocks) if any(self.drive.held(at * 512, 512))]


def blocks(*numbers: int) -> frozenset[int]:
    return frozenset(numbers)


@pytest.mark.parametrize("lanes", [1, 3])
@pytest.mark.parametrize("number", [errno.EIO, errno.ENODATA, errno.EREMOTEIO, errno.EBADE])
def test_a_bad_block_is_found_skipped_and_listed(number: int, lanes: int) -> None:
    rig = Rig(Faults(bad_writes=blocks(5, 900, 901), bad_errno=number), pace=Pace.of(8192, lanes))
    result = rig.run()
    assert result.outcome == "failed"
    assert result.reason is not None
    assert dict(result.reason.args) == {"missing_bytes": 1536}
    assert result.bad == ((5 * 512, 512), (900 * 512, 1024))
    assert rig.unwritten() == [5, 900, 901]
    ranges = [data["range"] for data in rig.of("bad_range")]
    assert ranges == [[5 * 512, 512], [900 * 512, 1024]]
    assert {data["errno"] for data in rig.of("bad_range")} == {number}
    assert {data["step"] for data in rig.of("bad_range")} == {3}
    # each piece: halved down to the block, which was tried three times
    attempts = [data["attempt"] for data in rig.of("retry")]
    assert result.retries == sum(attempts)
    assert min(attempts) >= 5


def test_a_weak_block_is_written_at_a_later_attempt() -> None:
    rig = Rig(Faults(weak_writes=blocks(0, 77, 2047)))
    result = rig.run()
    assert (result.outcome, result.bad, result.done) == ("done", (), ((0, SIZE),))
    assert result.retries > 0
    assert rig.unwritten() == []


def test_a_request_done_in_part_is_completed() -> None:
    rig = Rig(Faults(short=0.5))
    assert rig.run().outcome == "done"
    assert rig.unwritten() == []


@pytest.mark.parametrize("number", [errno.ENODEV, errno.ENXIO, errno.ENOMEDIUM, errno.ENOSPC])
def test_a_vanished_disk_is_told_by_its_error_at_once(number: int) -> None:
    rig = Rig(Faults(vanish_after=20, vanish_errno=number, unnoticed=99))
    result = rig.run()
    assert result.outcome == "vanished"
    assert result.bad == ()
    assert result.done[0][1] < SIZE
    assert rig.clock.monotonic_s() < 1001


@pytest.mark.parametrize("unnoticed", [0, 1])
def test_a_vanished_disk_is_told_by_the_kernels_word(unnoticed: int) -> None:
    """EIO is what SCSI and SATA answer for a disk that is gone; the kernel knows a moment later."""
    rig = Rig(Faults(vanish_after=20, vanish_errno=errno.EIO, unnoticed=unnoticed))
    result = rig.run()
    assert result.outcome == "vanished"
    assert result.bad == ()


def test_a_disk_that_vanishes_at_the_last_flush_has_vanished() -> None:
    rig = Rig(Faults(vanish_after=SIZE // 8192, vanish_errno=errno.EIO))
    assert rig.run().outcome == "vanished"


def test_a_full_file_system_below_an_image_is_no_vanished_disk() -> None:
    rig = Rig(
        Faults(vanish_after=20, vanish_errno=errno.ENOSPC, unnoticed=99), kind=TargetKind.IMAGE
    )
    result = rig.run()
    assert result.outcome == "failed"
    assert result.reason is not None
    assert dict(result.reason.args) == {"errno": "ENOSPC"}


def test_a_disk_turned_read_only_is_not_tried_block_by_block() -> None:
    rig = Rig(Faults(bad_writes=frozenset(range(2048)), bad_errno=errno.EROFS))
    result = rig.run()
    assert result.outcome == "failed"
    assert rig.of("bad_range") == []
    assert rig.drive.written == 0


@pytest.mark.parametrize("lanes", [1, 3])
def test_the_rest_of_a_bad_disk_is_written_from_the_other_end(lanes: int) -> None:
    dead = frozenset(range(400, 1700))
    rig = Rig(Faults(bad_writes=dead), pace=Pace.of(8192, lanes))
    result = rig.run()
    assert result.outcome == "failed"
    assert rig.unwritten() == sorted(dead)
    assert result.done == ((0, 400 * 512), (1700 * 512, SIZE - 1700 * 512))


def test_what_lies_between_two_dead_stretches_is_written() -> None:
    dead = frozenset((*range(200, 500), *range(1500, 1800)))
    rig = Rig(Faults(bad_writes=dead))
    result = rig.run()
    assert rig.unwritten() == sorted(dead)
    assert sum(length for _, length in result.bad) == len(dead) * 512


def test_a_dead_disk_is_given_up_and_all_of_it_said_to_be_bad() -> None:
    rig = Rig(Faults(bad_writes=frozenset(range(8 * 2048))), size=8 * SIZE)
    result = rig.run()
    assert result.outcome == "failed"
    assert result.bad == ((0, 8 * SIZE),)
    assert result.done == ()
    assert rig.drive._requests < 8 * 2048  # not each block


def test_narrowing_is_capped_in_time_for_a_piece_and_for_the_pass(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    every_other = frozenset(range(0, 2048, 2))
    rig = Rig(Faults(bad_writes=every_other, slow=1.0, slow_s=7.0))
    result = rig.run()
    assert result.outcome == "failed"
    spent = rig.clock.monotonic_s() - 1000
    assert spent < overwrite.NARROW_TOTAL_S + 128 * 30
    # what was not tried any more is bad as well: nothing is left unsaid
    assert sum(length for _, length in result.bad + result.done) == SIZE
    assert {at for at in every_other if at % 64 == 0} <= set(rig.unwritten())


def test_a_stop_while_narrowing_lists_nothing_untried_as_bad() -> None:
    rig, asked = Rig(Faults(bad_writes=blocks(100))), iter(range(99))
    # asked once behind each of six good pieces, then before each attempt at the seventh
    rig.context = replace(rig.context, should_stop=lambda: next(asked) >= 10)
    result = rig.run()
    assert result.outcome == "stopped"
    assert result.bad == ()
    assert 6 * 8192 <= sum(length for _, length in result.done) < 7 * 8192


def test_a_stop_ends_at_the_next_piece_and_flushes() -> None:
    rig = Rig(Faults())
    rig.stop_at = 10 * 8192
    result = rig.run()
    assert result.outcome == "stopped"
    assert result.done == ((0, 10 * 8192),)
    rig.drive.power_cut(keeps=0)
    assert not any(rig.drive.held(0, 10 * 8192))


@pytest.mark.parametrize("lanes", [1, 3])
def test_checkpoints_claim_only_what_is_on_the_medium(lanes: int) -> None:
    rig = Rig(Faults(request_s=0.5), pace=Pace.of(8192, lanes))
    claims: list[Any] = []

    def log(kind: str, data: dict[str, Any]) -> None:
        if kind == "checkpoint":
            claims.append(data["done"])
            for start, length in data["done"]:
                # the truth without the cache, at the moment of the claim
                assert not any(rig.drive.held(start, length))

    rig.context = replace(rig.context, log=log)
    assert rig.run().outcome == "done"
    assert len(claims) > (5 if lanes == 1 else 0)  # lanes do not wait for the simulated clock
    totals = [sum(length for _, length in claim) for claim in claims]
    assert totals == sorted(totals)
    assert rig.cooled >= len(claims)


def test_checkpoints_are_at_most_ten_seconds_or_a_hundredth_apart() -> None:
    rig = Rig(Faults(request_s=0.3), size=4 * SIZE)
    moments: list[float] = []
    rig.context = replace(
        rig.context,
        log=lambda kind, _data: (
            moments.append(rig.clock.monotonic_s()) if kind == "checkpoint" else None
        ),
    )
    rig.run()
    gaps = [after - before for before, after in zip([1000.0, *moments], moments, strict=False)]
    assert max(gaps) < 11.0


def test_a_flush_that_fails_ends_the_pass_as_failed() -> None:
    rig = Rig(Faults(flush_fails_after=2, request_s=0.5))
    result = rig.run()
    assert result.outcome == "failed"
    assert len(rig.of("checkpoint")) == 2
    assert result.reason is not None
    assert dict(result.reason.args) == {"errno": "EIO"}


def test_a_pass_goes_on_where_a_checkpoint_stood_and_skips_what_was_bad() -> None:
    rig = Rig(Faults(bad_writes=blocks(64)))
    result = rig.run(done=((0, 64 * 512),), bad=((64 * 512, 512),))
    assert result.outcome == "failed"
    assert result.bad == ((64 * 512, 512),)
    assert rig.drive.written == SIZE - 65 * 512


def test_the_speed_profile_has_a_number_for_each_stretch() -> None:
    rig = Rig(Faults(request_s=0.1))
    speed = rig.run().speed
    assert len(speed) == content.PROFILE_POINTS
    assert all(8192 / 0.11 < value < 8192 / 0.09 for value in speed)


def test_progress_never_goes_back_and_ends_at_the_size() -> None:
    rig = Rig(Faults(short=0.2))
    rig.run()
    assert rig.progress == sorted(rig.progress)
    assert rig.progress[-1] == SIZE


class OnPages:
    """A disk that says that it takes buffers at multiples of 512, and takes them on pages only."""

    path, direct, memory_align_bytes = PATH, True, 512

    def __init__(self, number: int) -> None:
        self.content, self._number = bytearray(letters(SIZE)), number

    def write(self, offset_bytes: int, data: memoryview) -> int:
        if _address(data) % 4096:
            raise OSError(self._number, "not on a page")
        self.content[offset_bytes : offset_bytes + len(data)] = data
        return len(data)

    def flush(self) -> None: ...

    def still_there(self) -> bool:
        return True


@pytest.mark.parametrize("number", [errno.EINVAL, errno.EIO])
def test_a_good_disk_is_not_condemned_for_where_a_buffer_lies(number: int) -> None:
    disk, fill = OnPages(number), Fill(FillKind.XTS, bytes(range(32)).hex())
    context = replace(Rig(Faults()).context, pace=Pace.of(64 * 1024, 3))
    found = OverwritePass(disk, fill, context, (), ()).run()  # type: ignore[arg-type]
    assert (found.outcome, found.bad) == ("done", ())
    assert bytes(disk.content) == fill_bytes(fill, 0, SIZE)
