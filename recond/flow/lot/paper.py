"""A lot's report on paper: pages with every disk, its certificate's number and digest, sealed.

The bench's key signs it as it signs certificates; without a key the pages and the file's name say
that nobody signed. The table is inside the file too, so that the seal covers it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path

from recond import locale
from recond.computer import Overall
from recond.errors import RecondError
from recond.flow.config import Overrides, bench_name, read_context
from recond.flow.keys.keyring import Keyring
from recond.flow.lot.impact import Impact
from recond.flow.lot.rows import State
from recond.flow.lot.sheets import Cell, anomaly_rows, impact_sentences, summary_rows
from recond.flow.lot.status import LotStatus
from recond.flow.lot.words import balance_sentences, statement_rows
from recond.host.clock import Clock
from recond.locale import Lang, moment, text
from recond.model import Message

Cells = tuple[str, str, str, str]


@dataclass(frozen=True, slots=True)
class Paper:
    """The PDF, and why it is not signed where it is not."""

    raw: bytes
    why_unsigned: Message | None


def write_paper(
    state: Path,
    status: LotStatus,
    impact: Impact,
    stem: str,
    table: bytes,
    *,
    lang: Lang,
    clock: Clock,
) -> Paper:
    """Draw and seal the report; `table` is the CSV that it carries."""
    from recond.certify.pages.lot import LotPages, render_lot
    from recond.certify.sign.pdf_sign import sign_pdf

    context = read_context(state, Overrides(), clock)
    why: Message | None = None
    key = None
    try:
        key = Keyring(state).signing_key(bench_name(context), clock)
    except RecondError as error:
        why = error.message
    except OSError:
        why = Message("certify.key.file")
    now = clock.now()
    raw = render_lot(
        LotPages(
            title=text(lang, "lot.pdf.title"),
            subtitle=status.lot.name,
            workshop=context.workshop.name or "",
            stamp=now,
            verdict=verdict_of(status, lang),
            facts=(
                (text(lang, "lot.pdf.made"), moment(lang, now)),
                *(
                    (str(n), _readable(v, lang))
                    for n, v in summary_rows(status, None, lang, balance=False)
                ),
            ),
            balance=tuple(balance_sentences(status, lang)),
            balanced=status.complete,
            words=tuple(statement_rows(status, lang)),
            words_head=_head(lang, "lot.column.", "event", "thing", "word", "statement"),
            sentences=tuple(impact_sentences(impact, lang)),
            anomalies=tuple((str(what), str(where)) for what, where in anomaly_rows(status, lang)),
            head=_head(lang, "lot.pdf.head.", "record", "machine", "disk", "result"),
            rows=_rows(status, lang),
            source=(f"{stem}.csv", table),
            signed=key is not None,
            lang=lang,
        )
    )
    return Paper(sign_pdf(raw, key) if key else raw, why)


def _head(lang: Lang, room: str, *names: str) -> Cells:
    first, second, third, fourth = (text(lang, room + name) for name in names)
    return first, second, third, fourth


def _readable(value: Cell, lang: Lang) -> str:
    """A cell as a person reads it: a day, or a moment (UTC in the table) where the page is read."""
    if isinstance(value, datetime):
        return moment(lang, f"{value.isoformat()}Z")
    if isinstance(value, date):
        return locale.date(lang, value.isoformat())
    return "—" if value is None else str(value)


_NAMED = (
    State.CONTRADICTED,
    State.GONE,
    State.SEEN,
    State.HELD,
    State.DESTROYED,
    State.RETURNED,
)


def verdict_of(status: LotStatus, lang: Lang) -> tuple[Overall, str, str]:
    """What page one says first: erased of expected, and what stands against it.

    « 4 sur 5 effacés, 1 manquant »; without a donor's list the disks that were seen are counted.
    A lot that balances by somebody's word says so, and is not green.
    """
    if status.lines:
        erased, total = status.count(State.ERASED), len(status.lines)
    else:
        erased, total = status.erased, status.erased + status.rejected + status.nameless
    missing = status.count(State.MISSING)
    rejected = status.count(State.REJECTED) if status.lines else status.rejected
    parts = [text(lang, "lot.verdict.erased", n=erased, total=total)]
    parts += [
        text(lang, f"lot.verdict.{name}", n=n)
        for name, n in (
            ("missing", missing),
            ("rejected", rejected),
            *((one.value, status.count(one)) for one in _NAMED),
        )
        if n
    ]
    outcome = (
        Overall.NOTHING
        if not total
        else Overall.ERASED
        if status.complete and erased == total
        else Overall.PARTIAL
        if erased
        else Overall.NOT_ERASED
    )
    settled = "settled" if status.complete and total else "open"
    told = "complete" if outcome is Overall.ERASED else settled
    return outcome, ", ".join(parts), text(lang, f"lot.verdict.{told}")


def _rows(status: LotStatus, lang: Lang) -> Iterator[Cells]:
    for row in status.machines:
        number = row.record_id if row.number is None else f"{row.record_id}  ({row.number})"
        record = f"{number}\n{row.digest}"
        machine = f"{row.maker or ''} {row.model or '—'}".strip() + f"\n{row.serial or '—'}"
        for disk in row.disks:
            result = text(lang, f"cli.status.{disk.status}")
            verdict = text(lang, f"cli.verdict.{disk.verdict}")
            level = text(lang, f"cli.level.{disk.level}")
            yield (
                record,
                machine,
                f"{disk.model or '—'}\n{disk.serial or '—'}",
                f"{result}, {verdict}\n{level}",
            )
        if not row.disks:
            yield record, machine, text(lang, "lot.state.seen"), "—"
