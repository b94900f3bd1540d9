"""Reading a sealed certificate, believing nothing: the seal's coverage, its form and its content.

Why: readers call a PDF valid after an appended page, a swapped attachment or a byte changed in the
signature's padding. Here the file must be exactly what recond writes: one signature, over every
byte but its own digits, whose digits are one CMS of the only form (`cms`) and zeros. Every
exception is a "no". Pure.

Source: ISO 32000-1 12.8.1 (ByteRange), RFC 5652 (CMS), ETSI EN 319 122-1 (CAdES baseline B-B).
"""

from __future__ import annotations

import hashlib
import io
import re
from dataclasses import dataclass

from cryptography import x509

from recond.certify.sign.cms import seal_fault
from recond.errors import RecordInvalid

MAX_PDF_BYTES = 128 << 20
_RANGE = re.compile(rb"/ByteRange\s*\[\s*(\d+)\s+(\d+)\s+(\d+)\s+(\d+)\s*\]")
_HEX = re.compile(rb"<([0-9a-fA-F]+)>")


@dataclass(frozen=True, slots=True)
class Sealed:
    """A PDF's signature taken apart; `holds` says what it is worth."""

    raw: bytes
    covered: bytes  # everything but the signature's digits
    cms: bytes

    def fault(self, chain: tuple[x509.Certificate, ...]) -> str | None:
        """Why the seal is not this chain's over this file (a catalogue code); None where it is."""
        if not chain:
            return "certify.verify.pdf.attachments"
        try:
            return seal_fault(self.cms, hashlib.sha256(self.covered).digest(), chain)
        except Exception:
            return "certify.verify.pdf.signature"


def read_sealed(raw: bytes) -> Sealed:
    """Take the signature out. Raises `RecordInvalid` for any form but recond's own."""
    if not raw.startswith(b"%PDF-") or len(raw) > MAX_PDF_BYTES:
        raise RecordInvalid("certify.verify.pdf.broken")
    found = list(_RANGE.finditer(raw))
    if len(found) != 1 or raw.count(b"/ByteRange") != 1:
        raise RecordInvalid("certify.verify.pdf.signatures", n=raw.count(b"/ByteRange"))
    start, first, second, rest = (int(number) for number in found[0].groups())
    digits = _HEX.fullmatch(raw[first:second]) if start == 0 < first < second else None
    if digits is None or second + rest != len(raw):
        raise RecordInvalid("certify.verify.pdf.coverage")
    content = digits.group(1)
    if content != content.upper():
        raise RecordInvalid("certify.verify.pdf.padding")  # another spelling of the same bytes
    body = bytes.fromhex(content.decode("ascii"))
    length = _der_length(body)
    if length is None or length > len(body):
        raise RecordInvalid("certify.verify.pdf.signature")
    if any(body[length:]):
        raise RecordInvalid("certify.verify.pdf.padding")
    return Sealed(raw, raw[:first] + raw[second:], body[:length])


def _der_length(body: bytes) -> int | None:
    """The whole length of the DER element at the beginning."""
    if len(body) < 2 or body[0] != 0x30:
        return None
    if body[1] < 0x80:
        return 2 + body[1]
    count = body[1] & 0x7F
    return 2 + count + int.from_bytes(body[2 : 2 + count], "big") if 1 <= count <= 4 else None


def read_attachments(raw: bytes) -> dict[str, bytes]:
    """The files inside. Raises `RecordInvalid` where the PDF cannot be read."""
    from pikepdf import Pdf, PdfError

    try:
        with Pdf.open(io.BytesIO(raw)) as pdf:
            return {name: pdf.attachments[name].get_file().read_bytes() for name in pdf.attachments}
    except (PdfError, ValueError, TypeError, KeyError, AttributeError, RuntimeError):
        raise RecordInvalid("certify.verify.pdf.broken") from None


def read_language(raw: bytes) -> str:
    """The document's language, "fr" where it cannot be read."""
    from pikepdf import Pdf, PdfError

    try:
        with Pdf.open(io.BytesIO(raw)) as pdf:
            return str(pdf.Root.get("/Lang", "fr"))
    except (PdfError, ValueError, TypeError, KeyError, AttributeError, RuntimeError):
        return "fr"
