"""The seal's CMS, in the one form that recond makes.

Why: a CMS has room that no reader looks at: parameters, further certificates, unsigned attributes,
lengths written long. All of ours follows from the signer's chain, the page's digest and the 64
bytes of the signature, so it is written out again and compared; whatever differs is none of ours.
Pure.

Source: RFC 5652 5 (SignedData), RFC 5035 (signing-certificate-v2), ETSI EN 319 122-1 (CAdES B-B).
"""

from __future__ import annotations

import hashlib

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from recond.certify.sign import p256
from recond.certify.sign.der import (
    NULL,
    OCTETS,
    SEQUENCE,
    SET,
    field,
    integer,
    oid,
    unordered,
)

_DATA, _SIGNED_DATA = oid("1.2.840.113549.1.7.1"), oid("1.2.840.113549.1.7.2")
_TYPE, _DIGEST = oid("1.2.840.113549.1.9.3"), oid("1.2.840.113549.1.9.4")
_CERTIFICATE = oid("1.2.840.113549.1.9.16.2.47")
_SHA256 = field(SEQUENCE, oid("2.16.840.1.101.3.4.2.1"), field(NULL))
_ECDSA = field(SEQUENCE, oid("1.2.840.10045.4.3.2"))
_CONTEXT0, _CONTEXT4 = 0xA0, 0xA4

Chain = tuple[x509.Certificate, ...]


def seal_fault(cms: bytes, digest: bytes, chain: Chain) -> str | None:
    """Why these bytes are not the chain's seal over this SHA-256; None where they are."""
    found = next((one for one in _signatures(cms) if make_cms(digest, chain, one) == cms), None)
    if found is None:
        if chain[0].public_bytes(Encoding.DER) not in cms:
            return "certify.verify.pdf.other-key"
        return "certify.verify.pdf.signature" if digest in cms else "certify.verify.pdf.digest"
    message = field(SET, _attributes(digest, chain[0]))
    holds = p256.holds(chain[0].public_key(), found, message)
    return None if holds else "certify.verify.pdf.signature"


def _signatures(cms: bytes) -> list[bytes]:
    """What may be the signature, the last element: its 64 bytes."""
    found = []
    for length in range(8, 73):
        der = cms[-length:]
        if cms[-length - 2 : -length] == bytes((OCTETS, length)):
            try:
                found.append(p256.lower(der))
            except ValueError:
                continue
    return found


def make_cms(digest: bytes, chain: Chain, signature: bytes) -> bytes:
    """The whole CMS of a signature (64 bytes) over the attributes of this digest."""
    leaf = chain[0]
    signer = field(
        SEQUENCE,
        integer(1),
        field(SEQUENCE, leaf.issuer.public_bytes(), integer(leaf.serial_number)),
        _SHA256,
        field(_CONTEXT0, _attributes(digest, leaf)),
        _ECDSA,
        field(OCTETS, p256.to_der(signature)),
    )
    certificates = unordered(*(one.public_bytes(Encoding.DER) for one in chain))
    return field(
        SEQUENCE,
        _SIGNED_DATA,
        field(
            _CONTEXT0,
            field(
                SEQUENCE,
                integer(1),
                field(SET, _SHA256),
                field(SEQUENCE, _DATA),
                field(_CONTEXT0, certificates),
                field(SET, signer),
            ),
        ),
    )


def _attributes(digest: bytes, leaf: x509.Certificate) -> bytes:
    """What is signed: that it is data, its digest, and by whose certificate."""
    issuer = field(
        SEQUENCE,
        field(SEQUENCE, field(_CONTEXT4, leaf.issuer.public_bytes())),
        integer(leaf.serial_number),
    )
    named = field(
        SEQUENCE, field(OCTETS, hashlib.sha256(leaf.public_bytes(Encoding.DER)).digest()), issuer
    )
    return unordered(
        field(SEQUENCE, _TYPE, field(SET, _DATA)),
        field(SEQUENCE, _DIGEST, field(SET, field(OCTETS, digest))),
        field(SEQUENCE, _CERTIFICATE, field(SET, field(SEQUENCE, field(SEQUENCE, named)))),
    )
