"""Custody statements come into a lot, by the rules of records: checked here, believed when shown.

Why: a statement can take a disk out of the open items of a lot, so it must be whole, of this lot,
and signed by a key that the lot trusts. One that is altered, or stands in another's place in its
ledger, is named and left out. A statement that is there already changes nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from pathlib import Path

from recond.certify.receipt import RECEIPT_FILE
from recond.certify.sign.jws import read_jws
from recond.certify.sign.keys import fingerprint, pem, read_certificates
from recond.certify.statement import EVENT, EVENT_JWS, read_statement
from recond.certify.verify.statement import verify_statement
from recond.certify.verify.verdicts import Answer, Bundle, Trust
from recond.errors import RecordInvalid, UsageError
from recond.flow.lot.rows import ApartStatement, StatementRow
from recond.flow.lot.standing import key_fault
from recond.flow.lot.store import LotStore
from recond.host.regular import read_regular
from recond.model import Message

MOST_BYTES = 16 << 20


def statement_folders(folder: Path) -> Iterator[Path]:
    """Every folder of a statement below a folder, in order. Raises `UsageError` for none."""
    if not folder.is_dir():
        raise UsageError("lot.source.unknown", source=str(folder))
    for path in sorted(folder.rglob(EVENT)):
        yield path.parent


def take_statement(store: LotStore, lot: str, folder: Path, trust: Trust) -> str:
    """Check a statement and write its row: "new", "known" or "other" (of another lot, or of none).

    Raises `RecordInvalid`, `OSError`.
    """
    raw, jws = (read_regular(folder / name, MOST_BYTES) for name in (EVENT, EVENT_JWS))
    receipt = folder / RECEIPT_FILE
    given = (RECEIPT_FILE, read_regular(receipt, MOST_BYTES)) if receipt.is_file() else None
    event, digest = read_statement(raw), hashlib.sha256(raw).hexdigest()
    if event.lot != lot:
        return "other"
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
            return "known"
        kept = store.chains(lot).get(there.signer)
        barred = kept and key_fault(read_certificates(kept), there.event.issued_at, trust) is None
        if barred or not believed:
            raise RecordInvalid("lot.record.two", record=event.event_id)
    if believed:
        place = event.ledger
        if store.issued(place.ledger_id, place.number) not in (None, digest):
            raise RecordInvalid("lot.record.fork", ledger=place.ledger_id, number=place.number)
        store.take_number(lot, place.ledger_id, place.number, event.event_id, digest)
    store.put_statement(lot, StatementRow(event, digest, signer, str(folder)))
    store.sign(lot, signer, b"".join(map(pem, chain)))
    return "new"


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
