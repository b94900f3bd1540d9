"""Asking before the point of no return: the operator types the end of the serial."""

from __future__ import annotations

import sys
from collections.abc import Callable
from functools import partial

from recond.ends import ConfirmedBy
from recond.erasure import DiskIdentity, WipePlan
from recond.errors import SafetyRefusal, UsageError
from recond.flow.run.supervisor import (
    Confirmed,
    confirm_all,
    parse_psid,
    shown_token,
)
from recond.flow.run.typed import confirms, is_file, typed_end
from recond.locale import size
from recond.model import Message
from recond.show.screen import Screen

ATTEMPTS = 3


def ask_each(
    screen: Screen, plans: tuple[WipePlan, ...], property_number: str | None = None
) -> tuple[Confirmed, ...]:
    """Ask for each disk that would be erased. Raises `SafetyRefusal` unless every answer is right.

    `property_number` is the computer's, and confirms its only disk. The plans that are refused
    anyway go along unasked: their journals say why.
    """
    for plan in plans:
        if plan.refusals:
            continue
        wanted = typed_end(plan, plans)
        screen.talk(
            screen.t(
                "cli.ask.disk",
                path=plan.path,
                model=plan.disk.model or "—",
                token=shown_token(plan),
                size=size(screen.lang, plan.disk.size_bytes),
            )
        )
        word = "type_place" if plan.place else "type_file" if is_file(plan) else "type"
        ask = screen.t(f"cli.ask.{word}", n=len(wanted))
        if not _typed(
            screen, ask, partial(confirms, plan, plans=plans, property_number=property_number)
        ):
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


def _typed(screen: Screen, ask: str, is_right: Callable[[str], bool]) -> bool:
    for _ in range(ATTEMPTS):
        answer = input(ask + " ").strip()
        if is_right(answer):
            return True
        if not answer:
            return False
        screen.talk(screen.t("cli.ask.wrong"))
    return False
