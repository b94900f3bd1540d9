"""The facts of a lot, put together from its rows: which word is about which thing of which record.

Why apart from what they come to (`recond.flow.lot.fate`): here it is decided what counts.
Two things may bear one number, and a number may be mistyped: a word about another thing than the
one that is known settles nothing, is named, and leaves the known one in doubt. Pure.
"""

from __future__ import annotations

from recond.custody import CustodyKind, Thing, ThingKind
from recond.flow.likeness import models_differ, sizes_differ
from recond.flow.lot.fate import LotFacts, age_of
from recond.flow.lot.manifest import ExpectedDisk
from recond.flow.lot.rows import Conflict, DiskRow, MachineRow, Remainders, StatementRow
from recond.flow.lot.spoken import Spoken
from recond.flow.serials import compared
from recond.model import Message


def lot_facts(
    expected: tuple[ExpectedDisk, ...],
    machines: tuple[MachineRow, ...],
    last: dict[str, tuple[MachineRow, DiskRow]],
    remainders: Remainders,
    statements: tuple[StatementRow, ...],
) -> LotFacts:
    """The facts of a lot. A word about another thing of the same number is named and left out."""
    facts = LotFacts({one.serial: one for one in expected}, last, remainders=remainders)
    for row in machines:
        if row.found_by:
            facts.machines.setdefault(row.found_by, []).append(row)
    for row in sorted(machines, key=age_of):
        for disk in row.disks:
            if disk.found_by:
                facts.results.setdefault(disk.found_by, []).append((row, disk))
    for record_id in remainders:
        if not remainders.names_nothing(record_id):
            for one in remainders[record_id].told:
                facts.left.setdefault(one.serial, []).append((record_id, one))
    spoken = [Spoken(row.event, thing) for row in statements for thing in row.event.things]
    for told in sorted(spoken, key=_order):
        event, serial = told.event, compared(told.thing.serial)
        if event.kind is CustodyKind.CLOSED:
            continue
        why = _thing_misfit(facts, told.thing, serial)
        if why is not None:
            facts.conflicts[Conflict(told.thing.serial, why)] = None
            facts.doubted |= _doubted(facts, told, serial)
            continue
        facts.told.setdefault(serial, []).append(told)
        if event.kind is CustodyKind.REMOVED and event.computer:
            inside = facts.taken.setdefault(compared(event.computer), [])
            inside += [] if serial in inside else [serial]
    return facts


def _doubted(facts: LotFacts, told: Spoken, serial: str) -> set[str]:
    """What is not known any more where somebody speaks of another thing of a number: which of the
    two the line of that number is, unless the list says it, and what the computer held.
    """
    listed, model = facts.listed.get(serial), told.thing.model
    sure = listed is not None and listed.kind == "disk" and models_differ(model, listed.model)
    return {one for one in (serial * (not sure), compared(told.event.computer or "")) if one}


def _order(one: Spoken) -> tuple[str, str, int]:
    """As it happened, and of one moment as the ledger has it."""
    return one.moment, one.event.issued_at, one.event.ledger.number


def _thing_misfit(facts: LotFacts, thing: Thing, serial: str) -> Message | None:
    """Why a thing that somebody names is not the one of this number here."""
    listed, is_disk = facts.listed.get(serial), thing.kind is ThingKind.DISK
    known: list[tuple[str | None, int | None]] = []
    if listed is not None:
        known.append((listed.model, listed.size_bytes))
    if is_disk and serial in facts.last:
        disk = facts.last[serial][1]
        known.append((disk.model, disk.size_bytes or None))
    if is_disk:
        known += [(one.model, one.size_bytes) for _, one in facts.left.get(serial, ())]
    else:
        known += [(row.model, None) for row in facts.machines.get(serial, ())]
    said = (one.thing for one in facts.told.get(serial, ()) if one.thing.kind is thing.kind)
    known += [(one.model, one.size_bytes) for one in said]
    wrong = (
        (listed is not None and listed.kind == "disk" and not is_disk)
        or (is_disk and serial in facts.machines)
        or (not is_disk and serial in facts.last)
    )
    if wrong:
        return Message("lot.custody.kind")
    for model, size_bytes in known:
        if models_differ(thing.model, model):
            return Message.of("lot.custody.model", said=thing.model or "", known=model or "")
        if sizes_differ(thing.size_bytes, size_bytes):
            return Message.of(
                "lot.custody.size", said_bytes=thing.size_bytes or 0, known_bytes=size_bytes or 0
            )
    return None
