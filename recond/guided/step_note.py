"""One line that is typed over another step: a remark, or the number on the inventory's sticker."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.events import Key

from recond.flow.answers import MOST_NOTE
from recond.guided.session import MOST_ASSET, GuidedSession
from recond.guided.step import Step
from recond.guided.words import FAINT, PLAIN, STRONG, Line, fold


class LineStep(Step):
    """One line of text; Enter keeps it, an empty one takes it away, Escape leaves it as it was."""

    TYPES = True
    MOST: ClassVar[int] = MOST_NOTE
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "back"),
        Binding("backspace", "rub"),
    ]

    def __init__(self, session: GuidedSession) -> None:
        super().__init__(session)
        self._typed = self.kept

    @property
    def kept(self) -> str:
        """What holds now."""
        raise NotImplementedError

    def keep(self, typed: str) -> None:
        """Let this hold from now on."""
        raise NotImplementedError

    def lines(self, width: int) -> list[Line]:
        """What it is for, then what is typed."""
        about = fold(self.said.t(f"guided.{self.NAME}.about", most=self.MOST), width)
        left = self.said.t("guided.note.left", n=self.MOST - len(self._typed))
        typed = fold(f"{self._typed}_", width - 2, STRONG, first="> ", rest="  ")
        return [*about, ("", PLAIN), *typed, ("", PLAIN), (left, FAINT)]

    def on_key(self, event: Key) -> None:
        """A character; Enter is taken here, in its place among those of a scanner."""
        if event.key == "enter":
            event.prevent_default()
            event.stop()
            self.keep(self._typed)
            self.dismiss()
            return
        if event.character is None or not event.character.isprintable():
            return
        event.prevent_default()
        event.stop()
        if len(self._typed) < self.MOST:
            self._typed += event.character
            self.redraw()

    def action_rub(self) -> None:
        """Take the last character back."""
        self._typed = self._typed[:-1]
        self.redraw()

    def action_back(self) -> None:
        """Nothing is changed."""
        self.dismiss()


class NoteStep(LineStep):
    """A free remark of the operator's."""

    NAME, NUMBER = "note", 2

    @property
    def kept(self) -> str:
        """The remark."""
        return self.session.note

    def keep(self, typed: str) -> None:
        """For the record."""
        self.session.answer_note(typed)


class AssetStep(LineStep):
    """The number that the workshop gives the computer: scanned from its sticker, or typed."""

    NAME, NUMBER = "asset", 1
    MOST = MOST_ASSET

    @property
    def kept(self) -> str:
        """The number."""
        return self.session.asset

    def keep(self, typed: str) -> None:
        """For record and label."""
        self.session.answer_asset(typed)
