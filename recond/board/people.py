"""Who may use the board: people and their roles, passwords, one-time links, sessions.

Why nothing readable is kept: of a password there is Argon2id's hash, of a session, a link or a
token the SHA-256 of 256 random bits; whoever reads the database cannot come in with it. A sign-in
makes a new session, so that none can be planted beforehand. After five wrong passwords a name is
locked for a minute, doubling up to an hour; a name that does not exist costs the same time and says
the same.
"""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass

import sqlalchemy as sa
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from recond.board.audit import add_line
from recond.board.database import Database
from recond.board.tables import GRANTS, LINKS, PEOPLE, SESSIONS
from recond.errors import UsageError
from recond.model import Text
from recond.upload.outcome import later_than

LINK_S = 24 * 3600
IDLE_S = 12 * 3600
LONGEST_S = 30 * 24 * 3600
FREE_TRIES = 5
SHORTEST = 10
LONGEST = 200
MAX_NAME = 60
_HASHER = PasswordHasher()
_NOBODY = _HASHER.hash(secrets.token_hex())
"""What a wrong name's password is compared with, so that it takes as long as a right one's."""


class Role(Text):
    """What a person may do, each more than the one before, but a donor beside all."""

    LEAD = "lead"
    OPERATOR = "operator"
    READER = "reader"
    DONOR = "donor"


@dataclass(frozen=True, slots=True)
class BoardPerson:
    """Somebody who is signed in. `lots` are a donor's; nobody else's are counted."""

    id: int
    name: str
    role: Role
    csrf: str
    lots: frozenset[str] = frozenset()


def sha256(token: str) -> str:
    """What is kept of a token."""
    return hashlib.sha256(token.encode()).hexdigest()


def new_token() -> str:
    """256 random bits, fit for a link and a header."""
    return secrets.token_urlsafe(32)


# --- Coming and going ------------------------------------------------------------------------


def is_empty(db: sa.Connection) -> bool:
    """Whether nobody was ever let in: the first start."""
    return db.execute(sa.select(PEOPLE.c.id).limit(1)).first() is None


def add_person(db: sa.Connection, name: str, role: Role, now: str, who: str) -> str:
    """A person without a password yet, and the one-time link's token to choose one.

    Raises `UsageError` for a name that is none or taken.
    """
    if not 0 < len(name.strip()) <= MAX_NAME or not name.isprintable():
        raise UsageError("board.people.name", limit=MAX_NAME)
    if db.execute(sa.select(PEOPLE.c.id).where(PEOPLE.c.name == name.strip())).first():
        raise UsageError("board.people.taken", name=name.strip())
    made = db.execute(
        sa.insert(PEOPLE)
        .values(name=name.strip(), role=role.value, created_at=now)
        .returning(PEOPLE.c.id)
    )
    add_line(db, now, "person", who, name=name.strip(), role=role.value)
    return make_link(db, int(made.scalar_one()), now)


def nobody_can_lead(db: sa.Connection) -> bool:
    """Whether no lead has a password yet: the first link was lost, or its day is over."""
    able = sa.select(PEOPLE.c.id).where(
        PEOPLE.c.role == Role.LEAD.value,
        PEOPLE.c.left_at.is_(None),
        PEOPLE.c.password_hash.is_not(None),
    )
    return db.execute(able.limit(1)).first() is None


def renew_first(db: sa.Connection, now: str) -> str:
    """Another one-time link for the first lead who has no password yet."""
    person = db.execute(
        sa.select(PEOPLE.c.id)
        .where(PEOPLE.c.role == Role.LEAD.value, PEOPLE.c.left_at.is_(None))
        .order_by(PEOPLE.c.id)
        .limit(1)
    ).scalar_one()
    return make_link(db, int(person), now)


def make_link(db: sa.Connection, person: int, now: str) -> str:
    """A new one-time link's token; a person's older links are void."""
    token = new_token()
    db.execute(sa.delete(LINKS).where(LINKS.c.person == person))
    until = later_than(now, LINK_S)
    db.execute(sa.insert(LINKS).values(token_sha256=sha256(token), person=person, until=until))
    return token


def renew_link(db: sa.Connection, person: int, now: str, who: str) -> tuple[str, str]:
    """(name, another one-time link's token). Raises `UsageError` for nobody."""
    row = db.execute(
        sa.select(PEOPLE.c.name).where(PEOPLE.c.id == person, PEOPLE.c.left_at.is_(None))
    ).first()
    if row is None:
        raise UsageError("board.people.unknown")
    add_line(db, now, "link", who, name=row.name)
    return row.name, make_link(db, person, now)


