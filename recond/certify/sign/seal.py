"""The seal: a few signed claims that fit a QR code, so that a sheet of paper can be checked too.

Why: a printed certificate has no attachments. The seal names the record, its digest, the disks'
outcome and the key, signed by the same key; with the bench's certificate at hand it verifies
without network. It holds no name of donor or operator: whoever photographs the sheet reads it.
Pure.

Source: RFC 9285 (Base45: the QR code's alphanumeric mode), RFC 7518 3.4 (signature form).
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import cast

from cryptography import x509

from recond.certify.sign import p256
from recond.certify.sign.keys import SigningKey, fingerprint
from recond.codec import canonical_bytes
from recond.computer import counts
from recond.custody import CustodyEvent
from recond.documents import read_json
from recond.erasure import WipeRecord
from recond.errors import RecordInvalid
from recond.model import Json

PREFIX = "RECOND1:"
CUSTODY_PREFIX = "RECONDC1:"
"""A statement's seal: another beginning, so that no reader of certificates takes it for one."""
_ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
_KEY_DIGITS = 16


@dataclass(frozen=True, slots=True)
class Claims:
    """What a seal says; `counts` are approved, not approved, untouched boot media."""

    record_id: str
    issued_at: str
    record_sha256: str
    approved: int
    others: int
    key: str
    demonstration: bool


def make_seal(record: WipeRecord, record_bytes: bytes, signing: SigningKey) -> str:
    """The text of the QR code."""
    found = claims_of(record, record_bytes, signing.certificate)
    claims: dict[str, Json] = {
        "i": found.record_id,
        "t": found.issued_at,
        "h": found.record_sha256,
        "a": found.approved,
        "o": found.others,
        "k": found.key,
    }
    if found.demonstration:
        claims["d"] = True
    raw = canonical_bytes(claims)
    return PREFIX + base45(p256.sign(signing.key, raw) + raw)


def claims_of(record: WipeRecord, record_bytes: bytes, certificate: x509.Certificate) -> Claims:
    """What the seal of a record must say, by the key of this certificate."""
    tally = counts(record)
    return Claims(
        record.record_id,
        record.issued_at,
        hashlib.sha256(record_bytes).hexdigest(),
        tally.approved,
        tally.others,
        fingerprint(certificate).replace(" ", "")[:_KEY_DIGITS],
        record.bench.demonstration,
    )


def make_custody_seal(event: CustodyEvent, raw: bytes, signing: SigningKey) -> str:
    """The text of a statement's QR code; `raw` are its signed bytes."""
    body = canonical_bytes(custody_claims(event, raw, signing.certificate))
    return CUSTODY_PREFIX + base45(p256.sign(signing.key, body) + body)


def custody_claims(
    event: CustodyEvent, raw: bytes, certificate: x509.Certificate
) -> dict[str, Json]:
    """What a statement's seal must say: number, time, digest, key, what happened, to how many."""
    return {
        "i": event.event_id,
        "t": event.issued_at,
        "h": hashlib.sha256(raw).hexdigest(),
        "k": fingerprint(certificate).replace(" ", "")[:_KEY_DIGITS],
        "e": event.kind.value,
        "n": len(event.things),
    }


def read_signed_claims(text: str, prefix: str) -> tuple[dict[str, Json], bytes, bytes]:
    """(claims, signature, signed bytes) of a seal with this beginning; not yet believed.

    Raises `RecordInvalid`.
    """
    if not text.startswith(prefix):
        raise RecordInvalid("certify.seal.form")
    raw = unbase45(text[len(prefix) :])
    signature, body = raw[: p256.SIGNATURE_BYTES], raw[p256.SIGNATURE_BYTES :]
    try:
        value = read_json(body)
        whole = isinstance(value, dict) and canonical_bytes(value) == body
    except (ValueError, TypeError):
        whole = False
    if not whole:
        raise RecordInvalid("certify.seal.form")
    return cast(dict[str, Json], value), signature, body


def read_seal(text: str) -> tuple[Claims, bytes, bytes]:
    """(claims, signature, signed bytes) of a seal; not yet believed. Raises `RecordInvalid`."""
    value, signature, body = read_signed_claims(text, PREFIX)
    if set(value) | {"d"} != set("itahokd") or value.get("d", True) is not True:
        raise RecordInvalid("certify.seal.form")
    approved, others = value["a"], value["o"]
    if type(approved) is not int or type(others) is not int:
        raise RecordInvalid("certify.seal.form")
    claims = Claims(
        str(value["i"]),
        str(value["t"]),
        str(value["h"]),
        approved,
        others,
        str(value["k"]),
        value.get("d") is True,
    )
    return claims, signature, body


def seal_holds(signature: bytes, body: bytes, certificate: x509.Certificate) -> bool:
    """Whether this certificate's key signed the claims."""
    return p256.holds(certificate.public_key(), signature, body)


def base45(raw: bytes) -> str:
    """RFC 9285 3."""
    out: list[str] = []
    for at in range(0, len(raw), 2):
        pair = raw[at : at + 2]
        value = int.from_bytes(pair, "big")
        for _ in range(3 if len(pair) == 2 else 2):
            value, digit = divmod(value, 45)
            out.append(_ALPHABET[digit])
    return "".join(out)


def unbase45(text: str) -> bytes:
    """RFC 9285 4. Raises `RecordInvalid`."""
    out = bytearray()
    for at in range(0, len(text), 3):
        piece = text[at : at + 3]
        if len(piece) == 1 or any(sign not in _ALPHABET for sign in piece):
            raise RecordInvalid("certify.seal.form")
        value = sum(_ALPHABET.index(sign) * 45**power for power, sign in enumerate(piece))
        width = len(piece) - 1
        if value >= 256**width:
            raise RecordInvalid("certify.seal.form")
        out += value.to_bytes(width, "big")
    return bytes(out)
