"""Colour beside words: what is well, what wants a look, what is wrong.

Why: a row of disks is read from two metres; but a colour alone is read by nobody who sees none, so
each stands on a word or a sign that says the same. Pure.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from recond.model import Text


class Tone(Text):
    """What a word means for its reader, by the name of its colour."""

    GOOD = "green"
    DOUBT = "yellow"
    BAD = "red"


_CODES: Final[Mapping[Tone, str]] = {Tone.GOOD: "32", Tone.DOUBT: "33", Tone.BAD: "31"}
"""Foreground colours of ISO 6429 (SGR)."""
SIGNS: Final[Mapping[str, Tone]] = {
    "✓": Tone.GOOD,
    "?": Tone.DOUBT,
    "!": Tone.DOUBT,
    "✗": Tone.BAD,
}
_SIGN = re.compile(r"(\s*)([✓?!✗])(?=\s)")


def paint(words: str, tone: Tone) -> str:
    """Words in a colour, each line by itself."""
    return "\n".join(f"\x1b[{_CODES[tone]}m{line}\x1b[0m" for line in words.split("\n"))


def paint_sign(line: str) -> str:
    """A line whose leading sign, if it has one, is in its colour."""
    found = _SIGN.match(line)
    return found[1] + paint(found[2], SIGNS[found[2]]) + line[found.end() :] if found else line


def paint_cell(line: str, tones: Mapping[str, Tone]) -> str:
    """« Column : cell » with the cell in its colour, where it has one."""
    label, colon, cell = line.rpartition(": ")
    return label + colon + paint(cell, tones[cell]) if colon and cell in tones else line
