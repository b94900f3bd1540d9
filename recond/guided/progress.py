"""Step 5 as lines: how far each disk is, how fast all of them are. Pure: it is told the time.

Why: whatever is not known stays a dash. A verification that is watched from outside says nothing
of how far it is, and a disk that erases itself has no speed.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from recond.erasure import WipePlan
from recond.flow.run.background import Heard
from recond.guided.disks import disk_name
from recond.guided.letters import big
from recond.guided.words import BAD, CARE, GOOD, PLAIN, STRONG, GuidedWords, Line, cut, cut_front
from recond.locale import duration, size
from recond.progress import Meter, Phase, WorkerEnd

GRAPH_ROWS = 5
SAMPLES = 400
ONE_LINE = 170
"""Columns from which on one line a disk says it all: its two ends are not a metre apart."""
NAME_COLUMNS, TOKEN_COLUMNS, TIME_COLUMNS = 28, 20, 30
OTHER_COLUMNS = (
    NAME_COLUMNS + TOKEN_COLUMNS + TIME_COLUMNS + 68
)  # without the bar; 52 for the doing
LEAST_TOKEN = 9
"""What is always shown of a serial, its end: « … » and as many as tell two disks apart."""
ENDED_MARK = {
    None: PLAIN,
    WorkerEnd.COMPLETED: GOOD,
    WorkerEnd.FAILED: BAD,
    WorkerEnd.LOST: BAD,
    WorkerEnd.REFUSED: CARE,
    WorkerEnd.INTERRUPTED: CARE,
    WorkerEnd.RUNNING: PLAIN,
}


@dataclass(slots=True)
class Track:
    """One disk's way: its name in the run, what is planned, how far it is."""

    name: str
    plan: WipePlan | None
    meter: Meter = field(default_factory=Meter)

    def hear(self, heard: Heard) -> None:
        """Take in an event of this disk."""
        if heard.event.phase is Phase.END or not self.is_refused:
            self.meter.hear(heard.event, heard.time_s)

    @property
    def is_refused(self) -> bool:
        """Whether nothing is going to happen to this disk."""
        return self.plan is not None and bool(self.plan.refusals)

    @property
    def end(self) -> WorkerEnd | None:
        """How it ended. A disk that is refused, as the stick itself, says so from the beginning:
        "starts" would frighten whoever stands before it.
        """
        return self.meter.end or (WorkerEnd.REFUSED if self.is_refused else None)


@dataclass(slots=True)
class Board:
    """All disks of a run, by their names there, and their speed together, second by second."""

    tracks: dict[str, Track]
    notice: Phase | None = None  # the last word on the whole run: stopping, certify
    speeds: deque[int] = field(default_factory=lambda: deque(maxlen=SAMPLES))

    @staticmethod
    def of(plans: Mapping[str, WipePlan]) -> Board:
        """A board for the disks of a run."""
        return Board({name: Track(name, plan) for name, plan in plans.items()})

    def hear(self, heard: Iterable[Heard]) -> None:
        """Take in what happened."""
        for one in heard:
            if one.disk:
                self.tracks.setdefault(one.disk, Track(one.disk, None)).hear(one)
            else:
                self.notice = one.event.phase

    def sample(self, now_s: float) -> None:
        """Keep the speed of all disks together; called once a second."""
        self.speeds.append(sum(one.meter.speed(now_s) or 0 for one in self.tracks.values()))

    @property
    def is_over(self) -> bool:
        """Whether no disk is being worked on any more: what is left is the certificate."""
        return bool(self.tracks) and all(one.end is not None for one in self.tracks.values())

    @property
    def percent(self) -> int:
        """Of what is to be erased."""
        found = [one.meter.permille for one in self.tracks.values() if not one.is_refused]
        return sum(found) // (10 * len(found)) if found else 0

    def left_s(self, now_s: float) -> int | None:
        """Seconds left until the last disk has ended; None while one of them cannot tell."""
        left = [one.meter.left_s(now_s) for one in self.tracks.values() if one.end is None]
        known = [one for one in left if one is not None]
        return max(known) if known and len(known) == len(left) else None


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
    label = words.t("guided.progress.certifying") if board.is_over else _speed(words, now, most)
    rows = [f"{figures[row]:<29} | {graph[row]}" for row in range(len(figures))]
    rows[0] = f"{figures[0]:<29} | {cut(label, room)}"
    return [(row, STRONG) for row in rows]


