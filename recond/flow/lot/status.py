"""What a lot comes to: expected, seen, erased, rejected, missing, unexpected, doubled. Pure.

Why a disk's last record decides: a failed disk is wiped again, a wiped disk may fail later. Nothing
is counted as erased but a disk whose last record says erased and approved; a machine that was seen
without any disk is seen, and no more. A person's word can settle a line, as destroyed or returned,
and never as erased. What no trusted key signed is apart: it is named, and changes no line, in
either direction.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field

from recond.custody import Closing
from recond.flow.lot.balance import (
    CountLine,
    OpenItem,
    closing_of,
    computers_left,
    count_lines,
    kind_of,
    line_fate,
    missing_counts,
    unlisted_items,
)
from recond.flow.lot.facts import lot_facts
from recond.flow.lot.fate import LotFacts
from recond.flow.lot.manifest import ExpectedDisk
from recond.flow.lot.rows import (
    SETTLED,
    ApartStatement,
    Conflict,
    DiskRow,
    Lot,
    MachineRow,
    Remainders,
    State,
    StatementRow,
)
from recond.flow.lot.standing import Apart
from recond.model import Message


@dataclass(frozen=True, slots=True)
class LotLine:
    """A line of the manifest and what became of it; `record_id` None: no record shows it;
    `event_id` is the statement that speaks of its end.
    """

    expected: ExpectedDisk
    state: State
    record_id: str | None
    event_id: str | None = None


@dataclass(frozen=True, slots=True)
class LotCustody:
    """What a lot holds beside its records: statements that count and those apart, what each record
    says is left, how many things a list without serials names.
    """

    statements: tuple[StatementRow, ...] = ()
    apart: tuple[ApartStatement, ...] = ()
    remainders: Remainders = field(default_factory=lambda: Remainders({}))
    counts: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Gap:
    """Numbers of a bench's ledger between the first and the last seen that no lot has seen."""

    ledger: str
    bench: str
    numbers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class LotStatus:
    """A lot's whole state. Disks are counted once each, by serial: `erased` are those of which it
    is proven and nothing contradicts it, `rejected` the others. `nameless` counts erasures of disks
    without a number: one disk may be in it twice.
    """

    lot: Lot
    machines: tuple[MachineRow, ...]
    lines: tuple[LotLine, ...]
    erased: int
    rejected: int
    unexpected: tuple[str, ...]  # record ids
    duplicates: tuple[tuple[str, tuple[str, ...]], ...]  # serial, the records that hold it
    apart: tuple[Apart, ...]  # records that count for nothing
    gaps: tuple[Gap, ...]
    categories: tuple[tuple[str, int], ...]
    readiness: tuple[tuple[str, int], ...]
    problems: tuple[tuple[str, Message], ...]
    exit_code: int = 0
    computers_left: tuple[str, ...] = ()  # records of computers of which something is left
    statements: tuple[StatementRow, ...] = ()
    statements_apart: tuple[ApartStatement, ...] = ()
    conflicts: tuple[Conflict, ...] = ()
    said_twice: tuple[Conflict, ...] = ()
    counts: tuple[CountLine, ...] = ()
    open_items: tuple[OpenItem, ...] = ()
    balance: Closing = field(default_factory=lambda: Closing(0, 0, 0, 0, 0))
    nameless: int = 0

    def count(self, state: State) -> int:
        """How many lines of the manifest are in a state."""
        return sum(line.state is state for line in self.lines)

    @property
    def line_count(self) -> int:
        """How many lines the manifest has."""
        return len(self.lines)

    @property
    def machine_count(self) -> int:
        """How many records count."""
        return len(self.machines)

    @property
    def seen(self) -> int:
        """How many lines of the manifest have a record."""
        return sum(line.record_id is not None for line in self.lines)

    @property
    def complete(self) -> bool:
        """Whether the lot balances: everything is settled, and nothing is wrong or contradicted."""
        wrong = self.problems or self.apart or self.statements_apart or self.conflicts
        return bool(self.machine_count or self.statements) and not wrong and not self.open_items


