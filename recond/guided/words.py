"""Words on a console, and lines that fit it. Pure, apart from the time zone of the computer.

Why: the screen must read well on a bare Linux console too, whose fonts hold a few hundred glyphs,
and colour may not be there: what matters is said by a word or a sign, and marked besides.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable
from datetime import datetime

from recond.locale import NBSP, NNBSP
from recond.model import Message
from recond.show.screen import Screen

BETWEEN = " | "
"""What stands between two keys of a bar."""

Line = tuple[str, str]
"""A line, and a mark for whoever can show one: PLAIN, STRONG, FAINT, GOOD, BAD, CARE."""

PLAIN, STRONG, FAINT = "", "strong", "faint"
GOOD, BAD, CARE = "good", "bad", "care"


_MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z")


class GuidedWords(Screen):
    """The sentences of the reader's language, in glyphs that a console has."""

    def t(self, code: str, **args: str | int) -> str:
        """The sentence for a code."""
        return on_console(Screen.t(self, code, **args))

    def say(self, message: Message) -> str:
        """The sentence of a message, its moments on the clock of whoever reads it."""
        told = tuple(
            (
                key,
                self.moment(value)
                if isinstance(value, str) and _MOMENT.fullmatch(value)
                else value,
            )
            for key, value in message.args
        )
        return on_console(Screen.say(self, Message(message.code, told)))

    def moment(self, utc: str) -> str:
        """A record's moment (RFC 3339, UTC) as a local day and time."""
        here = datetime.fromisoformat(utc).astimezone()
        return self.t("guided.moment", on_date=here.date().isoformat(), time=f"{here:%H:%M}")


def on_console(text: str) -> str:
    """The narrow no-break space is in no console font; the other one is, and as wide there."""
    return text.replace(NNBSP, NBSP)


def fold(
    text: str, width: int, mark: str = PLAIN, *, first: str = "", rest: str = ""
) -> list[Line]:
    """A sentence as lines of at most `width`, broken at plain spaces only; long words are cut."""
    lines = textwrap.wrap(
        text, width, initial_indent=first, subsequent_indent=rest, break_on_hyphens=False
    )
    return [(line, mark) for line in lines] or [(first.rstrip(), mark)]


def fold_keys(text: str, width: int) -> list[str]:
    """The keys of a bar in lines of at most `width`, parted between two keys wherever that goes,
    each line behind one space.
    """
    lines: list[str] = []
    for one in text.split(BETWEEN):
        joined = f"{lines[-1]}{BETWEEN}{one}" if lines else ""
        if joined and len(joined) <= width:
            lines[-1] = joined
        else:
            lines += texts(fold(one, width - 1, first=" ", rest=" "))
    return lines


def fold_path(path: str, width: int) -> list[str]:
    """A path in lines of at most `width`, parted behind a slash where one stands."""
    lines = [""]
    for part in re.findall(r"[^/]*/|[^/]+", path):
        if lines[-1] and len(lines[-1]) + len(part) > width:
            lines.append("")
        lines[-1] += part
    return [line[at : at + width] for line in lines for at in range(0, max(1, len(line)), width)]


def cut(text: str, width: int) -> str:
    """A text in `width` columns, with « … » where something was taken away."""
    return text if len(text) <= width else text[: width - 1] + "…"


def cut_front(text: str, width: int) -> str:
    """The same from the end: of a serial number the end is what tells."""
    return text if len(text) <= width else "…" + text[len(text) - width + 1 :]


def texts(lines: Iterable[Line]) -> tuple[str, ...]:
    """The lines without their marks."""
    return tuple(text for text, _ in lines)
