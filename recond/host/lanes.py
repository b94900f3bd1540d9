"""Several reads or writes of one disk under way at once.

Why: a disk is kept busy only if the next request is there before the last one ends, and content is
made (or compared) on one core while another request is in the kernel. Each lane is a thread with
buffers of its own that takes its next piece itself, so that between two requests nobody waits for
the interpreter; who counts the results is told a few times a second. System calls, AES and memcmp
release the interpreter's lock. What was tried and lost is in docs/benchmarks.md.

One lane is no thread at all: everything happens in the caller's order, as a simulated disk needs.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Generic, TypeAlias, TypeVar

from recond.host.block import aligned_buffer

R = TypeVar("R")
Done: TypeAlias = "tuple[int, int, R | OSError]"
SLACK_BYTES = 4096  # a cipher's update_into asks for up to a block more than it writes
TICK_S = 0.05


class Lane:
    """One lane's buffers, made at first use."""

    def __init__(self) -> None:
        self._buffers: dict[str, memoryview] = {}

    def buffer(self, use: str, size_bytes: int) -> memoryview:
        """A page-aligned buffer of `size_bytes` and slack at least, kept for the next call."""
        found = self._buffers.get(use)
        if found is None or len(found) < size_bytes + SLACK_BYTES:
            found = self._buffers[use] = aligned_buffer(size_bytes + SLACK_BYTES, huge=True)
        return found


class Lanes(Generic[R]):
    """Runs `job(lane, offset, length)` for each piece, `depth` at a time.

    `OSError` of a job is handed out as the piece's result, and no further piece is begun until the
    caller has dealt with it. Anything else that a job raises is raised to the caller. `kept` holds
    the lanes of the windows before, with their buffers, and those that are made here.
    """

    def __init__(
        self, depth: int, job: Callable[[Lane, int, int], R], kept: list[Lane] | None = None
    ) -> None:
        self._job = job
        self._depth = depth
        self._lanes = [] if kept is None else kept
        self._lanes += [Lane() for _ in range(depth - len(self._lanes))]
        self._state = threading.Condition()
        self._feed: Iterator[tuple[int, int]] = iter(())
        self._results: list[Done[R]] = []
        self._failure: BaseException | None = None
        self._threads: list[threading.Thread] = []
        self._alive = 0
        self._held = False
        self._stopped = False

    def batches(self, pieces: Iterator[tuple[int, int]]) -> Iterator[list[Done[R]]]:
        """What was done since the last time, at least every 0.05 s (then perhaps nothing).

        After `stop` what is under way is still waited for and handed out: nothing that was begun is
        forgotten. Results of different lanes may come out of order.
        """
        self._feed = pieces
        if self._depth == 1:
            yield from self._alone()
            return
        self._alive = self._depth
        for index in range(self._depth):
            thread = threading.Thread(
                target=self._run, args=(self._lanes[index],), name=f"lane-{index}", daemon=True
            )
            self._threads.append(thread)
            thread.start()
        over = False
        while not over:
            batch, over = self._collect()
            yield batch

    def stop(self) -> None:
        """Begin no further piece."""
        with self._state:
            self._stopped = True
            self._state.notify_all()

    def close(self) -> None:
        """Wait for what is under way and end the threads; what it brought is forgotten."""
        self.stop()
        for thread in self._threads:
            thread.join()

    def _alone(self) -> Iterator[list[Done[R]]]:
        lane = self._lanes[0]
        for offset, length in self._feed:
            yield [(offset, length, self._attempt(lane, offset, length))]
            if self._stopped:
                return

    def _collect(self) -> tuple[list[Done[R]], bool]:
        with self._state:
            # an error that the caller has not seen yet keeps the lanes waiting
            self._held = any(isinstance(result, OSError) for _, _, result in self._results)
            self._state.notify_all()
            self._state.wait_for(lambda: self._held or not self._alive, TICK_S)
            if self._failure is not None:
                raise self._failure
            batch, self._results = self._results, []
            return batch, not self._alive

    def _run(self, lane: Lane) -> None:
        try:
            while (piece := self._take()) is not None:
                result = self._attempt(lane, *piece)
                with self._state:
                    self._results.append((*piece, result))
                    if isinstance(result, OSError):
                        self._held = True
                        self._state.notify_all()
        except BaseException as failure:  # handed to the caller's thread, which raises it
            with self._state:
                self._failure, self._stopped = failure, True
        finally:
            with self._state:
                self._alive -= 1
                self._state.notify_all()

    def _take(self) -> tuple[int, int] | None:
        with self._state:
            while self._held and not self._stopped:
                self._state.wait()
            return None if self._stopped else next(self._feed, None)

    def _attempt(self, lane: Lane, offset: int, length: int) -> R | OSError:
        try:
            return self._job(lane, offset, length)
        except OSError as error:
            return error


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
