"""What does not go together in a lot is named, and settles nothing."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from recond.census import OperatorWord, Said
from recond.certify.sign.jws import sign_jws
from recond.certify.sign.keys import Revocation, fingerprint, make_bench_key
from recond.certify.statement import EVENT_TYPE
from recond.codec import canonical_bytes
from recond.custody import EVENT, EVENT_JWS, CustodyKind, ThingKind
from recond.flow.keys.keyring import Keyring
from recond.flow.likeness import models_differ, sizes_differ
from recond.flow.lot.lot import LotDatabase, add_to_lot, new_lot
from recond.flow.lot.rows import State
from recond.flow.lot.status import LotStatus
from tests.custody.shop import NOW, Shop, drive, laptop, workshop
from tests.lot.both import status_of

K = CustodyKind
DAYS_S = 2 * 86_400
LATER = "2026-11-25T09:00:00.000Z"


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    (one,) = workshop(tmp_path, "banc 1")
    return one


def lot(shop: Shop, listed: str = "N° de série disque;taille\nD1;\n") -> LotDatabase:
    file = shop.path / "liste.csv"
    file.write_text(listed)
    where = LotDatabase(shop.state)
    new_lot(where, "L7", shop.clock, manifest=file)
    return where


def added(shop: Shop, listed: str = "N° de série disque;taille\nD1;\n") -> LotStatus:
    where = lot(shop, listed)
    add_to_lot(where, "L7", (str(shop.out),))
    return status_of(where, "L7")


def state(status: LotStatus, serial: str = "D1") -> State:
    return next(line.state for line in status.lines if line.expected.serial == serial)


def codes(status: LotStatus) -> list[str]:
    return [one.why.code for one in status.conflicts]


def test_destroyed_then_erased(shop: Shop) -> None:
    shop.destroy("D1")
    shop.at(LATER)
    shop.erase("20261125-090000-00000001", drive("D1"), later_s=DAYS_S)
    status = added(shop)
    assert (state(status), codes(status)) == (State.CONTRADICTED, ["lot.custody.after"])
    assert not status.complete


def test_destroyed_on_a_day_before_the_erasure(shop: Shop) -> None:
    """Signed afterwards, about a day before: out of order, and false."""
    shop.erase("20261124-100000-00000001", drive("D1"))
    shop.at(LATER)
    shop.destroy("D1", happened_on="2026-11-20")
    assert state(added(shop)) is State.CONTRADICTED


def test_erased_then_destroyed_or_returned_stays_erased(shop: Shop) -> None:
    shop.erase("20261124-100000-00000001", drive("D1"))
    shop.erase("20261124-100000-00000002", drive("D2"))
    shop.at(LATER)
    shop.destroy("D1")
    shop.say(K.RETURNED, "D2", party="Mairie")
    status = added(shop, "N° de série disque\nD1\nD2\n")
    assert [line.state for line in status.lines] == [State.ERASED, State.ERASED]
    assert status.complete


def test_two_ends_contradict_each_other(shop: Shop) -> None:
    shop.destroy("D1")
    shop.at(LATER)
    shop.say(K.RETURNED, "D1", party="Mairie")
    status = added(shop)
    assert (state(status), codes(status)) == (State.CONTRADICTED, ["lot.custody.after"])


def test_what_came_back_may_go_again(shop: Shop) -> None:
    from recond.custody import DeliveryNote

    shop.say(K.RETURNED, "D1", party="Mairie")
    shop.at(LATER)
    note = DeliveryNote(None, None, None, None, None)
    shop.say(K.RECEIVED, "D1", party="Mairie", delivery=note)
    shop.destroy("D1")
    status = added(shop)
    assert (state(status), status.conflicts) == (State.DESTROYED, ())


def test_said_twice_is_named_and_counts_once(shop: Shop) -> None:
    shop.destroy("D1")
    shop.destroy("d1 ")
    status = added(shop)
    assert state(status) is State.DESTROYED
    assert [one.why.code for one in status.said_twice] == ["lot.custody.twice"]
    assert status.balance.destroyed == 1


@pytest.mark.parametrize(
    ("label", "code"),
    [
        ({"model": "WDC WD5000"}, "lot.custody.model"),
        ({"size_bytes": 500 * 10**9}, "lot.custody.size"),
        ({"of": ThingKind.COMPUTER}, "lot.custody.kind"),
    ],
)
def test_another_disk_of_the_same_number(shop: Shop, label: dict[str, Any], code: str) -> None:
    shop.erase("20261124-100000-00000001", drive("D1"), fails=frozenset({"D1"}))
    shop.destroy("D1", **label)
    status = added(shop)
    assert (state(status), codes(status)) == (State.REJECTED, [code])
    assert status.balance.destroyed == 0


@pytest.mark.parametrize("listed", ["taille;1 To", "modèle;WDC WD5000"])
def test_a_record_of_another_disk_than_the_list_names(shop: Shop, listed: str) -> None:
    """Its serial is the listed one; its size, or its model, is another's."""
    heading, _, value = listed.partition(";")
    shop.erase("20261124-100000-00000001", drive("D1"))
    status = added(shop, f"N° de série disque;{heading}\nD1;{value}\n")
    assert state(status) is State.CONTRADICTED
    assert status.balance.erased == 0


