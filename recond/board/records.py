"""Records come in, are kept once, and are read back.

Why the order: the package is on the disk first, then one transaction names it, then the bench is
told. Killed between any two, the bench sends again and finds it there. A record that contradicts
what is here (its number in a ledger is taken, another key signed the same record) is kept apart:
whoever holds a bench's token cannot put a record of theirs in the place of another's.
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass

import sqlalchemy as sa

from recond.board import search
from recond.board.database import Database
from recond.board.judge import Kept, Refused
from recond.board.store import Store
from recond.board.tables import APART, DISKS, RECORDS
from recond.board.tokens import BenchToken
from recond.certify.verify.verdicts import Trust
from recond.errors import RecordInvalid
from recond.flow.lot.collect import chain_of, take
from recond.flow.lot.rows import DiskRow
from recond.flow.lot.store import LotStore
from recond.model import Message, Text
from recond.upload.package import IssueOrder, unpack

PREFIX = 16


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


Judge = Callable[[bytes, str], Kept | Refused]


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
        with self._database.reading() as db:
            if _is_known(db, record_id, beginning, RECORDS.c.trusted):
                return Intake(IntakeAnswer.KNOWN, record_id)
        found = self._judge(raw, record_id)
        if isinstance(found, Kept) and not found.digest.startswith(beginning or "-"):
            found = Refused(record_id, Message.of("board.apart.key", record=record_id))
        package = self._store.put(raw)
        with self._turn:
            done: Intake | Refused = (
                self._keep(bench, found, package, raw, now) if isinstance(found, Kept) else found
            )
            if isinstance(done, Refused):
                self._set_apart(bench, done, package, len(raw), now)
                return Intake(IntakeAnswer.APART, record_id, done.reason)
        if done.answer in (IntakeAnswer.KEPT, IntakeAnswer.UNTRUSTED):
            self._on_kept(record_id)
        return done

    def _keep(
        self, bench: BenchToken, kept: Kept, package: str, raw: bytes, now: str
    ) -> Intake | Refused:
        row = kept.row
        with self._database.writing() as db:
            own = RECORDS.c.signer == row.signer
            if _is_known(db, row.record_id, kept.digest, own | RECORDS.c.trusted):
                return Intake(IntakeAnswer.KNOWN, row.record_id)
            if not kept.trusted and _is_known(db, row.record_id, kept.digest, sa.true()):
                return Refused(
                    row.record_id, Message.of("lot.record.other_key", record=row.record_id)
                )
            contradiction = _contradiction(db, kept)
            if contradiction is not None:
                return Refused(row.record_id, contradiction)
            current = _is_newest(db, kept)
            if current:
                db.execute(
                    sa.update(RECORDS)
                    .where(RECORDS.c.record_id == row.record_id)
                    .values(current=False)
                )
            delivered: dict[str, object] = {
                "package": package,
                "bench": bench.id,
                "received_at": now,
                "signer": row.signer,
                "trusted": kept.trusted,
                "trust_seen": kept.trust_seen,
                "current": current,
                "bytes": len(raw),
            }
            if not _resigned(db, kept, delivered):
                number = _insert(db, kept, delivered)
                words, tails = search.words_of(kept)
                search.put_words(db, number, words, tails)
            if kept.trusted and kept.lot:
                _into_lot(db, kept.lot, raw, row.record_id)
        return Intake(
            IntakeAnswer.KEPT if kept.trusted else IntakeAnswer.UNTRUSTED, row.record_id, kept.why
        )

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
        """Judge again records that were judged when others were believed; how many were."""
        with self._database.reading() as db:
            stale = db.execute(
                sa.select(RECORDS.c.id, RECORDS.c.record_id, RECORDS.c.package)
                .where(RECORDS.c.trust_seen != trust_seen)
                .limit(most)
            ).all()
        for row in stale:
            raw, found = self._looked_at_again(row.package, row.record_id)
            trusted = isinstance(found, Kept) and found.trusted
            with self._database.writing() as db:
                db.execute(
                    sa.update(RECORDS)
                    .where(RECORDS.c.id == row.id)
                    .values(trusted=trusted, trust_seen=trust_seen)
                )
                if isinstance(found, Kept) and trusted and found.lot:
                    _into_lot(db, found.lot, raw, row.record_id)
            self._on_kept(row.record_id)
        return len(stale)

    def _looked_at_again(self, package: str, record_id: str) -> tuple[bytes, Kept | Refused]:
        """A package that is gone or altered proves nothing any more, and holds up no other."""
        try:
            raw = self._store.get(package)
        except RecordInvalid as error:
            return b"", Refused(record_id, error.message)
        return raw, self._judge(raw, record_id)

    def package_bytes(self, package: str) -> bytes:
        """A package as it came. Raises `RecordInvalid` where it is gone or altered."""
        return self._store.get(package)


def _is_known(
    db: sa.Connection, record_id: str, beginning: str, which: sa.ColumnElement[bool]
) -> bool:
    """Whether such a record is here. Its bytes alone do not tell: they are in every certificate,
    and a stranger may have signed them too.
    """
    if len(beginning) < PREFIX:
        return False
    rows = db.execute(sa.select(RECORDS.c.digest).where(RECORDS.c.record_id == record_id, which))
    return any(digest.startswith(beginning) for digest in rows.scalars())


def _resigned(db: sa.Connection, kept: Kept, delivered: dict[str, object]) -> bool:
    """Put a trusted record in the place of the same bytes that a stranger signed, if there are any:
    all that follows from the bytes stays, and what this delivery brings is new.
    """
    put = sa.update(RECORDS).where(RECORDS.c.digest == kept.digest).values(**delivered)
    return db.execute(put.returning(RECORDS.c.id)).scalar_one_or_none() is not None


def _contradiction(db: sa.Connection, kept: Kept) -> Message | None:
    """Why a record cannot stand beside what is here; None where it can.

    What a stranger signed contradicts nothing that is trusted: else whoever holds a token could
    bar a bench's number with an invention of theirs.
    """
    row = kept.row
    counts = (
        sa.or_(RECORDS.c.signer == row.signer, RECORDS.c.trusted) if kept.trusted else sa.true()
    )
    same = db.execute(
        sa.select(RECORDS.c.signer).where(RECORDS.c.record_id == row.record_id, counts)
    ).scalars()
    if any(signer != row.signer for signer in same):
        return Message.of("lot.record.other_key", record=row.record_id)
    if row.ledger is None or row.number is None:
        return None
    taken = db.execute(
        sa.select(RECORDS.c.id)
        .where(RECORDS.c.ledger == row.ledger, RECORDS.c.number == row.number, counts)
        .limit(1)
    ).first()
    if taken is None:
        return None
    return Message.of("lot.record.fork", ledger=row.ledger, number=row.number)


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


def _into_lot(db: sa.Connection, lot: str, raw: bytes, record_id: str) -> None:
    """The record's own lot counts it too, where there is one here that is open."""
    lots = LotStore(db)
    there = next((one for one in lots.lots() if one.name == lot), None)
    if there is not None and there.closed_at is None:
        take_judged(lots, lot, raw, record_id)


def take_judged(lots: LotStore, lot: str, raw: bytes, record_id: str) -> None:
    """A trusted record into a lot: whom the board believes was asked when it was judged."""
    try:
        package = unpack(raw, record_id)
        take(lots, lot, record_id, package, Trust(pinned=chain_of(package)[:1]))
    except RecordInvalid as error:
        lots.note(lot, record_id, error.message)
