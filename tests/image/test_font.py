"""The console's font: half blocks for the QR code, and nothing lost that a text needs."""

from __future__ import annotations

import runpy
from typing import Any

import pytest

from tests.house import ROOT

FONT = runpy.run_path(str(ROOT / "packaging" / "image" / "font"))
ROWS = 16


def font(characters: dict[int, tuple[int, ...]], mode: int = 2) -> bytes:
    """A PSF1 font; sign N has N in each of its rows."""
    shapes = b"".join(bytes([at]) * ROWS for at in range(256))
    table = b"".join(
        b"".join(c.to_bytes(2, "little") for c in characters.get(at, ())) + b"\xff\xff"
        for at in range(256)
    )
    return b"\x36\x04" + bytes([mode, ROWS]) + shapes + table


LATIN = {at: (at,) for at in (*range(0x20, 0x7F), *range(0xA0, 0xD0))} | {
    0xDB: (0x2588,),
    0xDC: (0x131,),
    0xDD: (0x15E, 0x15F),
    0xDE: (0x153,),
    0xDF: (0xE9,),
}


def read(raw: bytes) -> dict[int, bytes]:
    table: list[list[int]] = FONT["table_of"](raw[4 + 256 * ROWS :])
    return {
        character: raw[4 + at * ROWS : 4 + (at + 1) * ROWS]
        for at, words in enumerate(table)
        for character in words
    }


def test_the_half_blocks_take_the_place_of_what_no_text_needs() -> None:
    before, after = read(font(LATIN)), read(FONT["add_half_blocks"](font(LATIN)))
    assert after.pop(0x2580) == b"\xff" * 8 + bytes(8)
    assert after.pop(0x2584) == bytes(8) + b"\xff" * 8
    lost = set(before) - set(after)
    assert lost <= {0x131, 0x15E, 0x15F}
    assert all(after[one] == before[one] for one in after)


@pytest.mark.parametrize(
    "raw",
    [
        font(LATIN, mode=3),
        font(LATIN, mode=0),
        b"\x72\xb5" + font(LATIN)[2:],
        font(LATIN)[:-2],
        font(dict.fromkeys(range(256), (0x41,))),
    ],
)
def test_another_font_is_not_touched(raw: bytes) -> None:
    add: Any = FONT["add_half_blocks"]
    with pytest.raises(ValueError, match=r"font|sign"):
        add(raw)
