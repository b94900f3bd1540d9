"""The structure of a page, for who hears it: words in pieces, tables in cells, pictures told."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from typing import Any

import pikepdf
import pytest

from recond.certify.pages.lot import render_lot
from recond.locale import LANGS, Lang, text
from tests.certify.lot_pages import ROW, lot_pages
from tests.certify.papers import issued

SHOWS = {"Tj", "TJ", "'", '"', "f", "f*", "B", "B*", "S", "s", "b", "Do", "sh"}
"""What leaves ink on a page (ISO 32000-1 8.5.3, 9.4.3)."""


def opened(raw: bytes) -> pikepdf.Pdf:
    return pikepdf.open(io.BytesIO(raw))


def marks(page: Any) -> tuple[list[int], list[str]]:
    """The numbers of a page's pieces in their order, and what is drawn outside of any piece."""
    numbers, outside, depth = list[int](), list[str](), 0
    for one in pikepdf.parse_content_stream(page):
        operands, word = list(one.operands), str(one.operator)
        if word in ("BDC", "BMC"):
            depth += 1
            assert depth == 1, "a piece stands in no other one"
            numbers += [int(operands[1].MCID)] if word == "BDC" else []
        elif word == "EMC":
            depth -= 1
        elif word in SHOWS and not depth:
            outside.append(word)
    assert depth == 0
    return numbers, outside


def parts(node: Any) -> list[Any]:
    """The elements right below one."""
    kids = node.get("/K", [])
    listed = kids if isinstance(kids, pikepdf.Array) else [kids]
    return [kid for kid in listed if isinstance(kid, pikepdf.Dictionary) and "/S" in kid]


def elements(node: Any) -> Iterator[Any]:
    """Every element below, in reading order."""
    for kid in parts(node):
        yield kid
        yield from elements(kid)


def check(pdf: pikepdf.Pdf) -> list[Any]:
    """What holds of every paper; its elements."""
    assert pdf.Root.MarkInfo.Marked
    assert pdf.Root.ViewerPreferences.DisplayDocTitle
    assert str(pdf.docinfo["/Title"])
    owners = pdf.Root.StructTreeRoot.ParentTree.Nums
    for index, page in enumerate(pdf.pages):
        numbers, outside = marks(page)
        assert outside == []
        assert sorted(numbers) == list(range(len(numbers)))
        assert page.obj.Tabs == "/S"
        assert int(page.obj.StructParents) == int(owners[2 * index]) == index
        assert len(owners[2 * index + 1]) == len(numbers)
    found = list(elements(pdf.Root.StructTreeRoot))
    for one in found:
        if one.S == "/Figure":
            assert len(str(one.Alt)) > 5
    return found


def kinds(found: list[Any]) -> set[str]:
    return {str(one.S) for one in found}


@pytest.mark.parametrize("lang", LANGS)
@pytest.mark.parametrize("kind", ["erased", "interrupted", "many-bad", "unsigned", "word"])
def test_a_certificate_tells_its_structure(kind: str, lang: Lang) -> None:
    with opened(issued(kind, lang).certificate.read_bytes()) as pdf:
        assert pdf.Root.Lang == lang
        found = check(pdf)
        assert {"/H1", "/H2", "/P", "/Table", "/TR", "/TH", "/TD"} <= kinds(found)
        assert [one.S for one in found if one.S == "/H1"] == ["/H1"]
        for table in (one for one in found if one.S == "/Table"):
            counts = {len(parts(row)) for row in parts(table)}
            assert len(counts) == 1, "as many cells in each row"
        told = [str(one.Alt) for one in found if one.S == "/Figure"]
        sealed = text(lang, "certify.figure.seal") in told
        assert sealed is (kind != "unsigned")
        assert any("Mo/s" in one or "MB/s" in one for one in told) or kind == "interrupted"


def test_heads_of_columns_and_of_rows_are_told() -> None:
    with opened(issued("erased").certificate.read_bytes()) as pdf:
        scopes = [str(one.A.Scope) for one in check(pdf) if one.S == "/TH"]
    assert set(scopes) == {"/Column", "/Row"}


def test_a_lot_tells_its_rows_until_they_are_too_many(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("recond.certify.pages.lot.MOST_TOLD", 30)
    for rows, told in ((25, 25), (95, 30)):
        with opened(render_lot(lot_pages([ROW] * rows))) as pdf:
            found = check(pdf)
        cells = [one for one in found if one.S == "/TD" and one.get("/K") is not None]
        assert 4 * told <= len(cells) < 4 * (told + 5)


def test_the_same_paper_has_the_same_structure() -> None:
    pages = lot_pages([ROW] * 5)
    assert render_lot(pages) == render_lot(pages)
    assert re.search(rb"/StructTreeRoot", render_lot(pages))
