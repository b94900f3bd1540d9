"""Stickers: what a person in a store room must see of a machine, and the record's code.

Why: the certificate lies in a file; the machine stands on a shelf. A label says in one line whether
it may leave. Outcomes differ by form before they differ by words: only a machine whose every disk
is approved, by a document that is proven, has a plain frame; every other label has its line white
on black and a hatched edge, so that none can be taken for it, in a poor grey print neither. Draws
only; what is proven is `recond.flow.deliver.label`'s business. Pure.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

from reportlab.graphics.barcode.code128 import Code128
from reportlab.lib.colors import black, white
from reportlab.lib.enums import TA_CENTER
from reportlab.lib.pagesizes import A4
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Flowable, KeepInFrame

from recond.certify.pages import parts as part
from recond.certify.pages import quick
from recond.computer import (
    NO_MEDIUM,
    ON_WORD,
    WENT_WELL,
    Overall,
    Scope,
    conclude,
    counts,
    is_approved,
    is_boot_medium,
    medium_name,
)
from recond.drives import Drive
from recond.erasure import WipeRecord
from recond.locale import Lang, date, say, size, text
from recond.locks import holding_locks, lock_message
from recond.model import Text
from recond.naming import computer_name

CREATOR = "recond label"
COLUMNS, ROWS = 3, 8
CELL = (70 * mm, 37 * mm)
ROLL = (62 * mm, 74 * mm)
_TOP_MM = 0.5  # 8 rows of 37 mm leave one millimetre of 297
_EDGE = 2 * mm  # the hatching's width
_MARGIN = 3.5 * mm
_BARS_HIGH = 7 * mm
_MODULES = (0.375 * mm, 0.25 * mm)  # three or two dots of a printer of 203 dpi, the wider first
_QUIET = 10  # modules on each side (ISO/IEC 15417)
_NAMED_DISKS = 4


class LabelProof(Text):
    """What stands behind a label."""

    PROVEN = "proven"
    UNSIGNED = "unsigned"
    UNVERIFIED = "unverified"


@dataclass(frozen=True, slots=True)
class Label:
    """One machine's label, or that of one `drive` of it. `seal` is the record's code; None where
    none is proven.
    """

    record: WipeRecord
    proof: LabelProof
    seal: str | None
    drive: Drive | None = None

    @property
    def number(self) -> str | None:
        """What a scanner reads: the drive's serial number, else the computer's inventory number."""
        return self.drive.token if self.drive else self.record.property_number


@dataclass(frozen=True, slots=True)
class _Box:
    """A rectangle in points from the page's lower left corner."""

    x: float
    y: float
    width: float
    height: float

    def inner(self, margin: float) -> _Box:
        return _Box(
            self.x + margin, self.y + margin, self.width - 2 * margin, self.height - 2 * margin
        )


@part.alone
def render_roll(labels: Sequence[Label], lang: Lang) -> bytes:
    """A page of 62 mm for each label, as a label printer cuts them."""
    canvas, out = _canvas(ROLL, lang)
    for label in labels:
        bars = _bars(label.number)
        width, height = ROLL[0], ROLL[1] + (_BARS_HIGH + 2 * mm if bars else 0)
        canvas.setPageSize((width, height))
        _draw_tall(canvas, _Box(0, 0, width, height), label, lang, bars)
        canvas.showPage()
    canvas.save()
    return out.getvalue()


@part.alone
def render_sheets(labels: Sequence[Label], lang: Lang, start: int = 1) -> bytes:
    """A4 sheets of 24 labels of 70 by 37 mm, the first at place `start` (from 1, by rows)."""
    canvas, out = _canvas(A4, lang)
    places = COLUMNS * ROWS
    for number, label in enumerate(labels, start - 1):
        if number >= places and number % places == 0:
            canvas.showPage()
        row, column = divmod(number % places, COLUMNS)
        x, y = column * CELL[0], A4[1] - _TOP_MM * mm - (row + 1) * CELL[1]
        _draw_wide(canvas, _Box(x, y, *CELL), label, lang)
    canvas.showPage()
    canvas.save()
    return out.getvalue()


