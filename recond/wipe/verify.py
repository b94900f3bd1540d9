"""The separate reading after the last step: does the medium hold what it must hold?

Why: what an eraser says of itself is worth nothing. This module opens no device for writing,
shares no code with the one that wrote, makes the expected content again by its own hand (the few
lines that `wipe.overwrite` has too are here on purpose: one mistake must not serve both), reads
past the page cache through a fresh descriptor, and reports only what it saw.

Sampling: at least 1,000 subsections, two places in each at pseudo-random positions that do not
overlap, the first and the last block, at least a tenth of the medium (NIST SP 800-88 Rev. 1
4.7.2); the seed is drawn after the last write and recorded.
"""

from __future__ import annotations

import errno
import hashlib
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from recond.ends import StepEnd
from recond.erasure import XTS_UNIT_BYTES, Fill, FillKind, VerifyMode
from recond.host.block import BlockDevice, repeats
from recond.host.clock import Clock
from recond.host.lanes import Lane, Lanes
from recond.host.tuning import REAL_PACE, Pace, Setting, Tuner
from recond.model import Message, Range
from recond.ranges import RangeSet

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers import Cipher
    from cryptography.hazmat.primitives.ciphers.modes import XTS

SUBSECTIONS = 1000
PLACES_EACH = 2
SHARE = 10  # a tenth of the medium
MAX_RANGES = 1000  # in the journal; the bytes are all counted
MAX_SPANS = 100_000  # in memory
READ_ATTEMPTS = 3
NARROW_CAP_S = 60.0  # for one piece
NARROW_TOTAL_S = 1800.0  # for all: then an unreadable piece is listed whole
COOL_EVERY_S = 10.0
CIPHER_BLOCK = 16
PAGE_BYTES = 4096
STEADY = 64  # how often a pattern stands in what is compared at once: whole lines of the cache
GONE = frozenset({errno.ENODEV, errno.ENXIO, errno.ENOMEDIUM, errno.ESHUTDOWN, errno.EBADF})


class ReadVanished(Exception):
    """The disk is gone."""


@dataclass(slots=True)
class Findings:
    """What was seen so far; becomes a journal's `verify_end`."""

    outcome: StepEnd = StepEnd.DONE
    reason: Message | None = None
    compared: int = 0
    places: int = 0
    mismatch: RangeSet = field(default_factory=RangeSet)
    unreadable: RangeSet = field(default_factory=RangeSet)
    duration_ms: int = 0
    speed: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class VerifyContext:
    """What the verification is given beside the device."""

    size: int
    block: int
    clock: Clock
    should_stop: Callable[[], bool]
    progress: Callable[[int, int], None]  # bytes done, bytes to do
    cool_down: Callable[[], None]  # waits while the disk is too hot
    pace: Pace = REAL_PACE


