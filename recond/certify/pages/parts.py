"""The pieces of the page: fonts, styles, and the drawings that no library has.

Why: everything that says how the certificate looks stands here, apart from what it says
(`pdf_front`, `pdf_details`). Outcomes differ by sign, frame and hatching before they differ by
colour, because certificates are printed in grey. Draws only; reads nothing but the package's fonts.
"""

from __future__ import annotations

import functools
import re
import threading
from collections.abc import Callable, Sequence
from importlib import resources
from typing import Any, ParamSpec

from reportlab.lib.colors import Color, HexColor, black, white
from reportlab.lib.styles import ParagraphStyle
from reportlab.lib.units import mm
from reportlab.pdfbase import pdfmetrics
from reportlab.platypus import Flowable, Table, TableStyle

from recond.certify.pages import quick, tags
from recond.computer import Overall
from recond.foreign import cut, printable, printable_word

# no DejaVu Sans Mono: its subset comes out with widths that PDF/A checkers refuse
SANS, BOLD = "DejaVuSans", "DejaVuSans-Bold"
INK, SOFT, LINE = HexColor("#1a1a1a"), HexColor("#555555"), HexColor("#b5b5b5")
BAND = HexColor("#f0f0f0")
WIDTH = 174 * mm
TEXT_SIDES = 37 * mm  # beside a verdict's words: its sign, and the hatching
ROOM_BELOW = 24 * mm
MOST_CHARACTERS = 2000
"""Of one paragraph; the longest of ours has half of it."""

OUTCOME_LOOK: dict[Overall, tuple[str, Color, Color]] = {  # sign, frame, ground
    Overall.ERASED: ("✓", HexColor("#0b5d2e"), HexColor("#eef7f0")),
    Overall.ACCOUNTED: ("☞", HexColor("#7a4b00"), HexColor("#fdf5e3")),
    Overall.PARTIAL: ("⚠", HexColor("#7a4b00"), HexColor("#fdf5e3")),
    Overall.UNKNOWN: ("?", HexColor("#7a4b00"), HexColor("#fdf5e3")),
    Overall.NOT_ERASED: ("✗", black, HexColor("#fbeaea")),
    Overall.NOTHING: ("—", black, white),
}

_DARK = re.compile(b"\1+")

quick.install()

_Given = ParamSpec("_Given")
_DRAWING = threading.RLock()


def alone(draw: Callable[_Given, bytes]) -> Callable[_Given, bytes]:
    """A document is drawn by one thread at a time: reportlab keeps one parser and one table of
    fonts for all, and two slots of a dock got words and glyphs of each other's certificate.
    """

    @functools.wraps(draw)
    def drawn(*given: _Given.args, **named: _Given.kwargs) -> bytes:
        with _DRAWING:
            return draw(*given, **named)

    return drawn


@functools.cache
def register_fonts() -> None:
    """Embed DejaVu: the standard fonts are not allowed in PDF/A and lack U+202F, ✓ and ✗."""
    folder = resources.files("recond.data").joinpath("fonts")
    for name in (SANS, BOLD):
        with resources.as_file(folder.joinpath(f"{name}.ttf")) as path:
            pdfmetrics.registerFont(quick.Font(name, str(path)))
    pdfmetrics.registerFontFamily(SANS, normal=SANS, bold=BOLD, italic=SANS, boldItalic=BOLD)


@functools.lru_cache(256)  # of our own looks: one style is one key of what is kept of paragraphs
def style(
    size: float = 8.5, *, bold: bool = False, soft: bool = False, **more: Any
) -> ParagraphStyle:
    """A paragraph's style; leading follows from the size. One for all that ask alike: not to be
    changed.
    """
    font = BOLD if bold else SANS
    return ParagraphStyle(
        f"{font}{size}",
        fontName=more.pop("fontName", font),
        fontSize=size,
        leading=more.pop("leading", size * 1.32),
        textColor=more.pop("textColor", SOFT if soft else INK),
        splitLongWords=1,
        **more,
    )


