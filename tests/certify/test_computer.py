"""The one verdict of a computer: who tries to make it say more than was erased gets less.

Records come from journals of simulated disks, folded as in a run; the census stands in the machine.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from recond.census import (
    Census,
    Controller,
    Kind,
    Look,
    OperatorWord,
    Place,
    Reach,
    Said,
    StorageMedium,
    Suspicion,
    Unanswered,
)
from recond.certify.pages.front import headline
from recond.certify.pages.label import Label, LabelProof
from recond.certify.pages.label import headline as label_headline
from recond.certify.record import Issue, build_record
from recond.computer import (
    Fate,
    Overall,
    Scope,
    conclude,
    is_computer_erased,
    is_computer_settled,
)
from recond.drives import drives
from recond.erasure import Bench, Context, DiskIdentity, Person, TargetKind, WipeRecord
from recond.flow.lot.collect import machine_row
from recond.flow.lot.impact import is_reusable
from recond.flow.lot.remainder import remainder_of
from recond.flow.run.run import Finished
from recond.flow.runfolder import RunFolder
from recond.flow.software import versions
from recond.model import Device, Known, Medium, Message, Reading, Unknown, Why
from recond.show.result import show_finished
from recond.show.screen import Screen
from recond.upload.tectech_row import stock_line
from recond.workshop import Workshop
from tests.certify.papers import disk, issued
from tests.computers import medium_of
from tests.upload.erased import BLOCK, DISK_BYTES, PATH
from tests.upload.erased import journal as erased_journal
from tests.upload.records import notebook

RUN, NOW = "20261128-100000-0000abcd", "2026-11-28T10:00:00.000Z"
INNER, SECOND = (
    dataclasses.replace(
        disk(n), size_bytes=DISK_BYTES, logical_block_bytes=BLOCK, physical_block_bytes=BLOCK
    )
    for n in (1, 2)
)


def read(value: Any) -> Any:
    return Unknown(Why.ABSENT) if value is None else Known(value, "sysfs")


medium = medium_of

HIDDEN = medium(
    dataclasses.replace(SECOND, serial=None, wwn=None),
    kind=Kind.DRIVE,
    reach=Reach.HIDDEN,
    paths=(),
    key="nvme@0000:00:17.0",
    why=Message("certify.computer.ambiguous"),
)
SUSPICION = Suspicion(
    "vmd@0000:00:0e.0",
    "0000:00:0e.0",
    Message("certify.computer.no-census"),
    Message("certify.computer.ambiguous"),
)


def census(*media: StorageMedium, **changes: Any) -> Census:
    return dataclasses.replace(Census(NOW, media, (), (), tuple(Look), ()), **changes)


def journal(of: DiskIdentity, *, bad: bool = False) -> bytes:
    return erased_journal(RUN, of, fails=bad)


def record(
    taken: Census | None,
    journals: dict[str, bytes],
    *words: OperatorWord,
    devices: tuple[Device, ...] = (),
) -> WipeRecord:
    reading: Reading[Census] = Known(taken, "census") if taken else Unknown(Why.NOT_READ)
    computer = dataclasses.replace(notebook(), disks=(), devices=devices, census=reading)
    context = Context(
        Workshop("Atelier"), Person("Ada"), Person("Ada"), Bench("0" * 16, None, False, None)
    )
    context = dataclasses.replace(context, words=words)
    return build_record(context, computer, (), journals, Issue(RUN, NOW, versions(), None))


def ready(found: WipeRecord) -> bool:
    """What stock says; it and the lot never say more than the verdict."""
    state = stock_line(found, "0" * 64, "stock", "PRET_A_DISTRIBUER")["statut"]
    row = machine_row(found, "0" * 64, None, "here")
    passed = dataclasses.replace(row, readiness=f"windows-10=pass {row.readiness}")
    assert (state == "PRET_A_DISTRIBUER") is is_reusable(passed) is is_computer_erased(found)
    return state == "PRET_A_DISTRIBUER"


ONE = {"one": journal(INNER)}


def test_every_inner_medium_erased_is_a_computer_erased() -> None:
    usb = medium(SECOND, "/dev/sdb", place=Place.USB)
    found = record(census(medium(INNER), usb), ONE)
    assert conclude(found).outcome is Overall.ERASED
    assert dict(conclude(found).fates)[usb] is Fate.BESIDE
    assert ready(found)


@pytest.mark.parametrize(
    ("taken", "outcome"),
    [
        (None, Overall.UNKNOWN),
        (census(medium(INNER), looked=tuple(Look)[1:]), Overall.UNKNOWN),
        (
            census(medium(INNER), gaps=(Unanswered(Look.NVME, Message("cli.why.denied")),)),
            Overall.UNKNOWN,
        ),
        (census(), Overall.UNKNOWN),
        (census(medium(INNER), medium(INNER)), Overall.PARTIAL),
        (census(medium(INNER), medium(SECOND, "/dev/sdb")), Overall.PARTIAL),
        (
            census(medium(INNER), medium(SECOND, "/dev/sdb", place=Place.UNKNOWN)),
            Overall.PARTIAL,
        ),
        (
            census(medium(INNER), medium(SECOND, "/dev/sdb", place=Place.READER)),
            Overall.PARTIAL,
        ),
        (census(medium(INNER), HIDDEN), Overall.PARTIAL),
        (
            census(medium(INNER), medium(SECOND, "/dev/sdb", reach=Reach.UNREADABLE)),
            Overall.PARTIAL,
        ),
        (census(medium(INNER), suspicions=(SUSPICION,)), Overall.PARTIAL),
        (census(medium(INNER, reach=Reach.UNREADABLE)), Overall.PARTIAL),
        (
            census(
                medium(INNER),
                controllers=(
                    Controller("0000:00:17.0", "8086:a282", read("ahci"), read("ahci"), read(1)),
                ),
            ),
            Overall.UNKNOWN,
        ),
    ],
)
def test_what_is_left_or_not_known_is_never_a_computer_erased(
    taken: Census | None, outcome: Overall
) -> None:
    found = record(taken, ONE)
    assert conclude(found).outcome is outcome
    assert conclude(found).left or conclude(found).doubts
    assert not ready(found)


AREA = dataclasses.replace(INNER, serial=f"{INNER.serial}-boot0", wwn=None)
AREA_MEDIUM = medium(
    dataclasses.replace(AREA, serial=INNER.serial), kind=Kind.BOOT_AREA, paths=(), key=AREA.serial
)


@pytest.mark.parametrize(
    ("journals", "area", "fate", "outcome"),
    [
        (ONE, AREA_MEDIUM, Fate.UNREACHED, Overall.PARTIAL),
        ({**ONE, "two": journal(AREA)}, AREA_MEDIUM, Fate.ERASED, Overall.ERASED),
        ({**ONE, "two": journal(AREA, bad=True)}, AREA_MEDIUM, Fate.FAILED, Overall.PARTIAL),
        ({"two": journal(AREA)}, AREA_MEDIUM, Fate.ERASED, Overall.PARTIAL),
        (
            {**ONE, "two": journal(AREA)},
            dataclasses.replace(AREA_MEDIUM, size_bytes=read(DISK_BYTES * 2)),
            Fate.UNREACHED,
            Overall.PARTIAL,
        ),
        (
            {**ONE, "two": journal(AREA)},
            dataclasses.replace(AREA_MEDIUM, serial=read(None)),
            Fate.UNREACHED,
            Overall.PARTIAL,
        ),
    ],
    ids=["not-asked", "erased", "failed", "without-its-disk", "another-size", "nameless"],
)
def test_an_emmc_s_area_is_erased_by_its_own_journal_alone(
    journals: dict[str, bytes], area: StorageMedium, fate: Fate, outcome: Overall
) -> None:
    found = record(census(medium(INNER), area), journals)
    assert dict(conclude(found).fates)[area] is fate
    assert conclude(found).outcome is outcome
    assert ready(found) is (outcome is Overall.ERASED)


def test_a_controller_that_the_census_lost_is_a_doubt() -> None:
    lost = Device("storage", "pci", "0000:00:17.0", "8086:a282", read("RAID"), read(None))
    found = record(census(medium(INNER)), ONE, devices=(lost,))
    assert conclude(found).outcome is Overall.UNKNOWN
    assert not ready(found)


def test_two_media_with_one_token_are_not_both_erased_by_one_erasure() -> None:
    twin = dataclasses.replace(INNER, disk_seq=7)
    both = census(medium(twin), medium(twin, "/dev/sdb", key="second", disk_seq=read(8)))
    found = record(both, {"one": journal(twin)})
    assert [fate for _, fate in conclude(found).fates] == [Fate.ERASED, Fate.NOT_CHOSEN]
    unknown = census(medium(INNER), medium(INNER, "/dev/sdb", key="second"))
    assert Fate.ERASED not in dict(conclude(record(unknown, ONE)).fates).values()
    assert not ready(found)


def test_a_disk_erased_twice_of_which_one_failed_is_not_erased() -> None:
    found = record(census(medium(INNER)), {"one": journal(INNER), "two": journal(INNER, bad=True)})
    assert conclude(found).outcome is Overall.PARTIAL
    assert [one.fate for one in conclude(found).left] == [Fate.FAILED]
    assert not ready(found)


def test_an_image_stands_for_no_disk() -> None:
    image = dataclasses.replace(INNER, kind=TargetKind.IMAGE)
    found = record(census(medium(INNER)), {"one": journal(image)})
    assert conclude(found).scope is Scope.VIRTUAL
    assert conclude(found).headline == "certify.verdict.erased-virtual"
    assert not ready(found)
    mixed = record(
        census(medium(INNER), medium(SECOND, "/dev/sdb")),
        {"i": journal(image)} | {"s": journal(SECOND)},
    )
    assert [one.key for one in conclude(mixed).left] == [INNER.serial]
    assert not ready(mixed)


def test_a_disk_that_another_computer_makes_up_stands_for_none_of_this_one() -> None:
    """Somebody may give a disk of the network the number of one that is here."""
    made_up = dataclasses.replace(INNER, kind=TargetKind.VIRTUAL)
    alone = record(census(), {"one": journal(made_up)})
    assert conclude(alone).scope is Scope.VIRTUAL
    assert conclude(alone).headline == "certify.verdict.erased-virtual"
    found = record(census(medium(INNER)), {"one": journal(made_up)})
    assert Fate.ERASED not in dict(conclude(found).fates).values()
    assert not ready(found)
    beside = record(
        census(medium(INNER), medium(SECOND, "/dev/vda")),
        ONE | {"v": journal(dataclasses.replace(SECOND, kind=TargetKind.VIRTUAL))},
    )
    assert [one.key for one in conclude(beside).left] == [SECOND.serial]
    assert not ready(beside)


@pytest.mark.parametrize(
    ("path", "fates", "left"),
    [
        (PATH, [Fate.ERASED, Fate.FAILED], [SECOND.serial]),  # of a virtual machine: told once
        ("/dev/nbd0", [Fate.ERASED, Fate.NOT_CHOSEN], [SECOND.serial, SECOND.serial]),
    ],
)
def test_what_became_of_a_made_up_disk_is_told_of_the_medium_at_its_place(
    path: str, fates: list[Fate], left: list[str]
) -> None:
    made_up = journal(dataclasses.replace(SECOND, kind=TargetKind.VIRTUAL), bad=True)
    found = record(census(medium(INNER, "/dev/vda"), medium(SECOND, path)), ONE | {"v": made_up})
    assert [fate for _, fate in conclude(found).fates] == fates
    assert [one.key for one in conclude(found).left] == left
    assert not ready(found)


def test_a_disk_on_usb_or_in_a_dock_says_nothing_of_a_computer() -> None:
    for place in (Place.USB, Place.DOCK):
        found = record(census(medium(INNER, place=place), medium(SECOND, "/dev/sdb")), ONE)
        assert conclude(found).scope is Scope.DISKS
        assert not ready(found)


BOOTED = Message.of("wipe.refusal.medium", path="/dev/sdb", where="/run/live/medium")


@pytest.mark.parametrize(
    ("place", "outcome"),
    [
        (Place.USB, Overall.ERASED),
        (Place.DOCK, Overall.ERASED),
        (Place.READER, Overall.ERASED),
        (Place.INNER, Overall.PARTIAL),  # it stays in the computer, with whatever is on it
        (Place.UNKNOWN, Overall.PARTIAL),
    ],
)
@pytest.mark.parametrize("listed", [True, False])
def test_what_recond_was_started_from_is_the_bench_s_only_where_it_goes_with_it(
    place: Place, outcome: Overall, listed: bool
) -> None:
    booted = medium(SECOND, "/dev/sdb", place=place, of_bench=True)
    refused = {"two": erased_journal(RUN, SECOND, refusals=(BOOTED,))} if listed else {}
    found = record(census(medium(INNER), booted), ONE | refused)
    said = conclude(found)
    assert (said.scope, said.outcome) == (Scope.COMPUTER, outcome)
    assert [one.key for one in said.left] == ([SECOND.serial] if outcome is Overall.PARTIAL else [])
    assert [one.why for one in said.left if listed] == ([BOOTED] if said.left and listed else [])
    assert ready(found) is (outcome is Overall.ERASED)


def test_a_computer_with_nothing_but_what_recond_was_started_from_is_not_erased() -> None:
    booted = medium(SECOND, "/dev/sdb", of_bench=True)
    found = record(census(booted), {"two": erased_journal(RUN, SECOND, refusals=(BOOTED,))})
    assert conclude(found).outcome is Overall.NOT_ERASED
    no_census = record(None, ONE | {"two": erased_journal(RUN, SECOND, refusals=(BOOTED,))})
    assert [one.key for one in conclude(no_census).left] == [SECOND.serial]


@pytest.mark.parametrize(
    ("name", "about", "said", "whole"),
    [
        ("Marie", SUSPICION.key, Said.CHECKED, True),
        ("", SUSPICION.key, Said.CHECKED, False),
        (" \t", SUSPICION.key, Said.CHECKED, False),
        ("--", SUSPICION.key, Said.CHECKED, False),
        ("Marie", "another", Said.CHECKED, False),
        ("Marie", SUSPICION.key, Said.REMOVED, False),
    ],
)
def test_a_suspicion_is_closed_by_a_named_word_only(
    name: str, about: str, said: Said, whole: bool
) -> None:
    word = OperatorWord(about, said, name, NOW)
    found = record(census(medium(INNER), suspicions=(SUSPICION,)), ONE, word)
    assert ready(found) is whole
    assert bool(conclude(found).words) is whole


@pytest.mark.parametrize("said", [Said.REMOVED, Said.DESTROYED])
def test_a_failed_disk_is_accounted_for_by_a_word_on_it_alone(said: Said) -> None:
    second = medium(SECOND, "/dev/sdb")
    journals = ONE | {"two": journal(SECOND, bad=True)}
    taken = census(medium(INNER), second)
    assert not ready(record(taken, journals))
    word = OperatorWord(second.key, said, "Marie", NOW)
    found = record(taken, journals, word)
    assert dict(conclude(found).fates)[second].value == said.value
    said_of_it = conclude(found)
    assert (said_of_it.outcome, said_of_it.left) == (Overall.ACCOUNTED, ())
    assert not ready(found), "nothing that is read shows it: a stock hears nothing of an erasure"
    assert is_computer_settled(found), "and nothing is left to be done"
    front = headline(found, "fr", signed=True)
    assert front == "DISQUES EFFACÉS, LE RESTE SUR PAROLE"
    line, detail, plain = label_headline(Label(found, LabelProof.PROVEN, None), "fr")
    assert (line, plain) == (front, False)
    assert SECOND.serial is not None
    assert SECOND.serial in detail
    checked = OperatorWord(second.key, Said.CHECKED, "Marie", NOW)
    assert not ready(record(taken, journals, checked))


# --- Single drives ---------------------------------------------------------------------------

SPACES = tuple(dataclasses.replace(INNER, wwn=None, namespace=number) for number in (1, 2))
ELSEWHERE = medium(SPACES[1], kind=Kind.NAMESPACE, reach=Reach.HIDDEN, paths=(), key="space-2")
TWIN = medium(INNER, "/dev/sdb", key="second")
BLANK_AREA = dataclasses.replace(AREA_MEDIUM, reach=Reach.EMPTY)


@pytest.mark.parametrize(
    ("media", "journals", "told"),
    [
        ((medium(INNER),), ONE, {INNER.serial: Overall.ERASED}),
        ((medium(INNER), medium(SECOND)), ONE, {INNER.serial: Overall.ERASED}),
        (
            (medium(INNER), medium(SECOND)),
            {**ONE, "two": journal(SECOND, bad=True)},
            {INNER.serial: Overall.ERASED, SECOND.serial: Overall.NOT_ERASED},
        ),
        ((), ONE, {INNER.serial: Overall.ERASED}),
        ((medium(INNER), AREA_MEDIUM), ONE, {INNER.serial: Overall.PARTIAL}),
        ((medium(INNER), BLANK_AREA), ONE, {INNER.serial: Overall.ERASED}),
        (
            (medium(INNER), dataclasses.replace(AREA_MEDIUM, serial=read(None))),
            ONE,
            {INNER.serial: Overall.PARTIAL},
        ),
        (
            (medium(INNER), AREA_MEDIUM),
            {**ONE, "two": journal(AREA)},
            {INNER.serial: Overall.ERASED},
        ),
        (
            (medium(INNER), AREA_MEDIUM),
            {**ONE, "two": journal(AREA, bad=True)},
            {INNER.serial: Overall.NOT_ERASED},
        ),
        ((medium(INNER), AREA_MEDIUM), {"two": journal(AREA)}, {INNER.serial: Overall.PARTIAL}),
        (
            tuple(map(medium, SPACES)),
            {"one": journal(SPACES[0]), "two": journal(SPACES[1])},
            {INNER.serial: Overall.ERASED},
        ),
        (
            tuple(map(medium, SPACES)),
            {"one": journal(SPACES[0]), "two": journal(SPACES[1], bad=True)},
            {INNER.serial: Overall.NOT_ERASED},
        ),
        (
            (medium(SPACES[0]), ELSEWHERE),
            {"one": journal(SPACES[0])},
            {INNER.serial: Overall.PARTIAL},
        ),
        ((medium(INNER), TWIN), ONE, {INNER.serial: Overall.PARTIAL}),
    ],
    ids=[
        "alone",
        "beside-one-that-is-left",
        "beside-one-that-failed",
        "in-no-census",
        "area-left",
        "area-blank",
        "area-of-nobody",
        "area-erased",
        "area-failed",
        "area-without-its-disk",
        "spaces-erased",
        "space-failed",
        "space-not-attached",
        "two-of-one-number",
    ],
)
def test_a_drive_is_erased_where_every_part_of_it_is(
    media: tuple[StorageMedium, ...], journals: dict[str, bytes], told: dict[str, Overall]
) -> None:
    found = record(census(*media), journals)
    assert {one.token: one.outcome for one in drives(found)} == told
    for drive in drives(found):
        line, _, plain = label_headline(Label(found, LabelProof.PROVEN, "seal", drive), "fr")
        assert (line == "DISQUE EFFACÉ") is plain is (drive.outcome is Overall.ERASED)
        unproven = label_headline(Label(found, LabelProof.UNSIGNED, None, drive), "fr")
        assert not unproven[2]
        assert "DISQUE EFFACÉ" not in unproven[0]


EMMC = dataclasses.replace(INNER, medium=Medium.EMMC, bus="mmc")


@pytest.mark.parametrize(
    ("of", "missed", "shown", "outcome"),
    [
        (SPACES[0], None, True, Overall.ERASED),
        (SPACES[0], Look.NVME, True, Overall.UNKNOWN),
        (SPACES[0], Look.CARDS, True, Overall.ERASED),
        (SPACES[0], None, False, Overall.UNKNOWN),
        (EMMC, None, True, Overall.ERASED),
        (EMMC, Look.CARDS, True, Overall.UNKNOWN),
        (EMMC, None, False, Overall.UNKNOWN),
        (INNER, Look.NVME, True, Overall.ERASED),
        (INNER, None, False, Overall.ERASED),
    ],
)
def test_of_a_drive_whose_parts_nobody_looked_for_nobody_knows(
    of: DiskIdentity, missed: Look | None, shown: bool, outcome: Overall
) -> None:
    looked = tuple(look for look in Look if look is not missed)
    taken = census(*((medium(of),) if shown else ()), looked=looked)
    for found in (record(taken, {"one": journal(of)}),):
        (drive,) = drives(found)
        assert drive.outcome is outcome
        plain = label_headline(Label(found, LabelProof.PROVEN, "seal", drive), "en")[2]
        assert plain is (outcome is Overall.ERASED)
    unseen = dataclasses.replace(record(taken, {"one": journal(of)}), machine=None)
    told = {one.outcome for one in drives(unseen)}
    assert told == {Overall.ERASED if of is INNER else Overall.UNKNOWN}


def test_a_failed_area_of_a_disk_in_no_census_is_that_disk_s() -> None:
    found = record(census(), {"one": journal(INNER), "two": journal(AREA, bad=True)})
    assert [(one.token, one.outcome) for one in drives(found)] == [
        (INNER.serial, Overall.NOT_ERASED)
    ]


@pytest.mark.parametrize("part", [AREA_MEDIUM, ELSEWHERE], ids=["area", "name-space"])
def test_a_word_on_a_part_of_a_disk_settles_no_computer_of_a_lot(part: StorageMedium) -> None:
    """The part has its drive's number, and that drive is erased by the same record."""
    of = INNER if part is AREA_MEDIUM else SPACES[0]
    word = OperatorWord(part.key, Said.REMOVED, "Ada", NOW)
    found = record(census(medium(of), part), {"one": journal(of)}, word)
    assert conclude(found).outcome is Overall.ACCOUNTED
    left = remainder_of(found)
    assert left.removed == ()
    assert left.nameless == 1


@pytest.mark.parametrize(("kind", "said"), [("interrupted", True), ("erased", False)])
def test_what_was_interrupted_says_how_it_is_finished(
    kind: str, said: bool, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = RunFolder(tmp_path / "20261124-041130-1f2e3d4c")
    show_finished(Screen("fr"), Finished(folder, issued(kind), 0))
    assert (f"recond resume {folder.run_id}" in capsys.readouterr().out) is said
