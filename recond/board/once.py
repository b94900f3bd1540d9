"""What is here already, and what a delivery contradicts: records and statements by one rule.

Why one place: a bench's ledger numbers its certificates and its statements in one row, so a number
is taken whichever of the two has it. A contradiction is kept apart: whoever holds a bench's token
cannot put a document of theirs in the place of another's. What a stranger signed contradicts
nothing that is trusted: else they could bar a bench's number with an invention.
"""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from recond.board.tables import RECORDS, STATEMENTS
from recond.model import Message

PREFIX = 16


@dataclass(frozen=True, slots=True)
class Claim:
    """What a document claims to be: its number, its bytes, its place in a ledger, by whose key."""

    record_id: str
    digest: str
    ledger: str | None
    number: int | None
    signer: str
    trusted: bool


def is_known(
    db: sa.Connection,
    table: sa.Table,
    record_id: str,
    beginning: str,
    which: sa.ColumnElement[bool],
) -> bool:
    """Whether such a document is here. Its bytes alone do not tell: they are in every page, and a
    stranger may have signed them too.
    """
    if len(beginning) < PREFIX:
        return False
    rows = db.execute(sa.select(table.c.digest).where(table.c.record_id == record_id, which))
    return any(digest.startswith(beginning) for digest in rows.scalars())


def standing(db: sa.Connection, table: sa.Table, claim: Claim) -> bool | Message:
    """True: it is here already. A message: why it cannot stand beside what is here. False: new."""
    own = sa.or_(table.c.signer == claim.signer, table.c.trusted)
    if is_known(db, table, claim.record_id, claim.digest, own):
        return True
    if not claim.trusted and is_known(db, table, claim.record_id, claim.digest, sa.true()):
        return Message.of("lot.record.other_key", record=claim.record_id)
    return _contradiction(db, table, claim) or False


def _contradiction(db: sa.Connection, table: sa.Table, claim: Claim) -> Message | None:
    same = db.execute(
        sa.select(table.c.signer).where(
            table.c.record_id == claim.record_id, _counting(table, claim)
        )
    ).scalars()
    if any(signer != claim.signer for signer in same):
        return Message.of("lot.record.other_key", record=claim.record_id)
    if claim.ledger is None or claim.number is None:
        return None
    for one in (RECORDS, STATEMENTS):
        place = (one.c.ledger == claim.ledger, one.c.number == claim.number, _counting(one, claim))
        if db.execute(sa.select(one.c.id).where(*place).limit(1)).first() is not None:
            return Message.of("lot.record.fork", ledger=claim.ledger, number=claim.number)
    return None


def _counting(table: sa.Table, claim: Claim) -> sa.ColumnElement[bool]:
    """Which rows can contradict it."""
    return sa.or_(table.c.signer == claim.signer, table.c.trusted) if claim.trusted else sa.true()


def resigned(db: sa.Connection, table: sa.Table, digest: str, delivered: dict[str, object]) -> bool:
    """Put a trusted document in the place of the same bytes that a stranger signed, if there are
    any: all that follows from the bytes stays, and what this delivery brings is new.
    """
    put = sa.update(table).where(table.c.digest == digest).values(**delivered)
    return db.execute(put.returning(table.c.id)).scalar_one_or_none() is not None
