"""A lot's report as a table (CSV) and as a workbook (XLSX): every machine and every disk.

Why both: a donor's officer filters the workbook, a stock system reads the table. A text that begins
like a formula is made harmless: serials and names come from other people's hardware and files. The
workbook is written line by line, so that ten thousand machines do not fill the memory.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from recond.erasure import Technique
from recond.flow.lot.impact import Impact
from recond.flow.lot.rows import DiskRow, MachineRow, State
from recond.flow.lot.status import LotStatus
from recond.flow.lot.words import balance_sentences, note_differences, statement_rows
from recond.locale import Lang, number, say, text
from recond.upload.sheet import harmless, shown_cell

if TYPE_CHECKING:
    import xlsxwriter

COLUMNS = (
    "record",
    "number",
    "issued",
    "bench",
    "operator",
    "maker",
    "model",
    "serial",
    "property",
    "form",
    "category",
    "readiness",
    "disk",
    "disk_model",
    "medium",
    "size_gb",
    "status",
    "verdict",
    "level",
    "method",
    "ended",
    "digest",
    "signer",
    "remark",
)

GB = 1_000_000_000
Cell = str | int | float | date | None
"""A cell as a spreadsheet sorts it; a moment is a `datetime` of UTC without its zone."""
TECHNIQUES = frozenset(str(one) for one in Technique)
DATE_FORMAT = {"fr": "dd/mm/yyyy hh:mm", "en": "yyyy-mm-dd hh:mm"}


def moment(rfc3339: str | None) -> datetime | None:
    """A record's moment as a spreadsheet's: UTC, as the column says, to the second."""
    if rfc3339 is None:
        return None
    return datetime.fromisoformat(rfc3339).replace(tzinfo=None, microsecond=0)


def day(text_: str | None) -> Cell:
    """A lot's day as a date; as it was written where it is none."""
    try:
        return date.fromisoformat(text_) if text_ else None
    except ValueError:
        return text_


def gigabytes(size_bytes: int) -> float | int | None:
    """Whole GB, of a small medium three digits of them: never 0. None: its size is not known."""
    if size_bytes <= 0:
        return None
    return round(size_bytes / GB) if size_bytes >= 10 * GB else float(f"{size_bytes / GB:.3g}")


def method_name(lang: Lang, method: str) -> str:
    """Methods by their own names, drive commands by the standard's."""
    names = [one for one in method.split(", ") if one]
    return ", ".join(
        text(lang, f"certify.technique.{one}") if one in TECHNIQUES else one for one in names
    )


def readiness_words(lang: Lang, profiles: Sequence[str]) -> str:
    """« windows-11 : PRÊT, debian-13 : NON »."""
    told = (one.rpartition("=") for one in profiles)
    return ", ".join(
        text(lang, "lot.cell.readiness", profile=name, outcome=f"@readiness.verdict.{outcome}")
        for name, _, outcome in told
    )


def report_rows(status: LotStatus, lang: Lang) -> Iterator[tuple[Cell, ...]]:
    """A row for each disk, and one for a machine without; in the order of `COLUMNS`."""
    doubled = {record for _, records in status.duplicates for record in records}
    strangers = set(status.unexpected)
    ends = {
        line.expected.serial: text(
            lang, "lot.remark.word", state=f"@lot.state.{line.state}", id=line.event_id
        )
        for line in status.lines
        if line.event_id and line.state is not State.ERASED
    }
    for row in status.machines:
        remarks = [
            text(lang, f"lot.remark.{name}")
            for name, applies in (
                ("unexpected", row.record_id in strangers),
                ("duplicate", row.record_id in doubled),
            )
            if applies
        ]
        for disk in row.disks or (None,):
            end = ends.get((disk.found_by if disk else row.found_by) or "")
            yield (
                *_machine_cells(row, lang),
                *_disk_cells(disk, lang),
                row.digest,
                row.signer,
                ", ".join([*remarks, *filter(None, (end,))]),
            )


def _machine_cells(row: MachineRow, lang: Lang) -> tuple[Cell, ...]:
    form = text(lang, f"cli.form.{row.form}") if row.form else None
    return (
        row.record_id,
        row.number,
        moment(row.issued_at),
        row.bench,
        row.operator,
        row.maker,
        row.model,
        row.serial,
        row.property_number,
        form,
        row.category,
        readiness_words(lang, row.profiles),
    )


