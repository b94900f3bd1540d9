"""A long report is laid out as it is made, and says what it said when all of it was there."""

from __future__ import annotations

import io
from collections.abc import Iterator

import pikepdf
import pytest

from recond.certify.pages import certificate
from recond.certify.pages.certificate import Feed
from recond.certify.pages.lot import LotPages, render_lot
from tests.certify.lot_pages import lot_pages


def pages(rows: int) -> LotPages:
    return lot_pages((f"R{n}\n{n:064}", f"NB{n}", f"DISK{n} é", "effacé") for n in range(rows))


def programs(raw: bytes) -> list[bytes]:
    with pikepdf.open(io.BytesIO(raw)) as pdf:
        return [page.obj.Contents.read_bytes() for page in pdf.pages]


def test_many_pages_say_what_they_say_when_all_are_at_hand(monkeypatch: pytest.MonkeyPatch) -> None:
    """Packed while they wait, and fed: the same bytes as kept whole."""
    monkeypatch.setattr(certificate, "MANY", 3)
    fed = render_lot(pages(200))
    monkeypatch.setattr(certificate, "MANY", 1000)
    monkeypatch.setattr(certificate, "Feed", list)
    whole = render_lot(pages(200))
    assert fed == whole
    found = programs(fed)
    assert len(found) > 4
    assert all(one.startswith(b"1 0 0 1 0 0 cm") for one in found)


def test_no_more_is_taken_than_is_drawn_next() -> None:
    taken: list[int] = []

    def flow() -> Iterator[object]:
        for number in range(100):
            taken.append(number)
            yield number

    feed = Feed(flow())
    given: list[object] = []
    while len(feed):
        assert len(taken) - len(given) <= Feed.AHEAD
        given.append(feed[0])
        del feed[0]
    assert given == list(range(100))
