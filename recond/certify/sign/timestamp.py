"""An authority's time stamp over a ledger's checkpoint: the question, and what an answer is worth.

Why: a bench's clock is the bench's word. An authority that the verifier pinned says that the root
was there at its own time, and with the root every line below it. Read strictly: the token must be
over these very bytes, by the pinned certificate, which may do nothing else. It never says that
what was stamped is true. Pure; `recond.flow.keys.stamp` asks.

Source: RFC 3161 (protocol, 2.3 the authority's certificate), RFC 5035 and RFC 5816 (its digest).
"""

from __future__ import annotations

import hashlib
from typing import Any

from asn1crypto import cms, core, tsp
from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding

from recond.certify.sign.der import NULL, OCTETS, SEQUENCE, field, integer, oid
from recond.certify.sign.keys import Revocation, authority_fault, is_time_authority
from recond.errors import RecordInvalid

CONTENT_TYPE = "application/timestamp-query"
_TOKEN, _TYPE, _DIGEST = "1.2.840.113549.1.9.16.1.4", "1.2.840.113549.1.9.3", "1.2.840.113549.1.9.4"
_CERTIFICATES = {"1.2.840.113549.1.9.16.2.12": "sha1", "1.2.840.113549.1.9.16.2.47": "sha256"}
_SHA256 = "2.16.840.1.101.3.4.2.1"
_HASHES: dict[str, tuple[str, hashes.HashAlgorithm]] = {
    _SHA256: ("sha256", hashes.SHA256()),
    "2.16.840.1.101.3.4.2.2": ("sha384", hashes.SHA384()),
    "2.16.840.1.101.3.4.2.3": ("sha512", hashes.SHA512()),
}
_TRUE = b"\x01\x01\xff"


def stamp_request(stamped: bytes, nonce: bytes) -> bytes:
    """The question: when was this? The authority sees a digest and nothing else."""
    imprint = field(
        SEQUENCE,
        field(SEQUENCE, oid(_SHA256), field(NULL)),
        field(OCTETS, hashlib.sha256(stamped).digest()),
    )
    return field(SEQUENCE, integer(1), imprint, integer(int.from_bytes(nonce, "big")), _TRUE)


def read_answer(raw: bytes, nonce: bytes) -> bytes:
    """The token of an authority's answer to this question. Raises `RecordInvalid`."""
    try:
        answer = tsp.TimeStampResp.load(raw, strict=True)
        granted = answer["status"]["status"].native in ("granted", "granted_with_mods")
        token = answer["time_stamp_token"]
        if granted and _info(token)["nonce"].native == int.from_bytes(nonce, "big"):
            return bytes(token.dump())
    except (ValueError, TypeError, KeyError):
        pass
    raise RecordInvalid("certify.stamp.refused")


def stamp_time(
    token: bytes,
    stamped: bytes,
    authorities: tuple[x509.Certificate, ...],
    revoked: tuple[Revocation, ...] = (),
) -> str:
    """When one of these authorities saw these bytes, RFC 3339. Raises `RecordInvalid`:
    `certify.stamp.unknown` for an authority that is not pinned, else for what does not hold.
    """
    try:
        return _stamp_time(token, stamped, authorities, revoked)
    except (ValueError, TypeError, KeyError, AttributeError, IndexError, UnsupportedAlgorithm):
        raise RecordInvalid("certify.stamp.form") from None


def _stamp_time(
    token: bytes,
    stamped: bytes,
    authorities: tuple[x509.Certificate, ...],
    revoked: tuple[Revocation, ...],
) -> str:
    content = cms.ContentInfo.load(token, strict=True)
    info, signed = _info(content), content["content"]
    imprint = info["message_imprint"]
    over = (imprint["hash_algorithm"]["algorithm"].dotted, imprint["hashed_message"].native)
    if over != (_SHA256, hashlib.sha256(stamped).digest()):
        raise RecordInvalid("certify.stamp.other")
    (signer,) = signed["signer_infos"]
    authority = _authority(signer, authorities)
    at = str(info["gen_time"].native.strftime("%Y-%m-%dT%H:%M:%SZ"))
    fault = authority_fault(authority, at, revoked)
    if fault is not None:
        raise RecordInvalid(fault)
    inner = signed["encap_content_info"]["content"]
    if not _holds(signer, authority, bytes(inner.parsed.dump())):
        raise RecordInvalid("certify.stamp.fails")
    return at


def _info(content: Any) -> Any:
    """The TSTInfo in a token."""
    inner = content["content"]["encap_content_info"]
    if inner["content_type"].dotted != _TOKEN:
        raise ValueError
    return inner["content"].parsed


def _authority(signer: Any, authorities: tuple[x509.Certificate, ...]) -> x509.Certificate:
    sid = signer["sid"].chosen
    for one in authorities:
        named = sid["issuer"].dump() == one.issuer.public_bytes()
        if named and sid["serial_number"].native == one.serial_number and is_time_authority(one):
            return one
    raise RecordInvalid("certify.stamp.unknown")


def _holds(signer: Any, authority: x509.Certificate, content: bytes) -> bool:
    """Whether this authority signed this content, and meant this certificate."""
    name, algorithm = _HASHES[signer["digest_algorithm"]["algorithm"].dotted]
    attributes = {one["type"].dotted: one["values"] for one in signer["signed_attrs"]}
    if attributes[_TYPE][0].dotted != _TOKEN or (
        attributes[_DIGEST][0].native != hashlib.new(name, content).digest()
    ):
        return False
    if not _names(attributes, authority.public_bytes(Encoding.DER)):
        return False
    public, signature = authority.public_key(), signer["signature"].native
    message = signer["signed_attrs"].untag().dump()
    try:
        if isinstance(public, ec.EllipticCurvePublicKey):
            public.verify(signature, message, ec.ECDSA(algorithm))
        elif isinstance(public, rsa.RSAPublicKey) and public.key_size >= 2048:
            public.verify(signature, message, padding.PKCS1v15(), algorithm)
        else:
            return False
    except InvalidSignature:
        return False
    return True


def _names(attributes: dict[str, Any], der: bytes) -> bool:
    """Whether the first certificate that the token is bound to is this one (RFC 5816)."""
    for number, usual in _CERTIFICATES.items():
        if number in attributes:
            first = core.Sequence.load(attributes[number][0].dump())[0][0]
            parts = [first[index] for index in range(len(first))]
            if isinstance(parts[0], core.Sequence):  # another hash than the usual one is named
                usual = _HASHES[parts[0][0].dotted][0]
                parts = parts[1:]
            return bool(parts[0].native == hashlib.new(usual, der).digest())
    return False
