"""A lot balances only with everything accounted for: also what only people speak of, what came back
after its certificate, and two disks of one number.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from recond.custody import CustodyKind, DeliveryNote, ThingKind
from recond.flow.lot.lot import LotDatabase, add_to_lot, new_lot
from recond.flow.lot.rows import State
from recond.flow.lot.status import LotStatus
from tests.custody.shop import Shop, drive, laptop, workshop
from tests.lot.both import status_of

K, COMPUTER = CustodyKind, ThingKind.COMPUTER
DAY_S = 86_400
NOTE = DeliveryNote(None, None, None, None, None)
FIRST, SECOND = "20261124-100000-00000001", "20261125-100000-00000001"
D1_FAILS = frozenset({"D1"})
DISK, NB = "N° de série disque\nD1\n", "N° de série ordinateur\nNB1\n"


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    (one,) = workshop(tmp_path, "banc 1")
    return one


def on_day(shop: Shop, day: int) -> None:
    shop.at(f"2026-11-{day}T09:00:00.000Z")


def balance(shop: Shop, listed: str | None, **counts: int) -> LotStatus:
    file, where = shop.path / "liste.csv", LotDatabase(shop.state)
    file.write_text(listed or "")
    new_lot(where, "L7", shop.clock, manifest=file if listed else None, counts=counts)
    assert add_to_lot(where, "L7", (str(shop.out),)).problems == ()
    return status_of(where, "L7")


def told(status: LotStatus) -> tuple[list[tuple[str, State]], list[str]]:
    opened = [(one.serial, one.state) for one in status.open_items]
    return opened, [one.why.code for one in status.conflicts]


@pytest.mark.parametrize("of", ThingKind)
def test_a_list_of_counts_is_not_settled_by_an_arrival(shop: Shop, of: ThingKind) -> None:
    shop.say(K.RECEIVED, "X1", party="Mairie", delivery=NOTE, of=of)
    status = balance(shop, None, **{of.value: 1})
    assert told(status) == ([("X1", State.HELD)], [])
    assert not status.complete


def test_a_computer_of_which_one_disk_is_known_is_named(shop: Shop) -> None:
    shop.erase(FIRST, drive("D1"), machine=laptop("NB1"))
    status = balance(shop, None, computer=1)
    assert [one.serial for one in status.open_items] == ["NB1"]


@pytest.mark.parametrize("kind", [K.RECEIVED, K.REMOVED, K.HANDED_OVER])
def test_what_no_list_names_is_open_until_it_is_settled(shop: Shop, kind: CustodyKind) -> None:
    shop.erase(FIRST, drive("D1"))
    more: dict[CustodyKind, dict[str, Any]] = {
        K.RECEIVED: {"party": "Mairie", "delivery": NOTE},
        K.REMOVED: {"computer": "NB9"},
        K.HANDED_OVER: {"party": "École"},
    }
    shop.say(kind, "D9", **more[kind])
    state = State.GONE if kind is K.HANDED_OVER else State.HELD
    status = balance(shop, DISK)
    assert told(status)[0] == [("D9", state)]
    assert not status.complete
    if kind is not K.HANDED_OVER:
        on_day(shop, 25)
        shop.destroy("D9")
        add_to_lot(LotDatabase(shop.state), "L7", (str(shop.out),))
        assert status_of(LotDatabase(shop.state), "L7").complete


@pytest.mark.parametrize("kind", [K.RETURNED, K.DESTROYED])
def test_a_computer_goes_and_its_disk_stays(shop: Shop, kind: CustodyKind) -> None:
    """The list names computers only: nobody would ask for the disk."""
    shop.say(K.REMOVED, "D1", computer="NB1")
    on_day(shop, 25)
    if kind is K.DESTROYED:
        shop.destroy("NB1", of=COMPUTER)
    else:
        shop.say(kind, "NB1", party="Mairie", of=COMPUTER)
    status = balance(shop, NB)
    assert told(status) == (
        [("NB1", State.GONE), ("D1", State.HELD)],
        ["lot.custody.stayed"],
    )
    shop.destroy("D1")
    add_to_lot(LotDatabase(shop.state), "L7", (str(shop.out),))
    assert status_of(LotDatabase(shop.state), "L7").complete


@pytest.mark.parametrize("listed", [DISK, NB])
def test_what_came_back_is_erased_again(shop: Shop, listed: str) -> None:
    """Whoever had it wrote on it: the former certificate speaks of the former content."""
    d1 = drive("D1")
    shop.erase(FIRST, d1, machine=laptop("NB1", d1))
    on_day(shop, 26)
    shop.say(K.HANDED_OVER, "NB1", party="École", of=COMPUTER)
    on_day(shop, 27)
    shop.say(K.RECEIVED, "NB1", party="École", delivery=NOTE, of=COMPUTER)
    status = balance(shop, listed)
    assert [line.state for line in status.lines] == [State.HELD]
    assert (status.balance.erased, status.complete) == (0, False)
    assert "lot.custody.back" in told(status)[1]
    on_day(shop, 28)
    shop.erase("20261128-100000-00000001", d1, machine=laptop("NB1", d1), later_s=4 * DAY_S)
    add_to_lot(LotDatabase(shop.state), "L7", (str(shop.out),))
    again = status_of(LotDatabase(shop.state), "L7")
    assert ([line.state for line in again.lines], again.complete) == ([State.ERASED], True)


def test_a_disk_that_came_back_by_itself(shop: Shop) -> None:
    shop.erase(FIRST, drive("D1"))
    on_day(shop, 26)
    shop.say(K.RETURNED, "D1", party="Mairie")
    on_day(shop, 27)
    shop.say(K.RECEIVED, "D1", party="Mairie", delivery=NOTE)
    assert told(balance(shop, DISK)) == ([("D1", State.HELD)], ["lot.custody.back"])


@pytest.mark.parametrize("listed", [DISK, NB, None])
def test_another_disk_of_the_number_erases_none(shop: Shop, listed: str | None) -> None:
    """Adapters and counterfeits give one number to many: the first disk is still full."""
    first, second = drive("D1"), drive("D1", model="WDC WD5000")
    shop.erase(FIRST, first, machine=laptop("NB1", first), fails=D1_FAILS)
    on_day(shop, 25)
    shop.erase(SECOND, second, machine=laptop("NB2", second), later_s=DAY_S)
    status = balance(shop, listed)
    assert [line.state for line in status.lines] == [State.CONTRADICTED][: len(status.lines)]
    assert told(status)[1] == ["lot.custody.other-disk"]
    assert not status.complete


def test_the_same_disk_is_erased_at_the_second_try(shop: Shop) -> None:
    d1 = drive("D1")
    shop.erase(FIRST, d1, machine=laptop("NB1", d1), fails=D1_FAILS)
    on_day(shop, 25)
    shop.erase(SECOND, d1, machine=laptop("NB1", d1), later_s=DAY_S)
    assert balance(shop, NB).complete


def test_a_contradiction_without_a_list_is_named(shop: Shop) -> None:
    shop.destroy("D1")
    on_day(shop, 25)
    shop.erase(SECOND, drive("D1"), later_s=DAY_S)
    status = balance(shop, None)
    assert told(status) == ([("D1", State.CONTRADICTED)], ["lot.custody.after"])
    assert not status.complete


@pytest.mark.parametrize("how", ["erased", "destroyed"])
def test_a_disk_that_was_left_is_settled_by_no_other_of_its_number(shop: Shop, how: str) -> None:
    """The computer's census tells which disk is left: a model and a size, not a number alone."""
    good, left = drive("D1"), drive("D2")
    shop.erase(FIRST, good, machine=laptop("NB1", good, left))
    on_day(shop, 25)
    if how == "erased":
        shop.erase(SECOND, drive("D2", model="WDC WD5000"), later_s=DAY_S)
    else:
        shop.destroy("D2", model="WDC WD5000")
    status = balance(shop, NB)
    code, state = {
        "erased": ("lot.custody.other-disk", State.CONTRADICTED),
        "destroyed": ("lot.custody.model", State.REJECTED),
    }[how]
    assert [line.state for line in status.lines] == [state]
    assert (told(status)[1], status.complete) == ([code], False)


def test_a_destroyed_disk_that_was_seen_afterwards(shop: Shop) -> None:
    """A later look into its computer finds it there: the word is not true."""
    good, seen = drive("D1"), drive("D2")
    shop.destroy("D2")
    on_day(shop, 26)
    shop.erase("20261126-100000-00000001", good, machine=laptop("NB1", good, seen), later_s=DAY_S)
    status = balance(shop, NB)
    assert [line.state for line in status.lines] == [State.CONTRADICTED]
    assert (told(status)[1], status.complete) == (["lot.custody.after"], False)
