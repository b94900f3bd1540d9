"""750 real EDIDs: read as `edid-decode`, whose reading stands below each, read them."""

from __future__ import annotations

import math
import re

import pytest

from recond.inspect.displays import edid_of_file
from recond.inspect.edid import Edid
from tests.inspect.corpus import Sample, read_corpus


@pytest.fixture(scope="module")
def edids() -> list[tuple[Sample, Edid]]:
    pairs = [(sample, edid_of_file(sample.raw)) for sample in read_corpus("edid")]
    unread = [str(sample) for sample, edid in pairs if edid is None]
    assert not unread
    return [(sample, edid) for sample, edid in pairs if edid is not None]


def _found(pattern: str, text: str) -> str | None:
    match = re.search(pattern, text, re.MULTILINE)
    return match[1].strip() if match else None


def test_maker_and_product(edids: list[tuple[Sample, Edid]]) -> None:
    for sample, edid in edids:
        assert edid.maker == _found(r"^\s+Manufacturer: (.*)$", sample.text), sample
        assert str(edid.product_code) == _found(r"^\s+Model: (\d+)", sample.text), sample
    assert len(edids) == 750


def test_year(edids: list[tuple[Sample, Edid]]) -> None:
    for sample, edid in edids:
        told = _found(r"Made in: (?:week \d+ of )?(\d{4})", sample.text) or _found(
            r"Model year: (\d{4})", sample.text
        )
        assert edid.year == (int(told) if told else None), sample


def test_name(edids: list[tuple[Sample, Edid]]) -> None:
    for sample, edid in edids:
        told = _found(r"Display Product Name: '(.*)'", sample.text)
        if told is None:  # a panel: its part number stands among the free texts
            texts = re.findall(r"Alphanumeric Data String: (.*)", sample.text)
            odd = any("Non-printable" in text for text in texts)
            plain = [text.strip("' ") for text in texts]
            assert odd or not texts or edid.name in plain, sample
            continue
        assert edid.name == " ".join(told.split()), sample


def test_preferred_resolution(edids: list[tuple[Sample, Edid]]) -> None:
    for sample, edid in edids:
        told = re.search(r"^    DTD +1: +(\d+)x(\d+)", sample.text, re.MULTILINE) or re.search(
            r"Display native pixel format: (\d+)x(\d+)", sample.text
        )
        assert told is not None, sample
        assert (edid.width_px, edid.height_px) == (int(told[1]), int(told[2])), sample


def test_diagonal_within_a_fifth_of_an_inch(edids: list[tuple[Sample, Edid]]) -> None:
    measured = 0
    for sample, edid in edids:
        told = _told_millimetres(sample.text)
        if told is None:
            assert edid.diagonal_tenths_in is None, sample
            continue
        assert edid.diagonal_tenths_in is not None, sample
        assert abs(math.hypot(*told) / 25.4 - edid.diagonal_tenths_in / 10) <= 0.2, sample
        measured += 1
    assert measured > 700


def _told_millimetres(text: str) -> tuple[int, int] | None:
    """edid-decode's image size, in the finer of its two forms where both say the same."""
    coarse = re.search(r"Maximum image size: (\d+) cm x (\d+) cm", text)
    fine = re.search(r"^    DTD +1: .*\((\d+) mm x (\d+) mm\)", text, re.MULTILINE)
    exact = (int(fine[1]), int(fine[2])) if fine else None
    if coarse is None:
        return exact if exact and min(exact) > 50 else None
    rough = (int(coarse[1]) * 10, int(coarse[2]) * 10)
    close = exact and all(abs(a - b) <= 10 for a, b in zip(exact, rough, strict=True))
    return exact if exact and close else rough
