"""Lots: the manifest taken in, the balance, the report, the closing; by `recond lot`'s own code.

Why the same tables and functions: what a lot comes to is computed in one place
(`recond.flow.lot.status`), whoever asks. A record comes into its lot when it is kept and trusted
(`recond.board.records`); a lot that is made later takes those that came before.
"""

from __future__ import annotations

from itertools import islice
from urllib.parse import quote

import sqlalchemy as sa
from starlette.responses import RedirectResponse, Response

from recond.board.audit import add_line
from recond.board.finding import download
from recond.board.frame import EVERYBODY, HANDS, LEADS, Turned, Visit, Way, given, json_answer
from recond.board.people import Role
from recond.board.records import take_judged
from recond.board.tables import RECORDS, STATEMENTS
from recond.errors import UsageError
from recond.flow.lot.impact import impact_of
from recond.flow.lot.lot import check_lot_name, read_status, trust_of
from recond.flow.lot.manifest import MAX_BYTES, parse_manifest
from recond.flow.lot.paper import write_paper
from recond.flow.lot.rows import Lot, State
from recond.flow.lot.sheets import anomaly_rows, impact_sentences, write_csv, write_workbook
from recond.flow.lot.status import LotStatus
from recond.flow.lot.store import LotStore
from recond.flow.lot.words import balance_sentences, statement_rows

REPORTS = {
    "csv": "text/csv",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pdf": "application/pdf",
}
SHOWN = 500


def lots_page(visit: Visit) -> Response:
    """Every lot that the reader may see, newest first."""
    with visit.context.database.reading() as db:
        found = [one for one in LotStore(db).lots() if _may_see(visit, one.name)]
    return visit.context.render(visit, "lots.html", found=found[::-1])


def _may_see(visit: Visit, lot: str) -> bool:
    person = visit.person
    return person is not None and (person.role is not Role.DONOR or lot in person.lots)


def _lot(visit: Visit) -> str:
    """The lot of the path. Raises `Turned` 404 for one that is not theirs, as for none."""
    name = visit.path["lot"]
    if not _may_see(visit, name):
        raise Turned(404, "board.error.absent")
    return name


def _status(visit: Visit, db: sa.Connection, name: str) -> LotStatus:
    """What a lot comes to, by whom the board believes now: a key that was revoked since its records
    came in counts no more.
    """
    lots = LotStore(db)
    try:
        return read_status(lots, name, trust_of(lots, name, visit.context.state))
    except UsageError:
        raise Turned(404, "board.error.absent") from None


def lot_page(visit: Visit) -> Response:
    """The balance of a lot: expected, seen, erased, missing, and what is not as it should be."""
    with visit.context.database.reading() as db:
        status = _status(visit, db, _lot(visit))
        numbers = _numbers(
            db, RECORDS, RECORDS.c.current, [row.record_id for row in status.machines]
        )
        told = _numbers(
            db, STATEMENTS, sa.true(), [row.event.event_id for row in status.statements]
        )
    return visit.context.render(
        visit,
        "one_lot.html",
        lot_status=status,
        path=_path(status.lot.name),
        counts={state.value: status.count(state) for state in State},
        sentences=list(impact_sentences(impact_of(status.machines), visit.lang)),
        anomalies=list(anomaly_rows(status, visit.lang)),
        balance=list(balance_sentences(status, visit.lang)),
        words=list(islice(statement_rows(status, visit.lang), SHOWN)),
        told=told,
        shown=status.lines[:SHOWN],
        numbers=numbers,
    )


def _numbers(
    db: sa.Connection, table: sa.Table, which: sa.ColumnElement[bool], ids: list[str]
) -> dict[str, int]:
    """The board's own numbers of records or statements, for links."""
    found: dict[str, int] = {}
    for start in range(0, len(ids), 500):
        named = table.c.record_id.in_(ids[start : start + 500])
        rows = db.execute(sa.select(table.c.record_id, table.c.id).where(named, which))
        found |= {row.record_id: row.id for row in rows}
    return found


