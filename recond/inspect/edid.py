"""A screen's EDID: maker, product, name, year, preferred resolution, size.

Why: the kernel hands over the bytes as the screen sent them. The base block answers nearly all.
Its first timing is the screen's own only where the header says so; else the largest timing that it
offers is taken. A DisplayID block that tells the panel's pixels tells more than the base block,
which may hold half of a large screen. A checksum that is wrong does not make the rest unreadable:
many converters get it wrong. Pure.

Sources: VESA E-EDID A.2 (1.4), CTA-861-I 7.5, VESA DisplayID 1.3 4.4 and 2.0 4.3.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

HEADER = b"\x00\xff\xff\xff\xff\xff\xff\x00"
_BLOCK = 128
_CEA, _DISPLAYID = 0x02, 0x70
_MM_PER_INCH_TENTH = 2.54
_PANEL = re.compile(r"[A-Z]{1,3}[0-9]{3}[A-Z]")  # B140HAN, LP156WF6, N156KME: inches in tenths
_LEAST_PX = 100  # no screen has less; what says so is a place that was filled up


@dataclass(frozen=True, slots=True)
class Edid:
    """What an EDID tells; None or "" where it does not. Sizes in millimetres."""

    maker: str | None
    product_code: int
    serial_number: int | None
    serial: str
    name: str
    year: int | None
    width_px: int | None
    height_px: int | None
    width_mm: int | None
    height_mm: int | None
    digital: bool

    @property
    def diagonal_tenths_in(self) -> int | None:
        """The diagonal in tenths of an inch."""
        if not self.width_mm or not self.height_mm:
            return None
        return round(math.hypot(self.width_mm, self.height_mm) / _MM_PER_INCH_TENTH)


@dataclass(frozen=True, slots=True)
class Timing:
    """A detailed timing: visible pixels and the picture's size in millimetres (0: not told)."""

    width_px: int
    height_px: int
    width_mm: int = 0
    height_mm: int = 0


def parse_edid(raw: bytes) -> Edid | None:
    """The base block and what the extensions add; None where it is no EDID."""
    if len(raw) < _BLOCK or raw[:8] != HEADER:
        return None
    base = raw[:_BLOCK]
    descriptors = [base[at : at + 18] for at in (54, 72, 90, 108)]
    preferred = _preferred(raw, base, descriptors)
    width_mm, height_mm = _size(base, preferred)
    number = int.from_bytes(base[12:16], "little")
    return Edid(
        maker=_maker(base),
        product_code=int.from_bytes(base[10:12], "little"),
        serial_number=number if number not in (0, 0x01010101, 0xFFFFFFFF) else None,
        serial=_descriptor_text(descriptors, 0xFF),
        name=_descriptor_text(descriptors, 0xFC) or _product_name(raw) or _panel_name(descriptors),
        year=_year(base),
        width_px=preferred.width_px if preferred else None,
        height_px=preferred.height_px if preferred else None,
        width_mm=width_mm,
        height_mm=height_mm,
        digital=bool(base[20] & 0x80),
    )


def _preferred(raw: bytes, base: bytes, descriptors: list[bytes]) -> Timing | None:
    """The screen's own timing: the first where that is promised, else the largest there is."""
    timings = [t for t in (_detailed(d) for d in descriptors) if t is not None]
    native = _native(raw)
    first: Timing | None
    # EDID 1.4: the first one always; before, where a bit of the features says so (3.6.4, bit 1)
    promised = base[19] >= 4 or base[18] > 1 or bool(base[24] & 0x02)
    if timings and promised:
        first = timings[0] if _detailed(descriptors[0]) is not None else _largest(timings)
    elif timings:
        first = _largest([*timings, *_listed(base)])
    else:
        offered = _extension_timings(raw)
        first = offered[0] if offered else _first_listed(base)
    if native is None or first is None:
        return native or first
    return (
        native if native.width_px * native.height_px > first.width_px * first.height_px else first
    )


def _largest(timings: list[Timing]) -> Timing:
    """The one with most pixels; of equal ones the first."""
    return max(timings, key=lambda timing: timing.width_px * timing.height_px)


