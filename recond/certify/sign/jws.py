"""The record's signature: JWS in compact form, ES256, with the chain in `x5c`.

Why: anyone can check it with a few lines of what is already installed (docs/record-format.md), and
the payload is the canonical record itself, byte for byte. Written out over `cryptography`, because
the known libraries refuse a header with a certificate chain in it. Pure.

Source: RFC 7515 (JWS), RFC 7518 3.4 (ES256), RFC 7515 4.1.6 (x5c).
"""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass
from functools import lru_cache
from typing import cast

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.serialization import Encoding

from recond.certify.sign import p256
from recond.certify.sign.keys import SigningKey
from recond.codec import canonical_bytes
from recond.documents import read_json
from recond.errors import RecordInvalid
from recond.model import Json

CONTENT_TYPE = "vnd.recond.record+json"
MAX_CHAIN = 4


@dataclass(frozen=True, slots=True)
class Signed:
    """A JWS taken apart; nothing of it is believed yet."""

    payload: bytes
    content_type: str
    chain: tuple[x509.Certificate, ...]
    signing_input: bytes
    signature: bytes

    @property
    def holds(self) -> bool:
        """Whether the first certificate's key made this signature over this payload."""
        try:
            public = self.chain[0].public_key()
        except (ValueError, UnsupportedAlgorithm):
            return False
        return p256.holds(public, self.signature, self.signing_input)


def sign_jws(payload: bytes, signing: SigningKey, content_type: str = CONTENT_TYPE) -> bytes:
    """The compact JWS of a canonical record (or of another content, which then says so)."""
    header: dict[str, Json] = {
        "alg": "ES256",
        "cty": content_type,
        "typ": "JOSE",
        "x5c": [base64.b64encode(one.public_bytes(Encoding.DER)).decode() for one in signing.chain],
    }
    signing_input = _encode(canonical_bytes(header)) + b"." + _encode(payload)
    return signing_input + b"." + _encode(p256.sign(signing.key, signing_input))


@lru_cache(maxsize=4)  # whoever verifies a record, and whoever keeps who signed it
def read_jws(raw: bytes) -> Signed:
    """Take a compact JWS apart. Raises `RecordInvalid` for anything that is not one of ours.

    Strict on purpose: one form only (no white space, no padding, no other algorithm), so that no
    two different files carry one signature.
    """
    parts = raw.split(b".")
    if len(parts) != 3 or not all(parts):
        raise RecordInvalid("certify.jws.form")
    header, payload, signature = (_decode(part) for part in parts)
    if len(signature) != p256.SIGNATURE_BYTES:
        raise RecordInvalid("certify.jws.form")
    content_type, chain = _header(header)
    return Signed(payload, content_type, chain, parts[0] + b"." + parts[1], signature)


@lru_cache(maxsize=64)  # a bench's records have one
def _header(header: bytes) -> tuple[str, tuple[x509.Certificate, ...]]:
    """What was signed, and by whom."""
    try:
        value = read_json(header)
        known = isinstance(value, dict) and set(value) == {"alg", "cty", "typ", "x5c"}
        if not known or canonical_bytes(value) != header:
            raise RecordInvalid("certify.jws.header")
        if (value["alg"], value["typ"], type(value["cty"])) != ("ES256", "JOSE", str):
            raise RecordInvalid("certify.jws.header")
        found = cast(list[str], value["x5c"])
        if not 1 <= len(found) <= MAX_CHAIN:
            raise RecordInvalid("certify.jws.header")
        return value["cty"], tuple(
            x509.load_der_x509_certificate(base64.b64decode(one, validate=True)) for one in found
        )
    except (ValueError, TypeError, KeyError, x509.InvalidVersion):
        raise RecordInvalid("certify.jws.header") from None


def _encode(raw: bytes) -> bytes:
    return base64.urlsafe_b64encode(raw).rstrip(b"=")


def _decode(part: bytes) -> bytes:
    try:
        raw = base64.urlsafe_b64decode(part + b"=" * (-len(part) % 4))
    except (ValueError, binascii.Error):
        raise RecordInvalid("certify.jws.form") from None
    if _encode(raw) != part:
        raise RecordInvalid("certify.jws.form")  # another sign, or spare bits that say nothing
    return raw
