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
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any

import sqlalchemy as sa

from recond.codec import canonical_bytes, from_json
from recond.custody import CustodyEvent
from recond.documents import read_json
from recond.erasure import Person
from recond.errors import BenchLacks, UsageError
from recond.flow.lot.manifest import ExpectedDisk
from recond.flow.lot.rows import DiskRow, Lot, MachineRow, Remainder, Remainders, StatementRow
from recond.flow.lot.tables import (
    DISKS,
    EXPECTED,
    EXPECTED_COUNTS,
    EXPECTED_SIZES,
    ISSUES,
    LOTS,
    MACHINES,
    PROBLEMS,
    REMAINDERS,
    SIGNERS,
    STATEMENTS,
    TRUSTED,
    make_lot_tables,
    remainder_values,
    row_values,
    shared,
)
from recond.host.reason import os_reason
from recond.host.regular import open_regular
from recond.model import Message


class LotStore:
    """The lots of a database. Methods raise `BenchLacks` where it cannot be reached."""

    def __init__(self, connection: sa.Connection) -> None:
        self._db = connection
        self._signed: dict[tuple[str, str], bytes] = {}  # in this transaction

    @property
    def connection(self) -> sa.Connection:
        """The transaction that is open, for questions of `recond.flow.lot.plain`."""
        return self._db

    def lots(self) -> tuple[Lot, ...]:
        """Every lot, oldest first."""
        rows = self._db.execute(sa.select(LOTS).order_by(LOTS.c.created_at, LOTS.c.name))
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
            self._db.execute(sa.insert(LOTS).values(asdict(lot)))
        except sa.exc.IntegrityError:
            raise UsageError("lot.taken", lot=lot.name) from None
        self._expect(lot.name, expected, problems)

    def expect(
        self, name: str, expected: Sequence[ExpectedDisk], problems: dict[str, Message]
    ) -> None:
        """Another manifest for a lot, in the place of the one before."""
        for table in (EXPECTED, EXPECTED_SIZES, PROBLEMS):
            self._db.execute(sa.delete(table).where(table.c.lot == name))
        self._expect(name, expected, problems)

    def _expect(
        self, name: str, expected: Sequence[ExpectedDisk], problems: dict[str, Message]
    ) -> None:
        rows = [{"lot": name, **asdict(one)} for one in expected]
        sizes = [
            {"lot": name, "serial": row["serial"], "size_bytes": found}
            for row in rows
            if (found := row.pop("size_bytes")) is not None
        ]
        if rows:
            self._db.execute(sa.insert(EXPECTED), rows)
        if sizes:
            self._db.execute(sa.insert(EXPECTED_SIZES), sizes)
        for source, message in problems.items():
            self.note(name, source, message)

    def expect_counts(self, name: str, counts: dict[str, int]) -> None:
        """How many of each kind a list without serials names."""
        rows = [{"lot": name, "kind": kind, "number": many} for kind, many in counts.items()]
        if rows:
            self._db.execute(sa.insert(EXPECTED_COUNTS), rows)

    def expected_counts(self, name: str) -> dict[str, int]:
        """How many of each kind are expected, where the list names no serials."""
        counts = EXPECTED_COUNTS.c
        found = sa.select(counts.kind, counts.number).where(counts.lot == name)
        return {row.kind: row.number for row in self._db.execute(found.order_by(counts.kind))}

    def close(self, name: str, at: str) -> None:
        """Say that a lot is complete."""
        self._db.execute(sa.update(LOTS).where(LOTS.c.name == name).values(closed_at=at))

    def digests(self, name: str) -> set[str]:
        """All digests seen in a lot, also those of records issued anew since."""
        rows = self._db.execute(sa.select(MACHINES.c.digest).where(MACHINES.c.lot == name))
        more = self._db.execute(sa.select(ISSUES.c.digest).where(ISSUES.c.lot == name))
        return {row[0] for row in (*rows, *more)}

    def unkept(self, name: str) -> set[str]:
        """The digests of the records whose signer's certificates were not kept."""
        kept = sa.select(SIGNERS.c.signer).where(SIGNERS.c.lot == name)
        named = (MACHINES.c.lot == name, MACHINES.c.signer.is_not(None))
        found = sa.select(MACHINES.c.digest).where(*named, MACHINES.c.signer.not_in(kept))
        return set(self._db.execute(found).scalars())

    def machine(self, name: str, record_id: str) -> MachineRow | None:
        """A record's row, without its disks."""
        return next(iter(self.bare_machines(name, (record_id,))), None)

    def bare_machines(self, name: str, ids: Sequence[str]) -> tuple[MachineRow, ...]:
        """The rows of these records, without their disks."""
        return tuple(
            MachineRow(*row) for row in self._db.execute(_MACHINES, {"lot": name, "ids": ids})
        )

    def issued(self, ledger: str, number: int) -> str | None:
        """The digest that holds a ledger's number, in whatever lot."""
        return next((digest for _, digest in self.holders(ledger, (number,))), None)

    def holders(self, ledger: str, numbers: Sequence[int]) -> tuple[tuple[int, str], ...]:
        """Which of a ledger's numbers are held, and by which digest."""
        found = self._db.execute(_HOLDERS, {"ledger": ledger, "numbers": numbers})
        return tuple((number, digest) for number, digest in found)

    def put(self, name: str, row: MachineRow, *, new: bool = False) -> None:
        """Write a record's row in the place of its older self; `new`: there is none."""
        if not new:
            self._remove(name, row.record_id)
        for table, values in row_values(name, row):
            self._db.execute(sa.insert(table), values)

    def _remove(self, name: str, record_id: str) -> None:
        for table in (DISKS, MACHINES):
            self._db.execute(
                sa.delete(table).where(table.c.lot == name, table.c.record_id == record_id)
            )

    def sign(self, name: str, signer: str, chain: bytes) -> None:
        """Keep a signer's certificates (PEM), its own first."""
        if self._signed.get((name, signer)) == chain:
            return
        self._signed[name, signer] = chain
        key = (SIGNERS.c.lot == name, SIGNERS.c.signer == signer)
        self._db.execute(sa.delete(SIGNERS).where(*key))
        self._db.execute(
            sa.insert(SIGNERS).values(lot=name, signer=signer, chain=chain.decode("ascii"))
        )

    def chains(self, name: str) -> dict[str, bytes]:
        """Each signer's certificates (PEM)."""
        rows = self._db.execute(
            sa.select(SIGNERS.c.signer, SIGNERS.c.chain).where(SIGNERS.c.lot == name)
        )
        return {signer: chain.encode("ascii") for signer, chain in rows}

    def trust(self, name: str, certificates: dict[str, bytes]) -> None:
        """Keep which certificates (fingerprint, PEM) a lot trusts beside none of the bench's."""
        for fingerprint, pem in certificates.items():
            self._db.execute(
                sa.insert(TRUSTED).values(
                    lot=name, fingerprint=fingerprint, certificate=pem.decode("ascii")
                )
            )

    def trusted(self, name: str) -> tuple[bytes, ...]:
        """The certificates (PEM) of a lot's own; none: it trusts whom the bench trusts."""
        rows = self._db.execute(
            sa.select(TRUSTED.c.certificate)
            .where(TRUSTED.c.lot == name)
            .order_by(TRUSTED.c.fingerprint)
        ).scalars()
        return tuple(pem.encode("ascii") for pem in rows)

    def note(self, name: str, source: str, message: Message | None) -> None:
        """Keep what is wrong with a source; None: nothing any more."""
        self._db.execute(
            sa.delete(PROBLEMS).where(PROBLEMS.c.lot == name, PROBLEMS.c.source == source)
        )
        if message is not None:
            self._db.execute(
                sa.insert(PROBLEMS).values(
                    lot=name,
                    source=source,
                    code=message.code,
                    args=json.dumps(dict(message.args), ensure_ascii=False),
                )
            )

    def problems(self, name: str) -> tuple[tuple[str, Message], ...]:
        """What is wrong, by its source."""
        rows = self._db.execute(
            sa.select(PROBLEMS).where(PROBLEMS.c.lot == name).order_by(PROBLEMS.c.source)
        ).mappings()
        return tuple(
            (row["source"], Message.of(row["code"], **read_json(row["args"]))) for row in rows
        )

    def expected(
        self, name: str, which: sa.ColumnElement[bool] | None = None
    ) -> tuple[ExpectedDisk, ...]:
        """The manifest's lines, in its order; `which` of them."""
        line, size = EXPECTED.c, EXPECTED_SIZES.c
        rows = self._db.execute(
            _select(EXPECTED, ExpectedDisk)
            .add_columns(size.size_bytes)
            .outerjoin(EXPECTED_SIZES, (size.lot == line.lot) & (size.serial == line.serial))
            .where(line.lot == name, sa.true() if which is None else which)
            .order_by(line.line, line.serial)
        )
        return tuple(ExpectedDisk(*row) for row in shared(rows))

    def put_statement(self, name: str, row: StatementRow) -> None:
        """Write a statement's row in the place of one of the same number."""
        event = row.event
        key = (STATEMENTS.c.lot == name, STATEMENTS.c.event_id == event.event_id)
        self._db.execute(sa.delete(STATEMENTS).where(*key))
        self._db.execute(
            sa.insert(STATEMENTS).values(
                lot=name,
                event_id=event.event_id,
                digest=row.digest,
                issued_at=event.issued_at,
                signer=row.signer,
                source=row.source,
                body=canonical_bytes(event).decode("utf-8"),
            )
        )

    def take_number(self, name: str, ledger: str, number: int, document: str, digest: str) -> None:
        """Keep that a ledger's number is this document's."""
        key = (ISSUES.c.lot == name, ISSUES.c.ledger == ledger, ISSUES.c.number == number)
        self._db.execute(sa.delete(ISSUES).where(*key))
        self._db.execute(
            sa.insert(ISSUES).values(
                lot=name, ledger=ledger, number=number, record_id=document, digest=digest
            )
        )

    def statements(self, name: str) -> tuple[StatementRow, ...]:
        """Every statement of a lot, in the order in which they were signed."""
        rows = self._db.execute(
            sa.select(STATEMENTS)
            .where(STATEMENTS.c.lot == name)
            .order_by(STATEMENTS.c.issued_at, STATEMENTS.c.event_id)
        ).mappings()
        return tuple(
            StatementRow(
                from_json(CustodyEvent, read_json(row["body"])),
                row["digest"],
                row["signer"],
                row["source"],
            )
            for row in rows
        )

    def forget(self, name: str) -> tuple[int, int]:
        """Take people's names out of a lot's rows: how many records, and statements, had one."""
        named = (MACHINES.c.lot == name, MACHINES.c.operator.is_not(None))
        done = self._db.execute(sa.update(MACHINES).where(*named).values(operator=None))
        said = [row for row in self.statements(name) if row.event.operator.name]
        for row in said:
            event = replace(row.event, operator=Person())
            if event.destroyed is not None:
                event = replace(event, destroyed=replace(event.destroyed, seen_by=None))
            self.put_statement(name, replace(row, event=event))
        return done.rowcount, len(said)

    def keep_remainder(
        self, name: str, record_id: str, left: Remainder, *, new: bool = False
    ) -> None:
        """Keep what a record says is left in its computer; `new`: nothing is kept of it."""
        if not new:
            key = (REMAINDERS.c.lot == name, REMAINDERS.c.record_id == record_id)
            self._db.execute(sa.delete(REMAINDERS).where(*key))
        self._db.execute(sa.insert(REMAINDERS), remainder_values(name, record_id, left))

    def remainders(self, name: str, ids: Sequence[str] | None = None) -> Remainders:
        """What each record (of `ids`) says is left, by its id; a row of before has none."""
        found = sa.select(REMAINDERS.c.record_id, REMAINDERS.c.body)
        rows = self._db.execute(found.where(*_among(REMAINDERS, name, ids)))
        return Remainders(dict(map(tuple, rows.all())))

    def machines(self, name: str, ids: Sequence[str] | None = None) -> tuple[MachineRow, ...]:
        """Every record's row (of `ids`) with its disks, by id."""
        disks: dict[str, list[DiskRow]] = {}
        rows = self._db.execute(
            _select(DISKS, DiskRow, DISKS.c.record_id)
            .where(*_among(DISKS, name, ids))
            .order_by(DISKS.c.record_id, DISKS.c.position)
        )
        for record_id, *values in shared(rows):
            disks.setdefault(record_id, []).append(DiskRow(*values))
        found = self._db.execute(
            _select(MACHINES, MachineRow)
            .where(*_among(MACHINES, name, ids))
            .order_by(MACHINES.c.record_id)
        )
        return tuple(MachineRow(*[*row, tuple(disks.pop(row[0], ()))]) for row in shared(found))

    def numbers(self, ledger: str) -> set[int]:
        """The numbers of a ledger that any lot has seen."""
        return set(
            self._db.execute(sa.select(ISSUES.c.number).where(ISSUES.c.ledger == ledger)).scalars()
        )


def _among(
    table: sa.Table, lot: str, ids: Sequence[str] | None
) -> tuple[sa.ColumnElement[bool], ...]:
    return (table.c.lot == lot, *(() if ids is None else (table.c.record_id.in_(ids),)))


def _select(table: sa.Table, kind: type[Any], *first: sa.Column[Any]) -> sa.Select[Any]:
    """The columns that are fields of a kind of row, in the order of its fields: rows of 10,000
    machines are made of tuples in half the time of mappings.
    """
    return sa.select(*first, *(table.c[one.name] for one in fields(kind) if one.name in table.c))


# asked of each record that is added: made once
_MACHINES = _select(MACHINES, MachineRow).where(
    MACHINES.c.lot == sa.bindparam("lot"),
    MACHINES.c.record_id.in_(sa.bindparam("ids", expanding=True)),
)
_HOLDERS = sa.select(ISSUES.c.number, ISSUES.c.digest).where(
    ISSUES.c.ledger == sa.bindparam("ledger"),
    ISSUES.c.number.in_(sa.bindparam("numbers", expanding=True)),
)


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
