"""The pages of a custody statement: what a person said, and its signed page to keep."""

from __future__ import annotations

from starlette.responses import Response

from recond.board import statements
from recond.board.finding import package_of, reader_of, signed_page, whole_package
from recond.board.frame import EVERYBODY, Turned, Visit, Way, number_of
from recond.board.statements import StatementLine
from recond.certify.statement import read_statement


def _line(visit: Visit) -> StatementLine:
    """The statement of the path. Raises `Turned` 404 for none, and for one that is not theirs."""
    with visit.context.database.reading() as db:
        found = statements.one(db, reader_of(visit), number_of(visit))
    if found is None:
        raise Turned(404, "board.error.absent")
    return found


def statement_page(visit: Visit) -> Response:
    """One statement."""
    line = _line(visit)
    event = read_statement(package_of(visit, line).record_bytes)
    return visit.context.render(visit, "statement.html", line=line, event=event)


def statement_file(visit: Visit) -> Response:
    """The signed page, byte for byte."""
    return signed_page(visit, _line(visit))


def statement_package(visit: Visit) -> Response:
    """The whole package, as the bench sent it."""
    return whole_package(visit, _line(visit))


WAYS = (
    Way("/statements/{number}", statement_page, EVERYBODY),
    Way("/statements/{number}/page.pdf", statement_file, EVERYBODY),
    Way("/statements/{number}/package.zip", statement_package, EVERYBODY),
)
