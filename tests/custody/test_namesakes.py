"""A history says where two things bear the number that it was asked for."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from recond.custody import CustodyKind, ThingKind
from recond.flow.custody.history import read_history
from recond.locale import say
from tests.custody.shop import Shop, capture, drive, laptop, workshop
from tests.readiness.machines import known

FIRST, SECOND = "20261124-100000-00000001", "20261125-100000-00000001"
WIDE = "0x5002538e40a1b2c3"


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    (one,) = workshop(tmp_path, "banc 1")
    return one


def warned(shop: Shop, asked: str) -> list[str]:
    found = read_history(asked, (shop.out,), state=shop.state, capture=capture)
    return [say("en", one) for one in found.warnings]


@pytest.mark.parametrize(
    ("first", "second", "two"),
    [
        ({}, {"model": "WDC WD5000"}, True),
        ({"wwn": WIDE}, {"wwn": "0x5002538e40a1b2c4"}, True),
        ({"wwn": WIDE}, {"wwn": WIDE.removeprefix("0x").upper()}, False),
        ({"wwn": WIDE, "namespace": 1}, {"wwn": "eui.0025385b", "namespace": 2}, False),
        ({}, {"model": "Samsung SSD 860 EVO 500GB"}, False),
    ],
)
def test_two_disks_of_one_number(
    shop: Shop, first: dict[str, Any], second: dict[str, Any], two: bool
) -> None:
    shop.erase(FIRST, drive("D1", **first))
    shop.erase(SECOND, drive("D1", **second))
    said = warned(shop, "d1")
    assert len(said) == two
    assert all("D1" in one and FIRST in one and SECOND in one for one in said)


def test_a_census_and_a_word_are_asked_too(shop: Shop) -> None:
    shop.erase(FIRST, drive("D2"), machine=laptop("NB1", drive("D1"), drive("D2")))
    assert warned(shop, "NB1") == []
    shop.say(CustodyKind.RETURNED, "D1", party="Mairie", model="WDC WD5000")
    assert len(warned(shop, "NB1")) == 1
    assert warned(shop, "D2") == []


def test_two_computers_of_one_number(shop: Shop) -> None:
    other = laptop("NB1", drive("D1"))
    system = dataclasses.replace(other.system, model=known("Latitude 7490"))
    shop.erase(FIRST, drive("D1"), machine=dataclasses.replace(other, system=system))
    shop.say(CustodyKind.RETURNED, "NB1", party="M", of=ThingKind.COMPUTER, model="EliteBook 840")
    assert len(warned(shop, "NB1")) == 1
