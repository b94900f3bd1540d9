"""A lot's balance and its people's words, as rows and sentences of screen, report and workbook.

Why one place: whether a lot balances is said in the same words everywhere, and each line that rests
on a word names whose it is. "Destroyed" stands in no column that says what was erased.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

from recond.custody import CustodyKind
from recond.flow.lot.rows import StatementRow
from recond.flow.lot.status import LotStatus
from recond.locale import Lang, text
from recond.upload.sheet import harmless

WASTE_COLUMNS = ("day", "code", "category", "count", "mass_kg", "to", "slip", "statement", "lot")


def balance_sentences(status: LotStatus, lang: Lang) -> Iterator[str]:
    """Whether the lot balances, the sum, and who signed for what is open."""
    found = status.balance
    if not (status.line_count or status.counts or status.statements):
        return
    word = "balanced" if status.complete else "unbalanced"
    yield text(lang, f"lot.balance.{word}")
    if status.line_count or status.counts:
        parts = [
            text(lang, f"lot.balance.part.{name}", n=getattr(found, name))
            for name in ("erased", "destroyed", "returned", "opened")
        ]
        expected = text(lang, "lot.balance.part.expected", n=found.expected)
        yield f"{expected} = {' + '.join(parts)}."
    if found.destroyed or found.returned:
        yield text(lang, "lot.balance.word")
    for one in status.counts:
        yield text(
            lang,
            f"lot.balance.count.{one.kind.value}",
            expected=one.expected,
            seen=one.expected - one.missing,
            missing=one.missing,
            surplus=one.surplus,
        )
    for row in status.statements:
        if row.event.kind is CustodyKind.CLOSED:
            yield text(
                lang,
                "lot.balance.signed",
                n=len(row.event.things),
                who=row.event.operator.name or text(lang, "lot.forgotten"),
                on_date=row.event.happened_on,
                id=row.event.event_id,
            )


def statement_rows(status: LotStatus, lang: Lang) -> Iterator[tuple[str, str, str, str]]:
    """Each thing of each statement: what happened, of what, whose word, the statement's number."""
    for row in status.statements:
        event = row.event
        what = text(lang, f"custody.event.{event.kind.value}")
        whose = text(
            lang,
            "lot.word",
            who=event.operator.name or text(lang, "lot.forgotten"),
            on_date=event.happened_on,
        )
        for thing in event.things:
            state = f" – {text(lang, f'lot.state.{thing.state}')}" if thing.state else ""
            yield what, thing.serial + state, whose, event.event_id
        if not event.things:
            yield what, _whole(row, lang), whose, event.event_id


def _whole(row: StatementRow, lang: Lang) -> str:
    """What a statement without serials is about."""
    event = row.event
    if event.waste is not None:
        return text(
            lang,
            "lot.waste.of",
            n=event.waste.count,
            waste_code=event.waste.code,
            to=event.party or "",
        )
    return event.party or "—"


def note_differences(status: LotStatus, lang: Lang) -> Iterator[tuple[str, str]]:
    """Where a delivery note and what was counted differ."""
    for row in status.statements:
        note = row.event.delivery
        if note is None:
            continue
        for kind, said, counted in (
            ("computer", note.computers, note.computers_counted),
            ("disk", note.disks, note.disks_counted),
        ):
            if said is not None and counted is not None and said != counted:
                yield (
                    text(lang, f"lot.note.{kind}", said=said, counted=counted),
                    row.event.event_id,
                )


def waste_csv(status: LotStatus, lang: Lang) -> bytes:
    """The scrap part of a lot, a row for each statement: UTF-8 with its mark, for a spreadsheet."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=";" if lang == "fr" else ",")
    writer.writerow([text(lang, f"lot.waste.column.{name}") for name in WASTE_COLUMNS])
    for row in status.statements:
        event, waste = row.event, row.event.waste
        if waste is None:
            continue
        whole, rest = divmod(waste.mass_g, 1000)
        mass = f"{whole}{',' if lang == 'fr' else '.'}{rest:03d}"
        cells = (event.happened_on, waste.code, waste.category, waste.count, mass, event.party)
        more = (waste.slip, event.event_id, event.lot)
        writer.writerow([harmless(cell) for cell in (*cells, *more)])
    return out.getvalue().encode("utf-8-sig")
