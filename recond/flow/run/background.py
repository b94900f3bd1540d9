"""Long work beside a screen: an erasure in a thread of its own.

Why: a screen can crash, be closed or be killed, and nothing of that may reach an erasure. The work
never calls the screen: it leaves what it hears in a queue, stamped with the time, and whoever shows
it comes to fetch. It decides nothing and judges nothing.
"""

from __future__ import annotations

import signal
import threading
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass

from recond.flow.run.run import Finished
from recond.flow.runfolder import OnEvent
from recond.host.clock import Clock
from recond.host.log import log_swallowed
from recond.host.signals import StopCount
from recond.model import Message
from recond.progress import ProgressEvent

Task = Callable[[OnEvent, StopCount], Finished | None]
MOST_HEARD = 100_000
"""Where nobody comes to fetch for hours, the oldest is forgotten: it is progress, not evidence."""


@dataclass(frozen=True, slots=True)
class Heard:
    """An event of a disk (its name in the run; "" of the whole run), monotonic seconds."""

    time_s: float
    disk: str
    event: ProgressEvent


class BackgroundRun:
    """A task under way. `finished` is its result; `failure` what it raised instead.

    `afterwards` is done with the result once it stands (the upload); its message is `said`.
    """

    def __init__(
        self,
        task: Task,
        clock: Clock,
        afterwards: Callable[[Finished], Message | None] | None = None,
        *,
        stoppable: bool = True,
    ) -> None:
        self.finished: Finished | None = None
        self.failure: Exception | None = None
        self.said: Message | None = None
        self.stoppable = stoppable
        self.stops = StopCount()
        self._task = task
        self._afterwards = afterwards
        self._clock = clock
        self._done = threading.Event()
        self._heard: deque[Heard] = deque(maxlen=MOST_HEARD)
        # daemon: who leaves the screen leaves; the workers have sessions of their own and go on
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self.finished = self._task(self._hear, self.stops)
        except Exception as error:
            log_swallowed("flow.run", error)
            self.failure = error
        self._done.set()
        if self.finished is not None and self._afterwards is not None:
            self.said = self._afterwards(self.finished)

    def _hear(self, disk: str, event: ProgressEvent) -> None:
        self._heard.append(Heard(self._clock.monotonic_s(), disk, event))

    def now_s(self) -> float:
        """The time on the clock that stamps the events."""
        return self._clock.monotonic_s()

    def heard(self) -> tuple[Heard, ...]:
        """What happened since the last call, in order."""
        found: list[Heard] = []
        while self._heard:
            found.append(self._heard.popleft())
        return tuple(found)

    @property
    def ended(self) -> bool:
        """Whether there is a result or a failure (what comes afterwards may still go on)."""
        return self._done.is_set()

    @property
    def over(self) -> bool:
        """Whether nothing goes on any more."""
        return not self._thread.is_alive()

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait for the result; whether it is there."""
        return self._done.wait(timeout_s)

    def wait_over(self, timeout_s: float | None = None) -> None:
        """Wait until nothing goes on any more."""
        self._thread.join(timeout_s)

    def stop(self) -> None:
        """Ask for a stop: first at the next safe point, a second time at once."""
        self.stops.handle(signal.SIGINT, None)
