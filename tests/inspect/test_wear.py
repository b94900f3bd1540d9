"""How worn an SSD is: every meaning that the numbers allow, and unknown where they contradict."""

from __future__ import annotations

import json

import pytest

from recond.inspect.smart import parse_smart
from recond.model import Health, HealthVerdict, Known, Unknown, Why
from tests.inspect.test_smart import ata, attribute

GB = 10**9


def health(
    *attributes: dict[str, object], written_gib: int | None = None, family: str = ""
) -> Health:
    table = list(attributes)
    if written_gib is not None:
        table.append(attribute(241, "Host_Writes_GiB", 100, written_gib))
    document = ata(*table, user_capacity={"bytes": 240 * GB}, model_family=family)
    found = parse_smart(json.dumps(document).encode())
    assert not isinstance(found, Unknown)
    return found


def used(
    *attributes: dict[str, object], written_gib: int | None = None, family: str = ""
) -> object:
    reading = health(*attributes, written_gib=written_gib, family=family).wear_percent
    return reading.value if isinstance(reading, Known) else reading.why


@pytest.mark.parametrize(
    ("value", "raw", "expected"),
    [
        (100, 0x2F2423142F24, 47),  # the value never moves
        (1, 0x001900140019, 0),  # a new drive: the value counts up
        (2, 0x014A0156014A, 1),
        (48, 0x2F2423142F24, 47),
        (100, 0x641E0000641E, 100),
        (100, 0x0B00, 11),  # smartctl may print one word alone
        (100, 0, 0),
        (1, 0, 0),
        (100, 0x2F2423141F24, Why.CONFLICT),  # the words do not agree
        (100, 0x2FFF23142FFF, Why.CONFLICT),  # 255 hundredths
        (60, 0, Why.CONFLICT),  # used or left?
    ],
)
@pytest.mark.parametrize("name", ["Media_Wearout_Indicator", "Perc_Write/Erase_Count"])
def test_the_words_of_sandisk_and_wd(name: str, value: int, raw: int, expected: object) -> None:
    assert used(attribute(230, name, value, raw)) == expected


def test_intels_indicator_counts_down_and_has_no_raw() -> None:
    assert used(attribute(233, "Media_Wearout_Indicator", 15, 0), written_gib=400_000) == 85
    assert used(attribute(233, "Media_Wearout_Indicator", 100, 0)) == 0


# every name of a remaining or used share in smartmontools' drivedb.h of 2026-11
LEFT_NAMES = (
    "DriveLife_Remaining%",
    "Drive_Life_Remaining%",
    "Lifetime_Remaining%",
    "Life_Remaining_Percent",
    "Lifetime_Left",
    "PCT_Life_Remaining",
    "Perc_Rated_Life_Remain",
    "Percent_Life_Remaining",
    "Percent_Lifetime_Remain",
    "Remaining_Life",
    "Remaining_Lifetime_Perc",
    "SSD_Life_Left",
    "SSD_Life_Left_Perc",
    "SSD_Remaining_Life_Perc",
    "Sys_Percent_Life_Remain",
)
USED_NAMES = (
    "DriveLife_Used%",
    "Drive_Life_Used%",
    "Perc_Rated_Life_Used",
    "Percent_Life_Used",
    "Percent_Lifetime_Used",
)


@pytest.mark.parametrize("name", LEFT_NAMES)
@pytest.mark.parametrize(
    ("value", "raw", "expected"),
    [
        (88, 88, 12),
        (88, 87, 13),
        (100, 74, 26),  # the value never moves
        (0, 74, 26),
        (253, 74, 26),
        (90, 0, 10),  # raw is not filled in
        (90, 4_000_000, 10),  # several numbers in one
        (5, 5, 95),
        (1, 1, 99),
        (0, 0, 100),
        (60, 80, Why.CONFLICT),
        (97, 3, Why.CONFLICT),  # 3 used, or 3 left?
        (1, 99, Why.CONFLICT),
        (100, 0, Why.CONFLICT),  # nothing left, or raw not filled in?
        (200, 0, Why.CONFLICT),
    ],
)
def test_a_share_left(name: str, value: int, raw: int, expected: object) -> None:
    assert used(attribute(231, name, value, raw)) == expected


