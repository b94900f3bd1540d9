"""Ctrl-C and TERM, counted: the first asks for a stop at the next checkpoint, the second stops."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType


class StopCount:
    """How often a stop was asked for, and by which signal first."""

    def __init__(self) -> None:
        self.count = 0
        self.number = 0

    def handle(self, number: int, _frame: FrameType | None) -> None:
        """Count one."""
        self.count += 1
        self.number = self.number or number


@contextmanager
def counted_stops(given: StopCount | None = None) -> Iterator[StopCount]:
    """Within this block SIGINT, SIGTERM and SIGHUP are counted instead of ending the process.

    `given`: somebody else counts (a screen with a key of its own), and no signal is taken over;
    only a process's main thread could.
    """
    if given is not None:
        yield given
        return
    stops = StopCount()
    numbers = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, stops.handle) for number in numbers}
    try:
        yield stops
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
