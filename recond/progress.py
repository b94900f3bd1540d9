"""How far an erasure is: what a worker says of itself, and what is worked out of it.

Why one event and one meter: the terminal, the guided screen, a dock and a board show the same
erasure, and two ways of counting would show two numbers. Progress is no evidence: what was erased
is said by the record alone. Pure: whoever shows it tells the time.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

from recond.codec import from_json, to_json
from recond.documents import read_json
from recond.errors import FormatError
from recond.model import Json, Message
from recond.reading import Text

WINDOW_S = 12.0
"""A little over the ten seconds between two checkpoints, so that who comes back sees a speed."""


DRIVE_TOTAL = 1000
"""Of what a drive that erases itself says how far it is: thousandths."""


class Phase(Text):
    """What a worker, or the whole run, does."""

    CANARY = "canary"
    WRITE = "write"
    DRIVE = "firmware"  # the drive erases itself; the word that scripts read since the first form
    VERIFY = "verify"
    PAUSE = "pause"  # the disk is too hot
    END = "end"
    STOPPING = "stopping"  # of the run
    CERTIFY = "certify"  # of the run


class WorkerEnd(Text):
    """How a worker ended, as it says itself: no verdict."""

    COMPLETED = "completed"
    FAILED = "failed"
    REFUSED = "refused"
    INTERRUPTED = "interrupted"
    LOST = "lost"  # its journal could not be kept
    RUNNING = "running"  # it has not: another process still writes, and is waited for


@dataclass(frozen=True, slots=True)
class ProgressEvent:
    """One thing that happened. `step` from 0, of `steps`; `done` of `total` bytes of this step, or
    of `DRIVE_TOTAL` where the drive erases itself; `parts`: how many steps and whole readings there
    are. `why` and `details` (a file) of an end; °C of a pause.
    """

    phase: Phase
    step: int | None = None
    steps: int | None = None
    parts: int | None = None
    done: int | None = None
    total: int | None = None
    outcome: WorkerEnd | None = None
    why: Message | None = None
    details: str | None = None
    celsius: int | None = None
    limit: int | None = None

    def fields(self) -> dict[str, Json]:
        """As `--json-events` and a worker's lines have it: only what is said."""
        raw = to_json(self)
        return {k: v for k, v in raw.items() if v is not None} if isinstance(raw, dict) else {}


def read_event(line: bytes) -> ProgressEvent | None:
    """The event in a worker's line; None where it is none."""
    try:
        return from_json(ProgressEvent, read_json(line))
    except (ValueError, FormatError):
        return None


class Meter:
    """How far one disk is, how fast it goes and how long it takes still.

    Every number is of the whole job, all steps and the reading back; None where nobody can say.
    """

    def __init__(self) -> None:
        self.phase: Phase | None = None
        self.step = self.steps = 0
        self.done: int | None = None
        self.total: int | None = None
        self.end: WorkerEnd | None = None
        self._parts = 0
        self._points: deque[tuple[float, int]] = deque()

    def hear(self, event: ProgressEvent, now_s: float) -> None:
        """Take in an event, at a time in monotonic seconds."""
        if event.phase is Phase.END:
            self.end = None if event.outcome is WorkerEnd.RUNNING else event.outcome
            return
        self.end = None
        if event.phase is Phase.PAUSE:
            self.phase = event.phase
            return
        step = self.step if event.step is None else event.step
        # a pause lies within its step
        went_on = self.phase is Phase.PAUSE and step == self.step and self.done is not None
        if (event.phase, step) != (self.phase, self.step) and not went_on:
            self._points.clear()
            self.done = self.total = None
        self.phase, self.step = event.phase, step
        self.steps = self.steps if event.steps is None else event.steps
        self._parts = event.parts or self._parts or self.steps
        if event.done is not None and event.total is not None:
            self._move(event.done, event.total, now_s)

    def _move(self, done: int, total: int, now_s: float) -> None:
        if self.done is not None and done < self.done:
            self._points.clear()
        self.done, self.total = done, total
        self._points.append((now_s, done))
        while len(self._points) > 2 and now_s - self._points[0][0] > WINDOW_S:
            self._points.popleft()

    @property
    def is_measured(self) -> bool:
        """Whether bytes are written or read now, and counted."""
        return self.end is None and self.phase in (Phase.WRITE, Phase.VERIFY)

    @property
    def permille(self) -> int:
        """Of the whole job, as far as is known: 1000 only once it has ended, well or not."""
        if self.end is not None:
            return 1000
        share = self.done * 1000 // self.total if self.done is not None and self.total else 0
        return max(0, min(999, (self._at * 1000 + share) // max(1, self._parts)))

    @property
    def _at(self) -> int:
        return self.steps if self.phase is Phase.VERIFY else min(self.step, self.steps)

    @property
    def percent(self) -> int | None:
        """Of the whole job; after an end that was not good, where it stood. None where nobody says:
        before the first write, and while a reading is watched from outside.
        """
        if self.end is WorkerEnd.COMPLETED:
            return 100
        if self.done is None or not self.total:
            return None
        here = self._at * 1000 + self.done * 1000 // self.total
        return max(0, min(99, here // (10 * max(1, self._parts))))

    def speed(self, now_s: float) -> int | None:
        """Bytes a second, lately; None while unknown and where a disk erases itself."""
        if not self.is_measured or len(self._points) < 2:
            return None
        (start, low), (end, high) = self._points[0], self._points[-1]
        # a disk that says nothing any more becomes slower and slower
        span = max(end, now_s - WINDOW_S) - start
        return int((high - low) / span) if span > 0 and high >= low else None

    def left_s(self, now_s: float) -> int | None:
        """Seconds left of all that is to come, each part as long as this one."""
        speed = self.speed(now_s)
        if not speed or self.done is None or self.total is None:
            return None
        parts = max(0, self._parts - self._at - 1)
        return (parts * self.total + self.total - self.done) // speed


def ended(
    outcome: WorkerEnd, why: Message | None = None, details: str | None = None
) -> ProgressEvent:
    """The last event of a disk."""
    return ProgressEvent(Phase.END, outcome=outcome, why=why, details=details)
