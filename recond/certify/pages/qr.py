"""A QR code's modules: the symbol that segno draws, its mask chosen more quickly.

Why: each certificate has a code, and each certificate that is checked is drawn again; trying the
eight masks module by module took four fifths of a code's time. Here a symbol is one number with
a byte for each module, so that a mask is one exclusive or. Which mask wins must be what segno says,
module for module, for a page that is drawn again must be the page that was signed: a test holds it.

Source: ISO/IEC 18004:2015 7.8 (masks and their penalties), 7.9 and 7.10 (what is no data), annex E.
"""

from __future__ import annotations

import functools
from collections.abc import Callable

import segno

ERROR = "m"
_MASKS: tuple[Callable[[int, int], bool], ...] = (
    lambda i, j: (i + j) % 2 == 0,
    lambda i, _: i % 2 == 0,
    lambda _, j: j % 3 == 0,
    lambda i, j: (i + j) % 3 == 0,
    lambda i, j: (i // 2 + j // 3) % 2 == 0,
    lambda i, j: i * j % 2 + i * j % 3 == 0,
    lambda i, j: (i * j % 2 + i * j % 3) % 2 == 0,
    lambda i, j: ((i + j) % 2 + i * j % 3) % 2 == 0,
)
"""By row and column (table 10)."""
_FINDER = bytes((1, 0, 1, 1, 1, 0, 1))


def modules(text: str) -> tuple[bytes, ...]:
    """The rows of the symbol, a byte for each module: 1 is dark. Error correction M or better."""
    first = segno.make_qr(text, error=ERROR, mask=0)
    size = len(first.matrix)
    data, masks, plain = _region(size), _masks(size), _plain(size)
    unmasked = _number(first.matrix) & data ^ masks[0] | plain
    best = min(range(len(masks)), key=lambda mask: _penalty(unmasked ^ masks[mask], size))
    around = _frame(size, first.error, best, text)
    whole = ((unmasked ^ masks[best]) & data | around).to_bytes(size * size, "big")
    return tuple(whole[row : row + size] for row in range(0, size * size, size))


def _number(rows: tuple[bytearray, ...]) -> int:
    return int.from_bytes(b"".join(rows), "big")


# The frame is the same for each text of one size, correction and mask: asked of segno once.
_frames: dict[tuple[int, str, int], int] = {}


def _frame(size: int, error: str, mask: int, text: str) -> int:
    """What is no data of a finished symbol: patterns, format and version."""
    key = (size, error, mask)
    if key not in _frames:
        made = _number(segno.make_qr(text, error=ERROR, mask=mask).matrix)
        _frames[key] = made & ~_region(size)
    return _frames[key]


@functools.cache
def _masks(size: int) -> tuple[int, ...]:
    """The masks where data stand. Each repeats itself after twelve rows and six columns."""
    data, found = _region(size), []
    for dark in _MASKS:
        rows = [bytes(dark(i, j) for j in range(6)) * (size // 6 + 1) for i in range(12)]
        whole = b"".join(rows[i % 12][:size] for i in range(size))
        found.append(int.from_bytes(whole, "big") & data)
    return tuple(found)


@functools.cache
def _plain(size: int) -> int:
    """What is no data before a mask is chosen: format and version are still light (7.8.1)."""
    made = segno.make_qr("0", error=ERROR, version=(size - 17) // 4, mask=0)
    return _number(made.matrix) & _drawn(size, _patterns(size))


@functools.cache
def _region(size: int) -> int:
    """Where data stand (figure 19)."""
    return ~_drawn(size, _patterns(size) + _filled_later(size)) & _drawn(size, [(0, 0, size, size)])


_Boxes = list[tuple[int, int, int, int]]
"""Row and column of the first module, rows, columns."""


def _drawn(size: int, boxes: _Boxes) -> int:
    cells = bytearray(size * size)
    for top, left, rows, columns in boxes:
        for row in range(top, top + rows):
            cells[row * size + left : row * size + left + columns] = b"\1" * columns
    return int.from_bytes(cells, "big")


def _filled_later(size: int) -> _Boxes:
    """Format information, its dark module with it, and from version 7 on the version."""
    end = size - 8
    found = [(8, 0, 1, 6), (8, 7, 1, 2), (8, end, 1, 8), (0, 8, 6, 1), (7, 8, 1, 1), (end, 8, 8, 1)]
    return [*found, (0, end - 3, 6, 3), (end - 3, 0, 3, 6)] if size > 41 else found


def _patterns(size: int) -> _Boxes:
    """Finder patterns with their separators, timing and alignment patterns."""
    end, places = size - 8, _alignment(size)
    corners = ((6, 6), (6, size - 7), (size - 7, 6))
    found = [(0, 0, 8, 8), (0, end, 8, 8), (end, 0, 8, 8), (6, 0, 1, size), (0, 6, size, 1)]
    return found + [(a - 2, b - 2, 5, 5) for a in places for b in places if (a, b) not in corners]


@functools.cache
def _alignment(size: int) -> tuple[int, ...]:
    """The rows and columns of alignment patterns' centres (annex E)."""
    version = (size - 17) // 4
    if version == 1:
        return ()
    count = version // 7 + 2
    step = (version * 8 + count * 3 + 5) // (count * 4 - 4) * 2
    return (6, *(size - 7 - step * back for back in range(count - 1)))


# --- Penalties (7.8.3.1) ---------------------------------------------------------------------


def _penalty(symbol: int, size: int) -> int:
    whole = symbol.to_bytes(size * size, "big")
    lines = [whole[row : row + size] for row in range(0, size * size, size)]
    lines += (whole[column::size] for column in range(size))
    found = sum(40 * _finders(line) for line in lines if _FINDER in line)
    dark = abs(whole.count(1) / (size * size) * 100 - 50) / 5
    return _runs(symbol, size) + 3 * _blocks(symbol, size) + found + 10 * int(dark)


def _runs(symbol: int, size: int) -> int:
    """For each five or more modules of one colour in a line their number less two."""
    points = 0
    for step, inner in ((8, _beside(size)), (8 * size, _below(size))):
        same = ~(symbol ^ symbol >> step) & inner  # as the one before
        pairs = same & same >> step
        fifth = pairs & pairs >> 2 * step  # and so the four before: as often as a run is over four
        points += fifth.bit_count() + 2 * (fifth & ~(fifth >> step)).bit_count()
    return points


def _blocks(symbol: int, size: int) -> int:
    """How many squares of two by two modules are of one colour."""
    beside, above = symbol ^ symbol >> 8, symbol ^ symbol >> 8 * size
    places = _beside(size) & _below(size)  # a square by its last module
    differ = (beside | beside >> 8 * size | above) & places
    return places.bit_count() - differ.bit_count()


@functools.cache
def _beside(size: int) -> int:
    """What has a module before it in its row."""
    return _drawn(size, [(0, 1, size, size - 1)])


@functools.cache
def _below(size: int) -> int:
    """What has a module above it."""
    return _drawn(size, [(1, 0, size - 1, size)])


def _finders(line: bytes) -> int:
    """How many times the finder's ratio 1:1:3:1:1 stands beside four light modules or the edge."""
    count, place = 0, line.find(_FINDER)
    while place >= 0:
        after = place + len(_FINDER)
        edge = place == 0 or after == len(line)
        if edge or not any(line[max(place - 4, 0) : place]) or not any(line[after : after + 4]):
            count += 1
        else:
            after = place + 4  # its last dark module may begin the next
        place = line.find(_FINDER, after)
    return count
