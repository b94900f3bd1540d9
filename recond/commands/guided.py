"""A person in front of the computer: guided (also `recond` alone), attach."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Annotated, NoReturn

from recond.commands.complete import complete_profiles, complete_runs
from recond.commands.frame import (
    LANG,
    AsJson,
    Asset,
    Bell,
    Donor,
    Events,
    Image,
    Lot,
    Note,
    Operator,
    Out,
    Photos,
    Plain,
    Targets,
    argument,
    command,
    leave,
    option,
    screen,
    state_path,
    this_host,
)

Asked = Annotated[
    list[str] | None,
    option("guided.option.profile", "--profile", metavar="NAME", complete=complete_profiles),
]


@command("guided", about="guided.help.guided")
def guided_command(
    targets: Targets = None,
    image: Image = False,
    plain: Plain = False,
    profile: Asked = None,
    out: Out = Path("recond-out"),
    operator: Operator = None,
    lot: Lot = None,
    donor: Donor = None,
    asset: Asset = None,
    note: Note = None,
    photos: Photos = None,
    bell: Bell = False,
) -> None:
    """The whole job, step by step."""
    from recond.flow.answers import said_of
    from recond.flow.config import Overrides
    from recond.flow.guided import order_for
    from recond.guided.start import start

    order = order_for(
        tuple(targets or ()),
        tuple(profile or ()),
        image=image,
        out=out,
        state=state_path(),
        lang=LANG,
        overrides=Overrides(operator=operator, lot=lot, donor=donor, property_number=asset),
    )
    order = replace(order, answers=said_of((), note), photos=photos)
    leave(start(LANG, order, this_host(), plain=plain, bell=bell))


@command("attach", about="guided.help.attach")
def attach_command(
    run: Annotated[str | None, argument("run", "RUN", complete=complete_runs)] = None,
    plain: Plain = False,
    json_: AsJson = False,
    events: Events = False,
    bell: Bell = False,
) -> None:
    """Back to an erasure that goes on."""
    if json_ or events:
        _follow(run, events=events, bell=bell)
    from recond.guided.start import attach

    leave(attach(LANG, state_path(), run, this_host(), plain=plain, bell=bell))


def _follow(run: str | None, *, events: bool, bell: bool) -> NoReturn:
    """A program waits for the result; it stops nothing, and leaves when it is stopped itself."""
    from recond.flow.run.attach import find_attachable, follow
    from recond.show.progress import ProgressDisplay
    from recond.show.result import finished_fields

    folder = find_attachable(state_path(), run, this_host())
    with ProgressDisplay(screen(), this_host().clock.now, json_events=events) as display:
        finished = follow(folder, state_path(), this_host(), display.on_event)
    screen().answer("attach", finished_fields(finished))
    leave(finished.exit_code, bell=bell)
