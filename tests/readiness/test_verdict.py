"""How lines make a verdict, and what is said beside it.

- unknown outweighs fixable: "ready once mended" is never said over an unknown line
- one purchase of a kind: the largest does for all
- a failing disk is named where there are several
- a profile past its review warns, one soon to be reviewed says so
- a clock set back (an empty CMOS battery) is not believed
- a 64-bit processor behind a 32-bit UEFI starts 32-bit systems only
- firmware whose tables deny UEFI is not "set it to UEFI"
- Linux: 64-bit only; the recommended tier does not decide
"""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recond.codec import from_json, to_json
from recond.flow.profiles import list_profiles, load_profile
from recond.locale import say
from recond.model import (
    Assessment,
    Battery,
    HealthVerdict,
    Known,
    Machine,
    Medium,
    Message,
    Outcome,
    Tpm,
    Unknown,
    Why,
)
from recond.readiness import Profile, assess_machine, describe, parse_profile
from recond.readiness.assess import worst
from tests.readiness.machines import (
    GB,
    NOTHING,
    cpu,
    disk,
    graphics,
    known,
    machine,
    memory,
)

DAY = "2026-11-24"
P, F, U, X = Outcome.PASS, Outcome.FAIL, Outcome.UNKNOWN, Outcome.FIXABLE


def judged(subject: Machine, profile: str | Profile, day: str = DAY) -> Assessment:
    loaded = load_profile(profile) if isinstance(profile, str) else profile
    return assess_machine(subject, loaded, day)


def line(result: Assessment, key: str, tier: str = "minimum") -> Outcome | None:
    found = [r.outcome for r in result.requirements if r.key == key and r.tier == tier]
    return found[0] if found else None


def with_firmware(**changes: Any) -> Machine:
    subject = machine()
    return dataclasses.replace(subject, firmware=dataclasses.replace(subject.firmware, **changes))


# --- the verdict -----------------------------------------------------------------------------


@given(st.lists(st.sampled_from(list(Outcome))))
def test_the_worst_outcome_wins(outcomes: list[Outcome]) -> None:
    order = [P, X, U, F]
    assert worst(outcomes) is max(outcomes, key=order.index, default=P)


def test_ready_once_mended_is_never_said_over_an_unknown() -> None:
    subject = machine(memory=memory(1, free=1, kind="DDR3"), devices=(graphics("1234:1111"),))
    result = judged(subject, "windows-10")
    assert line(result, "ram") is X
    assert line(result, "graphics") is U
    assert result.verdict is U
    assert [r.code for r in result.remedies] == ["readiness.remedy.ram_add"]


def test_a_machine_of_which_nothing_is_known_neither_passes_nor_fails() -> None:
    bare = machine(origin="capture", disks=(), displays=(), devices=())
    for part in ("system", "cpu", "memory", "firmware", "tpm"):
        value = getattr(bare, part)
        unread = {field.name: NOTHING for field in dataclasses.fields(value)}
        bare = dataclasses.replace(bare, **{part: dataclasses.replace(value, **unread)})
    for profile in ("windows-10", "windows-11", "debian-13", "linux-mint-22"):
        result = judged(bare, profile)
        assert result.verdict is U
        assert {r.outcome for r in result.requirements} == {U}
    scored = judged(bare, "emmaus-connect")
    assert (scored.verdict, scored.category, scored.points) == (U, "D-Premium", (0, 13))


def test_the_tiers_that_decide_are_told() -> None:
    result = judged(machine(), "windows-11")
    assert result.deciding == ("minimum",)
    assert {key for key, _ in result.tier_titles} == {"minimum", "listed", "recommended"}


@pytest.mark.parametrize("profile", list_profiles())
def test_an_assessment_comes_back_from_a_record_as_it_was(profile: str) -> None:
    poor = machine(memory=memory(1, free=1), disks=(), devices=(graphics("1234:1111"),))
    for subject in (machine(), poor):
        result = judged(subject, profile)
        again = from_json(Assessment, to_json(result))
        assert again == result
        assert describe(again, "fr") == describe(result, "fr")


def profile_of(*requirements: str) -> Profile:
    head = """
        profile = { format = 1, name = "x", version = 2026-11-24, review_after = 2027-11-24, \
title = { fr = "X", en = "X" } }
        tier = [{ key = "minimum", decides = true, title = { fr = "M", en = "M" } }]
    """.replace("        ", "")
    body = "".join(
        f'[[requirement]]\nkey = "r{n}"\ntier = "minimum"\n'
        f'title = {{ fr = "r", en = "r" }}\n{text}\n'
        for n, text in enumerate(requirements)
    )
    return parse_profile((head + body).encode(), "x.toml")