def named(db: sa.Connection, name: str) -> int:
    """The id of who has that name and may come in. Raises `UsageError` for nobody."""
    found = db.execute(
        sa.select(PEOPLE.c.id).where(PEOPLE.c.name == name, PEOPLE.c.left_at.is_(None))
    ).scalar()
    if found is None:
        raise UsageError("board.people.unknown")
    return int(found)


def link_person(db: sa.Connection, token: str, now: str) -> str | None:
    """Whose link a token is; None where it is none, is used or too old."""
    row = db.execute(
        sa.select(PEOPLE.c.name)
        .join(LINKS, LINKS.c.person == PEOPLE.c.id)
        .where(LINKS.c.token_sha256 == sha256(token), LINKS.c.until > now)
        .where(PEOPLE.c.left_at.is_(None))
    ).first()
    return str(row.name) if row else None


def use_link(db: sa.Connection, token: str, password: str, now: str) -> int:
    """Choose a password by a one-time link; the person's id. Every session of theirs ends.

    Raises `UsageError` for a link that is void or a password that is too short.
    """
    name = link_person(db, token, now)
    if name is None:
        raise UsageError("board.link.void")
    if not SHORTEST <= len(password) <= LONGEST:
        raise UsageError("board.password.short", shortest=SHORTEST, longest=LONGEST)
    person = db.execute(sa.select(PEOPLE.c.id).where(PEOPLE.c.name == name)).scalar_one()
    taken = db.execute(sa.delete(LINKS).where(LINKS.c.token_sha256 == sha256(token)))
    if taken.rowcount != 1:  # used in the same moment by another
        raise UsageError("board.link.void")
    db.execute(
        sa.update(PEOPLE)
        .where(PEOPLE.c.id == person)
        .values(password_hash=_HASHER.hash(password), failures=0, locked_until=None)
    )
    db.execute(sa.delete(SESSIONS).where(SESSIONS.c.person == person))
    add_line(db, now, "password", name)
    return int(person)


def leave(db: sa.Connection, person: int, now: str, who: str) -> None:
    """A person may not come in any more. Raises `UsageError` where no lead would be left."""
    row = db.execute(sa.select(PEOPLE).where(PEOPLE.c.id == person)).first()
    if row is None:
        raise UsageError("board.people.unknown")
    leads = db.execute(
        sa.select(sa.func.count())
        .select_from(PEOPLE)
        .where(PEOPLE.c.role == Role.LEAD.value, PEOPLE.c.left_at.is_(None))
    ).scalar_one()
    if row.role == Role.LEAD.value and row.left_at is None and leads < 2:
        raise UsageError("board.people.last")
    db.execute(sa.update(PEOPLE).where(PEOPLE.c.id == person).values(left_at=now))
    for table in (SESSIONS, LINKS):
        db.execute(sa.delete(table).where(table.c.person == person))
    add_line(db, now, "person-left", who, name=row.name)


# --- Signing in ------------------------------------------------------------------------------


def check_password(database: Database, name: str, password: str, now: str) -> int | None:
    """The person's id where name and password are right and the name is not locked.

    The hash is worked out between two transactions: it takes long on purpose.
    """
    with database.reading() as db:
        row = db.execute(
            sa.select(PEOPLE).where(PEOPLE.c.name == name, PEOPLE.c.left_at.is_(None))
        ).first()
    right = _holds(row.password_hash if row else None, password[:LONGEST])
    if row is None or (row.locked_until is not None and row.locked_until > now):
        return None
    if right and not row.failures:
        return int(row.id)
    with database.writing() as db:
        if right:
            db.execute(
                sa.update(PEOPLE).where(PEOPLE.c.id == row.id).values(failures=0, locked_until=None)
            )
            return int(row.id)
        _count_failure(db, row.id, name, now)
    return None


def _count_failure(db: sa.Connection, person: int, name: str, now: str) -> None:
    failures = db.execute(
        sa.update(PEOPLE)
        .where(PEOPLE.c.id == person)
        .values(failures=PEOPLE.c.failures + 1)
        .returning(PEOPLE.c.failures)
    ).scalar_one()
    if failures >= FREE_TRIES:
        until = later_than(now, min(60 << min(failures - FREE_TRIES, 10), 3600))
        db.execute(sa.update(PEOPLE).where(PEOPLE.c.id == person).values(locked_until=until))
        add_line(db, now, "locked", name, failures=failures)


