"""Step 1: this computer. Reads it in a thread, so that the screen says that it reads."""

from __future__ import annotations

from functools import partial
from typing import ClassVar

from textual.binding import Binding, BindingType

from recond.flow.run.unfinished import Left
from recond.guided.computer import computer_lines
from recond.guided.sitting import sitting_lines
from recond.guided.step import SMALLEST, Step
from recond.guided.step_note import AssetStep
from recond.guided.step_wifi import WifiStep
from recond.guided.words import BAD, CARE, PLAIN, Line, fold


class ComputerStep(Step):
    """What it is, whether it is ready, and whether something was begun on it earlier."""

    NAME, NUMBER = "computer", 1
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "next"),
        Binding("r", "take_up"),
        Binding("o", "sitting"),
        Binding("n,N", "asset"),
        Binding("t,T", "trials"),
        Binding("w,W", "wifi"),
        Binding("f5", "read"),
    ]

    def on_mount(self) -> None:
        """Read, unless somebody came back from a later step."""
        if self.session.prepared is None:
            self.action_read()
        self.redraw()

    def action_read(self) -> None:
        """Read (again)."""
        look = self.session.new_look()  # here: a thread may come late, and an older one end later
        self.redraw()
        self.run_worker(partial(self._read, look), thread=True, exclusive=True)

    def _read(self, look: int) -> None:
        self.session.read(look)
        self.app.call_from_thread(self._found)

    def _found(self) -> None:
        if self.is_current:  # else somebody went on
            self.redraw()

    def lines(self, width: int) -> list[Line]:
        """Everything, or that it is being read, or why not."""
        session, t = self.session, self.said.t
        if session.problem is not None and (why := session.why_not) is not None:
            return [
                *fold(t("guided.computer.problem"), width, BAD),
                ("", PLAIN),
                *fold(self.said.say(why), width),
            ]
        if session.prepared is None:
            return fold(t("guided.computer.reading"), width, CARE)
        return [
            *self._left_open(width),
            *computer_lines(
                self.said, session.prepared, width, max(0, self.app.size.height - SMALLEST)
            ),
            *sitting_lines(self.said, session.sitting, width),
        ]

    def _left_open(self, width: int) -> list[Line]:
        if not self.session.left_open:
            return []
        run = self.session.left_open[-1]
        said = self.said.t(
            f"guided.left.{run.left.value}", run_date=run.folder.day, disks=run.tokens
        )
        more = len(self.session.left_open) - 1
        others = fold(self.said.t("guided.left.more", n=more), width, CARE) if more else []
        return [*fold(said, width, CARE), *others, ("", PLAIN)]

    def keys(self) -> str:
        """« R » only where there is something to take up, « W » where a network can be joined."""
        if self.session.problem is not None:
            return "guided.keys.problem"
        name = "left_open" if self.session.left_open else "computer"
        return f"guided.keys.{name}{'_wifi' if self.session.has_wifi else ''}"

    def action_next(self) -> None:
        """To who sits here, once in a sitting; else to the questions."""
        if self.session.prepared is not None:
            self.session.go("sitting" if self.session.asks_sitting else "questions")

    def action_sitting(self) -> None:
        """Change who sits here, for which lot and donor."""
        if self.session.prepared is not None:
            self.session.go("sitting")

    def action_asset(self) -> None:
        """The number on the workshop's sticker."""
        if self.session.prepared is not None:
            self.app.push_screen(AssetStep(self.session), lambda _: self.redraw())

    def action_wifi(self) -> None:
        """Join a network, so that the record can leave."""
        if self.session.has_wifi:
            self.app.push_screen(WifiStep(self.session), lambda _: self.redraw())

    def action_trials(self) -> None:
        """To the trials of the parts, for who wants them."""
        if self.session.prepared is not None:
            self.session.go("trials")

    def action_take_up(self) -> None:
        """To what was begun: at once where nothing will be written, else its disks are confirmed
        anew, because a disk that was left alone may be somebody's since.
        """
        session = self.session
        if not session.left_open:
            return
        run = session.left_open[-1]
        if run.left is Left.STOPPED:
            session.again = run
            session.go("confirm")
            return
        session.take_up(run)
        session.go("progress")
