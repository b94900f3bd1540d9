"""Sets of stretches of a disk: what was done, what is bad, what is left. Pure."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable

from recond.model import Json, Range


class RangeSet:
    """Stretches of bytes, merged and in order. Built from (start, length) pairs."""

    def __init__(self, ranges: Iterable[Range] = ()) -> None:
        self._spans: list[tuple[int, int]] = []
        for start, length in sorted(ranges):
            self.add(start, length)

    def add(self, start: int, length: int) -> None:
        """Add a stretch; what touches or overlaps becomes one. Empty ones are ignored."""
        if length <= 0:
            return
        spans, end = self._spans, start + length
        if not spans or start > spans[-1][1]:  # the usual cases: going forward
            spans.append((start, end))
            return
        low = bisect_left(spans, start, key=lambda span: span[1])
        high = bisect_right(spans, end, lo=low, key=lambda span: span[0])
        if low < high:
            start, end = min(start, spans[low][0]), max(end, spans[high - 1][1])
        spans[low:high] = [(start, end)]

    @property
    def total(self) -> int:
        """The number of bytes in all stretches; overlaps count once."""
        return sum(high - low for low, high in self._spans)

    def ranges(self) -> tuple[Range, ...]:
        """(start, length) pairs in order."""
        return tuple((low, high - low) for low, high in self._spans)

    def gaps(self, size: int) -> tuple[Range, ...]:
        """What is left of [0, size), as (start, length) pairs in order."""
        found, at = [], 0
        for low, high in self._spans:
            if low > at:
                found.append((at, min(low, size) - at))
            at = max(at, high)
        if at < size:
            found.append((at, size - at))
        return tuple((start, length) for start, length in found if length > 0)

    def to_json(self) -> list[Json]:
        """[[start, length], …] for a journal."""
        return [[start, length] for start, length in self.ranges()]
