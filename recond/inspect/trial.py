"""A trial of a part: what every one of them is, and how one is run.

Why: a computer that was inventoried is not one that works. A trial does something with a part for
some seconds or minutes and says what it saw: passed, failed, or unknown with its reason. What
cannot be told is unknown, never passed: a missing tool, a cable that is plugged in, a card that is
switched off. A trial is a generator that rests for a second at each `yield`, so that it can be
followed, and left out while it runs; what it started ends with it.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass

from recond.host import Host
from recond.model import Message, Outcome, Tried


@dataclass(frozen=True, slots=True)
class PartSeen:
    """What a trial saw of one device; "" where there is only one of its kind."""

    outcome: Outcome
    said: Message
    device: str = ""

    @classmethod
    def unknown(cls, code: str, device: str = "", /, **args: str | int) -> PartSeen:
        """It could not be told, and why."""
        return cls(Outcome.UNKNOWN, Message.of(f"inspect.part.{code}", **args), device)

    @classmethod
    def failed(cls, code: str, device: str = "", /, **args: str | int) -> PartSeen:
        """It does not work."""
        return cls(Outcome.FAIL, Message.of(f"inspect.part.{code}", **args), device)

    @classmethod
    def passed(cls, code: str, device: str = "", /, **args: str | int) -> PartSeen:
        """It works, as far as the sentence says."""
        return cls(Outcome.PASS, Message.of(f"inspect.part.{code}", **args), device)


Trial = Generator[None, None, tuple[PartSeen, ...]]
"""Rests for `STEP_S` at each `yield`, returns what it saw."""

STEP_S = 1.0
OnPart = Callable[[str, float, float], None]
"""Told of a part, the seconds since it began, and about how many it takes."""


@dataclass(frozen=True, slots=True)
class PartPlan:
    """A part that is to be tried: its name, about how long it takes, and how."""

    part: str
    about_s: int
    begin: Callable[[Host], Trial]


def run_trial(host: Host, plan: PartPlan, on_part: OnPart) -> tuple[Tried, ...]:
    """Try one part to its end. Who interrupts it leaves this part out, and it is unknown."""
    clock = host.clock
    at, began = clock.now(), clock.monotonic_s()
    trial = plan.begin(host)
    try:
        found = _follow(host, plan, trial, began, on_part)
    except KeyboardInterrupt:
        found = (PartSeen.unknown("skipped"),)
    finally:
        trial.close()
    took = round(clock.monotonic_s() - began)
    return tuple(
        Tried(plan.part, one.device, one.outcome, one.said, at, took)
        for one in found or (PartSeen.unknown("absent"),)
    )


def _follow(
    host: Host, plan: PartPlan, trial: Trial, began: float, on_part: OnPart
) -> tuple[PartSeen, ...]:
    while True:
        on_part(plan.part, host.clock.monotonic_s() - began, plan.about_s)
        try:
            next(trial)
        except StopIteration as ended:
            return tuple(ended.value)
        host.clock.sleep(STEP_S)
