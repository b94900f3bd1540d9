"""The workshop's logo: from any picture to a few kilobytes, from a stranger's record to paper."""

from __future__ import annotations

import base64
import io
import json
import random
import struct
import subprocess
import tracemalloc
import zlib
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

from recond.certify.pages.certificate import Sheet, render
from recond.certify.pages.logo import make_logo
from recond.codec import canonical_bytes
from recond.errors import FormatError, UsageError
from recond.flow.config import Overrides, read_context
from recond.host.clock import SystemClock
from recond.workshop import (
    MOST_BYTES,
    MOST_FILE_BYTES,
    MOST_HIGH,
    MOST_WIDE,
    Logo,
    fits,
    packed,
    rgb_of,
)
from tests.certify.papers import LOGO, issued
from tests.certify.test_pdf import needs

RED, BLUE = (200, 30, 30), (20, 20, 160)


def png(picture: Image.Image, kind: str = "PNG") -> bytes:
    out = io.BytesIO()
    picture.save(out, kind)
    return out.getvalue()


def flag(width: int, height: int, mode: str = "RGB") -> Image.Image:
    """Left half red, right half blue."""
    picture = Image.new(mode, (width, height), RED)
    picture.paste(BLUE, (width // 2, 0, width, height))
    return picture


def noise(width: int, height: int) -> Image.Image:
    raw = random.Random(7).randbytes(3 * width * height)
    return Image.frombytes("RGB", (width, height), raw)


# --- From a picture --------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("picture", "kind"),
    [
        (flag(900, 200), "PNG"),
        (flag(20, 10), "PNG"),
        (flag(10, 900), "PNG"),
        (noise(3000, 800), "PNG"),
        (noise(3000, 800), "JPEG"),
        (flag(900, 200).convert("P"), "PNG"),
        (flag(900, 200).convert("L"), "JPEG"),
        (flag(900, 200).convert("CMYK"), "JPEG"),
        (Image.new("RGBA", (300, 100)), "PNG"),
        (Image.new("1", (1, 1)), "PNG"),
    ],
    ids=lambda value: getattr(value, "mode", value),
)
def test_any_picture_becomes_a_small_logo(picture: Image.Image, kind: str) -> None:
    made = make_logo(png(picture, kind))
    assert 1 <= made.width <= MOST_WIDE
    assert 1 <= made.height <= MOST_HIGH
    assert fits(made)
    dots = rgb_of(made)
    assert dots is not None
    assert len(dots) == 3 * made.width * made.height
    assert make_logo(png(picture, kind)) == made


def test_its_colours_stay_and_nothing_is_white() -> None:
    made = make_logo(png(flag(360, 90)))
    dots = rgb_of(made)
    assert dots is not None
    assert (tuple(dots[:3]), tuple(dots[-3:])) == (RED, BLUE)
    clear = rgb_of(make_logo(png(Image.new("RGBA", (30, 10)))))
    assert clear is not None
    assert set(clear) == {255}


def huge_header() -> bytes:
    """A PNG of 60,000 × 60,000 dots in fifty bytes."""
    head = struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    chunk = b"IHDR" + head
    return (
        b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + chunk + struct.pack(">I", zlib.crc32(chunk))
    )


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"no picture",
        png(flag(30, 10), "GIF"),
        png(flag(30, 10))[:60],
        png(flag(30, 10))[:-12] + bytes(4) + b"iCCP" + zlib.crc32(b"iCCP").to_bytes(4, "big"),
        huge_header(),
        bytes(MOST_FILE_BYTES + 1),
    ],
    ids=["empty", "text", "gif", "cut", "profile", "60,000 square", "too long"],
)
def test_what_is_no_picture_or_too_large_is_refused(raw: bytes) -> None:
    with pytest.raises(FormatError):
        make_logo(raw)


# --- From the settings -----------------------------------------------------------------------


def test_it_lies_beside_recond_toml_and_its_path_stays_out_of_the_record(tmp_path: Path) -> None:
    (tmp_path / "logo.png").write_bytes(png(flag(360, 90)))
    (tmp_path / "recond.toml").write_text('[workshop]\nname = "A"\nlogo = "logo.png"\n')
    workshop = read_context(tmp_path, Overrides(), SystemClock()).workshop
    assert (workshop.name, workshop.logo) == ("A", None)
    assert workshop.logo_image == make_logo(png(flag(360, 90)))
    assert str(tmp_path).encode() not in canonical_bytes(workshop)


