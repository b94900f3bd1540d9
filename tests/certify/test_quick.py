"""What is kept while pages are drawn changes no byte of them, and is bounded."""

from __future__ import annotations

import random
from importlib import import_module
from io import BytesIO
from itertools import groupby
from types import MethodType
from typing import Any

import pytest
import segno
from reportlab.lib import rl_accel
from reportlab.lib.colors import black
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfbase.pdfmetrics import getFont
from reportlab.pdfbase.ttfonts import TTFont, TTFontFile
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Paragraph

from recond.certify.pages import parts, quick
from recond.certify.pages.certificate import Sheet, render
from recond.certify.pages.qr import modules
from recond.certify.sign.jws import read_jws
from recond.certify.verify.paper import signer_of
from recond.certify.verify.pdf_read import read_attachments
from recond.locale import Lang
from tests.certify.papers import files_of

SEED = 22
SIGNS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789 $%*+-./:"


def sheet(kind: str, lang: Lang = "fr") -> Sheet:
    files = files_of(kind)
    seal = read_attachments(files["certificate.pdf"])["seal.txt"].decode()
    signer = signer_of(read_jws(files["record.jws"]))
    return Sheet(files["record.json"], files["record.jws"], seal, signer, lang)


def matrix(text: str) -> tuple[bytes, ...]:
    return tuple(map(bytes, segno.make_qr(text, error="m").matrix))


def draw_code(code: Any) -> None:
    """Each run of dark modules by reportlab's own rectangle."""
    module = code.width / (len(code._rows) + 8)
    code.canv.setFillColor(black)
    for number, row in enumerate(code._rows):
        y = code.height - (number + 5) * module
        for dark, run in groupby(range(len(row)), row.__getitem__):
            if dark:
                at, *more = run
                wide = (1 + len(more)) * module
                code.canv.rect((at + 4) * module, y, wide, module, stroke=0, fill=1)


def plainly(monkeypatch: pytest.MonkeyPatch) -> None:
    """reportlab as it is."""
    for name in quick._TEXT_OF_NUMBERS:
        monkeypatch.setattr(import_module(f"reportlab.{name}"), "fp_str", rl_accel.fp_str)
    monkeypatch.setattr("reportlab.pdfbase.pdfdoc.pdfdocEnc", quick._encoded)
    monkeypatch.setattr(quick.Font, "stringWidth", TTFont.stringWidth)
    monkeypatch.setattr(quick.Words, "__init__", Paragraph.__init__)
    monkeypatch.setattr(quick.Words, "wrap", Paragraph.wrap)
    monkeypatch.setattr(quick._Drawn, "drawOn", Paragraph.drawOn)
    monkeypatch.setattr(parts.QrCode, "draw", draw_code)
    for name in (parts.SANS, parts.BOLD):
        face = getFont(name).face
        monkeypatch.setattr(face, "makeSubset", MethodType(TTFontFile.makeSubset, face))
    monkeypatch.setattr(parts, "style", parts.style.__wrapped__)
    monkeypatch.setattr("recond.certify.pages.qr.modules", matrix)


def test_a_page_has_the_same_bytes_as_without(monkeypatch: pytest.MonkeyPatch) -> None:
    sheets = [sheet("erased"), sheet("long-names", "en")]
    for _ in range(2):  # the second time from what was kept, of all of them
        drawn = [render(one) for one in sheets]
    assert len(quick._Drawn._programs) > 50
    plainly(monkeypatch)
    for one, page in zip(sheets, drawn, strict=True):
        assert render(one) == page


@pytest.mark.parametrize("length", [5, 25, 60, 150, 219, 700])
def test_a_code_has_the_modules_that_segno_says(length: int) -> None:
    chance = random.Random(f"{SEED} {length}")
    for signs in (SIGNS, SIGNS, "0123456789", SIGNS.lower() + "é"):
        text = "".join(chance.choices(signs, k=length))
        assert modules(text) == matrix(text), text


