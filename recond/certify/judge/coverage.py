"""Arithmetic of byte ranges: is the whole disk there, does nothing overlap or stick out.

Why: "all bytes of the disk" is the claim that the certificate makes, so it is counted here and in
no other place. A range is (start, length) in bytes. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable

from recond.model import Range


def are_disjoint_within(ranges: Iterable[Range], size_bytes: int) -> bool:
    """Whether the ranges lie inside the disk and none overlaps another, in any order."""
    end = 0
    for start, length in sorted(ranges):
        if length <= 0 or start < end:
            return False
        end = start + length
    return end <= size_bytes


def merged(ranges: Iterable[Range]) -> tuple[Range, ...]:
    """The same bytes as sorted ranges that neither touch nor overlap."""
    out: list[Range] = []
    for start, length in sorted(ranges):
        if out and start <= out[-1][0] + out[-1][1]:
            first, have = out[-1]
            out[-1] = (first, max(have, start + length - first))
        else:
            out.append((start, length))
    return tuple(out)


def covers(ranges: Iterable[Range], start: int, end: int) -> bool:
    """Whether every byte from `start` up to (not with) `end` lies in one of the ranges."""
    if start >= end:
        return True
    return any(first <= start and first + length >= end for first, length in merged(ranges))


def total_bytes(ranges: Iterable[Range]) -> int:
    """How many bytes the ranges hold together, each counted once."""
    return sum(length for _, length in merged(ranges))
