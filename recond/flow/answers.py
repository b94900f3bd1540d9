"""What only a person can say of a computer: which questions there are, and what an answer counts.

Why one place: the guided screen asks, `--answer` says, a profile judges and the record keeps, and a
word must mean the same to all four. An answer is the operator's word, and the record says so.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

from recond.errors import UsageError
from recond.foreign import printable_line
from recond.readiness import ANSWERS

QUESTIONS: dict[str, tuple[str, ...]] = {
    "looks": ("good", "used", "damaged"),
    "keyboard": ("works", "broken", "absent"),
    "screen": ("works", "broken", "absent"),
    "sound": ("works", "broken", "absent"),
    "camera": ("works", "broken", "absent"),
}
"""What no reading of the hardware tells, and what may be answered; unanswered stays unsaid."""

WORDS = {**QUESTIONS, "battery": ("works", "broken", "absent")}
"""Every answer that is one of some words."""

LOOKS_POINTS = {"good": 1, "used": 0, "damaged": -1}
NOTE = "note"
MOST_NOTE = 300
"""A note's characters: what a person reads on a page in a glance."""


def parse_answers(words: Iterable[str]) -> dict[str, int | str]:
    """`looks=good` or `looks=1` as the reading `operator.looks`. Raises `UsageError`."""
    return told_of(dict(map(split_answer, words)))


def split_answer(word: str) -> tuple[str, str]:
    """`looks=good` → ("looks", "good"), once it is a known answer. Raises `UsageError`."""
    key, equals, value = word.partition("=")
    if not equals or not key or not value:
        raise UsageError("cli.answer.form", word=word)
    key = key.removeprefix("operator.")
    kind = ANSWERS.get(f"operator.{key}")
    if kind is None:
        known = ", ".join(one.removeprefix("operator.") for one in ANSWERS)
        raise UsageError("cli.answer.unknown", word=word, known=known)
    if kind is str and key in WORDS and value not in WORDS[key]:
        raise UsageError("cli.answer.word", word=word, known=", ".join(WORDS[key]))
    if kind is int and value not in WORDS.get(key, ()) and not re.fullmatch("-?[0-9]{1,9}", value):
        raise UsageError("cli.answer.number", word=word)
    return key, value


def said_of(words: Iterable[str], note: str | None) -> tuple[tuple[str, str], ...]:
    """What the command says, as the record keeps it: answers, then a note. Raises `UsageError`."""
    said = dict(map(split_answer, words))
    if note is not None and note.strip():
        if len(note) > MOST_NOTE or note != printable_line(note):
            raise UsageError("cli.note.too_long", most=MOST_NOTE)
        said[NOTE] = note.strip()
    return tuple(sorted(said.items()))


def told_of(answers: Mapping[str, str]) -> dict[str, int | str]:
    """The readings that a profile gets of answers that were checked; a note is none."""
    told: dict[str, int | str] = {}
    for key, value in answers.items():
        kind = ANSWERS.get(f"operator.{key}")
        if kind is not None:
            told[f"operator.{key}"] = _number(value) if kind is int else value
    return told


def _number(value: str) -> int:
    return LOOKS_POINTS[value] if value in LOOKS_POINTS else int(value)
