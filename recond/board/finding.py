"""Search, a record, a computer, and the files of a record."""

from __future__ import annotations

import json
import re

from starlette.responses import Response

from recond.board import reading
from recond.board.frame import EVERYBODY, Turned, Visit, Way, number_of
from recond.board.people import BoardPerson
from recond.board.reading import RecordLine
from recond.certify.record import parse_record
from recond.erasure import WipeRecord
from recond.errors import FormatError, RecordInvalid
from recond.upload.package import Package, unpack

_SAFE = re.compile(r"[^A-Za-z0-9._-]")


def search_page(visit: Visit) -> Response:
    """The newest records, or those that meet what was typed."""
    found = _found(visit)
    return visit.context.render(
        visit,
        "search.html",
        question=_question(visit),
        found=found,
        more=len(found) == reading.SHOWN,
    )


def search_rows(visit: Visit) -> Response:
    """The same list alone, while somebody types."""
    found = _found(visit)
    return visit.context.render(
        visit, "rows.html", question=_question(visit), found=found, more=len(found) == reading.SHOWN
    )


def _question(visit: Visit) -> str:
    return visit.query.get("q", "")[:200]


def _found(visit: Visit) -> tuple[RecordLine, ...]:
    before = visit.query.get("before", "")
    with visit.context.database.reading() as db:
        return reading.find(
            db,
            _reader(visit),
            _question(visit),
            int(before) if before.isascii() and before.isdigit() and len(before) < 16 else None,
        )


def _reader(visit: Visit) -> BoardPerson:
    if visit.person is None:
        raise Turned(401, "board.error.sign-in")
    return visit.person


def record_line(visit: Visit) -> RecordLine:
    """The record of the path. Raises `Turned` 404 for none, and for one that is not theirs to see:
    the two must look alike.
    """
    with visit.context.database.reading() as db:
        found = reading.one(db, _reader(visit), number_of(visit))
    if found is None:
        raise Turned(404, "board.error.absent")
    return found


def package_of(visit: Visit, line: RecordLine) -> Package:
    """A record's files as they came. Raises `RecordInvalid` where they are gone."""
    return unpack(visit.context.records.package_bytes(line.package), line.record_id)


def full_record(package: Package) -> WipeRecord:
    """The record of a package, of whatever form this version can read."""
    try:
        return parse_record(json.loads(package.record_bytes))
    except (FormatError, ValueError):
        raise RecordInvalid("upload.package.unreadable") from None


def record_page(visit: Visit) -> Response:
    """One record: the computer as it was inspected, its disks, its files."""
    line = record_line(visit)
    package = package_of(visit, line)
    with visit.context.database.reading() as db:
        person = _reader(visit)
        same = reading.of_computer(db, person, line.computer) if line.computer else ()
        history = {
            disk.serial: reading.of_disk(db, person, disk.serial)
            for disk in line.disks
            if disk.serial
        }
        again = reading.issues(db, person, line.record_id)
    return visit.context.render(
        visit,
        "record.html",
        line=line,
        record=full_record(package),
        files=[name for name, _ in package.files],
        same=[one for one in same if one.id != line.id],
        history=history,
        issues=[one for one in again if one.id != line.id],
    )


def certificate_file(visit: Visit) -> Response:
    """The certificate as it was issued, byte for byte."""
    line = record_line(visit)
    page = package_of(visit, line).certificate
    if page is None:
        raise Turned(404, "board.error.absent")
    return download(page[1], f"{line.record_id}-{page[0]}", "application/pdf")


def package_file(visit: Visit) -> Response:
    """The whole package, as the bench sent it."""
    line = record_line(visit)
    raw = visit.context.records.package_bytes(line.package)
    return download(raw, f"{line.record_id}.zip", "application/zip")


def download(raw: bytes, name: str, kind: str) -> Response:
    """A file to be kept; never shown as a page of this site."""
    safe = _SAFE.sub("_", name)
    return Response(
        raw,
        media_type=kind,
        headers={"Content-Disposition": f'attachment; filename="{safe}"'},
    )


WAYS = (
    Way("/search", search_page, EVERYBODY),
    Way("/search/rows", search_rows, EVERYBODY),
    Way("/records/{number}", record_page, EVERYBODY),
    Way("/records/{number}/certificate.pdf", certificate_file, EVERYBODY),
    Way("/records/{number}/package.zip", package_file, EVERYBODY),
)
