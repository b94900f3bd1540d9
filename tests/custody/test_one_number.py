"""What a lot called settled and was not, found by random histories (`tests.lot.histories`): disks
that vanish, two things of one number, certificates issued once more, a day without its hour.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from recond.census import OperatorWord, Said
from recond.computer import Overall
from recond.custody import CustodyKind, DeliveryNote, ThingKind
from recond.flow.lot.paper import verdict_of
from recond.flow.lot.rows import State
from recond.flow.lot.status import LotStatus
from recond.model import Machine
from tests.custody.shop import Shop, drive, laptop, workshop
from tests.custody.test_unaccounted import D1_FAILS, DAY_S, DISK, FIRST, NB, SECOND, balance, on_day
from tests.readiness.machines import known

K, COMPUTER = CustodyKind, ThingKind.COMPUTER
NOTE = DeliveryNote(None, None, None, None, None)
OTHER = "WDC WD5000"


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    (one,) = workshop(tmp_path, "banc 1")
    return one


def states(status: LotStatus) -> list[State]:
    return [line.state for line in status.lines]


def codes(status: LotStatus) -> set[str]:
    return {one.why.code.removeprefix("lot.custody.") for one in status.conflicts}


def vanished(shop: Shop) -> None:
    """A disk that the first record leaves in the computer, and the second does not show."""
    shop.erase(FIRST, drive("D1"), machine=laptop("NB1", drive("D1"), drive("D2")))
    on_day(shop, 25)
    shop.erase(SECOND, drive("D1"), machine=laptop("NB1", drive("D1")), later_s=DAY_S)


@pytest.mark.parametrize("listed", [NB, None])
def test_a_disk_that_nobody_speaks_of_any_more_is_missed(shop: Shop, listed: str | None) -> None:
    vanished(shop)
    status = balance(shop, listed)
    assert not status.complete
    assert [(one.serial, one.state) for one in status.open_items] == [("NB1", State.REJECTED)]


@pytest.mark.parametrize("said", [Said.REMOVED, Said.DESTROYED])
def test_what_an_operator_took_out_once_is_out_for_good(shop: Shop, said: Said) -> None:
    """A word in a record: the next record, without that disk, does not unsay it."""
    inside = laptop("NB1", drive("D1"), drive("D2"))
    word = OperatorWord("D2", said, "Ana Diaz", "2026-11-24T08:00:00.000Z")
    shop.erase(FIRST, drive("D1"), machine=inside, words=(word,))
    on_day(shop, 25)
    shop.erase(SECOND, drive("D1"), machine=laptop("NB1", drive("D1")), later_s=DAY_S)
    status = balance(shop, NB)
    destroyed = said is Said.DESTROYED
    assert states(status) == [State.DESTROYED if destroyed else State.REJECTED]
    assert status.complete is destroyed


@pytest.mark.parametrize(
    ("how", "state"), [("erased", State.ERASED), ("destroyed", State.DESTROYED)]
)
def test_what_became_of_it_settles_the_computer(shop: Shop, how: str, state: State) -> None:
    """The weakest of its disks speaks for the computer, also of one that it holds no more."""
    vanished(shop)
    on_day(shop, 26)
    if how == "erased":
        shop.erase("20261126-100000-00000001", drive("D2"), later_s=2 * DAY_S)
    else:
        shop.destroy("D2")
    status = balance(shop, NB)
    assert (states(status), status.complete) == ([state], True)


def test_a_computer_does_not_take_it_along(shop: Shop) -> None:
    vanished(shop)
    on_day(shop, 26)
    shop.say(K.RETURNED, "NB1", party="Mairie", of=COMPUTER)
    status = balance(shop, NB)
    assert (states(status), codes(status)) == ([State.GONE], {"stayed"})


def test_two_computers_of_one_number(shop: Shop) -> None:
    def other(machine: Machine) -> Machine:
        system = dataclasses.replace(machine.system, model=known("Latitude 7490"))
        return dataclasses.replace(machine, system=system)

    shop.erase(FIRST, drive("D1"), machine=other(laptop("NB1", drive("D1"), drive("D2"))))
    on_day(shop, 25)
    shop.erase(SECOND, drive("D3"), machine=laptop("NB1", drive("D3")), later_s=DAY_S)
    status = balance(shop, NB)
    assert (states(status), codes(status)) == ([State.CONTRADICTED], {"other-computer"})


def test_a_certificate_that_is_issued_once_more_is_no_later_erasure(shop: Shop) -> None:
    shop.erase(FIRST, drive("D1"))
    on_day(shop, 25)
    shop.erase(SECOND, drive("D1"), fails=D1_FAILS, later_s=DAY_S)
    on_day(shop, 26)
    shop.erase(FIRST, drive("D1"))
    status = balance(shop, DISK)
    assert (states(status), codes(status)) == ([State.CONTRADICTED], {"issued-again"})
    assert not status.complete


def test_nor_does_it_say_anything_of_what_came_back(shop: Shop) -> None:
    done = ((FIRST, drive("D1")), laptop("NB1", drive("D1")))
    shop.erase(*done[0], machine=done[1])
    for day, kind, more in (
        (25, K.HANDED_OVER, {}),
        (26, K.RECEIVED, {"delivery": NOTE}),
    ):
        on_day(shop, day)
        shop.say(kind, "NB1", party="École", of=COMPUTER, **more)
    on_day(shop, 27)
    shop.erase(*done[0], machine=done[1])
    status = balance(shop, NB)
    assert (states(status), codes(status)) == ([State.HELD], {"back"})


def test_a_clock_that_was_ahead_makes_no_later_erasure(shop: Shop) -> None:
    """The journal's times are of next week, until somebody set the clock and it was signed."""
    shop.erase(FIRST, drive("D1"), later_s=7 * DAY_S)
    on_day(shop, 25)
    shop.say(K.HANDED_OVER, "D1", party="École")
    on_day(shop, 26)
    shop.say(K.RECEIVED, "D1", party="École", delivery=NOTE)
    status = balance(shop, DISK)
    assert (states(status), codes(status)) == ([State.HELD], {"back"})


