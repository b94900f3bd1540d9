"""Lanes: what is begun is handed out once, and an error stops the feed until it is seen."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import closing

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recond.host.lanes import Lane, Lanes, pieces


@given(st.integers(0, 10_000), st.integers(0, 10_000), st.integers(1, 4000), st.booleans())
def test_pieces_cover_a_stretch_once(start: int, count: int, piece: int, backward: bool) -> None:
    found = list(pieces(start, start + count, piece, backward))
    if backward:
        found.reverse()
    assert [at for at, _ in found] == [start, *(a + n for a, n in found)][: len(found)]
    assert sum(length for _, length in found) == count
    assert all(at % piece == 0 for at, _ in found[1:])
    assert all(0 < length <= piece for _, length in found)


@settings(max_examples=30, deadline=None)
@given(st.integers(1, 5), st.integers(0, 60), st.sets(st.integers(0, 60), max_size=4))
def test_every_piece_comes_out_once_with_its_own_result(
    depth: int, count: int, failing: set[int]
) -> None:
    def job(_lane: Lane, offset: int, length: int) -> int:
        if offset in failing:
            raise OSError(5, str(offset))
        return offset * length

    with closing(Lanes(depth, job)) as lanes:
        found = [
            one for batch in lanes.batches(iter([(i, 3) for i in range(count)])) for one in batch
        ]
    assert sorted(at for at, _, _ in found) == list(range(count))
    for at, length, result in found:
        assert (str(at) in str(result)) if isinstance(result, OSError) else result == at * length
        assert isinstance(result, OSError) == (at in failing)


def test_two_lanes_are_under_way_at_once() -> None:
    both = threading.Barrier(2, timeout=10)
    with closing(Lanes(2, lambda _lane, _at, _n: both.wait())) as lanes:
        found = [one for batch in lanes.batches(iter([(0, 1), (1, 1)])) for one in batch]
    assert len(found) == 2


def test_an_error_holds_the_feed_until_the_caller_has_seen_it() -> None:
    taken: list[int] = []

    def feed() -> Iterator[tuple[int, int]]:
        for index in range(1000):
            taken.append(index)
            yield index, 1

    def job(_lane: Lane, offset: int, _length: int) -> None:
        raise OSError(5, "bad")

    with closing(Lanes(3, job)) as lanes:
        batches = lanes.batches(feed())
        first = next(batch for batch in batches if batch)
        assert first
        assert len(taken) <= 3


@pytest.mark.parametrize("depth", [1, 3])
def test_a_stop_hands_out_what_was_begun_and_begins_nothing(depth: int) -> None:
    done: list[int] = []
    with closing(Lanes(depth, lambda _lane, at, _n: done.append(at))) as lanes:
        found = []
        for batch in lanes.batches((i, 1) for i in range(10_000)):
            found += batch
            if batch:
                lanes.stop()
    assert sorted(at for at, _, _ in found) == sorted(done)
    assert len(done) < 10_000 or depth > 1


@pytest.mark.parametrize("depth", [1, 3])
def test_a_mistake_of_ours_is_raised_to_the_caller(depth: int) -> None:
    def job(_lane: Lane, _at: int, _n: int) -> None:
        raise ZeroDivisionError

    with closing(Lanes(depth, job)) as lanes, pytest.raises(ZeroDivisionError):
        list(lanes.batches(iter([(0, 1)] * 9)))


def test_no_thread_is_left_behind() -> None:
    before = threading.active_count()
    lanes = Lanes(4, lambda _lane, _at, _n: None)
    next(lanes.batches((i, 1) for i in range(100)))
    lanes.close()
    assert threading.active_count() == before


def test_one_lane_is_the_callers_own_thread_and_order() -> None:
    seen: list[tuple[int, str]] = []
    with closing(
        Lanes(1, lambda _l, at, _n: seen.append((at, threading.current_thread().name)))
    ) as lanes:
        for _ in lanes.batches((i, 1) for i in range(5)):
            pass
    assert seen == [(i, threading.current_thread().name) for i in range(5)]


def test_a_buffer_is_kept_and_grows_and_lies_on_a_page() -> None:
    lane = Lane()
    one = lane.buffer("data", 8192)
    assert lane.buffer("data", 4096) is one
    assert lane.buffer("other", 4096) is not one
    assert len(lane.buffer("data", 100_000)) >= 100_000