def _disk_cells(disk: DiskRow | None, lang: Lang) -> tuple[Cell, ...]:
    if disk is None:
        return (None,) * 9
    return (
        disk.serial,
        disk.model,
        text(lang, f"cli.medium.{disk.medium}"),
        gigabytes(disk.size_bytes),
        text(lang, f"cli.status.{disk.status}"),
        text(lang, f"cli.verdict.{disk.verdict}"),
        text(lang, f"cli.level.{disk.level}"),
        method_name(lang, disk.method),
        moment(disk.ended_at),
    )


def headings(lang: Lang) -> list[str]:
    """The columns' names."""
    return [text(lang, f"lot.column.{name}") for name in COLUMNS]


def write_csv(status: LotStatus, lang: Lang) -> bytes:
    """The table: UTF-8 with its mark, semicolons in French, as the language's spreadsheets read."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, delimiter=";" if lang == "fr" else ",")
    writer.writerow(headings(lang))
    writer.writerows([_written(cell, lang) for cell in row] for row in report_rows(status, lang))
    return out.getvalue().encode("utf-8-sig")


def _written(cell: Cell, lang: Lang) -> str | int | None:
    """As the language's spreadsheets read it in again: a moment, a number, a harmless text."""
    if isinstance(cell, datetime):
        return cell.isoformat(sep=" ")
    if isinstance(cell, date):
        return cell.isoformat()
    if isinstance(cell, float):
        plain = f"{cell:.12f}".rstrip("0").rstrip(".")
        return plain.replace(".", ",") if lang == "fr" else plain
    return harmless(cell)


def write_workbook(status: LotStatus, impact: Impact, lang: Lang) -> bytes:
    """The workbook: summary, machines and disks, manifest, anomalies. Raises `OSError`."""
    import xlsxwriter
    from xlsxwriter.exceptions import FileCreateError

    out = io.BytesIO()
    book = xlsxwriter.Workbook(
        out,
        {
            "constant_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
            "default_date_format": DATE_FORMAT[lang],
        },
    )
    bold = book.add_format({"bold": True})
    only_day = book.add_format({"num_format": DATE_FORMAT[lang].partition(" ")[0]})
    rows = summary_rows(status, impact, lang)
    _sheet(book, (bold, only_day), lang, "summary", ("what", "value"), rows)
    _sheet(book, (bold, only_day), lang, "machines", COLUMNS, report_rows(status, lang))
    if status.lines:
        _sheet(
            book,
            (bold, only_day),
            lang,
            "manifest",
            ("line", "serial", "model", "property", "state", "record"),
            _manifest_rows(status, lang),
        )
    if status.statements:
        heads = ("event", "thing", "word", "statement")
        _sheet(book, (bold, only_day), lang, "custody", heads, statement_rows(status, lang))
    _sheet(book, (bold, only_day), lang, "anomalies", ("what", "where"), anomaly_rows(status, lang))
    try:
        book.close()
    except FileCreateError as error:  # of its temporary files, which a long table needs
        refused = next((one for one in error.args if isinstance(one, OSError)), error)
        raise refused from None
    return out.getvalue()


def _sheet(
    book: xlsxwriter.Workbook,
    formats: tuple[Any, Any],
    lang: Lang,
    name: str,
    columns: Sequence[str],
    rows: Iterable[tuple[Cell, ...]],
) -> None:
    bold, only_day = formats
    sheet = book.add_worksheet(text(lang, f"lot.sheet.{name}"))
    sheet.freeze_panes(1, 0)
    sheet.set_column(0, len(columns) - 1, 22)
    sheet.write_row(0, 0, [text(lang, f"lot.column.{column}") for column in columns], bold)
    last = 0
    for last, row in enumerate(rows, start=1):
        cells = (shown_cell(cell) if isinstance(cell, str) else cell for cell in row)
        sheet.write_row(last, 0, cells)
        for column, cell in enumerate(row):
            if isinstance(cell, date) and not isinstance(cell, datetime):
                sheet.write_datetime(last, column, cell, only_day)  # no « 00:00 » behind a day
    sheet.autofilter(0, 0, last, len(columns) - 1)


