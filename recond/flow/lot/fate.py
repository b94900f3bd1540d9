"""What became of each computer and disk of a lot: from its records, and from people's words.

Why the order of things counts: a word never takes evidence away, and evidence never makes a word
true. A disk whose last record says erased and approved is erased; else it may have been destroyed
or returned by somebody's word. What comes after the end of a thing (an erasure of a destroyed
disk, a second way to go) contradicts it: nobody guesses which is true. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from recond.custody import GONE, CustodyEvent, CustodyKind, Thing, ThingKind
from recond.flow.lot.manifest import ExpectedDisk
from recond.flow.lot.rows import (
    SETTLED,
    Conflict,
    DiskRow,
    LeftMedium,
    MachineRow,
    Remainders,
    State,
    StatementRow,
)
from recond.flow.lot.sameness import (
    disk_misfit,
    models_differ,
    other_disk,
    sizes_differ,
    unfollowed,
)
from recond.flow.serials import compared
from recond.model import Message

_COMES_BACK = frozenset({CustodyKind.RETURNED, CustodyKind.HANDED_OVER})


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


@dataclass(frozen=True, slots=True)
class ThingFate:
    """What became of a thing, and the record or statement that says so last."""

    state: State
    record_id: str | None = None
    event_id: str | None = None


@dataclass
class LotFacts:
    """Everything that is known of a lot's things, by their serials as they are compared."""

    listed: dict[str, ExpectedDisk]
    last: dict[str, tuple[MachineRow, DiskRow]]
    machines: dict[str, list[MachineRow]] = field(default_factory=dict)
    remainders: Remainders = field(default_factory=lambda: Remainders({}))
    told: dict[str, list[Spoken]] = field(default_factory=dict)
    taken: dict[str, list[str]] = field(default_factory=dict)  # out of a computer: its disks
    results: dict[str, list[tuple[MachineRow, DiskRow]]] = field(default_factory=dict)
    left: dict[str, list[tuple[str, LeftMedium]]] = field(default_factory=dict)  # by its record
    conflicts: dict[Conflict, None] = field(default_factory=dict)
    doubled: dict[Conflict, None] = field(default_factory=dict)
    _disks: dict[str, ThingFate] = field(default_factory=dict)
    _computers: dict[str, ThingFate] = field(default_factory=dict)

    def disk(self, serial: str) -> ThingFate:
        """What became of a disk. Asked when every fact is in: the answer is kept."""
        found = self._disks.get(serial)
        if found is None:
            found = self._disks[serial] = self._disk(serial)
        return found

    def computer(self, serial: str) -> ThingFate:
        """What became of a computer, which is settled when each medium of it is; kept as well."""
        found = self._computers.get(serial)
        if found is None:
            found = self._computers[serial] = self._computer(serial)
        return found

    def _disk(self, serial: str) -> ThingFate:
        gone, contradicted, away = self._end(serial)
        event_id = gone.event.event_id if gone else None
        row, disk = self.last.get(serial, (None, None))
        record_id = row.record_id if row else None
        if row and disk and gone and (disk.ended_at or row.issued_at) > gone.moment:
            self._conflict(serial, "lot.custody.after", gone, record_id)
            contradicted = True
        for other, medium in self.left.get(serial, ()):
            if gone and medium.seen_at and medium.seen_at > gone.moment:
                self._conflict(serial, "lot.custody.after", gone, other)
                contradicted = True
        listed = self.listed.get(serial)
        if disk and listed and (why := disk_misfit(listed, disk)):
            self.conflicts[Conflict(listed.written, why)] = None
            contradicted = True
        if disk and disk.approved and (why := unfollowed(self.results.get(serial, []))):
            self.conflicts[Conflict(disk.serial or serial, why)] = None
            contradicted = True
        if contradicted:
            return ThingFate(State.CONTRADICTED, record_id, event_id)
        if row and disk and disk.approved and row.found_by:  # it went where its computer went
            away = max(filter(None, (away, self._end(row.found_by)[2])), key=_moment, default=None)
        if row and disk and away and (disk.ended_at or row.issued_at) <= away.moment:
            self._conflict(serial, "lot.custody.back", away, record_id)
            return ThingFate(State.HELD, record_id, event_id)
        if disk and disk.approved:
            return ThingFate(State.ERASED, record_id, event_id)
        found = self._gone(serial, gone)
        if found is not None:
            return ThingFate(found, record_id, event_id)
        if disk:
            return ThingFate(State.REJECTED, record_id)
        return ThingFate(State.HELD if serial in self.told else State.MISSING)

    def _computer(self, serial: str) -> ThingFate:
        gone, contradicted, away = self._end(serial)
        event_id = gone.event.event_id if gone else None
        rows = self.machines.get(serial, [])
        newest = max(rows, key=_age) if rows else None
        record_id = newest.record_id if newest else None
        inside = self._inside(newest, serial) if newest else None
        if newest and gone and newest.issued_at > gone.moment:
            self._conflict(serial, "lot.custody.after", gone, record_id)
            contradicted = True
        if contradicted or inside is State.CONTRADICTED:
            return ThingFate(State.CONTRADICTED, record_id, event_id)
        if newest and away and newest.issued_at <= away.moment:
            self._conflict(serial, "lot.custody.back", away, record_id)
            return ThingFate(State.HELD, record_id, event_id)
        if inside in SETTLED:
            return ThingFate(inside, record_id, event_id)
        found = self._gone(serial, gone)
        if gone and found in SETTLED and self._stayed(serial, newest, gone):
            found = State.GONE
        if found is not None:
            return ThingFate(found, record_id, event_id)
        if inside is not None:
            return ThingFate(inside, record_id)
        known = serial in self.told or serial in self.taken
        return ThingFate(State.HELD if known else State.MISSING)

    def _inside(self, newest: MachineRow, serial: str) -> State:
        """A computer's state by its media; of several ways to be settled the weakest."""
        disks = [
            self.last[disk.found_by][1] if disk.found_by else disk
            for row in self.machines[serial]
            for disk in row.disks
        ]
        whole = newest.is_whole and all(disk.approved for disk in disks)
        taken = set(self.taken.get(serial, ()))
        bare = not taken and self.remainders.names_nothing(newest.record_id)
        left = None if bare else self.remainders.get(newest.record_id)
        if left is None:
            whole = whole and not taken
        elif left.nameless:  # with a whole record: a disk without a number that was taken out
            whole = False
        elif left.left or left.removed or left.destroyed or taken:
            found = [self._part(one, newest) for one in left.left]
            found += [self.disk(one).state for one in {*left.removed, *taken} - set(left.left)]
            found += [State.CONTRADICTED for one in left.told if self._is_another(one, newest)]
            found += [State.DESTROYED] if left.destroyed else []
            found += [State.ERASED] if any(disk.approved for disk in disks) else []
            if State.CONTRADICTED in found:
                return State.CONTRADICTED
            if all(one in SETTLED for one in found):
                return max(found, key=SETTLED.index)
            whole = False
        if whole and disks:
            return State.ERASED
        return State.REJECTED if disks else State.SEEN

    def _is_another(self, medium: LeftMedium, newest: MachineRow) -> bool:
        """Whether the disk that was erased under a medium's number is another one; it is named."""
        row, disk = self.last.get(medium.serial, (None, None))
        if row is None or disk is None or not disk.approved:
            return False
        models, sizes = (medium.model, disk.model), (medium.size_bytes, disk.size_bytes or None)
        if not models_differ(*models) and not sizes_differ(*sizes):
            return False
        why = other_disk(newest.record_id, medium.model, medium.size_bytes)
        self.conflicts[Conflict(disk.serial or medium.serial, why)] = None
        return True

    def _part(self, serial: str, newest: MachineRow) -> State:
        """A medium that a record left: an erasure counts only if another record shows it whole."""
        state = self.disk(serial).state
        if state is State.ERASED:
            row = self.last[serial][0]
            same = [disk for disk in row.disks if disk.found_by == serial]
            other = row.record_id != newest.record_id and all(disk.approved for disk in same)
            return State.ERASED if other and _age(row) > _age(newest) else State.REJECTED
        return state

    def _stayed(self, serial: str, newest: MachineRow | None, gone: Spoken) -> bool:
        """Whether a disk that was taken out of a computer is left when it goes; each is named."""
        left = self.remainders.get(newest.record_id) if newest else None
        out = {*self.taken.get(serial, ()), *(left.removed if left else ())}
        stayed = [one for one in sorted(out) if self.disk(one).state not in SETTLED]
        for one in stayed:
            self._conflict(serial, "lot.custody.stayed", gone, one)
        return bool(stayed)

    def _end(self, serial: str) -> tuple[Spoken | None, bool, Spoken | None]:
        """How a thing went, by the statements alone, whether they contradict each other, and from
        which absence it came back: what was read of it before says nothing of what it holds now.
        """
        gone: Spoken | None = None
        away: Spoken | None = None
        contradicted = False
        for one in self.told.get(serial, ()):
            kind = one.event.kind
            if kind is CustodyKind.RECEIVED and (gone is None or gone.event.kind in _COMES_BACK):
                gone, away = None, gone or away
            elif gone is None:
                gone = one if kind in GONE else None
            elif kind is gone.event.kind:
                self.doubled[_said_twice(one, gone)] = None
            else:
                self._conflict(serial, "lot.custody.after", gone, one.event.event_id)
                contradicted = True
        return gone, contradicted, away

    def _gone(self, serial: str, gone: Spoken | None) -> State | None:
        """A settled state by somebody's word; what left unerased is named."""
        if gone is None:
            return None
        if gone.event.kind is CustodyKind.DESTROYED:
            return State.DESTROYED
        if gone.event.kind is CustodyKind.RETURNED:
            return State.RETURNED
        self._conflict(serial, "lot.custody.unerased", gone, None)
        return State.GONE

    def _conflict(self, serial: str, code: str, gone: Spoken, other: str | None) -> None:
        why = Message.of(
            code,
            event=f"@custody.event.{gone.event.kind.value}",
            on_date=gone.event.happened_on,
            id=gone.event.event_id,
            other=other or "—",
        )
        self.conflicts[Conflict(gone.thing.serial or serial, why)] = None


def _moment(one: Spoken) -> str:
    return one.moment


def _age(row: MachineRow) -> tuple[str, int]:
    return row.issued_at, row.number or 0


def _said_twice(one: Spoken, gone: Spoken) -> Conflict:
    why = Message.of(
        "lot.custody.twice",
        event=f"@custody.event.{one.event.kind.value}",
        id=gone.event.event_id,
        other=one.event.event_id,
    )
    return Conflict(one.thing.serial, why)


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
    for row in sorted(machines, key=_age):
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
            continue
        facts.told.setdefault(serial, []).append(told)
        if event.kind is CustodyKind.REMOVED and event.computer:
            inside = facts.taken.setdefault(compared(event.computer), [])
            inside += [] if serial in inside else [serial]
    return facts


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
