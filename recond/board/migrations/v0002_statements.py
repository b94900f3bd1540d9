"""Custody statements, and what each is about."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer, "sqlite")


def upgrade() -> None:
    """Two tables more; nothing that was there changes."""
    op.create_table(
        "board_statements",
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
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("happened_on", sa.String, nullable=False),
        sa.Column("lot", sa.String),
        sa.Column("party", sa.String),
        sa.Column("bytes", sa.Integer, nullable=False),
        sa.Index("board_statements_issue", "ledger", "number"),
        sa.Index("board_statements_lot", "lot", "issued_at"),
    )
    op.create_table(
        "board_things",
        sa.Column("statement", NUMBER, sa.ForeignKey("board_statements.id"), primary_key=True),
        sa.Column("position", sa.Integer, primary_key=True),
        sa.Column("kind", sa.String, nullable=False),
        sa.Column("serial", sa.String, nullable=False),
        sa.Column("found_by", sa.String, nullable=False),
        sa.Index("board_things_found_by", "found_by"),
    )


def downgrade() -> None:
    """Not needed: a board of before does not look at these tables."""
