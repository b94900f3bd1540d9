"""The receipt: a certificate's own line in the ledger, and the proof that the ledger holds it.

Why: the record knows the ledger only as it stood before it, for its own line holds the digests of
record and page. So the bench signs, after the line is written, a checkpoint (size and root) that
covers it, with the path from the line to that root, and the proof that nothing which stood before
was changed. A later receipt of the same certificate reaches a later root, which may bear the time
stamp of an authority. Pure.

Source: RFC 9162 2.1.3 (inclusion), 2.1.4 (consistency).
"""

from __future__ import annotations

from dataclasses import dataclass

from recond.certify.ledger import Document, Ledger, entry_fault, parse_line
from recond.certify.merkle import is_consistent, is_included
from recond.certify.sign.jws import Signed, sign_jws
from recond.certify.sign.keys import SigningKey
from recond.codec import canonical_bytes, from_json, to_json
from recond.documents import read_json
from recond.errors import FormatError, RecordInvalid

SCHEMA = "recond.receipt/1"
RECEIPT_FILE = "receipt.jws"
CONTENT_TYPE = "vnd.recond.receipt+json"


@dataclass(frozen=True, slots=True)
class Receipt:
    """`size` lines have the root `root`; `entry` is the certificate's among them, the `number`th.

    `stamp` is an authority's token over the checkpoint, in base64. Hashes are in hex.
    """

    schema: str
    ledger_id: str
    size: int
    root: str
    signed_at: str
    number: int
    entry: str
    inclusion: tuple[str, ...]
    consistency: tuple[str, ...]  # from the record's root, which is of number - 1 lines
    stamp: str | None = None

    @property
    def checkpoint(self) -> bytes:
        """What a time stamp is over."""
        return checkpoint_bytes(self.ledger_id, self.size, self.root)


def checkpoint_bytes(ledger_id: str, size: int, root: str) -> bytes:
    """A checkpoint's canonical bytes."""
    return canonical_bytes({"ledger_id": ledger_id, "root": root, "size": size})


def make_receipt(
    ledger: Ledger, number: int, signing: SigningKey, now: str, stamp: str | None = None
) -> bytes:
    """The signed receipt of the `number`th line (from 1), as the ledger stands."""
    return sign_jws(
        canonical_bytes(
            Receipt(
                SCHEMA,
                ledger.ledger_id,
                ledger.size,
                ledger.root(ledger.size),
                now,
                number,
                ledger.line(number - 1).decode("utf-8"),
                ledger.inclusion(number - 1),
                ledger.consistency(number - 1),
                stamp,
            )
        ),
        signing,
        CONTENT_TYPE,
    )


def read_receipt(signed: Signed) -> Receipt:
    """What a JWS that holds says. Raises `RecordInvalid` for anything that is no receipt."""
    try:
        receipt = from_json(Receipt, read_json(signed.payload))
        sound = receipt.schema == SCHEMA and canonical_bytes(to_json(receipt)) == signed.payload
    except (FormatError, ValueError, TypeError):
        sound = False
    if not sound or signed.content_type != CONTENT_TYPE:
        raise RecordInvalid("certify.receipt.form")
    return receipt


def receipt_fault(receipt: Receipt, document: Document, digests: dict[str, str]) -> str | None:
    """Why a receipt does not show this document in its ledger; None where it does.

    `digests` as for `entry_fault`. That a trusted key signed the receipt is the caller's question.
    """
    place, line = document.ledger, receipt.entry.encode("utf-8", "surrogatepass")
    if place is None or (receipt.ledger_id, receipt.number) != (place.ledger_id, place.number):
        return "certify.ledger.other"
    entry = parse_line(line)
    if entry is None or (entry["seq"], entry["prev"]) != (place.size, place.head):
        return "certify.ledger.missing"
    fault = entry_fault(entry, document, digests)
    if fault is not None:
        return fault
    if not is_included(line, receipt.number - 1, receipt.size, receipt.inclusion, receipt.root):
        return "certify.receipt.path"
    if not is_consistent(place.size, place.root, receipt.size, receipt.root, receipt.consistency):
        return "certify.ledger.fork"
    return None