def test_of_two_purchases_of_one_part_the_larger_does_for_both() -> None:
    ram = 'reading = "memory.ram_bytes"\nremedy = "ram"\nat_least = "{} GiB"'
    profile = profile_of(
        ram.format(4),
        ram.format(8),
        'reading = "disk.flash"\nis = true\nremedy = "ssd"',
        'reading = "disk.size_bytes"\nat_least = "200 GB"\nremedy = "disk"',
    )
    subject = machine(
        memory=memory(2, free=1), disks=(disk(medium=Medium.HDD, size_bytes=known(80 * GB)),)
    )
    said = [say("fr", one).replace("\u00a0", " ") for one in judged(subject, profile).remedies]
    assert said == [
        "ajouter 8 Go DDR4 SODIMM, 1 emplacement libre",
        "remplacer le disque par un SSD SATA de 240 Go ou plus",
    ]


def test_an_authors_own_advice_and_cost_are_kept() -> None:
    profile = profile_of(
        'reading = "memory.ram_bytes"\nat_least = "8 GiB"\nremedy = "ram"',
        'reading = "battery.wear_percent"\nat_most = 30\nremedy = "battery"\ncost = 1\n'
        'advice = { fr = "demander une batterie à Paul", en = "ask Paul for a battery" }',
    )
    worn = Battery(
        "BAT0",
        NOTHING,
        NOTHING,
        NOTHING,
        NOTHING,
        NOTHING,
        NOTHING,
        NOTHING,
        known(60),
        NOTHING,
        NOTHING,
    )
    result = judged(machine(memory=memory(4, free=1), batteries=(worn,)), profile)
    assert say("fr", result.remedies[0]) == "demander une batterie à Paul"
    assert len(result.remedies) == 2


def test_the_failing_disk_of_several_is_named() -> None:
    health = dataclasses.replace(disk().health, verdict=known(HealthVerdict.FAILING))
    bad = disk(path="/dev/sdb", model=known("ST500LM012"), medium=Medium.HDD, health=health)
    result = judged(machine(disks=(disk(), bad)), "windows-10")
    found = next(r for r in result.requirements if r.key == "disk-health")
    assert found.outcome is X
    assert found.remedy is not None
    assert "ST500LM012" in say("fr", found.remedy)


def test_a_disk_whose_size_is_not_told_leaves_the_size_unknown() -> None:
    silent = disk(path="/dev/sdb", size_bytes=Unknown(Why.UNREADABLE, "/dev/sdb"))
    assert line(judged(machine(disks=(disk(), silent)), "windows-10"), "disk") is U


# --- days ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "code"),
    [
        ("2027-05-24", "review_soon"),
        ("2027-04-01", "review_soon"),
        ("2027-05-25", "review_past"),
        ("2030-01-01", "review_past"),
        ("2027-01-01", None),
    ],
)
def test_a_profile_to_be_reviewed_warns(day: str, code: str | None) -> None:
    codes = {n.code for n in judged(machine(), "windows-11", day).notices}
    reviews = {found for found in codes if "review" in found}
    assert reviews == ({f"readiness.notice.{code}"} if code else set())


def test_a_scored_profile_warns_too() -> None:
    codes = {n.code for n in judged(machine(), "emmaus-connect", "2029-01-01").notices}
    assert "readiness.notice.review_past" in codes


def test_a_clock_set_back_by_an_empty_battery_is_not_believed() -> None:
    result = judged(machine(), "windows-10", "2009-01-01")
    said = [say("fr", notice) for notice in result.notices]
    assert any("01/01/2009" in text and "pile" in text for text in said)
    assert any("14/10/2025" in text and "fini" in text for text in said)
    right = {n.code for n in judged(machine(), "windows-10").notices}
    assert "readiness.notice.clock" not in right


def test_support_dates_pass_from_ahead_to_soon_to_past() -> None:
    def state(day: str) -> str:
        notices = judged(machine(), "linux-mint-22", day).notices
        return next(n.code for n in notices if "unsure" in n.code)

    assert state("2026-11-24") == "readiness.notice.ahead_unsure"
    assert state("2029-04-30") == "readiness.notice.soon_unsure"
    assert state("2029-05-01") == "readiness.notice.past_unsure"


# --- firmware --------------------------------------------------------------------------------