def _speed(words: GuidedWords, now: int, most: int) -> str:
    """How fast all disks go together, in bytes a second."""
    return (
        words.t(
            "guided.progress.speed",
            now=f"{size(words.lang, now)}/s",
            most=f"{size(words.lang, most)}/s",
        )
        if most
        else words.t("guided.progress.no_speed")
    )


def track_lines(words: GuidedWords, track: Track, now_s: float, width: int) -> list[Line]:
    """One disk in two lines: which and what it does; how far, how fast, how long still."""
    name = disk_name(words, track.plan) if track.plan else track.name
    doing = phase_words(words, track)
    room = width - len(doing) - 6
    token = track.plan.disk.token if track.plan else ""
    token = cut_front(token, max(LEAST_TOKEN, room - len(name)))
    first = f"{cut(name, room - len(token))}  {token}"
    mark = ENDED_MARK[track.end]
    percent = track.meter.percent
    shown = "  – %" if percent is None else f"{percent:3d} %"
    details = []
    if track.end is None:
        speed, left = track.meter.speed(now_s), track.meter.left_s(now_s)
        details = [f"{size(words.lang, speed)}/s"] if speed else []
        details += [words.t("cli.left", left=duration(words.lang, left))] if left else []
    if width >= ONE_LINE:
        return [(_one_line(name, token, doing, percent, shown, details, width), mark or STRONG)]
    return [
        (f"{first:<{width - len(doing)}}{doing}", mark or STRONG),
        (f"{draw_bar(percent, width - 42)} {shown}  {'  '.join(details)}", mark),
    ]


def track_text(words: GuidedWords, track: Track, now_s: float) -> str:
    """One disk in words alone, for a line that is heard or printed."""
    name = disk_name(words, track.plan) if track.plan else track.name
    token = track.plan.disk.token if track.plan else ""
    percent = track.meter.percent
    told = [phase_words(words, track)]
    told += [f"{percent} %"] if percent is not None and track.end is None else []
    if track.end is None:
        speed, left = track.meter.speed(now_s), track.meter.left_s(now_s)
        told += [f"{size(words.lang, speed)}/s"] if speed else []
        told += [words.t("cli.left", left=duration(words.lang, left))] if left else []
    return words.pair(f"{name} {token}".rstrip(), ", ".join(told))


def _one_line(
    name: str,
    token: str,
    doing: str,
    percent: int | None,
    shown: str,
    details: list[str],
    width: int,
) -> str:
    """Name, number, how far, how fast and what it does, in columns of a wide screen."""
    columns = (
        f"{cut(name, NAME_COLUMNS):<{NAME_COLUMNS}}",
        f"{cut_front(token, TOKEN_COLUMNS):<{TOKEN_COLUMNS}}",
        f"{draw_bar(percent, width - OTHER_COLUMNS)} {shown}",
        f"{'  '.join(details):<{TIME_COLUMNS}}",
        doing,
    )
    return "  ".join(columns).rstrip()


def phase_words(words: GuidedWords, track: Track) -> str:
    """What a disk does now."""
    meter = track.meter
    if track.end is not None:
        return words.t(f"cli.phase.end.{track.end}")
    if meter.phase is None:
        return words.t("guided.progress.begins")
    step = min(meter.step + 1, meter.steps)
    return words.t(f"cli.phase.{meter.phase}", step=step, steps=meter.steps)
