"""The records of a lot of which there is nothing to judge: the database counts them.

Why: of 100,000 computers nearly all are one record, whole, with its disks erased, and named once.
Making rows of them to find that out takes longer than everything else. A record is plain only where
each condition is seen to hold here; whatever is doubled, spoken of, left, unlisted or by a key that
is not believed is none, and is judged from its rows (`recond.flow.lot.status`). So this adds no
second opinion: it says "erased" where all of it can say nothing else, and a test holds both equal.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from recond.flow.lot.rows import Remainders, is_whole
from recond.flow.lot.tables import (
    DISKS,
    EXPECTED,
    EXPECTED_SIZES,
    ISSUES,
    MACHINES,
    REMAINDERS,
)

MOST = 20_000
"""More names or records than these are not handed to the database (PostgreSQL takes 65,535 values
in one question); then every row is judged, as without this."""
_NOTHING_LEFT = '{"destroyed":[],"held":[%],"left":[],"nameless":0,"removed":[],"serial":%'
"""A remainder's canonical form that names nothing. Inside a text a quote stands behind a backslash,
so that no serial can look like these members."""


@dataclass(frozen=True, slots=True)
class PlainGroup:
    """Plain records of one ledger, category and readiness; `first`, `last`: their numbers."""

    ledger: str | None
    category: str | None
    readiness: str
    records: int
    disks: int
    lines: int
    first: int | None
    last: int | None


@dataclass(frozen=True, slots=True)
class Sifted:
    """A lot's plain records as groups, and the ids of the others, in order."""

    groups: tuple[PlainGroup, ...]
    others: tuple[str, ...]


def signed_between(db: sa.Connection, lot: str) -> tuple[tuple[str, str, str], ...]:
    """Each signer with the earliest and the latest time of its records, of those in UTC's form."""
    m = MACHINES.c
    found = sa.select(m.signer, sa.func.min(m.issued_at), sa.func.max(m.issued_at)).where(
        m.lot == lot, m.signer.is_not(None), *_in_form()
    )
    return tuple((row[0], row[1], row[2]) for row in db.execute(found.group_by(m.signer)))


def sift(
    db: sa.Connection, lot: str, believed: Sequence[str], spoken_of: Iterable[str]
) -> Sifted | None:
    """Part the plain records from the others; None where that is not worth asking.

    `believed` are the signers whose every record (`signed_between`) is; `spoken_of` the serials, as
    they are compared, that a statement names.
    """
    named = {*spoken_of, *_doubled(db, lot), *_left(db, lot)}
    if not believed or len(believed) > MOST or len(named) > MOST:
        return None
    holders = set(_holders(db, lot, named))
    if len(holders) > MOST:
        return None
    groups: list[PlainGroup] = []
    others: list[str] = []
    for other, *values in db.execute(_sifting(lot, believed, sorted(holders))):
        if other:
            others.append(other)
            continue
        group = PlainGroup(*values)
        if not is_whole(group.readiness):  # "COMPUTER=erased": SQLite's LIKE knows no case
            return None
        groups.append(group)
    return Sifted(tuple(groups), tuple(sorted(others))) if len(others) <= MOST else None


def apart_from_plain(lot: str, serials: Sequence[str]) -> sa.ColumnElement[bool]:
    """Which lines of the list no plain record settles: no record at all has their serial, or one
    of those with these `serials`, of which there are `MOST` at most.
    """
    serial = EXPECTED.c.serial
    shown = [
        sa.exists().where(table.c.lot == lot, table.c.found_by == serial)
        for table in (DISKS, MACHINES)
    ]
    return serial.in_(serials) | ~sa.or_(*shown)


def has_list(db: sa.Connection, lot: str) -> bool:
    """Whether a lot has a list that names anything."""
    found = sa.select(EXPECTED.c.line).where(EXPECTED.c.lot == lot).limit(1)
    return db.execute(found).first() is not None


def numbers_held(db: sa.Connection, ledger: str, first: int, last: int) -> int:
    """How many of a ledger's numbers in a stretch any lot has seen."""
    number = ISSUES.c.number
    found = sa.select(sa.func.count(number.distinct()))
    return int(
        db.execute(found.where(ISSUES.c.ledger == ledger, number.between(first, last))).scalar_one()
    )


def numbered(db: sa.Connection, lot: str, ledger: str) -> tuple[tuple[str, str, int], ...]:
    """A lot's records of a ledger: id, bench and number, in the order of their ids."""
    m = MACHINES.c
    found = sa.select(m.record_id, m.bench, m.number).where(m.lot == lot, m.ledger == ledger)
    rows = db.execute(found.where(m.number.is_not(None)).order_by(m.record_id))
    return tuple((row[0], row[1], row[2]) for row in rows)


