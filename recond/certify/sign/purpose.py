"""What a certificate's key is for: signing documents, vouching for those that do, or neither.

Why: a workshop's root may issue for its web server too, whose key is no bench's; and a certificate
that a person pinned says itself whether its key may vouch for others. Pure.

Source: RFC 5280 4.2, RFC 9336 (documentSigning).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache

from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID, ObjectIdentifier

DOCUMENT_SIGNING = ObjectIdentifier("1.3.6.1.5.5.7.3.36")
UNREADABLE = (
    x509.ExtensionNotFound,
    x509.DuplicateExtension,
    x509.UnsupportedGeneralNameType,
    ValueError,
)
"""What the library raises for an extension that is not there, or is none."""
_DOCUMENT_USES = frozenset(
    (
        DOCUMENT_SIGNING,
        ExtendedKeyUsageOID.EMAIL_PROTECTION,
        ExtendedKeyUsageOID.ANY_EXTENDED_KEY_USAGE,
    )
)


@lru_cache(maxsize=64)  # of a certificate's bytes: a bench's records have one
def may_sign(one: x509.Certificate) -> bool:
    """Whether a certificate's key is for signing documents, or may be used for anything.

    A key usage without digitalSignature and contentCommitment, an extended usage without
    documentSigning, emailProtection and anyExtendedKeyUsage, a critical extension that nobody here
    reads, or extensions that cannot be read: no (RFC 5280 4.2, RFC 9336 3.1).
    """
    found = _extensions(one)
    return found is not None and all(
        _allows(extension, lambda usage: usage.digital_signature or usage.content_commitment)
        for extension in found
    )


def may_issue(one: x509.Certificate) -> bool:
    """Whether a pinned certificate may vouch for keys that sign documents.

    It is an authority (basicConstraints with cA; whatever its pathLenConstraint, since a bench's
    certificate is the last one and not counted, RFC 5280 4.2.1.9), a key usage names keyCertSign
    (4.2.1.3, 6.1.4 n), an extended usage leaves documents in, and no critical extension is there
    that nobody here reads (4.2, 6.1.4 o); extensions that cannot be read: no.
    """
    found = _extensions(one)
    return (
        found is not None
        and any(isinstance(e.value, x509.BasicConstraints) and e.value.ca for e in found)
        and all(_allows(extension, lambda usage: usage.key_cert_sign) for extension in found)
    )


def _extensions(one: x509.Certificate) -> tuple[x509.Extension[x509.ExtensionType], ...] | None:
    """None where they cannot be read."""
    try:
        return tuple(one.extensions)
    except UNREADABLE:
        return None


def _allows(
    extension: x509.Extension[x509.ExtensionType], is_for: Callable[[x509.KeyUsage], bool]
) -> bool:
    """Whether one extension leaves the use in that `is_for` asks a key usage for."""
    value = extension.value
    if isinstance(value, x509.KeyUsage):
        return is_for(value)
    if isinstance(value, x509.ExtendedKeyUsage):
        return not _DOCUMENT_USES.isdisjoint(value)
    return isinstance(value, x509.BasicConstraints) or not extension.critical
