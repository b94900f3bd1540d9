"""The separate reading after the last step: does the medium hold what it must hold?

Why: what an eraser says of itself is worth nothing. This module opens no device for writing,
shares no code with the one that wrote, makes the expected content again by its own hand (the few
lines that `wipe.overwrite` has too are here on purpose: one mistake must not serve both), reads
past the page cache through a fresh descriptor, and reports only what it saw.

Sampling: at least 1,000 subsections, two places in each at pseudo-random positions that do not
overlap, the first and the last block, at least a tenth of the medium (NIST SP 800-88 Rev. 1
§4.7.2); the seed is drawn after the last write and recorded.
"""

from __future__ import annotations

import errno
import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from recond.erasure import Fill, FillKind, VerifyMode
from recond.host.block import BlockDevice, same_bytes
from recond.host.clock import Clock
from recond.host.lanes import Lane, Lanes
from recond.model import Json, Message, Range
from recond.ranges import RangeSet

Log = Callable[[str, dict[str, Json]], None]

PIECE_BYTES = 1 << 20
DEPTH = 3
SUBSECTIONS = 1000
PLACES_EACH = 2
SHARE = 10  # a tenth of the medium
MAX_RANGES = 1000
READ_ATTEMPTS = 3
NARROW_CAP_S = 60.0
GONE = frozenset({errno.ENODEV, errno.ENXIO, errno.ENOMEDIUM, errno.ESHUTDOWN, errno.EBADF})


class Vanished(Exception):
    """The disk is gone."""


