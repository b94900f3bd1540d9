"""A trial of a part: what every one of them is, and how one is run.

Why: a computer that was inventoried is not one that works. A trial does something with a part for
some seconds or minutes and says what it saw: passed, failed, or unknown with its reason. What
cannot be told is unknown, never passed: a missing tool, a cable that is plugged in, a card that is
switched off. A trial is a generator that rests for a second at each `yield`, so that it can be
followed, and left out while it runs; what it started ends with it. What it yields is what it asks
of whoever stands there, if anything.
"""

from __future__ import annotations

import errno
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


class LeftOut(Exception):
    """Raised by an `OnPart`: the trial that runs is left out, as by Ctrl-C at a terminal."""


class TrialsStopped(Exception):
    """Raised by an `OnPart`: no trial goes on, and the one that runs has no outcome."""


def refused(error: OSError, device: str = "") -> PartSeen:
    """The system said no: to us, for want of the right, or with its own word (errno(3))."""
    if error.errno in (errno.EPERM, errno.EACCES):
        return PartSeen.unknown("input_refused", device)
    return PartSeen.unknown(
        "device_refused", device, why=errno.errorcode.get(error.errno or 0, "?")
    )


Trial = Generator[Message | None, None, tuple[PartSeen, ...]]
"""Rests at each `yield`, returns what it saw."""

STEP_S = 1.0
OnPart = Callable[[str, float, float, Message | None], None]
"""Told of a part, the seconds since it began, about how many it takes, and what is asked of whoever
stands there."""


@dataclass(frozen=True, slots=True)
class PartPlan:
    """A part that is to be tried: its name, about how long it takes, and how."""

    part: str
    about_s: int
    begin: Callable[[Host], Trial]
    step_s: float = STEP_S


def run_trial(host: Host, plan: PartPlan, on_part: OnPart) -> tuple[Tried, ...]:
    """Try one part to its end. Who interrupts it leaves this part out, and it is unknown. Raises
    `TrialsStopped` where `on_part` does.
    """
    clock = host.clock
    at, began = clock.now(), clock.monotonic_s()
    trial = plan.begin(host)
    try:
        found = _follow(host, plan, trial, began, on_part)
    except (KeyboardInterrupt, LeftOut):
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
    asks: Message | None = None
    while True:
        on_part(plan.part, host.clock.monotonic_s() - began, plan.about_s, asks)
        try:
            asks = next(trial)
        except StopIteration as ended:
            return tuple(ended.value)
        host.clock.sleep(plan.step_s)
