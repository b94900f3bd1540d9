"""Sets of stretches against the same thing done byte by byte."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from recond.ranges import RangeSet

SIZE = 64
RANGES = st.lists(st.tuples(st.integers(0, SIZE - 1), st.integers(0, 12)), max_size=12)


def runs(marked: set[int]) -> tuple[tuple[int, int], ...]:
    found: list[tuple[int, int]] = []
    for at in sorted(marked):
        if found and at == sum(found[-1]):
            found[-1] = (found[-1][0], found[-1][1] + 1)
        else:
            found.append((at, 1))
    return tuple(found)


@given(RANGES, RANGES)
def test_a_set_of_stretches_is_a_set_of_bytes(
    first: list[tuple[int, int]], then: list[tuple[int, int]]
) -> None:
    ranges = RangeSet(first)
    for start, length in then:
        ranges.add(start, length)
    marked = {at for start, length in first + then for at in range(start, start + length)}
    assert ranges.ranges() == runs(marked)
    assert ranges.total == len(marked)
    assert ranges.gaps(SIZE) == runs(set(range(SIZE)) - marked)