def _canvas(page: tuple[float, float], lang: Lang) -> tuple[Canvas, io.BytesIO]:
    part.register_fonts()
    out = io.BytesIO()
    canvas = Canvas(
        out, pagesize=page, invariant=1, pageCompression=1, lang=lang, initialFontName=part.SANS
    )
    canvas.setTitle(text(lang, "label.title"))
    canvas.setCreator(CREATOR)
    return canvas, out


def is_label_file(raw: bytes) -> bool:
    """Whether a PDF is one of these: it may be replaced."""
    return raw.startswith(b"%PDF-") and f"({CREATOR})".encode() in raw


# --- What it says ----------------------------------------------------------------------------


def headline(label: Label, lang: Lang) -> tuple[str, str, bool]:
    """(line, detail, plain): plain only where every disk's erasure is approved and proven."""
    record, drive = label.record, label.drive
    if record.bench.demonstration:
        return text(lang, "certify.mark.demonstration"), text(lang, "label.demonstration"), False
    line, detail, plain = _of_drive(drive, lang) if drive else _of_record(record, lang)
    unproven = label.proof is not LabelProof.PROVEN
    mark = text(lang, f"label.mark.{label.proof.value}") if unproven else ""
    if detail is None:
        return line, mark or text(lang, "label.not-erased"), False
    return (mark, text(lang, "label.unproven"), False) if unproven else (line, detail, plain)


_Told = tuple[str, str | None, bool]
"""As `headline`, were it proven; no detail where it is not erased."""


def _of_record(record: WipeRecord, lang: Lang) -> _Told:
    found, approved = conclude(record), counts(record).approved
    outcome, line = found.outcome, text(lang, found.headline)
    if outcome in (Overall.NOT_ERASED, Overall.NOTHING):
        return line, None, False
    detail = text(lang, "label.approved", n=approved, total=approved + len(found.left))
    if found.scope is not Scope.COMPUTER:
        detail += " " + text(lang, f"label.{found.scope.value}_only")
    elif outcome is Overall.UNKNOWN:
        detail = text(lang, "label.unknown")
    elif outcome is Overall.ACCOUNTED:
        spoken = [medium_name(one) for one, fate in found.fates if fate in ON_WORD]
        detail = text(lang, "label.accounted", what=", ".join(spoken))
    elif len(found.left) == 1 and outcome is Overall.PARTIAL:
        detail = text(lang, "label.left", what=found.left[0].name)
    return line, detail, outcome is Overall.ERASED


def _of_drive(drive: Drive, lang: Lang) -> _Told:
    """Of the computer that it came from it says nothing."""
    if drive.outcome in (Overall.NOT_ERASED, Overall.PARTIAL):
        return text(lang, "label.drive.not-erased"), None, False
    if drive.outcome is not Overall.ERASED:
        return text(lang, "label.drive.unknown"), text(lang, "label.drive.parts"), False
    virtual = any(one.disk.kind in NO_MEDIUM for one in drive.erasures)
    told = (reason for one in drive.erasures for reason in one.result.reasons)
    detail = next((say(lang, one) for one in told if one.code in WENT_WELL), "")
    return text(lang, "label.drive.virtual" if virtual else "label.drive.erased"), detail, True


def _model(record: WipeRecord, lang: Lang) -> str:
    named = computer_name(record.machine.system) if record.machine else ""
    return named or text(lang, "label.no-model")


def _category(record: WipeRecord, lang: Lang) -> str:
    found = next((one.category for one in record.assessments if one.category), "")
    worst, _, best = found.partition("-")
    if best:
        return text(lang, "label.category.range", worst=worst, best=best)
    return text(lang, "label.category", category=worst) if worst else ""


