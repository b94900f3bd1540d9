"""Trials of parts on the screen: what will be done and how long, how far it is, what was seen."""

from __future__ import annotations

from recond.flow.parts import PartPlan, PartsTested
from recond.locale import clock_time, duration
from recond.model import Message, Tried
from recond.show.screen import Screen

TELL_EVERY_S = 15
ASK_EVERY_S = 2


def tell_plan(screen: Screen, plans: tuple[PartPlan, ...], now: str) -> None:
    """The whole time first, then each part with its own, then how one is left out."""
    total = sum(one.about_s for one in plans)
    at = clock_time(screen.lang, now, total)
    screen.talk(screen.t("inspect.part.plan", total_s=total, at=at))
    for one in plans:
        name = screen.t(f"inspect.part.name.{one.part}")
        about = duration(screen.lang, one.about_s)
        screen.talk(f"  {screen.t('inspect.part.planned', name=name, time=about)}")
    if any(one.part == "battery" for one in plans):
        screen.talk(screen.t("inspect.part.pull"))
    screen.talk(screen.t("inspect.part.leave_out"))


class FollowedParts:
    """Tells each part when it begins, then from time to time how far it is."""

    def __init__(self, screen: Screen) -> None:
        self._screen = screen
        self._told: tuple[str, int] = ("", -1)
        self._asked: tuple[str, int, Message | None] = ("", 0, None)

    def __call__(self, part: str, done_s: float, about_s: float, asks: Message | None) -> None:
        """Called at each step."""
        self._tell_asked(part, int(done_s), asks)
        at = (part, int(done_s) // TELL_EVERY_S)
        if at == self._told:
            return
        self._told = at
        name = self._screen.t(f"inspect.part.name.{part}")
        said = self._screen.t(
            "inspect.part.progress", name=name, done_s=int(done_s), about_s=int(about_s)
        )
        self._screen.talk(said)

    def _tell_asked(self, part: str, at_s: int, asks: Message | None) -> None:
        """What is asked, where it changed; at most once in a while, as keys come by the dozen."""
        before, told_s, told = self._asked
        if asks is None or asks == told or (part == before and at_s - told_s < ASK_EVERY_S):
            return
        self._asked = (part, at_s, asks)
        self._screen.talk(f"  {self._screen.say(asks)}")


def show_parts(screen: Screen, found: PartsTested) -> None:
    """A line for each part and device."""
    screen.table(
        screen.t("inspect.part.title"),
        tuple(screen.t(f"inspect.part.head.{name}") for name in ("part", "outcome", "said")),
        [part_row(screen, one) for one in found.tests],
    )


def part_row(screen: Screen, one: Tried) -> tuple[str, str, str]:
    """Its name, its outcome, what was seen."""
    name = screen.t(f"inspect.part.name.{one.part}")
    named = f"{name} ({one.device})" if one.device else name
    return named, screen.t(f"cli.selftest.{one.outcome}"), screen.say(one.said)
