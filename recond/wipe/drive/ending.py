"""What a medium reads as after its drive erased it: zeros, ones, a pattern, noise, or a mixture.

Why: nobody knows beforehand what an erased drive reads as, so there is nothing to compare with; but
an erased medium is the same thing everywhere. A piece that is neither uniform, nor one short
pattern, nor noise holds something; a medium of two kinds was not erased as a whole. Whether an
ending suits the technique is judged elsewhere. Opens nothing, writes nothing, never raises for what
a disk does; every byte of the places is looked at.
"""

from __future__ import annotations

import errno
import zlib
from collections.abc import Callable
from dataclasses import dataclass, field

from recond.ends import StepEnd
from recond.host.block import BlockDevice, aligned_buffer
from recond.host.clock import Clock
from recond.model import Json, Message, Range
from recond.ranges import RangeSet

PIECE_BYTES = 1 << 20
PERIODS = (1, 2, 4, 8, 16, 32, 512)
TRIAL_BYTES = 2048
NOISE_BLOCK, NOISE_STEP = 4096, 32  # every 32nd block is packed to see whether it is noise
PACKED_SHARE = 0.97
SECTOR, NOISE_SPREAD, LOWER_HALF = 512, 180, bytes(range(128))
MAX_RANGES = 1000
GONE = frozenset({errno.ENODEV, errno.ENXIO, errno.ENOMEDIUM, errno.ESHUTDOWN, errno.EBADF})


@dataclass(slots=True)
class Ending:
    """What was seen; becomes a journal's `verify_end`. `kinds`: bytes of each kind of content."""

    outcome: StepEnd = StepEnd.DONE
    compared: int = 0
    unreadable: RangeSet = field(default_factory=RangeSet)
    kinds: dict[tuple[str, bytes], RangeSet] = field(default_factory=dict)
    duration_ms: int = 0

    def add(self, kind: tuple[str, bytes], start: int, length: int) -> None:
        """Note a piece of the medium."""
        self.kinds.setdefault(kind, RangeSet()).add(start, length)

    def main_kind(self) -> tuple[str, bytes] | None:
        """The kind that most bytes are of; None where nothing could be read."""
        return max(self.kinds, key=lambda kind: self.kinds[kind].total, default=None)

    def word(self) -> str:
        """The journal's word for the whole."""
        main = self.main_kind()
        if main is None:
            return "unreadable"
        clean = len(self.kinds) == 1 and not self.unreadable.total and main[0] != "data"
        return main[0] if clean else "mixed"

    def mismatch(self) -> RangeSet:
        """All that is not of the main kind, or holds something."""
        found, main = RangeSet(), self.main_kind()
        for kind, ranges in self.kinds.items():
            if kind != main or kind[0] == "data":
                for start, length in ranges.ranges():
                    found.add(start, length)
        return found


@dataclass(frozen=True, slots=True)
class EndingContext:
    """What the reading is given beside the device."""

    block: int
    clock: Clock
    log: Callable[[str, dict[str, Json]], None]
    should_stop: Callable[[], bool]
    progress: Callable[[int, int], None]


def verify_ending(
    device: BlockDevice, stretches: tuple[Range, ...], mode: str, seed: bytes, c: EndingContext
) -> tuple[StepEnd, Message | None]:
    """Read, journal `verify_start` and `verify_end`; returns the outcome and why.

    `mode` is "full" or "sample", `seed` what the stretches were drawn from.
    """
    c.log(
        "verify_start", {"mode": mode, "seed": seed.hex(), "expects": None, "direct": device.direct}
    )
    found = read_ending(device, stretches, c.block, c.clock, c.should_stop, c.progress)
    mismatch = found.mismatch()
    c.log(
        "verify_end",
        {
            "outcome": found.outcome,
            "compared": found.compared,
            "places": len(stretches),
            "mismatch_bytes": mismatch.total,
            "mismatch": [[a, b] for a, b in mismatch.ranges()[:MAX_RANGES]],
            "unreadable": found.unreadable.to_json(),
            "ending": found.word(),
            "duration_ms": found.duration_ms,
            "speed": [],
        },
    )
    reasons = {
        StepEnd.VANISHED: "wipe.reason.vanished",
        StepEnd.STOPPED: "wipe.reason.stopped",
    }
    return found.outcome, Message(reasons[found.outcome]) if found.outcome in reasons else None


def read_ending(
    device: BlockDevice,
    stretches: tuple[Range, ...],
    block: int,
    clock: Clock,
    should_stop: Callable[[], bool],
    progress: Callable[[int, int], None],
) -> Ending:
    """Read the stretches (in bytes) and say what they hold."""
    found, began = Ending(), clock.monotonic_s()
    to_do, passed = sum(length for _, length in stretches), 0
    buffer = aligned_buffer(PIECE_BYTES)
    for start, length in stretches:
        at, end = start, start + length
        while at < end and found.outcome == StepEnd.DONE:
            count = min(PIECE_BYTES, end - at)
            _read_piece(device, buffer, at, count, block, found)
            at, passed = at + count, passed + count
            progress(passed, to_do)
            if should_stop():
                found.outcome = StepEnd.STOPPED
    found.duration_ms = int((clock.monotonic_s() - began) * 1000)
    return found


def _read_piece(
    device: BlockDevice, buffer: memoryview, start: int, count: int, block: int, found: Ending
) -> None:
    """One piece; where it cannot be read, block by block."""
    try:
        if device.read_into(start, buffer[:count]) == count:
            found.compared += count
            found.add(kind_of(bytes(buffer[:count]), start), start, count)
            return
        raise OSError(errno.EIO, "short read")  # noqa: TRY301 - the same as an error
    except OSError as error:
        if error.errno in GONE or not device.still_there():
            found.outcome = StepEnd.VANISHED
            return
    if count <= block:
        found.unreadable.add(start, count)
        return
    half = max(block, count // 2 // block * block)
    _read_piece(device, buffer, start, half, block, found)
    if found.outcome == StepEnd.DONE:
        _read_piece(device, buffer, start + half, count - half, block, found)


def kind_of(data: bytes, start: int) -> tuple[str, bytes]:
    """(word, the repeated bytes as they stand from byte 0 of the medium on) of a piece."""
    for period in PERIODS:
        if _repeats(data[:TRIAL_BYTES], period) and _repeats(data, period):
            turn = -start % period
            word = {b"\x00": "zeros", b"\xff": "ones"}.get(data[:period], "pattern")
            return word, data[turn : turn + period]
    return ("random" if _is_noise(data) else "data"), b""


def _repeats(data: bytes, period: int) -> bool:
    return len(data) > period and data[period:] == data[:-period]


def _is_noise(data: bytes) -> bool:
    """Half of every sector's bytes have their upper bit set, and no block tried can be packed.

    256 of 512 bytes, give or take eight standard deviations (90): once in a million disks noise
    itself falls out, while text, zeros and most programs lie far below.
    """
    for offset in range(0, len(data), SECTOR):
        sector = data[offset : offset + SECTOR]
        if abs(2 * len(sector.translate(None, LOWER_HALF)) - len(sector)) > NOISE_SPREAD:
            return False
    for offset in range(0, len(data), NOISE_BLOCK * NOISE_STEP):
        block = data[offset : offset + NOISE_BLOCK]
        if len(zlib.compress(block, 1)) < PACKED_SHARE * len(block):
            return False
    return True
