"""Records come in, are kept once, and are read back.

Why the order: the package is on the disk first, then one transaction names it, then the bench is
told. Killed between any two, the bench sends again and finds it there. A record that contradicts
what is here (`recond.board.once`) is kept apart. Custody statements come in by the same way.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass

import sqlalchemy as sa

from recond.board import search, statements
from recond.board.database import Database
from recond.board.judge import Kept, KeptStatement, Refused
from recond.board.once import Claim, is_known, resigned, standing
from recond.board.store import Store
from recond.board.tables import APART, DISKS, RECORDS, STATEMENTS
from recond.board.tokens import BenchToken
from recond.certify.sign.jws import read_jws
from recond.certify.verify.verdicts import Trust
from recond.custody import is_statement
from recond.errors import RecordInvalid
from recond.flow.lot.collect import chain_of, take
from recond.flow.lot.rows import DiskRow
from recond.flow.lot.statements import StatementFiles, take_statement
from recond.flow.lot.store import LotStore
from recond.model import Message, Text
from recond.upload.package import IssueOrder, unpack

MOST_APART_BYTES = 1 << 30
"""Of one bench; what comes after that and is not true is answered likewise and not kept."""


class IntakeAnswer(Text):
    """What a bench is told of a record."""

    KEPT = "kept"
    UNTRUSTED = "untrusted"  # true, by a key that nobody pinned here
    KNOWN = "known"
    APART = "apart"


@dataclass(frozen=True, slots=True)
class Intake:
    """What became of one upload."""

    answer: IntakeAnswer
    record_id: str
    reason: Message | None = None


Judge = Callable[[bytes, str], Kept | KeptStatement | Refused]


class Records:
    """The board's records. `on_kept` hears of each new one, after it is on the disk."""

    def __init__(
        self, database: Database, store: Store, judge: Judge, on_kept: Callable[[str], None]
    ) -> None:
        self._database, self._store, self._judge = database, store, judge
        self._on_kept = on_kept
        self._turn = threading.Lock()  # two issues of one record are told apart one by one

    def take_in(self, bench: BenchToken, key: str, raw: bytes, now: str) -> Intake:
        """One upload. `key` is the idempotency key, `<record id>.<digest's beginning>`.

        Raises `BenchLacks` where it could not be judged, and the errors of store and database: then
        nothing was kept, or it was and the next delivery finds it.
        """
        record_id, _, beginning = key.rpartition(".")
        table = _table_of(record_id)
        with self._database.reading() as db:
            if is_known(db, table, record_id, beginning, table.c.trusted):
                return Intake(IntakeAnswer.KNOWN, record_id)
        found = self._judge(raw, record_id)
        if not isinstance(found, Refused) and not found.digest.startswith(beginning or "-"):
            found = Refused(record_id, Message.of("board.apart.key", record=record_id))
        if isinstance(found, Refused) and not self._has_room(bench, len(raw)):
            return Intake(IntakeAnswer.APART, record_id, found.reason)
        package = self._store.put(raw)
        with self._turn:
            done: Intake | Refused = (
                found if isinstance(found, Refused) else self._keep(bench, found, package, raw, now)
            )
            if isinstance(done, Refused):
                self._set_apart(bench, done, package, len(raw), now)
                return Intake(IntakeAnswer.APART, record_id, done.reason)
        if done.answer in (IntakeAnswer.KEPT, IntakeAnswer.UNTRUSTED):
            self._on_kept(record_id)
        return done

    def _keep(
        self,
        bench: BenchToken,
        kept: Kept | KeptStatement,
        package: str,
        raw: bytes,
        now: str,
    ) -> Intake | Refused:
        number = kept.record_id
        delivered: dict[str, object] = {
            "package": package,
            "bench": bench.id,
            "received_at": now,
            "signer": kept.signer,
            "trusted": kept.trusted,
            "trust_seen": kept.trust_seen,
            "bytes": len(raw),
        }
        with self._database.writing() as db:
            found = (
                _keep_record(db, kept, delivered)
                if isinstance(kept, Kept)
                else statements.keep(db, kept, delivered)
            )
            if isinstance(found, Message):
                return Refused(number, found)
            if found:
                return Intake(IntakeAnswer.KNOWN, number)
            if kept.trusted and kept.lot:
                _into_lot(db, kept.lot, raw, number)
        return Intake(
            IntakeAnswer.KEPT if kept.trusted else IntakeAnswer.UNTRUSTED, number, kept.why
        )

    def _has_room(self, bench: BenchToken, size: int) -> bool:
        """Whether more of a bench may be kept apart: a leaked token is not to fill the disk."""
        kept = sa.select(sa.func.coalesce(sa.func.sum(APART.c.bytes), 0))
        with self._database.reading() as db:
            held = int(db.execute(kept.where(APART.c.bench == bench.id)).scalar_one())
        return held + size <= MOST_APART_BYTES

    def _set_apart(
        self, bench: BenchToken, refused: Refused, package: str, size: int, now: str
    ) -> None:
        with self._database.writing() as db:
            known = sa.select(APART.c.id).where(
                APART.c.digest == package, APART.c.bench == bench.id
            )
            if db.execute(known).first():
                return
            db.execute(
                sa.insert(APART).values(
                    digest=package,
                    bench=bench.id,
                    received_at=now,
                    record_id=refused.record_id,
                    code=refused.reason.code,
                    args=json.dumps(dict(refused.reason.args), ensure_ascii=False),
                    bytes=size,
                )
            )

    def judge_again(self, trust_seen: str, most: int) -> int:
        """Judge again what was judged when others were believed; how many were."""
        done = self._again(STATEMENTS, trust_seen, most)
        return done + self._again(RECORDS, trust_seen, most - done)

    def _again(self, table: sa.Table, trust_seen: str, most: int) -> int:
        with self._database.reading() as db:
            stale = db.execute(
                sa.select(table.c.id, table.c.record_id, table.c.package, table.c.lot)
                .where(table.c.trust_seen != trust_seen)
                .limit(most)
            ).all()
        for row in stale:
            raw, found = self._looked_at_again(row.package, row.record_id)
            trusted = not isinstance(found, Refused) and found.trusted
            with self._database.writing() as db:
                db.execute(
                    sa.update(table)
                    .where(table.c.id == row.id)
                    .values(trusted=trusted, trust_seen=trust_seen)
                )
                if trusted and row.lot:
                    _into_lot(db, row.lot, raw, row.record_id)
            self._on_kept(row.record_id)
        return len(stale)

    def _looked_at_again(
        self, package: str, record_id: str
    ) -> tuple[bytes, Kept | KeptStatement | Refused]:
        """A package that is gone or altered proves nothing any more, and holds up no other."""
        try:
            raw = self._store.get(package)
        except RecordInvalid as error:
            return b"", Refused(record_id, error.message)
        return raw, self._judge(raw, record_id)

    def package_bytes(self, package: str) -> bytes:
        """A package as it came. Raises `RecordInvalid` where it is gone or altered."""
        return self._store.get(package)