@pytest.mark.parametrize("content", [None, b"no picture"])
def test_a_logo_that_cannot_be_taken_is_said_before_anything_begins(
    tmp_path: Path, content: bytes | None
) -> None:
    if content is not None:
        (tmp_path / "logo.png").write_bytes(content)
    (tmp_path / "recond.toml").write_text('[workshop]\nlogo = "logo.png"\n')
    with pytest.raises(UsageError) as raised:
        read_context(tmp_path, Overrides(), SystemClock())
    assert raised.value.message.code == "cli.config.logo"


# --- From a record ---------------------------------------------------------------------------


def dots_of(raw: bytes) -> str:
    return base64.b64encode(zlib.compress(raw, 9)).decode()


GOOD = packed(4, 2, "ff0000" + "0000ff", bytes([0, 1] * 4))
BAD = {
    "no width": replace(GOOD, width=0),
    "a negative width": replace(GOOD, width=-4, height=-2),
    "too wide": packed(MOST_WIDE + 1, 1, "ff0000", bytes(MOST_WIDE + 1)),
    "too high": packed(1, MOST_HIGH + 1, "ff0000", bytes(MOST_HIGH + 1)),
    "too few dots": replace(GOOD, dots=dots_of(bytes(7))),
    "too many dots": replace(GOOD, dots=dots_of(bytes(9))),
    "a colour that is none": replace(GOOD, dots=dots_of(bytes([2] * 8))),
    "no palette": replace(GOOD, palette=""),
    "half a colour": replace(GOOD, palette="ff0000ff"),
    "too many colours": replace(GOOD, palette="ff0000" * 17),
    "no colour": replace(GOOD, palette="gg0000"),
    "no base64": replace(GOOD, dots="é"),
    "no zlib": replace(GOOD, dots=base64.b64encode(b"no zlib").decode()),
    "something behind": replace(
        GOOD, dots=base64.b64encode(zlib.compress(bytes(8)) + b"more").decode()
    ),
    "cut": replace(GOOD, dots=base64.b64encode(zlib.compress(bytes(8))[:-2]).decode()),
    "too long": replace(GOOD, dots="A" * (2 * MOST_BYTES)),
    "a bomb": replace(GOOD, dots=dots_of(bytes(8 << 20))),
}


@pytest.mark.parametrize("kind", BAD)
def test_what_is_no_logo_is_not_drawn_and_the_page_says_the_name(kind: str, tmp_path: Path) -> None:
    assert rgb_of(BAD[kind]) is None
    assert "Bricol’Café de Lens" in head_of(BAD[kind], tmp_path)


def test_a_bomb_takes_no_more_memory_than_a_logo() -> None:
    tracemalloc.start()
    try:
        assert rgb_of(BAD["a bomb"]) is None
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()


def head_of(logo: Logo, folder: Path) -> str:
    """The first lines of page one of a record with this logo."""
    value = json.loads(canonical_bytes(issued("erased").record))
    value["workshop"]["logo_image"] = json.loads(canonical_bytes(logo))
    (folder / "x.pdf").write_bytes(render(Sheet(canonical_bytes(value), None, None, None, "fr")))
    asked = [needs("pdftotext"), "-l", "1", "-layout", str(folder / "x.pdf"), "-"]
    shown = subprocess.run(asked, capture_output=True, check=True).stdout.decode()
    return "\n".join(shown.splitlines()[:3])


def test_it_stands_in_the_head_of_page_one_alone(tmp_path: Path) -> None:
    assert "Bricol’Café de Lens" not in head_of(LOGO, tmp_path)
    file = issued("logo").certificate
    asked = [needs("pdftoppm"), "-r", "72", "-png", str(file), str(tmp_path / "page")]
    subprocess.run(asked, check=True)
    pages = [Image.open(one).convert("RGB") for one in sorted(tmp_path.glob("page*.png"))]
    right, top = round(pages[0].width - 51), 28  # 18 mm from the edge, within the logo
    near = [pages[0].getpixel((right - 4, top)), pages[0].getpixel((right - 100, top))]
    assert [is_near(one, other) for one, other in zip(near, (BLUE, RED), strict=True)] == [True] * 2
    assert all(one.getpixel((right - 4, top)) == (255, 255, 255) for one in pages[1:])


def is_near(one: object, other: tuple[int, int, int]) -> bool:
    assert isinstance(one, tuple)
    return all(abs(a - b) < 12 for a, b in zip(one, other, strict=True))
