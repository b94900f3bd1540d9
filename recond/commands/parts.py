"""Do its parts work: test."""

from __future__ import annotations

from typing import Annotated

from recond.commands.frame import (
    AsJson,
    argument,
    command,
    leave,
    option,
    screen,
    state_path,
    this_host,
)
from recond.flow.parts import MINUTES

Names = Annotated[list[str] | None, argument("parts", "PART")]
Minutes = Annotated[int, option("minutes", "--minutes", metavar="N")]


@command("test")
def try_command(parts: Names = None, minutes: Minutes = MINUTES, json_: AsJson = False) -> None:
    """Try the parts of this computer."""
    from recond.flow.parts import plan_parts, try_parts
    from recond.show.parts import FollowedParts, show_parts, tell_plan

    plans = plan_parts(tuple(parts or ()), minutes)
    if not json_:
        tell_plan(screen(), plans, this_host().clock.now())
    found = try_parts(plans, state_path(), this_host(), FollowedParts(screen()))
    screen().give("test", found, show_parts, as_json=json_)
    leave(found.exit_code)
