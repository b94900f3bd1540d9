"""A lot's state for a person: the plain records counted by the database, the others judged.

Only counts and what does not fit are shown on a screen. What a program gets (`--json`), and a
report, holds each line, and is made of all rows.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, replace

from recond.certify.sign.keys import read_certificates
from recond.certify.verify.verdicts import Trust
from recond.flow.lot.plain import (
    MOST,
    PlainGroup,
    Sifted,
    apart_from_plain,
    has_list,
    numbered,
    numbers_held,
    sift,
    signed_between,
)
from recond.flow.lot.rows import MachineRow, State, StatementRow, profiles_of
from recond.flow.lot.standing import Apart, is_believed_between, stand
from recond.flow.lot.statements import stand_statements
from recond.flow.lot.status import Gap, LotCustody, LotStatus, lot_status
from recond.flow.lot.store import LotStore
from recond.flow.serials import compared


@dataclass(frozen=True, slots=True)
class CountedStatus(LotStatus):
    """A lot's state of which `lines` and `machines` hold only what is not plain."""

    plain_lines: int = 0
    plain_machines: int = 0

    def count(self, state: State) -> int:
        """How many lines of the manifest are in a state."""
        return LotStatus.count(self, state) + (self.plain_lines if state is State.ERASED else 0)

    @property
    def line_count(self) -> int:
        """How many lines the manifest has."""
        return len(self.lines) + self.plain_lines

    @property
    def machine_count(self) -> int:
        """How many records count."""
        return len(self.machines) + self.plain_machines

    @property
    def seen(self) -> int:
        """How many lines of the manifest have a record."""
        return sum(line.record_id is not None for line in self.lines) + self.plain_lines


def counted_status(store: LotStore, name: str, trust: Trust) -> CountedStatus | None:
    """A lot's state by whom it believes; None where every row has to be judged.

    Raises `UsageError` for an unknown lot.
    """
    if store.expected_counts(name):
        return None  # a list of counts weighs every computer and disk
    db, lot, chains = store.connection, store.lot(name), store.chains(name)
    statements = store.statements(name)
    believed = tuple(
        signer
        for signer, first, last in signed_between(db, name)
        if (pem := chains.get(signer))
        and (chain := read_certificates(pem))
        and is_believed_between(chain, first, last, trust)
    )
    found = sift(db, name, believed, _spoken_of(statements))
    if found is None:
        return None
    standing = stand(store.machines(name, found.others), chains, trust)
    serials = _serials((*standing[0], *(one.row for one in standing[1])))
    if len(serials) > MOST:
        return None
    told, apart = stand_statements(statements, chains, trust)
    rest = lot_status(
        lot,
        store.expected(name, apart_from_plain(name, serials)),
        standing,
        store.problems(name),
        store.numbers,
        LotCustody(told, apart, store.remainders(name, found.others)),
        listed=has_list(db, name),
    )
    return _with_plain(rest, found, _gaps(store, name, found, standing))


def _spoken_of(statements: Iterable[StatementRow]) -> Iterator[str]:
    for row in statements:
        yield from (compared(thing.serial) for thing in row.event.things)
        if row.event.computer:
            yield compared(row.event.computer)


def _serials(rows: Iterable[MachineRow]) -> list[str]:
    found = (one for row in rows for one in (row.found_by, *(d.found_by for d in row.disks)))
    return sorted({one for one in found if one})


def _with_plain(rest: LotStatus, found: Sifted, gaps: Iterable[Gap]) -> CountedStatus:
    """The state of the others, and the plain records beside it."""
    groups = found.groups
    lines = sum(one.lines for one in groups)
    categories, readiness = Counter(dict(rest.categories)), Counter(dict(rest.readiness))
    for one in groups:
        if one.category:
            categories[one.category] += one.records
        for word in profiles_of(one.readiness):
            readiness[word] += one.records
    whole = CountedStatus(
        **{one.name: getattr(rest, one.name) for one in fields(LotStatus)},
        plain_lines=lines,
        plain_machines=sum(one.records for one in groups),
    )
    balance = rest.balance
    return replace(
        whole,
        erased=rest.erased + sum(one.disks for one in groups),
        gaps=tuple(gaps),
        categories=tuple(sorted(categories.items())),
        readiness=tuple(sorted(readiness.items())),
        balance=replace(balance, expected=balance.expected + lines, erased=balance.erased + lines),
    )


def _gaps(
    store: LotStore,
    name: str,
    found: Sifted,
    standing: tuple[tuple[MachineRow, ...], tuple[Apart, ...]],
) -> Iterator[Gap]:
    """As `recond.flow.lot.status` finds them, but asked of the database."""
    ends: dict[str, list[int]] = {}
    for one in (*found.groups, *(_alone(row) for row in standing[0])):
        if one.ledger is not None and one.first is not None and one.last is not None:
            ends.setdefault(one.ledger, []).extend((one.first, one.last))
    strangers = {one.row.record_id for one in standing[1]}
    for ledger, own in sorted(ends.items()):
        first, last = min(own), max(own)
        if numbers_held(store.connection, ledger, first, last) == last - first + 1:
            continue
        rows = [one for one in numbered(store.connection, name, ledger) if one[0] not in strangers]
        absent = set(range(first, last + 1)) - store.numbers(ledger) - {one[2] for one in rows}
        if absent:
            yield Gap(ledger, rows[0][1], tuple(sorted(absent)))


def _alone(row: MachineRow) -> PlainGroup:
    return PlainGroup(row.ledger, None, "", 1, 0, 0, row.number, row.number)
