"""A lot on the screen: what was taken in, what is there, what is missing."""

from __future__ import annotations

from datetime import date

from recond import locale
from recond.codec import to_json
from recond.flow.lot.closing import Closed
from recond.flow.lot.collect import Added
from recond.flow.lot.lot import NewLot, Reported
from recond.flow.lot.rows import Lot
from recond.flow.lot.sheets import (
    Cell,
    anomaly_rows,
    day,
    impact_sentences,
    moment,
    summary_rows,
)
from recond.flow.lot.status import LotStatus
from recond.flow.lot.words import balance_sentences
from recond.show.custody import show_stated
from recond.show.screen import Row, Screen
from recond.show.upload import show_problems

MOST_ANOMALIES = 40


def show_new_lot(screen: Screen, made: NewLot) -> None:
    """A lot that was made, and what its manifest's lines lack."""
    expected = 0
    if made.manifest:
        show_problems(screen, [(made.manifest.path, one) for one in made.manifest.problems])
        expected = len(made.manifest.expected)
    screen.talk(screen.t("lot.made", lot=made.lot.name, n=expected))


def new_lot_fields(made: NewLot) -> dict[str, object]:
    """A lot that was made, for a program: how many disks its manifest names, and what is wrong."""
    return {
        "lot": made.lot,
        "expected": len(made.manifest.expected) if made.manifest else 0,
        "problems": made.manifest.problems if made.manifest else (),
    }


def show_lots(screen: Screen, lots: tuple[Lot, ...]) -> None:
    """Every lot, a line each."""
    if not lots:
        screen.talk(screen.t("lot.none"))
        return
    heads = [screen.t(f"lot.summary.{name}") for name in ("lot", "donor", "date", "closed")]
    screen.table(
        "",
        heads,
        [
            (
                one.name,
                one.donor or "—",
                _cell(screen, day(one.date)),
                _cell(screen, moment(one.closed_at) or screen.t("lot.open")),
            )
            for one in lots
        ],
    )


def _cell(screen: Screen, value: Cell) -> str:
    """A cell of the report as a person reads it: a moment is its day."""
    if isinstance(value, date):
        return locale.date(screen.lang, value.isoformat())
    return "—" if value is None else str(value)


def show_added_to_lot(screen: Screen, added: Added) -> None:
    """What came into a lot."""
    show_problems(screen, added.problems)
    screen.talk(
        screen.t(
            "lot.added",
            new=len(added.new),
            renewed=len(added.renewed),
            known=added.known,
            others=added.others,
            wrong=len(added.problems),
        )
    )


def show_lot_status(screen: Screen, status: LotStatus) -> None:
    """The lot's counts, then everything that does not fit (the report has all of it)."""
    rows: list[Row] = [
        (str(name), _cell(screen, value))
        for name, value in summary_rows(status, None, screen.lang, balance=False)
    ]
    for sentence in balance_sentences(status, screen.lang):
        screen.data(sentence)
    screen.table(status.lot.name, ("", ""), rows)
    wrong = [(str(what), str(where)) for what, where in anomaly_rows(status, screen.lang)]
    if wrong:
        screen.table(
            screen.t("lot.sheet.anomalies"),
            [screen.t("lot.column.what"), screen.t("lot.column.where")],
            wrong[:MOST_ANOMALIES],
        )
    if len(wrong) > MOST_ANOMALIES:
        screen.talk(screen.t("lot.more", n=len(wrong) - MOST_ANOMALIES))


def show_closed(screen: Screen, closed: Closed) -> None:
    """A lot that was closed, and the statement where somebody signed for what is open."""
    show_lot_status(screen, closed.status)
    if closed.stated is not None:
        show_stated(screen, closed.stated, as_json=False)


def closed_fields(closed: Closed) -> dict[str, object]:
    """A lot that was closed, for a program: its state, and who signed for what is open."""
    stated = closed.stated
    fields = to_json(closed.status)
    return {
        **(fields if isinstance(fields, dict) else {}),
        "statement": stated.event.event_id if stated else None,
    }


def reported_fields(done: Reported) -> dict[str, object]:
    """The report's files and what they claim, for a program."""
    return {
        "files": [str(file) for file in done.files],
        "signed": done.why_unsigned is None,
        "why_unsigned": done.why_unsigned,
        "impact": done.impact,
        "lot": done.status.lot,
    }


def show_reported(screen: Screen, done: Reported) -> None:
    """The report's files, and the impact as it is claimed there."""
    for sentence in impact_sentences(done.impact, screen.lang):
        screen.talk(sentence)
    if done.why_unsigned:
        screen.talk(screen.t("lot.unsigned", reason=screen.say(done.why_unsigned)))
    for file in done.files:
        screen.talk(screen.t("lot.written", file=str(file)))
