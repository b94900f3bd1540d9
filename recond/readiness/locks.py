"""What was found of a former owner's locks, as lines of every profile.

Why: a computer that its giver can still lock is not to be passed on, whatever system it would run;
so no profile needs to ask, and none can forget to. A lock is never "failed for good": who set it
can take it off. What cannot be told stands beside the verdict (`recond.locks`) and does not make
every computer "unknown". Pure.
"""

from __future__ import annotations

from recond.locks import holding_locks, lock_message
from recond.model import Known, Machine, Message, Outcome, Requirement

COST_RANK = 5
"""Before every setting: nothing else is worth doing first."""

_REMEDIES = {"opal": "readiness.remedy.lock-opal"}
"""Kinds that a bench can take off without the giver."""


def lock_lines(machine: Machine, tier: str) -> list[Requirement]:
    """A line for each lock that was found, "fixable" by the donor."""
    return [
        Requirement(
            key=f"lock-{lock.kind}",
            tier=tier,
            outcome=Outcome.FIXABLE,
            observed=lock_message(lock),
            required=Message.of("readiness.lock.required"),
            evidence=lock.found.source if isinstance(lock.found, Known) else "",
            remedy=Message.of(
                _REMEDIES.get(lock.kind, "readiness.remedy.lock"),
                lock=f"@inspect.lock.{lock.kind}",
                path=lock.where,
            ),
            cost_rank=COST_RANK,
            title=Message.of("readiness.lock.title"),
        )
        for lock in holding_locks(machine)
    ]