def lock_line(record: WipeRecord, lang: Lang) -> str:
    """What keeps the computer from being passed on, however clean its disks are."""
    found = holding_locks(record.machine) if record.machine else ()
    named = ", ".join(dict.fromkeys(say(lang, lock_message(one)) for one in found))
    return text(lang, "label.locks", locks=named) if named else ""


def _disks(record: WipeRecord, lang: Lang) -> str:
    """The disks' sizes, each with its sign where not all are alike."""
    disks = [one for one in record.erasures if not is_boot_medium(one)]
    mixed = conclude(record).outcome is Overall.PARTIAL
    if len(disks) > _NAMED_DISKS:
        return text(lang, "label.disks.many", n=len(disks))
    named = ", ".join(
        ("✓ " if mixed and is_approved(one) else "✗ " if mixed else "")
        + size(lang, one.disk.size_bytes)
        for one in disks
    )
    return text(lang, "label.disks", n=len(disks), disks=named) if disks else ""


def _small(record: WipeRecord, lang: Lang) -> list[str]:
    lines = [date(lang, record.issued_at), record.workshop.name or ""]
    if record.property_number:
        lines.insert(0, text(lang, "label.property", number=record.property_number))
    return [line for line in lines if line]


# --- How it looks ----------------------------------------------------------------------------


def _draw_tall(canvas: Canvas, box: _Box, label: Label, lang: Lang, bars: Code128 | None) -> None:
    """62 mm roll: line, machine, code below with the small print beside it, the bars between."""
    _edge(canvas, box, label, lang)
    inner = box.inner(_MARGIN)
    band, code = 15 * mm, 33 * mm
    top, below = inner.y + inner.height, code
    if bars is not None:
        bars.drawOn(canvas, inner.x + (inner.width - bars.width) / 2, inner.y + code + 2 * mm)
        below += _BARS_HIGH + 2 * mm
    _band(canvas, _Box(inner.x, top - band, inner.width, band), label, lang, 13)
    middle = inner.height - band - below - 2 * mm
    _put(canvas, _Box(inner.x, inner.y + below + mm, inner.width, middle), _facts(label, lang, 10))
    beside = inner.width - code if label.seal else inner.width
    _put(canvas, _Box(inner.x, inner.y, beside, code), _print(label, lang, 7))
    _code(canvas, inner.x + inner.width - code, inner.y, code, label)


def _bars(number: str | None) -> Code128 | None:
    """The inventory number as a scanner reads it; None where it does not fit a roll, or has signs
    that Code 128 (ISO/IEC 15417) lacks.
    """
    if not number or not number.isascii() or not number.isprintable():
        return None
    for module in _MODULES:
        quiet = _QUIET * module
        bars = Code128(number, barWidth=module, barHeight=_BARS_HIGH, lquiet=quiet, rquiet=quiet)
        if bars.width <= ROLL[0] - 2 * _MARGIN:
            return bars
    return None


def _draw_wide(canvas: Canvas, box: _Box, label: Label, lang: Lang) -> None:
    """A 70 by 37 mm cell: all words at the left, the code at the right."""
    _edge(canvas, box, label, lang)
    inner = box.inner(_MARGIN)
    band, code = 9.5 * mm, inner.height
    width = inner.width - code if label.seal else inner.width
    top = inner.y + inner.height
    _band(canvas, _Box(inner.x, top - band, width, band), label, lang, 8.5)
    _put(
        canvas,
        _Box(inner.x, inner.y, width, inner.height - band - 0.7 * mm),
        [*_facts(label, lang, 6.6), *_print(label, lang, 5.6)],
    )
    _code(canvas, inner.x + inner.width - code, inner.y, code, label)