def _path(lot: str) -> str:
    return f"/lots/{quote(lot, safe='')}"


def make_lot(visit: Visit) -> Response:
    """A lot without a manifest yet; what came of it before comes in."""
    name, donor = given(visit, "name").strip(), given(visit, "donor").strip()
    check_lot_name(name)
    lot = Lot(name, donor or None, visit.now[:10], visit.now)
    with visit.context.database.writing() as db:
        LotStore(db).make(lot, (), {})
        add_line(db, visit.now, "lot", visit.who, lot=name)
    _collect(visit, name)
    return RedirectResponse(_path(name), 303)


def _collect(visit: Visit, name: str) -> None:
    """The trusted records and statements of this lot that are here already."""
    context = visit.context
    with context.database.reading() as db:
        rows = [
            row
            for table in (RECORDS, STATEMENTS)
            for row in db.execute(
                sa.select(table.c.record_id, table.c.package)
                .where(table.c.lot == name, table.c.trusted)
                .order_by(table.c.id)
            )
        ]
    for row in rows:
        raw = context.records.package_bytes(row.package)
        with context.database.writing() as db:
            take_judged(LotStore(db), name, raw, row.record_id)


def take_manifest(visit: Visit) -> Response:
    """A manifest that was dropped; its faults are named in the lot, line by line."""
    name = _lot(visit)
    manifest = parse_manifest(visit.body, visit.query.get("name", "")[:120] or "CSV")
    with visit.context.database.writing() as db:
        lots = LotStore(db)
        if lots.lot(name).closed_at:
            raise Turned(409, "board.lot.closed")
        lots.expect(
            name,
            manifest.expected,
            {
                f"{manifest.path} ({number})": message
                for number, message in enumerate(manifest.problems, start=1)
            },
        )
        add_line(db, visit.now, "manifest", visit.who, lot=name, lines=len(manifest.expected))
    return json_answer({"go": _path(name), "faults": len(manifest.problems)})


def close_lot(visit: Visit) -> Response:
    """Nothing comes into it any more. A lot that is not complete is closed by leads only, who say
    so.
    """
    name = _lot(visit)
    with visit.context.database.writing() as db:
        status = _status(visit, db, name)
        if status.lot.closed_at:
            raise Turned(409, "board.lot.closed")
        if not status.complete and visit.form.get("anyway") != "yes":
            raise Turned(409, "board.lot.incomplete")
        LotStore(db).close(name, visit.now)
        add_line(db, visit.now, "lot-closed", visit.who, lot=name, complete=status.complete)
    return RedirectResponse(_path(name), 303)


def report(visit: Visit) -> Response:
    """The donor's report: CSV, workbook, sealed PDF."""
    kind = visit.path["kind"]
    if kind not in REPORTS:
        raise Turned(404, "board.error.absent")
    context = visit.context
    with context.database.reading() as db:
        status = _status(visit, db, _lot(visit))
    impact = impact_of(status.machines)
    if kind == "csv":
        raw = write_csv(status, visit.lang)
    elif kind == "xlsx":
        raw = write_workbook(status, impact, visit.lang)
    else:
        lang, clock, table = visit.lang, context.clock, write_csv(status, visit.lang)
        raw = write_paper(context.state, status, impact, "lot", table, lang=lang, clock=clock).raw
    return download(raw, f"{status.lot.name}.{kind}", REPORTS[kind])


WAYS = (
    Way("/lots", lots_page, EVERYBODY),
    Way("/lots", make_lot, HANDS, "POST"),
    Way("/lots/{lot}", lot_page, EVERYBODY),
    Way("/lots/{lot}/manifest", take_manifest, HANDS, "POST", most_bytes=MAX_BYTES),
    Way("/lots/{lot}/close", close_lot, LEADS, "POST"),
    Way("/lots/{lot}/report.{kind}", report, EVERYBODY),
)
