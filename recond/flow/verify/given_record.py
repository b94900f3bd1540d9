"""The record in whatever was given: a certificate, a record, a signature, a certificate's folder.

Why: a label, a disk that is read again and a ledger that is compared all begin with a file that a
person has at hand. Only takes the record out; whether it is true is `recond.flow.verify.files`'s
business, and whoever uses a record says whether it was asked.
"""

from __future__ import annotations

from pathlib import Path

from recond.certify.record import parse_record
from recond.certify.sign.jws import CONTENT_TYPE, read_jws
from recond.certify.verify.pdf_read import read_attachments
from recond.documents import read_json
from recond.erasure import WipeRecord
from recond.errors import FormatError, RecordInvalid, UsageError
from recond.host.reason import os_reason
from recond.host.regular import read_given

MAX_BYTES = 128 << 20
_FIRST = ("record.jws", "record.json", "certificate.pdf", "certificate-NON-SIGNE.pdf")


def given_record(path: Path) -> tuple[WipeRecord, bytes]:
    """(record, its bytes) of a file or folder; the signed bytes where there are any.

    Raises `UsageError` for a path without one, `RecordInvalid` for one that cannot be read.
    """
    raw = _bytes_of(_file_of(path))
    try:
        return parse_record(read_json(raw)), raw
    except (FormatError, ValueError, TypeError):
        raise RecordInvalid("recheck.record.form", file=str(path)) from None


def records_in(path: Path) -> tuple[Path, ...]:
    """What was given, or, of a folder of certificates' folders, each of these by name.

    Raises `UsageError` for a folder that cannot be read.
    """
    if not path.is_dir() or _record_file(path):
        return (path,)
    try:
        inside = sorted(one for one in path.iterdir() if one.is_dir() and _record_file(one))
    except OSError as error:
        raise UsageError("key.read", file=str(path), reason=os_reason(error)) from None
    return tuple(inside) or (path,)


def _record_file(folder: Path) -> Path | None:
    return next((file for name in _FIRST if (file := folder / name).is_file()), None)


def _file_of(path: Path) -> Path:
    if not path.is_dir():
        return path
    if found := _record_file(path):
        return found
    raise UsageError("recheck.record.none", file=str(path))


def _bytes_of(file: Path) -> bytes:
    try:
        raw = read_given(file, MAX_BYTES)
    except OSError as error:
        raise UsageError("key.read", file=str(file), reason=os_reason(error)) from None
    if raw.startswith(b"%PDF-"):
        inside = read_attachments(raw)
        raw = inside.get("record.jws") or inside.get("record.json") or b""
    if raw.startswith(b"{"):
        return raw
    try:
        signed = read_jws(raw)
    except RecordInvalid:
        raise UsageError("recheck.record.none", file=str(file)) from None
    if signed.content_type != CONTENT_TYPE or not signed.holds:
        raise RecordInvalid("recheck.record.form", file=str(file))
    return signed.payload
