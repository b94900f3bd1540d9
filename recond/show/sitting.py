"""A sitting in words, and the three questions that begin one."""

from __future__ import annotations

from recond.flow.sitting import FIELDS, Sitting, is_line
from recond.show.screen import Screen


def show_sitting(screen: Screen, found: Sitting | None) -> None:
    """One line, or that there is none."""
    screen.data(sitting_words(screen, found) if found else screen.t("cli.sitting.none"))


def sitting_words(screen: Screen, found: Sitting) -> str:
    """« Séance : opérateur Camille, lot X, donateur Y ; jusqu’à demain ou au redémarrage. »"""
    said = ", ".join(
        screen.t(f"cli.sitting.{name}", text=value)
        for name in FIELDS
        if (value := getattr(found, name))
    )
    return screen.t("cli.sitting.is", what=said or screen.t("cli.sitting.nothing"))


def sitting_fields(found: Sitting | None) -> dict[str, object]:
    """As a program reads it."""
    return {"sitting": found}


def ask_sitting(screen: Screen) -> Sitting:
    """Ask for each; an empty line says nothing. Raises `EOFError`."""
    screen.talk(screen.t("cli.sitting.ask"))
    return Sitting(*(_ask(screen, name) for name in FIELDS))


def _ask(screen: Screen, name: str) -> str | None:
    while True:
        answer = input(screen.t(f"cli.sitting.ask.{name}") + " ").strip()
        if not answer or is_line(answer):
            return answer or None
        screen.talk(screen.t("cli.sitting.wrong"))
