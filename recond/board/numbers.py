"""Figures: machines a week, failures by disk model, time for a machine, what reuse may save.

Why only trusted records, each computer's or dock disk's latest issue: figures leave the house. The
impact is `recond.flow.lot.impact`'s, with its formula and its source, and counts each computer
once.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import cast

import sqlalchemy as sa
from starlette.responses import Response

from recond.board.frame import WORKSHOP, Visit, Way
from recond.board.tables import DISKS, RECORDS
from recond.flow.lot.impact import Impact, impact_of_forms
from recond.flow.lot.sheets import impact_sentences

WEEKS = 26
MODELS = 15
FRESH_S = 60.0
WIDTH, HEIGHT, FOOT = 900, 260, 40
COUNTED = sa.and_(RECORDS.c.current, RECORDS.c.trusted)


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar of a plot, in the plot's own units; `label` below it, `value` above it."""

    x: float
    y: float
    width: float
    height: float
    label: str
    value: int


@dataclass(frozen=True, slots=True)
class Model:
    """A disk model: how many were worked on, how many of them without an approved end."""

    name: str
    disks: int
    failed: int


@dataclass(frozen=True, slots=True)
class Figures:
    """All of it, as it was when it was counted."""

    weeks: tuple[tuple[str, int, int | None], ...]  # Monday, machines, seconds for one (mean)
    models: tuple[Model, ...]
    outcomes: tuple[tuple[str, int], ...]
    impact: Impact


def numbers_page(visit: Visit) -> Response:
    """The figures, counted anew once a minute at most."""
    context, now = visit.context, visit.context.clock.monotonic_s()
    known = context.counted
    if known is None or now - known[0] > FRESH_S:
        with context.database.reading() as db:
            known = (now, count(db, visit.now[:10]))
        context.counted = known
    figures = cast(Figures, known[1])
    return context.render(
        visit,
        "numbers.html",
        figures=figures,
        machines=plot([(week[5:], n) for week, n, _ in figures.weeks]),
        minutes=plot([(week[5:], (s or 0) // 60) for week, _, s in figures.weeks]),
        size=(WIDTH, HEIGHT, FOOT),
        sentences=list(impact_sentences(figures.impact, visit.lang)),
    )


def count(db: sa.Connection, today: str) -> Figures:
    """Count everything."""
    last = dt.date.fromisoformat(today)
    first = last - dt.timedelta(days=last.weekday() + 7 * (WEEKS - 1))
    day = sa.func.substr(RECORDS.c.issued_at, 1, 10)
    rows = db.execute(
        sa.select(
            day,
            sa.func.count(),
            sa.func.count(RECORDS.c.duration_s),
            sa.func.sum(RECORDS.c.duration_s),
        )
        .where(COUNTED, RECORDS.c.issued_at >= first.isoformat())
        .group_by(day)
    )
    weeks: dict[dt.date, list[int]] = {
        first + dt.timedelta(days=7 * n): [0, 0, 0] for n in range(WEEKS)
    }
    for name, machines, timed, seconds in rows:
        moment = dt.date.fromisoformat(name)
        week = weeks.get(moment - dt.timedelta(days=moment.weekday()))
        if week is not None:
            week[0], week[1], week[2] = (
                week[0] + machines,
                week[1] + timed,
                week[2] + int(seconds or 0),
            )
    return Figures(
        tuple((d.isoformat(), w[0], w[2] // w[1] if w[1] else None) for d, w in weeks.items()),
        _models(db),
        tuple(
            (row[0], row[1])
            for row in db.execute(
                sa.select(RECORDS.c.outcome, sa.func.count())
                .where(COUNTED)
                .group_by(RECORDS.c.outcome)
                .order_by(sa.func.count().desc())
            )
        ),
        _impact(db),
    )


def _models(db: sa.Connection) -> tuple[Model, ...]:
    failed = sa.func.sum(sa.case((DISKS.c.approved, 0), else_=1))
    rows = db.execute(
        sa.select(DISKS.c.model, sa.func.count(), failed)
        .join(RECORDS, RECORDS.c.id == DISKS.c.record)
        .where(COUNTED, DISKS.c.model.is_not(None))
        .group_by(DISKS.c.model)
        .order_by(failed.desc(), sa.func.count().desc())
        .limit(MODELS)
    )
    return tuple(Model(row[0], row[1], int(row[2] or 0)) for row in rows)


def _impact(db: sa.Connection) -> Impact:
    """Computers that can be used again: every disk approved, some profile passed; each once."""
    rows = db.execute(
        sa.select(RECORDS.c.form, sa.func.count(RECORDS.c.computer.distinct()))
        .where(COUNTED, RECORDS.c.outcome == "erased", RECORDS.c.readiness.contains("=pass"))
        .group_by(RECORDS.c.form)
    )
    return impact_of_forms({str(row[0]): row[1] for row in rows})


def plot(values: list[tuple[str, int]]) -> tuple[Bar, ...]:
    """Bars that fill the plot; the highest reaches its top."""
    most = max((value for _, value in values), default=0) or 1
    step = WIDTH / max(1, len(values))
    room = HEIGHT - FOOT - 20
    return tuple(
        Bar(
            round(n * step + step * 0.15, 1),
            round(HEIGHT - FOOT - value * room / most, 1),
            round(step * 0.7, 1),
            round(value * room / most, 1),
            label,
            value,
        )
        for n, (label, value) in enumerate(values)
    )


WAYS = (Way("/numbers", numbers_page, WORKSHOP),)
