"""The bytes of a pass for any place of the disk, and how fast they went.

Why apart from the pass: content is a pure function of the plan's fill and the place; the pass only
writes it. Shares nothing with `recond.wipe.verify`, which computes what must be there on its own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from recond.erasure import XTS_UNIT_BYTES, Fill, FillKind
from recond.host.block import aligned_buffer
from recond.host.lanes import Lane

if TYPE_CHECKING:
    from cryptography.hazmat.primitives.ciphers import CipherContext

PROFILE_POINTS = 64
SHIFT_BYTES = 512
"""How far into a page the buffers of made content begin, where the disk takes that: what the kernel
copies between two places at one offset in a page, as for a disk in memory, it copies more slowly
(docs/benchmarks.md)."""


class Content:
    """The bytes of a fill for any piece of the disk, in buffers that O_DIRECT takes."""

    def __init__(self, fill: Fill, memory_align_bytes: int) -> None:
        self._shift = SHIFT_BYTES if memory_align_bytes <= SHIFT_BYTES else 0
        self._raw = bytes.fromhex(fill.hex)
        self._cipher = _xts(self._raw) if fill.kind is FillKind.XTS else None
        self._zeros = memoryview(bytes(XTS_UNIT_BYTES if self._cipher else 0))
        self._constant: dict[int, memoryview] = {}

    def lie_on_pages(self) -> None:
        """From now on buffers begin on a page: the disk, or what lies below it, may want that."""
        self._shift = 0

    def piece(self, lane: Lane, offset: int, length: int) -> memoryview:
        """The content of [offset, offset + length); valid until the lane is used again."""
        if self._cipher is None:
            return self._repeat(offset % len(self._raw), length)
        out, at = lane.buffer("data", length + self._shift)[self._shift :], 0
        while at < length:
            number, skip = divmod(offset + at, XTS_UNIT_BYTES)
            count = min(XTS_UNIT_BYTES - skip, length - at)
            if skip:  # a unit can be made from its beginning only
                whole = lane.buffer("unit", XTS_UNIT_BYTES)
                self._cipher(number).update_into(self._blank(skip + count), whole)
                out[at : at + count] = whole[skip : skip + count]
            else:
                self._cipher(number).update_into(self._blank(count), out[at:])
            at += count
        return out[:length]

    def _blank(self, count: int) -> memoryview:
        """Zeros enough for `count` bytes in whole blocks of the cipher."""
        return self._zeros[: -(-count // 16) * 16]

    def _repeat(self, phase: int, length: int) -> memoryview:
        found = self._constant.get(phase)
        if found is None or len(found) < length:
            pattern = self._raw[phase:] + self._raw[:phase]
            found = aligned_buffer(-(-length // 4096) * 4096)
            found[:] = (pattern * (len(found) // len(pattern) + 1))[: len(found)]
            self._constant[phase] = found
        return found[:length]


def _xts(key: bytes) -> Callable[[int], CipherContext]:
    """What makes the cipher of a data unit; loaded before the pass begins, not in its time."""
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    made = algorithms.AES(key)
    return lambda number: Cipher(made, modes.XTS(number.to_bytes(16, "little"))).encryptor()


class SpeedProfile:
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