def _in_form() -> tuple[sa.ColumnElement[bool], ...]:
    """A time in the one form that sorts as text (see `recond.flow.lot.standing`)."""
    at = MACHINES.c.issued_at
    return sa.func.length(at) == len("2026-11-24T10:00:00.000Z"), at.like("%Z")


def _doubled(db: sa.Connection, lot: str) -> Iterator[str]:
    """The serials that more than one row has, of computers and disks."""
    for table in (MACHINES, DISKS):
        c = table.c
        many = sa.select(c.found_by).where(c.lot == lot, c.found_by.is_not(None))
        yield from db.execute(many.group_by(c.found_by).having(sa.func.count() > 1)).scalars()
    m, d = MACHINES.c, DISKS.c
    both = sa.select(m.found_by).join(DISKS, (d.lot == m.lot) & (d.found_by == m.found_by))
    yield from db.execute(both.where(m.lot == lot)).scalars()


def _left(db: sa.Connection, lot: str) -> Iterator[str]:
    """The serials that a record names as left, taken out or destroyed."""
    r = REMAINDERS.c
    found = sa.select(r.record_id, r.body).where(r.lot == lot, r.body.not_like(_NOTHING_LEFT))
    for one in Remainders(dict(map(tuple, db.execute(found).all()))).values():
        yield from (*one.left, *one.removed, *one.destroyed, *one.held)


def _holders(db: sa.Connection, lot: str, named: Iterable[str]) -> Iterator[str]:
    """The records that have one of these serials."""
    for c in (MACHINES.c, DISKS.c):
        found = sa.select(c.record_id).where(c.lot == lot, c.found_by.in_(sorted(named)))
        yield from db.execute(found).scalars()


def _disks(lot: str) -> sa.Subquery:
    """How many disks each record has, how many are erased as the list wants, and are on it."""
    d, e, s = DISKS.c, EXPECTED.c, EXPECTED_SIZES.c
    larger = sa.case((d.size_bytes > s.size_bytes, d.size_bytes), else_=s.size_bytes)
    near = sa.func.abs(d.size_bytes - s.size_bytes) <= larger // 40  # `likeness.sizes_differ`
    # of two models only equal ones are seen here to have a word in common
    fits = (s.size_bytes.is_(None) | near) & (
        (e.kind != "disk") | e.model.is_(None) | (e.model == d.model)
    )
    good = (d.found_by != "") & (d.status == "erased") & (d.verdict == "approved")
    return (
        sa.select(
            d.record_id,
            sa.func.count().label("disks"),
            sa.func.count(sa.case((good & (e.serial.is_(None) | fits), 1))).label("good"),
            sa.func.count(e.serial).label("lines"),
        )
        .select_from(DISKS)
        .outerjoin(EXPECTED, (e.lot == d.lot) & (e.serial == d.found_by))
        .outerjoin(EXPECTED_SIZES, (s.lot == d.lot) & (s.serial == d.found_by))
        .where(d.lot == lot)
        .group_by(d.record_id)
        .subquery("inside")
    )


def _sifting(lot: str, believed: Sequence[str], holders: Sequence[str]) -> sa.Select[Any]:
    """The plain records counted by what they show, and a row for each of the others."""
    m, r, e, inside = MACHINES.c, REMAINDERS.c, EXPECTED.c, _disks(lot)
    d = inside.c
    on_list = sa.func.coalesce(d.lines, 0) + sa.case((e.serial.is_not(None), 1), else_=0)
    unlisted = ~sa.exists().where(EXPECTED.c.lot == lot).correlate(None)
    plain = sa.and_(
        m.signer.in_(believed),
        *_in_form(),
        m.found_by != "",
        m.record_id.not_in(holders),
        m.readiness.like("%computer=erased"),
        r.body.like(_NOTHING_LEFT),
        d.disks > 0,
        d.good == d.disks,
        e.serial.is_(None) | (e.kind != "disk"),
        (on_list > 0) | unlisted,
    )
    rows = (
        sa.select(
            sa.case((plain, ""), else_=m.record_id).label("other"),
            *(m.ledger, m.category, m.readiness, m.number, d.disks, on_list.label("lines")),
        )
        .select_from(MACHINES)
        .outerjoin(REMAINDERS, (r.lot == m.lot) & (r.record_id == m.record_id))
        .outerjoin(inside, d.record_id == m.record_id)
        .outerjoin(EXPECTED, (e.lot == m.lot) & (e.serial == m.found_by))
        .where(m.lot == lot)
        .subquery("rows")
    ).c
    same = (rows.other, rows.ledger, rows.category, rows.readiness)
    return sa.select(
        *same,
        sa.func.count(),
        sa.cast(sa.func.sum(rows.disks), sa.BigInteger),  # PostgreSQL's sum is a decimal
        sa.cast(sa.func.sum(rows.lines), sa.BigInteger),
        sa.func.min(rows.number),
        sa.func.max(rows.number),
    ).group_by(*same)
