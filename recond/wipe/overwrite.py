"""One overwriting pass: every byte of the disk gets the content that the plan says for its place.

Why: the engine must run at the disk's own speed and survive everything a dying disk does. It only
writes and counts what it wrote; whether the medium holds it is for `recond.wipe.verify`, which
shares no code with this module. "Done" here means that every byte was accepted and flushed.

A failed piece is narrowed to the logical block, with retries capped in number and time; a vanished
disk is told apart from a bad block at once; past a stretch that only fails, the pass goes on from
the disk's other end.
"""

from __future__ import annotations

import errno
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

from recond.erasure import Fill, FillKind, TargetKind
from recond.host.block import BlockDevice, aligned_buffer
from recond.host.clock import Clock
from recond.host.lanes import Lane, Lanes, pieces
from recond.host.tuning import Tuner
from recond.model import Json, Message, Range
from recond.ranges import RangeSet

Log = Callable[[str, dict[str, Json]], None]

GONE = frozenset({errno.ENODEV, errno.ENXIO, errno.ENOMEDIUM, errno.ESHUTDOWN, errno.EBADF})
ATTEMPTS = 3
NARROW_CAP_S = 60.0
DEAD_PIECES = 4  # so many failed pieces running without one good block: go to the other end
CHECKPOINT_S = 10.0
CHECKPOINT_MIN_S = 1.0
PROFILE_POINTS = 64


class Vanished(Exception):
    """The disk is gone."""


@dataclass(frozen=True, slots=True)
class PassResult:
    """How a pass ended; the fields of a journal's `step_end`."""

    outcome: str  # done, failed, stopped, vanished
    done: tuple[Range, ...]
    bad: tuple[Range, ...]
    retries: int
    duration_ms: int
    speed: tuple[int, ...]
    reason: Message | None


