"""Lots in a database: SQLite in the state folder, or PostgreSQL by a URL, the same tables in both.

Why rows and not records: a lot of 10,000 machines is asked in under a second. A row holds what the
lists and the report show, and the digest of the signed bytes it was taken from; the records stay
where they are. Only what was verified comes in here (`recond.flow.lot.collect`).
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from recond.documents import read_json
from recond.errors import BenchLacks, UsageError
from recond.flow.lot.manifest import ExpectedDisk
from recond.flow.lot.rows import DiskRow, Lot, MachineRow
from recond.host.reason import os_reason
from recond.host.regular import open_regular
from recond.model import Message

_META = sa.MetaData()
_LOTS = sa.Table(
    "lots",
    _META,
    sa.Column("name", sa.String, primary_key=True),
    sa.Column("donor", sa.String),
    sa.Column("date", sa.String),
    sa.Column("created_at", sa.String, nullable=False),
    sa.Column("closed_at", sa.String),
)


def _of_a_lot(name: str, *columns: sa.Column[Any]) -> sa.Table:
    lot = sa.Column("lot", sa.String, sa.ForeignKey("lots.name"), primary_key=True)
    return sa.Table(name, _META, lot, *columns)


_EXPECTED = _of_a_lot(
    "expected",
    sa.Column("serial", sa.String, primary_key=True),
    sa.Column("line", sa.Integer),
    sa.Column("written", sa.String),
    sa.Column("kind", sa.String),
    sa.Column("model", sa.String),
    sa.Column("number", sa.String),
)
_MACHINES = _of_a_lot(
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
_DISKS = _of_a_lot(
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
_SIGNERS = _of_a_lot(
    "signers",
    sa.Column("signer", sa.String, primary_key=True),
    sa.Column("chain", sa.Text),
)
_TRUSTED = _of_a_lot(
    "trusted",
    sa.Column("fingerprint", sa.String, primary_key=True),
    sa.Column("certificate", sa.Text),
)
_ISSUES = _of_a_lot(
    "issues",
    sa.Column("ledger", sa.String, primary_key=True),
    sa.Column("number", sa.Integer, primary_key=True),
    sa.Column("record_id", sa.String),
    sa.Column("digest", sa.String),
)
_PROBLEMS = _of_a_lot(
    "problems",
    sa.Column("source", sa.String, primary_key=True),
    sa.Column("code", sa.String),
    sa.Column("args", sa.Text),
)


class LotStore:
    """The lots of a database. Methods raise `BenchLacks` where it cannot be reached."""

    def __init__(self, connection: sa.Connection) -> None:
        self._db = connection

    def lots(self) -> tuple[Lot, ...]:
        """Every lot, oldest first."""
        rows = self._db.execute(sa.select(_LOTS).order_by(_LOTS.c.created_at, _LOTS.c.name))
        return tuple(Lot(**row) for row in rows.mappings())

    def lot(self, name: str) -> Lot:
        """One lot. Raises `UsageError` with the names that there are."""
        for lot in self.lots():
            if lot.name == name:
                return lot
        known = ", ".join(lot.name for lot in self.lots()) or "—"
        raise UsageError("lot.unknown", lot=name, known=known)

    def make(
        self, lot: Lot, expected: Sequence[ExpectedDisk], problems: dict[str, Message]
    ) -> None:
        """A new lot with its manifest. Raises `UsageError` for a name that is taken."""
        try:
            self._db.execute(sa.insert(_LOTS).values(asdict(lot)))
        except sa.exc.IntegrityError:
            raise UsageError("lot.taken", lot=lot.name) from None
        if expected:
            self._db.execute(
                sa.insert(_EXPECTED), [{"lot": lot.name, **asdict(one)} for one in expected]
            )
        for source, message in problems.items():
            self.note(lot.name, source, message)

    def expect(
        self, name: str, expected: Sequence[ExpectedDisk], problems: dict[str, Message]
    ) -> None:
        """Another manifest for a lot, in the place of the one before."""
        for table in (_EXPECTED, _PROBLEMS):
            self._db.execute(sa.delete(table).where(table.c.lot == name))
        if expected:
            self._db.execute(
                sa.insert(_EXPECTED), [{"lot": name, **asdict(one)} for one in expected]
            )
        for source, message in problems.items():
            self.note(name, source, message)

    def close(self, name: str, at: str) -> None:
        """Say that a lot is complete."""
        self._db.execute(sa.update(_LOTS).where(_LOTS.c.name == name).values(closed_at=at))

    def digests(self, name: str) -> set[str]:
        """The digests of all records seen in a lot, also of those issued anew since."""
        rows = self._db.execute(sa.select(_MACHINES.c.digest).where(_MACHINES.c.lot == name))
        more = self._db.execute(sa.select(_ISSUES.c.digest).where(_ISSUES.c.lot == name))
        return {row[0] for row in (*rows, *more)}

    def machine(self, name: str, record_id: str) -> MachineRow | None:
        """A record's row, without its disks."""
        row = (
            self._db.execute(
                sa.select(_MACHINES).where(
                    _MACHINES.c.lot == name, _MACHINES.c.record_id == record_id
                )
            )
            .mappings()
            .first()
        )
        return MachineRow(**_without_lot(row)) if row else None

    def issued(self, ledger: str, number: int) -> str | None:
        """The digest that holds a ledger's number, in whatever lot."""
        return (
            self._db.execute(
                sa.select(_ISSUES.c.digest).where(
                    _ISSUES.c.ledger == ledger, _ISSUES.c.number == number
                )
            )
            .scalars()
            .first()
        )

    def put(self, name: str, row: MachineRow) -> None:
        """Write a record's row in the place of its older self."""
        self._remove(name, row.record_id)
        values = {k: v for k, v in _plain(row).items() if k != "disks"}
        self._db.execute(sa.insert(_MACHINES).values(lot=name, **values))
        if row.disks:
            self._db.execute(
                sa.insert(_DISKS),
                [{"lot": name, "record_id": row.record_id, **_plain(one)} for one in row.disks],
            )
        if row.ledger is not None and row.number is not None:
            self._db.execute(
                sa.insert(_ISSUES).values(
                    lot=name,
                    ledger=row.ledger,
                    number=row.number,
                    record_id=row.record_id,
                    digest=row.digest,
                )
            )

    def _remove(self, name: str, record_id: str) -> None:
        for table in (_DISKS, _MACHINES):
            self._db.execute(
                sa.delete(table).where(table.c.lot == name, table.c.record_id == record_id)
            )

    def sign(self, name: str, signer: str, chain: bytes) -> None:
        """Keep a signer's certificates (PEM), its own first."""
        key = (_SIGNERS.c.lot == name, _SIGNERS.c.signer == signer)
        self._db.execute(sa.delete(_SIGNERS).where(*key))
        self._db.execute(
            sa.insert(_SIGNERS).values(lot=name, signer=signer, chain=chain.decode("ascii"))
        )

    def chains(self, name: str) -> dict[str, bytes]:
        """Each signer's certificates (PEM)."""
        rows = self._db.execute(
            sa.select(_SIGNERS.c.signer, _SIGNERS.c.chain).where(_SIGNERS.c.lot == name)
        )
        return {signer: chain.encode("ascii") for signer, chain in rows}

    def trust(self, name: str, certificates: dict[str, bytes]) -> None:
        """Keep which certificates (fingerprint, PEM) a lot trusts beside none of the bench's."""
        for fingerprint, pem in certificates.items():
            self._db.execute(
                sa.insert(_TRUSTED).values(
                    lot=name, fingerprint=fingerprint, certificate=pem.decode("ascii")
                )
            )

    def trusted(self, name: str) -> tuple[bytes, ...]:
        """The certificates (PEM) of a lot's own; none: it trusts whom the bench trusts."""
        rows = self._db.execute(
            sa.select(_TRUSTED.c.certificate)
            .where(_TRUSTED.c.lot == name)
            .order_by(_TRUSTED.c.fingerprint)
        ).scalars()
        return tuple(pem.encode("ascii") for pem in rows)

    def note(self, name: str, source: str, message: Message | None) -> None:
        """Keep what is wrong with a source; None: nothing any more."""
        self._db.execute(
            sa.delete(_PROBLEMS).where(_PROBLEMS.c.lot == name, _PROBLEMS.c.source == source)
        )
        if message is not None:
            self._db.execute(
                sa.insert(_PROBLEMS).values(
                    lot=name,
                    source=source,
                    code=message.code,
                    args=json.dumps(dict(message.args), ensure_ascii=False),
                )
            )

    def problems(self, name: str) -> tuple[tuple[str, Message], ...]:
        """What is wrong, by its source."""
        rows = self._db.execute(
            sa.select(_PROBLEMS).where(_PROBLEMS.c.lot == name).order_by(_PROBLEMS.c.source)
        ).mappings()
        return tuple(
            (row["source"], Message.of(row["code"], **read_json(row["args"]))) for row in rows
        )

    def expected(self, name: str) -> tuple[ExpectedDisk, ...]:
        """The manifest's lines, in its order."""
        rows = self._db.execute(
            _select(_EXPECTED, ExpectedDisk)
            .where(_EXPECTED.c.lot == name)
            .order_by(_EXPECTED.c.line, _EXPECTED.c.serial)
        )
        return tuple(ExpectedDisk(*row) for row in rows)

    def machines(self, name: str) -> tuple[MachineRow, ...]:
        """Every record's row with its disks, by id."""
        disks: dict[str, list[DiskRow]] = {}
        rows = self._db.execute(
            _select(_DISKS, DiskRow, _DISKS.c.record_id)
            .where(_DISKS.c.lot == name)
            .order_by(_DISKS.c.record_id, _DISKS.c.position)
        )
        for record_id, *values in rows:
            disks.setdefault(record_id, []).append(DiskRow(*values))
        found = self._db.execute(
            _select(_MACHINES, MachineRow)
            .where(_MACHINES.c.lot == name)
            .order_by(_MACHINES.c.record_id)
        )
        return tuple(MachineRow(*(*row, tuple(disks.get(row[0], ())))) for row in found)

    def numbers(self, ledger: str) -> set[int]:
        """The numbers of a ledger that any lot has seen."""
        return set(
            self._db.execute(
                sa.select(_ISSUES.c.number).where(_ISSUES.c.ledger == ledger)
            ).scalars()
        )


