"""What travels: the folder of one record, or of one custody statement, as one file, byte for byte.

Why one file: it is there or not there, it fits a USB stick, and no half of it can be sent. A
package is checked when it is made and when it is read: the record is in its canonical form, its
id is the file's name, and the signature beside it is over these very bytes. Whether that
signature is *valid* is for `recond.certify.verify.bundle` to say. Nothing here changes a byte of a
record.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import io
import re
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from recond.codec import read_canonical
from recond.custody import (
    CUSTODY_SCHEMA,
    EVENT,
    EVENT_JWS,
    PAPER,
    CustodyEvent,
    is_statement,
)
from recond.documents import read_json
from recond.erasure import RECORD_SCHEMA, LedgerPosition, WipeRecord
from recond.errors import FormatError, RecordInvalid
from recond.host.regular import TooLarge, read_regular
from recond.host.spool import read_files
from recond.model import Json

T = TypeVar("T")
RECORD = "record.json"
SIGNATURE = "record.jws"
ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}")
_NAME = re.compile(
    r"record\.json|(?:record|receipt)\.jws|[^/\\\x00-\x1f.][^/\\\x00-\x1f]*\.pdf"
    r"|journals/[A-Za-z0-9_-][A-Za-z0-9._-]*\.jsonl"
)
_STATEMENT_NAMES = frozenset((EVENT, EVENT_JWS, PAPER, "receipt.jws"))
FILE_BYTES = 256 << 20
FILES = 4096
_BROKEN = (zipfile.BadZipFile, zlib.error, ValueError, EOFError, OSError, RuntimeError, KeyError)
_ENTRY = b"PK\x01\x02"
"""Begins each line of a zip's directory (APPNOTE 4.3.12): counted before zipfile reads it."""
_END_BYTES = 22
"""The end of the directory (APPNOTE 4.3.16); recond writes no comment behind it."""
_PACKINGS = frozenset((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))
"""What recond writes; an LZMA stream asks for as much room as its header says."""
_EPOCH = (1980, 1, 1, 0, 0, 0)


@dataclass(frozen=True, slots=True)
class IssueOrder:
    """Which of two records with one id is the later: by their ledger, else by the clock."""

    at: str
    ledger: str | None = None
    number: int = 0

    def after(self, other: IssueOrder) -> bool:
        """Whether this one was issued later (a live system's clock may have been set back)."""
        if self.ledger is not None and self.ledger == other.ledger:
            return self.number > other.number
        return self.at > other.at


@dataclass(frozen=True, slots=True)
class Package:
    """A record, or a statement, with all that belongs to it. `files`: name in its folder → bytes,
    sorted. `record_id` is a statement's number where it is one.
    """

    record_id: str
    digest: str  # SHA-256 of record.json
    issue: IssueOrder
    signed: bool
    files: tuple[tuple[str, bytes], ...]

    def file(self, name: str) -> bytes | None:
        """A file's bytes."""
        return dict(self.files).get(name)

    @property
    def main(self) -> str:
        """The name of the file that was signed."""
        return EVENT if is_statement(self.record_id) else RECORD

    @property
    def signature(self) -> str:
        """The name of the file that holds its JWS, where there is one."""
        return EVENT_JWS if is_statement(self.record_id) else SIGNATURE

    @property
    def record_bytes(self) -> bytes:
        """The signed bytes."""
        return dict(self.files)[self.main]

    @property
    def certificate(self) -> tuple[str, bytes] | None:
        """The certificate's name and bytes (an unsigned one says so in its name)."""
        return next(((n, raw) for n, raw in self.files if n.endswith(".pdf")), None)

    @property
    def signer(self) -> str | None:
        """SHA-256 of the certificate that its JWS names as the signer's (RFC 7515 4.1.6), in hex;
        None where it names none. Whether that key signed is not asked here.
        """
        head = (self.file(self.signature) or b"").strip().split(b".")[0]
        try:
            chain = read_json(base64.urlsafe_b64decode(head + b"=" * (-len(head) % 4)))["x5c"]
            return hashlib.sha256(base64.b64decode(chain[0])).hexdigest()
        except (ValueError, KeyError, IndexError, TypeError):
            return None

    @property
    def key(self) -> str:
        """The idempotency key: a record issued anew after a resume keeps its id, not its bytes."""
        return f"{self.record_id}.{self.digest[:16]}"

    @property
    def signed_key(self) -> str:
        """As `key`, over the signature too: the record's bytes are in every certificate, and with
        another key's signature they are another certificate. It stays as long as this one does.
        """
        signed = self.file(self.signature)
        if signed is None:
            return self.key
        both = hashlib.sha256(self.digest.encode() + hashlib.sha256(signed).digest())
        return f"{self.record_id}.{both.hexdigest()[:16]}"

    def record(self) -> WipeRecord:
        """The record as a value. Raises `RecordInvalid` for a statement: it is none."""
        return parse_record(self.record_bytes)