def _table_of(number: str) -> sa.Table:
    return STATEMENTS if is_statement(number) else RECORDS


def _keep_record(db: sa.Connection, kept: Kept, delivered: dict[str, object]) -> bool | Message:
    """Keep a record. True: it was here; a message: why it cannot be kept; False: it is new here."""
    row = kept.row
    claim = Claim(
        row.record_id, kept.digest, row.ledger, row.number, row.signer or "", kept.trusted
    )
    found = standing(db, RECORDS, claim)
    if found is not False:
        return found
    current = _is_newest(db, kept)
    if current:
        older = sa.update(RECORDS).where(RECORDS.c.record_id == row.record_id)
        db.execute(older.values(current=False))
    delivered = {**delivered, "current": current}
    if not resigned(db, RECORDS, kept.digest, delivered):
        number = _insert(db, kept, delivered)
        words, tails = search.words_of(kept)
        search.put_words(db, number, words, tails)
    return False


def _is_newest(db: sa.Connection, kept: Kept) -> bool:
    row = kept.row
    before = db.execute(
        sa.select(RECORDS.c.issued_at, RECORDS.c.ledger, RECORDS.c.number, RECORDS.c.signer).where(
            RECORDS.c.record_id == row.record_id, RECORDS.c.current
        )
    ).first()
    if before is None or before.signer != row.signer:
        return True
    return kept.issue.after(IssueOrder(before.issued_at, before.ledger, before.number or 0))


def _insert(db: sa.Connection, kept: Kept, delivered: dict[str, object]) -> int:
    row = kept.row
    made = db.execute(
        sa.insert(RECORDS)
        .values(
            record_id=row.record_id,
            digest=kept.digest,
            issued_at=row.issued_at,
            ledger=row.ledger,
            number=row.number,
            outcome=kept.outcome,
            computer=kept.computer,
            maker=row.maker,
            model=row.model,
            serial=row.serial,
            form=row.form,
            property_number=row.property_number,
            lot=kept.lot,
            donor=kept.donor,
            operator=row.operator,
            workshop=kept.workshop,
            bench_name=row.bench,
            category=row.category,
            readiness=" ".join(row.profiles),
            duration_s=kept.duration_s,
            **delivered,
        )
        .returning(RECORDS.c.id)
    )
    number = int(made.scalar_one())
    if row.disks:
        db.execute(sa.insert(DISKS), [_disk(number, one) for one in row.disks])
    return number


def _disk(number: int, one: DiskRow) -> dict[str, object]:
    return {
        "record": number,
        "position": one.position,
        "serial": one.serial,
        "found_by": one.found_by,
        "model": one.model,
        "medium": one.medium,
        "status": one.status,
        "verdict": one.verdict,
        "level": one.level,
        "size_bytes": one.size_bytes,
        "approved": one.approved,
    }


def _into_lot(db: sa.Connection, lot: str, raw: bytes, number: str) -> None:
    """The document's own lot counts it too, where there is one here that is open."""
    lots = LotStore(db)
    there = next((one for one in lots.lots() if one.name == lot), None)
    if there is not None and there.closed_at is None:
        take_judged(lots, lot, raw, number)


def take_judged(lots: LotStore, lot: str, raw: bytes, number: str) -> None:
    """A trusted record or statement into a lot: whom the board believes was asked when it was
    judged, and is asked again when the lot is shown.
    """
    try:
        package = unpack(raw, number)
        if is_statement(number):
            files = StatementFiles.of_package(package)
            take_statement(lots, lot, number, files, Trust(pinned=read_jws(files.jws).chain[:1]))
        else:
            take(lots, lot, number, package, Trust(pinned=chain_of(package)[:1]))
    except RecordInvalid as error:
        if error.message.code != "upload.demonstration":  # of a demonstration's board, each is one
            lots.note(lot, number, error.message)
