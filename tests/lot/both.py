"""A lot's state asked in both ways: of every row, and with the plain records counted."""

from __future__ import annotations

from recond.flow.lot import lot
from recond.flow.lot.lot import LotDatabase, shown_status
from recond.flow.lot.rows import State
from recond.flow.lot.sheets import anomaly_rows, summary_rows
from recond.flow.lot.status import LotStatus


def told(status: LotStatus) -> tuple[object, ...]:
    """Everything that a person is told of a lot's state."""
    return (
        list(summary_rows(status, None, "fr")),
        list(anomaly_rows(status, "fr")),
        {state: status.count(state) for state in State},
        (status.line_count, status.machine_count, status.seen, status.complete),
        (
            status.erased,
            status.nameless,
            status.rejected,
            status.balance,
            status.counts,
            status.open_items,
        ),
        (status.unexpected, status.duplicates, status.computers_left, status.gaps),
        (status.apart, status.statements_apart, status.conflicts, status.said_twice),
    )


def status_of(where: LotDatabase, name: str) -> LotStatus:
    """A lot's state of every row; the screen says the same."""
    whole = lot.status_of(where, name)
    assert told(shown_status(where, name)) == told(whole)
    return whole
