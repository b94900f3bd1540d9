"""Grades A, B and C: the best that no criterion forbids; machine's facts and operator's words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from recond.errors import UsageError
from recond.flow.answers import parse_answers, said_of
from recond.flow.profiles import load_profile, read_profile
from recond.locale import say
from recond.model import Assessment, Battery, HealthVerdict, Machine, Outcome
from recond.readiness import (
    assess_machine,
    check_profile,
    describe,
    new_profile_toml,
    parse_profile,
)
from tests.readiness.machines import NOTHING, disk, known, machine

DAY = "2026-11-29"
GOOD = ("looks=good", "screen=works", "keyboard=works", "sound=works", "camera=works")


def worn(wear: int, health: str = "ok") -> Machine:
    """A notebook whose battery lost so many percent."""
    battery = replace(Battery("BAT0", *([NOTHING] * 10)), wear_percent=known(wear))
    drive = disk()
    told = replace(drive.health, verdict=known(HealthVerdict(health)))
    return machine(batteries=(battery,), disks=(replace(drive, health=told),))


def judged(*answers: str, wear: int = 10, health: str = "ok") -> Assessment:
    told = parse_answers(answers)
    return assess_machine(worn(wear, health), load_profile("grade"), DAY, None, told)


@pytest.mark.parametrize(
    ("changed", "wear", "grade"),
    [
        ((), 10, "A"),
        ((), 29, "A"),
        ((), 30, "B"),
        ((), 59, "B"),
        ((), 60, "C"),
        (("looks=used",), 10, "B"),
        (("looks=damaged",), 10, "C"),
        (("screen=broken",), 10, "C"),
        (("keyboard=broken",), 10, "C"),
        (("sound=broken",), 10, "B"),
        (("camera=broken",), 10, "B"),
        (("battery=broken",), 10, "C"),
        (("camera=absent",), 10, "A"),
        (("looks=used", "screen=broken"), 30, "C"),
    ],
)
def test_the_best_grade_that_nothing_forbids(
    changed: tuple[str, ...], wear: int, grade: str
) -> None:
    found = judged(*GOOD, *changed, wear=wear)
    assert (found.category, found.points) == (grade, None)
    assert found.verdict is Outcome.PASS
    assert f" grade {grade} (" in describe(found, "fr")[0]


def test_what_nobody_answered_leaves_a_range() -> None:
    found = judged()
    assert found.category == "C-A"
    assert found.verdict is Outcome.UNKNOWN
    assert "grade entre C et A" in describe(found, "fr")[0]
    assert judged("looks=damaged").category == "C"


@pytest.mark.parametrize(("health", "grade"), [("ok", "A"), ("worn", "B"), ("failing", "C")])
def test_the_disks_health_is_the_machines_word(health: str, grade: str) -> None:
    assert judged(*GOOD, health=health).category == grade


def test_a_computer_without_a_battery_is_not_judged_by_it() -> None:
    told = parse_answers(GOOD)
    assert assess_machine(machine(), load_profile("grade"), DAY, None, told).category == "A"


def test_why_it_is_no_a_is_said() -> None:
    said = [say("en", one) for one in judged(*GOOD, wear=70).notices]
    assert any("battery worn by 60% or more" in one for one in said), said


def priced(prices: str, currency: str = 'currency = "EUR"') -> bytes:
    raw, _ = read_profile("grade")
    text = raw.decode().replace("[[source]]", f"{currency}\n\n[[source]]", 1)
    for name, price in zip("CBA", prices.split("|"), strict=True):
        text = text.replace(f'name = "{name}"\n', f'name = "{name}"\n{price}\n')
    return text.encode()


PRICES = "price = [40, 60]|price = [80, 120]|price = [150, 200]"


@pytest.mark.parametrize(
    ("answers", "price"),
    [(GOOD, (150, 200)), ((*GOOD, "looks=used"), (80, 120)), ((), (40, 200))],
)
def test_a_grade_has_the_workshops_price(answers: tuple[str, ...], price: tuple[int, int]) -> None:
    profile = parse_profile(priced(PRICES), "x.toml")
    found = assess_machine(worn(10), profile, DAY, None, parse_answers(answers))
    assert (found.price, found.currency) == (price, "EUR")
    again = parse_profile(new_profile_toml("again", profile, DAY), "again.toml")
    assert again.categories == profile.categories
    assert again.currency == "EUR"


def test_without_a_price_for_each_there_is_none() -> None:
    profile = parse_profile(priced("|price = [80, 120]|"), "x.toml")
    found = assess_machine(machine(), profile, DAY, None, {})
    assert found.price is None
    assert found.currency == ""


@pytest.mark.parametrize(
    ("prices", "currency", "code"),
    [
        (PRICES, "", "missing"),
        (PRICES, 'currency = "euros"', "currency"),
        ("price = [60, 40]||", 'currency = "EUR"', "range"),
        ("price = [60]||", 'currency = "EUR"', "type"),
        ("price = 60||", 'currency = "EUR"', "type"),
        ("price = [60, 1000000]||", 'currency = "EUR"', "range"),
        ("points = 3||", 'currency = "EUR"', "missing"),
        ("points = 3|points = 4|points = 5", 'currency = "EUR"', "half_scored"),
    ],
)
def test_a_wrong_price_is_named(prices: str, currency: str, code: str) -> None:
    found = check_profile(priced(prices, currency), "x.toml")
    assert code in {one.message.code.rpartition(".")[2] for one in found}


@pytest.mark.parametrize("word", ["screen=bad", "looks=fine", "looks=", "colour=red", "looks=1.5"])
def test_an_answer_that_is_none_is_refused(word: str) -> None:
    with pytest.raises(UsageError):
        said_of((word,), None)


@pytest.mark.parametrize("note", ["x" * 301, "a\nb", "a\x1b[2J", "a\u202eb"])
def test_a_note_is_one_visible_line(note: str) -> None:
    with pytest.raises(UsageError):
        said_of((), note)


def test_what_is_said_stands_in_the_records_order() -> None:
    assert said_of(("screen=works", "looks=1"), " Chargeur absent ") == (
        ("looks", "1"),
        ("note", "Chargeur absent"),
        ("screen", "works"),
    )
    assert said_of((), "  ") == ()
