"""The judging process, started when it is needed and again when it was lost.

Why one at a time: judging takes a processor for a tenth of a second and more, and the room must
stay live on two of them. A question that takes longer than a minute ends the process; that it could
not be answered says nothing of the record, so the bench is asked to come again.
"""

from __future__ import annotations

import multiprocessing
import threading
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures import TimeoutError as Late
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

from recond.board.judge import Kept, KeptStatement, Refused, bound_process, judge
from recond.errors import BenchLacks

PATIENCE_S = 60


class Judging:
    """Asks the judging process. `judge` may be called from any thread."""

    def __init__(self, state: Path, *, demonstration: bool) -> None:
        self._state, self._demonstration = state, demonstration
        self._lock = threading.Lock()
        self._pool: ProcessPoolExecutor | None = None

    def judge(self, raw: bytes, name: str) -> Kept | KeptStatement | Refused:
        """What a package comes to. Raises `BenchLacks` where there was no answer."""
        with self._lock:
            pool = self._pool or self._start()
            asked = pool.submit(judge, raw, name, self._state, demonstration=self._demonstration)
            try:
                return asked.result(PATIENCE_S)
            except (Late, BrokenProcessPool):
                self._end()
                raise BenchLacks("board.judging.lost") from None

    def _start(self) -> ProcessPoolExecutor:
        self._pool = ProcessPoolExecutor(
            1, mp_context=multiprocessing.get_context("spawn"), initializer=bound_process
        )
        return self._pool

    def _end(self) -> None:
        pool, self._pool = self._pool, None
        if pool is not None:
            for process in list((pool._processes or {}).values()):
                process.kill()  # it may hang in a parser
            pool.shutdown(wait=False, cancel_futures=True)

    def close(self) -> None:
        """End the process."""
        with self._lock:
            self._end()
