"""The first form: benches, people, records, what is kept apart, the audit, and the search."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")
FACTS = (
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


def upgrade() -> None:
    """Make every table, then what this kind of database searches with."""
    _people()
    _records()
    op.create_table(
        "board_audit",
        sa.Column("seq", NUMBER, primary_key=True, autoincrement=False),
        sa.Column("line", sa.Text, nullable=False),
    )
    if op.get_bind().dialect.name == "postgresql":
        op.execute(
            "CREATE TABLE board_search (record BIGINT PRIMARY KEY REFERENCES board_records (id),"
            " words TSVECTOR NOT NULL, tails TSVECTOR NOT NULL)"
        )
        op.execute("CREATE INDEX board_search_words ON board_search USING GIN (words)")
        op.execute("CREATE INDEX board_search_tails ON board_search USING GIN (tails)")
    else:  # SQLite, FTS5: rows by record id, their words kept nowhere else and never taken out
        op.execute(
            "CREATE VIRTUAL TABLE board_search USING fts5(words, tails, content='',"
            " detail='column', prefix='2 3 4 6',"
            ' tokenize="unicode61 remove_diacritics 0")'
        )


def downgrade() -> None:
    """The first form has none before it."""


def _people() -> None:
    op.create_table(
        "board_benches",
        sa.Column("id", NUMBER, primary_key=True, autoincrement=True),
        sa.Column("name", sa.String, nullable=False, unique=True),
        sa.Column("token_sha256", sa.String, nullable=False, unique=True),
        sa.Column("created_at", sa.String, nullable=False),
        sa.Column("revoked_at", sa.String),
    )
    op.create_table(
        "board_people",
        sa.Column("id", NUMBER, primary_key=True, autoincrement=True),
        sa.Column("name", sa.String, nullable=False, unique=True),
        sa.Column("role", sa.String, nullable=False),
        sa.Column("password_hash", sa.String),
        sa.Column("failures", sa.Integer, nullable=False, server_default="0"),
        sa.Column("locked_until", sa.String),
        sa.Column("created_at", sa.String, nullable=False),
        sa.Column("left_at", sa.String),
    )
    person = sa.ForeignKey("board_people.id")
    op.create_table(
        "board_links",
        sa.Column("token_sha256", sa.String, primary_key=True),
        sa.Column("person", NUMBER, person, nullable=False),
        sa.Column("until", sa.String, nullable=False),
    )
    op.create_table(
        "board_sessions",
        sa.Column("token_sha256", sa.String, primary_key=True),
        sa.Column("person", NUMBER, sa.ForeignKey("board_people.id"), nullable=False, index=True),
        sa.Column("csrf", sa.String, nullable=False),
        sa.Column("created_at", sa.String, nullable=False),
        sa.Column("seen_at", sa.String, nullable=False),
    )
    op.create_table(
        "board_api_keys",
        sa.Column("id", NUMBER, primary_key=True, autoincrement=True),
        sa.Column("name", sa.String, nullable=False, unique=True),
        sa.Column("token_sha256", sa.String, nullable=False, unique=True),
        sa.Column("role", sa.String, nullable=False),
        sa.Column("created_at", sa.String, nullable=False),
        sa.Column("revoked_at", sa.String),
    )
    op.create_table(
        "board_grants",
        sa.Column("person", NUMBER, sa.ForeignKey("board_people.id"), primary_key=True),
        sa.Column("lot", sa.String, primary_key=True),
    )


def _records() -> None:
    op.create_table(
        "board_records",
        sa.Column("id", NUMBER, primary_key=True, autoincrement=True),
        sa.Column("record_id", sa.String, nullable=False, index=True),
        sa.Column("digest", sa.String, nullable=False, unique=True),
        sa.Column("package", sa.String, nullable=False),
        sa.Column("bench", NUMBER, sa.ForeignKey("board_benches.id"), nullable=False),
        sa.Column("received_at", sa.String, nullable=False),
        sa.Column("issued_at", sa.String, nullable=False),
        sa.Column("ledger", sa.String),
        sa.Column("number", sa.Integer),
        sa.Column("signer", sa.String, nullable=False),
        sa.Column("trusted", sa.Boolean, nullable=False),
        sa.Column("trust_seen", sa.String, nullable=False),
        sa.Column("current", sa.Boolean, nullable=False),
        sa.Column("outcome", sa.String, nullable=False),
        sa.Column("computer", sa.String),
        *(sa.Column(name, sa.String) for name in FACTS),
        sa.Column("duration_s", sa.Integer),
        sa.Column("bytes", sa.Integer, nullable=False),
        sa.Index("board_records_issue", "ledger", "number"),
        sa.Index("board_records_computer", "computer", "issued_at"),
        sa.Index("board_records_lot", "lot", "issued_at"),
        sa.Index("board_records_issued", "issued_at"),
    )
    op.create_table(
        "board_disks",
        sa.Column("record", NUMBER, sa.ForeignKey("board_records.id"), primary_key=True),
        sa.Column("position", sa.Integer, primary_key=True),
        *(
            sa.Column(name, sa.String)
            for name in ("serial", "found_by", "model", "medium", "status", "verdict", "level")
        ),
        sa.Column("size_bytes", sa.BigInteger, nullable=False),
        sa.Column("approved", sa.Boolean, nullable=False),
        sa.Index("board_disks_found_by", "found_by"),
    )
    op.create_table(
        "board_apart",
        sa.Column("id", NUMBER, primary_key=True, autoincrement=True),
        sa.Column("digest", sa.String, nullable=False),
        sa.Column("bench", NUMBER, sa.ForeignKey("board_benches.id"), nullable=False),
        sa.Column("received_at", sa.String, nullable=False),
        sa.Column("record_id", sa.String),
        sa.Column("code", sa.String, nullable=False),
        sa.Column("args", sa.String, nullable=False),
        sa.Column("bytes", sa.Integer, nullable=False),
        sa.UniqueConstraint("digest", "bench", name="board_apart_once"),
    )
