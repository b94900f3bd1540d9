"""The word that confirms a disk: typed or scanned, and never one that could mean another disk."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from recond.erasure import TargetKind, WipePlan
from recond.errors import SafetyRefusal
from recond.flow.config import Overrides
from recond.flow.run.run import Order, Prepared
from recond.flow.run.supervisor import confirm_by_flag, placed
from recond.flow.run.typed import confirms, split_end, typed_end
from recond.host.files import Files
from recond.model import Disk
from recond.show.ask import ask_each
from recond.show.screen import Screen
from recond.wipe.plan import Wish
from tests.certify.papers import context
from tests.cli.command import recond
from tests.readiness.machines import NOTHING, machine, stick
from tests.readiness.machines import disk as machine_disk
from tests.wipe.disks import HDD, plan_for

WWN = "0x5000c500a1b2c3d4"


def disk(serial: str | None, path: str = "/dev/sda", **more: object) -> WipePlan:
    return replace(plan_for(replace(HDD, serial=serial, **more)), path=path)  # type: ignore[arg-type] # a field


def image(name: str) -> WipePlan:
    return disk(name, f"/images/{name}", kind=TargetKind.IMAGE, wwn=None)


# --- One disk --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("token", "head", "end", "rest", "typed"),
    [
        ("WD-WCC4E1234567", "WD-WCC4E123", "4567", "", "4567"),
        ("S3Z1 NB0K 22 22", "S3Z1 NB0K ", "22 22", "", "2222"),
        ("A B C D", "", "A B C D", "", "ABCD"),
        ("X7", "", "X7", "", "X7"),
    ],
)
def test_the_end_is_typed_as_the_label_has_it_in_any_case(
    token: str, head: str, end: str, rest: str, typed: str
) -> None:
    plan = disk(token)
    assert typed_end(plan) == typed
    assert split_end(plan) == (head, end, rest)
    for answer in (typed, f" {end} ", typed.lower(), typed.upper()):
        assert confirms(plan, answer)


@pytest.mark.parametrize(
    "answer", ["", " ", "2223", "222", "22222", "B0K2222", "S3Z1", "\n", "/dev/sda"]
)
def test_nothing_else_confirms(answer: str) -> None:
    assert not confirms(disk("S3Z1 NB0K 22 22"), answer)


@pytest.mark.parametrize(
    "scanned",
    [
        *("WD-WCC4E1234567", "wd-wcc4e1234567", "WCC4E1234567", "SWD-WCC4E1234567"),
        *("5000C500A1B2C3D4", "0x5000c500a1b2c3d4", "WWN: 5000C500A1B2C3D4".replace(":", "")),
    ],
)
def test_what_a_scanner_reads_on_the_label_confirms(scanned: str) -> None:
    plan = disk("WD-WCC4E1234567", wwn=WWN)
    others = (plan, disk("WD-WCC4E7654321", "/dev/sdb", wwn="0x5000c500a1b2c3d5"))
    assert confirms(plan, scanned, others)
    assert not confirms(others[1], scanned, others)


def test_the_number_of_a_box_is_not_its_disks_serial() -> None:
    plan = disk("WD-WCC4E1234567", serial_of="box")
    assert confirms(plan, "WD-WCC4E1234567")  # what the disk is called by
    assert not confirms(plan, "WCC4E1234567")


def test_the_inventory_number_confirms_the_only_disk() -> None:
    plan = disk("WD-WCC4E1234567")
    assert confirms(plan, "inv-00421", (plan,), "INV-00421")
    assert not confirms(plan, "INV-00422", (plan,), "INV-00421")
    assert not confirms(plan, "INV-00421", (plan,))
    two = (plan, disk("S3Z1NB0K2222", "/dev/sdb"))
    assert not any(confirms(one, "INV-00421", two, "INV-00421") for one in two)


# --- Several ---------------------------------------------------------------------------------


def test_ends_that_are_alike_are_asked_for_longer() -> None:
    plans = (disk("AAAA1234"), disk("BBBB1234", "/dev/sdb"), disk("CCCC9999", "/dev/sdc"))
    assert [typed_end(one, plans) for one in plans] == ["A1234", "B1234", "9999"]
    assert split_end(plans[0], plans) == ("AAA", "A1234", "")
    assert not any(confirms(one, "1234", plans) for one in plans)


def test_a_number_that_is_the_end_of_another_confirms_its_own_disk_only() -> None:
    plans = (disk("1234"), disk("AB1234", "/dev/sdb"))
    assert [[confirms(one, word, plans) for one in plans] for word in ("1234", "b1234")] == [
        [True, False],
        [False, True],
    ]


def test_numbers_that_differ_in_capitals_only_are_told_apart_by_the_plug() -> None:
    plans = placed((disk("ABCD1234"), disk("abcd1234", "/dev/sdb")), Files())
    assert all(one.place for one in plans)
    assert not any(confirms(one, "ABCD1234", plans) for one in plans)


NUMBER = st.text(st.sampled_from("aAbB1 -."), min_size=1, max_size=8).filter(str.strip)


@given(
    numbers=st.lists(NUMBER, min_size=1, max_size=5),
    files=st.lists(st.booleans(), min_size=5, max_size=5),
    word=NUMBER,
)
@example(  # the end of one image's name is another's whole name
    numbers=["1", "1", "B", "1B", "1B"], files=[False, True, True, False, True], word="1"
)
def test_no_word_confirms_two_disks(numbers: list[str], files: list[bool], word: str) -> None:
    told = tuple(
        replace(image(f"{number}.img"), path=f"/images/{at}/x")
        if files[at]
        else disk(number, f"/dev/{at}")
        for at, number in enumerate(numbers)
    )
    plans = placed(told, Files())
    for asked in (word, *(typed_end(one, plans) for one in plans), *numbers):
        assert sum(confirms(one, asked, plans, "a") for one in plans) <= 1
    for one in plans:
        assert confirms(one, typed_end(one, plans), plans)


@pytest.mark.parametrize(
    ("disks", "erased", "counts"),
    [
        ((machine_disk(),), "/dev/sda", True),
        ((machine_disk(), stick()), "/dev/sda", True),
        ((machine_disk(), machine_disk(path="/dev/sdc")), "/dev/sda", False),
        ((machine_disk(), machine_disk(path="/dev/sdc", bus=NOTHING)), "/dev/sda", False),
        ((machine_disk(), stick()), "/dev/sdb", False),
        ((stick(),), "/dev/sdb", False),
        ((machine_disk(),), "/images/disque.img", False),
        ((), "/dev/sda", False),
    ],
)
def test_the_inventory_number_counts_for_the_one_disk_that_is_built_in(
    disks: tuple[Disk, ...], erased: str, *, counts: bool
) -> None:
    """One chosen of two is not "the computer's disk": the number on the lid tells neither apart."""
    plans = (disk("WD-WCC4E1234567", erased),)
    order = Order((), False, Wish(), False, (), Path(), Path(), "fr", Overrides())
    prepared = Prepared(order, context("erased"), machine(disks=disks), (), plans)
    assert prepared.confirming_number == ("INV-00421" if counts else None)


# --- Images ----------------------------------------------------------------------------------


def test_an_image_is_confirmed_by_its_name_never_by_its_ending() -> None:
    plans = (image("portable-dupont.img"), image("fixe-martin.img"))
    assert [typed_end(one, plans) for one in plans] == ["pont", "rtin"]
    assert split_end(plans[0], plans) == ("portable-du", "pont", ".img")
    assert not any(confirms(one, ".img", plans) for one in plans)
    assert not confirms(plans[0], ".img")
    assert confirms(plans[0], "Portable-Dupont", plans)
    assert confirms(plans[0], "portable-dupont.img", plans)
    assert not confirms(plans[1], "portable-dupont.img", plans)


def test_images_of_one_name_and_two_endings_are_told_apart() -> None:
    plans = (image("disque.img"), image("disque.raw"))
    assert not any(confirms(one, "disque", plans) for one in plans)
    assert [confirms(one, typed_end(one, plans), plans) for one in plans] == [True, True]


def test_a_name_that_is_all_ending() -> None:
    assert typed_end(image(".img")) == ".img"
    assert typed_end(image("d.img")) == "d"


# --- Asking ----------------------------------------------------------------------------------


def test_asking_takes_a_scan_for_each_disk_and_refuses_the_wrong_one(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    plans = (disk("WD-WCC4E1234567"), disk("S3Z1NB0K2222", "/dev/sdb"))
    scans = iter(["wcc4e1234567", "S3Z1NB0K2222"])
    monkeypatch.setattr("builtins.input", lambda _: next(scans))
    assert [one.plan for one in ask_each(Screen("fr"), plans)] == list(plans)
    scans = iter(["S3Z1NB0K2222"] * 3)  # the sticker of the other disk
    with pytest.raises(SafetyRefusal):
        ask_each(Screen("fr"), plans)


def test_unattended_words_stay_exact() -> None:
    plans = (disk("WD-WCC4E1234567"),)
    with pytest.raises(SafetyRefusal):
        confirm_by_flag(plans, ("4567",))
    with pytest.raises(SafetyRefusal):
        confirm_by_flag(plans, ("wd-wcc4e1234567",))
    assert len(confirm_by_flag(plans, ("WD-WCC4E1234567",))) == 1


def test_the_inventory_number_stands_in_the_record(tmp_path: Path) -> None:
    (tmp_path / "d.img").write_bytes(b"donor" * 200_000)
    done = recond(
        *("wipe", "d.img", "--image", "--confirm", "d.img", "--asset", "INV-00421"),
        folder=tmp_path,
    )
    assert done.code == 0, done.stderr
    (record,) = (tmp_path / "recond-out").glob("*/record.json")
    assert json.loads(record.read_bytes())["property_number"] == "INV-00421"
