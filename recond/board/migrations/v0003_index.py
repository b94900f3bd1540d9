"""A search index that is ready at once: PostgreSQL kept new words in a list beside it (GIN's
`fastupdate`), which each search read through until somebody tidied it up."""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Write each word where it belongs; SQLite does."""
    if op.get_bind().dialect.name != "postgresql":
        return
    for name in ("board_search_words", "board_search_tails"):
        op.execute(f"ALTER INDEX {name} SET (fastupdate = off)")
        op.execute(f"SELECT gin_clean_pending_list('{name}')")


def downgrade() -> None:
    """Not needed: what is there can be read by all."""
