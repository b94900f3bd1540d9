"""Keys and certificates: P-256 everywhere, made, packed and chained.

Why: one kind of key signs the record (JWS ES256) and the page (PAdES), because every reader knows
it. A workshop has a root, kept offline, that issues certificates to its benches; a bench without
papers makes its own certificate at first use, and everything that it signs says so. No key ever
stands in a message or a log. Pure: bytes in, bytes out; the caller gives the time.

Source: RFC 5280, RFC 9336 (documentSigning), PKCS#12 (RFC 7292) with PBKDF2 at 600,000 rounds.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from dataclasses import dataclass
from functools import lru_cache

from cryptography import x509
from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    pkcs12,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from recond.certify.sign import p256
from recond.certify.sign.purpose import DOCUMENT_SIGNING, UNREADABLE, may_issue, may_sign
from recond.errors import RecordInvalid

ROOT_DAYS = 15 * 365
BENCH_DAYS = 2 * 365
KDF_ROUNDS = 600_000
REVOKED_FAULTS = ("certify.trust.compromised", "certify.trust.retired")
_ALLOWANCE = dt.timedelta(days=1)  # a bench's clock may be behind the root's


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A private key with its chain, its own certificate first. Never printed: repr hides it."""

    key: ec.EllipticCurvePrivateKey
    chain: tuple[x509.Certificate, ...]

    @property
    def certificate(self) -> x509.Certificate:
        """The key's own certificate."""
        return self.chain[0]

    def __repr__(self) -> str:
        return f"SigningKey({fingerprint(self.certificate)})"


def instant(utc: str) -> dt.datetime:
    """An RFC 3339 time with `Z` as an aware datetime."""
    return dt.datetime.fromisoformat(utc)


@lru_cache(maxsize=64)  # a bench's records have one
def fingerprint(certificate: x509.Certificate) -> str:
    """SHA-256 of the certificate in groups of four hex digits, to be compared by eye or voice."""
    return _grouped(certificate.public_bytes(Encoding.DER))


def _grouped(der: bytes) -> str:
    digest = hashlib.sha256(der).hexdigest().upper()
    return " ".join(digest[at : at + 4] for at in range(0, len(digest), 4))


def common_name(certificate: x509.Certificate) -> str:
    """Whom the certificate names."""
    found = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    return str(found[0].value) if found else ""


@dataclass(frozen=True, slots=True)
class KeyFacts:
    """A certificate as a person compares it; `not_after` is RFC 3339."""

    name: str
    fingerprint: str
    issuer: str
    self_made: bool
    authority: bool
    not_after: str


def facts_of(one: x509.Certificate) -> KeyFacts:
    """A certificate's facts."""
    issuer = one.issuer.get_attributes_for_oid(NameOID.COMMON_NAME)
    return KeyFacts(
        common_name(one),
        fingerprint(one),
        str(issuer[0].value) if issuer else "",
        one.issuer == one.subject,
        is_authority(one),
        one.not_valid_after_utc.strftime("%Y-%m-%dT%H:%M:%SZ"),
    )


def make_bench_key(
    name: str, now: str, key: ec.EllipticCurvePrivateKey | None = None
) -> SigningKey:
    """A bench's own key (a new one, else the one given) and its self-signed certificate."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    certificate = _certificate(
        _name(name), _name(name), key.public_key(), key, now, BENCH_DAYS, authority=False
    )
    return SigningKey(key, (certificate,))


def make_root_key(name: str, now: str) -> SigningKey:
    """A workshop's root: may issue bench certificates, and no further authority."""
    key = ec.generate_private_key(ec.SECP256R1())
    certificate = _certificate(
        _name(name), _name(name), key.public_key(), key, now, ROOT_DAYS, authority=True
    )
    return SigningKey(key, (certificate,))


def issue_bench_key(
    root: SigningKey, name: str, now: str, key: ec.EllipticCurvePrivateKey | None = None
) -> SigningKey:
    """A bench's key (a new one, else the one given) under a workshop's root."""
    key = key or ec.generate_private_key(ec.SECP256R1())
    certificate = _certificate(
        _name(name),
        root.certificate.subject,
        key.public_key(),
        root.key,
        now,
        BENCH_DAYS,
        authority=False,
    )
    return SigningKey(key, (certificate, *root.chain))