class Content:
    """The bytes of a fill for any piece of the disk, in buffers that O_DIRECT takes."""

    def __init__(self, fill: Fill) -> None:
        self._raw = bytes.fromhex(fill.hex)
        self._key = self._raw if fill.kind is FillKind.KEYSTREAM else None
        self._constant: dict[int, memoryview] = {}
        self._zeros = b""

    def piece(self, lane: Lane, offset: int, length: int) -> memoryview:
        """The content of [offset, offset + length); valid until the lane is used again."""
        if self._key is None:
            return self._repeat(offset % len(self._raw), length)
        from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

        out = lane.buffer("data", length)
        head = offset % 16
        counter = (offset // 16).to_bytes(16, "big")
        cipher = Cipher(algorithms.AES(self._key), modes.CTR(counter)).encryptor()
        if len(self._zeros) < length:
            self._zeros = bytes(length)
        cipher.update(bytes(head))
        cipher.update_into(memoryview(self._zeros)[:length], out)
        return out[:length]

    def _repeat(self, phase: int, length: int) -> memoryview:
        found = self._constant.get(phase)
        if found is None or len(found) < length:
            pattern = self._raw[phase:] + self._raw[:phase]
            found = aligned_buffer(-(-length // 4096) * 4096)
            found[:] = (pattern * (len(found) // len(pattern) + 1))[: len(found)]
            self._constant[phase] = found
        return found[:length]


class Profile:
    """Speed over equal stretches of the disk: bytes and time of each, for a plot."""

    def __init__(self, size: int) -> None:
        self._size = max(1, size)
        self._bytes = [0] * PROFILE_POINTS
        self._seconds = [0.0] * PROFILE_POINTS

    def add(self, offset: int, length: int, seconds: float) -> None:
        """Count a piece."""
        point = min(PROFILE_POINTS - 1, offset * PROFILE_POINTS // self._size)
        self._bytes[point] += length
        self._seconds[point] += seconds

    def speeds(self) -> tuple[int, ...]:
        """Bytes a second of each stretch; 0 where nothing was done."""
        return tuple(
            int(count / seconds) if seconds > 0 else 0
            for count, seconds in zip(self._bytes, self._seconds, strict=True)
        )


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


class OverwritePass:
    """Writes one fill over [0, size) of a device."""

    def __init__(
        self, device: BlockDevice, fill: Fill, context: PassContext, done: tuple[Range, ...],
        bad: tuple[Range, ...],
    ) -> None:
        self._device = device
        self._content = Content(fill)
        self._c = context
        self._done = RangeSet(done)
        self._bad = RangeSet(bad)
        self._retries = 0
        self._profile = Profile(context.size)
        self._tuner = Tuner(context.size, context.block)
        self._flusher = ThreadPoolExecutor(1, thread_name_prefix="flush")
        self._flush: Future[None] | None = None
        self._flushed: tuple[tuple[Range, ...], int] = ((), 0)
        self._last_checkpoint = context.clock.monotonic_s()
        self._marked = self._done.total
        self._stopped = False

    def run(self) -> PassResult:
        """Write everything that is not done yet. Never raises for what the disk does."""
        started = self._c.clock.monotonic_s()
        outcome, reason = "done", None
        try:
            for start, length in self._left():
                self._gap(start, start + length)
                if self._stopped:
                    break
            self._finish_flush()
            self._device.flush()
        except Vanished:
            outcome, reason = "vanished", Message("wipe.reason.vanished")
        except OSError as error:
            outcome, reason = "failed", self._reason(error)
        finally:
            self._flusher.shutdown(wait=True)
        if outcome == "done" and self._stopped:
            outcome, reason = "stopped", Message("wipe.reason.stopped")
        if outcome == "done" and (self._bad.total or self._done.total != self._c.size):
            outcome, reason = "failed", Message.of(
                "wipe.reason.not_all_written", missing_bytes=self._c.size - self._done.total)
        elapsed = int((self._c.clock.monotonic_s() - started) * 1000)
        return PassResult(outcome, self._done.ranges(), self._bad.ranges(), self._retries,
                          elapsed, self._profile.speeds(), reason)

    def _left(self) -> tuple[Range, ...]:
        return RangeSet(self._done.ranges() + self._bad.ranges()).gaps(self._c.size)

    def _gap(self, start: int, end: int) -> None:
        """One unwritten stretch: forward; where only errors come, the rest from its end."""
        at = start
        while at < end and not self._stopped:
            setting = self._tuner.next_setting(end - at)
            upto = min(end, at + setting.window_bytes)
            began = self._c.clock.monotonic_s()
            reached = self._sweep(at, upto, backward=False)
            self._tuner.report(reached - at, self._c.clock.monotonic_s() - began)
            if reached < upto and not self._stopped:
                stop = self._sweep(reached, end, backward=True)
                if stop > reached and not self._stopped:
                    self._give_up(reached, stop)
                return
            at = upto

    def _sweep(self, start: int, end: int, *, backward: bool) -> int:
        """Write [start, end); returns how far it came: the first (or last) place not tried."""
        setting = self._tuner.current
        lanes = Lanes(setting.depth, self._write_piece)
        dead, last = 0, self._c.clock.monotonic_s()
        reached = end if backward else start
        try:
            for offset, length, result in lanes.results(
                pieces(start, end, setting.piece_bytes, backward)
            ):
                now = self._c.clock.monotonic_s()
                if isinstance(result, OSError):
                    dead = 0 if self._narrow(offset, length, result) else dead + 1
                else:
                    self._done.add(offset, length)
                    self._profile.add(offset, length, now - last)
                    dead = 0
                last = self._c.clock.monotonic_s()
                reached = offset if backward else offset + length
                self._c.progress(self._done.total)
                self._checkpoint(now)
                self._stopped = self._stopped or self._c.should_stop()
                if dead >= DEAD_PIECES or self._stopped:
                    break
        finally:
            lanes.close()
        return reached

    def _write_piece(self, lane: Lane, offset: int, length: int) -> None:
        self._write_all(offset, self._content.piece(lane, offset, length))

    def _write_all(self, offset: int, data: memoryview) -> None:
        done = 0
        while done < len(data):
            count = self._device.write(offset + done, data[done:])
            if count <= 0:
                raise OSError(errno.ENOSPC, "the disk ends before its end")
            done += count

    def _check_gone(self, error: OSError) -> None:
        """Tell a vanished disk from a bad block; ask twice, the kernel needs a moment."""
        if error.errno == errno.ENOSPC and self._c.kind is TargetKind.IMAGE:
            raise error
        if error.errno in GONE or error.errno == errno.ENOSPC:
            raise Vanished from error
        if error.errno in (errno.EROFS, errno.EPERM, errno.EACCES):
            raise error
        if self._device.still_there():
            self._c.clock.sleep(0.2)
            if self._device.still_there():
                return
        raise Vanished from error

    def _narrow(self, offset: int, length: int, error: OSError) -> bool:
        """A piece failed: write what can be written of it, block by block at worst.

        Returns whether a single block could be written. Raises `Vanished`.
        """
        self._check_gone(error)
        began, attempts, any_good = self._c.clock.monotonic_s(), 0, False
        bad = RangeSet()
        lane, todo = Lane(), [(offset, length)]
        while todo:
            at, count = todo.pop()
            if self._c.clock.monotonic_s() - began > NARROW_CAP_S or self._c.should_stop():
                bad.add(at, count)
                continue
            attempts += 1
            failure = self._attempt(lane, at, count)
            if failure is None:
                self._done.add(at, count)
                any_good = True
            elif count <= self._c.block:
                bad.add(at, count)
            else:
                half = max(self._c.block, count // 2 // self._c.block * self._c.block)
                todo += [(at + half, count - half), (at, half)]
        self._retries += attempts
        self._c.log("retry", {
            "step": self._c.step, "phase": "write", "offset": offset, "length": length,
            "errno": error.errno or 0, "attempt": attempts,
        })
        for start, count in bad.ranges():
            self._mark_bad(start, count, error.errno or 0, ATTEMPTS)
        return any_good

    def _attempt(self, lane: Lane, offset: int, length: int) -> OSError | None:
        """One stretch; a single block is tried `ATTEMPTS` times."""
        failure: OSError | None = None
        for _ in range(ATTEMPTS if length <= self._c.block else 1):
            try:
                self._write_piece(lane, offset, length)
                return None
            except OSError as error:
                self._check_gone(error)
                failure = error
        return failure

    def _mark_bad(self, start: int, length: int, number: int, attempts: int) -> None:
        self._bad.add(start, length)
        self._c.log("bad_range", {
            "step": self._c.step, "phase": "write", "range": [start, length],
            "errno": number, "attempts": attempts,
        })

    def _give_up(self, start: int, end: int) -> None:
        """What lies between the two dead ends was not written, and is said to be bad."""
        for low, length in RangeSet(self._done.ranges() + self._bad.ranges()).gaps(self._c.size):
            low2, high2 = max(low, start), min(low + length, end)
            if high2 > low2:
                self._mark_bad(low2, high2 - low2, errno.EIO, 0)

    def _checkpoint(self, now: float) -> None:
        """Flush beside the writing; journal what the flush covered. At most 10 s apart."""
        if self._flush is not None:
            if not self._flush.done():
                return
            self._finish_flush()
        elapsed = now - self._last_checkpoint
        advanced = (self._done.total - self._marked) * 100 >= self._c.size
        if elapsed >= CHECKPOINT_S or (advanced and elapsed >= CHECKPOINT_MIN_S):
            self._flushed = (self._done.ranges(), self._done.total)
            self._last_checkpoint = now
            self._flush = self._flusher.submit(self._device.flush)
            self._c.cool_down()

    def _finish_flush(self) -> None:
        if self._flush is None:
            return
        waiting, self._flush = self._flush, None
        waiting.result()  # an fsync that fails is a failed pass: what was accepted may be lost
        ranges, total = self._flushed
        self._marked = total
        self._c.log("checkpoint", {
            "step": self._c.step, "phase": "write",
            "done": [[start, length] for start, length in ranges],
            "bad": self._bad.to_json(),
        })

    def _reason(self, error: OSError) -> Message:
        if not self._device.still_there():
            return Message("wipe.reason.vanished")
        name = errno.errorcode.get(error.errno or 0, str(error.errno))
        return Message.of("wipe.reason.io_error", errno=name)