def summary_rows(
    status: LotStatus, impact: Impact | None, lang: Lang, *, balance: bool = True
) -> Iterator[tuple[Cell, Cell]]:
    """What the lot comes to, a line each: name and value; with its `balance` in words."""

    def line(name: str, value: Cell) -> tuple[Cell, Cell]:
        return text(lang, f"lot.summary.{name}"), value

    lot = status.lot
    yield line("lot", lot.name)
    yield line("donor", lot.donor)
    yield line("date", day(lot.date))
    yield line("closed", moment(lot.closed_at) or text(lang, "lot.open"))
    for sentence in balance_sentences(status, lang) if balance else ():
        yield line("balance", sentence)
    if status.line_count:
        yield line("expected", status.line_count)
        yield line("seen", status.seen)
        yield line("missing", status.count(State.MISSING))
        for state in (State.DESTROYED, State.RETURNED):
            if status.count(state):
                yield line(state.value, status.count(state))
        yield line("unexpected", len(status.unexpected))
    yield line("machines", status.machine_count)
    yield line("erased", status.erased)
    yield line("rejected", status.rejected)
    if status.nameless:
        yield line("nameless", status.nameless)
    yield line("left", len(status.computers_left))
    yield line("duplicates", len(status.duplicates))
    if status.apart:
        yield line("apart", len(status.apart))
    for name, many in status.categories:
        yield text(lang, "lot.summary.category", category=name), many
    for word, many in status.readiness:
        profile, _, outcome = word.rpartition("=")
        yield (
            text(lang, "lot.summary.readiness", profile=profile, outcome=f"@cli.outcome.{outcome}"),
            many,
        )
    for sentence in impact_sentences(impact, lang) if impact else ():
        yield text(lang, "lot.summary.impact"), sentence


def impact_sentences(impact: Impact, lang: Lang) -> Iterator[str]:
    """The range with its formula and source; nothing where nothing can be used again."""
    if impact.machines:
        low, high = (number(lang, kg) for kg in impact.co2e_kg)
        less, more = (number(lang, kg) for kg in impact.material_kg)
        fewer, most = (number(lang, kg) for kg in impact.ewaste_kg)
        yield text(
            lang,
            "lot.impact.range",
            low=low,
            high=high,
            less=less,
            more=more,
            fewer=fewer,
            most=most,
        )
        yield text(
            lang,
            "lot.impact.formula",
            n=impact.machines,
            first=impact.years[0],
            last=impact.years[1],
            co2e=impact.co2e_kg_per_year,
            material=impact.material_kg_per_year,
            ewaste=impact.ewaste_g_per_year,
        )
        yield text(lang, "lot.impact.source", source=impact.source, url=impact.url)
    if impact.without_figure:
        yield text(lang, "lot.impact.none", n=impact.without_figure)


def _manifest_rows(status: LotStatus, lang: Lang) -> Iterator[tuple[Cell, ...]]:
    for line in status.lines:
        one = line.expected
        yield (
            one.line,
            one.written,
            one.model,
            one.number,
            text(lang, f"lot.state.{line.state}"),
            line.record_id,
        )


def anomaly_rows(status: LotStatus, lang: Lang) -> Iterator[tuple[Cell, Cell]]:
    """Everything that does not fit, each with where it is."""
    for item in status.open_items:
        yield text(lang, f"lot.state.{item.state}"), item.serial
    for conflict in status.conflicts:
        yield say(lang, conflict.why), conflict.serial
    for twice in status.said_twice:
        yield say(lang, twice.why), twice.serial
    yield from note_differences(status, lang)
    for record in status.unexpected:
        yield text(lang, "lot.remark.unexpected"), record
    for serial, records in status.duplicates:
        yield text(lang, "lot.remark.duplicate"), f"{serial} ({', '.join(records)})"
    for one in status.apart:
        yield say(lang, one.why), one.row.record_id
    for stated in status.statements_apart:
        yield say(lang, stated.why), stated.event_id
    for gap in status.gaps:
        yield (
            text(lang, "lot.gap", bench=gap.bench, ledger=gap.ledger),
            ", ".join(map(str, gap.numbers)),
        )
    for source, message in status.problems:
        yield say(lang, message), source
