"""The pages of a custody statement: what a person said, and its signed page to keep."""

from __future__ import annotations

from starlette.responses import Response

from recond.board import statements
from recond.board.finding import download, reader_of
from recond.board.frame import EVERYBODY, Turned, Visit, Way, number_of
from recond.board.statements import StatementLine
from recond.certify.statement import read_statement
from recond.upload.package import Package, unpack


def _line(visit: Visit) -> StatementLine:
    """The statement of the path. Raises `Turned` 404 for none, and for one that is not theirs."""
    with visit.context.database.reading() as db:
        found = statements.one(db, reader_of(visit), number_of(visit))
    if found is None:
        raise Turned(404, "board.error.absent")
    return found


def _package(visit: Visit, line: StatementLine) -> Package:
    return unpack(visit.context.records.package_bytes(line.package), line.record_id)


def statement_page(visit: Visit) -> Response:
    """One statement."""
    line = _line(visit)
    event = read_statement(_package(visit, line).record_bytes)
    return visit.context.render(visit, "statement.html", line=line, event=event)


def statement_file(visit: Visit) -> Response:
    """The signed page, byte for byte."""
    line = _line(visit)
    page = _package(visit, line).certificate
    if page is None:
        raise Turned(404, "board.error.absent")
    return download(page[1], f"{line.record_id}-{page[0]}", "application/pdf")


def statement_package(visit: Visit) -> Response:
    """The whole package, as the bench sent it."""
    line = _line(visit)
    raw = visit.context.records.package_bytes(line.package)
    return download(raw, f"{line.record_id}.zip", "application/zip")


WAYS = (
    Way("/statements/{number}", statement_page, EVERYBODY),
    Way("/statements/{number}/page.pdf", statement_file, EVERYBODY),
    Way("/statements/{number}/package.zip", statement_package, EVERYBODY),
)