@pytest.mark.parametrize("kind", [K.HANDED_OVER, K.SCRAPPED])
def test_gone_unerased_is_open(shop: Shop, kind: CustodyKind) -> None:
    from recond.custody import Waste

    waste = Waste("16 02 14", "x", 1, 10, None) if kind is K.SCRAPPED else None
    shop.erase("20261124-100000-00000001", drive("D1"), fails=frozenset({"D1"}))
    shop.at(LATER)
    shop.say(kind, "D1", party="École", waste=waste)
    status = added(shop)
    assert (state(status), codes(status)) == (State.GONE, ["lot.custody.unerased"])
    assert not status.complete


def test_a_stranger_settles_nothing(shop: Shop) -> None:
    folder = shop.destroy("D1").folder
    stranger = make_bench_key("banc 1", NOW)
    (folder / EVENT_JWS).write_bytes(sign_jws((folder / EVENT).read_bytes(), stranger, EVENT_TYPE))
    (folder / "receipt.jws").unlink()
    status = added(shop)
    assert state(status) is State.MISSING
    assert len(status.statements_apart) == 1
    assert not status.complete


def test_a_key_revoked_today_counts_no_more(shop: Shop) -> None:
    shop.destroy("D1")
    where = lot(shop)
    add_to_lot(where, "L7", (str(shop.out),))
    assert state(status_of(where, "L7")) is State.DESTROYED
    key = Keyring(shop.state).own()[0]
    Keyring(shop.state).revoke((Revocation(fingerprint(key), "compromised", NOW),))
    status = status_of(where, "L7")
    assert (state(status), len(status.statements_apart)) == (State.MISSING, 1)


def test_an_altered_statement_is_named(shop: Shop) -> None:
    folder = shop.destroy("D2").folder
    (folder / EVENT).write_bytes((folder / EVENT).read_bytes().replace(b'"D2"', b'"D1"'))
    where = lot(shop)
    done = add_to_lot(where, "L7", (str(shop.out),))
    assert (done.new, [why.code for _, why in done.problems]) == (
        (),
        ["custody.verify.event.differs"],
    )
    status = status_of(where, "L7")
    assert (state(status), len(status.problems)) == (State.MISSING, 1)


def test_one_number_has_one_content(shop: Shop, tmp_path: Path) -> None:
    """The bench's own key over another disk, under the number, or the ledger's place, of one."""
    folder = shop.destroy("D2").folder
    key = Keyring(shop.state).signing_key("x", shop.clock)
    where = lot(shop)
    add_to_lot(where, "L7", (str(shop.out),))
    value = json.loads((folder / EVENT).read_bytes())
    value["things"][0]["serial"] = "D1"
    for name, code in (("same", "lot.record.two"), ("other", "lot.record.fork")):
        if name == "other":
            value["event_id"] = value["event_id"][:-1] + (
                "0" if value["event_id"][-1] != "0" else "1"
            )
        raw = canonical_bytes(value)
        place = tmp_path / name
        place.mkdir()
        (place / EVENT).write_bytes(raw)
        (place / EVENT_JWS).write_bytes(sign_jws(raw, key, EVENT_TYPE))
        done = add_to_lot(where, "L7", (str(place),))
        assert [why.code for _, why in done.problems] == [code]
    assert state(status_of(where, "L7")) is State.MISSING


def test_another_lots_statement_is_replayed_in_vain(shop: Shop) -> None:
    shop.lot = "L8"
    shop.destroy("D1")
    shop.lot = None
    shop.say(K.RETURNED, "D1", party="Mairie")
    where = lot(shop)
    done = add_to_lot(where, "L7", (str(shop.out),))
    assert (done.new, done.others) == ((), 2)
    assert state(status_of(where, "L7")) is State.MISSING


def test_a_copy_of_a_statement_is_one(shop: Shop) -> None:
    folder = shop.destroy("D1").folder
    shutil.copytree(folder, shop.out / "copy")
    status = added(shop)
    assert (len(status.statements), status.said_twice) == (1, ())


def test_a_disk_taken_out_keeps_its_computer_open(shop: Shop) -> None:
    """Until somebody knows what became of the disk; and a failed one in it is not « removed »."""
    dead, good = drive("D1"), drive("D2")
    machine = laptop("NB1", dead, good)
    shop.erase("20261124-100000-00000001", dead, good, machine=machine, fails=frozenset({"D1"}))
    shop.say(K.REMOVED, "D1", computer="NB1")
    listed = "N° de série ordinateur\nNB1\n"
    where = lot(shop, listed)
    add_to_lot(where, "L7", (str(shop.out),))
    assert state(status_of(where, "L7"), "NB1") is State.REJECTED
    shop.at(LATER)
    shop.destroy("D1")
    add_to_lot(where, "L7", (str(shop.out),))
    status = status_of(where, "L7")
    assert state(status, "NB1") is State.DESTROYED, "the weakest of its disks speaks for it"
    assert status.complete