def parse_record(raw: bytes) -> WipeRecord:
    """A record's bytes as a value. Raises `RecordInvalid` unless they are the canonical form."""
    return _parse(WipeRecord, RECORD_SCHEMA, raw)


def _parse(cls: type[T], form: str, raw: bytes) -> T:
    try:
        document, canonical = read_canonical(cls, raw)
    except (FormatError, ValueError) as error:
        _check_schema(form, raw)  # another form is named, and not what does not fit this one
        if isinstance(error, FormatError):
            raise RecordInvalid(error.message.code, **dict(error.message.args)) from None
        raise RecordInvalid("upload.package.unreadable") from None
    if getattr(document, "schema", None) != form:
        _check_schema(form, raw)
    if not canonical:
        raise RecordInvalid("upload.package.altered")
    return document


def _check_schema(form: str, raw: bytes) -> None:
    try:
        value: Json = read_json(raw)
    except ValueError:
        raise RecordInvalid("upload.package.unreadable") from None
    schema = value.get("schema") if isinstance(value, dict) else None
    if schema != form:
        raise RecordInvalid("upload.package.schema", found=str(schema), known=form)


def make_package(files: dict[str, bytes]) -> Package:
    """A package of a run's or a statement's files, checked. Raises `RecordInvalid`."""
    if EVENT in files:
        return _make_statement(files)
    for name in files:
        if not _NAME.fullmatch(name):
            raise RecordInvalid("upload.package.name", name=name)
    if RECORD not in files:
        raise RecordInvalid("upload.package.empty")
    raw = files[RECORD]
    record = parse_record(raw)
    if not ID.fullmatch(record.record_id) or is_statement(record.record_id):
        raise RecordInvalid("upload.package.name", name=record.record_id)
    signature = files.get(SIGNATURE)
    if signature is not None and not _carries(signature, raw):
        raise RecordInvalid("upload.package.signature")
    return Package(
        record_id=record.record_id,
        digest=hashlib.sha256(raw).hexdigest(),
        issue=issue_order(record),
        signed=signature is not None and record.signature is None,
        files=tuple(sorted(files.items())),
    )


def _make_statement(files: dict[str, bytes]) -> Package:
    """An unsigned statement is nobody's word and no package. Raises `RecordInvalid`."""
    for name in files:
        if name not in _STATEMENT_NAMES:
            raise RecordInvalid("upload.package.name", name=name)
    raw = files[EVENT]
    event = _parse(CustodyEvent, CUSTODY_SCHEMA, raw)
    if not is_statement(event.event_id):
        raise RecordInvalid("upload.package.name", name=event.event_id)
    if not _carries(files.get(EVENT_JWS, b""), raw):
        raise RecordInvalid("upload.package.signature")
    return Package(
        record_id=event.event_id,
        digest=hashlib.sha256(raw).hexdigest(),
        issue=_order(event.issued_at, event.ledger),
        signed=True,
        files=tuple(sorted(files.items())),
    )


def issue_order(record: WipeRecord) -> IssueOrder:
    """Where a record stands among those of its id."""
    return _order(record.issued_at, record.ledger)


def _order(at: str, ledger: LedgerPosition | None) -> IssueOrder:
    return IssueOrder(at) if ledger is None else IssueOrder(at, ledger.ledger_id, ledger.number)


