"""One thing in one statement, and when that was: what a lot's fates are made of. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from recond.custody import CustodyEvent, Thing


@dataclass(frozen=True, slots=True)
class Spoken:
    """One thing in one statement."""

    event: CustodyEvent
    thing: Thing

    @property
    def moment(self) -> str:
        """When it had happened at the latest: of an earlier day nobody knows the hour."""
        event = self.event
        if event.happened_on == event.issued_at[:10]:
            return event.issued_at
        return f"{event.happened_on}T23:59:59.999Z"

    def may_be_before(self, other: Spoken) -> bool:
        """Whether it is of the same day as another, and nobody knows the hour."""
        same = self.event.happened_on == other.event.happened_on
        return same and self.event.happened_on != self.event.issued_at[:10]


@dataclass(frozen=True, slots=True)
class Absence:
    """A thing was away, as somebody said, and came back: what was read of it `until` then says
    nothing of what it holds now.
    """

    said: Spoken
    until: str