def _select(table: sa.Table, kind: type[Any], *first: sa.Column[Any]) -> sa.Select[Any]:
    """The columns that are fields of a kind of row, in the order of its fields: rows of 10,000
    machines are made of tuples in half the time of mappings.
    """
    return sa.select(*first, *(table.c[one.name] for one in fields(kind) if one.name in table.c))


def _without_lot(row: sa.RowMapping) -> dict[str, Any]:
    return {key: value for key, value in row.items() if key != "lot"}


def _plain(row: MachineRow | DiskRow) -> dict[str, Any]:
    return {name: getattr(row, name) for name in row.__slots__}


def make_lot_tables(connection: sa.Connection) -> None:
    """Make the lots' tables where they are not: here, or in the board's database."""
    _META.create_all(connection)


@contextmanager
def open_lots(state: Path, url: str | None) -> Iterator[LotStore]:
    """One transaction: all of it is kept, or nothing. `url` (or RECOND_LOTS) is SQLAlchemy's.

    Raises `UsageError` for a URL that is none, `BenchLacks` where the database does not answer.
    """
    address = url or os.environ.get("RECOND_LOTS") or ""
    try:
        if address:
            where = sa.make_url(address)
            if where.drivername == "postgresql":
                where = where.set(drivername="postgresql+psycopg")
        else:
            state.mkdir(parents=True, exist_ok=True)
            file = state / "lots.sqlite"
            if file.exists() or file.is_symlink():  # SQLite follows links and waits for pipes
                os.close(open_regular(file, os.O_RDONLY))
            where = sa.URL.create("sqlite", database=str(file))
        engine = sa.create_engine(where)
    except OSError as error:
        raise BenchLacks("lot.database.failed", reason=os_reason(error)) from None
    except (sa.exc.ArgumentError, sa.exc.NoSuchModuleError, ImportError, ValueError):
        raise UsageError("lot.database.url") from None  # the URL may hold a password
    try:
        with engine.begin() as connection:
            make_lot_tables(connection)
            yield LotStore(connection)
    except sa.exc.SQLAlchemyError as error:
        reason = str(getattr(error, "orig", None) or type(error).__name__).strip()
        raise BenchLacks("lot.database.failed", reason=reason.splitlines()[0][:200]) from None
    finally:
        engine.dispose()