@dataclass(slots=True)
class Findings:
    """What was seen so far; becomes a journal's `verify_end`."""

    outcome: str = "done"
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
    """The bytes that must stand at a place, made anew from the fill."""

    def __init__(self, fill: Fill) -> None:
        self._fill = fill
        self._raw = bytes.fromhex(fill.hex)
        self._blank = b""

    def at(self, lane: Lane, offset: int, length: int) -> memoryview:
        """The expected content of [offset, offset + length)."""
        out = lane.buffer("expected", length)
        if self._fill.kind is FillKind.CONSTANT:
            if lane.made != (offset % len(self._raw), length):
                skip = offset % len(self._raw)
                out[:length] = (self._raw * (length // len(self._raw) + 2))[skip : skip + length]
                lane.made = (skip, length)
            return out[:length]
        from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

        first, skip = divmod(offset, 16)
        mode = modes.CTR(first.to_bytes(16, "big"))
        stream = Cipher(algorithms.AES(self._raw), mode).encryptor()
        if skip:
            stream.update(b"\0" * skip)
        if len(self._blank) != length:
            self._blank = b"\0" * length
        stream.update_into(self._blank if len(self._blank) == length else b"\0" * length, out)
        return out[:length]


class Verifier:
    """Reads a device and compares it with a fill."""

    def __init__(self, device: BlockDevice, fill: Fill, context: VerifyContext) -> None:
        self._device = device
        self._expected = Expected(fill)
        self._c = context
        self._found = Findings()
        self._points: dict[int, list[float]] = {}

    def run(self, mode: VerifyMode, seed: bytes) -> Findings:
        """Read all, or the sample's places. Never raises for what the disk does."""
        stretches: tuple[Range, ...] = ((0, self._c.size),)
        if mode is VerifyMode.SAMPLE:
            stretches = sample_places(seed, self._c.size, self._c.block)
        to_do = sum(length for _, length in stretches)
        self._found.places = len(stretches)
        began = self._c.clock.monotonic_s()
        try:
            self._compare(stretches, to_do)
        except Vanished:
            self._found.outcome = "vanished"
            self._found.reason = Message("wipe.reason.vanished")
        self._found.duration_ms = int((self._c.clock.monotonic_s() - began) * 1000)
        self._found.speed = self._speeds()
        return self._found

    def _cut(self, stretches: tuple[Range, ...]) -> Iterator[tuple[int, int]]:
        for start, length in stretches:
            end = start + length
            while start < end:
                count = min(PIECE_BYTES - start % PIECE_BYTES, end - start)
                yield start, count
                start += count

    def _compare(self, stretches: tuple[Range, ...], to_do: int) -> None:
        lanes = Lanes(DEPTH, self._piece)
        passed, last = 0, self._c.clock.monotonic_s()
        try:
            for offset, length, result in lanes.results(self._cut(stretches)):
                if isinstance(result, OSError):
                    self._read_narrowly(offset, length, result)
                else:
                    self._found.compared += length
                    if not result:
                        self._locate(offset, length)
                now = self._c.clock.monotonic_s()
                self._point(offset, length, now - last)
                last, passed = now, passed + length
                self._c.progress(passed, to_do)
                if self._c.should_stop():
                    self._found.outcome = "stopped"
                    self._found.reason = Message("wipe.reason.stopped")
                    return
        finally:
            lanes.close()

    def _piece(self, lane: Lane, offset: int, length: int) -> bool:
        """Whether the medium holds the expected bytes there. Raises `OSError`."""
        buffer = lane.buffer("read", length)[:length]
        count = self._device.read_into(offset, buffer)
        if count != length:
            raise OSError(errno.EIO, f"{count} of {length} bytes")
        return same_bytes(buffer, self._expected.at(lane, offset, length))

    def _locate(self, offset: int, length: int) -> None:
        """Narrow a piece that differs to its logical blocks, by halving, reading again."""
        lane, todo = Lane(), [(offset, length)]
        seen_any = False
        while todo:
            at, count = todo.pop()
            try:
                same = self._piece(lane, at, count)
            except OSError as error:
                self._read_narrowly(at, count, error)
                self._found.compared -= count
                continue
            if same:
                continue
            if count <= self._c.block or len(self._found.mismatch.ranges()) > MAX_RANGES:
                self._found.mismatch.add(at, count)
                seen_any = True
                continue
            half = max(self._c.block, count // 2 // self._c.block * self._c.block)
            todo += [(at + half, count - half), (at, half)]
        if not seen_any:
            # it differed once and agrees now: the disk gives two answers for one place
            self._found.mismatch.add(offset, length)

    def _read_narrowly(self, offset: int, length: int, error: OSError) -> None:
        """A piece cannot be read: compare what can be, list the rest."""
        began, lane, todo = self._c.clock.monotonic_s(), Lane(), [(offset, length)]
        self._check_gone(error)
        while todo:
            at, count = todo.pop()
            if self._c.clock.monotonic_s() - began > NARROW_CAP_S or self._c.should_stop():
                self._found.unreadable.add(at, count)
                continue
            same = self._try(lane, at, count)
            if same is None and count > self._c.block:
                half = max(self._c.block, count // 2 // self._c.block * self._c.block)
                todo += [(at + half, count - half), (at, half)]
            elif same is None:
                self._found.unreadable.add(at, count)
            else:
                self._found.compared += count
                if not same:
                    self._found.mismatch.add(at, count)

    def _try(self, lane: Lane, offset: int, length: int) -> bool | None:
        for _ in range(READ_ATTEMPTS if length <= self._c.block else 1):
            try:
                return self._piece(lane, offset, length)
            except OSError as error:
                self._check_gone(error)
        return None

    def _check_gone(self, error: OSError) -> None:
        if error.errno in GONE or not self._device.still_there():
            raise Vanished from error

    def _point(self, offset: int, length: int, seconds: float) -> None:
        point = self._points.setdefault(min(63, offset * 64 // max(1, self._c.size)), [0.0, 0.0])
        point[0] += length
        point[1] += seconds

    def _speeds(self) -> tuple[int, ...]:
        return tuple(
            int(count / seconds) if seconds > 0 else 0
            for count, seconds in (self._points.get(i, [0.0, 0.0]) for i in range(64))
        )
