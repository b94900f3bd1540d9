"""A custody statement's page: what a person declares, of which things, and that it is their word.

Why apart from the certificate's: it has no tick, no verdict and no word of an erasure of its own,
and says so in its first lines. As a certificate it is drawn from the signed bytes and nothing else,
the same each time, and carries them inside. Pure: bytes in, bytes out.

Source: ISO 19005-3 (PDF/A-3).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from reportlab.lib.colors import black
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import KeepTogether, Table, TableStyle

from recond.certify.pages import parts as part
from recond.certify.pages.certificate import LEFT, Drawn, archive, lay_out
from recond.certify.pages.front import Signer, clock, how_to_check, person
from recond.certify.pages.tags import Side
from recond.certify.statement import read_statement
from recond.custody import EVENT, EVENT_JWS, CustodyEvent, CustodyKind, Thing
from recond.locale import Lang, date, number, size, text

ROWS_A_TABLE = 60


@dataclass(frozen=True)
class StatementSheet:
    """What a page is made of: the statement's signed bytes, and nothing that is not in them."""

    event_bytes: bytes
    jws: bytes
    seal: str
    signer: Signer
    lang: Lang

    @cached_property
    def event(self) -> CustodyEvent:
        """The statement as its bytes say it. Raises `RecordInvalid`."""
        return read_statement(self.event_bytes)


@part.alone
def render_statement(sheet: StatementSheet) -> bytes:
    """The unsigned PDF/A-3b. The same sheet gives the same bytes, anywhere, at any time."""
    files = {EVENT: sheet.event_bytes, EVENT_JWS: sheet.jws, "seal.txt": sheet.seal.encode("ascii")}
    return archive(_draw(sheet), sheet.event.issued_at, sheet.lang, files)


def _draw(sheet: StatementSheet) -> Drawn:
    event, lang = sheet.event, sheet.lang
    return lay_out(
        _flow(sheet),
        lambda canvas, *pages: _furniture(canvas, sheet, *pages),
        lang,
        title=f"{text(lang, 'custody.title')} {event.event_id}",
        author=event.workshop.name,
        subject=text(lang, "custody.no-erasure"),
    )


def _flow(sheet: StatementSheet) -> Iterator[Any]:
    event, lang = sheet.event, sheet.lang
    yield _box(event, lang)
    yield part.heading(text(lang, "custody.section.said"))
    yield part.facts(list(statement_facts(event, lang)))
    if event.things:
        yield part.heading(text(lang, f"custody.section.{_things_section(event)}"))
        yield from _things(event, lang)
    if event.kind is CustodyKind.HANDED_OVER:
        yield part.heading(text(lang, "custody.section.certificates"))
        yield part.para(text(lang, "custody.certificates.why"), 7.8)
        yield part.facts(list(_certificates(event, lang)))
    yield part.heading(text(lang, "certify.section.people"))
    yield part.facts(_people(event, lang))
    yield KeepTogether(
        [
            part.heading(text(lang, "certify.section.check")),
            how_to_check(lang, sheet.signer, sheet.seal),
        ]
    )
    yield part.para(text(lang, f"custody.legal.{event.kind.value}"), 6.6, soft=True, spaceBefore=4)


def _certificates(event: CustodyEvent, lang: Lang) -> Iterator[tuple[str, str]]:
    """For each thing the certificate that goes with it, in the certificate's own words; or none."""
    named = {one.serial: one for one in event.certificates}
    for thing in event.things:
        one = named.get(thing.serial)
        if one is None:
            yield thing.serial, text(lang, "custody.certificates.none")
        else:
            yield (
                thing.serial,
                text(
                    lang,
                    "custody.certificate",
                    id=one.record_id,
                    verdict=f"@certify.verdict.{one.verdict}",
                    digest=one.record_sha256,
                ),
            )


def _things_section(event: CustodyEvent) -> str:
    return "open" if event.kind is CustodyKind.CLOSED else "things"


