"""ECDSA over P-256 in one form only: r and s, with s in its lower half.

Why: for each signature (r, s) the curve knows a second one, (r, n - s), that anyone can make
without the key. A file with the other one is not the file that was issued, so recond makes the
lower s and believes no other. A certificate comes from others' tools too, so both its forms count,
as one: a key that was revoked by a fingerprint stays revoked in its certificate's other form. Pure.

Source: FIPS 186-5 6 (ECDSA), SEC 2 2.4.2 (the order n), RFC 7518 3.4 (64 bytes: r then s).
"""

from __future__ import annotations

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.types import PublicKeyTypes
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.hazmat.primitives.serialization import Encoding

from recond.certify.sign.der import BITS, SEQUENCE, field

ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
SIGNATURE_BYTES = 64
_WIDTH = SIGNATURE_BYTES // 2


def sign(key: ec.EllipticCurvePrivateKey, message: bytes) -> bytes:
    """The 64 bytes of a signature over SHA-256 of the message."""
    return lower(key.sign(message, ec.ECDSA(hashes.SHA256())))


def lower(der: bytes) -> bytes:
    """A DER signature as 64 bytes, with the lower s. Raises `ValueError` for another form."""
    r, s = decode_dss_signature(der)
    if not 0 < r < ORDER or not 0 < s < ORDER:
        raise ValueError
    return r.to_bytes(_WIDTH, "big") + min(s, ORDER - s).to_bytes(_WIDTH, "big")


def to_der(signature: bytes) -> bytes:
    """The DER form of 64 bytes, as X.509 and CMS want it."""
    return encode_dss_signature(
        int.from_bytes(signature[:_WIDTH], "big"), int.from_bytes(signature[_WIDTH:], "big")
    )


def is_p256(public: PublicKeyTypes) -> bool:
    """Whether a key is of the one kind that recond uses."""
    return isinstance(public, ec.EllipticCurvePublicKey) and public.curve.name == "secp256r1"


def holds(public: PublicKeyTypes, signature: bytes, message: bytes) -> bool:
    """Whether this P-256 key made this signature, in this form, over the message."""
    if not isinstance(public, ec.EllipticCurvePublicKey) or not is_p256(public):
        return False
    if len(signature) != SIGNATURE_BYTES or int.from_bytes(signature[_WIDTH:], "big") > ORDER // 2:
        return False
    try:
        public.verify(to_der(signature), message, ec.ECDSA(hashes.SHA256()))
    except InvalidSignature:
        return False
    return True


def certificate_forms(certificate: x509.Certificate) -> frozenset[bytes]:
    """A certificate's DER with either form of its issuer's signature; empty where the bytes around
    the signature are not as DER wants them (X.690 11.2.1: spare bits), or it is none of P-256.
    """
    der, signature = certificate.public_bytes(Encoding.DER), certificate.signature
    end = field(BITS, b"\0" + signature)
    try:
        r, s = decode_dss_signature(signature)
    except ValueError:
        return frozenset()
    if not der.endswith(end) or not 0 < s < ORDER or not 0 < r < ORDER:
        return frozenset()
    long = der[1] & 0x7F if der[1] & 0x80 else 0
    front = der[2 + long : -len(end)]
    return frozenset(
        field(SEQUENCE, front + field(BITS, b"\0" + encode_dss_signature(r, one)))
        for one in (s, ORDER - s)
    )
