"""Search: each word is met by its beginning or a number's end; nothing typed is an operator."""

from __future__ import annotations

import itertools
import re

import pytest

from recond.board import reading, search
from recond.board.people import BoardPerson, Role
from recond.board.search import terms_of
from tests.board.workshop import Client, Maker, Workshop

COUNT = itertools.count(1)


def test_a_record_is_found_by_whatever_is_written_on_it(either: Workshop, maker: Maker) -> None:
    package = maker.package(
        serial="PF-1XY9Z42",
        lot="Été 2026",
        donor="Mairie de Bruay-la-Buissière",
        property_number="INV/0042",
    )
    assert either.bench(f"banc {next(COUNT)}").upload(package).status == 201
    either.bench(f"banc {next(COUNT)}").upload(maker.package(serial="AUTRE-1"))
    reader = either.person(f"Lise {next(COUNT)}", Role.READER)

    def finds(question: str) -> bool:
        page = reader.get(f"/search/rows?q={question}").text
        return package.record_id in page

    for question in (
        "PF-1XY9Z42",
        "pf1xy9z42",
        "pf-1x",
        "9z42",
        "Z42",
        "inv/0042",
        "inv0042",
        "0042",
        package.record_id,
        package.record_id[-8:],
        "mairie",
        "BRUAY",
        "buissiere",
        "%C3%89t%C3%A9",
        "ete",
        "mairie+pf1xy",
        package.record().issued_at[:10],
        "disque.img",
    ):
        assert finds(question), question
    for question in ("PF-1XY9Z43", "maire+inexistant", "zzzz", "AUTRE-1", "mairie+AUTRE"):
        assert not finds(question), question


TYPED = (
    "'",
    '"',
    "')--",
    "' OR 1=1 --",
    "%27%3B DROP TABLE board_records%3B--",
    "a* OR words:b",
    "a & b | !c",
    "NEAR(a b)",
    "{words}: x",
    "^a",
    "\\",
    ":*",
    "%00",
    "\u0000",
    "%F0%9F%92%BB",
    "a" * 5000,
    " ".join(["a"] * 500),
)


def test_what_is_typed_is_never_an_operator(either: Workshop) -> None:
    reader = either.person(f"Lise {next(COUNT)}", Role.READER)
    for question in TYPED:
        asked = question.replace(" ", "+").replace("\u0000", "%00")
        assert reader.get(f"/search/rows?q={asked}").status == 200, question
    assert reader.get("/search").status == 200


@pytest.mark.parametrize("lately", [1, 20_000])
def test_a_common_word_and_a_rare_one_find_the_same_either_way(
    either: Workshop, maker: Maker, monkeypatch: pytest.MonkeyPatch, lately: int
) -> None:
    """Among the newest, or by the index; and for a donor among their own only."""
    monkeypatch.setattr(search, "LATELY", lately)
    number = next(COUNT)
    bench, lot = either.bench(f"banc {number}"), f"lot{number}"
    either.trust(maker)
    packages = [maker.package(serial=f"RARE{number}X{n}", lot=f"{lot}{n % 2}") for n in range(4)]
    for package in packages:
        assert bench.upload(package).status == 201
    reader = either.person(f"Lise {number}", Role.READER)
    donor = either.person(f"Mairie {number}", Role.DONOR, (f"{lot}0",))

    def found(client: Client, question: str) -> list[str]:
        page = client.get(f"/search/rows?q={question}").text
        return re.findall(r"certificate\.pdf\">([^<]+)<", page)

    ids = [package.record_id for package in packages][::-1]  # newest first
    assert found(reader, lot) == ids
    assert found(reader, f"disque+{lot}") == ids
    assert found(reader, f"disque+{lot}+RARE{number}X2") == [packages[2].record_id]
    assert found(donor, lot) == [ids[1], ids[3]]
    assert found(donor, f"disque+RARE{number}X1") == []
    first = found(reader, f"{lot}1")
    assert first == [ids[0], ids[2]]
    with either.opened.database.reading() as db:
        person = BoardPerson(0, "x", Role.READER, "")
        lines = reading.find(db, person, lot)
        rest = reading.find(db, person, lot, before=lines[1].id)
    assert [one.record_id for one in rest] == ids[2:]


def test_terms() -> None:
    assert terms_of("28/11/2026 2026-11 2026-11-28") == ("20261128", "202611")
    assert terms_of("Été  ÉTÉ") == ("ete",)
    assert terms_of("--- !!") == ()
