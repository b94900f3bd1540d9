"""The questions that only a person answers, as lines. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from recond.data import read_table
from recond.flow.guided import QUESTIONS
from recond.guided.words import FAINT, PLAIN, STRONG, GuidedWords, Line, fold
from recond.model import Known, Machine

BY_LANGUAGE = {"fr": "fr", "en": "us"}
COLOURS = ("white", "black", "red", "green", "blue")


def question_lines(
    words: GuidedWords, key: str, answers: Mapping[str, str], at: int, machine: Machine, width: int
) -> list[Line]:
    """One question, its possible answers with the one that is pointed at, and what can be tried."""
    number = list(QUESTIONS).index(key) + 1
    heading = words.t("guided.question.number", number=number, total=len(QUESTIONS))
    lines = [(heading, FAINT), ("", PLAIN), *fold(words.t(f"guided.ask.{key}"), width, STRONG)]
    if key == "camera":
        lines += fold(_camera(words, machine), width)
    if key in ("keyboard", "screen", "sound"):
        lines += fold(words.t(f"guided.try.{key}"), width)
    lines.append(("", PLAIN))
    for index, value in enumerate(("", *QUESTIONS[key])):
        sign = ">" if index == at else " "
        mark = "(X)" if answers.get(key, "") == value else "( )"
        said = answer_word(words, key, value)
        lines += [(f" {sign} {mark} {said}", STRONG if index == at else PLAIN), ("", PLAIN)]
    return lines


def answer_word(words: GuidedWords, key: str, value: str) -> str:
    """An answer in words; "" is no answer, and nothing of it goes into the record."""
    if not value:
        return words.t("guided.answer.none")
    return words.t(f"guided.answer.looks.{value}" if key == "looks" else f"guided.answer.{value}")


def _camera(words: GuidedWords, machine: Machine) -> str:
    found = [
        one.name.value if isinstance(one.name, Known) else one.ids
        for one in machine.devices
        if one.role == "camera"
    ]
    return (
        words.t("guided.camera.found", name=", ".join(found))
        if found
        else words.t("guided.camera.none")
    )


def keyboard_lines(words: GuidedWords, layout: str, seen: frozenset[str]) -> list[Line]:
    """The keyboard test: each key that was seen stands in brackets. `layout`: "" where unknown."""
    known = read_table("keyboards.toml").get(layout or BY_LANGUAGE[words.lang])
    if known is None:
        arrived = " ".join(f"[{key}]" for key in sorted(seen))
        return [
            (words.t("guided.try.keyboard.arrived", n=len(seen)), STRONG),
            ("", PLAIN),
            *fold(arrived, 76),
        ]
    rows = known["rows"]
    wanted = {key for row in rows for key in row}
    lines: list[Line] = [
        (words.t("guided.try.keyboard.seen", n=len(wanted & seen), total=len(wanted)), STRONG),
        ("", PLAIN),
    ]
    for indent, row in enumerate(rows):
        keys = " ".join(f"[{key}]" if key in seen else f" {key} " for key in row)
        lines += [(" " * 2 * indent + keys, PLAIN), ("", PLAIN)]
    others = sorted(key for key in seen - wanted if len(key) > 1)
    return [*lines, *fold(words.t("guided.try.keyboard.others", keys=" ".join(others) or "–"), 76)]
