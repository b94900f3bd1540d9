"""Custody statements come into a lot, by the rules of records: checked here, believed when shown.

Why: a statement can take a disk out of the open items of a lot, so it must be whole, of this lot,
and signed by a key that the lot trusts. One that is altered, or stands in another's place in its
ledger, is named and left out. A statement that is there already changes nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from recond.certify.receipt import RECEIPT_FILE
from recond.certify.sign.jws import read_jws
from recond.certify.sign.keys import fingerprint, pem, read_certificates
from recond.certify.statement import read_statement
from recond.certify.verify.statement import verify_statement
from recond.certify.verify.verdicts import Answer, Bundle, Trust
from recond.custody import EVENT, EVENT_JWS, is_statement
from recond.errors import RecordInvalid, UploadFailed, UsageError
from recond.flow.lot.collect import Added, source_fault
from recond.flow.lot.rows import ApartStatement, StatementRow
from recond.flow.lot.standing import key_fault
from recond.flow.lot.store import LotStore
from recond.host.below import files_below
from recond.host.regular import read_regular
from recond.model import Message
from recond.upload.package import Package, read_packed, unpack

MOST_BYTES = 16 << 20


@dataclass(frozen=True, slots=True)
class StatementFiles:
    """A statement's bytes, their signature, and its receipt where there is one."""

    raw: bytes
    jws: bytes
    receipt: bytes | None

    @classmethod
    def of_package(cls, package: Package) -> StatementFiles:
        """Of what was queued or sent. Raises `RecordInvalid` for a package of something else."""
        raw, jws = package.file(EVENT), package.file(EVENT_JWS)
        if raw is None or jws is None:
            raise RecordInvalid("upload.package.empty")
        return cls(raw, jws, package.file(RECEIPT_FILE))


ReadStatement = Callable[[str], StatementFiles]
"""Reads the statement of that name from where the names come from."""


def statement_sources(folder: Path) -> Iterator[str]:
    """Every statement below a folder: its own folder, or an exported package, in order. Raises
    `UsageError` for no folder.
    """
    if not folder.is_dir():
        raise UsageError("lot.source.unknown", source=str(folder))
    for path in files_below(folder, EVENT, "custody-*.zip"):
        if path.name == EVENT:
            yield str(path.parent)
        elif is_statement(path.stem):
            yield str(path)


def read_statement_source(name: str) -> StatementFiles:
    """A statement of a folder or an exported file. Raises `RecordInvalid`, `OSError`."""
    path = Path(name)
    if not path.is_dir():
        return StatementFiles.of_package(unpack(read_packed(path), path.stem))
    raw, jws = (read_regular(path / one, MOST_BYTES) for one in (EVENT, EVENT_JWS))
    receipt = path / RECEIPT_FILE
    return StatementFiles(
        raw, jws, read_regular(receipt, MOST_BYTES) if receipt.is_file() else None
    )


def add_statements(
    store: LotStore,
    lot: str,
    sources: Iterable[str],
    trust: Trust,
    read: ReadStatement = read_statement_source,
) -> Added:
    """Take the statements of the sources into a lot. One that is not what it should be is named."""
    before = {source for source, _ in store.problems(lot)}
    found: dict[str, list[str]] = {"new": [], "known": [], "other": []}
    problems: list[tuple[str, Message]] = []
    for source in sources:
        try:
            answer, number = take_statement(store, lot, source, read(source), trust)
        except (RecordInvalid, UploadFailed, OSError, OverflowError) as error:
            problems.append((source, why := _fault(error)))
            store.note(lot, source, why)
            continue
        found[answer].append(number)
        if source in before:
            store.note(lot, source, None)
    known, others = len(found["known"]), len(found["other"])
    return Added(tuple(found["new"]), (), known, others, tuple(problems))


def _fault(error: Exception) -> Message:
    """A number too large for its field is no form of a statement; the rest is as of a record."""
    return Message("custody.form") if isinstance(error, OverflowError) else source_fault(error)


def take_statement(
    store: LotStore, lot: str, source: str, files: StatementFiles, trust: Trust
) -> tuple[str, str]:
    """Check a statement and write its row: "new", "known" or "other" (of another lot, or of none),
    and its number. Raises `RecordInvalid`.
    """
    raw, jws = files.raw, files.jws
    given = None if files.receipt is None else (RECEIPT_FILE, files.receipt)
    event, digest = read_statement(raw), hashlib.sha256(raw).hexdigest()
    if event.lot != lot:
        return "other", event.event_id
    bundle = Bundle(record=(EVENT, raw), jws=(EVENT_JWS, jws), receipt=given)
    for check in verify_statement(bundle, trust, event.event_id).checks:
        if check.answer is Answer.NO:
            raise RecordInvalid(check.message.code, **dict(check.message.args))
    chain = read_jws(jws).chain
    signer = fingerprint(chain[0])
    believed = key_fault(chain, event.issued_at, trust) is None
    there = next((o for o in store.statements(lot) if o.event.event_id == event.event_id), None)
    if there is not None:
        if there.digest == digest and there.signer == signer:
            return "known", event.event_id
        kept = store.chains(lot).get(there.signer)
        barred = kept and key_fault(read_certificates(kept), there.event.issued_at, trust) is None
        if barred or not believed:
            raise RecordInvalid("lot.record.two", record=event.event_id)
    if believed:
        place = event.ledger
        if store.issued(place.ledger_id, place.number) not in (None, digest):
            raise RecordInvalid("lot.record.fork", ledger=place.ledger_id, number=place.number)
        store.take_number(lot, place.ledger_id, place.number, event.event_id, digest)
    store.put_statement(lot, StatementRow(event, digest, signer, source))
    store.sign(lot, signer, b"".join(map(pem, chain)))
    return "new", event.event_id


def stand_statements(
    rows: Iterable[StatementRow], chains: dict[str, bytes], trust: Trust
) -> tuple[tuple[StatementRow, ...], tuple[ApartStatement, ...]]:
    """The statements that count, and those apart: of keys that the lot does not trust."""
    counted: list[StatementRow] = []
    apart: list[ApartStatement] = []
    read = {signer: read_certificates(raw) for signer, raw in chains.items()}
    for row in rows:
        chain = read.get(row.signer)
        unknown = "certify.trust.unknown"
        fault = key_fault(chain, row.event.issued_at, trust) if chain else unknown
        if fault is None:
            counted.append(row)
        else:
            signer = row.signer[:19]
            why = Message.of("lot.apart.key", reason=f"@{fault}", fingerprint=signer)
            apart.append(ApartStatement(row.event.event_id, why))
    return tuple(counted), tuple(apart)
