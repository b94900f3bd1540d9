"""Step 4: the point of no return, one disk after the other."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.events import Key

from recond.flow.run.typed import confirms, typed_end
from recond.guided.confirm import confirm_lines
from recond.guided.session import GuidedSession
from recond.guided.step import Step
from recond.guided.words import Line

MOST_TYPED = 60


class ConfirmStep(Step):
    """The end of each serial is typed; only then anything is written."""

    NAME, NUMBER = "confirm", 4
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back"),
        Binding("enter", "check"),
        Binding("backspace", "rub"),
    ]

    def __init__(self, session: GuidedSession) -> None:
        super().__init__(session)
        self._plans = session.to_confirm
        self._at = 0
        self._typed = ""
        self._wrong = False

    def lines(self, width: int) -> list[Line]:
        """The disk that is asked about."""
        return confirm_lines(
            self.said,
            self._plans[self._at],
            self._typed,
            wrong=self._wrong,
            place=(self._at + 1, len(self._plans)),
            width=width,
            again=self.session.again,
            plans=self._plans,
        )

    def on_key(self, event: Key) -> None:
        """A character of the serial; a scanner types it whole, and Enter."""
        wanted = typed_end(self._plans[self._at], self._plans)
        if event.character is None or not event.character.isprintable():
            return
        event.prevent_default()
        event.stop()
        if event.character.isspace() and " " not in wanted:
            return  # as on the label: spaces do not count
        if len(self._typed) < MOST_TYPED:
            self._typed, self._wrong = self._typed + event.character, False
            self.redraw()

    def action_rub(self) -> None:
        """Take the last character back."""
        self._typed = self._typed[:-1]
        self.redraw()

    def action_check(self) -> None:
        """The next disk, or begin."""
        asked, prepared = self._plans[self._at], self.session.prepared
        number = prepared.confirming_number if prepared else None
        self._wrong = not confirms(asked, self._typed, self._plans, number)
        self._typed = ""
        if not self._wrong:
            self._at += 1
        if self._at < len(self._plans):
            self.redraw()
            return
        self._at = 0  # a late redraw still has something to show
        self.session.begin()
        self.session.go("progress")

    def action_back(self) -> None:
        """To where one came from; nothing was written."""
        back = "computer" if self.session.again else "disks"
        self.session.again = None
        self.session.go(back)
