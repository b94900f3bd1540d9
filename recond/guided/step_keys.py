"""Every key of a step, one a line: the bar below names only what most people need there."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.events import Key
from textual.screen import Screen
from textual.widgets import Static

from recond.guided.drawn import drawn
from recond.guided.words import BETWEEN, PLAIN, STRONG, GuidedWords, Line, fold

INDENT = 2


def key_lines(words: GuidedWords, code: str, width: int) -> list[Line]:
    """The keys of the bar `code` (`guided.keys.X`), from its list (`guided.list.X`)."""
    listed = words.t(code.replace("guided.keys.", "guided.list.", 1))
    lines: list[Line] = [("", PLAIN)]
    for one in listed.split(BETWEEN):
        lines += [*fold(one, width - INDENT, STRONG, first="", rest="    "), ("", PLAIN)]
    return lines


class KeysScreen(Screen[None]):
    """The list, until any key is pressed; what runs below it goes on."""

    def __init__(self, words: GuidedWords, code: str) -> None:
        super().__init__()
        self._words, self._code = words, code

    def compose(self) -> ComposeResult:
        """Head, list, how to get back."""
        t = self._words.t
        yield Static(f" recond  {t('guided.title.keys')}", id="head")
        yield Static(drawn(key_lines(self._words, self._code, self.app.size.width)), id="lines")
        yield Static(f" {t('guided.back.keys')}", id="foot")

    def on_key(self, event: Key) -> None:
        """Any key goes back, and does nothing else."""
        event.prevent_default()
        event.stop()
        self.dismiss()
