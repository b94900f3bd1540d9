"""Search, a record, a computer, and the files of a record."""

from __future__ import annotations

import io
import re
import tempfile
from pathlib import Path
from typing import Any

import segno
from starlette.responses import Response

from recond.board import reading, statements
from recond.board.frame import EVERYBODY, WORKSHOP, Turned, Visit, Way, number_of
from recond.board.people import BoardPerson
from recond.board.reading import RecordLine
from recond.board.statements import StatementLine
from recond.certify.record import parse_record
from recond.documents import read_json
from recond.erasure import WipeRecord
from recond.errors import FormatError, RecordInvalid
from recond.flow.deliver.label import ROLL, make_labels
from recond.host.store import write_folder
from recond.model import Known
from recond.upload.package import Package, unpack

LINK_DIGITS = 16
_SAFE = re.compile(r"[^A-Za-z0-9._-]")


def search_page(visit: Visit) -> Response:
    """The newest records, or those that meet what was typed."""
    return visit.context.render(visit, "search.html", **_found(visit))


def search_rows(visit: Visit) -> Response:
    """The same list alone, while somebody types."""
    return visit.context.render(visit, "rows.html", **_found(visit))


def _found(visit: Visit) -> dict[str, Any]:
    question, records = _question(visit), found_records(visit)
    with visit.context.database.reading() as db:
        said = statements.found(db, reader_of(visit), question)
    more = len(records) == reading.SHOWN
    return {"question": question, "found": records, "more": more, "said": said}


def _question(visit: Visit) -> str:
    return visit.query.get("q", "")[:200]


def found_records(visit: Visit) -> tuple[RecordLine, ...]:
    """What was asked for in the query."""
    before = visit.query.get("before", "")
    with visit.context.database.reading() as db:
        return reading.find(
            db,
            reader_of(visit),
            _question(visit),
            int(before) if before.isascii() and before.isdigit() and len(before) < 16 else None,
        )


def reader_of(visit: Visit) -> BoardPerson:
    """Who reads. Raises `Turned` 401 for nobody."""
    if visit.person is None:
        raise Turned(401, "board.error.sign-in")
    return visit.person


def record_line(visit: Visit) -> RecordLine:
    """The record of the path. Raises `Turned` 404 for none, and for one that is not theirs to see:
    the two must look alike.
    """
    with visit.context.database.reading() as db:
        found = reading.one(db, reader_of(visit), number_of(visit))
    if found is None:
        raise Turned(404, "board.error.absent")
    return found


def package_of(visit: Visit, line: RecordLine | StatementLine) -> Package:
    """The files of either, as they came. Raises `RecordInvalid` where they are gone."""
    return unpack(visit.context.records.package_bytes(line.package), line.record_id)


def full_record(package: Package) -> WipeRecord:
    """The record of a package, of whatever form this version can read."""
    try:
        return parse_record(read_json(package.record_bytes))
    except (FormatError, ValueError):
        raise RecordInvalid("upload.package.unreadable") from None


def record_page(visit: Visit) -> Response:
    """One record: the computer as it was inspected, its disks, its files."""
    from recond.certify.pages.front import left_words  # what draws pages is loaded when asked for
    from recond.certify.pages.inventory import lock_rows

    line = record_line(visit)
    package = package_of(visit, line)
    record = full_record(package)
    with visit.context.database.reading() as db:
        person = reader_of(visit)
        said = statements.about(db, person, serials_of(record))
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
        record=record,
        left=left_words(record, visit.lang),
        locks=lock_rows(record.machine, visit.lang) if record.machine else (),
        said=said,
        link=link_path(line.record_id, line.digest),
        code=code_of(visit, line),
        same=[one for one in same if one.id != line.id],
        history=history,
        issues=[one for one in again if one.id != line.id],
    )


def serials_of(record: WipeRecord) -> frozenset[str]:
    """The numbers of a record's computer and of every medium that it names."""
    machine = record.machine
    readings = [machine.system.serial, *(disk.serial for disk in machine.disks)] if machine else []
    if machine and isinstance(machine.census, Known):
        readings += [one.serial for one in machine.census.value.media if not one.of_bench]
    read = {str(one.value) for one in readings if isinstance(one, Known)}
    return frozenset(read | {one.disk.serial for one in record.erasures if one.disk.serial})


def certificate_file(visit: Visit) -> Response:
    """The certificate as it was issued, byte for byte."""
    return signed_page(visit, record_line(visit))


def package_file(visit: Visit) -> Response:
    """The whole package, as the bench sent it."""
    return whole_package(visit, record_line(visit))


def signed_page(visit: Visit, line: RecordLine | StatementLine) -> Response:
    """The signed page, to keep. Raises `Turned` 404 where there is none."""
    page = package_of(visit, line).certificate
    if page is None:
        raise Turned(404, "board.error.absent")
    return download(page[1], f"{line.record_id}-{page[0]}", "application/pdf")


def whole_package(visit: Visit, line: RecordLine | StatementLine) -> Response:
    """What the bench sent, to keep."""
    raw = visit.context.records.package_bytes(line.package)
    return download(raw, f"{line.record_id}.zip", "application/zip")


def label_file(visit: Visit) -> Response:
    """The machine's sticker, by `recond label`'s own code, which verifies once more."""
    line = record_line(visit)
    with tempfile.TemporaryDirectory(prefix="recond-board-") as place:
        folder, out = Path(place) / line.record_id, Path(place) / "sticker.pdf"
        write_folder(folder, dict(package_of(visit, line).files))
        make_labels((folder,), out, form=ROLL, start=1, lang=visit.lang, state=visit.context.state)
        raw = out.read_bytes()
    return download(raw, f"{line.record_id}-label.pdf", "application/pdf")


def code_of(visit: Visit, line: RecordLine) -> str:
    """The QR code of a record's public page, as SVG."""
    address = f"{visit.context.address}{link_path(line.record_id, line.digest)}"
    drawn = io.BytesIO()
    segno.make(address, error="m").save(
        drawn, kind="svg", xmldecl=False, svgns=True, svgclass="code", lineclass=None, omitsize=True
    )
    return drawn.getvalue().decode()


def link_path(record_id: str, digest: str) -> str:
    """The path of a record's public page (`recond.board.public`)."""
    return f"/c/{record_id}.{digest[:LINK_DIGITS]}"


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
    Way("/records/{number}/label.pdf", label_file, WORKSHOP),
    Way("/records/{number}/package.zip", package_file, EVERYBODY),
)
