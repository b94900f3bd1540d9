"""Trials of the parts beside a screen: they run in a thread of their own, the screen only looks.

Why: a trial lasts minutes, and whoever stands there sees how far it is and may leave one out, or
all of them. What ended is kept at once (`flow.parts`), so that it is in the record whatever becomes
of the screen; what a trial started ends with it.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path

from recond.flow.parts import PartPlan, try_parts
from recond.host import Host
from recond.host.log import log_swallowed
from recond.inspect.trial import LeftOut, TrialsStopped
from recond.model import Message, Tried

END_S = 30.0
"""How long a tool that is asked once (a scan) may still take when the trials are stopped."""


@dataclass(frozen=True, slots=True)
class UnderWay:
    """The trial that runs: its part, seconds since it began and about how many it takes, and what
    it asks of whoever stands there.
    """

    part: str
    done_s: float
    about_s: float
    asks: Message | None = None


class TrialsBeside:
    """Some trials, one after the other, from now on. `tests` are those that ended, in order;
    `failure` is what stopped all of them, a state folder that cannot be written.
    """

    def __init__(self, plans: tuple[PartPlan, ...], state: Path, host: Host) -> None:
        self.plans = plans
        self.tests: tuple[Tried, ...] = ()
        self.now: UnderWay | None = None
        self.failure: Exception | None = None
        self._state, self._host = state, host
        self._leave_out, self._stop = threading.Event(), threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            for plan in self.plans:
                if self._stop.is_set():
                    break
                self.tests += try_parts((plan,), self._state, self._host, self._heard).tests
        except TrialsStopped:
            pass
        except Exception as error:
            log_swallowed("guided", error)
            self.failure = error
        self.now = None

    def _heard(self, part: str, done_s: float, about_s: float, asks: Message | None) -> None:
        self.now = UnderWay(part, done_s, about_s, asks)
        if self._stop.is_set():
            raise TrialsStopped
        if self._leave_out.is_set():
            self._leave_out.clear()
            raise LeftOut

    @property
    def ended(self) -> bool:
        """Whether none runs any more."""
        return not self._thread.is_alive()

    @property
    def left_s(self) -> int:
        """About how long those that have not ended still take."""
        tried = {one.part for one in self.tests}
        left = sum(one.about_s for one in self.plans if one.part not in tried)
        now = self.now
        return max(0, left - round(min(now.done_s, now.about_s))) if now else left

    def leave_out(self) -> None:
        """End the trial that runs: it is unknown, left out by the operator. The next one begins."""
        if self.now is not None:
            self._leave_out.set()

    def stop(self) -> None:
        """End them all; the one that runs has no outcome."""
        self._stop.set()

    def wait(self, timeout_s: float | None = None) -> bool:
        """Wait until none runs; whether that is so."""
        self._thread.join(timeout_s)
        return self.ended
