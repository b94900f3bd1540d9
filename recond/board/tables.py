"""The board's tables, as the code reads them; `recond.board.migrations` makes them.

Why SQLAlchemy's core and no mapped classes: rows are read in one query and shown, nothing follows
them about. Times are RFC 3339 text, as everywhere. A secret (password, token, session) is here as
its hash only. The lots' own tables are `recond.flow.lot.store`'s, in the same database.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

META = sa.MetaData()
NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")  # SQLite counts up Integer keys only


def _text(name: str, *, null: bool = True) -> sa.Column[str]:
    return sa.Column(name, sa.String, nullable=null)


def _key() -> sa.Column[int]:
    return sa.Column("id", NUMBER, primary_key=True, autoincrement=True)


BENCHES = sa.Table(
    "board_benches",
    META,
    _key(),
    sa.Column("name", sa.String, nullable=False, unique=True),
    sa.Column("token_sha256", sa.String, nullable=False, unique=True),
    _text("created_at", null=False),
    _text("revoked_at"),
)

PEOPLE = sa.Table(
    "board_people",
    META,
    _key(),
    sa.Column("name", sa.String, nullable=False, unique=True),
    _text("role", null=False),
    _text("password_hash"),
    sa.Column("failures", sa.Integer, nullable=False, server_default="0"),
    _text("locked_until"),
    _text("created_at", null=False),
    _text("left_at"),
)

LINKS = sa.Table(
    "board_links",
    META,
    sa.Column("token_sha256", sa.String, primary_key=True),
    sa.Column("person", NUMBER, sa.ForeignKey("board_people.id"), nullable=False),
    _text("until", null=False),
)
"""One-time links by which a person chooses a password."""

SESSIONS = sa.Table(
    "board_sessions",
    META,
    sa.Column("token_sha256", sa.String, primary_key=True),
    sa.Column("person", NUMBER, sa.ForeignKey("board_people.id"), nullable=False, index=True),
    _text("csrf", null=False),
    _text("created_at", null=False),
    _text("seen_at", null=False),
)

KEYS = sa.Table(
    "board_api_keys",
    META,
    _key(),
    sa.Column("name", sa.String, nullable=False, unique=True),
    sa.Column("token_sha256", sa.String, nullable=False, unique=True),
    _text("role", null=False),
    _text("created_at", null=False),
    _text("revoked_at"),
)

GRANTS = sa.Table(
    "board_grants",
    META,
    sa.Column("person", NUMBER, sa.ForeignKey("board_people.id"), primary_key=True),
    sa.Column("lot", sa.String, primary_key=True),
)
"""Which lots a donor may see; nobody else needs a line here."""


def _document() -> tuple[sa.Column[Any], ...]:
    """What is kept of any signed document: its number, its bytes, its place, by whom."""
    return (
        _key(),
        sa.Column("record_id", sa.String, nullable=False, index=True),
        sa.Column("digest", sa.String, nullable=False, unique=True),
        _text("package", null=False),
        sa.Column("bytes", sa.Integer, nullable=False),
        sa.Column("bench", NUMBER, sa.ForeignKey("board_benches.id"), nullable=False),
        _text("received_at", null=False),
        _text("issued_at", null=False),
        _text("ledger"),
        sa.Column("number", sa.Integer),
        _text("signer", null=False),
        sa.Column("trusted", sa.Boolean, nullable=False),
        _text("trust_seen", null=False),
    )


RECORDS = sa.Table(
    "board_records",
    META,
    *_document(),
    sa.Column("current", sa.Boolean, nullable=False),
    _text("outcome", null=False),
    _text("computer"),
    *(
        _text(name)
        for name in (
            "maker",
            "model",
            "serial",
            "form",
            "property_number",
            "lot",
            "donor",
            "operator",
            "workshop",
            "bench_name",
            "category",
            "readiness",
        )
    ),
    sa.Column("duration_s", sa.Integer),
    sa.Index("board_records_issue", "ledger", "number"),
    sa.Index("board_records_computer", "computer", "issued_at"),
    sa.Index("board_records_lot", "lot", "issued_at"),
    sa.Index("board_records_issued", "issued_at"),
)
"""Every issue of every record that was found to be true. `digest` is of the record's bytes,
`package` of the package's, under which the store has it. `current`: its record's latest issue.
`computer` joins the records of one machine. `trust_seen` is the digest of whom the board believed
when it judged."""

DISKS = sa.Table(
    "board_disks",
    META,
    sa.Column("record", NUMBER, sa.ForeignKey("board_records.id"), primary_key=True),
    sa.Column("position", sa.Integer, primary_key=True),
    *(
        _text(name)
        for name in ("serial", "found_by", "model", "medium", "status", "verdict", "level")
    ),
    sa.Column("size_bytes", sa.BigInteger, nullable=False),
    sa.Column("approved", sa.Boolean, nullable=False),
    sa.Index("board_disks_found_by", "found_by"),
)

STATEMENTS = sa.Table(
    "board_statements",
    META,
    *_document(),
    _text("kind", null=False),
    _text("happened_on", null=False),
    _text("lot"),
    _text("party"),
    sa.Index("board_statements_issue", "ledger", "number"),
    sa.Index("board_statements_lot", "lot", "issued_at"),
)
"""Every custody statement that was found to be true: a person's word (`recond.custody`), never an
erasure. `record_id` is the statement's number. Nobody's name is in them: it stands in the signed
bytes."""

THINGS = sa.Table(
    "board_things",
    META,
    sa.Column("statement", NUMBER, sa.ForeignKey("board_statements.id"), primary_key=True),
    sa.Column("position", sa.Integer, primary_key=True),
    _text("kind", null=False),
    _text("serial", null=False),
    _text("found_by", null=False),
    sa.Index("board_things_found_by", "found_by"),
)
"""What a statement is about; the computer that a disk was taken from stands last, as one more."""

APART = sa.Table(
    "board_apart",
    META,
    _key(),
    sa.Column("digest", sa.String, nullable=False),
    sa.Column("bench", NUMBER, sa.ForeignKey("board_benches.id"), nullable=False),
    _text("received_at", null=False),
    _text("record_id"),
    _text("code", null=False),
    _text("args", null=False),
    sa.Column("bytes", sa.Integer, nullable=False),
    sa.UniqueConstraint("digest", "bench", name="board_apart_once"),
)
"""What a bench sent and was not found to be true, with the reason. `digest`: of the bytes sent."""

AUDIT = sa.Table(
    "board_audit",
    META,
    sa.Column("seq", NUMBER, primary_key=True, autoincrement=False),
    sa.Column("line", sa.Text, nullable=False),
)
