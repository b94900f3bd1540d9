"""The certificate: the record's bytes made into a page that carries them inside.

Why: the page is a rendering of the record and of nothing else, byte for byte the same each time, so
that a verifier can render the record again and see whether the page says what was signed. PDF/A-3b,
with record, signature and seal attached. Heavy libraries: imported only where a certificate is made
or checked. Pure: bytes in, bytes out.

Source: ISO 19005-3 (PDF/A-3), ISO 32000-1 7.11.4 (embedded files).
"""

from __future__ import annotations

import io
import zlib
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Any

from pikepdf import AttachedFileSpec, Name, ObjectStreamMode, Pdf, pdfa
from reportlab.lib.colors import HexColor
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import BaseDocTemplate, Flowable, Frame, PageTemplate

from recond.certify.pages import parts as part
from recond.certify.pages.details import detail_pages
from recond.certify.pages.front import Signer, front_page, headline
from recond.certify.pages.logo import draw_logo
from recond.certify.pages.tags import PaperTags, ornament, write_structure
from recond.codec import read_canonical
from recond.computer import Overall, conclude
from recond.erasure import WipeRecord
from recond.locale import Lang, text, zone_of

RECORD, JWS, SEAL = "record.json", "record.jws", "seal.txt"
LEFT, BOTTOM, TOP = 18 * mm, 17 * mm, 25 * mm
_MIME = {".json": "application/json", ".jws": "application/jose", ".txt": "text/plain"}


@dataclass(frozen=True)
class Sheet:
    """What a certificate is made of: the record's signed bytes, and nothing that is not in them."""

    record_bytes: bytes
    jws: bytes | None
    seal: str | None
    signer: Signer | None
    lang: Lang

    @cached_property
    def record(self) -> WipeRecord:
        """The record as its bytes say it: a list that they hold in order is drawn in that order."""
        return read_canonical(WipeRecord, self.record_bytes)[0]  # kept by whoever checks it


def make_ready() -> None:
    """Have the libraries and the fonts: for a process that others are forked from."""
    part.register_fonts()


@part.alone
def render(sheet: Sheet) -> bytes:
    """The unsigned PDF/A-3b. The same sheet gives the same bytes, anywhere, at any time."""
    files = {RECORD: sheet.record_bytes}
    if sheet.jws is not None and sheet.seal is not None:
        files |= {JWS: sheet.jws, SEAL: sheet.seal.encode("ascii")}
    with zone_of(sheet.record.bench.utc_offset_min):
        drawn = _draw(sheet)
    return archive(drawn, sheet.record.issued_at, sheet.lang, files)


# --- Pages -----------------------------------------------------------------------------------


MANY = 64
"""Pages from which on a document is packed while it is made: a lot's report has thousands."""


class Feed(list[Any]):
    """What is laid out next, taken from where it comes as it is asked for (reportlab wants a list
    and takes from its beginning): the tables of a large lot's report are never there all at once.
    """

    AHEAD = 8

    def __init__(self, flow: Iterable[Flowable]) -> None:
        super().__init__()
        self._left = iter(flow)

    def __len__(self) -> int:
        """How much is at hand: 0 only at the end."""
        while super().__len__() < self.AHEAD and (some := list(islice(self._left, 1))):
            self += some
        return super().__len__()