def fitting_name(name: str) -> str:
    """A name as a certificate bears it: RFC 5280 allows 64 characters, the library 64 bytes."""
    return name.encode("utf-8")[:64].decode("utf-8", "ignore").strip() or "recond"


def _name(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, fitting_name(name))])


def _certificate(
    subject: x509.Name,
    issuer: x509.Name,
    public: ec.EllipticCurvePublicKey,
    signer: ec.EllipticCurvePrivateKey,
    now: str,
    days: int,
    *,
    authority: bool,
) -> x509.Certificate:
    start = instant(now) - _ALLOWANCE
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(start)
        .not_valid_after(start + dt.timedelta(days=days))
        .add_extension(
            x509.BasicConstraints(ca=authority, path_length=0 if authority else None), critical=True
        )
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(signer.public_key()), critical=False
        )
        .add_extension(_usage(authority=authority), critical=True)
    )
    if not authority:
        # emailProtection beside documentSigning: some readers know only the older word
        builder = builder.add_extension(
            x509.ExtendedKeyUsage([DOCUMENT_SIGNING, ExtendedKeyUsageOID.EMAIL_PROTECTION]),
            critical=False,
        )
    return builder.sign(signer, hashes.SHA256())


def _usage(*, authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not authority,
        content_commitment=not authority,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=authority,
        crl_sign=authority,
        encipher_only=False,
        decipher_only=False,
    )


# --- At rest ---------------------------------------------------------------------------------


def pack_key(signing: SigningKey, passphrase: str | None) -> bytes:
    """PKCS#12 of the key and its chain. Without a passphrase only the file's mode protects it."""
    encryption = (
        NoEncryption()
        if not passphrase
        else (
            PrivateFormat.PKCS12.encryption_builder()
            .kdf_rounds(KDF_ROUNDS)
            .key_cert_algorithm(pkcs12.PBES.PBESv2SHA256AndAES256CBC)
            .hmac_hash(hashes.SHA256())
            .build(passphrase.encode("utf-8"))
        )
    )
    return pkcs12.serialize_key_and_certificates(
        b"recond", signing.key, signing.certificate, list(signing.chain[1:]) or None, encryption
    )


def unpack_key(raw: bytes, passphrase: str | None) -> SigningKey:
    """The key of a PKCS#12 file. Raises `RecordInvalid` for a wrong passphrase or content."""
    try:
        key, certificate, others = pkcs12.load_key_and_certificates(
            raw, passphrase.encode("utf-8") if passphrase else None
        )
    except (ValueError, TypeError, UnsupportedAlgorithm):
        raise RecordInvalid("certify.key.unreadable") from None
    if not isinstance(key, ec.EllipticCurvePrivateKey) or certificate is None:
        raise RecordInvalid("certify.key.kind")
    if key.curve.name != "secp256r1" or key.public_key() != certificate.public_key():
        raise RecordInvalid("certify.key.kind")
    return SigningKey(key, (certificate, *others))


def protects(raw: bytes) -> bool:
    """Whether a PKCS#12 file asks for a passphrase. A damaged file asks for nothing."""
    try:
        pkcs12.load_key_and_certificates(raw, None)
    except (ValueError, TypeError, UnsupportedAlgorithm):
        return _is_whole(raw)
    return False


def _is_whole(raw: bytes) -> bool:
    """Whether the bytes are one DER structure, not cut and nothing behind it."""
    from asn1crypto.core import Sequence

    try:
        Sequence.load(raw, strict=True)
    except ValueError:
        return False
    return True


def pem(certificate: x509.Certificate) -> bytes:
    """The certificate as people send it."""
    return certificate.public_bytes(Encoding.PEM)


def public_der(certificate: x509.Certificate) -> bytes:
    """The public key's SubjectPublicKeyInfo."""
    return certificate.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def read_certificates(raw: bytes) -> tuple[x509.Certificate, ...]:
    """Certificates in PEM or DER. Raises `RecordInvalid`."""
    try:
        if b"-----BEGIN" in raw:
            return tuple(x509.load_pem_x509_certificates(raw))
        return (x509.load_der_x509_certificate(raw),)
    except (ValueError, x509.InvalidVersion):
        raise RecordInvalid("certify.key.certificate") from None


