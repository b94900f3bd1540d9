"""What the dates of a profile say on a given day.

Why: a machine can be ready for a system that nobody mends any more; the verdict must say it. And a
profile is a list of facts that age: past its `review_after` it warns that they want checking.
Pure: the day is an argument.
"""

from __future__ import annotations

import datetime

from recond.census import Reach
from recond.model import Known, Machine, Message
from recond.readiness.logic import Facts, any_holds
from recond.readiness.profile import Profile, Support

SOON_DAYS = 183
"""A date within half a year is said to be soon."""


def notices(profile: Profile, today: str, facts: Facts) -> tuple[Message, ...]:
    """The dates that are past, near or ahead, then the state of the profile itself."""
    found = []
    if days_between(profile.version, today) < -1:
        # an empty CMOS battery sets the clock back by years, and no date would ever be past
        found.append(
            Message.of("readiness.notice.clock", today_date=today, version_date=profile.version)
        )
        today = profile.version
    found.extend(
        _support(item, today)
        for item in profile.support
        if not item.when or any_holds(item.when, facts) is True
    )
    age = days_between(today, profile.review_after)
    if age < 0:
        found.append(
            Message.of(
                "readiness.notice.review_past",
                version_date=profile.version,
                review_date=profile.review_after,
            )
        )
    elif age <= SOON_DAYS // 3:
        found.append(Message.of("readiness.notice.review_soon", review_date=profile.review_after))
    found.extend(note.message() for note in profile.notes)
    return tuple(found)


def unseen_storage(machine: Machine) -> tuple[Message, ...]:
    """Disks of the computer that do not show, and hints at some: whoever hands it on must know."""
    if not isinstance(machine.census, Known):
        return ()
    census = machine.census.value
    hidden = [one for one in census.media if one.reach in (Reach.HIDDEN, Reach.UNREADABLE)]
    found = [(one.why, one.remedy) for one in hidden]
    found += [(one.what, one.todo) for one in census.suspicions]
    return tuple(part for pair in found for part in pair if part is not None)


def _support(item: Support, today: str) -> Message:
    left = days_between(today, item.ends)
    state = "past" if left < 0 else "soon" if left <= SOON_DAYS else "ahead"
    sure = "" if item.sure else "_unsure"
    return item.text.message(f"readiness.notice.{state}{sure}", ends_date=item.ends)


def days_between(first: str, second: str) -> int:
    """Days from one day to another; negative where the second is the earlier."""
    return (datetime.date.fromisoformat(second[:10]) - datetime.date.fromisoformat(first[:10])).days
