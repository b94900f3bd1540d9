"""A run that is closed, with nothing left to go on with: for eyes or for a script."""

from __future__ import annotations

from typing import TYPE_CHECKING

from recond.codec import to_json
from recond.model import Json
from recond.show.screen import Screen

if TYPE_CHECKING:
    from recond.flow.run.closed import Closed

OUTCOME = "closed"


def show_closed(screen: Screen, run: str, found: tuple[Closed, ...], *, as_json: bool) -> None:
    """Said to a person in any case: standard output holds what came to an end just now."""
    first, *more = (one.message() for one in found)
    said = " ".join((screen.clause(first), *map(screen.say, more)))
    screen.talk(screen.t("cli.resume.closed", run=run, reason=said))
    if as_json:
        screen.answer("resume", closed_fields(run, found))


def closed_fields(run: str, found: tuple[Closed, ...]) -> dict[str, Json]:
    """The same for a program: no disk of it counts as erased by this run, nor in the exit code."""
    return {
        "run": run,
        "record_id": run,
        "outcome": OUTCOME,
        "exit_code": 0,
        "disks": [],
        "left": [],
        "closed": [_one(one) for one in found],
    }


def _one(one: Closed) -> Json:
    return {
        "disk": one.token,
        "why": one.why.value,
        "by_run": one.by_run,
        "certificate": one.certificate,
        "message": to_json(one.message()),
    }
