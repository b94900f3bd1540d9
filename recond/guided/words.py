"""Words on a console, and lines that fit it. Pure.

Why: the screen must read well on a bare Linux console too, whose fonts hold a few hundred glyphs,
and colour may not be there: what matters is said by a word or a sign, and marked besides.
"""

from __future__ import annotations

import textwrap
from collections.abc import Iterable

from recond.locale import NBSP, NNBSP
from recond.model import Message
from recond.show.screen import Screen

Line = tuple[str, str]
"""A line, and a mark for whoever can show one: PLAIN, STRONG, FAINT, GOOD, BAD, CARE."""

PLAIN, STRONG, FAINT = "", "strong", "faint"
GOOD, BAD, CARE = "good", "bad", "care"


class Words(Screen):
    """The sentences of the reader's language, in glyphs that a console has."""

    def t(self, code: str, **args: str | int) -> str:
        """The sentence for a code."""
        return on_console(Screen.t(self, code, **args))

    def say(self, message: Message) -> str:
        """The sentence of a message."""
        return on_console(Screen.say(self, message))


def on_console(text: str) -> str:
    """The narrow no-break space is in no console font; the other one is, and as wide there."""
    return text.replace(NNBSP, NBSP)


def fold(
    text: str, width: int, mark: str = PLAIN, *, first: str = "", rest: str = ""
) -> list[Line]:
    """A sentence as lines of at most `width`, broken at plain spaces only; long words are cut."""
    lines = textwrap.wrap(
        text, width, initial_indent=first, subsequent_indent=rest, break_on_hyphens=False)
    return [(line, mark) for line in lines] or [(first.rstrip(), mark)]


def cut(text: str, width: int) -> str:
    """A text in `width` columns, with « … » where something was taken away."""
    return text if len(text) <= width else text[: width - 1] + "…"


def texts(lines: Iterable[Line]) -> tuple[str, ...]:
    """The lines without their marks."""
    return tuple(text for text, _ in lines)
