"""Whose workshop it is; its logo as a record holds it: few colours, few dots, no picture format; of
a photo that it keeps, the digest alone.

Why the logo is in the record: a page is drawn from the signed bytes and nothing else, the same each
time. Why no PNG: whoever verifies a stranger's certificate would decode a stranger's picture; here
a reader needs a bounded inflate and a table of sixteen colours, and what does not fit is not drawn.
Pure.
"""

from __future__ import annotations

import base64
import binascii
import re
import zlib
from dataclasses import dataclass, field

from recond.model import LATER

MOST_WIDE, MOST_HIGH = 360, 96
"""Dots: 40 mm by 10.5 mm at 229 dpi."""
MOST_COLOURS = 16
MOST_BYTES = 12 << 10
"""Of the packed dots: what a logo adds to a record and to everything that carries it."""
MOST_FILE_BYTES = 8 << 20
"""Of the picture that a logo is made from."""
_COLOURS = re.compile(r"(?:[0-9a-f]{6}){1,16}")


@dataclass(frozen=True, slots=True)
class Logo:
    """`palette`: up to 16 colours of six hex digits. `dots`: base64 of zlib's form (RFC 1950) of
    one byte a dot, its colour's number, line by line from the top.
    """

    width: int
    height: int
    palette: str
    dots: str


@dataclass(frozen=True, slots=True)
class Workshop:
    """Whose workshop it is, from the configuration."""

    name: str | None = None
    address: str | None = None
    contact: str | None = None
    registration: str | None = None  # SIRET, RNA, …
    logo: str | None = None  # null; a file's path, in some records of before page 6
    logo_image: Logo | None = field(default=None, metadata=LATER)


def packed(width: int, height: int, palette: str, numbers: bytes) -> Logo:
    """A logo of its dots; `numbers` has width × height of them."""
    dots = base64.b64encode(zlib.compress(numbers, 9)).decode("ascii")
    return Logo(width, height, palette, dots)


def fits(logo: Logo) -> bool:
    """Whether it is no larger than a record may hold."""
    return len(logo.dots) <= MOST_BYTES * 4 // 3 + 4


def rgb_of(logo: Logo) -> bytes | None:
    """Three bytes a dot; None for what is no logo, or one that is too large."""
    sized = 0 < logo.width <= MOST_WIDE and 0 < logo.height <= MOST_HIGH
    if not sized or not fits(logo) or not _COLOURS.fullmatch(logo.palette):
        return None
    count = logo.width * logo.height
    try:
        inflate = zlib.decompressobj()
        numbers = inflate.decompress(base64.b64decode(logo.dots, validate=True), count + 1)
    except (binascii.Error, ValueError, zlib.error):
        return None
    palette = bytes.fromhex(logo.palette)
    whole = len(numbers) == count and inflate.eof and not inflate.unused_data
    if not whole or max(numbers) >= len(palette) // 3:
        return None
    return b"".join(palette[3 * one : 3 * one + 3] for one in numbers)


@dataclass(frozen=True, slots=True)
class Photo:
    """A picture that the operator laid beside the run: its file's name, its size, its digest. The
    picture is not in the record; the bench keeps it.
    """

    name: str
    size_bytes: int
    sha256: str
