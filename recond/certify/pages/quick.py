"""What drawing a page does over and over, kept: numbers as text, words in lines, letters of fonts.

Why: a certificate that is checked is drawn again, and a hundred of them have nearly the same words
and the same lines at the same places. Only answers of pure functions are kept, each under all that
it was asked with, and only so many of them: a page has the same bytes with it and without it, which
a test holds. Nothing here says what a page shows.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from importlib import import_module
from typing import Any, ClassVar

from reportlab.lib import rl_accel
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfbase import pdfdoc
from reportlab.pdfbase.pdfmetrics import getFont
from reportlab.pdfbase.ttfonts import TTFont
from reportlab.platypus import Paragraph

from recond.certify.pages.tags import OnePiece

MOST = 8192
"""Of each kind: some megabytes."""
SUBSETS = 16
"""Of a font: 40 kB each. The certificates of a workshop need few, as most have the same letters."""
LONGEST = 400
"""Characters of a text that is kept; most of ours are shorter, and a stranger's may be long."""

_TEXT_OF_NUMBERS = ("lib.colors", "pdfgen.canvas", "pdfgen.textobject", "pdfgen.pathobject")
"""The parts of reportlab that write numbers into a page."""
_number: Callable[[float], str] = rl_accel.fp_str
_encoded: Callable[[bytes | str], bytes] = pdfdoc.pdfdocEnc
_NOT_PLAIN = re.compile(r"[^\t\n\r -~]")
"""What PDF's own encoding may write otherwise than ASCII does (ISO 32000-1 annex D.2)."""


@functools.lru_cache(MOST)
def _kept_number(value: float) -> str:
    return _number(value)


def numbers(*values: Any) -> str:
    """Numbers with spaces between them; one list of numbers is taken too."""
    if len(values) == 1 and isinstance(values[0], (list, tuple)):
        values = tuple(values[0])
    return " ".join(map(_kept_number, values))


def encoded(text: bytes | str) -> bytes:
    """Text of a page's program in its bytes: as a rule ASCII, and this is found out in no time."""
    if isinstance(text, str) and not _NOT_PLAIN.search(text):
        return text.encode("ascii")
    return _encoded(text)


def install() -> None:
    """Let reportlab write numbers and text by these two; it has no other place to say so."""
    for name in _TEXT_OF_NUMBERS:
        import_module(f"reportlab.{name}").fp_str = numbers  # type: ignore[attr-defined]
    pdfdoc.pdfdocEnc = encoded


class Font(TTFont):  # type: ignore[misc] # reportlab has no types
    """A font that knows the words that it measured."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self._width = functools.lru_cache(MOST)(super().stringWidth)
        made = functools.lru_cache(SUBSETS)(self.face.makeSubset)
        self.face.makeSubset = lambda signs: made(tuple(signs))

    def stringWidth(self, text: str, size: float, encoding: str = "utf8") -> float:  # noqa: N802
        """The width in points: `text` in `size` points."""
        return float(self._width(text, size, encoding))


class _Drawn(Paragraph):  # type: ignore[misc] # reportlab has no types
    """A paragraph whose program is kept, as it is but for the place where it stands."""

    _programs: ClassVar[dict[tuple[Any, ...], list[str]]] = {}
    _lines: tuple[str, ParagraphStyle, float] | None = None  # by what its lines are kept
    _signs = ""  # those beyond ASCII: a font numbers them as they come

    def drawOn(self, canvas: Any, x: float, y: float, _sW: float = 0) -> None:  # noqa: N802, N803
        """As reportlab's: the same program, and the canvas as it was before."""
        key = self._program_key(canvas)
        found = self._programs.get(key) if key else None
        if found is not None:
            canvas._code += ("q", f"1 0 0 1 {numbers(x, y)} cm", *found)
            return
        begin = len(canvas._code) + 2  # after what saves, and what moves
        super().drawOn(canvas, x, y, _sW)
        if key:
            _keep(self._programs, key, canvas._code[begin:])

    def _program_key(self, canvas: Any) -> tuple[Any, ...] | None:
        """All that the program depends on. None for what the document learns while it is drawn: a
        font, a sign beyond ASCII, a state of transparency.
        """
        if self._lines is None or canvas._extgstate.getValue("ca") != 1:
            return None
        font = getFont(self.blPara.fontName)
        state = (
            font.state.get(canvas._doc) if isinstance(font, Font) else None
        )  # else a standard one
        if state is None or state.internalName is None:
            return None
        signs = tuple(map(state.assignments.get, map(ord, self._signs)))
        return None if None in signs else (self._lines, state.internalName, signs)


class Words(OnePiece, _Drawn):
    """A paragraph that is not parsed, broken into lines and drawn a second time, in no document.

    Only one of a single run of words: what several runs are broken into, reportlab changes later.
    """

    _runs: ClassVar[dict[tuple[str, ParagraphStyle], list[Any]]] = {}
    _broken: ClassVar[dict[tuple[str, ParagraphStyle, float], dict[str, Any]]] = {}
    _AFTER = (
        "width",
        "height",
        "blPara",
        "_wrapWidths",
        "_width_max",
        "_splitLongWordCount",
        "_hyphenations",
    )

    def __init__(self, text: str | None, style: ParagraphStyle, **more: Any) -> None:
        key = (text, style) if text is not None and len(text) <= LONGEST and not more else None
        runs = self._runs.get(key) if key else None
        if runs is not None:
            super().__init__("", style, frags=list(runs))
        else:
            super().__init__(text, style, **more)
            if key is not None and len(self.frags) == 1 and self.style is style:
                _keep(self._runs, key, list(self.frags))
        self._key = key if key is not None and key in self._runs else None

    def wrap(self, width: float, height: float) -> tuple[float, float]:
        """Its size in points. The height that is free does not change how lines are broken."""
        self._lines = None
        if self._key is None or width <= 1:
            return super().wrap(width, height)  # type: ignore[no-any-return]
        key = (*self._key, width)
        found = self._broken.get(key)
        if found is None:
            super().wrap(width, height)
            found = {name: self.__dict__[name] for name in self._AFTER} | self._of_lines(key)
            self.__dict__.update(found)
            _keep(self._broken, key, found)
        else:
            self.__dict__.update(found)
        return found["width"], found["height"]

    def _of_lines(self, key: tuple[str, ParagraphStyle, float]) -> dict[str, Any]:
        """Under what its program is kept: under nothing where it draws more than words."""
        look, lines = self.style, self.blPara
        more = (look.backColor, look.borderWidth, look.wordWrap, self.bulletText)
        if lines.kind or lines.us_lines or lines.link or any(more) or lines.textColor.alpha != 1:
            return {}
        signs = {sign for _, words in lines.lines for word in words for sign in word}
        signs.discard("\xa0")  # a space, to a font
        return {"_lines": key, "_signs": "".join(sorted(x for x in signs if not x.isascii()))}


def _keep(kept: dict[Any, Any], key: Any, value: Any) -> None:
    """Room is made by the oldest one."""
    if len(kept) >= MOST:
        del kept[next(iter(kept))]
    kept[key] = value