def _facts(label: Label, lang: Lang, points: float) -> list[Flowable]:
    record = label.record
    if label.drive is not None:
        return _drive_facts(label.drive, record.record_id, lang, points)
    lines = [part.para(_model(record, lang), points * 1.15, bold=True)]
    if held := lock_line(record, lang):
        lines.append(part.para(held, points, bold=True))
    for line in (_category(record, lang), _disks(record, lang)):
        if line:
            lines.append(part.para(line, points))
    number = text(lang, "certify.number", id=record.record_id)
    return [*lines, part.para(number, points * 0.85)]


def _drive_facts(drive: Drive, record_id: str, lang: Lang, points: float) -> list[Flowable]:
    whole = [one.disk for one in drive.erasures if drive.token in (one.disk.serial, one.disk.token)]
    models = dict.fromkeys(filter(None, (one.model for one in whole)))
    sizes = ", ".join(size(lang, one.size_bytes) for one in whole)
    return [
        part.para(drive.token, points * 1.15, bold=True),
        *(part.para(model, points) for model in models),
        part.para(sizes, points),
        part.para(text(lang, "certify.number", id=record_id), points * 0.85),
    ]


def _print(label: Label, lang: Lang, points: float) -> list[Flowable]:
    return [part.para(line, points) for line in _small(label.record, lang)]


def _put(canvas: Canvas, box: _Box, flow: list[Flowable]) -> None:
    """Words at the top of a box, smaller where they would not fit."""
    frame = KeepInFrame(box.width, box.height, flow, mode="shrink")
    _, used = frame.wrapOn(canvas, box.width, box.height)
    frame.drawOn(canvas, box.x, box.y + box.height - min(used, box.height))


def _band(canvas: Canvas, box: _Box, label: Label, lang: Lang, points: float) -> None:
    """The one line that counts: black on white in a frame where it is plain, else inverted."""
    line, detail, plain = headline(label, lang)
    canvas.saveState()
    canvas.setFillColor(white if plain else black)
    canvas.setStrokeColor(black)
    canvas.setLineWidth(0.9)
    canvas.rect(box.x, box.y, box.width, box.height, fill=1)
    canvas.restoreState()
    words = [
        _centred(f"{'✓' if plain else '✗'} {line}", points, plain=plain, bold=True),
        _centred(detail, points * 0.62, plain=plain, bold=False),
    ]
    inner = box.inner(1 * mm)
    frame = KeepInFrame(inner.width, inner.height, words, mode="shrink", vAlign="MIDDLE")
    _, used = frame.wrapOn(canvas, inner.width, inner.height)
    frame.drawOn(canvas, inner.x, inner.y + (inner.height - min(used, inner.height)) / 2)


def _centred(words: str, points: float, *, plain: bool, bold: bool) -> quick.Words:
    colour = black if plain else white
    look = part.style(points, bold=bold, alignment=TA_CENTER, textColor=colour)
    return quick.Words(part.escape(words), look)


def _code(canvas: Canvas, x: float, y: float, side: float, label: Label) -> None:
    if label.seal:
        part.QrCode(label.seal, side).drawOn(canvas, x, y)


def _edge(canvas: Canvas, box: _Box, label: Label, lang: Lang) -> None:
    """Slanting lines all around, where the label is not plain."""
    if headline(label, lang)[2]:
        return
    outer = box.inner(0.8 * mm)
    hole = outer.inner(_EDGE)
    path = canvas.beginPath()
    path.rect(outer.x, outer.y, outer.width, outer.height)
    path.rect(hole.x, hole.y, hole.width, hole.height)
    canvas.saveState()
    canvas.clipPath(path, stroke=0, fill=0, fillMode=0)  # even-odd: the ring between the two
    canvas.setLineWidth(1.1)
    canvas.setStrokeColor(black)
    reach = outer.width + outer.height
    for step in range(0, int(reach / mm), 2):
        canvas.line(
            outer.x + step * mm - outer.height, outer.y, outer.x + step * mm, outer.y + outer.height
        )
    canvas.restoreState()