@pytest.mark.parametrize("said", [Said.REMOVED, Said.DESTROYED])
def test_a_word_in_a_record_makes_no_computer_erased(shop: Shop, said: Said) -> None:
    """The record's own verdict is « erased », with a word about the other disk; a lot asks on."""
    good, other = drive("D1"), drive("D2")
    word = OperatorWord("D2", said, "Ana Diaz", NOW)
    shop.erase("20261124-100000-00000001", good, machine=laptop("NB1", good, other), words=(word,))
    where = lot(shop, "N° de série ordinateur\nNB1\n")
    add_to_lot(where, "L7", (str(shop.out),))
    status = status_of(where, "L7")
    wanted = State.DESTROYED if said is Said.DESTROYED else State.REJECTED
    assert (state(status, "NB1"), status.balance.erased) == (wanted, 0)
    assert status.complete is (said is Said.DESTROYED)
    if said is Said.REMOVED:
        shop.at(LATER)
        shop.erase("20261125-090000-00000001", other, later_s=DAYS_S)  # in the dock
        add_to_lot(where, "L7", (str(shop.out),))
        assert state(status_of(where, "L7"), "NB1") is State.ERASED


def test_an_image_settles_no_disk_that_was_taken_out(shop: Shop) -> None:
    from recond.erasure import TargetKind

    dead = drive("D1")
    machine = laptop("NB1", dead)
    shop.erase("20261124-100000-00000001", dead, machine=machine, fails=frozenset({"D1"}))
    shop.say(K.REMOVED, "D1", computer="NB1")
    shop.at(LATER)
    shop.erase("20261125-090000-00000001", drive("D1", kind=TargetKind.IMAGE))
    status = added(shop, "N° de série ordinateur\nNB1\n")
    assert state(status, "NB1") is State.REJECTED


@pytest.mark.parametrize(
    ("one", "other", "differ"),
    [
        ("Samsung 860 EVO", "SSD 860 EVO 500GB", False),
        ("ST500DM002", "ST500DM002-1BD142", False),
        ("WDC WD5000", "SSD 860 EVO", True),
        ("PC portable", "EliteBook 840", False),
        (None, "EliteBook 840", False),
        ("Latitude 5490", "EliteBook 840", True),
    ],
)
def test_models(one: str | None, other: str, differ: bool) -> None:
    assert models_differ(one, other) is differ


@pytest.mark.parametrize(
    ("one", "other", "differ"),
    [
        (500 * 10**9, 500_107_862_016, False),
        (240 * 10**9, 256 * 10**9, False),  # 240 GiB are 257.7 GB
        (480 * 10**9, 500_107_862_016, True),
        (10**12, 500_107_862_016, True),
        (None, 1, False),
    ],
)
def test_sizes(one: int | None, other: int, differ: bool) -> None:
    assert sizes_differ(one, other) is differ


def test_a_statement_row_is_what_was_signed(shop: Shop) -> None:
    stated = shop.destroy("D1")
    status = added(shop)
    assert status.statements[0].event == stated.event
    assert dataclasses.asdict(stated.event)["kind"] == "destroyed"


def test_names_are_forgotten_of_lots_closed_long_ago(shop: Shop) -> None:
    """Rows only: the signed files keep theirs, the balance stays, a replay brings none back."""
    from recond.flow.lot.closing import SignsFor, close_lot
    from recond.flow.lot.forgetting import forget_names

    shop.destroy("D1")
    shop.erase("20261124-100000-00000002", drive("D2"))
    where = lot(shop, "N° de série disque\nD1\nD2\n")
    add_to_lot(where, "L7", (str(shop.out),))
    assert forget_names(where, "1d", shop.clock).lots == (), "an open lot is not touched"
    close_lot(where, "L7", shop.out, SignsFor(), lang="fr", clock=shop.clock)
    before = status_of(where, "L7")
    assert forget_names(where, "5y", shop.clock).lots == ()
    shop.at("2032-01-01T00:00:00.000Z")
    done = forget_names(where, "5y", shop.clock)
    assert (done.lots, done.records, done.statements) == (("L7",), 1, 1)
    after = status_of(where, "L7")
    assert after.balance == before.balance
    kept = json.dumps([dataclasses.asdict(row) for row in after.statements], default=str)
    assert "Camille" not in kept
    assert "Ana" not in kept
    assert all(row.operator is None for row in after.machines)
    assert b"Camille" in next(shop.out.rglob(EVENT)).read_bytes()


@pytest.mark.parametrize("period", ["5", "0y", "y", "-1d", "5 years"])
def test_a_period_is_a_number_and_a_unit(shop: Shop, period: str) -> None:
    from recond.errors import UsageError
    from recond.flow.lot.forgetting import forget_names

    with pytest.raises(UsageError):
        forget_names(LotDatabase(shop.state), period, shop.clock)
