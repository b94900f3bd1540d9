"""The workshop's root on paper: a page to print, and the way back from it.

Why: the root signs benches for fifteen years, longer than any stick keeps its bits. The page holds
the PKCS#12 as it lies on the disk, still locked by its passphrase, as QR codes and as text that can
be typed; each line carries its own check, so that a typing mistake names its line. The passphrase
stands nowhere on it. Pure: bytes in, bytes out.

Source: RFC 4648 6 (Base32), CRC-16/XMODEM (`binascii.crc_hqx`).
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import io
import math
import re
from dataclasses import dataclass
from typing import Any

from recond.errors import RecordInvalid
from recond.locale import Lang, text

LINE_CHARACTERS = 60
LINES_A_CODE = 9
MAX_LINES = 99
_LINE = re.compile(r"(\d\d)([A-Z2-7]+)([0-9A-F]{4})")
_CHECK_BYTES = 8


@dataclass(frozen=True, slots=True)
class PaperKey:
    """What the page shows: whose key, and its locked file."""

    name: str
    fingerprint: str
    not_after: str
    made_at: str
    packed: bytes


def paper_lines(packed: bytes) -> tuple[str, ...]:
    """The file as lines of digits and capitals: number, data, check. Line 00 holds the length and
    the digest's beginning.
    """
    raw = len(packed).to_bytes(2, "big") + hashlib.sha256(packed).digest()[:_CHECK_BYTES]
    data = _base32(packed)
    pieces = [
        _base32(raw),
        *(data[at : at + LINE_CHARACTERS] for at in range(0, len(data), LINE_CHARACTERS)),
    ]
    return tuple(_line(number, piece) for number, piece in enumerate(pieces))


def read_paper(typed: str) -> bytes:
    """The file from typed or scanned lines, in any order, any spacing, repeated or not.

    Raises `RecordInvalid`, naming the line that is wrong or missing.
    """
    found: dict[int, str] = {}
    for row in re.split(r"[\n/]+", typed.upper()):
        bare = re.sub(r"[\s-]+", "", row)
        if not bare:
            continue
        match = _LINE.fullmatch(bare)
        number = int(match[1]) if match else len(found)
        if match is None or _line(number, match[2]) != bare:
            raise RecordInvalid("key.paper.line", line=_label(bare))
        if found.setdefault(number, match[2]) != match[2]:
            raise RecordInvalid("key.paper.line", line=_label(bare))
    head = _unbase32(found.get(0, ""))
    if len(head) != 2 + _CHECK_BYTES:
        raise RecordInvalid("key.paper.missing", line="00")
    length = int.from_bytes(head[:2], "big")
    for number in range(1, _lines_for(length) + 1):
        if number not in found:
            raise RecordInvalid("key.paper.missing", line=f"{number:02d}")
    packed = _unbase32("".join(found[number] for number in sorted(found) if number))
    if len(packed) != length or hashlib.sha256(packed).digest()[:_CHECK_BYTES] != head[2:]:
        raise RecordInvalid("key.paper.digest")
    return packed


def _label(bare: str) -> str:
    """A line's number as it was typed, or where it begins otherwise a question mark."""
    return bare[:2] if bare[:2].isdecimal() else "?"


def _lines_for(length: int) -> int:
    return math.ceil(math.ceil(length * 8 / 5) / LINE_CHARACTERS)


def _line(number: int, data: str) -> str:
    checked = f"{number:02d}{data}"
    return f"{checked}{binascii.crc_hqx(checked.encode('ascii'), 0):04X}"


def _base32(raw: bytes) -> str:
    return base64.b32encode(raw).decode("ascii").rstrip("=")


def _unbase32(data: str) -> bytes:
    try:
        return base64.b32decode(data + "=" * (-len(data) % 8))
    except (ValueError, binascii.Error):
        raise RecordInvalid("key.paper.digest") from None


def paper_codes(lines: tuple[str, ...]) -> tuple[str, ...]:
    """The texts of the QR codes: some lines each, set apart by slashes."""
    return tuple(
        "/".join(lines[at : at + LINES_A_CODE]) for at in range(0, len(lines), LINES_A_CODE)
    )


def render_paper(key: PaperKey, lang: Lang) -> bytes:
    """The page, A4. Raises `RecordInvalid` for a file too big for a page."""
    from reportlab.lib.pagesizes import A4
    from reportlab.lib.units import mm
    from reportlab.platypus import SimpleDocTemplate

    from recond.certify.pages import parts as part

    lines = paper_lines(key.packed)
    if len(lines) > MAX_LINES:
        raise RecordInvalid("key.paper.size")
    part.register_fonts()
    out = io.BytesIO()
    title = text(lang, "key.paper.title")
    document = SimpleDocTemplate(
        out,
        pagesize=A4,
        leftMargin=18 * mm,
        rightMargin=18 * mm,
        topMargin=14 * mm,
        bottomMargin=12 * mm,
        title=title,
        author=key.name,
        creator="recond",
        lang=lang,
        initialFontName=part.SANS,
        invariant=1,
    )
    document.build(
        [
            part.para(title, 15, bold=True, spaceAfter=4),
            part.para(text(lang, "key.paper.about"), 8.5, spaceAfter=4),
            part.facts(
                [
                    (text(lang, "key.field.name"), key.name),
                    (text(lang, "key.field.fingerprint"), key.fingerprint),
                    (text(lang, "key.field.until"), key.not_after),
                    (text(lang, "key.paper.made"), key.made_at),
                    (text(lang, "key.paper.passphrase"), "." * 60),
                ]
            ),
            *_codes(lines),
            *(part.para(_readable(line), 9, fontName="Courier") for line in lines),
            part.para(text(lang, "key.paper.restore"), 8, spaceBefore=6),
        ]
    )
    return out.getvalue()


def _codes(lines: tuple[str, ...]) -> list[Any]:
    from reportlab.lib.units import mm
    from reportlab.platypus import Table

    from recond.certify.pages import parts as part

    size = 42 * mm
    codes: list[Any] = [part.QrCode(code, size) for code in paper_codes(lines)]
    rows = [codes[at : at + 4] for at in range(0, len(codes), 4)]
    rows[-1] += [""] * (len(rows[0]) - len(rows[-1]))
    return [Table(rows, colWidths=[part.WIDTH / 4] * len(rows[0]), hAlign="LEFT")]


def _readable(line: str) -> str:
    data = line[2:-4]
    groups = " ".join(data[at : at + 5] for at in range(0, len(data), 5))
    return f"{line[:2]} {groups} {line[-4:]}"