def parse_hex(text: str) -> bytes | None:
    """The bytes of a hex dump, as `edid-decode` prints first or `xrandr --verbose` shows; None."""
    found = re.search(r"(?:^|[^0-9a-f])(00(\s*)ff(\s*ff){5}\s*00(\s*[0-9a-f]{2})+)", text, re.I)
    if found is None:
        return None
    digits = re.sub(r"\s+", "", found[1])
    return bytes.fromhex(digits[: len(digits) // 2 * 2])


def _maker(base: bytes) -> str | None:
    """Three letters in five bits each (3.4.1)."""
    word = int.from_bytes(base[8:10], "big")
    letters = [word >> shift & 0x1F for shift in (10, 5, 0)]
    return "".join(chr(64 + n) for n in letters) if all(1 <= n <= 26 for n in letters) else None


def _year(base: bytes) -> int | None:
    """Year of making, or of the model where the week is FFh (3.4.4)."""
    return 1990 + base[17] if base[17] else None


def _detailed(block: bytes) -> Timing | None:
    """An 18-byte detailed timing (3.10.2); None for a display descriptor or a filled-up place."""
    if len(block) < 18 or (block[0] == 0 and block[1] == 0) or len(set(block)) == 1:
        return None
    width = block[2] | (block[4] & 0xF0) << 4
    height = block[5] | (block[7] & 0xF0) << 4
    if block[17] & 0x80:  # interlaced: lines of one field
        height *= 2
    if width < _LEAST_PX or height < _LEAST_PX:
        return None
    return Timing(
        width, height, block[12] | (block[14] & 0xF0) << 4, block[13] | (block[14] & 0x0F) << 8
    )


def _descriptor_text(descriptors: list[bytes], tag: int) -> str:
    for block in descriptors:
        if block[:3] == b"\0\0\0" and block[3] == tag:
            text = block[5:18].split(b"\n")[0].decode("ascii", "ignore")
            return " ".join("".join(c for c in text if c.isprintable()).split())
    return ""


def _panel_name(descriptors: list[bytes]) -> str:
    """A panel's part number: notebooks' panels have it as free text (FEh), beside their maker's."""
    found: list[str] = []
    for block in descriptors:
        if block[:3] == b"\0\0\0" and block[3] == 0xFE:
            text = block[5:18].split(b"\n")[0]
            # other bytes part a computer maker's number from the panel's ("HNJ6M" 80h "B140HAN")
            for word in re.findall(rb"[A-Za-z0-9][A-Za-z0-9 ._/()-]{4,12}", text):
                if re.search(rb"[0-9]", word) and re.search(rb"[A-Za-z]", word):
                    found.append(word.decode("ascii").strip())
    panels = [word for word in found if _PANEL.match(word)]
    return (panels or found[-1:] or [""])[0]


def _size(base: bytes, preferred: Timing | None) -> tuple[int | None, int | None]:
    """The picture's size: of the timing, where it agrees with the base block's centimetres."""
    across, down = base[21] * 10, base[22] * 10
    if preferred is not None and preferred.width_mm and preferred.height_mm:
        exact = (preferred.width_mm, preferred.height_mm)
        if not across or not down:
            # 16 × 9 and the like: a ratio, written where millimetres belong (a known mistake)
            return exact if min(exact) > 50 else (None, None)
        if abs(exact[0] - across) <= 10 and abs(exact[1] - down) <= 10:
            return exact
    # one of the two alone is an aspect ratio (1.4, 3.6.2): a projector or a television
    return (across, down) if across and down else (None, None)


def _blocks(raw: bytes, tag: int) -> list[bytes]:
    """The extension blocks of a kind."""
    starts = range(_BLOCK, len(raw) - _BLOCK + 1, _BLOCK)
    return [raw[at : at + _BLOCK] for at in starts if raw[at] == tag]


def _extension_timings(raw: bytes) -> list[Timing]:
    """The detailed timings of the extensions, in their order."""
    found: list[Timing] = []
    for at in range(_BLOCK, len(raw) - _BLOCK + 1, _BLOCK):
        block = raw[at : at + _BLOCK]
        if block[0] == _CEA:
            found += _cea_timings(block)
        elif block[0] == _DISPLAYID:
            found += _displayid_timings(block)
    return found


def _cea_timings(block: bytes) -> list[Timing]:
    """CTA-861-I 7.5: from the offset in byte 2 on, up to the first that is none."""
    found: list[Timing] = []
    if block[2] >= 4:
        for at in range(block[2], _BLOCK - 18, 18):
            timing = _detailed(block[at : at + 18])
            if timing is None:
                break
            found.append(timing)
    return found


def _displayid_parts(block: bytes) -> list[tuple[int, bytes]]:
    """(tag, body) of the data blocks of a section (DisplayID 1.3 4.1)."""
    found: list[tuple[int, bytes]] = []
    at, end = 5, min(5 + block[2], _BLOCK - 1)
    while at + 3 <= end and (block[at], block[at + 2]) != (0, 0):
        length = block[at + 2]
        found.append((block[at], block[at + 3 : at + 3 + length]))
        at += 3 + length
    return found


def _native(raw: bytes) -> Timing | None:
    """The panel's own pixels: of all its tiles, else by the display parameters of a DisplayID block
    (01h, 21h), else the largest of the timings that it prefers, for a base block cannot hold more
    than 4095 pixels.
    """
    preferred: list[Timing] = []
    for block in _blocks(raw, _DISPLAYID):
        for tag, body in _displayid_parts(block):
            if (whole := _tiled(tag, body)) is not None:
                return whole
        preferred += [timing for first, timing in _displayid_offers(block) if first]
        for tag, body in _displayid_parts(block):
            if tag in (0x01, 0x21) and len(body) >= 8:
                width, height = (int.from_bytes(body[i : i + 2], "little") for i in (4, 6))
                if width >= _LEAST_PX and height >= _LEAST_PX:
                    return Timing(width, height)
    return _largest(preferred) if preferred else None


def _tiled(tag: int, body: bytes) -> Timing | None:
    """The pixels of a screen whose halves come by two cables (12h, 28h; DisplayID 1.3 4.14).

    None for a wall of single screens: each is a screen of its own.
    """
    if tag not in (0x12, 0x28) or len(body) < 8 or not body[0] & 0x80:
        return None
    across = 1 + (body[1] >> 4 | body[3] >> 2 & 0x30)
    down = 1 + (body[1] & 0x0F | body[3] & 0x30)
    width = 1 + int.from_bytes(body[4:6], "little")
    height = 1 + int.from_bytes(body[6:8], "little")
    if width < _LEAST_PX or height < _LEAST_PX:
        return None
    return Timing(across * width, down * height)


def _product_name(raw: bytes) -> str:
    """The name in a product identification block (00h, 20h; DisplayID 1.3 4.2, 2.0 4.2)."""
    for block in _blocks(raw, _DISPLAYID):
        for tag, body in _displayid_parts(block):
            if tag in (0x00, 0x20) and len(body) > 12:
                text = body[12 : 12 + body[11]].decode("ascii", "ignore")
                return " ".join("".join(c for c in text if c.isprintable()).split())
    return ""


def _displayid_timings(block: bytes) -> list[Timing]:
    """The timings of a DisplayID block; those that it prefers come first."""
    found = [(not first, timing) for first, timing in _displayid_offers(block)]
    return [timing for _, timing in sorted(found, key=lambda pair: pair[0])]


def _displayid_offers(block: bytes) -> list[tuple[bool, Timing]]:
    """(preferred, timing) of type I and VII (03h, 22h), 20 bytes each."""
    found: list[tuple[bool, Timing]] = []
    for tag, body in _displayid_parts(block):
        if tag not in (0x03, 0x22):
            continue
        for at in range(0, len(body) - 19, 20):
            one = body[at : at + 20]
            width = 1 + int.from_bytes(one[4:6], "little")
            height = 1 + int.from_bytes(one[12:14], "little")
            if width >= _LEAST_PX and height >= _LEAST_PX:
                found.append((bool(one[3] & 0x80), Timing(width, height)))
    return found


# established timings, from the largest (3.8)
_ESTABLISHED = (
    (36, 0x01, 1280, 1024),
    (37, 0x80, 1152, 870),
    (36, 0x0E, 1024, 768),
    (36, 0x10, 1024, 768),
    (36, 0x20, 832, 624),
    (36, 0xC0, 800, 600),
    (35, 0x03, 800, 600),
    (35, 0x3C, 640, 480),
    (35, 0xC0, 720, 400),
)


def _standard(base: bytes) -> list[Timing]:
    """The standard timings, in their order (3.9)."""
    found = []
    for at in range(38, 54, 2):
        first, second = base[at], base[at + 1]
        if (first, second) not in ((1, 1), (0, 0)):
            width = (first + 31) * 8
            # before 1.3 the first of the ratios was 1:1
            old = (base[18], base[19]) < (1, 3)
            across, down = ((1, 1) if old else (16, 10), (4, 3), (5, 4), (16, 9))[second >> 6]
            found.append(Timing(width, width * down // across))
    return found


def _listed(base: bytes) -> list[Timing]:
    """Standard and established timings."""
    established = [Timing(w, h) for at, bits, w, h in _ESTABLISHED if base[at] & bits]
    return [*_standard(base), *established]


def _first_listed(base: bytes) -> Timing | None:
    """Where there is no detailed timing: the first standard one, else the largest established."""
    listed = _listed(base)
    if base[19] >= 4 or base[24] & 0x02:
        return listed[0] if listed else None
    return _largest(listed) if listed else None
