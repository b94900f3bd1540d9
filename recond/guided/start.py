"""Starting: the screen where the terminal can show it, the dialogue elsewhere; what is left after.

Why: a screen that breaks in the middle of an erasure is replaced by the dialogue, on the same work;
and whoever leaves is told that the erasure goes on, and how to come back.
"""

from __future__ import annotations

import sys
from pathlib import Path

from recond.flow.run.attach import find_attachable
from recond.flow.run.run import Order
from recond.flow.sitting import read_sitting
from recond.guided.plain import talk_through, watch
from recond.guided.session import GuidedSession
from recond.guided.words import GuidedWords
from recond.host import Host
from recond.host.terminal import can_draw, wipe_console
from recond.locale import Lang

GIVEN_UP = 130
"""As after Ctrl-C: the answers ended before anything was begun."""


def start(lang: Lang, order: Order, host: Host, *, plain: bool, bell: bool = False) -> int:
    """The whole job with a person; returns the exit code. Raises what the flow raises. `bell`: the
    terminal rings when the result is there.
    """
    session = GuidedSession(GuidedWords(lang), host, order.state, order, bell=bell)
    if sys.stdin.isatty():  # what one person said is not what a script erases for
        session.seat(read_sitting(order.state, host))
    if plain or not can_draw() or not _draw(session, "computer"):
        try:
            talk_through(session)
        except (EOFError, KeyboardInterrupt):
            if session.work is not None:
                raise
            session.words.talk(session.words.t("cli.aborted.before"))
            return GIVEN_UP
    return _leave(session)


def attach(
    lang: Lang, state: Path, run: str | None, host: Host, *, plain: bool, bell: bool = False
) -> int:
    """Come back to a run; returns its exit code. Raises `UsageError` where there is none. `bell`:
    the terminal rings when the result is there.
    """
    session = GuidedSession(GuidedWords(lang), host, state, bell=bell)
    session.come_back(find_attachable(state, run, host))
    if plain or not can_draw():
        watch(session)
    else:
        _draw(session, "progress")
    return _leave(session)


def _draw(session: GuidedSession, first: str) -> bool:
    """Show the screen. Where it breaks, its own words are on standard error, and we go on.

    Returns False where it broke before anything had begun.
    """
    from recond.guided.app import GuidedApp  # only here: the dialogue needs nothing of the screen

    app = GuidedApp(session, first)
    app.run()
    session.leave_trials()  # nobody sees them any more
    wipe_console()
    if not app.return_code:
        return True
    if session.work is None:
        session.words.talk(session.words.t("guided.broken.before"))
        return False
    session.words.talk(session.words.t("guided.broken"))
    watch(session)
    return True


def _leave(session: GuidedSession) -> int:
    """The exit code: the run's; 0 where nothing was begun, or where it goes on."""
    work = session.work
    if work is None:
        if session.problem is not None:
            raise session.problem
        return 0
    if work.failure is not None:
        raise work.failure
    if work.finished is not None:
        return work.finished.exit_code
    if not work.ended:
        session.words.talk(session.words.t("guided.goes_on"))
    return 0
