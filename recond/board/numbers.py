"""Figures: machines a week, failures by disk model, time for a machine, what reuse may save.

Why only trusted records, each computer's or dock disk's latest issue: figures leave the house. The
impact is `recond.flow.lot.impact`'s, with its formula and its source, and counts each computer
once.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, field
from typing import cast

import sqlalchemy as sa
from starlette.responses import Response

from recond.board.frame import WORKSHOP, Visit, Way
from recond.board.tables import DISKS, RECORDS
from recond.flow.lot.impact import Impact, impact_of_forms
from recond.flow.lot.sheets import impact_sentences
from recond.locale import Lang, duration

WEEKS = 26
MODELS = 15
FRESH_S = 60.0
WIDTH, HEIGHT, FOOT, MARGIN = 900, 260, 40, 20
COUNTED = sa.and_(RECORDS.c.current, RECORDS.c.trusted)


@dataclass(frozen=True, slots=True)
class Bar:
    """A bar of a plot, in the plot's own units; `label` below it, `shown` above it."""

    x: float
    y: float
    width: float
    height: float
    label: str
    value: int
    shown: str


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


@dataclass(slots=True)
class _Week:
    computers: set[str] = field(default_factory=set)
    timed: int = 0
    seconds: int = 0


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
        machines=plot([(_day(w, visit.lang), n, str(n)) for w, n, _ in figures.weeks]),
        minutes=plot(
            [
                (_day(w, visit.lang), s or 0, duration(visit.lang, s) if s else "")
                for w, _, s in figures.weeks
            ]
        ),
        size=(WIDTH, HEIGHT, FOOT),
        sentences=list(impact_sentences(figures.impact, visit.lang)),
    )


def count(db: sa.Connection, today: str) -> Figures:
    """Count everything."""
    last = dt.date.fromisoformat(today)
    first = last - dt.timedelta(days=last.weekday() + 7 * (WEEKS - 1))
    day = sa.func.substr(RECORDS.c.issued_at, 1, 10)
    lately = sa.and_(COUNTED, RECORDS.c.issued_at >= first.isoformat())
    weeks = {first + dt.timedelta(days=7 * n): _Week() for n in range(WEEKS)}

    def week_of(name: str) -> _Week:
        moment = dt.date.fromisoformat(name)
        return weeks.get(moment - dt.timedelta(days=moment.weekday()), _Week())

    # a computer that comes twice in a week is one machine; a dock's disks are in none
    seen = sa.select(day, RECORDS.c.computer).where(lately, RECORDS.c.computer.is_not(None))
    for name, computer in db.execute(seen.distinct()):
        week_of(name).computers.add(computer)
    spans = sa.select(day, sa.func.count(RECORDS.c.duration_s), sa.func.sum(RECORDS.c.duration_s))
    for name, timed, seconds in db.execute(spans.where(lately).group_by(day)):
        week = week_of(name)
        week.timed, week.seconds = week.timed + timed, week.seconds + int(seconds or 0)
    return Figures(
        tuple(
            (d.isoformat(), len(w.computers), w.seconds // w.timed if w.timed else None)
            for d, w in weeks.items()
        ),
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


def _day(day: str, lang: Lang) -> str:
    """A day of this year in short: 28/11, 11-28."""
    return f"{day[8:]}/{day[5:7]}" if lang == "fr" else day[5:]


def plot(values: list[tuple[str, int, str]]) -> tuple[Bar, ...]:
    """Bars that fill the plot, from (label, value, value in words); the highest reaches its top."""
    most = max((value for _, value, _ in values), default=0) or 1
    step = (WIDTH - MARGIN) / max(1, len(values))
    room = HEIGHT - FOOT - 20
    return tuple(
        Bar(
            round(MARGIN / 2 + n * step + step * 0.15, 1),
            round(HEIGHT - FOOT - value * room / most, 1),
            round(step * 0.7, 1),
            round(value * room / most, 1),
            label,
            value,
            shown,
        )
        for n, (label, value, shown) in enumerate(values)
    )


WAYS = (Way("/numbers", numbers_page, WORKSHOP),)
