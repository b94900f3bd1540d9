"""Custody on the screen: a statement that was signed, and that it is a person's word."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recond.custody import PAPER
from recond.flow.custody.history import History
from recond.flow.custody.issue import Stated
from recond.locale import date
from recond.show.screen import Screen

if TYPE_CHECKING:  # the lots' database takes its time to import
    from recond.flow.lot.forgetting import Forgotten


def show_stated(screen: Screen, stated: Stated, *, as_json: bool) -> None:
    """The statement: what, of how many, where its paper is, whose key signed."""
    event = stated.event
    if as_json:
        screen.answer(f"custody.{event.kind.value}", stated_fields(stated))
        return
    if stated.set_aside is not None:
        screen.talk(screen.say(stated.set_aside))
    screen.data(
        screen.t(
            "custody.done",
            n=len(event.things),
            event=f"@custody.event.{event.kind.value}",
            id=event.event_id,
        )
    )
    screen.data(screen.t("custody.done.word", who=event.operator.name or "—"))
    screen.data(screen.t("custody.done.paper", file=str(stated.folder / PAPER)))
    if stated.self_made:
        screen.talk(screen.t("custody.self-made"))


def stated_fields(stated: Stated) -> dict[str, object]:
    """A statement for a program: the signed event itself, and where its files are."""
    return {
        "event": stated.event,
        "folder": str(stated.folder),
        "fingerprint": stated.fingerprint,
        "self_made": stated.self_made,
        "set_aside": stated.set_aside,
    }


def show_history(screen: Screen, found: History, *, as_json: bool) -> None:
    """What is known of a thing, oldest first, each with what it is worth."""
    if as_json:
        screen.answer("history", found)
        return
    for kind, serials in (("computer", found.computers), ("disk", found.disks)):
        if serials:
            screen.data(screen.pair(screen.t(f"custody.kind.{kind}"), ", ".join(serials)))
    for warning in found.warnings:
        screen.data(f"! {screen.say(warning)}")
    heads = [
        screen.t(f"custody.history.{name}") for name in ("when", "about", "what", "worth", "by")
    ]
    screen.table(
        screen.t("custody.history.title", asked=found.asked),
        heads,
        [
            (
                date(screen.lang, one.at),
                one.about,
                screen.say(one.what),
                screen.t(f"custody.worth.{one.worth.value}"),
                f"{one.bench}, {one.number}",
            )
            for one in found.entries
        ],
    )


def show_forgotten(screen: Screen, done: Forgotten, *, as_json: bool) -> None:
    """Whose names were forgotten, and that signed documents keep theirs."""
    if as_json:
        screen.answer("custody.forget", done)
        return
    screen.data(
        screen.t(
            "custody.forget.done",
            n=len(done.lots),
            records=done.records,
            statements=done.statements,
            before_date=done.before,
        )
    )
    screen.data(screen.t("custody.forget.signed"))
