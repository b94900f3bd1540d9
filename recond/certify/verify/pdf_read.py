"""Reading a sealed certificate, believing nothing: the seal's coverage, its form and its content.

Why: readers call a PDF valid after an appended page, a swapped attachment or a byte changed in the
signature's padding. Here the file must be exactly what recond writes: one signature, over every
byte but its own digits, whose digits are one CMS of the only form (`cms`) and zeros. Every
exception is a "no". Pure.

Source: ISO 32000-1 12.8.1 (ByteRange), RFC 5652 (CMS), ETSI EN 319 122-1 (CAdES baseline B-B).
"""

from __future__ import annotations

import hashlib
import re
import zlib
from dataclasses import dataclass

from cryptography import x509

from recond.certify.sign.cms import seal_fault
from recond.errors import RecordInvalid

MAX_PDF_BYTES = 128 << 20
MAX_INSIDE_BYTES = 64 << 20
MOST_OBJECTS, MOST_DICTIONARY = 100_000, 4096
"""More than recond ever writes: objects in a certificate, bytes in what describes a file."""
_RANGE = re.compile(rb"/ByteRange\s*\[\s*(\d{1,12})\s+(\d{1,12})\s+(\d{1,12})\s+(\d{1,12})\s*\]")
_HEX = re.compile(rb"<([0-9a-fA-F]+)>")

_OBJECT = re.compile(rb"(?<=[\r\n])(\d{1,10}) 0 obj\b")
_TREE = re.compile(rb"/EmbeddedFiles\b(?: (\d{1,10}) 0 R)?")
_NAMES = re.compile(rb"\s{0,8}<< /Names \[((?: \([\w.-]{1,64}\) \d{1,10} 0 R){0,8}) \] >>\s{0,8}")
_NAMED = re.compile(rb"\(([\w.-]{1,64})\) (\d{1,10}) 0 R")
_SAID, _PLACE = re.compile(rb"/U?F \(([^)]{0,64})\)"), re.compile(rb"/U?F (\d{1,10}) 0 R\b")
_FILE = re.compile(rb"/EmbeddedFile\b")
_LENGTH = re.compile(rb"/Length (\d{1,10})(?! \d{1,10} R)\b")
_FILTER = re.compile(rb"/Filter\s{0,4}\[?\s{0,4}/(\w{1,32})")
_LINE, _END = re.compile(rb"stream\r?\n"), re.compile(rb"\s{0,4}endstream\s{1,4}endobj")
_LANGUAGE = re.compile(rb"/Lang \((\w{1,8})\)")
# every pattern is bounded: one that is not takes a file's size squared


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
    named = raw.count(b"/ByteRange")  # first: the pattern below is for one place
    found = list(_RANGE.finditer(raw)) if named == 1 else []
    if len(found) != 1:
        raise RecordInvalid("certify.verify.pdf.signatures", n=named)
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
    """The files inside, found by a plain scan. Raises `RecordInvalid` for any form but recond's.

    recond writes the tree of names, each file's description and each file in the open, as objects
    of their own. Nothing else is unpacked, whatever the PDF says of object streams, references and
    filters, and each file up to a bound only: a library that unpacks what it is told to takes
    thousands of times the file's size. An object that is there twice, a second tree, a name that
    differs, a file that no name leads to: refused, because readers would differ on what is inside.
    """
    if not raw.startswith(b"%PDF-") or len(raw) > MAX_PDF_BYTES:
        raise RecordInvalid("certify.verify.pdf.broken")
    objects: dict[bytes, int | None] = {}
    for found in _OBJECT.finditer(raw):
        objects[found[1]] = None if found[1] in objects else found.end()
        if len(objects) > MOST_OBJECTS:
            raise RecordInvalid("certify.verify.pdf.broken")
    trees = {found[1] for found in _TREE.finditer(raw)}
    tree = trees.pop() if len(trees) == 1 else None
    names = _NAMES.fullmatch(_object(raw, objects, tree)) if tree else None
    if names is None:
        raise RecordInvalid("certify.verify.pdf.attachments")
    files: dict[str, bytes] = {}
    for name, number in _NAMED.findall(names[1]):
        description = _object(raw, objects, number)
        said, places = set(_SAID.findall(description)), set(_PLACE.findall(description))
        if said != {name} or len(places) != 1 or name.decode("ascii") in files:
            raise RecordInvalid("certify.verify.pdf.attachments")
        files[name.decode("ascii")] = _embedded(raw, _start(objects, places.pop()))
    if len(_FILE.findall(raw)) != len(files):
        raise RecordInvalid("certify.verify.pdf.attachments")
    return files


def _start(objects: dict[bytes, int | None], number: bytes) -> int:
    start = objects.get(number)
    if start is None:
        raise RecordInvalid("certify.verify.pdf.attachments")
    return start


def _object(raw: bytes, objects: dict[bytes, int | None], number: bytes) -> bytes:
    start = _start(objects, number)
    end = raw.find(b"endobj", start, start + MOST_DICTIONARY)
    if end < 0:
        raise RecordInvalid("certify.verify.pdf.attachments")
    return raw[start:end]


def _embedded(raw: bytes, start: int) -> bytes:
    """An embedded file's content: stored, or packed by Flate, and nothing else."""
    begin = raw.find(b"stream", start, start + MOST_DICTIONARY)
    dictionary = raw[start:begin] if begin >= 0 else b""
    length, filter_ = _LENGTH.search(dictionary), _FILTER.search(dictionary)
    line = _LINE.match(raw, begin) if begin >= 0 else None
    if (
        length is None
        or line is None
        or not _FILE.search(dictionary)
        or b"/DecodeParms" in dictionary
        or (filter_ is not None and filter_[1] != b"FlateDecode")
    ):
        raise RecordInvalid("certify.verify.pdf.broken")
    end = line.end() + int(length[1])
    if not _END.match(raw, end):
        raise RecordInvalid("certify.verify.pdf.broken")
    body = raw[line.end() : end]
    return body if filter_ is None else _inflated(body)


def _inflated(body: bytes) -> bytes:
    """One zlib stream, whole, up to `MAX_INSIDE_BYTES` (RFC 1950)."""
    inflater = zlib.decompressobj()
    try:
        found = inflater.decompress(body, MAX_INSIDE_BYTES)
    except zlib.error:
        raise RecordInvalid("certify.verify.pdf.broken") from None
    if not inflater.eof or inflater.unused_data:
        raise RecordInvalid("certify.verify.pdf.broken")
    return found


def read_language(raw: bytes) -> str:
    """The document's language, "fr" where it says none or several."""
    said = set(_LANGUAGE.findall(raw))
    return said.pop().decode("ascii") if len(said) == 1 else "fr"
