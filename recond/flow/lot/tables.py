"""The tables of the lots, the same in SQLite and PostgreSQL.

Why new tables and no new columns: they are made where they are not, and a database of before goes
on as it is.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa

from recond.codec import canonical_bytes
from recond.flow.lot.rows import DiskRow, MachineRow, Remainder

META = sa.MetaData()
LOTS = sa.Table(
    "lots",
    META,
    sa.Column("name", sa.String, primary_key=True),
    sa.Column("donor", sa.String),
    sa.Column("date", sa.String),
    sa.Column("created_at", sa.String, nullable=False),
    sa.Column("closed_at", sa.String),
)


def _of_a_lot(name: str, *columns: sa.Column[Any]) -> sa.Table:
    lot = sa.Column("lot", sa.String, sa.ForeignKey("lots.name"), primary_key=True)
    return sa.Table(name, META, lot, *columns)


EXPECTED = _of_a_lot(
    "expected",
    sa.Column("serial", sa.String, primary_key=True),
    sa.Column("line", sa.Integer),
    sa.Column("written", sa.String),
    sa.Column("kind", sa.String),
    sa.Column("model", sa.String),
    sa.Column("number", sa.String),
)
MACHINES = _of_a_lot(
    "machines",
    sa.Column("record_id", sa.String, primary_key=True),
    *(sa.Column(name, sa.String, nullable=False) for name in ("digest", "issued_at")),
    *(
        sa.Column(name, sa.String)
        for name in (
            "ledger",
            "signer",
            "bench",
            "operator",
            "serial",
            "maker",
            "model",
            "form",
            "property_number",
            "category",
            "readiness",
            "source",
            "found_by",
        )
    ),
    sa.Column("number", sa.Integer),
)
DISKS = _of_a_lot(
    "disks",
    sa.Column("record_id", sa.String, primary_key=True),
    sa.Column("position", sa.Integer, primary_key=True),
    *(
        sa.Column(name, sa.String)
        for name in (
            "serial",
            "found_by",
            "model",
            "medium",
            "status",
            "verdict",
            "level",
            "ended_at",
            "method",
        )
    ),
    sa.Column("size_bytes", sa.BigInteger),
)
SIGNERS = _of_a_lot(
    "signers",
    sa.Column("signer", sa.String, primary_key=True),
    sa.Column("chain", sa.Text),
)
TRUSTED = _of_a_lot(
    "trusted",
    sa.Column("fingerprint", sa.String, primary_key=True),
    sa.Column("certificate", sa.Text),
)
ISSUES = _of_a_lot(
    "issues",
    sa.Column("ledger", sa.String, primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("record_id", sa.String),
    sa.Column("digest", sa.String),
)
BY_NUMBER = sa.Index("issues_by_number", ISSUES.c.ledger, ISSUES.c.number)
"""A ledger's number is looked for in all lots, once for each record."""
BY_SERIAL = tuple(
    sa.Index(f"{table.name}_by_serial", table.c.lot, table.c.found_by)
    for table in (MACHINES, DISKS)
)
"""Which serials stand twice, and which lines of the list nobody saw, is asked for each status."""
PROBLEMS = _of_a_lot(
    "problems",
    sa.Column("source", sa.String, primary_key=True),
    sa.Column("code", sa.String),
    sa.Column("args", sa.Text),
)
STATEMENTS = _of_a_lot(
    "statements",
    sa.Column("event_id", sa.String, primary_key=True),
    *(sa.Column(name, sa.String) for name in ("digest", "issued_at", "signer", "source")),
    sa.Column("body", sa.Text),
)
"""`body`: the statement itself; whose word it is may have been forgotten in it."""
REMAINDERS = _of_a_lot(
    "remainders",
    sa.Column("record_id", sa.String, primary_key=True),
    sa.Column("body", sa.Text),
)
"""What a record says is left in its computer, and what of that rests on a word."""
EXPECTED_SIZES = _of_a_lot(
    "expected_sizes",
    sa.Column("serial", sa.String, primary_key=True),
    sa.Column("size_bytes", sa.BigInteger),
)
EXPECTED_COUNTS = _of_a_lot(
    "expected_counts",
    sa.Column("kind", sa.String, primary_key=True),
    sa.Column("number", sa.Integer),
)

_MAKING = 0x7265636F6E64  # "recond": the lock of PostgreSQL under which tables are made


def make_lot_tables(connection: sa.Connection) -> None:
    """Make the lots' tables where they are not: here, or in the board's database.

    Two programs may come to a new database at once: the second waits, and finds them made.
    """
    look = sa.inspect(connection)
    there = set(look.get_table_names())
    wanted = (BY_NUMBER, *BY_SERIAL)
    known = {
        index["name"]
        for name in (MACHINES.name, DISKS.name, ISSUES.name)
        if name in there
        for index in look.get_indexes(name)
    }
    if there.issuperset(META.tables) and known.issuperset(one.name for one in wanted):
        return
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_MAKING)))
    elif not connection.connection.driver_connection.in_transaction:  # type: ignore[union-attr]
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    META.create_all(connection)
    for index in wanted:  # not made with a table of before
        index.create(connection, checkfirst=True)


MOST_SHARED = 5000


def shared(rows: sa.Result[Any]) -> Iterator[list[Any]]:
    """The rows of an answer, with one text for all that are alike and near each other: of 100,000
    disks most have a model, a method and a verdict that others have.
    """
    kept: dict[str, str] = {}
    for part in rows.partitions(1000):
        if len(kept) > MOST_SHARED:
            kept.clear()
        for row in part:
            yield [kept.setdefault(one, one) if type(one) is str else one for one in row]


def row_values(lot: str, row: MachineRow) -> Iterator[tuple[sa.Table, list[dict[str, Any]]]]:
    """What a record's row is in the tables."""
    own = {"lot": lot, "record_id": row.record_id}
    yield MACHINES, [own | {k: v for k, v in _plain(row).items() if k != "disks"}]
    if row.disks:
        yield DISKS, [own | _plain(one) for one in row.disks]
    if row.ledger is not None and row.number is not None:
        taken = {"ledger": row.ledger, "number": row.number, "digest": row.digest}
        yield ISSUES, [own | taken]


def remainder_values(lot: str, record_id: str, left: Remainder) -> dict[str, Any]:
    """What is left in a record's computer, as it is kept."""
    return {"lot": lot, "record_id": record_id, "body": canonical_bytes(left).decode("utf-8")}


def _plain(row: MachineRow | DiskRow) -> dict[str, Any]:
    return {name: getattr(row, name) for name in row.__slots__}
