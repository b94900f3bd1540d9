"""Seeded histories of a lot, and a naive oracle of what physically is: neither knows the code.

Why: a lot says "erased" of a number, and the world has things: disks that change computers, vanish,
come back written upon, two that bear one number. Each event happens to the things first, and then
leaves what it leaves in the lot (a record by the real fold and census, a statement, or nothing).
The oracle asks the things, and only about those that some record or word has shown.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
import functools
import random
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from recond.census import OperatorWord, Said
from recond.certify.record import Belonging, fold_journal, journal_file
from recond.codec import canonical_bytes
from recond.custody import CustodyEvent, CustodyKind, Thing, ThingKind
from recond.erasure import DiskIdentity, Erasure, LedgerPosition, WipeRecord
from recond.flow.lot.collect import machine_row
from recond.flow.lot.manifest import ExpectedDisk
from recond.flow.lot.remainder import remainder_of
from recond.flow.lot.rows import SETTLED, Lot, Remainders, State, StatementRow
from recond.flow.lot.status import LotCustody, LotStatus, lot_status
from recond.model import Machine
from tests.computers import computer
from tests.custody.shop import drive
from tests.readiness.machines import known
from tests.upload.erased import journal
from tests.upload.records import notebook, record

K = CustodyKind
RUN = "20261124-100000-00000001"
EPOCH = dt.datetime(2026, 11, 1, tzinfo=dt.UTC)
DRIVES = ("SSD 860 EVO", "WD5000LPLX", "ST500LM030")
NOTEBOOKS = ("EliteBook 840", "ThinkPad X250", "Latitude 7490")
LOOSE, AWAY, LOST = "loose", "away", "lost"
MOVES = (
    *("erase",) * 6,
    *("erase_loose",) * 2,
    *("take_out", "slip_out", "move", "destroy", "go", "go", "come_back", "issue_again"),
)


def at(hours: float) -> str:
    return (EPOCH + dt.timedelta(hours=hours)).strftime("%Y-%m-%dT%H:%M:%S.000Z")


@functools.cache
def base() -> WipeRecord:
    return record()


@functools.cache
def identity(serial: str, model: str) -> DiskIdentity:
    return drive(serial, model)


@functools.cache
def _folded(*, fails: bool) -> Erasure:
    raw = journal(RUN, identity("D0", DRIVES[0]), fails=fails)
    return fold_journal(raw, journal_file("D0"), Belonging(RUN, False))


@functools.cache
def erasure(serial: str, model: str, *, fails: bool) -> Erasure:
    """What a journal proves, of another disk: each of its own would take longer than all else."""
    return dataclasses.replace(_folded(fails=fails), disk=identity(serial, model))


@functools.cache
def machine(serial: str, model: str, disks: tuple[DiskIdentity, ...]) -> Machine:
    found = notebook(serial)
    system = dataclasses.replace(found.system, model=known(model))
    return computer(dataclasses.replace(found, system=system), *disks)


@dataclass(eq=False)
class Drive:
    """A disk as it is. `shown`: a record or an unmistakable word has spoken of it; `settled_by`:
    the word that settles it, of itself or of the computer that it was last seen in.
    """

    serial: str
    model: str
    where: object = LOOSE
    clean: bool = False
    shown: bool = False
    settled_by: str | None = None
    failed_last: bool = False


@dataclass(eq=False)
class Notebook:
    """A computer as it is; `held`: each disk that something shows to have been in it."""

    serial: str
    model: str
    here: bool = True
    scrapped: bool = False
    held: set[Drive] = field(default_factory=set)
    last_seen: tuple[Drive, ...] = ()


class History:
    """A world, and what a lot gets to know of it."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.told: list[str] = []
        self.records: list[WipeRecord] = []
        self.words: list[CustodyEvent] = []
        self.hours, self.number = 10.0, 0
        any_of = self.chance.choice
        self.computers = [
            Notebook(f"NB{n}", NOTEBOOKS[n]) for n in range(self.chance.randint(1, 2))
        ]
        self.drives = [
            Drive(f"D{n}", any_of(DRIVES), any_of([*self.computers * 3, LOOSE]))
            for n in range(self.chance.randint(1, 4))
        ]
        if self.chance.random() < 0.3 and len(self.drives) > 1:
            others = [one for one in DRIVES if one != self.drives[0].model]
            self.drives[1].serial, self.drives[1].model = self.drives[0].serial, any_of(others)
        if self.chance.random() < 0.2 and len(self.computers) > 1:
            self.computers[1].serial = self.computers[0].serial
        for _ in range(self.chance.randint(2, 9)):
            self.hours += any_of([1, 2, 5, 30])
            getattr(self, f"_{any_of(MOVES)}")()

    def inside(self, one: Notebook) -> tuple[Drive, ...]:
        return tuple(disk for disk in self.drives if disk.where is one)

    def _within_reach(self) -> list[Drive]:
        return [
            disk
            for disk in self.drives
            if disk.where == LOOSE or (isinstance(disk.where, Notebook) and disk.where.here)
        ]

    def _any(self, things: list[Any]) -> Any:
        return self.chance.choice(things) if things else None

    # --- Records ---------------------------------------------------------------------------------

    def _erase(self) -> None:
        one = self._any([pc for pc in self.computers if pc.here and self.inside(pc)])
        inside = self.inside(one) if one else ()
        if len({disk.serial for disk in inside}) < max(1, len(inside)):
            return
        chosen = [disk for disk in inside if self.chance.random() < 0.8] or list(inside[:1])
        of = machine(one.serial, one.model, tuple(identity(d.serial, d.model) for d in inside))
        of = dataclasses.replace(of, inspected_at=at(self.hours))
        taken = [d for d in inside if d not in chosen and self.chance.random() < 0.3]
        words = {disk: self.chance.choice([Said.REMOVED, Said.DESTROYED]) for disk in taken}
        self._issue(of, [self._erased(disk) for disk in chosen], words)
        for disk in inside:
            disk.shown = True
            disk.settled_by = None
        for disk, said in words.items():
            disk.where = LOOSE if said is Said.REMOVED else LOST
            disk.settled_by = None if said is Said.REMOVED else said.value
        one.held |= {*inside}
        one.last_seen = inside

    def _erase_loose(self) -> None:
        disk = self._any([disk for disk in self.drives if disk.where == LOOSE])
        if disk:
            disk.shown = True
            self._issue(None, [self._erased(disk)])

    def _erased(self, disk: Drive) -> Erasure:
        fails = self.chance.random() < 0.2
        disk.clean, disk.failed_last = disk.clean or not fails, fails
        done = erasure(disk.serial, disk.model, fails=fails)
        ahead = 200 if self.chance.random() < 0.1 else 0  # the clock, until it is signed
        end = at(self.hours + 0.3 + ahead)
        return dataclasses.replace(done, started_at=at(self.hours + 0.1), ended_at=end)

    def _issue(
        self,
        of: Machine | None,
        erasures: list[Erasure],
        words: Mapping[Drive, Said] = MappingProxyType({}),
    ) -> None:
        self.hours += 0.5
        self.number += 1
        made = dataclasses.replace(
            base(),
            record_id=f"20261124-100000-{self.number:08x}",
            issued_at=at(self.hours),
            machine=of,
            erasures=tuple(erasures),
            ledger=self._place(),
            words=tuple(
                OperatorWord(disk.serial, said, "Ana Diaz", at(self.hours))
                for disk, said in words.items()
            ),
        )
        self.records.append(made)
        results = [(one.disk.serial, one.disk.model, one.result.status.value) for one in erasures]
        self._note(f"{made.record_id[-2:]} erases {results}, in {of and of.system.serial}")
        for disk, said in words.items():
            self._note(f"   and by its operator's word {disk.serial} is {said.value}")

    def _issue_again(self) -> None:
        """But not what a clock that was ahead dated: then nothing tells any more when it was."""
        one = self._any([o for o in self.records if not _is_ahead(o)])
        if one:
            self.number += 1
            again = dataclasses.replace(one, issued_at=at(self.hours), ledger=self._place())
            self.records[self.records.index(one)] = again
            self._note(f"{again.record_id[-2:]} is issued again")

    def _place(self) -> LedgerPosition:
        number = self.number + 1
        return LedgerPosition("feed" * 8, number, "0" * 64, "0" * 64, number + 1)

    def _note(self, said: str) -> None:
        self.told.append(f"{at(self.hours)[:16]} {said}")

    # --- What people do, and what they say of it -------------------------------------------------

    def _take_out(self) -> None:
        disk = self._any([d for d in self._within_reach() if isinstance(d.where, Notebook)])
        if disk:
            came_of, disk.where = disk.where, LOOSE
            if self._say(K.REMOVED, disk, computer=came_of.serial):
                came_of.held.add(disk)

    def _slip_out(self) -> None:
        disk = self._any([d for d in self._within_reach() if isinstance(d.where, Notebook)])
        if disk:
            disk.where = self.chance.choice([LOOSE, LOST])
            self._note(f"{disk.serial} ({disk.model}) is {disk.where}, in silence")

    def _move(self) -> None:
        disk = self._any(self._within_reach())
        one = self._any([pc for pc in self.computers if pc.here])
        if disk and one:
            disk.where = one
            self._note(f"{disk.serial} ({disk.model}) is put into {one.serial} ({one.model})")

    def _destroy(self) -> None:
        disk = self._any(self._within_reach())
        if disk:
            disk.where = LOST
            self._say(K.DESTROYED, disk)

    def _go(self) -> None:
        kind = self.chance.choice([K.HANDED_OVER, K.RETURNED, K.SCRAPPED])
        if self.chance.random() < 0.5:
            thing = self._any([disk for disk in self.drives if disk.where == LOOSE])
            if thing:
                thing.where = LOST if kind is K.SCRAPPED else AWAY
        else:
            thing = self._any([pc for pc in self.computers if pc.here])
            if thing:
                thing.here, thing.scrapped = False, kind is K.SCRAPPED
        if thing:
            self._say(kind, thing, party="Mairie")

    def _come_back(self) -> None:
        """Written upon by whoever had it, as far as anybody knows what was in it."""
        things: list[Drive | Notebook] = (
            [disk for disk in self.drives if disk.where == AWAY]
            if self.chance.random() < 0.5
            else [pc for pc in self.computers if not (pc.here or pc.scrapped)]
        )
        thing: Drive | Notebook | None = self._any(things)
        if thing is None:
            return
        dirty: list[Drive] = []
        if isinstance(thing, Drive):
            thing.where, dirty = LOOSE, [thing]
        else:
            thing.here, dirty = True, [d for d in self.inside(thing) if d in thing.held]
        for disk in dirty:
            disk.clean, disk.settled_by, disk.failed_last = False, None, False
        self._say(K.RECEIVED, thing, party="Mairie")

    def _say(self, kind: CustodyKind, of: Drive | Notebook, **more: Any) -> bool:
        """Somebody signs a word, perhaps days later. Whether it can be of no other thing."""
        is_disk = isinstance(of, Drive)
        everything: list[Drive | Notebook] = [*self.drives, *self.computers]
        same = [one for one in everything if one.serial == of.serial]
        labelled = self.chance.random() < 0.5
        thing = Thing(
            ThingKind.DISK if is_disk else ThingKind.COMPUTER,
            of.serial,
            of.model if labelled else None,
        )
        sure = labelled or len(same) == 1  # of another the order within a day would tell
        late = self.chance.choice([26, 50]) if sure and self.chance.random() < 0.2 else 0
        self.number += 1
        none: dict[str, Any] = {one.name: None for one in dataclasses.fields(CustodyEvent)}
        made: dict[str, Any] = {
            "schema": "recond.custody/1",
            "event_id": f"E{self.number}",
            "kind": kind,
            "happened_on": at(self.hours)[:10],
            "issued_at": at(self.hours + late),
            "software": (),
            "workshop": base().workshop,
            "operator": base().operator,
            "bench": base().bench,
            "things": (thing,),
            "certificates": (),
            "ledger": self._place(),
        }
        self.words.append(CustodyEvent(**none | made | more))
        self._note(f"{kind.value} {of.serial} (label {thing.model}), signed {late} h later")
        self._settle(kind, of, same if not sure else [of])
        if sure and isinstance(of, Drive):
            of.shown = True
        return sure

    def _settle(self, kind: CustodyKind, of: Drive | Notebook, meant: list[Any]) -> None:
        """What a word settles, of all that it may mean; where records show two, of none but it."""
        if kind not in (K.DESTROYED, K.RETURNED):
            return
        shown = [one for one in meant if isinstance(one, Drive) and one.shown]
        for one in [of] if len(shown) > 1 else meant:
            for disk in (one,) if isinstance(one, Drive) else (*one.last_seen, *self.inside(one)):
                disk.settled_by = kind.value

    # --- What the lot says, and what is ----------------------------------------------------------

    def listed(self) -> tuple[ExpectedDisk, ...]:
        """A donor's list: of nothing, of computers, of disks, or of both; with some models."""
        both: list[list[Drive | Notebook]] = [[*self.computers], [*self.drives]]
        which = self.chance.choice([[], *both, [*both[0], *both[1]]])
        things = {one.serial: one for one in reversed(which)}
        return tuple(
            ExpectedDisk(
                line,
                serial,
                serial,
                self.chance.choice(["disk", "serial"]) if isinstance(one, Drive) else "serial",
                one.model if self.chance.random() < 0.3 else None,
            )
            for line, (serial, one) in enumerate(things.items(), start=1)
        )

    def status(self, listed: tuple[ExpectedDisk, ...]) -> LotStatus:
        """What the lot says of it, by its own rows."""
        rows = tuple(machine_row(one, one.record_id, "S", "here") for one in self.records)
        left = {one.record_id: canonical_bytes(remainder_of(one)).decode() for one in self.records}
        words = sorted(self.words, key=lambda one: (one.issued_at, one.event_id))
        told = tuple(StatementRow(one, one.event_id, "S", "here") for one in words)
        custody = LotCustody(told, (), Remainders(left), {})
        lot = Lot("L", None, None, at(0))
        return lot_status(lot, listed, (rows, ()), (), lambda _: set(range(1000)), custody)

    def lies(self, status: LotStatus) -> list[str]:
        """What the lot says that is not so."""
        found = [
            f"{line.expected.serial} is not {line.state.value}: {disk.serial} ({disk.model})"
            for line in status.lines
            if line.state in SETTLED
            for disk in self._counts_for(line.expected)
            if not _is(disk, line.state)
        ]
        if status.complete:
            found += [f"{d.serial} ({d.model}) is open" for d in self.drives if _is_open(d)]
        return found

    def _counts_for(self, line: ExpectedDisk) -> list[Drive]:
        """The disks that must be settled where a line is."""
        of_it = [pc for pc in self.computers if pc.serial == line.serial]
        named = line.model if line.kind == "disk" else None
        return [
            disk
            for disk in self.drives
            if disk.shown
            and (
                any(disk in pc.held for pc in of_it)
                or (disk.serial == line.serial and named in (None, disk.model))
            )
        ]


def _is_ahead(one: WipeRecord) -> bool:
    return any((each.ended_at or "") > one.issued_at for each in one.erasures)


def _is_open(disk: Drive) -> bool:
    return disk.shown and not disk.clean and disk.settled_by is None


def _is(disk: Drive, state: State) -> bool:
    """Erased is what is clean, and whose last erasure did not fail; a word is a word."""
    if state is State.ERASED:
        return disk.clean and not (disk.failed_last and disk.settled_by is None)
    return not _is_open(disk)
