"""What a certificate's key is for: signing documents, or something else.

Why: a workshop's root may issue for its web server too, whose key is no bench's. Pure.

Source: RFC 5280 4.2, RFC 9336 (documentSigning).
"""

from __future__ import annotations

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


def may_sign(one: x509.Certificate) -> bool:
    """Whether a certificate's key is for signing documents, or may be used for anything.

    A key usage without digitalSignature and contentCommitment, an extended usage without
    documentSigning, emailProtection and anyExtendedKeyUsage, a critical extension that nobody here
    reads, or extensions that cannot be read: no (RFC 5280 4.2, RFC 9336 3.1).
    """
    try:
        found = tuple(one.extensions)
    except UNREADABLE:
        return False
    for extension in found:
        value = extension.value
        if isinstance(value, x509.KeyUsage):
            allowed = value.digital_signature or value.content_commitment
        elif isinstance(value, x509.ExtendedKeyUsage):
            allowed = not _DOCUMENT_USES.isdisjoint(value)
        else:
            allowed = isinstance(value, x509.BasicConstraints) or not extension.critical
        if not allowed:
            return False
    return True
