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


ODD: dict[str, tuple[Extensions, bytes, bytes]] = {
    "a true of another byte": ((SIGNS,), b"\x01\x01\xff", b"\x01\x01\x01"),
    "spare bits that are set": ((SIGNS,), b"\x03\x02\x07\x80", b"\x03\x02\x07\x81"),
    "a length below zero": (
        ((x509.BasicConstraints(ca=True, path_length=0), False), SIGNS),
        b"\x02\x01\x00",
        b"\x02\x01\xff",
    ),
    "names in no list": (
        ((x509.SubjectAlternativeName([x509.DNSName("ab")]), False), SIGNS),
        b"\x30\x04\x82\x02ab",
        b"\x31\x04\x82\x02ab",
    ),
    "no name of a use": (
        (SIGNS, extended(DOCUMENT_SIGNING)),
        b"\x06\x08\x2b\x06\x01\x05\x05\x07\x03\x24",
        b"\x04\x08\x2b\x06\x01\x05\x05\x07\x03\x24",
    ),
    "an hour 24": ((SIGNS,), b"", b""),
    "a day that is none": ((SIGNS,), b"", b""),
}
"""Certificates in a form that is none (X.690, RFC 5280 4.1.2.5), by what of a plain one is changed;
of the last two the day on which they begin.
"""


def odd_certificate(root: SigningKey, name: str, at: str) -> tuple[SigningKey, bytes]:
    """A key whose certificate, one of the day around `at`, is in such a form; its DER."""
    extensions, plain, odd = ODD[name]
    key = issued_for(root, extensions, at)
    begin = key.certificate.not_valid_before_utc
    times = {
        "an hour 24": f"{begin - dt.timedelta(days=1):%y%m%d}240000Z",
        "a day that is none": f"{begin.year % 100 - 1:02}0230000000Z",
    }
    if name in times:
        plain, odd = f"{begin:%y%m%d%H%M%S}Z".encode(), times[name].encode()
    body = key.certificate.tbs_certificate_bytes
    assert body.count(plain) == 1, name
    signed = body.replace(plain, odd, 1)
    signature = b"\0" + root.key.sign(signed, ec.ECDSA(hashes.SHA256()))
    algorithm = bytes.fromhex("300a06082a8648ce3d040302")
    return key, der(0x30, signed + algorithm + der(0x03, signature))


def der(tag: int, body: bytes) -> bytes:
    """One element (X.690 8.1)."""
    size = len(body).to_bytes(2, "big").lstrip(b"\0")
    head = size if len(body) < 0x80 else bytes((0x80 | len(size),)) + size
    return bytes((tag,)) + head + body
