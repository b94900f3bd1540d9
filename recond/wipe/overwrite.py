"""One overwriting pass: every byte of the disk gets the content that the plan says for its place.

Why: the engine must run at the disk's own speed and survive everything a dying disk does. It only
writes and counts what it wrote; whether the medium holds it is for `recond.wipe.verify`, which
shares no code with this module. "Done" here means that every byte was accepted and flushed.

A failed piece is narrowed to the logical block, with retries capped in number and time; a vanished
disk is told apart from a bad block at once; past a stretch that only fails, the pass goes on from
the disk's other end, and from the middle of what is then left.
"""

from __future__ import annotations

import errno
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING

from recond.ends import StepEnd
from recond.erasure import Fill, FillKind, TargetKind
from recond.host.block import BlockDevice
from recond.host.clock import Clock
from recond.host.lanes import Done, Lane, Lanes, pieces
from recond.host.tuning import REAL_PACE, Pace, Setting, Tuner
from recond.model import Json, Message, Range
from recond.ranges import RangeSet
from recond.wipe.content import Content, SpeedProfile

if TYPE_CHECKING:
    pass

Log = Callable[[str, dict[str, Json]], None]

GONE = frozenset({errno.ENODEV, errno.ENXIO, errno.ENOMEDIUM, errno.ESHUTDOWN, errno.EBADF})
READ_ONLY = frozenset({errno.EROFS, errno.EPERM, errno.EACCES})
ATTEMPTS = 3
NARROW_CAP_S = 60.0  # for one piece
NARROW_TOTAL_S = 1800.0  # for all pieces of a pass: then a failed piece is skipped whole
DEAD_PIECES = 4  # so many failed pieces running without one good block: go to the other end
SALVAGE_TRIES = 8  # how often what lies between two dead ends is entered in its middle
ALIVE_S = 1.0  # the kernel needs a moment to know that a disk is gone
CHECKPOINT_S = 10.0
CHECKPOINT_MIN_S = 1.0


class WriteVanished(Exception):
    """The disk is gone."""


@dataclass(frozen=True, slots=True)
class PassResult:
    """How a pass ended; the fields of a journal's `step_end`."""

    outcome: StepEnd
    done: tuple[Range, ...]
    bad: tuple[Range, ...]
    retries: int
    duration_ms: int
    speed: tuple[int, ...]
    reason: Message | None


@dataclass(frozen=True, slots=True)
class PassContext:
    """What a pass is given beside the device: its place in the plan and whom to tell."""

    step: int
    size: int
    block: int
    kind: TargetKind
    log: Log
    clock: Clock
    should_stop: Callable[[], bool]
    progress: Callable[[int], None]
    cool_down: Callable[[], None]  # waits while the disk is too hot; logs the pause itself
    pace: Pace = REAL_PACE


