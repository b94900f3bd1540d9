"""Rows of many new records, asked for and written together.

Why: a question to the database and a row in it cost as much for one record as for a hundred. What
is not written yet answers as if it were: a number of a ledger that two records of one batch claim
is seen as one that the database holds. All of it is one transaction (`recond.flow.lot.store`).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Any, TypeVar

import sqlalchemy as sa

from recond.flow.lot.rows import MachineRow, Remainder
from recond.flow.lot.store import LotStore
from recond.flow.lot.tables import (
    DISKS,
    ISSUES,
    MACHINES,
    REMAINDERS,
    remainder_values,
    row_values,
)

T = TypeVar("T")
MANY = 64
"""Records whose rows are written at once."""


def in_batches(things: Iterable[T]) -> Iterator[list[T]]:
    """So many at a time, in order."""
    source = iter(things)
    while some := list(islice(source, MANY)):
        yield some


class RowBatch(LotStore):
    """A store that keeps new rows back until `flush`, or until something else is asked of them."""

    def __init__(self, store: LotStore) -> None:
        super().__init__(store.connection)
        self._there: dict[tuple[str, str], MachineRow | None] = {}
        self._holders: dict[tuple[str, int], str | None] = {}
        self._new: dict[sa.Table, list[dict[str, Any]]] = {}

    def expect_rows(self, lot: str, rows: Iterable[MachineRow]) -> None:
        """Ask at once for what the database holds of these records and of their numbers."""
        self.flush()
        some = list(rows)
        self._there = dict.fromkeys((lot, row.record_id) for row in some)
        for row in self.bare_machines(lot, [row.record_id for row in some]):
            self._there[lot, row.record_id] = row
        self._holders, numbers = {}, dict[str, list[int]]()
        for row in some:
            if row.ledger is not None and row.number is not None:
                numbers.setdefault(row.ledger, []).append(row.number)
                self._holders[row.ledger, row.number] = None
        for ledger, asked in numbers.items():
            for number, digest in self.holders(ledger, asked):
                self._holders[ledger, number] = digest

    def machine(self, name: str, record_id: str) -> MachineRow | None:
        """A record's row, without its disks."""
        if (name, record_id) in self._there:
            return self._there[name, record_id]
        self.flush()
        return super().machine(name, record_id)

    def issued(self, ledger: str, number: int) -> str | None:
        """The digest that holds a ledger's number, in whatever lot."""
        if (ledger, number) in self._holders:
            return self._holders[ledger, number]
        self.flush()
        return super().issued(ledger, number)

    def put(self, name: str, row: MachineRow, *, new: bool = False) -> None:
        """Write a record's row: a new one with the others, another one now."""
        if new:
            for table, values in row_values(name, row):
                self._new.setdefault(table, []).extend(values)
        else:
            self.flush()
            super().put(name, row)
        self._there[name, row.record_id] = row
        if row.ledger is not None and row.number is not None:
            self._holders[row.ledger, row.number] = row.digest

    def keep_remainder(
        self, name: str, record_id: str, left: Remainder, *, new: bool = False
    ) -> None:
        """Keep what a record says is left: of a new one with the others, of another one now."""
        if new:
            values = remainder_values(name, record_id, left)
            self._new.setdefault(REMAINDERS, []).append(values)
        else:
            self.flush()
            super().keep_remainder(name, record_id, left)

    def flush(self) -> None:
        """Write what was kept back."""
        kept, self._new = self._new, {}
        for table in (MACHINES, DISKS, ISSUES, REMAINDERS):
            if values := kept.get(table):
                self.connection.execute(sa.insert(table), values)
