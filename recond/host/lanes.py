"""Several reads or writes of one disk under way at once, their results taken in order.

Why: a disk is kept busy only if the next request is there before the last one ends, and content is
made (or compared) on one core while another request is in the kernel. Each lane is a thread with
buffers of its own; system calls, AES and memcmp all release the interpreter's lock. What was tried
and lost is in docs/engine.md.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Generic, TypeVar

from recond.host.block import aligned_buffer

R = TypeVar("R")
SLACK_BYTES = 4096  # AES-CTR's update_into asks for up to a block more than it writes


class Lane:
    """One lane's buffers: `data` for the request, `other` to compare with; made at first use."""

    def __init__(self) -> None:
        self._buffers: dict[str, memoryview] = {}
        self.made: tuple[int, int] | None = None  # what "expected" holds: (phase, length)

    def buffer(self, use: str, size_bytes: int) -> memoryview:
        """A page-aligned buffer of `size_bytes` and slack at least, kept for the next call."""
        found = self._buffers.get(use)
        if found is None or len(found) < size_bytes + SLACK_BYTES:
            found = self._buffers[use] = aligned_buffer(size_bytes + SLACK_BYTES)
        return found


class Lanes(Generic[R]):
    """Runs `job(lane, offset, length)` for each piece, `depth` at a time; results in order.

    `OSError` of a job is handed out as the piece's result, so that the caller decides.
    """

    def __init__(self, depth: int, job: Callable[[Lane, int, int], R]) -> None:
        self._job = job
        self._depth = depth
        self._free = deque(Lane() for _ in range(depth))
        self._pool = ThreadPoolExecutor(depth, thread_name_prefix="lane")
        self._waiting: deque[tuple[int, int, Future[R | OSError]]] = deque()

    def _run(self, offset: int, length: int) -> R | OSError:
        lane = self._free.popleft()
        try:
            return self._job(lane, offset, length)
        except OSError as error:
            return error
        finally:
            self._free.append(lane)

    def results(
        self, pieces: Iterator[tuple[int, int]]
    ) -> Iterator[tuple[int, int, R | OSError]]:
        """(offset, length, result) of each piece, in the order of the pieces."""
        for offset, length in pieces:
            self._waiting.append((offset, length, self._pool.submit(self._run, offset, length)))
            if len(self._waiting) >= self._depth:
                yield self._next()
        while self._waiting:
            yield self._next()

    def _next(self) -> tuple[int, int, R | OSError]:
        offset, length, future = self._waiting.popleft()
        return offset, length, future.result()

    def close(self) -> None:
        """Wait for what is under way and end the threads."""
        self._pool.shutdown(wait=True)


def pieces(start: int, end: int, piece_bytes: int, backward: bool) -> Iterator[tuple[int, int]]:
    """[start, end) cut at multiples of `piece_bytes`; the last piece has what is left."""
    if not backward:
        at = start
        while at < end:
            upto = min(end, (at // piece_bytes + 1) * piece_bytes)
            yield at, upto - at
            at = upto
        return
    at = end
    while at > start:
        down = max(start, (at - 1) // piece_bytes * piece_bytes)
        yield down, at - down
        at = down
