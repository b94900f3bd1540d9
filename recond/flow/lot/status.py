"""What a lot comes to: expected, seen, erased, rejected, missing, unexpected, doubled. Pure.

Why a disk's last record decides: a failed disk is wiped again, a wiped disk may fail later. Nothing
is counted as erased but a disk whose last record says erased and approved; a machine that was seen
without any disk is seen, and no more. What no trusted key signed is apart: it is named, and changes
no line, in either direction.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from recond.flow.lot.manifest import ExpectedDisk
from recond.flow.lot.rows import DiskRow, Lot, MachineRow
from recond.flow.lot.standing import Apart
from recond.model import Message, Text


class State(Text):
    """What became of a line of the manifest."""

    ERASED = "erased"
    REJECTED = "rejected"
    SEEN = "seen"  # the machine has a record, and no disk in it
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class LotLine:
    """A line of the manifest and what became of it; `record_id` None: nothing was seen."""

    expected: ExpectedDisk
    state: State
    record_id: str | None


@dataclass(frozen=True, slots=True)
class Gap:
    """Numbers of a bench's ledger between the first and the last seen that no lot has seen."""

    ledger: str
    bench: str
    numbers: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class LotStatus:
    """A lot's whole state. Disks are counted once each, by serial."""

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

    @property
    def computers_left(self) -> tuple[str, ...]:
        """The records of computers of which something is left, or nobody knows: each one's last."""
        last = {
            row.found_by or row.record_id: row
            for row in sorted(self.machines, key=lambda one: (one.issued_at, one.number or 0))
        }
        return tuple(row.record_id for row in last.values() if row.is_left)

    def count(self, state: State) -> int:
        """How many lines of the manifest are in a state."""
        return sum(line.state is state for line in self.lines)

    @property
    def seen(self) -> int:
        """How many lines of the manifest have a record."""
        return len(self.lines) - self.count(State.MISSING)

    @property
    def complete(self) -> bool:
        """Whether nothing is missing, rejected, wrong or only seen."""
        left = self.rejected or self.problems or self.apart or self.computers_left
        return (
            bool(self.machines)
            and not left
            and all(line.state is State.ERASED for line in self.lines)
        )


def lot_status(
    lot: Lot,
    expected: tuple[ExpectedDisk, ...],
    standing: tuple[tuple[MachineRow, ...], tuple[Apart, ...]],
    problems: tuple[tuple[str, Message], ...],
    numbers: Callable[[str], set[int]],
) -> LotStatus:
    """The state of a lot from its rows (`stand`); `numbers` gives those seen of a ledger."""
    machines, apart = standing
    last = last_results(machines)
    by_machine: dict[str, list[MachineRow]] = {}
    holders: dict[str, list[str]] = {}
    for row in machines:
        if row.found_by:
            by_machine.setdefault(row.found_by, []).append(row)
        for disk in row.disks:
            if disk.found_by:
                holders.setdefault(disk.found_by, []).append(row.record_id)
    lines = tuple(_line(one, last, by_machine) for one in expected)
    wanted = {one.serial for one in expected}
    results = [disk for _, disk in last.values()] + [
        disk for row in machines for disk in row.disks if not disk.found_by
    ]
    return LotStatus(
        lot=lot,
        machines=machines,
        lines=lines,
        erased=sum(disk.approved for disk in results),
        rejected=sum(not disk.approved for disk in results),
        unexpected=tuple(
            row.record_id for row in machines if wanted and not (_serials(row) & wanted)
        ),
        duplicates=tuple(
            (serial, tuple(ids)) for serial, ids in sorted(holders.items()) if len(ids) > 1
        ),
        apart=apart,
        gaps=tuple(_gaps(machines, numbers)),
        categories=tuple(sorted(Counter(r.category for r in machines if r.category).items())),
        readiness=tuple(sorted(Counter(word for row in machines for word in row.profiles).items())),
        problems=problems,
    )


def last_results(machines: tuple[MachineRow, ...]) -> dict[str, tuple[MachineRow, DiskRow]]:
    """Each disk's last result, by its serial."""
    last: dict[str, tuple[MachineRow, DiskRow]] = {}
    for row in sorted(machines, key=lambda one: (one.issued_at, one.number or 0)):
        for disk in row.disks:
            if disk.found_by:
                last[disk.found_by] = (row, disk)
    return last


def _serials(row: MachineRow) -> set[str]:
    return {serial for serial in (row.found_by, *(d.found_by for d in row.disks)) if serial}


def _line(
    one: ExpectedDisk,
    last: dict[str, tuple[MachineRow, DiskRow]],
    by_machine: dict[str, list[MachineRow]],
) -> LotLine:
    if one.serial in last:
        row, disk = last[one.serial]
        return LotLine(one, State.ERASED if disk.approved else State.REJECTED, row.record_id)
    rows = by_machine.get(one.serial, [])
    if not rows:
        return LotLine(one, State.MISSING, None)
    disks = [
        last[disk.found_by][1] if disk.found_by else disk for row in rows for disk in row.disks
    ]
    newest = max(rows, key=lambda row: (row.issued_at, row.number or 0))
    whole = newest.is_whole and all(disk.approved for disk in disks)
    state = State.SEEN if not disks else State.ERASED if whole else State.REJECTED
    return LotLine(one, state, newest.record_id)


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
