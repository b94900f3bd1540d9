"""Custody statements: kept as records are, and shown as what they are, a person's word.

Why beside records and not among them: whatever a statement says, it proves no erasure. It has no
outcome, changes none, and is counted in no figure; it stands under the computer or disk that it is
about, with the mark of a word. Nobody's name is kept here: it is in the signed page.
"""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from recond.board.judge import KeptStatement
from recond.board.once import Claim, resigned, standing
from recond.board.people import BoardPerson, Role
from recond.board.tables import STATEMENTS, THINGS
from recond.custody import is_statement
from recond.flow.serials import compared
from recond.model import Message

SHOWN = 50
SHOWN_THINGS = 12
COMPUTER = "computer"


@dataclass(frozen=True, slots=True)
class ThingLine:
    """A computer or a disk in a statement."""

    kind: str
    serial: str
    found_by: str


@dataclass(frozen=True, slots=True)
class StatementLine:
    """A statement in a list. `kind` is what happened (`recond.custody.CustodyKind`)."""

    id: int
    record_id: str
    digest: str
    package: str
    received_at: str
    issued_at: str
    signer: str
    trusted: bool
    kind: str
    happened_on: str
    lot: str | None
    party: str | None
    things: tuple[ThingLine, ...] = ()


_COLUMNS = [STATEMENTS.c[name] for name in StatementLine.__slots__ if name != "things"]


def keep(db: sa.Connection, kept: KeptStatement, delivered: dict[str, object]) -> bool | Message:
    """Keep a statement, in a `writing` transaction. True: it was here; a message: why it cannot be
    kept; False: it is new here.
    """
    event = kept.event
    place = event.ledger
    claim = Claim(
        event.event_id, kept.digest, place.ledger_id, place.number, kept.signer, kept.trusted
    )
    found = standing(db, STATEMENTS, claim)
    if found is not False or resigned(db, STATEMENTS, kept.digest, delivered):
        return found
    made = db.execute(
        sa.insert(STATEMENTS)
        .values(
            record_id=event.event_id,
            digest=kept.digest,
            issued_at=event.issued_at,
            ledger=place.ledger_id,
            number=place.number,
            kind=event.kind.value,
            happened_on=event.happened_on,
            lot=event.lot,
            party=event.party,
            **delivered,
        )
        .returning(STATEMENTS.c.id)
    )
    number = int(made.scalar_one())
    things = [(one.kind.value, one.serial) for one in event.things]
    things += [(COMPUTER, event.computer)] if event.computer else []
    if things:
        db.execute(
            sa.insert(THINGS),
            [
                {
                    "statement": number,
                    "position": position,
                    "kind": kind,
                    "serial": serial,
                    "found_by": compared(serial),
                }
                for position, (kind, serial) in enumerate(things)
            ],
        )
    return False


# --- Reading ---------------------------------------------------------------------------------


def _may_see(person: BoardPerson) -> sa.ColumnElement[bool]:
    """A donor sees the trusted statements of their own lots, as of records."""
    if person.role is Role.DONOR:
        return sa.and_(STATEMENTS.c.lot.in_(sorted(person.lots)), STATEMENTS.c.trusted)
    return sa.true()


def about(
    db: sa.Connection, person: BoardPerson, serials: frozenset[str]
) -> tuple[StatementLine, ...]:
    """What was said of any of these computers and disks, newest first."""
    wanted = sorted(filter(None, map(compared, serials)))
    if not wanted:
        return ()
    named = sa.select(THINGS.c.statement).where(THINGS.c.found_by.in_(wanted))
    return _lines(db, person, STATEMENTS.c.id.in_(named), THINGS.c.found_by.in_(wanted))


def one(db: sa.Connection, person: BoardPerson, number: int) -> StatementLine | None:
    """A statement by the board's own number."""
    return next(iter(_lines(db, person, STATEMENTS.c.id == number)), None)


def found(db: sa.Connection, person: BoardPerson, question: str) -> tuple[StatementLine, ...]:
    """What was said of the one number that was typed, whole; or the statement of that number."""
    typed = question.strip()
    if is_statement(typed):
        return _lines(db, person, STATEMENTS.c.record_id == typed)
    return about(db, person, frozenset({typed})) if typed else ()


def _lines(
    db: sa.Connection,
    person: BoardPerson,
    which: sa.ColumnElement[bool],
    asked: sa.ColumnElement[bool] | None = None,
) -> tuple[StatementLine, ...]:
    """The statements, each with its first things and those that were `asked` for."""
    shown = THINGS.c.position < SHOWN_THINGS
    rows = (
        db.execute(
            sa.select(*_COLUMNS)
            .where(which, _may_see(person))
            .order_by(STATEMENTS.c.issued_at.desc(), STATEMENTS.c.id.desc())
            .limit(SHOWN)
        )
        .mappings()
        .all()
    )
    things: dict[int, list[ThingLine]] = {row["id"]: [] for row in rows}
    if things:
        for row in db.execute(
            sa.select(THINGS)
            .where(
                THINGS.c.statement.in_(list(things)),
                shown if asked is None else sa.or_(shown, asked),
            )
            .order_by(THINGS.c.statement, THINGS.c.position)
        ):
            things[row.statement].append(ThingLine(row.kind, row.serial, row.found_by))
    return tuple(StatementLine(**row, things=tuple(things[row["id"]])) for row in rows)
