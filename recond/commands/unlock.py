"""A drive that another tool left locked: unlock."""

from __future__ import annotations

from typing import Annotated

from recond.commands.complete import complete_paths
from recond.commands.frame import (
    AsJson,
    argument,
    command,
    fail,
    option,
    screen,
    state_path,
    t,
    this_host,
)
from recond.model import Message


@command("unlock")
def unlock_command(
    target: Annotated[str, argument("target", "TARGET", complete=complete_paths)],
    master: Annotated[bool, option("master", "--master")] = False,
    json_: AsJson = False,
) -> None:
    """Take off the password that another tool left on a drive."""
    from recond.flow.run.unlock import unlock
    from recond.show.ask import ask_password
    from recond.show.result import show_unlocked

    shown = screen()
    try:
        found = unlock(
            target,
            lambda disk: ask_password(shown, target, disk, master=master),
            state_path(),
            this_host().clock,
            master=master,
        )
    except (KeyboardInterrupt, EOFError):
        shown.talk(t("cli.aborted.before"))
        fail(Message("cli.aborted.before"), exit_code=130)
    shown.give("unlock", found, show_unlocked, as_json=json_)
