"""The workshop's logo: made small from its picture, and drawn in the head of page one.

Why small and in the head: it says whose paper this is, beside what the paper says. Must not: decode
a picture that came with a record; those hold dots (`recond.workshop`).
"""

from __future__ import annotations

import io
import struct
import warnings

from PIL import Image
from reportlab.lib.units import mm
from reportlab.lib.utils import ImageReader
from reportlab.pdfgen.canvas import Canvas

from recond.errors import FormatError
from recond.workshop import (
    MOST_COLOURS,
    MOST_FILE_BYTES,
    MOST_HIGH,
    MOST_WIDE,
    Logo,
    fits,
    packed,
    rgb_of,
)

WIDE, HIGH = 40 * mm, 10.5 * mm
_MOST_DOTS = 12_000_000  # a photograph of a sign, 150 MB while it is read; more is a mistake
_BROKEN = (
    *(OSError, ValueError, SyntaxError, LookupError, TypeError, EOFError, struct.error),
    Image.DecompressionBombError,
)
"""What Pillow's readers raise over a damaged picture: more than they are documented to."""


def make_logo(raw: bytes) -> Logo:
    """A logo from a PNG's or JPEG's bytes, on white. Raises `FormatError`."""
    if len(raw) > MOST_FILE_BYTES:
        raise FormatError("certify.logo.form")
    try:
        with warnings.catch_warnings(action="ignore"):  # Pillow's own words, in English
            flat = _flat(raw)
    except _BROKEN:
        raise FormatError("certify.logo.form") from None
    flat.thumbnail((MOST_WIDE, MOST_HIGH))
    colours = MOST_COLOURS
    while True:
        made = _in_few_colours(flat, colours)
        if fits(made) or colours == 2:
            return made
        colours //= 2


def _flat(raw: bytes) -> Image.Image:
    with Image.open(io.BytesIO(raw), formats=("PNG", "JPEG")) as picture:
        if picture.width * picture.height > _MOST_DOTS:
            raise FormatError("certify.logo.form")
        return _on_white(picture)


def _on_white(picture: Image.Image) -> Image.Image:
    shown = picture.convert("RGBA")
    ground = Image.new("RGBA", shown.size, "white")
    ground.alpha_composite(shown)
    return ground.convert("RGB")


def _in_few_colours(picture: Image.Image, colours: int) -> Logo:
    found = picture.quantize(colours, dither=Image.Dither.NONE)
    numbers = found.tobytes()
    palette = bytes(found.getpalette() or ())[: 3 * (max(numbers) + 1)]
    return packed(found.width, found.height, palette.hex(), numbers)


def draw_logo(canvas: Canvas, logo: Logo, right: float, bottom: float) -> bool:
    """Draw it with its lower right corner there (points); whether it could be."""
    dots = rgb_of(logo)
    if dots is None:
        return False
    picture = Image.frombytes("RGB", (logo.width, logo.height), dots)
    scale = min(WIDE / logo.width, HIGH / logo.height)
    wide, high = logo.width * scale, logo.height * scale
    canvas.drawImage(ImageReader(picture), right - wide, bottom, wide, high)
    return True
