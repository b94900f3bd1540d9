"""Custody on the screen: a statement that was signed, and that it is a person's word."""

from __future__ import annotations

from recond.certify.statement import PAPER
from recond.flow.custody.issue import Stated
from recond.show.screen import Screen


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
