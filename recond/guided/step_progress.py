"""Step 5: all disks at once, live. It only looks: the erasure runs beside it."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType

from recond.guided.progress import head_lines, track_lines
from recond.guided.session import Session
from recond.guided.step import Step
from recond.guided.words import CARE, PLAIN, Line, fold

EVERY_S = 1.0


class ProgressStep(Step):
    """Large figures and a graph, then two lines a disk."""

    NAME, NUMBER = "progress", 5
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("s", "stop"), Binding("escape", "mind")]

    def __init__(self, session: Session) -> None:
        super().__init__(session)
        self._asked = 0

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

    def _notice(self) -> str:
        if self._asked == 1:
            return self.said.t("guided.progress.sure")
        if self.session.board.notice == "certify":
            return self.said.t("cli.phase.certify")
        return self.said.t("guided.progress.stopping") if self._asked > 1 else ""

    def keys(self) -> str:
        """A run that is only watched cannot be stopped from here."""
        work = self.session.work
        return "guided.keys.progress" if work and work.stoppable else "guided.keys.attached"

    def action_mind(self) -> None:
        """It was not meant."""
        if self._asked == 1:
            self._asked = 0
            self.redraw()

    def action_stop(self) -> None:
        """The first time nothing is stopped: it is asked whether it is meant."""
        work = self.session.work
        if work is None or not work.stoppable:
            return
        self._asked += 1
        if self._asked > 1:
            work.stop()
        self.redraw()
