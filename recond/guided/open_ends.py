"""What a person is asked of what is left, as lines. Pure."""

from __future__ import annotations

from recond.flow.guided import OpenEnd
from recond.guided.result import left_text
from recond.guided.words import CARE, FAINT, PLAIN, STRONG, GuidedWords, Line, fold

MOST_NAME = 60


def is_name(text: str) -> bool:
    """Whether somebody can be meant by it; `recond.computer` counts no other."""
    return any(sign.isalpha() for sign in text)


def open_lines(
    words: GuidedWords, one: OpenEnd, at: int, place: tuple[int, int], width: int
) -> list[Line]:
    """One thing that is left, and what may be said of it; `place`: which of how many."""
    lines: list[Line] = [
        (words.t("guided.question.number", number=place[0], total=place[1]), FAINT),
        ("", PLAIN),
        *fold(words.t("guided.words.about"), width),
        ("", PLAIN),
        *fold(left_text(words, one.left), width, STRONG),
        ("", PLAIN),
    ]
    for index, said in enumerate(("none", *one.may)):
        sign = ">" if index == at else " "
        mark = STRONG if index == at else PLAIN
        lines += [(f" {sign} {words.t(f'guided.said.{said}')}", mark), ("", PLAIN)]
    return lines


def name_lines(words: GuidedWords, name: str, *, wrong: bool, width: int) -> list[Line]:
    """Whose word it is."""
    lines: list[Line] = [
        *fold(words.t("guided.words.name"), width, STRONG),
        ("", PLAIN),
        (f"    {name}_", STRONG),
        ("", PLAIN),
    ]
    return [*lines, *fold(words.t("guided.words.no_name"), width, CARE)] if wrong else lines
