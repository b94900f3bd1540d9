"""What a trial of a part starts: a tool that runs beside us, or work for every processor.

Why apart from `process`: a trial lasts minutes, shows how far it is and can be left out while it
runs, so its tool is started, looked at and stopped. A tool that we leave behind would go on heating
a computer that somebody puts into a box: what is started here ends with us.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from typing import IO, Protocol

from recond.frozen import dataclass
from recond.host.process import NOT_FOUND, Completed, end_process, start_process

MOST_SAID = 1 << 20
_BUSY = """
import hashlib, os
parent, block = os.getppid(), bytes(1 << 18)
while os.getppid() == parent:
    hashlib.sha256(block).digest()
"""
"""Ends by itself once whoever started it is gone."""


class Running(Protocol):
    """A tool that was started."""

    def poll(self) -> Completed | None:
        """How it ended; None while it runs."""

    def stop(self) -> None:
        """End it; nothing where it has ended."""


class Parts(Protocol):
    """Starts what a trial needs."""

    def start(self, argv: tuple[str, ...]) -> Running:
        """Start a tool; one that is missing has ended with 127."""

    def load(self) -> Running:
        """Keep every processor busy until it is stopped."""


class LocalParts:
    """This computer's."""

    def start(self, argv: tuple[str, ...]) -> Running:
        """Start a tool."""
        return RunningTool(argv)

    def load(self) -> Running:
        """A process for each processor that we may use."""
        count = len(os.sched_getaffinity(0))
        return RunningLoad(
            tuple(RunningTool((sys.executable, "-I", "-c", _BUSY)) for _ in range(count))
        )


class RunningTool:
    """One process, its words kept in a file: a pipe that nobody reads would stop it."""

    def __init__(self, argv: tuple[str, ...]) -> None:
        self._argv, self._began = argv, time.monotonic()
        self._out: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - closed in `_end`
        self._ended: Completed | None = None
        try:
            self._process = start_process(argv, self._out)
        except OSError as error:
            self._ended = self._end(NOT_FOUND, str(error).encode())

    def poll(self) -> Completed | None:
        """How it ended; None while it runs."""
        if self._ended is None and (code := self._process.poll()) is not None:
            self._out.seek(0)
            self._ended = self._end(code, self._out.read(MOST_SAID))
        return self._ended

    def stop(self) -> None:
        """Kill it with all that it started."""
        if self.poll() is None:
            end_process(self._process)
            self.poll()

    def _end(self, code: int, said: bytes) -> Completed:
        self._out.close()
        elapsed = int((time.monotonic() - self._began) * 1000)
        return Completed(self._argv, code, said, b"", elapsed)


@dataclass(frozen=True, slots=True)
class RunningLoad:
    """Several processes as one; it has ended as soon as one of them has."""

    tools: tuple[RunningTool, ...]

    def poll(self) -> Completed | None:
        """How the first that ended did."""
        return next((end for one in self.tools if (end := one.poll()) is not None), None)

    def stop(self) -> None:
        """End them all."""
        for one in self.tools:
            one.stop()