def test_numbers_and_text_are_written_as_reportlab_writes_them() -> None:
    chance = random.Random(SEED)
    numbers = [chance.uniform(-(10**n), 10**n) for n in range(-9, 7) for _ in range(30)]
    numbers += [0, -0.0, 1, 12, 595.2755905511812, 1e-7, 1e-8, 0.5, 100000, 10**7]
    for _ in range(2):
        assert [quick.numbers(one) for one in numbers] == [rl_accel.fp_str(one) for one in numbers]
    assert quick.numbers(numbers) == rl_accel.fp_str(numbers) == quick.numbers(*numbers)
    for sign in range(0x180):
        try:
            wanted = quick._encoded(chr(sign))
        except UnicodeEncodeError:
            with pytest.raises(UnicodeEncodeError):
                quick.encoded(chr(sign))
        else:
            assert quick.encoded(chr(sign)) == wanted


def test_only_so_much_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    """The oldest makes room; a long text, one of several runs and a part of one is not kept."""
    parts.register_fonts()
    look = ParagraphStyle("own", fontName=parts.SANS, fontSize=8)
    monkeypatch.setattr(quick, "MOST", 3)
    monkeypatch.setattr(quick.Words, "_runs", {})
    monkeypatch.setattr(quick.Words, "_broken", {})
    monkeypatch.setattr(quick._Drawn, "_programs", {})
    for number in range(9):
        quick.Words(f"word {number}", look).wrap(100, 100)
    assert [text for text, _ in quick.Words._runs] == ["word 6", "word 7", "word 8"]
    assert len(quick.Words._broken) == 3
    canvas = Canvas(BytesIO(), initialFontName=parts.SANS)
    for number in (9, 9, 10, 11, 12):  # the first makes the font known
        word = quick.Words(f"word {number}", look)
        word.wrap(100, 100)
        word.drawOn(canvas, 0, 0)
    assert [key[0][0] for key in quick._Drawn._programs] == ["word 10", "word 11", "word 12"]
    quick.Words("a<br/>b", look).wrap(100, 100)
    quick.Words("long " * 100, look).wrap(100, 100)
    whole = quick.Words("many words that fill some lines of a narrow place", look)
    whole.wrap(40, 100)
    first, second = whole.split(40, 25)
    for part in (first, second):
        part.wrap(40, 100)
    assert len(quick.Words._runs) == 3
    assert all(len(text) < quick.LONGEST for text, _ in quick.Words._runs)


SENTENCES = (
    "plain",
    "été « ﬁn » → ✓",
    "\u00a0a\u00a0b",
    "été",
    "€ & <",
    "many words in some lines " * 3,
)


def test_a_paragraph_is_drawn_by_what_a_document_has_learnt() -> None:
    """Signs beyond ASCII have numbers of their own in each document, fonts their names, and what is
    half transparent is drawn so: a program that was kept elsewhere is not taken.
    """
    parts.register_fonts()
    standard = ParagraphStyle("a page of a key", fontName="Courier", fontSize=8)
    looks = [parts.style(8), parts.style(8, bold=True), standard]
    chance = random.Random(SEED)
    for _ in range(12):
        kept, plain = (Canvas(BytesIO(), initialFontName=parts.SANS) for _ in range(2))
        for _ in range(20):
            words, look, x = chance.choice(SENTENCES), chance.choice(looks), chance.uniform(0, 99)
            alpha = chance.choice((None, None, None, 0.5))
            for canvas, kind in ((kept, quick.Words), (plain, Paragraph)):
                one = kind(parts.escape(words), look)
                one.wrap(80, 100)
                canvas.saveState()
                canvas.setFillAlpha(alpha or 1)
                one.drawOn(canvas, x, 3)
                canvas.restoreState()
        assert kept._code == plain._code
        assert kept._doc.fontMapping == plain._doc.fontMapping
