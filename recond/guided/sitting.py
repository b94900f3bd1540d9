"""A sitting as lines of the guided screen. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from recond.flow.sitting import FIELDS, Sitting
from recond.guided.words import BAD, FAINT, PLAIN, STRONG, GuidedWords, Line, fold
from recond.show.sitting import sitting_words


def sitting_lines(words: GuidedWords, found: Sitting | None, width: int) -> list[Line]:
    """What holds for this sitting, below the computer; nothing where nobody was asked."""
    return [("", PLAIN), *fold(sitting_words(words, found), width, FAINT)] if found else []


def asked_lines(
    words: GuidedWords, typed: Mapping[str, str], at: int, why: str, width: int
) -> list[Line]:
    """The three lines to fill; `at` is the one that is typed into; `why` it could not be kept."""
    t = words.t
    lines = [*fold(t("guided.sitting.about"), width), ("", PLAIN)]
    for number, name in enumerate(FIELDS):
        here = number == at
        mark = STRONG if here else PLAIN
        lines += [
            (f" {'>' if here else ' '} {t(f'cli.sitting.ask.{name}')}", mark),
            (f"     {typed[name]}{'_' if here else ''}", mark),
            ("", PLAIN),
        ]
    return [*lines, *fold(why, width, BAD)] if why else lines
