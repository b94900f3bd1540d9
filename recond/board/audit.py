"""Who did what at the board: lines in the ledger's own form, each chained to the one before.

Why that form: whoever can check a bench's ledger (`recond.certify.ledger.read_ledger`) can check
this. A line is written in the transaction of what it tells of: both are kept or neither. As with
the ledger, a chain shows that a line was changed or taken out, and not that the tail was cut off;
its head is shown to leads, to be kept elsewhere.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import sqlalchemy as sa

from recond.board.tables import AUDIT
from recond.certify.ledger import read_ledger
from recond.codec import canonical_bytes
from recond.documents import read_json
from recond.model import Json, Message

FIRST = "0" * 64
_TURN = 20261129
"""PostgreSQL's advisory lock: one line at a time."""


def add_line(db: sa.Connection, now: str, kind: str, who: str, **data: Json) -> None:
    """Append a line, in a `writing` transaction. Its time never goes back: a clock that does
    would break the chain, so the last line's time stands in.
    """
    if db.dialect.name == "postgresql":
        db.execute(sa.text("SELECT pg_advisory_xact_lock(:turn)"), {"turn": _TURN})
    last = db.execute(sa.select(AUDIT).order_by(AUDIT.c.seq.desc()).limit(1)).first()
    seq, prev, time = 0, FIRST, now
    if last is not None:
        seq, prev = last.seq + 1, hashlib.sha256(last.line.encode()).hexdigest()
        time = max(now, str(read_json(last.line)["time"]))
    line = {"seq": seq, "prev": prev, "time": time, "kind": kind, "data": {"who": who, **data}}
    db.execute(sa.insert(AUDIT).values(seq=seq, line=canonical_bytes(line).decode()))


def read_lines(db: sa.Connection) -> Iterator[bytes]:
    """Every line with its line feed, oldest first: the file form."""
    for row in db.execute(sa.select(AUDIT.c.line).order_by(AUDIT.c.seq)):
        yield row.line.encode() + b"\n"


def faults(db: sa.Connection) -> tuple[Message, ...]:
    """What is wrong with the chain; nothing where it holds from its first line to its last."""
    return read_ledger(b"".join(read_lines(db))).problems


def head(db: sa.Connection) -> tuple[int, str]:
    """(how many lines, SHA-256 of the last): what to write down elsewhere."""
    last = db.execute(sa.select(AUDIT).order_by(AUDIT.c.seq.desc()).limit(1)).first()
    return (
        (0, FIRST)
        if last is None
        else (
            last.seq + 1,
            hashlib.sha256(last.line.encode()).hexdigest(),
        )
    )


def latest(db: sa.Connection, count: int) -> list[dict[str, Json]]:
    """The newest lines, newest first."""
    rows = db.execute(sa.select(AUDIT.c.line).order_by(AUDIT.c.seq.desc()).limit(count))
    return [read_json(row.line) for row in rows]
