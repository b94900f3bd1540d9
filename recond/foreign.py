"""Foreign text made printable: what a disk calls itself and what a stranger signed is no command.

Why: a serial number, a lot or a file name goes to terminals and pages. Escape codes in it would
clear a screen or write a verdict that nobody gave; controls of writing direction would turn one
around; a letter that draws nothing makes two names look like one. One place says which signs are
shown as what they are, `\\u001b`, valid inside JSON too. Pure.

Sources: ECMA-48 5.2 and 5.3 (C0, C1), Unicode UAX #9 2.1 to 2.4 (directional formatting), Unicode
5.21 and DerivedCoreProperties.txt (Default_Ignorable_Code_Point: what draws nothing).
"""

from __future__ import annotations

import re

_ACTING = (
    "\x00-\x08\x0b-\x1f\x7f-\x9f"  # C0 but tab and line feed; DEL; C1
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # writing direction
    "\u200b-\u200d\u2060\ufeff"  # zero width
    "\u2028\u2029"  # line and paragraph separators
    "\ufff9-\ufffb"  # interlinear annotation
    "\xad\u034f\u17b4\u17b5\u180b-\u180f\u2061-\u2065\u206a-\u206f"  # drawn as nothing
    "\ufe00-\ufe0f\ufff0-\ufff8\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
    "\u115f\u1160\u3164\uffa0\u2800\U0001d159"  # letters and signs that are blank
)
SIGNS, SIGNS_IN_A_LINE = f"[{_ACTING}]", f"[{_ACTING}\t\n]"
"""What no shown text may hold, and what a word inside a sentence may not; patterns that the donor's
page uses too."""
_SIGNS, _IN_A_LINE = re.compile(SIGNS), re.compile(SIGNS_IN_A_LINE)
QUOTES, QUOTED = "[«»“”]", r"[«“]\s?\{(\w+)\}\s?[»”]"
"""The marks of both languages, and a sentence's argument between them."""
_QUOTES = re.compile(QUOTES)
LONGEST = 500
"""How much of one foreign text is shown, in characters: none that is true is longer."""

NAMES = frozenset(
    {
        "address", "computer", "destination", "disk", "donor", "file", "folder", "id", "lot",
        "model", "name", "names", "operator", "path", "paths", "record", "serial", "text", "token",
        "url",
    }
)  # fmt: skip
"""The arguments of sentences whose value is foreign text: never a code of the catalogue."""


def printable(text: str) -> str:
    """A text whose signs act on nothing; line feeds and tabs stay (recond's own lines)."""
    return _SIGNS.sub(_shown, text)


def printable_word(text: str) -> str:
    """A foreign text inside a sentence: no line of its own, no acting sign, not without end."""
    return printable_line(cut(text, LONGEST))


def printable_line(text: str) -> str:
    """A line that holds foreign text: it stays one line, and no sign acts."""
    return _IN_A_LINE.sub(_shown, text)


def quotable(text: str) -> str:
    """A word that stands between quotation marks, and cannot close them."""
    return _QUOTES.sub('"', text)


def cut(text: str, most: int) -> str:
    """At most so many characters of a text, with a mark where there were more."""
    return text if len(text) <= most else text[:most] + "…"


def _shown(found: re.Match[str]) -> str:
    pairs = found[0].encode("utf-16-be", "surrogatepass")
    return "".join(f"\\u{pairs[at : at + 2].hex()}" for at in range(0, len(pairs), 2))