# --- Trust -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Revocation:
    """`compromised` voids everything the key ever signed; `retired` what it signed afterwards."""

    fingerprint: str
    reason: str
    since: str


def chain_fault(
    chain: tuple[x509.Certificate, ...],
    pinned: tuple[x509.Certificate, ...],
    at: str,
    revoked: tuple[Revocation, ...] = (),
) -> str | None:
    """Why the first certificate is not to be trusted at a time; None where it is.

    A certificate is trusted that is pinned itself or was issued by a pinned root (one level: a
    bench under its workshop). Answers are catalogue codes `certify.trust.*`.
    """
    leaf, time = chain[0], instant(at)
    fault = _revoked(leaf, revoked, at)
    if fault is not None:
        return fault
    if not leaf.not_valid_before_utc <= time <= leaf.not_valid_after_utc:
        return "certify.trust.expired"
    if not may_sign(leaf):
        return "certify.trust.purpose"
    pinned = tuple(filter(may_vouch, pinned))
    if any(leaf == one for one in pinned):
        return None
    faults = [_root_fault(root, revoked, at) for root in pinned if _issued(leaf, root)]
    if not faults:
        return "certify.trust.unknown"
    lost = [fault for fault in faults if fault in REVOKED_FAULTS]  # one key under two names
    return next(iter(lost), None if None in faults else faults[0])


def _root_fault(root: x509.Certificate, revoked: tuple[Revocation, ...], at: str) -> str | None:
    """Why a pinned root does not vouch at a time for what its key signed."""
    fault = _revoked(root, revoked, at)
    if fault is None and not may_issue(root):
        fault = "certify.trust.issuer"
    in_time = root.not_valid_before_utc <= instant(at) <= root.not_valid_after_utc
    return fault if fault is not None or in_time else "certify.trust.expired"


def authority_fault(one: x509.Certificate, at: str, revoked: tuple[Revocation, ...]) -> str | None:
    """Why a pinned time authority is not to be believed at its own time; None where it is."""
    fault = _revoked(one, revoked, at)
    if fault is None and not one.not_valid_before_utc <= instant(at) <= one.not_valid_after_utc:
        fault = "certify.trust.expired"
    return fault


def is_time_authority(one: x509.Certificate) -> bool:
    """Whether a certificate is for time stamps and for nothing else (RFC 3161 2.3)."""
    return _purposes(one) == {ExtendedKeyUsageOID.TIME_STAMPING}


@lru_cache(maxsize=64)
def may_vouch(one: x509.Certificate) -> bool:
    """Whether a pinned certificate may be believed for certificates: not if it is for time stamps
    too, whose key lies with somebody else.
    """
    return ExtendedKeyUsageOID.TIME_STAMPING not in _purposes(one)


def _purposes(one: x509.Certificate) -> frozenset[x509.ObjectIdentifier]:
    """Its extended key usages; empty where it names none or cannot be read."""
    try:
        return frozenset(one.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value)
    except UNREADABLE:
        return frozenset()


def _revoked(one: x509.Certificate, revoked: tuple[Revocation, ...], at: str) -> str | None:
    if not revoked:
        return None
    forms = {_grouped(der).replace(" ", "") for der in p256.certificate_forms(one)}
    forms.add(fingerprint(one).replace(" ", ""))
    for entry in revoked:
        if entry.fingerprint.replace(" ", "") in forms:
            if entry.reason == "compromised":
                return "certify.trust.compromised"
            if instant(at) > instant(entry.since):
                return "certify.trust.retired"
    return None


def is_authority(one: x509.Certificate) -> bool:
    """Whether a certificate may issue others: a workshop's root."""
    try:
        return one.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    except UNREADABLE:
        return False


@lru_cache(maxsize=64)  # ten thousand records of one bench ask for one pair
def _issued(leaf: x509.Certificate, root: x509.Certificate) -> bool:
    if leaf.public_bytes(Encoding.DER) not in p256.certificate_forms(leaf):
        return False
    try:
        leaf.verify_directly_issued_by(root)
    except (ValueError, TypeError, InvalidSignature, UnsupportedAlgorithm):
        return False
    return is_authority(root) and p256.is_p256(root.public_key())
