"""After the result: what only a person can say of what is left, with the person's name."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.events import Key

from recond.census import Said
from recond.flow.guided import OpenEnd, end_of
from recond.guided.open_ends import MOST_NAME, is_name, name_lines, open_lines
from recond.guided.session import GuidedSession
from recond.guided.step import Step
from recond.guided.words import BAD, Line, fold


class WordsStep(Step):
    """One open end after the other, then a name. Enter on « no answer » leaves it open."""

    NAME, NUMBER = "words", 6
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "answer"),
        Binding("escape", "back"),
        Binding("up", "move(-1)"),
        Binding("down", "move(1)"),
        Binding("backspace", "rub"),
    ]

    def __init__(self, session: GuidedSession) -> None:
        super().__init__(session)
        work = session.work
        found = end_of(work.finished).open_ends if work and work.finished else ()
        self._open = tuple(one for one in found if one.may)
        self._said: dict[str, Said] = {}
        self._asked = self._at = 0
        self._typed, self._wrong, self._why = session.operator, False, ""

    @property
    def _one(self) -> OpenEnd | None:
        """What is asked about; None once the name is."""
        return self._open[self._asked] if self._asked < len(self._open) else None

    @property
    def types(self) -> bool:
        """The name is typed, an answer is not."""
        return self._one is None

    def lines(self, width: int) -> list[Line]:
        """The question."""
        one = self._one
        if one is None:
            lines = name_lines(self.said, self._typed, wrong=self._wrong, width=width)
            return [*lines, *fold(self._why, width, BAD)] if self._why else lines
        place = (self._asked + 1, len(self._open))
        return open_lines(self.said, one, self._at, place, width)

    def keys(self) -> str:
        """Of a question, or of the name."""
        return "guided.keys.words" if self._one else "guided.keys.words_name"

    def on_key(self, event: Key) -> None:
        """A character of the name."""
        if self._one or event.character is None or not event.character.isprintable():
            return
        event.prevent_default()
        event.stop()
        if len(self._typed) < MOST_NAME:
            self._typed, self._wrong = self._typed + event.character, False
            self.redraw()

    def action_move(self, by: int) -> None:
        """Point at another answer."""
        if self._one is not None:
            self._at = (self._at + by) % (len(self._one.may) + 1)
            self.redraw()

    def action_rub(self) -> None:
        """Take the last character back."""
        self._typed = self._typed[:-1]
        self.redraw()

    def action_answer(self) -> None:
        """Take the answer; after the last one the name, where something was said."""
        one = self._one
        if one is None:
            self._give()
            return
        if self._at:
            self._said[one.left.key] = one.may[self._at - 1]
        self._asked, self._at = self._asked + 1, 0
        if self._one is None and not self._said:
            self.session.go("result")
        else:
            self.redraw()

    def _give(self) -> None:
        self._wrong = not is_name(self._typed)
        failure = None if self._wrong else self.session.speak(self._said, self._typed)
        if failure is not None:
            self._why = self.said.say(self.session.reason_of(failure))
        if self._wrong or failure is not None:
            self.redraw()
        else:
            self.session.go("result")

    def action_back(self) -> None:
        """To the result; nothing was said."""
        self.session.go("result")