def escape(text: str) -> str:
    """Text as a paragraph's markup; a disk's name may hold anything, and be of any length."""
    clean = printable(cut(text, MOST_CHARACTERS)).replace("\t", " ")
    for sign, name in (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ("\n", "<br/>")):
        clean = clean.replace(sign, name)
    return clean


def para(text: str, size: float = 8.5, **look: Any) -> quick.Words:
    """A paragraph of plain text."""
    return quick.Words(escape(text), style(size, **look))


class Title(quick.Words):
    """What the whole paper says, in its largest letters."""

    role = "H1"


class Heading(quick.Words):
    """A section's heading; it never stands alone at the foot of a page.

    It asks for some room below itself rather than to be kept with what follows: a table of forty
    rows would leave the rest of the page empty.
    """

    role = "H2"

    def wrap(self, width: float, height: float) -> tuple[float, float]:
        """Its size; taller than the place that is left where nothing could follow."""
        wide, high = super().wrap(width, height)
        return wide, high if height >= high + ROOM_BELOW else height + 1

    def split(self, _width: float, _height: float) -> list[Flowable]:
        """Never: it goes to the next page."""
        return []


def heading(text: str) -> Heading:
    """A section's heading."""
    return Heading(escape(text), style(11, bold=True, spaceBefore=9, spaceAfter=3))


def fitted(text: str, font: str, size: float, width: float) -> str:
    """The text, cut with an ellipsis where it is wider than `width` points."""
    text = printable_word(text)
    if pdfmetrics.stringWidth(text, font, size) <= width:
        return text
    while text and pdfmetrics.stringWidth(text + "…", font, size) > width:
        text = text[:-1]
    return text.rstrip() + "…"


def grid(
    head: tuple[str, ...],
    rows: Sequence[tuple[str, ...]],
    widths: tuple[float, ...],
    *,
    size: float = 7.4,
    kind: type[tags.Side] = tags.Grid,
) -> Table:
    """A table with a head that is repeated on each page; widths are shares of the whole."""
    body = [[para(cell, size) for cell in row] for row in rows]
    top = [[para(cell, size, bold=True) for cell in head]] if head else []
    total = sum(widths)
    table = kind(
        top + body,
        colWidths=[WIDTH * share / total for share in widths],
        repeatRows=1 if head else 0,
        splitInRow=1,
    )
    table.setStyle(
        TableStyle(
            [
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                (
                    "FONTNAME",
                    (0, 0),
                    (-1, -1),
                    SANS,
                ),  # else an unused, unembedded Helvetica is named
                ("LINEBELOW", (0, 0), (-1, -1), 0.3, LINE),
                ("LEFTPADDING", (0, 0), (-1, -1), 3),
                ("RIGHTPADDING", (0, 0), (-1, -1), 3),
                ("TOPPADDING", (0, 0), (-1, -1), 1.8),
                ("BOTTOMPADDING", (0, 0), (-1, -1), 2.2),
                *([("BACKGROUND", (0, 0), (-1, 0), BAND)] if head else []),
            ]
        )
    )
    return table


def facts(rows: list[tuple[str, str]], *, share: float = 0.3) -> Table:
    """Two columns: what, and its value."""
    return grid((), list(rows), (share, 1 - share), kind=tags.Facts)


def boxes(cells: list[list[Any]]) -> Table:
    """Empty boxes side by side, each with its words at the top: room to sign by hand."""
    table = tags.Side(
        [cells], colWidths=[WIDTH / len(cells)] * len(cells), rowHeights=[14 * mm], spaceBefore=5
    )
    table.setStyle(
        TableStyle(
            [
                ("VALIGN", (0, 0), (-1, -1), "TOP"),
                ("FONTNAME", (0, 0), (-1, -1), SANS),
                ("BOX", (0, 0), (-1, -1), 0.5, LINE),
                ("INNERGRID", (0, 0), (-1, -1), 0.5, LINE),
                ("TOPPADDING", (0, 0), (-1, -1), 2),
            ]
        )
    )
    return table