def test_a_32_bit_uefi_starts_the_32_bit_edition_only() -> None:
    tablet = with_firmware(bits=known(32))
    ten = judged(tablet, "windows-10")
    assert ten.verdict is F
    assert line(ten, "firmware-bits") is F
    assert dict(ten.tiers)["minimum-32"] is P
    assert judged(tablet, "windows-11").verdict is F
    assert line(judged(machine(), "windows-10"), "ram-32", "minimum-32") is None


def test_firmware_whose_tables_deny_uefi_is_left_open() -> None:
    subject = with_firmware(
        mode=known("bios"),
        secure_boot=NOTHING,
        bits=NOTHING,
        secure_boot_capable=Known(False, "dmidecode:0"),
    )
    result = judged(subject, "windows-11")
    new = dataclasses.replace(
        subject, system=dataclasses.replace(subject.system, bios_date=known("2015-01-01"))
    )
    assert line(result, "uefi") is U
    assert line(judged(new, "windows-11"), "uefi") is U


def test_uefi_without_the_secure_boot_variable_is_open_where_an_update_may_bring_it() -> None:
    absent = {"secure_boot": Unknown(Why.ABSENT), "secure_boot_capable": known(False)}
    assert line(judged(with_firmware(**absent), "windows-11"), "secure-boot") is U


@pytest.mark.parametrize(
    ("tpm", "words"),
    [
        (Tpm(known(True), known("2.0"), known(True)), "2.0"),
        (Tpm(known(True), NOTHING, known(False)), "désactivé"),
        (Tpm(known(False), NOTHING, NOTHING), "aucun TPM"),
        (Tpm(NOTHING, NOTHING, NOTHING), "inconnu"),
        (Tpm(NOTHING, known("1.2"), known(True)), "1.2"),
    ],
)
def test_the_state_of_the_tpm_is_said_in_words(tpm: Tpm, words: str) -> None:
    result = judged(dataclasses.replace(machine(), tpm=tpm), "windows-11")
    found = next(r for r in result.requirements if r.key == "tpm")
    assert words in say("fr", found.observed)


def test_a_chip_that_tells_its_version_and_works_passes_even_if_its_presence_is_untold() -> None:
    tpm = Tpm(NOTHING, known("2.0"), known(True))
    assert line(judged(dataclasses.replace(machine(), tpm=tpm), "windows-11"), "tpm") is P


@pytest.mark.parametrize(
    ("maker", "key"),
    [
        ("Hewlett-Packard", "F10"),
        ("HP", "F10"),
        ("Dell Inc.", "F2"),
        ("LENOVO", "F1"),
        ("ASUSTeK COMPUTER INC.", "F2"),
        ("Unheard Of", "Échap"),
    ],
)
def test_who_is_sent_to_the_firmware_is_told_the_key(maker: str, key: str) -> None:
    subject = with_firmware(secure_boot=known(False))
    named = dataclasses.replace(
        subject, system=dataclasses.replace(subject.system, maker=known(maker))
    )
    said = [
        say("fr", n)
        for n in judged(named, "windows-11").notices
        if n.code == "readiness.notice.firmware_key"
    ]
    assert len(said) == 1
    assert key in said[0]
    ready: tuple[Message, ...] = judged(machine(), "windows-11").notices
    assert not any(n.code == "readiness.notice.firmware_key" for n in ready)


# --- Linux -----------------------------------------------------------------------------------


@pytest.mark.parametrize("profile", ["debian-13", "linux-mint-22"])
def test_linux_is_for_64_bit_computers_only(profile: str) -> None:
    assert judged(machine(), profile).verdict is P
    old = judged(machine(cpu=cpu(bits=known(32))), profile)
    assert (old.verdict, old.remedies) == (F, ())
    arm = judged(machine(cpu=cpu(maker=known("ARM"), flags=known(("fp", "asimd")))), profile)
    assert line(arm, "architecture") is F


def test_two_gigabytes_are_enough_and_four_recommended() -> None:
    result = judged(machine(memory=memory(2, free=1)), "linux-mint-22")
    assert result.verdict is P
    assert line(result, "ram-daily", "recommended") is X
    assert judged(machine(memory=memory(1, free=1, kind="DDR2")), "debian-13").verdict is X


def test_mint_wants_twenty_gigabytes_and_recommends_a_hundred() -> None:
    def of(size: int) -> Assessment:
        return judged(machine(disks=(disk(size_bytes=known(size * GB)),)), "linux-mint-22")

    assert line(of(16), "disk") is X
    assert (line(of(64), "disk"), line(of(64), "disk-comfort", "recommended")) == (P, X)
    assert line(of(120), "disk-comfort", "recommended") is P
