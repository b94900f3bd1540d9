"""Asking before the point of no return: the operator types the end of the serial."""

from __future__ import annotations

import sys

from recond.ends import ConfirmedBy
from recond.erasure import DiskIdentity, WipePlan
from recond.errors import SafetyRefusal, UsageError
from recond.flow.run.supervisor import (
    Confirmed,
    confirm_all,
    is_typed,
    parse_psid,
    shown_token,
    typed_end,
)
from recond.locale import size
from recond.model import Message
from recond.show.screen import Screen

ATTEMPTS = 3


def ask_each(screen: Screen, plans: tuple[WipePlan, ...]) -> tuple[Confirmed, ...]:
    """Ask for each disk that would be erased. Raises `SafetyRefusal` unless every answer is right.

    The plans that are refused anyway go along unasked: their journals say why.
    """
    for plan in plans:
        if plan.refusals:
            continue
        wanted = typed_end(plan)
        screen.talk(
            screen.t(
                "cli.ask.disk",
                path=plan.path,
                model=plan.disk.model or "—",
                token=shown_token(plan),
                size=size(screen.lang, plan.disk.size_bytes),
            )
        )
        if not _typed(screen, wanted, "cli.ask.type_place" if plan.place else "cli.ask.type"):
            raise SafetyRefusal((Message.of("wipe.confirm.not_typed", path=plan.path),))
    return confirm_all(plans, ConfirmedBy.TYPED)


def ask_psid(screen: Screen, plan: WipePlan) -> str:
    """The PSID on a drive's label. Raises `UsageError` when its form is wrong to the end."""
    screen.talk(screen.t("cli.psid.ask", path=plan.path, token=plan.disk.token))
    for _ in range(ATTEMPTS - 1):
        try:
            return parse_psid(input(screen.t("cli.psid.type") + " "))
        except UsageError as error:
            screen.talk(screen.say(error.message))
    return parse_psid(input(screen.t("cli.psid.type") + " "))


def ask_password(screen: Screen, path: str, disk: DiskIdentity, *, master: bool) -> str:
    """The password of a locked drive, typed unseen, or the first line of standard input.

    Raises `EOFError` where nothing is typed.
    """
    screen.talk(screen.t("cli.unlock.disk", path=path, model=disk.model or "—", token=disk.token))
    if not sys.stdin.isatty():
        line = sys.stdin.readline()
        if not line:
            raise EOFError
        return line.rstrip("\r\n")
    from getpass import getpass

    return getpass(screen.t("cli.unlock.type_master" if master else "cli.unlock.type") + " ")


def _typed(screen: Screen, wanted: str, ask: str) -> bool:
    for _ in range(ATTEMPTS):
        answer = input(screen.t(ask, n=len(wanted)) + " ").strip()
        if is_typed(answer, wanted):
            return True
        if not answer:
            return False
        screen.talk(screen.t("cli.ask.wrong"))
    return False