class OverwritePass:
    """Writes one fill over [0, size) of a device."""

    def __init__(
        self,
        device: BlockDevice,
        fill: Fill,
        context: PassContext,
        done: tuple[Range, ...],
        bad: tuple[Range, ...],
    ) -> None:
        made = fill.kind is FillKind.XTS
        candidates = context.pace.made if made else context.pace.plain
        self._device = device
        self._c = context
        self._content = Content(fill, device.memory_align_bytes)
        self._lanes: list[Lane] = []
        self._tuner = Tuner(context.size, context.block, candidates)
        self._done = RangeSet(done)
        self._bad = RangeSet(bad)
        self._retries = 0
        self._narrow_left_s = NARROW_TOTAL_S
        self._alive_at = -ALIVE_S
        self._profile = SpeedProfile(context.size)
        self._flusher = ThreadPoolExecutor(1, thread_name_prefix="flush")
        self._flush: Future[None] | None = None
        self._flushed: tuple[tuple[Range, ...], int] = ((), 0)
        self._last_checkpoint = context.clock.monotonic_s()
        self._marked = self._done.total
        self._stopped = False

    def run(self) -> PassResult:
        """Write everything that is not done yet. Never raises for what the disk does."""
        started = self._c.clock.monotonic_s()
        outcome, reason = StepEnd.DONE, None
        try:
            for start, length in self._left():
                self._gap(start, start + length)
            self._finish_flush()
            self._device.flush()
        except WriteVanished:
            outcome, reason = StepEnd.VANISHED, Message("wipe.reason.vanished")
        except OSError as error:
            outcome, reason = self._failure(error)
        finally:
            self._flusher.shutdown(wait=True)
        if outcome is StepEnd.DONE and self._stopped:
            outcome, reason = StepEnd.STOPPED, Message("wipe.reason.stopped")
        if outcome is StepEnd.DONE and (self._bad.total or self._done.total != self._c.size):
            outcome, reason = (
                StepEnd.FAILED,
                Message.of(
                    "wipe.reason.not_all_written", missing_bytes=self._c.size - self._done.total
                ),
            )
        elapsed = int((self._c.clock.monotonic_s() - started) * 1000)
        return PassResult(
            outcome,
            self._done.ranges(),
            self._bad.ranges(),
            self._retries,
            elapsed,
            self._profile.speeds(),
            reason,
        )

    # --- the order of the places -------------------------------------------------------------

    def _left(self) -> tuple[Range, ...]:
        return RangeSet(self._done.ranges() + self._bad.ranges()).gaps(self._c.size)

    def _gap(self, start: int, end: int) -> None:
        """One unwritten stretch: forward; where only errors come, what can be had of the rest."""
        at = start
        while at < end and not self._stopped:
            setting = self._tuner.next_setting(end - at)
            upto = min(end, at + setting.window_bytes)
            began = self._c.clock.monotonic_s()
            reached = self._sweep(setting, at, upto, backward=False)
            if reached < upto:
                self._salvage(setting, reached, end)
                return
            self._tuner.report(upto - at, self._c.clock.monotonic_s() - began)
            at = upto

    def _salvage(self, setting: Setting, start: int, end: int) -> None:
        """Behind a dead end: from the other end, then from the middle of the largest rest.

        What is never reached was not written, and is said to be bad.
        """
        rests = [(start, self._sweep(setting, start, end, backward=True))]
        for _ in range(SALVAGE_TRIES):
            low, high = rests.pop(rests.index(max(rests, key=lambda rest: rest[1] - rest[0])))
            middle = (low + high) // 2 // setting.piece_bytes * setting.piece_bytes
            if self._stopped or not low < middle < high:
                rests.append((low, high))
                break
            rests.append((self._sweep(setting, middle, high, backward=False), high))
            rests.append((low, self._sweep(setting, low, middle, backward=True)))
        for low, high in rests if not self._stopped else ():
            if low < high:
                self._mark_bad(low, high - low, errno.EIO, 0)

    def _sweep(self, setting: Setting, start: int, end: int, *, backward: bool) -> int:
        """Write [start, end) until its end, a dead end or a stop.

        Returns how far it came: everything before (backward: behind) that place was tried.
        """
        reached = end if backward else start
        if self._stopped:
            return reached
        dead, last = 0, self._c.clock.monotonic_s()
        feed = pieces(start, end, setting.piece_bytes, backward)
        with closing(Lanes(setting.depth, self._write_piece, self._lanes)) as lanes:
            for batch in lanes.batches(feed):
                self._count(batch, self._c.clock.monotonic_s() - last)
                for offset, length, result in batch:
                    good = not isinstance(result, OSError) or self._narrow(offset, length, result)
                    dead = 0 if good else dead + 1
                    reached = min(reached, offset) if backward else max(reached, offset + length)
                self._checkpoint(serial=setting.depth == 1)
                self._stopped = self._stopped or self._c.should_stop()
                if dead >= DEAD_PIECES or self._stopped:
                    lanes.stop()
                last = self._c.clock.monotonic_s()  # retries and pauses are not the disk's speed
        return reached

    def _count(self, batch: list[Done[None]], seconds: float) -> None:
        good = [(at, length) for at, length, result in batch if not isinstance(result, OSError)]
        total = sum(length for _, length in good)
        for offset, length in good:
            self._done.add(offset, length)
            self._profile.add(offset, length, seconds * length / total)
        if good:
            self._c.progress(self._done.total)

    # --- writing, and what goes wrong --------------------------------------------------------

    def _write_piece(self, lane: Lane, offset: int, length: int) -> None:
        data, done = self._content.piece(lane, offset, length), 0
        while done < length:
            count = self._device.write(offset + done, data[done:])
            if count <= 0:
                raise OSError(errno.ENOSPC, "the disk ends before its end")
            done += count

    def _check_gone(self, error: OSError) -> None:
        """Tell a vanished disk from a bad block. Raises `WriteVanished`, or a lasting error."""
        if error.errno in READ_ONLY or (
            error.errno == errno.ENOSPC and self._c.kind is TargetKind.IMAGE
        ):
            raise error
        # a place inside the disk has no ENOSPC: an NVMe disk that was pulled out answers so
        if error.errno in GONE or error.errno == errno.ENOSPC or not self._device.still_there():
            raise WriteVanished from error
        if self._c.clock.monotonic_s() - self._alive_at >= ALIVE_S:
            self._c.clock.sleep(0.2)
            if not self._device.still_there():
                raise WriteVanished from error
            self._alive_at = self._c.clock.monotonic_s()

    def _narrow(self, offset: int, length: int, error: OSError) -> bool:
        """A piece failed: write what can be written of it, block by block at worst.

        Returns whether any of it could be written. Raises `WriteVanished`.
        """
        began, attempts, good = self._c.clock.monotonic_s(), 0, 0
        bad, lane, todo = RangeSet(), Lane(), [(offset, length)]
        try:
            self._check_gone(error)
            self._content.lie_on_pages()
            while todo and not self._c.should_stop():
                at, count = todo.pop()
                spent = self._c.clock.monotonic_s() - began
                if spent > min(NARROW_CAP_S, self._narrow_left_s):
                    bad.add(at, count)
                    continue
                attempts += 1
                if self._attempt(lane, at, count):
                    self._done.add(at, count)
                    good += count
                elif count <= self._c.block:
                    bad.add(at, count)
                else:
                    half = max(self._c.block, count // 2 // self._c.block * self._c.block)
                    todo += [(at + half, count - half), (at, half)]
        finally:
            self._narrow_left_s -= self._c.clock.monotonic_s() - began
            self._retries += attempts
            self._c.log(
                "retry",
                {
                    "step": self._c.step,
                    "phase": "write",
                    "offset": offset,
                    "length": length,
                    "errno": error.errno or 0,
                    "attempt": attempts,
                },
            )
        for start, count in bad.ranges():
            self._mark_bad(start, count, error.errno or 0, ATTEMPTS)
        return good > 0

    def _attempt(self, lane: Lane, offset: int, length: int) -> bool:
        """Whether a stretch could be written; a single block is tried `ATTEMPTS` times."""
        for _ in range(ATTEMPTS if length <= self._c.block else 1):
            try:
                self._write_piece(lane, offset, length)
                return True
            except OSError as error:
                self._check_gone(error)
        return False

    def _mark_bad(self, start: int, length: int, number: int, attempts: int) -> None:
        self._bad.add(start, length)
        self._c.log(
            "bad_range",
            {
                "step": self._c.step,
                "phase": "write",
                "range": [start, length],
                "errno": number,
                "attempts": attempts,
            },
        )

    # --- checkpoints -------------------------------------------------------------------------

    def _checkpoint(self, *, serial: bool) -> None:
        """Flush beside the writing; journal what the flush covered. At most 10 s apart."""
        if self._flush is not None:
            if self._flush.done():
                self._finish_flush()
            return
        now = self._c.clock.monotonic_s()
        elapsed = now - self._last_checkpoint
        advanced = (self._done.total - self._marked) * 100 >= self._c.size
        if elapsed >= CHECKPOINT_S or (advanced and elapsed >= CHECKPOINT_MIN_S):
            self._flushed = (self._done.ranges(), self._done.total)
            self._last_checkpoint = now
            self._flush = self._flusher.submit(self._device.flush)
            if serial:
                self._finish_flush()
            self._c.cool_down()

    def _finish_flush(self) -> None:
        if self._flush is None:
            return
        waiting, self._flush = self._flush, None
        waiting.result()  # an fsync that fails is a failed pass: what was accepted may be lost
        ranges, total = self._flushed
        self._marked = total
        self._c.log(
            "checkpoint",
            {
                "step": self._c.step,
                "phase": "write",
                "done": [[start, length] for start, length in ranges],
                "bad": self._bad.to_json(),
            },
        )

    def _failure(self, error: OSError) -> tuple[StepEnd, Message]:
        if not self._device.still_there():
            return StepEnd.VANISHED, Message("wipe.reason.vanished")
        name = errno.errorcode.get(error.errno or 0, str(error.errno))
        return StepEnd.FAILED, Message.of("wipe.reason.io_error", errno=name)
