"""What became of each computer and disk of a lot: from its records, and from people's words.

Why the order of things counts: a word never takes evidence away, and evidence never makes a word
true. A disk whose last record says erased and approved is erased; else it may have been destroyed
or returned by somebody's word. What comes after the end of a thing (an erasure of a destroyed
disk, a second way to go) contradicts it: nobody guesses which is true. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from recond.custody import GONE, CustodyKind
from recond.flow.likeness import models_differ
from recond.flow.lot.manifest import ExpectedDisk
from recond.flow.lot.rows import (
    SETTLED,
    Conflict,
    DiskRow,
    LeftMedium,
    MachineRow,
    Remainder,
    Remainders,
    State,
)
from recond.flow.lot.sameness import (
    disk_misfit,
    erased_at,
    is_other,
    other_disk,
    two_known,
    unfollowed,
)
from recond.flow.lot.spoken import Absence, Spoken
from recond.model import Message

_COMES_BACK = frozenset({CustodyKind.RETURNED, CustodyKind.HANDED_OVER})


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
    doubted: set[str] = field(default_factory=set)  # somebody speaks of another thing of the number
    _disks: dict[str, ThingFate] = field(default_factory=dict)
    _computers: dict[str, ThingFate] = field(default_factory=dict)

    def disk(self, serial: str) -> ThingFate:
        """What became of a disk. Asked when every fact is in: the answer is kept."""
        found = self._disks.get(serial)
        if found is None:
            found = self._sure(self._disk(serial), serial)
            self._disks[serial] = found
        return found

    def computer(self, serial: str) -> ThingFate:
        """What became of a computer, which is settled when each medium of it is; kept as well."""
        found = self._computers.get(serial)
        if found is None:
            found = self._sure(self._computer(serial), serial)
            self._computers[serial] = found
        return found

    def _sure(self, found: ThingFate, serial: str) -> ThingFate:
        """The same, where no word says that something else bears the number, or its computer's."""
        row = self.last[serial][0] if serial in self.last else None
        if found.state in SETTLED and self.doubted & {serial, row.found_by if row else None}:
            return replace(found, state=State.CONTRADICTED)
        return found

    def _disk(self, serial: str) -> ThingFate:
        gone, contradicted, away = self._end(serial)
        event_id = gone.event.event_id if gone else None
        row, disk = self.last.get(serial, (None, None))
        record_id = row.record_id if row else None
        if row and disk and gone and erased_at(row, disk) > gone.moment:
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
        if disk and disk.approved and self._is_other_left(serial, disk):
            contradicted = True
        spoken = gone or away or any(map(self._came_back, self.results.get(serial, ())))
        if spoken and (why := two_known(self._known(serial))):
            self.conflicts[Conflict(disk.serial or serial if disk else serial, why)] = None
            contradicted = True
        if contradicted or (
            disk and disk.approved and self._is_unclear(row.found_by if row else None)
        ):
            return ThingFate(State.CONTRADICTED, record_id, event_id)
        if row and disk and disk.approved and row.found_by:  # it went where its computer went
            away = max(filter(None, (away, self._end(row.found_by)[2])), key=_until, default=None)
        if row and disk and away and erased_at(row, disk) <= away.until:
            self._conflict(serial, "lot.custody.back", away.said, record_id)
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
        newest = max(rows, key=lambda one: (one.done_at, age_of(one))) if rows else None
        record_id = newest.record_id if newest else None
        inside = self._inside(newest, serial) if newest else None
        if newest and gone and newest.done_at > gone.moment:
            self._conflict(serial, "lot.custody.after", gone, record_id)
            contradicted = True
        if contradicted or inside is State.CONTRADICTED:
            return ThingFate(State.CONTRADICTED, record_id, event_id)
        if newest and away and newest.done_at <= away.until:
            self._conflict(serial, "lot.custody.back", away.said, record_id)
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
        signed = max(self.machines[serial], key=age_of)  # a clock may have been behind
        whole = newest.is_whole and signed.is_whole and all(disk.approved for disk in disks)
        fates = {self.disk(disk.found_by).state for disk in disks if disk.found_by}
        if State.CONTRADICTED in fates or self._is_two(newest, serial):
            return State.CONTRADICTED
        if State.HELD in fates:  # one that came back, and is not treated again
            return State.REJECTED
        taken = set(self.taken.get(serial, ()))
        vanished = self._vanished(newest, serial)
        destroyed = any(left.destroyed for _, left in self._leaving(serial))
        missed = bool(taken or vanished or destroyed)
        bare = not missed and self.remainders.names_nothing(newest.record_id)
        left = None if bare else self.remainders.get(newest.record_id)
        if left is None:
            whole = whole and not missed
        elif left.nameless:  # with a whole record: a disk without a number that was taken out
            whole = False
        elif left.left or left.removed or missed:
            found = [self._part(one, newest) for one in left.left]
            found += [self._part(one, row) for one, row in vanished.items()]
            serials = {disk.found_by for disk in disks if disk.found_by}
            others = {*left.removed, *taken, *serials} - set(left.left)
            found += [self.disk(one).state for one in others]
            found += [State.CONTRADICTED for one in left.told if self._is_another(one, newest)]
            found += [State.DESTROYED] if destroyed else []
            nameless = [disk.approved for disk in disks if not disk.found_by]
            found += [State.ERASED if approved else State.REJECTED for approved in nameless]
            if State.CONTRADICTED in found:
                return State.CONTRADICTED
            if all(one in SETTLED for one in found):
                return max(found, key=SETTLED.index)
            whole = False
        if whole and disks:
            return State.ERASED
        return State.REJECTED if disks else State.SEEN

    def _is_two(self, newest: MachineRow, serial: str) -> bool:
        """Whether a computer of another model, not erased as a whole, bears the number as well."""
        for row in self.machines[serial]:
            if row.is_left and models_differ(row.model, newest.model):
                why = Message.of(
                    "lot.custody.other-computer", id=row.record_id, model=row.model or "—"
                )
                self.conflicts[Conflict(row.serial or serial, why)] = None
                return True
        return False

    def _vanished(self, newest: MachineRow, serial: str) -> dict[str, MachineRow]:
        """The media that a record of a computer left, or that somebody took out of it, and its
        newest one does not show at all: each with the last record that says so.
        """
        gone: dict[str, MachineRow] = {}
        for row, left in self._leaving(serial):
            if row is not newest:
                gone |= dict.fromkeys((*left.left, *left.removed), row)
        if gone and newest.record_id in self.remainders:
            for one in self.remainders[newest.record_id].held:
                gone.pop(one, None)
        return gone

    def _leaving(self, serial: str) -> Iterator[tuple[MachineRow, Remainder]]:
        """The records of a computer that leave something, as they were signed."""
        for row in sorted(self.machines[serial], key=age_of):
            if row.is_left and row.record_id in self.remainders:
                yield row, self.remainders[row.record_id]

    def _came_back(self, result: tuple[MachineRow, DiskRow]) -> bool:
        """Whether the computer that a disk was erased in was away since."""
        computer = result[0].found_by
        return bool(computer and self._end(computer)[2])

    def _is_unclear(self, computer: str | None) -> bool:
        """Whether nobody knows if a computer came back: its words contradict each other."""
        told = self.told.get(computer or "", ())
        back = any(one.event.kind is CustodyKind.RECEIVED for one in told)
        return bool(back and computer and self._end(computer)[1])

    def _known(self, serial: str) -> Iterator[tuple[str, str | None, int | None]]:
        """Every disk that records show under a number: the record, its model and size."""
        for row, disk in self.results.get(serial, ()):
            yield row.record_id, disk.model, disk.size_bytes or None
        for record_id, medium in self.left.get(serial, ()):
            yield record_id, medium.model, medium.size_bytes

    def _is_other_left(self, serial: str, disk: DiskRow) -> bool:
        """Whether a disk that was left under the number is another than the one that was erased,
        and was not erased after it was seen.
        """
        results = self.results.get(serial, [])
        for record_id, medium in self.left.get(serial, ()):
            if not is_other(medium, disk):
                continue
            own = [(row, one) for row, one in results if not is_other(medium, one)]
            seen = medium.seen_at or ""
            if any(one.approved and erased_at(row, one) > seen for row, one in own):
                continue
            why = other_disk(record_id, medium.model, medium.size_bytes)
            self.conflicts[Conflict(disk.serial or serial, why)] = None
            return True
        return False

    def _is_another(self, medium: LeftMedium, newest: MachineRow) -> bool:
        """Whether the disk that was erased under a medium's number is another one; it is named."""
        row, disk = self.last.get(medium.serial, (None, None))
        if row is None or disk is None or not disk.approved:
            return False
        if not is_other(medium, disk):
            return False
        why = other_disk(newest.record_id, medium.model, medium.size_bytes)
        self.conflicts[Conflict(disk.serial or medium.serial, why)] = None
        return True

    def _part(self, serial: str, by: MachineRow) -> State:
        """A medium that a record left: an erasure counts only if another record shows it whole, of
        a time after it.
        """
        state = self.disk(serial).state
        if state is State.ERASED:
            row = self.last[serial][0]
            same = [disk for disk in row.disks if disk.found_by == serial]
            other = row.record_id != by.record_id and all(disk.approved for disk in same)
            later = age_of(row) > age_of(by) and row.done_at > by.done_at
            return State.ERASED if other and later else State.REJECTED
        return state

    def _stayed(self, serial: str, newest: MachineRow | None, gone: Spoken) -> bool:
        """Whether a disk that was taken out of a computer, or is in it no more, is left when it
        goes; each is named.
        """
        left = self.remainders.get(newest.record_id) if newest else None
        rows = self.machines.get(serial, ())
        shown = [self.remainders[o.record_id] for o in rows if o.record_id in self.remainders]
        out = {one for each in shown for one in each.held} - set(left.held if left else ())
        out |= {*self.taken.get(serial, ()), *(left.removed if left else ())}
        stayed = [one for one in sorted(out) if self.disk(one).state not in SETTLED]
        for one in stayed:
            self._conflict(serial, "lot.custody.stayed", gone, one)
        return bool(stayed)

    def _end(self, serial: str) -> tuple[Spoken | None, bool, Absence | None]:
        """How a thing went, by the statements alone, whether they contradict each other, and from
        which absence it came back. Of an end without its hour nobody knows whether it was before
        what came in on that day; then it is here.
        """
        gone: Spoken | None = None
        away: Absence | None = None
        came: Spoken | None = None
        contradicted = False
        for one in self.told.get(serial, ()):
            kind = one.event.kind
            if kind is CustodyKind.RECEIVED and (gone is None or gone.event.kind in _COMES_BACK):
                away = Absence(gone, gone.moment) if gone else away
                gone, came = None, one
            elif gone is None and kind in _COMES_BACK and came and one.may_be_before(came):
                away = Absence(one, came.moment)
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


def _until(one: Absence) -> str:
    return one.until


def age_of(row: MachineRow) -> tuple[str, int]:
    """Records as they were signed."""
    return row.issued_at, row.number or 0


def _said_twice(one: Spoken, gone: Spoken) -> Conflict:
    why = Message.of(
        "lot.custody.twice",
        event=f"@custody.event.{one.event.kind.value}",
        id=gone.event.event_id,
        other=one.event.event_id,
    )
    return Conflict(one.thing.serial, why)
