"""Before the questions: who sits here, for which lot and donor. Asked once in a sitting."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.events import Key

from recond.flow.sitting import FIELDS, MOST_CHARACTERS, Sitting
from recond.guided.session import GuidedSession
from recond.guided.sitting import asked_lines
from recond.guided.step import Step
from recond.guided.words import Line


class SittingStep(Step):
    """Three lines; Enter takes one and goes to the next, Escape leaves all as it was."""

    NAME, NUMBER, TYPES = "sitting", 1, True
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back"),
        Binding("up", "move(-1)"),
        Binding("down", "move(1)"),
        Binding("backspace", "rub"),
    ]

    def __init__(self, session: GuidedSession) -> None:
        super().__init__(session)
        known = session.sitting or Sitting()
        self._typed = {name: getattr(known, name) or "" for name in FIELDS}
        self._at, self._why = 0, ""

    def lines(self, width: int) -> list[Line]:
        """The three, and why they could not be kept."""
        return asked_lines(self.said, self._typed, self._at, self._why, width)

    def on_key(self, event: Key) -> None:
        """A character of what is pointed at. Enter here, not by a binding: that comes later than
        the characters after it: a scanner's next line would go into this one.
        """
        if event.key == "enter":
            event.prevent_default()
            event.stop()
            self.action_take()
            return
        if event.character is None or not event.character.isprintable():
            return
        event.prevent_default()
        event.stop()
        name = FIELDS[self._at]
        if len(self._typed[name]) < MOST_CHARACTERS:
            self._typed[name] += event.character
            self.redraw()

    def action_rub(self) -> None:
        """Take the last character back."""
        name = FIELDS[self._at]
        self._typed[name] = self._typed[name][:-1]
        self.redraw()

    def action_move(self, by: int) -> None:
        """Point at another line."""
        self._at = (self._at + by) % len(FIELDS)
        self.redraw()

    def action_take(self) -> None:
        """The next line; after the last one all are kept."""
        if self._at + 1 < len(FIELDS):
            self.action_move(1)
            return
        said = {name: text.strip() or None for name, text in self._typed.items()}
        failure = self.session.sit(Sitting(**said))
        if failure is None:
            self.session.go("questions")
        else:
            self._why = self.said.say(self.session.reason_of(failure))
            self.redraw()

    def action_back(self) -> None:
        """To the computer; nothing is kept."""
        self.session.go("computer")
