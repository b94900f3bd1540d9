"""Who sits at this bench today: sitting."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import TYPE_CHECKING, Annotated

from recond.commands.frame import (
    AsJson,
    Donor,
    Lot,
    Operator,
    command,
    leave,
    option,
    screen,
    state_path,
    this_host,
)

if TYPE_CHECKING:
    from recond.flow.run.run import Order

End = Annotated[bool, option("sitting_end", "--end")]


@command("sitting")
def sitting_command(
    operator: Operator = None,
    lot: Lot = None,
    donor: Donor = None,
    end: End = False,
    json_: AsJson = False,
) -> None:
    """Show it, change it, end it."""
    from recond.flow.sitting import Sitting, end_sitting, keep_sitting, read_sitting
    from recond.show.sitting import ask_sitting, show_sitting, sitting_fields

    state, host = state_path(), this_host()
    if end:
        end_sitting(state)
    found = None if end else read_sitting(state, host)
    if operator is not None or lot is not None or donor is not None:
        was = found or Sitting()
        found = Sitting(
            *(
                before if said is None else said or None
                for before, said in (
                    (was.operator, operator),
                    (was.lot, lot),
                    (was.donor, donor),
                )
            )
        )
        keep_sitting(state, host, found)
    elif found is None and not end and not json_ and sys.stdin.isatty():
        found = ask_sitting(screen())
        keep_sitting(state, host, found)
    screen().give("sitting", found, show_sitting, as_json=json_, fields=sitting_fields)
    leave(0)


def seated(order: Order, *unasked: object) -> Order:
    """What the command says, and for the rest the sitting, which is said aloud; a person is asked
    where nobody was in this sitting. A script gets none of it: it has no terminal, or gives one of
    `unasked`, what does without questions.
    """
    from recond.flow.sitting import is_asked, keep_sitting, read_sitting, with_sitting
    from recond.show.sitting import ask_sitting, sitting_words

    if any(unasked) or not sys.stdin.isatty():
        return order
    state, host, shown = state_path(), this_host(), screen()
    found = read_sitting(state, host)
    if is_asked(order.overrides, found):
        found = ask_sitting(shown)
        keep_sitting(state, host, found)
    elif found is not None:
        shown.talk(sitting_words(shown, found))
    return replace(order, overrides=with_sitting(order.overrides, found))