def _holds(kept: str | None, password: str) -> bool:
    try:
        return _HASHER.verify(kept or _NOBODY, password) and kept is not None
    except (VerificationError, InvalidHashError):
        return False


def sign_in(db: sa.Connection, person: int, now: str) -> str:
    """A new session; its token, which nobody has seen before."""
    token = new_token()
    db.execute(
        sa.insert(SESSIONS).values(
            token_sha256=sha256(token),
            person=person,
            csrf=new_token(),
            created_at=now,
            seen_at=now,
        )
    )
    name = db.execute(sa.select(PEOPLE.c.name).where(PEOPLE.c.id == person)).scalar_one()
    add_line(db, now, "sign-in", name)
    return token


def sign_out(db: sa.Connection, token: str) -> None:
    """End a session."""
    db.execute(sa.delete(SESSIONS).where(SESSIONS.c.token_sha256 == sha256(token)))


def session_person(db: sa.Connection, token: str, now: str) -> tuple[BoardPerson, bool] | None:
    """Whose session it is, and whether it is time to write down that it was seen.

    None for no session, or one that was idle or lasted too long.
    """
    row = db.execute(
        sa.select(
            PEOPLE.c.id,
            PEOPLE.c.name,
            PEOPLE.c.role,
            SESSIONS.c.csrf,
            SESSIONS.c.created_at,
            SESSIONS.c.seen_at,
        )
        .join(SESSIONS, SESSIONS.c.person == PEOPLE.c.id)
        .where(SESSIONS.c.token_sha256 == sha256(token), PEOPLE.c.left_at.is_(None))
    ).first()
    if (
        row is None
        or later_than(row.seen_at, IDLE_S) < now
        or later_than(row.created_at, LONGEST_S) < now
    ):
        return None
    role = Role(row.role)
    lots = _lots(db, row.id) if role is Role.DONOR else frozenset()
    stale = later_than(row.seen_at, 600) < now
    return BoardPerson(row.id, row.name, role, row.csrf, lots), stale


def _lots(db: sa.Connection, person: int) -> frozenset[str]:
    return frozenset(db.execute(sa.select(GRANTS.c.lot).where(GRANTS.c.person == person)).scalars())


def touch(db: sa.Connection, token: str, now: str) -> None:
    """A session was used just now."""
    db.execute(
        sa.update(SESSIONS).where(SESSIONS.c.token_sha256 == sha256(token)).values(seen_at=now)
    )


def sweep(db: sa.Connection, now: str) -> None:
    """Forget sessions and links whose time is over."""
    db.execute(sa.delete(SESSIONS).where(SESSIONS.c.seen_at < later_than(now, -IDLE_S)))
    db.execute(sa.delete(LINKS).where(LINKS.c.until < now))


def grant(db: sa.Connection, person: int, lot: str, now: str, who: str) -> None:
    """A donor may see a lot. Raises `UsageError` for somebody who is no donor."""
    row = db.execute(sa.select(PEOPLE).where(PEOPLE.c.id == person)).first()
    if row is None or row.role != Role.DONOR.value:
        raise UsageError("board.people.no-donor")
    known = db.execute(
        sa.select(GRANTS.c.lot).where(GRANTS.c.person == person, GRANTS.c.lot == lot)
    ).first()
    if known is None:
        db.execute(sa.insert(GRANTS).values(person=person, lot=lot))
        add_line(db, now, "grant", who, name=row.name, lot=lot)


@dataclass(frozen=True, slots=True)
class ListedPerson:
    """A person as leads see them."""

    id: int
    name: str
    role: Role
    has_password: bool
    locked: bool
    lots: tuple[str, ...]


def list_people(db: sa.Connection, now: str) -> tuple[ListedPerson, ...]:
    """Everybody who may come in, by name."""
    rows = db.execute(sa.select(PEOPLE).where(PEOPLE.c.left_at.is_(None)).order_by(PEOPLE.c.name))
    return tuple(
        ListedPerson(
            row.id,
            row.name,
            Role(row.role),
            row.password_hash is not None,
            bool(row.locked_until and row.locked_until > now),
            tuple(sorted(_lots(db, row.id))),
        )
        for row in rows
    )
