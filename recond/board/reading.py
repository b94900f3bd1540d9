"""Records as pages read them, each question held to what its reader may see.

Why the limit stands here and not in the pages: a donor sees the trusted records of their own lots
and no other, by whatever way they ask; a page cannot forget it, because it has no other way.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from recond.board import search
from recond.board.people import BoardPerson, Role
from recond.board.tables import DISKS, RECORDS
from recond.computer import ALL_ERASED, Overall
from recond.flow.serials import compared

SHOWN = 50


@dataclass(frozen=True, slots=True)
class DiskLine:
    """A disk in a record."""

    serial: str | None
    model: str | None
    medium: str
    size_bytes: int
    status: str
    verdict: str
    level: str
    approved: bool


@dataclass(frozen=True, slots=True)
class RecordLine:
    """A record in a list. `outcome` is the record's own headline (`recond.computer`)."""

    id: int
    record_id: str
    digest: str
    package: str
    issued_at: str
    received_at: str
    trusted: bool
    current: bool
    outcome: str
    computer: str | None
    maker: str | None
    model: str | None
    serial: str | None
    form: str | None
    property_number: str | None
    lot: str | None
    donor: str | None
    operator: str | None
    workshop: str | None
    bench_name: str | None
    category: str | None
    readiness: str
    signer: str
    duration_s: int | None
    disks: tuple[DiskLine, ...] = ()

    @property
    def tone(self) -> str:
        """good only for a trusted record whose own word is that all is erased."""
        if self.outcome in ALL_ERASED:
            return "good" if self.trusted else "care"
        if self.outcome == Overall.ACCOUNTED:
            return "care"
        return "calm" if self.outcome == Overall.NOTHING else "alarm"

    @property
    def name(self) -> str:
        """What the computer is called; for a dock's record, its disks."""
        words = " ".join(word for word in (self.maker, self.model) if word)
        if words:
            return words
        return ", ".join(disk.model or "—" for disk in self.disks[:3]) or "—"


_COLUMNS = [RECORDS.c[name] for name in RecordLine.__slots__ if name not in ("disks",)]


def may_see(person: BoardPerson) -> sa.ColumnElement[bool]:
    """The condition under which a reader may see a record."""
    if person.role is Role.DONOR:
        return sa.and_(RECORDS.c.lot.in_(sorted(person.lots)), RECORDS.c.trusted, RECORDS.c.current)
    return sa.true()


def find(
    db: sa.Connection, person: BoardPerson, question: str, before: int | None = None
) -> tuple[RecordLine, ...]:
    """The newest records that meet every word typed, at most `SHOWN`; of nothing typed, the newest.

    `before` goes on where a list ended: records with a smaller id.
    """
    terms = search.terms_of(question)
    if question.strip() and not terms:
        return ()
    wanted = sa.select(*_COLUMNS).where(may_see(person), RECORDS.c.current)
    newest_first = RECORDS.c.id.desc()
    if not terms:
        if before is not None:
            wanted = wanted.where(RECORDS.c.id < before)
        return _with_disks(db, wanted.order_by(newest_first).limit(SHOWN))
    own = sa.select(RECORDS.c.id).where(may_see(person)) if person.role is Role.DONOR else None
    found: list[RecordLine] = []
    while len(found) < SHOWN:  # again only where many were issued anew since
        ids = search.newest(db, terms, before, 2 * SHOWN, own)
        found += _with_disks(db, wanted.where(RECORDS.c.id.in_(ids)).order_by(newest_first))
        if len(ids) < 2 * SHOWN:
            break
        before = ids[-1]
    return tuple(found[:SHOWN])


def one(db: sa.Connection, person: BoardPerson, number: int) -> RecordLine | None:
    """A record by the board's own number."""
    wanted = sa.select(*_COLUMNS).where(may_see(person), RECORDS.c.id == number)
    return next(iter(_with_disks(db, wanted)), None)


def issues(db: sa.Connection, person: BoardPerson, record_id: str) -> tuple[RecordLine, ...]:
    """Every issue of a record, newest first."""
    wanted = sa.select(*_COLUMNS).where(may_see(person), RECORDS.c.record_id == record_id)
    return _with_disks(db, wanted.order_by(RECORDS.c.current.desc(), RECORDS.c.id.desc()))


def of_computer(db: sa.Connection, person: BoardPerson, computer: str) -> tuple[RecordLine, ...]:
    """Every record of one machine, newest first."""
    wanted = sa.select(*_COLUMNS).where(
        may_see(person), RECORDS.c.computer == computer, RECORDS.c.current
    )
    return _with_disks(db, wanted.order_by(RECORDS.c.issued_at.desc()).limit(SHOWN))


def of_disk(db: sa.Connection, person: BoardPerson, serial: str) -> tuple[RecordLine, ...]:
    """Every record that holds a disk, newest first: its history, also in other machines."""
    held = sa.select(DISKS.c.record).where(DISKS.c.found_by == compared(serial))
    wanted = sa.select(*_COLUMNS).where(may_see(person), RECORDS.c.current, RECORDS.c.id.in_(held))
    return _with_disks(db, wanted.order_by(RECORDS.c.issued_at.desc()).limit(SHOWN))


def _with_disks(db: sa.Connection, wanted: sa.Select[Any]) -> tuple[RecordLine, ...]:
    rows = db.execute(wanted).mappings().all()
    disks: dict[int, list[DiskLine]] = {row["id"]: [] for row in rows}
    if disks:
        found = db.execute(
            sa.select(DISKS)
            .where(DISKS.c.record.in_(list(disks)))
            .order_by(DISKS.c.record, DISKS.c.position)
        )
        for disk in found:
            disks[disk.record].append(
                DiskLine(
                    disk.serial,
                    disk.model,
                    disk.medium,
                    disk.size_bytes,
                    disk.status,
                    disk.verdict,
                    disk.level,
                    disk.approved,
                )
            )
    return tuple(RecordLine(**row, disks=tuple(disks[row["id"]])) for row in rows)