class Typed(tags.OnePiece, Flowable):  # type: ignore[misc] # reportlab has no types
    """Signs to be typed or compared, each in a cell of one width, so that none is lost in a line.

    A font of one width would do it too, but its subset comes out with widths that PDF/A refuses.
    """

    def __init__(self, text: str, size: float, *, cell: float = 0.74) -> None:
        super().__init__()
        self._text, self._size, self._cell = text, size, cell * size

    def wrap(self, width: float, _height: float) -> tuple[float, float]:
        """Its size: lines broken between groups."""
        most = max(1, int(width / self._cell))
        self._lines = [""]
        for word in self._text.split(" "):
            longer = f"{self._lines[-1]} {word}".lstrip()
            if len(longer) > most and self._lines[-1]:
                self._lines.append(word)
            else:
                self._lines[-1] = longer
        self.width = width
        return width, len(self._lines) * self._size * 1.35

    def draw(self) -> None:
        """Draw it: one text object a line, the advance of each sign corrected to the cell's."""
        for number, line in enumerate(self._lines):
            written = self.canv.beginText(0, (len(self._lines) - number - 0.8) * self._size * 1.35)
            written.setFont(SANS, self._size)
            written.setFillColor(INK)
            for sign in line:
                advance = pdfmetrics.stringWidth(sign, SANS, self._size)
                written.setCharSpace(self._cell - advance)
                written.textOut(sign)
            self.canv.drawText(written)


class VerdictBox(Flowable):  # type: ignore[misc] # reportlab has no types
    """The verdict in one large line, with a sign and a frame that differ without colour."""

    def __init__(self, outcome: Overall, title: str, detail: str, *, hatched: bool) -> None:
        super().__init__()
        self._sign, self._edge, self._ground = OUTCOME_LOOK[outcome]
        if hatched and outcome is Overall.ERASED:
            self._sign = "⚠"  # a tick would be seen before the words that take it back
        self._outcome, self._hatched = outcome, hatched
        self._title = Title(escape(title), style(19, bold=True, leading=23))
        self._detail = quick.Words(escape(detail), style(9.5, leading=13))
        self._height = 0.0

    def wrap(self, width: float, height: float) -> tuple[float, float]:
        """Its size."""
        self.width = width
        inner = width - TEXT_SIDES
        _, one = self._title.wrap(inner, height)
        _, two = self._detail.wrap(inner, height)
        self._height = max(27 * mm, one + two + 10 * mm)
        return width, self._height

    def draw(self) -> None:
        """Draw it."""
        canvas, height = self.canv, self._height
        with tags.ornament(canvas):
            self._look(height)
        _, one = self._title.wrap(self.width - TEXT_SIDES, height)
        _, two = self._detail.wrap(self.width - TEXT_SIDES, height)
        top = height / 2 + (one + two + 3) / 2
        self._title.drawOn(canvas, 29 * mm, top - one)
        self._detail.drawOn(canvas, 29 * mm, top - one - two - 3)

    def _look(self, height: float) -> None:
        """Ground, frame and sign: the words say what they say."""
        canvas = self.canv
        canvas.setFillColor(self._ground)
        canvas.setStrokeColor(self._edge)
        canvas.setLineWidth(1.6)
        canvas.rect(0, 0, self.width, height, fill=1)
        if self._outcome is not Overall.ERASED or self._hatched:
            canvas.setLineWidth(0.8)
            canvas.rect(1.6 * mm, 1.6 * mm, self.width - 3.2 * mm, height - 3.2 * mm)
        if self._outcome in (Overall.NOT_ERASED, Overall.NOTHING) or self._hatched:
            self._hatch(height)
        canvas.setFillColor(self._edge)
        canvas.setFont(BOLD, 40)
        canvas.drawCentredString(16 * mm, height / 2 - 14, self._sign)

    def _hatch(self, height: float) -> None:
        """Slanting lines down the left and right edge: seen in any print."""
        canvas = self.canv
        canvas.saveState()
        for left in (0.0, self.width - 4 * mm):
            path = canvas.beginPath()
            path.rect(left, 0, 4 * mm, height)
            canvas.saveState()
            canvas.clipPath(path, stroke=0)
            canvas.setLineWidth(1.4)
            canvas.setStrokeColor(self._edge)
            for step in range(-10, int(height / mm) + 2, 3):
                canvas.line(left, step * mm, left + 4 * mm, (step + 6) * mm)
            canvas.restoreState()
        canvas.restoreState()


