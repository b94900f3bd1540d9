"""Sets of stretches of a disk: what was done, what is bad, what is left. Pure."""

from __future__ import annotations

from collections.abc import Iterable

from recond.model import Json, Range


class RangeSet:
    """Stretches of bytes, merged and in order. Built from (start, length) pairs."""

    def __init__(self, ranges: Iterable[Range] = ()) -> None:
        self._spans: list[tuple[int, int]] = []
        for start, length in ranges:
            self.add(start, length)

    def add(self, start: int, length: int) -> None:
        """Add a stretch; what touches or overlaps becomes one. Empty ones are ignored."""
        if length <= 0:
            return
        end = start + length
        spans = self._spans
        if spans and spans[-1][0] <= start <= spans[-1][1]:  # the usual case: going forward
            spans[-1] = (spans[-1][0], max(end, spans[-1][1]))
            return
        merged: list[tuple[int, int]] = []
        for low, high in spans:
            if high < start or low > end:
                merged.append((low, high))
            else:
                start, end = min(start, low), max(end, high)
        merged.append((start, end))
        self._spans = sorted(merged)

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
