"""A free remark of the operator's, typed over any step before the confirmation."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.events import Key

from recond.flow.answers import MOST_NOTE
from recond.guided.session import GuidedSession
from recond.guided.step import Step
from recond.guided.words import FAINT, PLAIN, STRONG, Line, fold


class NoteStep(Step):
    """One line of text; Enter keeps it, an empty one takes it away, Escape leaves it as it was."""

    NAME, NUMBER, TYPES = "note", 2, True
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back"),
        Binding("backspace", "rub"),
    ]

    def __init__(self, session: GuidedSession) -> None:
        super().__init__(session)
        self._typed = session.note

    def lines(self, width: int) -> list[Line]:
        """What it is for, then what is typed."""
        about = fold(self.said.t("guided.note.about", most=MOST_NOTE), width)
        left = self.said.t("guided.note.left", n=MOST_NOTE - len(self._typed))
        typed = fold(f"{self._typed}_", width - 2, STRONG, first="> ", rest="  ")
        return [*about, ("", PLAIN), *typed, ("", PLAIN), (left, FAINT)]

    def on_key(self, event: Key) -> None:
        """A character; Enter is taken here, in its place among those of a scanner."""
        if event.key == "enter":
            event.prevent_default()
            event.stop()
            self.session.answer_note(self._typed)
            self.dismiss()
            return
        if event.character is None or not event.character.isprintable():
            return
        event.prevent_default()
        event.stop()
        if len(self._typed) < MOST_NOTE:
            self._typed += event.character
            self.redraw()

    def action_rub(self) -> None:
        """Take the last character back."""
        self._typed = self._typed[:-1]
        self.redraw()

    def action_back(self) -> None:
        """Nothing is changed."""
        self.dismiss()
