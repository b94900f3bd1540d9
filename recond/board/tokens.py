"""Tokens that are no person's: a bench's, to report, and a script's, to read.

Why one each: a lost bench is shut out without touching the others, and what a token sent can be
told. A bench's token lets it report and nothing else; a script's reads as its role reads.
"""

from __future__ import annotations

from dataclasses import dataclass

import sqlalchemy as sa

from recond.board.audit import add_line
from recond.board.people import MAX_NAME, Role, new_token, sha256
from recond.board.tables import BENCHES, KEYS
from recond.errors import UsageError


@dataclass(frozen=True, slots=True)
class BenchToken:
    """A bench that may report."""

    id: int
    name: str


def _check_name(db: sa.Connection, table: sa.Table, name: str) -> str:
    name = name.strip()
    if not 0 < len(name) <= MAX_NAME or not name.isprintable():
        raise UsageError("board.people.name", limit=MAX_NAME)
    if db.execute(sa.select(table.c.id).where(table.c.name == name)).first():
        raise UsageError("board.people.taken", name=name)
    return name


def add_bench(db: sa.Connection, name: str, now: str, who: str) -> str:
    """A bench's token, said once. Raises `UsageError` for a name that is none or taken."""
    name, token = _check_name(db, BENCHES, name), new_token()
    db.execute(sa.insert(BENCHES).values(name=name, token_sha256=sha256(token), created_at=now))
    add_line(db, now, "bench", who, name=name)
    return token


def renew_bench(db: sa.Connection, bench: int, now: str, who: str) -> tuple[str, str]:
    """(name, another token) of a bench; the one before counts no more. Raises `UsageError`."""
    token = new_token()
    done = db.execute(
        sa.update(BENCHES)
        .where(BENCHES.c.id == bench)
        .values(token_sha256=sha256(token), revoked_at=None)
        .returning(BENCHES.c.name)
    ).first()
    if done is None:
        raise UsageError("board.people.unknown")
    add_line(db, now, "bench-renewed", who, name=done.name)
    return done.name, token


def revoke_bench(db: sa.Connection, bench: int, now: str, who: str) -> None:
    """A bench may report no more; what it sent stays. Raises `UsageError`."""
    _revoke(db, BENCHES, bench, now, who, "bench-revoked")


def bench_of(db: sa.Connection, token: str) -> BenchToken | None:
    """Whose token it is; None where nobody's or revoked."""
    row = db.execute(
        sa.select(BENCHES.c.id, BENCHES.c.name).where(
            BENCHES.c.token_sha256 == sha256(token), BENCHES.c.revoked_at.is_(None)
        )
    ).first()
    return BenchToken(row.id, row.name) if row else None


def list_benches(db: sa.Connection) -> tuple[BenchToken, ...]:
    """Every bench that may report, by name."""
    rows = db.execute(
        sa.select(BENCHES.c.id, BENCHES.c.name)
        .where(BENCHES.c.revoked_at.is_(None))
        .order_by(BENCHES.c.name)
    )
    return tuple(BenchToken(row.id, row.name) for row in rows)


def add_key(db: sa.Connection, name: str, role: Role, now: str, who: str) -> str:
    """A script's token, said once. Raises `UsageError`; a donor's lots hang on a person."""
    if role is Role.DONOR:
        raise UsageError("board.people.no-donor-key")
    name, token = _check_name(db, KEYS, name), new_token()
    db.execute(
        sa.insert(KEYS).values(
            name=name, token_sha256=sha256(token), role=role.value, created_at=now
        )
    )
    add_line(db, now, "api-key", who, name=name, role=role.value)
    return token


def revoke_key(db: sa.Connection, key: int, now: str, who: str) -> None:
    """A script may read no more. Raises `UsageError`."""
    _revoke(db, KEYS, key, now, who, "api-key-revoked")


def key_role(db: sa.Connection, token: str) -> tuple[str, Role] | None:
    """(name, role) of a script's token; None where it is none or revoked."""
    row = db.execute(
        sa.select(KEYS.c.name, KEYS.c.role).where(
            KEYS.c.token_sha256 == sha256(token), KEYS.c.revoked_at.is_(None)
        )
    ).first()
    return (row.name, Role(row.role)) if row else None


def list_keys(db: sa.Connection) -> tuple[tuple[int, str, Role], ...]:
    """Every script's token that counts: (id, name, role)."""
    rows = db.execute(sa.select(KEYS).where(KEYS.c.revoked_at.is_(None)).order_by(KEYS.c.name))
    return tuple((row.id, row.name, Role(row.role)) for row in rows)


def _revoke(
    db: sa.Connection, table: sa.Table, number: int, now: str, who: str, event: str
) -> None:
    """End a token once, and write it into the audit. Raises `UsageError` for none that is valid."""
    done = db.execute(
        sa.update(table)
        .where(table.c.id == number, table.c.revoked_at.is_(None))
        .values(revoked_at=now)
        .returning(table.c.name)
    ).first()
    if done is None:
        raise UsageError("board.people.unknown")
    add_line(db, now, event, who, name=done.name)