def _box(event: CustodyEvent, lang: Lang) -> Table:
    """What is declared, in a frame that no verdict has: a pointing hand, two lines, no colour."""
    words = [
        part.Title(
            part.escape(text(lang, f"custody.headline.{event.kind.value}")),
            part.style(19, bold=True, leading=23),
        ),
        part.para(
            text(lang, "custody.word", who=event.operator.name or "—", day_date=event.happened_on),
            9.5,
            leading=13,
        ),
        part.para(text(lang, "custody.no-erasure"), 9.5, bold=True, leading=13),
    ]
    sign = part.para("☞", 34, leading=38)
    table = Side([[sign, words]], colWidths=[24 * mm, part.WIDTH - 24 * mm])
    table.setStyle(
        TableStyle(
            [
                ("VALIGN", (0, 0), (-1, -1), "MIDDLE"),
                ("FONTNAME", (0, 0), (-1, -1), part.SANS),
                ("BOX", (0, 0), (-1, -1), 1.2, black, None, None, None, 2, 1.5),
                ("LEFTPADDING", (0, 0), (0, 0), 14),
                ("TOPPADDING", (0, 0), (-1, -1), 8),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 10),
            ]
        )
    )
    return table


def statement_facts(event: CustodyEvent, lang: Lang) -> Iterator[tuple[str, str]]:
    """What is declared beside the things themselves: a name and a value each."""

    def line(name: str, value: str) -> tuple[str, str]:
        return text(lang, f"custody.field.{name}"), value

    yield line("what", text(lang, f"custody.event.{event.kind.value}"))
    yield line("day", date(lang, event.happened_on))
    if event.lot:
        yield line("lot", event.lot)
    if event.party:
        by = event.kind is CustodyKind.DESTROYED
        come = event.kind is CustodyKind.RECEIVED
        yield line("by" if by else "from" if come else "to", event.party)
    if event.computer:
        yield line("computer", event.computer)
    yield from _delivery(event, lang)
    yield from _destruction(event, lang)
    if event.waste is not None:
        waste = event.waste
        yield line(
            "waste", text(lang, "custody.waste", waste_code=waste.code, category=waste.category)
        )
        yield line("count", number(lang, waste.count))
        yield line("mass", kilogrammes(lang, waste.mass_g))
        if waste.slip:
            yield line("slip", waste.slip)
    if event.closing is not None:
        closing = event.closing
        yield line(
            "balance",
            text(
                lang,
                "custody.balance",
                expected=closing.expected,
                erased=closing.erased,
                destroyed=closing.destroyed,
                returned=closing.returned,
                opened=closing.opened,
            ),
        )
    if event.note:
        yield line("note", event.note)


def kilogrammes(lang: Lang, mass_g: int) -> str:
    """A mass as a person writes it: `12,5 kg`."""
    whole, rest = divmod(mass_g, 1000)
    mark = "," if lang == "fr" else "."
    digits = f"{rest:03d}".rstrip("0")
    return text(lang, "custody.kg", kg=f"{number(lang, whole)}{mark + digits if digits else ''}")


def _delivery(event: CustodyEvent, lang: Lang) -> Iterator[tuple[str, str]]:
    said = event.delivery
    if said is None:
        return
    if said.number:
        yield text(lang, "custody.field.note-number"), said.number
    for name, wanted, counted in (
        ("computers", said.computers, said.computers_counted),
        ("disks", said.disks, said.disks_counted),
    ):
        if wanted is None and counted is None:
            continue
        unknown = text(lang, "certify.not-recorded")
        yield (
            text(lang, f"custody.field.{name}"),
            text(
                lang,
                "custody.counted",
                wanted=unknown if wanted is None else number(lang, wanted),
                counted=unknown if counted is None else number(lang, counted),
            ),
        )


