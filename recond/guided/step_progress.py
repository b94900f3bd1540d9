"""Step 5: all disks at once, live. It only looks: the erasure runs beside it."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType

from recond.guided.progress import head_lines, track_lines
from recond.guided.session import GuidedSession
from recond.guided.step import Step
from recond.guided.words import CARE, PLAIN, Line, fold
from recond.locale import clock_time, duration
from recond.progress import Phase

EVERY_S = 1.0
MOST_STOPS = 2


class ProgressStep(Step):
    """Large figures and a graph, then two lines a disk."""

    NAME, NUMBER = "progress", 5
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("s,S", "stop"),
        Binding("o,O,y,Y", "yes"),
        Binding("n,N,escape", "no"),
    ]

    def __init__(self, session: GuidedSession) -> None:
        super().__init__(session)
        self._asking = False

    def on_mount(self) -> None:
        """Look once a second."""
        self.set_interval(EVERY_S, self.look)
        self.look()

    def look(self) -> None:
        """Fetch what happened; at the end, on to the result."""
        work = self.session.work
        if work is None or not self.is_current:
            return
        self.session.hear()
        self.redraw()
        if work.ended:
            self.session.go("result")

    def lines(self, width: int) -> list[Line]:
        """The run, then disk by disk."""
        board, work = self.session.board, self.session.work
        now_s = work.now_s() if work else 0.0
        lines = [*head_lines(self.said, board, width), (self._notice(), CARE)]
        for track in board.tracks.values():
            lines += track_lines(self.said, track, now_s, width)
        if work and not work.stoppable:
            lines += [("", PLAIN), *fold(self.said.t("guided.progress.attached"), width)]
        return lines

    @property
    def _stops(self) -> int:
        """How many stops were asked for; the second one is at once, and there is no third."""
        return self.session.work.stops.count if self.session.work else 0

    def _notice(self) -> str:
        stops = self._stops
        if self._asking and not self.session.board.is_over:
            return self.said.t("guided.progress.sure_at_once" if stops else "guided.progress.sure")
        if self.session.board.notice is Phase.CERTIFY or self.session.board.is_over:
            return self.said.t("cli.phase.certify")
        if stops:
            return self.said.t(f"guided.progress.{'stopping' if stops == 1 else 'at_once'}")
        work = self.session.work
        left_s = self.session.board.left_s(work.now_s()) if work else None
        if left_s is None:
            return ""
        at = clock_time(self.said.lang, self.session.host.clock.now(), left_s)
        left = duration(self.said.lang, left_s)
        return self.said.t("guided.progress.ends", at=at, left=left)

    def keys(self) -> str:
        """A run that is only watched cannot be stopped from here."""
        work = self.session.work
        if self.session.board.is_over:
            return "guided.keys.certifying"
        if not work or not work.stoppable:
            return "guided.keys.attached"
        return "guided.keys.stop" if self._asking else "guided.keys.progress"

    def action_stop(self) -> None:
        """Nothing is stopped yet: it is asked whether it is meant. Another key answers, because one
        that is held down, or pressed twice in haste, says itself again.
        """
        work = self.session.work
        if self.session.board.is_over:
            return  # no disk is left to be stopped
        if work is not None and work.stoppable and self._stops < MOST_STOPS:
            self._asking = True
            self.redraw()

    def action_yes(self) -> None:
        """It was meant. Only an answer: without the question the key does nothing."""
        work = self.session.work
        if self._asking and work is not None:
            self._asking = False
            work.stop()
            self.redraw()

    def action_no(self) -> None:
        """It was not meant."""
        self._asking = False
        self.redraw()