def sample_places(seed: bytes, size: int, block: int) -> tuple[Range, ...]:
    """The stretches to read for a sample, in order, for a medium of `size` bytes.

    Small media are read whole. Anyone with the seed can make the same list: position k of
    subsection i comes from SHA-256(seed, i, k).
    """
    section = size // SUBSECTIONS // block * block
    length = -(-size // (SUBSECTIONS * PLACES_EACH * SHARE * block)) * block
    if section < 2 * PLACES_EACH * length:
        return ((0, size),)
    found = [(0, block)]
    slots = section // PLACES_EACH // block * block  # each place in its own half: no overlap
    for index in range(SUBSECTIONS):
        for place in range(PLACES_EACH):
            room = (slots - length) // block + 1
            raw = hashlib.sha256(seed + b"/%d/%d" % (index, place)).digest()
            at = index * section + place * slots
            found.append((at + int.from_bytes(raw[:8], "big") % room * block, length))
    tail = SUBSECTIONS * section
    if size - tail > block:  # what no whole section covers gets its place too
        found.append((tail, min(length, size - tail)))
    found.append((size - block, block))
    return RangeSet(found).ranges()


class Expected:
    """What must stand at a place, made anew from the fill."""

    def __init__(self, fill: Fill) -> None:
        self._fill = fill
        self._raw = bytes.fromhex(fill.hex)

    def at(self, offset: int, length: int) -> bytes:
        """The content of [offset, offset + length)."""
        if self._fill.kind is FillKind.CONSTANT:
            return self._repeated(offset % len(self._raw), length)
        found = bytearray()
        for number, skip, count in _units(offset, length):
            found += self._unit(number, skip + count)[skip:]
        return bytes(found)

    def spoil(self, buffer: memoryview) -> None:
        """Put what must not stand there into each page of a buffer that is to be read into.

        The piece before left the right bytes of a constant in it: a request that is said to be done
        and brought nothing would be believed. Of XTS it left zeros, which are never right.
        """
        if self._fill.kind is FillKind.CONSTANT:
            wrong = next(byte for byte in range(256) if byte not in self._raw)
            buffer[::PAGE_BYTES] = bytes([wrong]) * -(-len(buffer) // PAGE_BYTES)

    def beside(self, lane: Lane, offset: int, length: int) -> tuple[memoryview, bytes]:
        """What the lane's buffer "read" holds of [offset, offset + length), and what must repeat in
        it from its first byte on.

        XTS is deciphered where it stands: zeros must be left. That takes no second buffer through
        the core's cache, and it is the other direction of the cipher than the writer's.
        """
        read = lane.buffer("read", length)
        if self._fill.kind is FillKind.CONSTANT:
            return read[:length], self._repeated(offset % len(self._raw), STEADY * len(self._raw))
        at = 0
        for number, skip, count in _units(offset, length):
            piece = read[at : at + count]
            if (skip | count) % CIPHER_BLOCK:  # the odd end of an image
                left = int.from_bytes(piece) ^ int.from_bytes(
                    self._unit(number, skip + count)[skip:]
                )
                piece[:] = left.to_bytes(count)
            elif skip:  # a stretch that begins within a unit: the cipher begins with the unit
                due = lane.buffer("unit", XTS_UNIT_BYTES)
                due[skip : skip + count] = piece
                self._decipher(number, due[: skip + count], due)
                piece[:] = due[skip : skip + count]
            else:
                self._decipher(number, piece, read[at:])
            at += count
        return read[:length], bytes(STEADY)

    def _decipher(self, number: int, piece: memoryview, out: memoryview) -> None:
        if self._cipher(number).decryptor().update_into(piece, out) != len(piece):
            raise ValueError("the cipher left bytes out")

    def _unit(self, number: int, length: int) -> bytes:
        """The first bytes of a data unit."""
        whole = -(-length // CIPHER_BLOCK) * CIPHER_BLOCK
        return self._cipher(number).encryptor().update(bytes(whole))[:length]

    def _cipher(self, number: int) -> Cipher[XTS]:
        from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

        return Cipher(algorithms.AES(self._raw), modes.XTS(number.to_bytes(16, "little")))

    def _repeated(self, phase: int, length: int) -> bytes:
        return (self._raw * (length // len(self._raw) + 2))[phase : phase + length]


def _units(offset: int, length: int) -> Iterator[tuple[int, int, int]]:
    """The data units of a stretch: number, where the stretch begins in it, how much of it."""
    at, end = offset, offset + length
    while at < end:
        number, skip = divmod(at, XTS_UNIT_BYTES)
        count = min(XTS_UNIT_BYTES - skip, end - at)
        yield number, skip, count
        at += count


class Verifier:
    """Reads a device and compares it with a fill."""

    def __init__(self, device: BlockDevice, fill: Fill, context: VerifyContext) -> None:
        made = fill.kind is FillKind.XTS
        candidates = context.pace.checked if made else context.pace.plain
        self._device = device
        self._c = context
        self._expected = Expected(fill)
        self._lanes: list[Lane] = []
        self._tuner = Tuner(context.size, context.block, candidates)
        self._found = Findings()
        self._narrow_left_s = NARROW_TOTAL_S
        self._passed = self._spans = 0
        self._cooled = context.clock.monotonic_s()
        self._points: dict[int, list[float]] = {}

    def run(self, mode: VerifyMode, seed: bytes) -> Findings:
        """Read all, or the sample's places. Never raises for what the disk does."""
        stretches: tuple[Range, ...] = ((0, self._c.size),)
        if mode is VerifyMode.SAMPLE:
            stretches = sample_places(seed, self._c.size, self._c.block)
        self._found.places = len(stretches)
        began = self._c.clock.monotonic_s()
        try:
            self._compare(stretches, sum(length for _, length in stretches))
            self._check_there()
        except ReadVanished:
            self._found.outcome = StepEnd.VANISHED
            self._found.reason = Message("wipe.reason.vanished")
        self._found.duration_ms = int((self._c.clock.monotonic_s() - began) * 1000)
        self._found.speed = self._speeds()
        return self._found

    # --- reading and comparing ---------------------------------------------------------------

    def _compare(self, stretches: tuple[Range, ...], to_do: int) -> None:
        """In windows, so that the best setting is found on the way."""
        waiting = list(reversed(stretches))
        while waiting and self._found.outcome == StepEnd.DONE:
            setting = self._tuner.next_setting(sum(length for _, length in waiting))
            window, left = [], setting.window_bytes
            while waiting and left > 0:
                start, length = waiting.pop()
                window.append((start, min(length, left)))
                if length > left:
                    waiting.append((start + left, length - left))
                left -= min(length, left)
            began = self._c.clock.monotonic_s()
            self._window(setting, window, to_do)
            self._tuner.report(setting.window_bytes - left, self._c.clock.monotonic_s() - began)

    def _window(self, setting: Setting, stretches: list[Range], to_do: int) -> None:
        last = self._c.clock.monotonic_s()
        with closing(Lanes(setting.depth, self._differing, self._lanes)) as lanes:
            for batch in lanes.batches(_cut(stretches, setting.piece_bytes)):
                now = self._c.clock.monotonic_s()
                total = sum(length for _, length, _ in batch)
                for offset, length, result in batch:
                    self._point(offset, length, (now - last) * length / total)
                    self._passed += length
                    if isinstance(result, OSError):
                        self._read_narrowly(offset, length, result)
                    else:
                        self._note(length, result)
                last = now
                if batch:
                    self._c.progress(self._passed, to_do)
                self._pause_if_hot(now)
                if self._c.should_stop():
                    self._found.outcome = StepEnd.STOPPED
                    self._found.reason = Message("wipe.reason.stopped")
                    lanes.stop()

    def _differing(self, lane: Lane, offset: int, length: int) -> tuple[Range, ...]:
        """The blocks that do not hold what they must, as this one reading saw them.

        What differed once is not read again in the hope of another answer. Raises `OSError`.
        """
        buffer = lane.buffer("read", length)[:length]
        self._expected.spoil(buffer)
        count = self._device.read_into(offset, buffer)
        if count != length:
            raise OSError(errno.EIO, f"{count} of {length} bytes")
        held, unit = self._expected.beside(lane, offset, length)
        if repeats(held, unit):
            return ()
        found, step = RangeSet(), self._c.block
        wanted = unit * (step // len(unit) + 2)
        for at in range(0, length, step):
            phase, count = at % len(unit), min(step, length - at)
            if held[at : at + count] != wanted[phase : phase + count]:
                found.add(offset + at, count)
        return found.ranges()

    def _note(self, length: int, differing: tuple[Range, ...]) -> None:
        self._found.compared += length
        self._spans += len(differing)
        if self._spans > MAX_SPANS:  # every other block of a large disk: said as one stretch
            first, (last, count) = differing[0][0] if differing else 0, (differing or ((0, 0),))[-1]
            differing = ((first, last + count - first),)
        for start, count in differing:
            self._found.mismatch.add(start, count)

    def _pause_if_hot(self, now: float) -> None:
        if now - self._cooled >= COOL_EVERY_S:
            self._c.cool_down()
            self._cooled = self._c.clock.monotonic_s()

    # --- what cannot be read -----------------------------------------------------------------

    def _read_narrowly(self, offset: int, length: int, error: OSError) -> None:
        """A piece cannot be read: compare what can be, list the rest."""
        began, lane, todo = self._c.clock.monotonic_s(), Lane(), [(offset, length)]
        self._check_gone(error)
        while todo:
            at, count = todo.pop()
            spent = self._c.clock.monotonic_s() - began
            if spent > min(NARROW_CAP_S, self._narrow_left_s) or self._c.should_stop():
                self._found.unreadable.add(at, count)
                continue
            differing = self._try(lane, at, count)
            if differing is not None:
                self._note(count, differing)
            elif count > self._c.block:
                half = max(self._c.block, count // 2 // self._c.block * self._c.block)
                todo += [(at + half, count - half), (at, half)]
            else:
                self._found.unreadable.add(at, count)
        self._narrow_left_s -= self._c.clock.monotonic_s() - began

    def _try(self, lane: Lane, offset: int, length: int) -> tuple[Range, ...] | None:
        for _ in range(READ_ATTEMPTS if length <= self._c.block else 1):
            try:
                return self._differing(lane, offset, length)
            except OSError as error:
                self._check_gone(error)
        return None

    def _check_there(self) -> None:
        """A bridge may go on answering for a disk that is gone."""
        if not self._device.still_there():
            raise ReadVanished

    def _check_gone(self, error: OSError) -> None:
        if error.errno in GONE or not self._device.still_there():
            raise ReadVanished from error

    # --- speed over the disk -----------------------------------------------------------------

    def _point(self, offset: int, length: int, seconds: float) -> None:
        point = self._points.setdefault(min(63, offset * 64 // max(1, self._c.size)), [0.0, 0.0])
        point[0] += length
        point[1] += seconds

    def _speeds(self) -> tuple[int, ...]:
        return tuple(
            int(count / seconds) if seconds > 0 else 0
            for count, seconds in (self._points.get(i, [0.0, 0.0]) for i in range(64))
        )


def _cut(stretches: list[Range], piece_bytes: int) -> Iterator[tuple[int, int]]:
    for start, length in stretches:
        end = start + length
        while start < end:
            count = min(piece_bytes - start % piece_bytes, end - start)
            yield start, count
            start += count