def test_a_contradiction_shows_both_numbers() -> None:
    found = health(attribute(231, "SSD_Life_Left", 60, 80)).wear_percent
    assert found == Unknown(Why.CONFLICT, "smartctl:SSD_Life_Left: value 60, raw 80")


@pytest.mark.parametrize("name", USED_NAMES)
@pytest.mark.parametrize(
    ("value", "raw", "expected"),
    [
        (95, 5, 5),
        (100, 30, 30),
        (30, 30, 30),
        (100, 0, 0),
        (0, 100, 100),
        (0, 130, 100),
        (60, 10, Why.CONFLICT),
    ],
)
def test_a_share_used(name: str, value: int, raw: int, expected: object) -> None:
    assert used(attribute(202, name, value, raw)) == expected


def test_micron_puts_the_share_used_beside_the_share_left() -> None:
    assert used(attribute(202, "Percent_Lifetime_Remain", 95, 5)) == 5
    assert used(attribute(202, "Percent_Lifetime_Remain", 100, 0)) == 0
    assert used(attribute(202, "Percent_Lifetime_Remain", 3, 97)) == 97


def test_hundredths() -> None:
    assert used(attribute(178, "SSD_LifeLeft(0.01%)", 100, 8740)) == 13


def test_sandforce_fills_in_no_raw() -> None:
    life = attribute(231, "SSD_Life_Left", 100, 0)
    assert used(life, family="SandForce Driven SSDs") == 0


@pytest.mark.parametrize(
    ("value", "raw", "written_gib", "expected"),
    [
        (97, 3, 40_000, Why.CONFLICT),  # rated for 170 erasures or for 6,000: both are sold
        (1, 99, 20, 1),  # as good as new: 99 used is ruled out
        (99, 1, 20, 1),
        (100, 0, 60, 0),
        (1, 1, 20, Why.CONFLICT),  # both say worn out, of a disk that was written once
        (100, 100, 5_000_000, Why.CONFLICT),  # both say new, after 22,000 times its size
    ],
)
def test_what_was_written_rules_out(
    value: int, raw: int, written_gib: int, expected: object
) -> None:
    found = used(attribute(231, "SSD_Life_Left", value, raw), written_gib=written_gib)
    assert found == expected


@pytest.mark.parametrize("name", ["Wear_Leveling_Count", "Ave_Block-Erase_Count"])
@pytest.mark.parametrize(
    ("value", "raw", "expected"),
    [
        (91, 1661, 9),
        (100, 401, 0),
        (100, 0, 0),
        (1, 3000, 99),
        (1, 1, Why.CONFLICT),  # worn out after one erasure
        (100, 30_000, Why.CONFLICT),  # new after thirty thousand
        (200, 10, Why.CONFLICT),
    ],
)
def test_a_number_of_erasures(name: str, value: int, raw: int, expected: object) -> None:
    assert used(attribute(177, name, value, raw)) == expected


def test_two_attributes_that_differ_are_no_reading() -> None:
    assert (
        used(
            attribute(177, "Wear_Leveling_Count", 95, 100), attribute(231, "SSD_Life_Left", 10, 10)
        )
        is Why.CONFLICT
    )
    # what is told in per cent goes before what is counted in erasures
    assert (
        used(
            attribute(177, "Wear_Leveling_Count", 100, 401),
            attribute(169, "Remaining_Lifetime_Perc", 100, 96),
        )
        == 4
    )


@pytest.mark.parametrize(
    ("left", "verdict"),
    [(0, HealthVerdict.FAILING), (1, HealthVerdict.WORN), (50, HealthVerdict.OK)],
)
def test_an_ssd_with_nothing_left_is_failing(left: int, verdict: HealthVerdict) -> None:
    found = health(attribute(231, "SSD_Life_Left", left, left))
    assert found.verdict == Known(verdict, "smartctl")


def test_what_is_counted_may_pass_100() -> None:
    document = ata(endurance_used={"current_percent": 130})
    found = parse_smart(json.dumps(document).encode())
    assert isinstance(found, Health)
    assert found.verdict == Known(HealthVerdict.WORN, "smartctl")


def test_an_attribute_of_a_hard_disk_is_no_wear() -> None:
    assert used(attribute(231, "Temperature_Celsius", 100, 30)) is Why.UNSUPPORTED
