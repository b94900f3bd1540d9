"""Canaries in a journal are asked of their form all at once: each fault of one is found."""

from __future__ import annotations

from typing import Any

import pytest

from recond.certify.judge.journal_schema import check_data

HASH, OTHER = "ab" * 32, "0123456789abcdef" * 4
PLACE: dict[str, Any] = {
    "offset": 0,
    "sha256": HASH,
    "uniform": False,
    "expected": None,
    "errno": None,
}


def fault(*places: Any) -> str | None:
    data: dict[str, Any] = {"phase": "after", "seed": "", "length": 1, "places": list(places)}
    return check_data("canary", data)


def test_the_places_of_a_journal_are_right() -> None:
    assert fault() is None
    assert (
        fault(PLACE, PLACE | {"sha256": None, "errno": 5, "expected": OTHER, "more": 1.5}) is None
    )


@pytest.mark.parametrize(
    "change",
    [
        {"offset": -1},
        {"offset": True},
        {"offset": None},
        {"offset": "0"},
        {"sha256": HASH.upper()},
        {"sha256": HASH[:-1]},
        {"sha256": HASH + "a"},
        {"sha256": HASH[:-1] + "g"},
        {"sha256": HASH[:-1] + "٣"},
        {"sha256": 7},
        {"sha256": [HASH] * 64},
        {"expected": ""},
        {"expected": False},
        {"uniform": 0},
        {"uniform": None},
        {"errno": False},
        {"errno": "5"},
    ],
)
def test_one_wrong_place_is_found_wherever_it_stands(change: dict[str, Any]) -> None:
    for places in ((PLACE | change, PLACE), (PLACE, PLACE, PLACE | change)):
        assert fault(*places) == "places"


def test_lengths_that_make_each_other_good_are_found() -> None:
    assert fault(PLACE | {"sha256": HASH[:-2]}, PLACE | {"sha256": HASH + "ab"}) == "places"


@pytest.mark.parametrize("name", PLACE)
def test_a_place_without_a_field_is_found(name: str) -> None:
    assert fault(PLACE, {n: v for n, v in PLACE.items() if n != name}) == "places"


@pytest.mark.parametrize("place", [None, [], "", 5, [0, HASH, False, None, None], list(PLACE)])
def test_what_is_no_object_is_no_place(place: Any) -> None:
    assert fault(PLACE, place) == "places"


@pytest.mark.parametrize("places", [None, {}, "", {"0": PLACE}])
def test_places_are_a_list(places: Any) -> None:
    data: dict[str, Any] = {"phase": "after", "seed": "", "length": 1, "places": places}
    assert check_data("canary", data) == "places"
