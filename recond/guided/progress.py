"""Step 5 as lines: how far each disk is, how fast all of them are. Pure: it is told the time.

Why: whatever is not known stays a dash. A verification that is watched from outside says nothing
of how far it is, and a disk that erases itself has no speed.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from recond.erasure import VerifyMode, WipePlan
from recond.flow.run.background import Heard
from recond.guided.disks import disk_name
from recond.guided.letters import big
from recond.guided.words import BAD, CARE, GOOD, PLAIN, STRONG, GuidedWords, Line, cut, cut_front
from recond.locale import duration, size
from recond.model import Json

WINDOW_S = 12.0
"""A little over the ten seconds between two checkpoints, so that who comes back sees a speed."""
GRAPH_ROWS = 5
SAMPLES = 400
LEAST_TOKEN = 9
"""What is always shown of a serial, its end: « … » and as many as tell two disks apart."""
ENDED_MARK = {"completed": GOOD, "failed": BAD, "lost": BAD, "refused": CARE, "interrupted": CARE}


@dataclass(slots=True)
class Track:
    """One disk's way. `done` and `total` are of the phase; -1 where nobody says."""

    name: str
    plan: WipePlan | None
    phase: str = ""
    step: int = 0
    steps: int = 0
    done: int = -1
    total: int = -1
    outcome: str = ""
    points: deque[tuple[float, int]] = field(default_factory=deque)

    def hear(self, heard: Heard) -> None:
        """Take in an event of this disk."""
        event = heard.event
        phase, step = str(event.get("phase", "")), _int(event.get("step"), 0)
        if phase == "end":
            outcome = str(event.get("outcome", ""))
            self.outcome = "" if outcome == "running" else outcome
            return
        if self.is_refused:
            return
        if (phase, step) != (self.phase, self.step) and phase != "pause":
            self.points.clear()
            self.step, self.done, self.total = step, -1, -1
        self.phase, self.outcome = phase, ""
        self.steps = _int(event.get("steps"), self.steps)
        self.done, self.total = (
            _int(event.get("done"), self.done),
            _int(event.get("total"), self.total),
        )
        if "done" in event:
            self.points.append((heard.time_s, self.done))
        while len(self.points) > 2 and heard.time_s - self.points[0][0] > WINDOW_S:
            self.points.popleft()

    @property
    def is_refused(self) -> bool:
        """Whether nothing is going to happen to this disk."""
        return self.plan is not None and bool(self.plan.refusals)

    def speed(self, now_s: float) -> int | None:
        """Bytes a second, lately; None while unknown and where a disk erases itself."""
        if self.outcome or self.phase not in ("write", "verify") or len(self.points) < 2:
            return None
        (start, low), (end, high) = self.points[0], self.points[-1]
        # a disk that says nothing any more becomes slower and slower
        span = max(end, now_s - WINDOW_S) - start
        return int((high - low) / span) if span > 0 and high >= low else None

    def left_s(self, now_s: float) -> int | None:
        """Seconds left of this phase."""
        speed = self.speed(now_s)
        return (self.total - self.done) // speed if speed and self.total > 0 else None

    @property
    def percent(self) -> int | None:
        """Of this phase, whole."""
        if self.outcome == "completed":
            return 100
        return self.done * 100 // self.total if self.total > 0 and self.done >= 0 else None

    @property
    def permille(self) -> int:
        """Of the whole way: the passes and the reading back, each as long as the other."""
        if self.outcome:
            return 1000
        verifies = self.plan is None or self.plan.verify is not VerifyMode.NONE
        parts = max(1, self.steps + verifies)
        at = self.steps if self.phase == "verify" else min(self.step, self.steps)
        share = self.done * 1000 // self.total if self.total > 0 and self.done >= 0 else 0
        return min(999, (at * 1000 + share) // parts)


def _int(value: Json, otherwise: int) -> int:
    return value if isinstance(value, int) else otherwise


@dataclass(slots=True)
class Board:
    """All disks of a run, by their names there, and their speed together, second by second."""

    tracks: dict[str, Track]
    notice: str = ""  # the last word on the whole run: stopping, certify
    speeds: deque[int] = field(default_factory=lambda: deque(maxlen=SAMPLES))

    @staticmethod
    def of(plans: Mapping[str, WipePlan]) -> Board:
        """A board for the disks of a run. A disk that is refused, as the stick itself, says so from
        the beginning: "starts" would frighten whoever stands before it.
        """
        return Board(
            {
                name: Track(name, plan, outcome="refused" if plan.refusals else "")
                for name, plan in plans.items()
            }
        )

    def hear(self, heard: Iterable[Heard]) -> None:
        """Take in what happened."""
        for one in heard:
            if one.disk:
                self.tracks.setdefault(one.disk, Track(one.disk, None)).hear(one)
            else:
                self.notice = str(one.event.get("phase", ""))

    def sample(self, now_s: float) -> None:
        """Keep the speed of all disks together; called once a second."""
        self.speeds.append(sum(track.speed(now_s) or 0 for track in self.tracks.values()))

    @property
    def percent(self) -> int:
        """Of what is to be erased."""
        found = [track.permille for track in self.tracks.values() if not track.is_refused]
        return sum(found) // (10 * len(found)) if found else 0


def draw_graph(values: list[int], width: int, rows: int = GRAPH_ROWS) -> tuple[str, ...]:
    """The last `width` values as columns, half a block fine; the highest fills the height."""
    shown = [0] * (width - len(values)) + values[max(0, len(values) - width) :]
    most = max(shown, default=0)
    halves = [-(-value * rows * 2 // most) if most else 0 for value in shown]
    return tuple(
        "".join(
            "█" if half >= 2 * (row + 1) else "▄" if half == 2 * row + 1 else " " for half in halves
        )
        for row in reversed(range(rows))
    )


def draw_bar(percent: int | None, width: int) -> str:
    """`[████░░░░]`; without a number, dots."""
    if percent is None:
        return "[" + "·" * width + "]"
    full = percent * width // 100
    return "[" + "█" * full + "░" * (width - full) + "]"


def head_lines(words: GuidedWords, board: Board, width: int) -> list[Line]:
    """How far the whole run is, in large figures, beside the speed of all disks together."""
    figures = big(f"{board.percent}%")
    now = board.speeds[-1] if board.speeds else 0
    most = max(board.speeds, default=0)
    room = width - 32
    graph = ("", *draw_graph(list(board.speeds), room))
    label = (
        words.t(
            "guided.progress.speed",
            now=f"{size(words.lang, now)}/s",
            most=f"{size(words.lang, most)}/s",
        )
        if most
        else words.t("guided.progress.no_speed")
    )
    rows = [f"{figures[row]:<29} | {graph[row]}" for row in range(len(figures))]
    rows[0] = f"{figures[0]:<29} | {cut(label, room)}"
    return [(row, STRONG) for row in rows]


def track_lines(words: GuidedWords, track: Track, now_s: float, width: int) -> list[Line]:
    """One disk in two lines: which and what it does; how far, how fast, how long still."""
    name = disk_name(words, track.plan) if track.plan else track.name
    doing = phase_words(words, track)
    room = width - len(doing) - 6
    token = track.plan.disk.token if track.plan else ""
    token = cut_front(token, max(LEAST_TOKEN, room - len(name)))
    first = f"{cut(name, room - len(token))}  {token}"
    mark = ENDED_MARK.get(track.outcome, PLAIN)
    percent = track.percent
    shown = "  – %" if percent is None else f"{percent:3d} %"
    details = []
    if not track.outcome:
        speed, left = track.speed(now_s), track.left_s(now_s)
        details = [f"{size(words.lang, speed)}/s"] if speed else []
        details += [words.t("cli.left", left=duration(words.lang, left))] if left else []
    return [
        (f"{first:<{width - len(doing)}}{doing}", mark or STRONG),
        (f"{draw_bar(percent, width - 42)} {shown}  {'  '.join(details)}", mark),
    ]


def phase_words(words: GuidedWords, track: Track) -> str:
    """What a disk does now."""
    if track.outcome:
        return words.t(f"cli.phase.end.{track.outcome}")
    if not track.phase:
        return words.t("guided.progress.begins")
    if track.phase in ("write", "firmware"):
        return words.t(
            f"cli.phase.{track.phase}", step=min(track.step + 1, track.steps), steps=track.steps
        )
    return words.t(f"cli.phase.{track.phase}")