def _destruction(event: CustodyEvent, lang: Lang) -> Iterator[tuple[str, str]]:
    how = event.destroyed
    if how is None:
        return
    none = text(lang, "certify.not-recorded")
    yield (
        text(lang, "custody.field.technique"),
        text(lang, f"custody.technique.{how.technique.value}"),
    )
    shown = how.security_class and text(lang, "custody.class-of", found=how.security_class)
    yield text(lang, "custody.field.class"), shown or none
    yield text(lang, "custody.field.seen-by"), how.seen_by or none
    yield text(lang, "custody.field.photo"), how.photo_sha256 or none


def _things(event: CustodyEvent, lang: Lang) -> Iterator[Table]:
    """Each thing in a line. What its label says is « selon l'étiquette », never read by recond."""
    closed = event.kind is CustodyKind.CLOSED
    names = ("kind", "serial", "state") if closed else ("kind", "serial", "model", "size")
    head = tuple(text(lang, f"custody.thing.{name}") for name in names)
    widths = (0.16, 0.44, 0.4) if closed else (0.16, 0.34, 0.34, 0.16)
    rows = [_thing(one, lang, closed=closed) for one in event.things]
    for start in range(0, len(rows), ROWS_A_TABLE):
        yield part.grid(head, rows[start : start + ROWS_A_TABLE], widths)


def _thing(one: Thing, lang: Lang, *, closed: bool) -> tuple[str, ...]:
    kind = text(lang, f"custody.kind.{one.kind.value}")
    if closed:
        return kind, one.serial, text(lang, f"lot.state.{one.state}")
    none = text(lang, "certify.not-recorded")
    measured = none if one.size_bytes is None else size(lang, one.size_bytes)
    return kind, one.serial, one.model or none, measured


def _people(event: CustodyEvent, lang: Lang) -> list[tuple[str, str]]:
    shop = event.workshop
    named = ", ".join(filter(None, (shop.name, shop.address, shop.contact, shop.registration)))
    issued = f"{date(lang, event.issued_at)} {clock(event.issued_at)}"
    return [
        (text(lang, "certify.field.workshop"), named or text(lang, "certify.not-recorded")),
        (text(lang, "custody.field.operator"), person(event.operator, lang)),
        (text(lang, "custody.field.issued"), issued),
        (
            text(lang, "custody.field.ledger"),
            text(
                lang,
                "custody.place",
                number=event.ledger.number,
                ledger=event.ledger.ledger_id,
            ),
        ),
        (text(lang, "certify.field.tool"), f"recond {dict(event.software).get('recond', '')}"),
    ]


def _furniture(canvas: Canvas, sheet: StatementSheet, page: int, total: int) -> None:
    width, height = A4
    event, lang = sheet.event, sheet.lang
    title, points = text(lang, "custody.title"), 13 if page == 1 else 9
    canvas.setFillColor(part.INK)
    canvas.setFont(part.BOLD, points)
    canvas.drawString(LEFT, height - 14 * mm, title)
    free = part.WIDTH - canvas.stringWidth(title, part.BOLD, points) - 8 * mm
    canvas.setFont(part.SANS, 7.5)
    canvas.drawString(LEFT, height - 18.5 * mm, text(lang, "certify.number", id=event.event_id))
    shop = part.fitted(event.workshop.name or "", part.SANS, 7.5, free)
    canvas.drawRightString(width - LEFT, height - 14 * mm, shop)
    canvas.drawRightString(width - LEFT, height - 18.5 * mm, text(lang, "custody.mark"))
    canvas.setStrokeColor(part.LINE)
    canvas.setLineWidth(0.5)
    canvas.line(LEFT, height - 20.5 * mm, width - LEFT, height - 20.5 * mm)
    canvas.line(LEFT, 13 * mm, width - LEFT, 13 * mm)
    canvas.setFillColor(part.SOFT)
    canvas.drawString(LEFT, 9 * mm, text(lang, "custody.foot"))
    canvas.drawRightString(
        width - LEFT, 9 * mm, text(lang, "certify.page", number=page, total=total)
    )
