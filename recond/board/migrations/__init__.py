"""The board's database, version by version (Alembic). A step that was released is never edited."""
