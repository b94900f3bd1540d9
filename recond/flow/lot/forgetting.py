"""Forgetting who worked on a lot, once nobody needs to know any more.

Why only the lots' tables: a signed document is what it is, and without a name a word is nobody's.
What is forgotten is the copy that is easy to search; the signed files are deleted whole or kept
(docs/privacy.md). A lot that is still open is never touched.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from recond.errors import UsageError
from recond.flow.lot.lot import LotDatabase
from recond.flow.lot.store import open_lots
from recond.host.clock import Clock

_PERIOD = re.compile(r"(\d{1,4})([dmy])")
_DAYS = {"d": 1, "m": 31, "y": 366}
"""A month and a year are taken at their longest: nothing is forgotten a day too early."""


@dataclass(frozen=True, slots=True)
class Forgotten:
    """Of which lots, closed before `before`, names were forgotten, and in how many rows."""

    before: str
    lots: tuple[str, ...]
    records: int
    statements: int


def forget_names(where: LotDatabase, period: str, clock: Clock) -> Forgotten:
    """Take the names of people out of the rows of lots that were closed longer than `period` ago.

    `period`: `90d`, `36m`, `5y`. Raises `UsageError` for another form.
    """
    found = _PERIOD.fullmatch(period)
    if found is None or int(found[1]) == 0:
        raise UsageError("custody.forget.period", found=period[:20])
    now = datetime.fromisoformat(clock.now()).astimezone(UTC)
    cut = now - timedelta(days=int(found[1]) * _DAYS[found[2]])
    before = cut.strftime("%Y-%m-%dT%H:%M:%S.000Z")
    with open_lots(where.state, where.url) as store:
        names = [lot.name for lot in store.lots() if lot.closed_at and lot.closed_at < before]
        counts = [store.forget(name) for name in names]
    return Forgotten(
        before, tuple(names), sum(one for one, _ in counts), sum(two for _, two in counts)
    )
