"""The board's database: SQLite in a file of its own, or PostgreSQL; opened, migrated, asked.

Why two words for a transaction: SQLite lets one writer in at a time, and one that began as a reader
cannot become a writer without failing; `writing` takes its turn from the start. In PostgreSQL a
writer's turn is only needed where the audit's chain grows (`recond.board.audit`).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import resources
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic.config import Config
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory

from recond.errors import BenchLacks, UsageError
from recond.flow.lot.tables import make_lot_tables

FILE = "records.sqlite"
BUSY_MS = 10_000
CONNECTIONS = 8


def make_engine(url: str | None, folder: Path) -> sa.Engine:
    """An engine for `url` (SQLAlchemy's form, `postgresql://…`), else for SQLite in the folder.

    Raises `UsageError` for a URL that is none; it is not shown, it may hold a password.
    """
    try:
        if not url:
            engine = sa.create_engine(sa.URL.create("sqlite", database=str(folder / FILE)))
            _tame_sqlite(engine)
            return engine
        where = sa.make_url(url)
        if where.drivername == "postgresql":
            where = where.set(drivername="postgresql+psycopg")
        if where.get_backend_name() != "postgresql":
            raise UsageError("board.database.kind")
        return sa.create_engine(
            where,
            pool_size=CONNECTIONS,
            max_overflow=CONNECTIONS,
            pool_pre_ping=True,
            connect_args={"connect_timeout": 10},
        )
    except (sa.exc.ArgumentError, sa.exc.NoSuchModuleError, ImportError, ValueError):
        raise UsageError("board.database.url") from None


def _tame_sqlite(engine: sa.Engine) -> None:
    @sa.event.listens_for(engine, "connect")
    def connected(raw: Any, _record: object) -> None:
        raw.isolation_level = None  # transactions begin where we say, not where the driver guesses
        for pragma in (
            "journal_mode=WAL",
            "synchronous=FULL",  # what was answered as kept survives a power cut
            "foreign_keys=ON",
            f"busy_timeout={BUSY_MS}",
            "trusted_schema=OFF",
        ):
            raw.execute(f"PRAGMA {pragma}")

    @sa.event.listens_for(engine, "begin")
    def began(connection: sa.Connection) -> None:
        writes = connection.get_execution_options().get("recond_writes")
        connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


class Database:
    """The board's database. Both contexts are one transaction each; errors are SQLAlchemy's."""

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine

    @property
    def is_postgresql(self) -> bool:
        """Which of the two it is."""
        return self._engine.dialect.name == "postgresql"

    @contextmanager
    def reading(self) -> Iterator[sa.Connection]:
        """A transaction that changes nothing."""
        with self._engine.connect() as connection, connection.begin():
            yield connection

    @contextmanager
    def writing(self) -> Iterator[sa.Connection]:
        """A transaction: all of it is kept and on the disk, or nothing."""
        with self._engine.connect() as bare:
            connection = bare.execution_options(recond_writes=True)
            with connection.begin():
                yield connection

    def close(self) -> None:
        """Give every connection back."""
        self._engine.dispose()


def open_database(url: str | None, folder: Path) -> Database:
    """The database in its newest form, made where there is none.

    Raises `UsageError`, or `BenchLacks` where it does not answer.
    """
    engine = make_engine(url, folder)
    database = Database(engine)
    try:
        with database.writing() as connection:
            if database.is_postgresql:  # two boards that start at once: one migrates
                connection.execute(sa.text("SELECT pg_advisory_xact_lock(20261128)"))
            migrate(connection)
            make_lot_tables(connection)
    except sa.exc.SQLAlchemyError as error:
        database.close()
        reason = str(getattr(error, "orig", None) or type(error).__name__).strip()
        raise BenchLacks("board.database.failed", reason=reason.splitlines()[0][:200]) from None
    return database


def migrate(connection: sa.Connection) -> None:
    """Bring the tables to their newest form, within the connection's transaction."""
    config = Config()
    with resources.as_file(resources.files("recond.board.migrations")) as place:
        config.set_main_option("script_location", str(place).replace("%", "%%"))
        config.set_main_option("version_locations", str(place).replace("%", "%%"))
        config.set_main_option("path_separator", "newline")
        steps = ScriptDirectory.from_config(config)

        def to_head(revision: Any, _context: object) -> Any:
            return steps._upgrade_revs("head", revision)

        with EnvironmentContext(config, steps, fn=to_head) as environment:
            environment.configure(connection=connection, version_table="board_version")
            environment.run_migrations()