def lot_status(
    lot: Lot,
    expected: tuple[ExpectedDisk, ...],
    standing: tuple[tuple[MachineRow, ...], tuple[Apart, ...]],
    problems: tuple[tuple[str, Message], ...],
    numbers: Callable[[str], set[int]],
    custody: LotCustody | None = None,
    *,
    listed: bool | None = None,
) -> LotStatus:
    """The state of a lot from its rows (`stand`); `numbers` gives those seen of a ledger. `listed`:
    whether the list names anything, where `expected` is a part of it.
    """
    machines, apart = standing
    custody = custody or LotCustody()
    last = last_results(machines)
    facts = lot_facts(expected, machines, last, custody.remainders, custody.statements)
    lines = tuple(_line(one, facts) for one in expected)
    counts = count_lines(custody.counts, facts, machines)
    opened = (
        *(_open_line(one, facts) for one in lines if one.state not in SETTLED),
        *missing_counts(counts),
        *unlisted_items(facts, machines, custody.counts),
    )
    holders: dict[str, list[str]] = {}
    for row in machines:
        for disk in row.disks:
            if disk.found_by:
                holders.setdefault(disk.found_by, []).append(row.record_id)
    wanted = {one.serial for one in expected}
    listed = bool(expected) if listed is None else listed
    erased = sum(facts.disk(serial).state is State.ERASED for serial in last)
    unnumbered = [disk.approved for row in machines for disk in row.disks if not disk.found_by]
    return LotStatus(
        lot=lot,
        machines=machines,
        lines=lines,
        erased=erased,
        rejected=len(last) - erased + unnumbered.count(False),
        unexpected=tuple(
            row.record_id for row in machines if listed and not (_serials(row) & wanted)
        ),
        duplicates=tuple(
            (serial, tuple(ids)) for serial, ids in sorted(holders.items()) if len(ids) > 1
        ),
        apart=apart,
        gaps=tuple(_gaps(machines, numbers)),
        categories=tuple(sorted(Counter(r.category for r in machines if r.category).items())),
        readiness=tuple(sorted(Counter(word for row in machines for word in row.profiles).items())),
        problems=problems,
        computers_left=tuple(row.record_id for row in computers_left(facts, machines)),
        statements=custody.statements,
        statements_apart=custody.apart,
        conflicts=tuple(facts.conflicts),
        said_twice=tuple(facts.doubled),
        counts=counts,
        open_items=opened,
        balance=closing_of((one.state for one in lines), counts, opened),
        nameless=unnumbered.count(True),
    )


def _line(one: ExpectedDisk, facts: LotFacts) -> LotLine:
    fate = line_fate(one, facts)
    return LotLine(one, fate.state, fate.record_id, fate.event_id)


def _open_line(line: LotLine, facts: LotFacts) -> OpenItem:
    one = line.expected
    return OpenItem(kind_of(one, facts), one.written, line.state, listed=True)


def last_results(machines: tuple[MachineRow, ...]) -> dict[str, tuple[MachineRow, DiskRow]]:
    """Each disk's last result, by its serial."""
    last: dict[str, tuple[MachineRow, DiskRow]] = {}
    for row in sorted(machines, key=lambda one: (one.issued_at, one.number or 0)):
        for disk in row.disks:
            before = last.get(disk.found_by or "")
            # of two name spaces of one drive the one that is not erased speaks for the drive
            worse = before is None or before[0] is not row or before[1].approved
            if disk.found_by and worse:
                last[disk.found_by] = (row, disk)
    return last


def _serials(row: MachineRow) -> set[str]:
    return {serial for serial in (row.found_by, *(d.found_by for d in row.disks)) if serial}


def _gaps(machines: tuple[MachineRow, ...], numbers: Callable[[str], set[int]]) -> Iterable[Gap]:
    seen: dict[str, list[MachineRow]] = {}
    for row in machines:
        if row.ledger is not None and row.number is not None:
            seen.setdefault(row.ledger, []).append(row)
    for ledger, rows in sorted(seen.items()):
        own = [row.number or 0 for row in rows]
        absent = set(range(min(own), max(own) + 1)) - set(own)
        absent -= numbers(ledger) if absent else set()
        if absent:
            yield Gap(ledger, rows[0].bench, tuple(sorted(absent)))
