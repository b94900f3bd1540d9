"""Does a lot balance: what was expected, and where each thing is. Pure.

Why by name: a sum of 412 proves nothing while one disk is doubled and another is gone. Each line of
the list is in one state; what is not settled is an open item, named, and so is what the records
hold beyond the list. A list of counts only can name nothing that is missing but how many.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from recond.custody import Closing, Thing, ThingKind
from recond.flow.lot.fate import LotFacts, ThingFate
from recond.flow.lot.manifest import ExpectedDisk
from recond.flow.lot.rows import SETTLED, MachineRow, State
from recond.flow.serials import compared


@dataclass(frozen=True, slots=True)
class OpenItem:
    """Something that is not settled: a line of the list, or what the records hold beyond it."""

    kind: ThingKind
    serial: str
    state: State
    listed: bool


@dataclass(frozen=True, slots=True)
class CountLine:
    """A kind of thing of which the list names only how many."""

    kind: ThingKind
    expected: int
    erased: int
    destroyed: int
    returned: int
    opened: int  # here, and not settled
    missing: int
    surplus: int


def kind_of(one: ExpectedDisk, facts: LotFacts) -> ThingKind:
    """What a line of the list is: the heading says it, else where it was seen."""
    disk = one.kind == "disk" or (one.serial in facts.last and one.serial not in facts.machines)
    return ThingKind.DISK if disk else ThingKind.COMPUTER


def line_fate(one: ExpectedDisk, facts: LotFacts) -> ThingFate:
    """What became of a line of the list."""
    if kind_of(one, facts) is ThingKind.DISK:
        return facts.disk(one.serial)
    if one.serial in facts.machines or one.serial in facts.taken:
        return facts.computer(one.serial)
    told = [one.thing.kind for one in facts.told.get(one.serial, ())]
    return facts.disk(one.serial) if ThingKind.DISK in told else facts.computer(one.serial)


def unlisted_items(
    facts: LotFacts, machines: tuple[MachineRow, ...], counts: Mapping[str, int]
) -> tuple[OpenItem, ...]:
    """What records and statements hold beyond the list, and is not settled; each thing once."""
    found: dict[tuple[ThingKind, str], OpenItem] = {}
    for one in (*_recorded(facts, machines), *_spoken(facts), *_counted(facts, machines, counts)):
        found.setdefault((one.kind, compared(one.serial)), one)
    return tuple(found.values())


def _recorded(facts: LotFacts, machines: Iterable[MachineRow]) -> Iterable[OpenItem]:
    for serial, (_, disk) in sorted(facts.last.items()):
        if serial not in facts.listed and (state := facts.disk(serial).state) not in SETTLED:
            yield OpenItem(ThingKind.DISK, disk.serial or serial, state, listed=False)
    for row in machines:
        for disk in row.disks:
            if not disk.found_by and not disk.approved:
                name = f"{row.record_id} ({disk.position + 1})"
                yield OpenItem(ThingKind.DISK, name, State.REJECTED, listed=False)
    for row in computers_left(facts, machines):
        if row.found_by not in facts.listed:
            name = row.serial or row.record_id
            yield OpenItem(ThingKind.COMPUTER, name, State.REJECTED, listed=False)


def _spoken(facts: LotFacts) -> Iterable[OpenItem]:
    """What only people speak of: that a thing came, or was taken out, does not settle it."""
    recorded = facts.listed.keys() | facts.last.keys() | facts.machines.keys()
    for serial in sorted(facts.told.keys() - recorded):
        thing = facts.told[serial][0].thing
        fate = facts.disk(serial) if thing.kind is ThingKind.DISK else facts.computer(serial)
        if fate.state not in SETTLED:
            yield OpenItem(thing.kind, thing.serial, fate.state, listed=False)


def _counted(
    facts: LotFacts, machines: tuple[MachineRow, ...], counts: Mapping[str, int]
) -> Iterable[OpenItem]:
    """Of a list of counts every thing that stands for one of its lines."""
    for kind, states in counted_states(facts, machines).items() if counts else ():
        for serial, state in sorted(states.items()):
            if kind.value in counts and state not in SETTLED:
                yield OpenItem(kind, serial, state, listed=False)


def computers_left(facts: LotFacts, machines: Iterable[MachineRow]) -> tuple[MachineRow, ...]:
    """The records of computers of which something is left, or nobody knows: each one's last, and
    only where nothing else settles it.
    """
    last = {
        row.found_by or row.record_id: row
        for row in sorted(machines, key=lambda one: (one.issued_at, one.number or 0))
    }
    return tuple(
        row
        for key, row in last.items()
        if (row.is_left or row.is_whole)
        and (row.is_left if row.found_by is None else facts.computer(key).state not in SETTLED)
    )


def count_lines(
    counts: Mapping[str, int], facts: LotFacts, machines: tuple[MachineRow, ...]
) -> tuple[CountLine, ...]:
    """A list of counts against what is here."""
    states = counted_states(facts, machines) if counts else {}
    return tuple(
        _count_line(kind, counts[kind.value], list(found.values()))
        for kind, found in states.items()
        if kind.value in counts
    )


def counted_states(
    facts: LotFacts, machines: tuple[MachineRow, ...]
) -> dict[ThingKind, dict[str, State]]:
    """What became of each computer, and of each disk that came in none of them."""
    inside = {serial for left in facts.remainders.values() for serial in left.held}
    inside |= {serial for taken in facts.taken.values() for serial in taken}
    told = {
        kind: {s for s, said in facts.told.items() if any(o.thing.kind is kind for o in said)}
        for kind in ThingKind
    }
    computers = {s: facts.computer(s).state for s in {*facts.machines, *told[ThingKind.COMPUTER]}}
    for row in machines:
        if row.found_by is None and (row.is_whole or row.is_left):
            computers[row.record_id] = State.ERASED if row.is_whole else State.REJECTED
    disks = {
        s: facts.disk(s).state for s in {*facts.last, *told[ThingKind.DISK]} if s not in inside
    }
    return {ThingKind.COMPUTER: computers, ThingKind.DISK: disks}


def _count_line(kind: ThingKind, expected: int, found: list[State]) -> CountLine:
    erased, destroyed, returned = (found.count(state) for state in SETTLED)
    return CountLine(
        kind,
        expected,
        erased,
        destroyed,
        returned,
        len(found) - erased - destroyed - returned,
        max(0, expected - len(found)),
        max(0, len(found) - expected),
    )


def closing_of(
    states: Iterable[State], counts: tuple[CountLine, ...], opened: tuple[OpenItem, ...]
) -> Closing:
    """The balance in numbers: the list's lines, or its counts."""
    found = list(states)
    erased, destroyed, returned = (found.count(state) for state in SETTLED)
    if not counts:
        listed = sum(one.listed for one in opened)
        return Closing(len(found), erased, destroyed, returned, listed)
    return Closing(
        sum(one.expected for one in counts),
        sum(one.erased for one in counts),
        sum(one.destroyed for one in counts),
        sum(one.returned for one in counts),
        sum(one.opened + one.missing for one in counts),
    )


def missing_counts(counts: tuple[CountLine, ...]) -> Iterable[OpenItem]:
    """How many of a list of counts nobody saw."""
    for one in counts:
        if one.missing:
            yield OpenItem(one.kind, f"× {one.missing}", State.MISSING, listed=True)


def things_of_items(items: Iterable[OpenItem]) -> tuple[Thing, ...]:
    """Open items as a closing statement names them, each number once."""
    named: dict[str, Thing] = {}
    for one in items:
        thing = Thing(one.kind, one.serial, state=one.state.value)
        named.setdefault(compared(one.serial), thing)
    return tuple(named.values())
