"""Beside step 1: do the parts work? Left out by who does not ask for it; the trials run beside."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType

from recond.flow.parts import MINUTES, plan_parts, read_parts
from recond.guided.session import GuidedSession
from recond.guided.step import Step
from recond.guided.trials import choice_lines, earlier_lines, running_lines
from recond.guided.words import BAD, CARE, PLAIN, Line, fold

EVERY_S = 1.0


class TrialsStep(Step):
    """A list to tick, then one trial after the other, then what was seen."""

    NAME, NUMBER = "trials", 1
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "next"),
        Binding("escape", "back"),
        Binding("space", "tick"),
        Binding("a,A", "all"),
        Binding("p,P", "leave_out"),
        Binding("up", "move(-1)", priority=True),
        Binding("down", "move(1)", priority=True),
    ]

    def __init__(self, session: GuidedSession) -> None:
        super().__init__(session)
        self._plans = plan_parts((), MINUTES)
        self._every = frozenset(one.part for one in self._plans)
        self._ticked = self._every
        self._at = 0
        self._notice = ""
        self._earlier = read_parts(session.state, session.host)

    def on_mount(self) -> None:
        """Look once a second while something runs."""
        self.set_interval(EVERY_S, self.look)

    def look(self) -> None:
        """Show how far it is."""
        trials = self.session.trials
        if trials is not None and self.is_current:
            self.redraw()

    def lines(self, width: int) -> list[Line]:
        """What to try, or what is being tried, or what was seen."""
        session, now = self.session, self.session.host.clock.now()
        if session.trials is not None:
            lines = running_lines(self.said, session.trials, now, width)
            failure = session.trials.failure
            why = self.said.say(session.reason_of(failure)) if failure else ""
            return [*lines, *(fold(why, width, BAD) if why else [])]
        lines = choice_lines(self.said, self._plans, self._ticked, self._at, now, width)
        lines += [("", PLAIN), *fold(self._notice, width, CARE)] if self._notice else []
        return [*lines, *earlier_lines(self.said, self._earlier, width)]

    def keys(self) -> str:
        """To choose, to follow, to go on."""
        trials = self.session.trials
        if trials is None:
            return "guided.keys.trials"
        return "guided.keys.tried" if trials.ended else "guided.keys.trying"

    @property
    def _runs(self) -> bool:
        return self.session.trials is not None

    def action_move(self, by: int) -> None:
        """Point at another part; where there is nothing to choose, read on."""
        if self._runs:
            self.query_one("#scroll").scroll_relative(y=by, animate=False)
            return
        self._at = (self._at + by) % len(self._plans)
        self._notice = ""
        self.redraw()

    def action_tick(self) -> None:
        """Try this part, or leave it."""
        if not self._runs:
            self._ticked = self._ticked ^ {self._plans[self._at].part}
            self.redraw()

    def action_all(self) -> None:
        """Every part; where all are ticked, none."""
        if not self._runs:
            self._ticked = frozenset() if self._ticked == self._every else self._every
            self.redraw()

    def action_next(self) -> None:
        """Begin; once it is over, on to what comes after the computer. Nothing while it runs."""
        trials = self.session.trials
        if trials is None and self._ticked:
            self.session.try_parts(tuple(one for one in self._plans if one.part in self._ticked))
            self.redraw()
        elif trials is None:
            self._notice = self.said.t("guided.trials.none")
            self.redraw()
        elif trials.ended:
            self.session.leave_trials()
            self.session.go("sitting" if self.session.asks_sitting else "questions")

    def action_leave_out(self) -> None:
        """The trial that runs is left out."""
        if self.session.trials is not None:
            self.session.trials.leave_out()

    def action_back(self) -> None:
        """While something runs: stop it, and see what was seen until then; else to the computer."""
        trials = self.session.trials
        if trials is not None and not trials.ended:
            trials.stop()
            return
        self.session.leave_trials()
        self.session.go("computer")
