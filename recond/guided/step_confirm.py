"""Step 4: the point of no return, one disk after the other."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.events import Key

from recond.flow.run.typed import confirms, folded, typed_end
from recond.guided.confirm import (
    MOST_TOGETHER,
    are_together,
    confirm_lines,
    together_lines,
    together_word,
)
from recond.guided.session import GuidedSession
from recond.guided.step import SMALLEST, Step
from recond.guided.words import Line

MOST_TYPED = 60


class ConfirmStep(Step):
    """One word for several disks whose numbers stand in a list, or the end of each serial, is
    typed; only then anything is written.
    """

    NAME, NUMBER, TYPES = "confirm", 4, True
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back"),
        Binding("backspace", "rub"),
    ]

    def __init__(self, session: GuidedSession) -> None:
        super().__init__(session)
        self._asked = session.ask()
        self._plans = self._asked.plans
        self._at = 0
        self._typed = ""
        self._wrong = False
        self._together = are_together(
            self._plans,
            self._asked.again,
            self._asked.areas,
            MOST_TOGETHER + max(0, self.app.size.height - SMALLEST),
        )
        self._scanned: frozenset[str] = frozenset()

    def lines(self, width: int) -> list[Line]:
        """The disks that are asked about."""
        if self._together:
            return together_lines(
                self.said,
                self._plans,
                self._scanned,
                self._typed,
                wrong=self._wrong,
                width=width,
                areas=self._asked.areas,
                outside=self._asked.outside,
            )
        return confirm_lines(
            self.said,
            self._plans[self._at],
            self._typed,
            wrong=self._wrong,
            place=(self._at + 1, len(self._plans)),
            width=width,
            again=self._asked.again,
            plans=self._plans,
            areas=self._asked.areas,
            outside=self._asked.outside,
        )

    def on_key(self, event: Key) -> None:
        """A character of the serial; a scanner types it whole, and Enter, which is taken here: a
        binding would come later than the characters of the next scan.
        """
        if event.key == "enter":
            event.prevent_default()
            event.stop()
            self.action_check()
            return
        wanted = " " if self._together else typed_end(self._plans[self._at], self._plans)
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
        if self._together:
            self._check_together()
            return
        asked, prepared = self._plans[self._at], self._asked.prepared
        number = prepared.confirming_number if prepared else None
        self._wrong = not confirms(asked, self._typed, self._plans, number)
        self._typed = ""
        if not self._wrong:
            self._at += 1
        if self._at < len(self._plans):
            self.redraw()
            return
        self._at = 0  # a late redraw still has something to show
        self._begin()

    def _check_together(self) -> None:
        """The word for all of them, or a scanner's for one after the other."""
        word, self._typed = folded(self._typed), ""
        meant = word == folded(together_word(self.said, self._plans))
        found = [one.path for one in self._plans if confirms(one, word, self._plans)]
        self._wrong = not meant and len(found) != 1
        if len(found) == 1:
            self._scanned |= frozenset(found)
        if meant or len(self._scanned) == len(self._plans):
            self._begin()
        else:
            self.redraw()

    def _begin(self) -> None:
        self.session.begin(self._asked)
        self.session.go("progress")

    def action_back(self) -> None:
        """To where one came from; nothing was written."""
        back = "computer" if self._asked.again else "disks"
        self.session.again = self.session.asked = None
        self.session.go(back)
