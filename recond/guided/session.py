"""What the steps share: what was asked for, what is known by now, how to get to another step."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from recond.census import Said
from recond.erasure import WipePlan
from recond.errors import RecondError, SafetyRefusal
from recond.flow.answers import MOST_NOTE, NOTE
from recond.flow.config import Overrides
from recond.flow.guided import (
    begin,
    chosen_first,
    chosen_plans,
    outside_paths,
    speak,
    take_up,
    with_answers,
)
from recond.flow.live.stick import Live, StickStatus, read_status, where_results_are
from recond.flow.live.wifi import has_radio
from recond.flow.parts import PartPlan
from recond.flow.run.background import BackgroundRun
from recond.flow.run.run import Order, Prepared, prepare
from recond.flow.run.unfinished import Left, OpenRun, is_running, open_runs, plans_of
from recond.flow.runfolder import RunFolder
from recond.flow.runnote import is_issued
from recond.flow.sitting import Sitting, is_asked, keep_sitting, read_sitting, seat, with_sitting
from recond.flow.trials import END_S, TrialsBeside
from recond.foreign import printable_line
from recond.guided.progress import Board
from recond.guided.words import GuidedWords
from recond.host import Host
from recond.host.log import log_swallowed
from recond.host.reason import as_lack
from recond.model import Message

MOST_ASSET = 40
"""Characters of an inventory number; more fit no bar code of a label."""


@dataclass(frozen=True, slots=True)
class ToConfirm:
    """What one confirmation shows, held as it was when it was shown: what is confirmed is this, and
    nothing that was read since. `again`: the stopped run whose disks they are.
    """

    prepared: Prepared | None
    plans: tuple[WipePlan, ...]
    again: OpenRun | None = None

    @property
    def areas(self) -> tuple[WipePlan, ...]:
        """Of an eMMC: erased with their disk. What is gone on with lists its own among `plans`."""
        return self.prepared.areas if self.prepared and self.again is None else ()

    @property
    def outside(self) -> frozenset[str]:
        """The paths of those that are plugged in from outside."""
        return outside_paths(self.prepared, self.plans)


@dataclass(slots=True)
class GuidedSession:
    """One person in front of one computer. `go` is the screen's: it shows a step by its name."""

    words: GuidedWords
    host: Host
    state: Path
    order: Order | None = None  # None: only coming back to a run
    prepared: Prepared | None = None
    left_open: tuple[OpenRun, ...] = ()
    again: OpenRun | None = None  # the stopped run whose disks are being confirmed once more
    chosen: frozenset[str] = frozenset()
    asked: ToConfirm | None = None  # what may be begun: what is shown for confirmation now
    answers: dict[str, str] = field(default_factory=dict)
    problem: Exception | None = None
    work: BackgroundRun | None = None
    earlier: Message | None = None  # which finished run is shown, where this is no new one
    board: Board = field(default_factory=lambda: Board({}))
    live: Live = field(default_factory=Live)
    bell: bool = False  # ring when the result is there
    sitting: Sitting | None = None  # who sits here, for which lot and donor
    given: Overrides | None = None  # what the command said, before any sitting
    trials: TrialsBeside | None = None  # of the parts, while they are shown
    go: Callable[[str], None] = lambda _: None
    _look: int = 0  # the newest look; what an older one finds is dropped
    _settling: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)

    @property
    def asks_sitting(self) -> bool:
        """Whether who sits here is asked before the questions: once in a sitting. Not by itself on
        the stick, which is one start for each computer.
        """
        order = self.order
        asked = order is not None and is_asked(self.given or order.overrides, self.sitting)
        return asked and self.stick is None

    def seat(self, sitting: Sitting | None) -> None:
        """Have the record say it from now on; the command's own options win."""
        self.sitting = sitting
        if self.order is None:
            return
        self.given = self.given or self.order.overrides
        overrides = with_sitting(self.given, sitting)
        self.order = replace(self.order, overrides=overrides)
        if self.prepared is not None:
            self.prepared = seat(self.prepared, overrides, self.host)

    def sit(self, sitting: Sitting) -> Exception | None:
        """Keep it for the day, and have the record say it; why not, where it cannot be kept."""
        try:
            keep_sitting(self.state, self.host, sitting)
            self.seat(sitting)
        except RecondError as error:
            return error
        except OSError as error:
            return as_lack(error)
        return None

    def new_look(self) -> int:
        """The number of a look that begins; every earlier look counts for nothing from now on, and
        what was shown for confirmation may not be begun any more.
        """
        with self._settling:
            self._look += 1
            self.problem = self.prepared = self.asked = None
            return self._look

    def read(self, look: int | None = None) -> None:
        """Look at this computer, and at what was begun on it. Takes seconds; touches nothing.

        `look`: from `new_look`, where this runs in a thread. A thread cannot be stopped: what it
        finds is taken only if no newer look has begun and nothing is being confirmed since.
        """
        look = self.new_look() if look is None else look
        if self.order is None:
            return
        if self.given is not None:  # a screen that stood open over night asks anew
            self.seat(read_sitting(self.state, self.host))
        left_open, chosen = self.left_open, self.chosen
        prepared: Prepared | None = None
        problem: Exception | None = None
        try:
            left_open = open_runs(self.state, self.host)
            prepared = prepare(self.order, self.host)
            chosen = chosen_first(prepared)
        except Exception as error:  # a bug of ours too: said on the screen, not in its ruins
            log_swallowed("guided", error)
            problem = error
        with self._settling:
            if look == self._look:
                self.left_open, self.prepared = left_open, prepared
                self.chosen, self.problem = chosen, problem

    def toggle(self, path: str) -> None:
        """Tick a disk, or take the tick away."""
        self.chosen = self.chosen ^ {path}

    def toggle_all(self) -> None:
        """Tick every disk that is not refused and belongs to the computer, or to a declared dock;
        where all of them are, take all ticks away. What is plugged in from outside may be a
        person's own backup: it is ticked one by one.
        """
        every = chosen_first(self.prepared) if self.prepared else frozenset[str]()
        self.chosen = frozenset() if self.chosen >= every else self.chosen | every

    @property
    def left_by_all(self) -> int:
        """How many disks from outside could be ticked and are not."""
        plans = self.prepared.to_erase if self.prepared else ()
        return len(outside_paths(self.prepared, plans) - self.chosen)

    def try_parts(self, plans: tuple[PartPlan, ...]) -> None:
        """Try these parts beside the screen."""
        self.trials = TrialsBeside(plans, self.state, self.host)

    def leave_trials(self) -> None:
        """No trial goes on; what was seen until now is kept."""
        if self.trials is not None:
            self.trials.stop()
            self.trials.wait(END_S)
            self.trials = None

    @property
    def note(self) -> str:
        """The operator's remark: what was typed here, else what the command said; "" for none."""
        given = dict(self.order.answers).get(NOTE, "") if self.order else ""
        return self.answers.get(NOTE, given)

    def answer_note(self, typed: str) -> None:
        """Have the record bear this remark; an empty one takes it away."""
        self.answers[NOTE] = printable_line(typed).strip()[:MOST_NOTE]

    @property
    def asset(self) -> str:
        """The workshop's number of this computer; "" for none."""
        return (self.order.overrides.property_number or "") if self.order else ""

    def answer_asset(self, typed: str) -> None:
        """Have the record bear this number; an empty one takes it away."""
        if self.order is not None:
            number = printable_line(typed).strip()[:MOST_ASSET] or None
            given = self.given or self.order.overrides
            self.given = replace(given, property_number=number)
            self.seat(self.sitting)

    def grade(self) -> str | None:
        """The category ("B", or "C-A") by the machine and the answers so far; None without one."""
        if self.prepared is None:
            return None
        judged = with_answers(self.prepared, self.answers).assessments
        return next((one.category for one in judged if one.category), None)

    def ask(self) -> ToConfirm:
        """The disks that will be written once each of them is confirmed by typing. A look that
        still goes on changes nothing from here.
        """
        with self._settling:
            self._look += 1
            prepared, again = self.prepared, self.again
            if again is not None:
                plans = tuple(again.to_write.values())
            else:
                plans = chosen_plans(prepared, self.chosen) if prepared else ()
            self.asked = ToConfirm(prepared, plans, again)
            return self.asked

    def begin(self, asked: ToConfirm) -> None:
        """Everything that was shown is confirmed: erase it, or go on with what was stopped. Raises
        `SafetyRefusal` for anything but what is shown for confirmation now, and for it twice.
        """
        with self._settling:
            if asked is not self.asked:
                raise SafetyRefusal((Message("guided.confirm.not_shown"),))
            self.asked = None
        if asked.again is not None:
            self.take_up(asked.again)
            return
        if asked.prepared is None:
            return
        prepared = with_answers(asked.prepared, self.answers)
        self.work, names = begin(prepared, frozenset(p.path for p in asked.plans), self.host)
        plans = {plan.path: plan for plan in (*prepared.plans, *prepared.areas)}
        self.board = Board.of({name: plans[path] for name, path in names.items()})

    def take_up(self, run: OpenRun) -> None:
        """Go on with what was begun earlier (confirmed, where it stopped), or come back to what
        goes on.
        """
        self.work = take_up(run, self.state, self.host)
        self.board = Board.of(run.plans)

    def come_back(self, folder: RunFolder) -> None:
        """Watch a run that goes on. One that was finished before is named with its day: nobody may
        take its result for that of another.
        """
        if is_issued(folder) and not is_running(folder):
            self.earlier = Message.of(
                "guided.result.earlier", run=folder.run_id, run_date=folder.day
            )
        self.take_up(OpenRun(folder, Left.RUNNING, plans_of(folder)))

    def hear(self) -> None:
        """Take in what the work has said since."""
        if self.work is not None:
            self.board.hear(self.work.heard())
            self.board.sample(self.work.now_s())

    def speak(self, said: Mapping[str, Said], name: str) -> Exception | None:
        """Take somebody's words, by the key of what each is about; why not, where that failed: the
        certificate then stays as it was.
        """
        if self.work is None or self.work.finished is None or not said:
            return None
        given = tuple((word, key) for key, word in said.items())
        work = speak(self.work.finished, given, name, self.state, self.host)
        work.wait()
        if work.failure is None:
            self.work = work
        return work.failure

    @property
    def operator(self) -> str:
        """Whose name the record bears; "" for nobody's."""
        finished = self.work.finished if self.work else None
        return (finished.issued.record.operator.name or "") if finished else ""

    @property
    def stick(self) -> StickStatus | None:
        """How it stands with the copies on the stick; None where this is no live system."""
        return where_results_are(self.live)

    @property
    def has_wifi(self) -> bool:
        """Whether a network can be joined from here: a live system with a radio. The network of any
        other computer is its owner's.
        """
        return read_status(self.live) is not None and has_radio(self.host)

    @property
    def why_not(self) -> Message | None:
        """What the work failed of, or the reading before it."""
        failure = self.work.failure if self.work else self.problem
        return self.reason_of(failure) if failure else None

    def reason_of(self, failure: Exception) -> Message:
        """A failure in a person's words."""
        if isinstance(failure, RecondError):
            return failure.message
        code = "guided.failed.bug" if self.work else "guided.failed.before"
        return Message.of(code, what=f"{type(failure).__name__} {failure}")
