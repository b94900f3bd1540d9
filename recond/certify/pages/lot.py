"""A lot's report as pages: the words and tables that it is given, with the table inside as a file.

Why plain text in the long table: ten thousand disks are three hundred pages, and each cell as a
paragraph would take minutes. Says nothing of its own: `recond.flow` computes, this draws. Pure.

Source: ISO 19005-3 (PDF/A-3).
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, Table, TableStyle

from recond.certify.pages import parts as part
from recond.certify.pages.certificate import LEFT, archive, lay_out
from recond.certify.pages.tags import Block, Grid, Side
from recond.computer import Overall
from recond.foreign import cut, printable_line, printable_word
from recond.locale import Lang, text

SHARES = (78, 40, 32, 24)
ROWS_A_TABLE = 30
MOST_TOLD = 1000
"""Rows whose cells a screen reader is told of one by one."""
CHARACTERS_A_SHARE = 0.86  # of the small type, per millimetre


@dataclass(frozen=True, slots=True)
class LotPages:
    """What the report says. Table cells hold line feeds; `source` is the table as a file."""

    title: str
    subtitle: str
    workshop: str
    stamp: str
    verdict: tuple[Overall, str, str]  # its look, the words, the sentence below them
    facts: tuple[tuple[str, str], ...]
    balance: tuple[str, ...]  # the first of them says whether the lot balances
    balanced: bool
    words: Sequence[tuple[str, str, str, str]]
    words_head: tuple[str, str, str, str]
    sentences: tuple[str, ...]
    anomalies: tuple[tuple[str, str], ...]
    head: tuple[str, str, str, str]
    rows: Iterable[tuple[str, str, str, str]]  # taken once, as the pages are drawn
    source: tuple[str, bytes]
    signed: bool
    lang: Lang


@part.alone
def render_lot(pages: LotPages) -> bytes:
    """The unsigned PDF/A-3b."""
    drawn = lay_out(
        _flow(pages),
        lambda canvas, *numbers: _furniture(canvas, pages, *numbers),
        pages.lang,
        title=f"{pages.title} {pages.subtitle}",
        author=pages.workshop,
        subject=pages.title,
    )
    return archive(drawn, pages.stamp, pages.lang, dict([pages.source]))


def _flow(pages: LotPages) -> Iterator[Flowable]:
    lang = pages.lang
    outcome, words, detail = pages.verdict
    yield part.VerdictBox(outcome, words, detail, hatched=not pages.signed)
    if pages.balance:
        first, *more = pages.balance
        yield part.para(
            f"{'=' if pages.balanced else '≠'} {first}", 12, bold=True, leading=16, spaceBefore=8
        )
        yield from (part.para(line, 9, spaceBefore=3) for line in more)
    yield part.heading(text(lang, "lot.sheet.summary"))
    yield part.facts(list(pages.facts), share=0.4)
    for sentence in pages.sentences:
        yield part.para(sentence, spaceBefore=4)
    if pages.anomalies:
        yield part.heading(text(lang, "lot.sheet.anomalies"))
    # one table of thousands of rows is slow to break into pages
    for start in range(0, len(pages.anomalies), ROWS_A_TABLE):
        listed = pages.anomalies[start : start + ROWS_A_TABLE]
        yield part.grid((), listed, (0.55, 0.45), kind=_kind(len(pages.anomalies)))
    if pages.words:
        yield part.heading(text(lang, "lot.sheet.custody"))
        yield part.para(text(lang, "lot.custody.why"), 7.8)
    for start in range(0, len(pages.words), ROWS_A_TABLE):
        said = pages.words[start : start + ROWS_A_TABLE]
        yield part.grid(
            pages.words_head, said, (0.14, 0.3, 0.26, 0.3), size=6.6, kind=_kind(len(pages.words))
        )
    rows = iter(pages.rows)
    some, told = list(islice(rows, ROWS_A_TABLE)), 0
    if some:
        yield part.heading(text(lang, "lot.sheet.machines"))
    while some:
        told += len(some)
        yield _table(pages.head, some, _kind(told))
        some = list(islice(rows, ROWS_A_TABLE))


def _kind(rows: int) -> type[Side]:
    return Grid if rows <= MOST_TOLD else Block


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]], kind: type[Side]) -> Table:
    body = [[_fitted(cell, share) for cell, share in zip(row, SHARES, strict=True)] for row in rows]
    table = kind([list(head), *body], colWidths=[share * mm for share in SHARES], repeatRows=1)
    table.setStyle(
        TableStyle(
            [
                ("FONT", (0, 0), (-1, 0), part.BOLD, 6.4, 8),
                ("FONT", (0, 1), (-1, -1), part.SANS, 5.4, 7),
                ("TEXTCOLOR", (0, 0), (-1, -1), part.INK),
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("BACKGROUND", (0, 0), (-1, 0), part.BAND),
                ("LINEBELOW", (0, 0), (-1, -1), 0.3, part.LINE),
                ("LEFTPADDING", (0, 0), (-1, -1), 2),
                ("RIGHTPADDING", (0, 0), (-1, -1), 2),
                ("TOPPADDING", (0, 0), (-1, -1), 1.2),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 1.6),
            ]
        )
    )
    return table


def _fitted(cell: str, share: int) -> str:
    # cut and marked where it would run into its neighbour; the file inside has all of it
    most = int(share * CHARACTERS_A_SHARE)
    lines = (printable_line(cut(line, most + 1)) for line in cell.split("\n"))
    return "\n".join(line if len(line) <= most else line[: most - 1] + "…" for line in lines)


def _furniture(canvas: Canvas, pages: LotPages, number: int, total: int) -> None:
    width, height = A4
    canvas.setFillColor(part.INK)
    canvas.setFont(part.BOLD, 13 if number == 1 else 9)
    canvas.drawString(LEFT, height - 14 * mm, printable_word(pages.title))
    canvas.setFont(part.SANS, 7.5)
    canvas.drawString(LEFT, height - 18.5 * mm, printable_word(pages.subtitle[:90]))
    canvas.drawRightString(width - LEFT, height - 14 * mm, printable_word(pages.workshop[:60]))
    if not pages.signed:
        canvas.setFont(part.BOLD, 9)
        canvas.drawRightString(
            width - LEFT, height - 18.5 * mm, text(pages.lang, "certify.mark.unsigned")
        )
        canvas.setFont(part.SANS, 7.5)
    canvas.setStrokeColor(part.LINE)
    canvas.setLineWidth(0.5)
    canvas.line(LEFT, height - 20.5 * mm, width - LEFT, height - 20.5 * mm)
    canvas.line(LEFT, 13 * mm, width - LEFT, 13 * mm)
    canvas.setFillColor(part.SOFT)
    canvas.drawString(LEFT, 9 * mm, text(pages.lang, "lot.pdf.foot"))
    canvas.drawRightString(
        width - LEFT, 9 * mm, text(pages.lang, "certify.page", number=number, total=total)
    )
