"""Certificates that a workshop's root issued for another purpose, or for ours in other words; and
roots of several makers, with whether a bench is believed under them.
"""

from __future__ import annotations

import datetime as dt

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID, ObjectIdentifier

from recond.certify.sign.keys import SigningKey
from recond.certify.sign.purpose import DOCUMENT_SIGNING

Extensions = tuple[tuple[x509.ExtensionType, bool], ...]


def usage(*names: str) -> tuple[x509.KeyUsage, bool]:
    every = (
        *("digital_signature", "content_commitment", "key_encipherment", "data_encipherment"),
        *("key_agreement", "key_cert_sign", "crl_sign", "encipher_only", "decipher_only"),
    )
    return x509.KeyUsage(**{name: name in names for name in every}), True


def extended(*uses: ObjectIdentifier) -> tuple[x509.ExtendedKeyUsage, bool]:
    return x509.ExtendedKeyUsage(uses), False


STRANGE = x509.UnrecognizedExtension(ObjectIdentifier("1.3.6.1.4.1.32473.1"), b"\x05\x00")
SIGNS = usage("digital_signature")

FOREIGN: dict[str, Extensions] = {
    "a web server's": (SIGNS, extended(ExtendedKeyUsageOID.SERVER_AUTH)),
    "a programmer's": (SIGNS, extended(ExtendedKeyUsageOID.CODE_SIGNING)),
    "a client's": (SIGNS, extended(ExtendedKeyUsageOID.CLIENT_AUTH)),
    "for time stamps": (SIGNS, extended(ExtendedKeyUsageOID.TIME_STAMPING)),
    "for agreeing on keys": (usage("key_agreement"),),
    "agreeing, of document signing": (usage("key_agreement"), extended(DOCUMENT_SIGNING)),
    "an authority's": (usage("key_cert_sign", "crl_sign"),),
    "with a critical rule": (SIGNS, extended(DOCUMENT_SIGNING), (STRANGE, True)),
}
OURS: dict[str, Extensions] = {
    "says nothing": (),
    "for all": (SIGNS, extended(ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE)),
    "commits": (usage("content_commitment"), extended(DOCUMENT_SIGNING)),
    "for mail": (SIGNS, extended(ExtendedKeyUsageOID.EMAIL_PROTECTION)),
    "with a rule beside": (SIGNS, extended(DOCUMENT_SIGNING), (STRANGE, False)),
}

AUTHORITY = x509.BasicConstraints(ca=True, path_length=None), True
CERTIFIES = usage("key_cert_sign", "crl_sign")

ROOTS: dict[str, tuple[Extensions, bool]] = {
    "an authority's": ((AUTHORITY, CERTIFIES), True),
    "of one level": ((((x509.BasicConstraints(True, 0)), True), CERTIFIES), True),
    "of three levels": ((((x509.BasicConstraints(True, 3)), True), CERTIFIES), True),
    "without a usage": ((AUTHORITY,), True),
    "of all uses": ((AUTHORITY, CERTIFIES, extended(DOCUMENT_SIGNING)), True),
    "with a rule beside": ((AUTHORITY, CERTIFIES, (STRANGE, False)), True),
    "that signs documents": ((AUTHORITY, SIGNS), False),
    "that signs lists": ((AUTHORITY, usage("crl_sign")), False),
    "with a critical rule": ((AUTHORITY, CERTIFIES, (STRANGE, True)), False),
    "for web servers": (
        (AUTHORITY, CERTIFIES, extended(ExtendedKeyUsageOID.SERVER_AUTH)),
        False,
    ),
    "that is none": (((x509.BasicConstraints(False, None), True), CERTIFIES), False),
    "that says nothing": ((), False),
}
"""What a root's certificate says, and whether a bench under it is believed (RFC 5280 4.2)."""


def root_of(key: SigningKey, extensions: Extensions) -> SigningKey:
    """The same root's key and name with another certificate."""
    one = key.certificate
    builder = (
        x509.CertificateBuilder()
        .subject_name(one.subject)
        .issuer_name(one.subject)
        .public_key(key.key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(one.not_valid_before_utc)
        .not_valid_after(one.not_valid_after_utc)
    )
    for value, critical in extensions:
        builder = builder.add_extension(value, critical=critical)
    return SigningKey(key.key, (builder.sign(key.key, hashes.SHA256()),))


def issued_for(root: SigningKey, extensions: Extensions, at: str) -> SigningKey:
    """A key of one day around `at` whose certificate the root signed."""
    key, moment = ec.generate_private_key(ec.SECP256R1()), dt.datetime.fromisoformat(at)
    builder = (
        x509.CertificateBuilder()
        .subject_name(x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "stock.example")]))
        .issuer_name(root.certificate.subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(moment - dt.timedelta(hours=12))
        .not_valid_after(moment + dt.timedelta(hours=12))
    )
    for value, critical in extensions:
        builder = builder.add_extension(value, critical=critical)
    return SigningKey(key, (builder.sign(root.key, hashes.SHA256()), *root.chain))
