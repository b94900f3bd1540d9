"""Step 6: the result, from the record alone."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, VerticalScroll
from textual.widgets import Static

from recond.flow.guided import end_of
from recond.guided.result import MARKS, MOST_LEFT, code_lines, detail_lines, result_lines
from recond.guided.session import GuidedSession
from recond.guided.step import MARGIN, SMALLEST, Step
from recond.guided.words import BAD, GOOD, PLAIN, Line, fold
from recond.host.terminal import RING_EVERY_S, RINGS_OF_TROUBLE

SEND_LOOK_S = 1.0
WIDEST = 108  # the code stands beside the words, not at the other end of a wide screen


class ResultStep(Step):
    """One large word and a QR code; « D » shows the disks and the reasons."""

    NAME, NUMBER = "result", 6
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "finish"),
        Binding("d", "details"),
        Binding("o", "speak"),
    ]

    def __init__(self, session: GuidedSession) -> None:
        super().__init__(session)
        work = session.work
        self._end = end_of(work.finished) if work and work.finished else None
        self._code = code_lines(self._end.code) if self._end else ()
        self._details = False

    def compose(self) -> ComposeResult:
        """The lines, and the code beside them."""
        yield Static(id="head")
        with Horizontal(id="beside"):
            with VerticalScroll(id="scroll"):
                yield Static(id="lines")
            yield Static("\n".join(self._code), id="code")
        yield Static(id="foot")

    def on_mount(self) -> None:
        """Upload and copy may still go on: what became of them is said when it is known."""
        self.set_interval(SEND_LOOK_S, self.redraw)
        self.add_class(self.tone)
        if self.session.bell:
            self.session.bell = False  # once: who comes back from the words is here
            self.app.bell()
            if self.tone != GOOD:
                for number in range(1, RINGS_OF_TROUBLE):
                    self.set_timer(number * RING_EVERY_S, self.app.bell)
        self.redraw()

    @property
    def tone(self) -> str:
        """The colour of the whole screen, beside the word: told from across the room."""
        return MARKS[self._end.word] if self._end else BAD

    def lines(self, width: int) -> list[Line]:
        """The word, or why there is none."""
        work = self.session.work
        self.query_one("#code").display = bool(self._code) and not self._details
        if self._end is None:
            why = self.session.why_not
            return [
                *fold(self.said.t("guided.result.none"), width, BAD),
                ("", PLAIN),
                *(fold(self.said.say(why), width) if why else []),
            ]
        if self._details:
            return detail_lines(self.said, self._end, width)
        beside = len(self._code[0]) if self._code else 0
        return result_lines(
            self.said,
            self._end,
            work.said if work else None,
            min(width + MARGIN - beside - 2, WIDEST),
            self.session.stick,
            self.session.earlier,
            MOST_LEFT + max(0, self.app.size.height - SMALLEST),
        )

    @property
    def _may_speak(self) -> bool:
        """Whether there is something that only a person can say."""
        return self._end is not None and any(one.may for one in self._end.open_ends)

    def keys(self) -> str:
        """« O » where somebody's word can close something."""
        return "guided.keys.result_open" if self._may_speak else super().keys()

    def action_speak(self) -> None:
        """Ask what became of what is left."""
        if self._may_speak:
            self.session.go("words")

    def action_details(self) -> None:
        """There and back."""
        self._details = not self._details
        self.redraw()

    def action_finish(self) -> None:
        """It is done."""
        self.app.exit()