@pytest.mark.parametrize("listed", [DISK, "N° de série disque;modèle\nD1;SSD 860 EVO\n"])
def test_a_word_about_another_disk_of_the_number_leaves_a_doubt(shop: Shop, listed: str) -> None:
    """Which of the two the line is, nobody knows, unless the list says it."""
    shop.erase(FIRST, drive("D1"))
    on_day(shop, 25)
    shop.say(K.HANDED_OVER, "D1", party="École", model=OTHER)
    status = balance(shop, listed)
    state = State.CONTRADICTED if listed is DISK else State.ERASED
    assert (states(status), codes(status)) == ([state], {"model"})
    assert not status.complete


def test_two_words_about_two_disks_of_one_number(shop: Shop) -> None:
    shop.say(K.REMOVED, "D1", computer="NB1", model="SSD 860 EVO")
    on_day(shop, 25)
    shop.destroy("D1", model=OTHER)
    status = balance(shop, DISK)
    assert (states(status), codes(status)) == ([State.HELD], {"model"})
    assert not status.complete


def test_another_disk_of_the_number_that_was_left(shop: Shop) -> None:
    shop.erase(FIRST, drive("D2"), machine=laptop("NB1", drive("D1"), drive("D2")))
    on_day(shop, 25)
    shop.erase(SECOND, drive("D1", model=OTHER), later_s=DAY_S)
    status = balance(shop, DISK)
    assert (states(status), codes(status)) == ([State.CONTRADICTED], {"other-disk"})
    assert (status.erased, status.rejected) == (1, 1)  # D2 is


def test_a_disk_without_a_number_is_not_counted_twice(shop: Shop) -> None:
    """Two erasures, of one disk or of two: nobody knows."""
    for run in (FIRST, SECOND):
        shop.erase(run, drive(""))
    status = balance(shop, None)
    assert (status.erased, status.rejected, status.nameless) == (0, 0, 2)
    assert verdict_of(status, "fr")[0] is not Overall.ERASED


def test_one_word_settles_no_two_disks(shop: Shop) -> None:
    shop.erase(FIRST, drive("D1"), fails=D1_FAILS)
    on_day(shop, 25)
    shop.erase(SECOND, drive("D1", model=OTHER), fails=D1_FAILS, later_s=DAY_S)
    on_day(shop, 26)
    shop.destroy("D1")
    status = balance(shop, DISK)
    assert (states(status), codes(status)) == ([State.CONTRADICTED], {"which"})


@pytest.mark.parametrize("erased", [False, True])
def test_of_a_day_without_its_hour_the_order_is_not_known(shop: Shop, erased: bool) -> None:
    """It may have come back on the day that it was returned: what was erased after that counts."""
    shop.say(K.RECEIVED, "D1", party="Mairie", delivery=NOTE)
    if erased:
        shop.at("2026-11-24T23:00:00.000Z")
        shop.erase(FIRST, drive("D1"), later_s=DAY_S // 2)
    on_day(shop, 25)
    shop.say(K.RETURNED, "D1", party="Mairie", happened_on="2026-11-24")
    status = balance(shop, DISK)
    assert states(status) == [State.ERASED if erased else State.HELD]