class Pages(Canvas):  # type: ignore[misc] # reportlab has no types
    """A canvas that knows the number of pages when it draws their heads and feet."""

    furniture: Callable[[Canvas, int, int], None]
    _code: list[str]  # a page's program so far
    tree: PaperTags

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        # else reportlab names Helvetica in every page, which is not embedded
        super().__init__(*args, **{**kwargs, "initialFontName": part.SANS})
        self._kept: list[dict[str, Any]] = []
        self._packed = b""  # the program of a page that waits

    def showPage(self) -> None:  # noqa: N802 - reportlab's name
        """Keep the page until all are there."""
        kept = dict(self.__dict__)
        code = "\n".join(self._code)
        kept["_code"] = [code]
        if len(self._kept) >= MANY:
            kept |= {"_code": [], "_packed": zlib.compress(code.encode(), 1)}
        self._kept.append(kept)
        self._startPage()

    def save(self) -> None:
        """Draw head, foot and watermark of every page, then write."""
        total = len(self._kept)
        self._doc.setCompression(int(total > MANY))  # else `archive` packs it, and that is enough
        for number in range(1, total + 1):
            self.__dict__.update(self._kept[number - 1])
            self._kept[number - 1] = {}
            if self._packed:
                self._code = [zlib.decompress(self._packed).decode()]
            with ornament(self):
                type(self).furniture(self, number, total)
            super().showPage()
        super().save()


@dataclass(frozen=True, slots=True)
class Drawn:
    """A laid out PDF, and what its pieces are."""

    raw: bytes
    tree: PaperTags


def lay_out(
    flow: Iterable[Flowable],
    furniture: Callable[[Canvas, int, int], None],
    lang: Lang,
    *,
    title: str,
    author: str | None,
    subject: str,
) -> Drawn:
    """A PDF of A4 pages; `furniture` draws head and foot of a page by its number and their number.

    The same flow gives the same bytes. Every paper of recond is laid out here.
    """
    part.register_fonts()
    out = io.BytesIO()
    document = BaseDocTemplate(
        out,
        pagesize=A4,
        leftMargin=LEFT,
        rightMargin=LEFT,
        topMargin=TOP,
        bottomMargin=BOTTOM,
        title=title,
        author=author or "recond",
        subject=subject,
        creator="recond",
        producer="recond",
        lang=lang,
        invariant=1,
        pageCompression=0,
    )
    width, height = A4
    frame = Frame(LEFT, BOTTOM, width - 2 * LEFT, height - TOP - BOTTOM, 0, 0, 0, 0)
    document.addPageTemplates([PageTemplate("page", [frame])])
    tree = PaperTags()
    maker = type("Paper", (Pages,), {"furniture": furniture, "tree": tree})
    document.build(Feed(flow), canvasmaker=maker)
    return Drawn(out.getvalue(), tree)


def _draw(sheet: Sheet) -> Drawn:
    record, lang = sheet.record, sheet.lang
    part.register_fonts()  # what flows measures its words when it is made
    return lay_out(
        [*front_page(record, lang, sheet.signer, sheet.seal), *detail_pages(record, lang)],
        lambda canvas, *pages: _furniture(canvas, sheet, *pages),
        lang,
        title=f"{text(lang, 'certify.title')} {record.record_id}",
        author=record.workshop.name,
        subject=text(lang, conclude(record).headline),
    )


def _furniture(canvas: Canvas, sheet: Sheet, number: int, total: int) -> None:
    width, height = A4
    record, lang = sheet.record, sheet.lang
    canvas.setFillColor(part.INK)
    title, points = text(lang, "certify.title"), 13 if number == 1 else 9
    canvas.setFont(part.BOLD, points)
    canvas.drawString(LEFT, height - 14 * mm, title)
    canvas.setFont(part.SANS, 7.5)
    canvas.drawString(LEFT, height - 18.5 * mm, text(lang, "certify.number", id=record.record_id))
    logo = record.workshop.logo_image if number == 1 else None
    if logo is None or not draw_logo(canvas, logo, width - LEFT, height - 15.5 * mm):
        _draw_name(canvas, record, title, points)
    canvas.drawRightString(
        width - LEFT, height - 18.5 * mm, headline(record, lang, signed=sheet.signer is not None)
    )
    canvas.setStrokeColor(part.LINE)
    canvas.setLineWidth(0.5)
    canvas.line(LEFT, height - 20.5 * mm, width - LEFT, height - 20.5 * mm)
    canvas.line(LEFT, 13 * mm, width - LEFT, 13 * mm)
    canvas.setFillColor(part.SOFT)
    canvas.drawString(LEFT, 9 * mm, text(lang, "certify.foot"))
    canvas.drawRightString(
        width - LEFT, 9 * mm, text(lang, "certify.page", number=number, total=total)
    )
    _watermark(canvas, sheet)