class SpeedPlot(tags.OnePiece, Flowable):  # type: ignore[misc] # reportlab has no types
    """Speed over the disk, from its first to its last byte: a dip is a bad place."""

    def __init__(self, title: str, top: str, start: str, end: str, points: tuple[int, ...]) -> None:
        super().__init__()
        self._title, self._top, self._start, self._end = title, top, start, end
        self.role, self.alt = "Figure", f"{title}, {start} – {end}, {top}"
        self._points = points

    def wrap(self, width: float, _height: float) -> tuple[float, float]:
        """Its size."""
        self.width = width
        return width, 25 * mm

    def draw(self) -> None:
        """Draw it."""
        canvas, left, base, height = self.canv, 0.0, 5 * mm, 13 * mm
        highest = max(self._points) or 1
        canvas.setFont(SANS, 6.6)
        canvas.setFillColor(INK)
        canvas.drawString(left, base + height + 2 * mm, self._title)
        canvas.drawRightString(self.width, base + height + 2 * mm, self._top)
        canvas.setStrokeColor(LINE)
        canvas.setLineWidth(0.3)
        canvas.rect(left, base, self.width, height)
        path = canvas.beginPath()
        path.moveTo(left, base)
        step = self.width / len(self._points)
        for index, value in enumerate(self._points):
            level = base + height * 0.95 * value / highest
            path.lineTo(left + index * step, level)
            path.lineTo(left + (index + 1) * step, level)
        path.lineTo(self.width, base)
        path.close()
        canvas.setFillColor(HexColor("#d4d4d4"))
        canvas.setStrokeColor(INK)
        canvas.setLineWidth(0.5)
        canvas.drawPath(path, fill=1)
        canvas.setFillColor(SOFT)
        canvas.drawString(left, base - 3 * mm, self._start)
        canvas.drawRightString(self.width, base - 3 * mm, self._end)


class QrCode(tags.OnePiece, Flowable):  # type: ignore[misc] # reportlab has no types
    """A QR code drawn as vectors, `size` points wide with its quiet zone."""

    role = "Figure"

    def __init__(self, text: str, size: float, alt: str = "QR") -> None:
        super().__init__()
        self.alt = alt
        from recond.certify.pages.qr import modules

        self._rows = modules(text)
        self.width = self.height = size

    def wrap(self, _width: float, _height: float) -> tuple[float, float]:
        """Its size."""
        return self.width, self.height

    def draw(self) -> None:
        """Draw it: runs of dark modules, one rectangle each, as `rect` writes it (hundreds)."""
        quiet = 4
        module = self.width / (len(self._rows) + 2 * quiet)
        self.canv.setFillColor(black)
        places = [quick.numbers((at + quiet) * module) for at in range(len(self._rows))]
        wide = [quick.numbers(count * module) for count in range(len(self._rows) + 1)]
        high, code = wide[1], self.canv._code
        for number, row in enumerate(self._rows):
            y = quick.numbers(self.height - (number + quiet + 1) * module)
            code += (
                f"n {places[run.start()]} {y} {wide[len(run[0])]} {high} re f*"
                for run in _DARK.finditer(row)
            )