def _carries(jws: bytes, raw: bytes) -> bool:
    """Whether these bytes are what a compact JWS (RFC 7515 3.1) carries."""
    parts = jws.strip().split(b".")
    if base64.urlsafe_b64encode(raw).rstrip(b"=") in parts[1:2]:  # half the time of reading it
        return True
    try:
        return base64.urlsafe_b64decode(parts[1] + b"=" * (-len(parts[1]) % 4)) == raw
    except (IndexError, ValueError, binascii.Error):
        return False


def read_place(place: Path, *, page: bool = True) -> Package:
    """The package of an output folder (`page` as there) or of an exported file. Raises
    `RecordInvalid`, `OSError`.
    """
    if place.is_dir():
        return read_folder(place, page=page)
    return unpack(read_packed(place), place.stem)


def read_folder(folder: Path, *, page: bool = True) -> Package:
    """The package of a run's output folder, or of a statement's. Raises `RecordInvalid`, `OSError`.

    What lies beside their files there is left out, and without `page` a record's certificate too:
    for whoever looks at none, as it is two thirds of the bytes.
    """
    said = (folder / EVENT).is_file() and not (folder / RECORD).exists()
    patterns = ("record.*", "receipt.jws", "journals/*.jsonl", *(("*.pdf",) if page else ()))
    try:
        found = read_files(
            folder,
            tuple(sorted(_STATEMENT_NAMES)) if said else patterns,
            most_files=FILES,
            most_bytes=FILE_BYTES,
        )
    except TooLarge:
        raise RecordInvalid("upload.package.too_large") from None
    return make_package({name: raw for name, raw in found.items() if said or _NAME.fullmatch(name)})


def pack(package: Package) -> bytes:
    """The one file. The same package gives the same bytes."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, raw in package.files:
            archive.writestr(zipfile.ZipInfo(name, _EPOCH), raw, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def read_packed(path: Path) -> bytes:
    """A package's bytes. Raises `RecordInvalid` for a file larger than any, `OSError`.

    A link or a pipe on a stick is no file: it leads elsewhere, or is waited for.
    """
    try:
        return read_regular(path, FILE_BYTES)
    except TooLarge:
        raise RecordInvalid("upload.package.too_large") from None


def _archive(raw: bytes) -> zipfile.ZipFile:
    """A package opened, its sizes looked at before anything is unpacked: zipfile stops at the size
    that stands in the directory. Raises `RecordInvalid`, and zipfile's errors.
    """
    if len(raw) > FILE_BYTES or raw.count(_ENTRY) > 2 * FILES:  # chance makes some in the data
        raise RecordInvalid("upload.package.too_large")
    archive = zipfile.ZipFile(io.BytesIO(raw))
    members = archive.infolist()
    end = raw[-_END_BYTES:]
    if end[:4] != b"PK\x05\x06" or int.from_bytes(end[10:12], "little") != len(members):
        raise RecordInvalid("upload.package.unreadable")  # an entry that another one's text hides
    if any(m.compress_type not in _PACKINGS for m in members):
        raise RecordInvalid("upload.package.unreadable")
    if len(members) > FILES or sum(m.file_size for m in members) > FILE_BYTES:
        raise RecordInvalid("upload.package.too_large")
    return archive


def peek_digest(raw: bytes) -> str:
    """The SHA-256 of what a package signs, nothing else looked at. Raises `RecordInvalid`."""
    try:
        with _archive(raw) as archive:
            main = EVENT if EVENT in archive.namelist() else RECORD
            return hashlib.sha256(archive.read(main)).hexdigest()
    except _BROKEN:
        raise RecordInvalid("upload.package.unreadable") from None


def unpack(raw: bytes, name: str) -> Package:
    """Read a package back, whoever wrote it; `name` is what its file is called, without ending.

    Raises `RecordInvalid` for whatever is wrong: not an archive, too large, a foreign name.
    """
    try:
        with _archive(raw) as archive:
            members = archive.infolist()
            if len({m.filename for m in members}) != len(members):
                raise RecordInvalid("upload.package.name", name=name)
            files = {m.filename: archive.read(m) for m in members}
    except _BROKEN:
        raise RecordInvalid("upload.package.unreadable") from None
    package = make_package(files)
    if package.record_id != name:
        raise RecordInvalid("upload.package.id", found=package.record_id, name=name)
    return package