def _draw_name(canvas: Canvas, record: WipeRecord, title: str, points: float) -> None:
    """The workshop's name, in what the title leaves of its line."""
    width, height = A4
    free = part.WIDTH - canvas.stringWidth(title, part.BOLD, points) - 8 * mm
    canvas.drawRightString(
        width - LEFT,
        height - 14 * mm,
        part.fitted(record.workshop.name or "", part.SANS, 7.5, free),
    )


def _watermark(canvas: Canvas, sheet: Sheet) -> None:
    """Words across the page, too large to overlook; outlines, so that all stays legible."""
    words = []
    if sheet.record.bench.demonstration:
        words.append(text(sheet.lang, "certify.mark.demonstration"))
    if sheet.signer is None:
        words.append(text(sheet.lang, "certify.mark.unsigned"))
    if conclude(sheet.record).outcome in (Overall.NOT_ERASED, Overall.NOTHING):
        words.append(text(sheet.lang, "certify.mark.not-erased"))
    width, height = A4
    for index, word in enumerate(words):
        canvas.saveState()
        canvas.translate(width / 2, height / 2 + (len(words) - 1 - 2 * index) * 38 * mm)
        canvas.rotate(52)
        points = min(60.0, 245 * mm / max(1.0, canvas.stringWidth(word, part.BOLD, 1)))
        outline = canvas.beginText(-canvas.stringWidth(word, part.BOLD, points) / 2, 0)
        outline.setFont(part.BOLD, points)
        outline.setTextRenderMode(1)
        canvas.setStrokeColor(HexColor("#8a8a8a"))
        canvas.setLineWidth(0.5)
        outline.textOut(word)
        canvas.drawText(outline)
        canvas.restoreState()


# --- Archive ---------------------------------------------------------------------------------


def archive(drawn: Drawn, stamp: str, lang: Lang, files: dict[str, bytes]) -> bytes:
    """PDF/A-3b with these files inside, the first as its source; every date is `stamp`."""
    with Pdf.open(io.BytesIO(drawn.raw)) as pdf:
        for page in pdf.pages:
            if Name.Trans in page.obj:
                del page.obj.Trans
        for name, content in files.items():
            relationship = Name.Source if name == next(iter(files)) else Name.Supplement
            pdf.attachments[name] = AttachedFileSpec(
                pdf,
                content,
                filename=name,
                mime_type=_MIME.get(name[name.rindex(".") :], "text/csv"),
                relationship=relationship,
                creation_date=_pdf_date(stamp),
                mod_date=_pdf_date(stamp),
            )
        pdf.Root.Lang = lang
        pdfa.prepare(pdf, "3b")
        write_structure(pdf, drawn.tree)  # last: `prepare` looks at each object
        with pdf.open_metadata(set_pikepdf_as_editor=False) as metadata:
            for field in ("xmp:CreateDate", "xmp:ModifyDate", "xmp:MetadataDate"):
                metadata[field] = f"{stamp[:19]}Z"
        for field in ("/CreationDate", "/ModDate"):
            pdf.docinfo[field] = _pdf_date(stamp)
        out = io.BytesIO()
        # no object streams: a plain scan finds the attachments (the donor's page does that)
        pdf.save(out, deterministic_id=True, object_stream_mode=ObjectStreamMode.disable)
    return out.getvalue()


def _pdf_date(utc: str) -> str:
    """ISO 32000-1 7.9.4."""
    digits = "".join(sign for sign in utc[:19] if sign.isdigit())
    return f"D:{digits}+00'00'"
