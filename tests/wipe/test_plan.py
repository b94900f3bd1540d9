"""A table of plans: what is promised, what is refused, what is said beside it."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from recond.codec import digest, from_json, to_json
from recond.erasure import (
    DiskIdentity,
    Level,
    LevelWish,
    Target,
    TargetKind,
    Technique,
    VerifyMode,
    WipePlan,
)
from recond.errors import UsageError
from recond.methods import all_methods
from recond.model import Medium, Message
from recond.wipe.plan import Wish, plan_digest, plan_wipe
from tests.wipe.disks import HDD, SEED, STICK

IMAGE = replace(
    HDD, kind=TargetKind.IMAGE, serial="a.img", wwn=None, bus="image", medium=Medium.IMAGE
)
SSD = replace(HDD, medium=Medium.SSD)
NVME = replace(SSD, bus="nvme", namespace=1)
SD = replace(STICK, bus="mmc", medium=Medium.SD)
EMMC = replace(STICK, bus="mmc", medium=Medium.EMMC)
BRIDGE = replace(HDD, bus="usb", medium=Medium.UNKNOWN)
USB_HDD = replace(HDD, bus="usb", medium=Medium.HDD)


def plan(disk: DiskIdentity, refusals: tuple[Message, ...] = (), **wish: Any) -> WipePlan:
    return plan_wipe(Target("/dev/x", disk, (), False, "x"), Wish(**wish), SEED, refusals)


def codes(messages: tuple[Message, ...]) -> set[str]:
    return {message.code.removeprefix("wipe.") for message in messages}


@pytest.mark.parametrize(
    ("disk", "method", "passes", "not_reached"),
    [
        (HDD, "nist-clear", 1, {"not_reached.remapped", "not_reached.hidden"}),
        (SSD, "nist-clear", 1, {"not_reached.spare", "not_reached.hidden"}),
        (NVME, "nist-clear", 1, {"not_reached.spare"}),
        (STICK, "flash-clear", 2, {"not_reached.spare", "not_reached.hidden"}),
        (SD, "flash-clear", 2, {"not_reached.spare"}),
        (EMMC, "flash-clear", 2, {"not_reached.spare", "not_reached.emmc_boot"}),
        (BRIDGE, "flash-clear", 2, {"not_reached.unknown_medium"}),
        (USB_HDD, "nist-clear", 1, {"not_reached.remapped", "not_reached.hidden"}),
        (IMAGE, "nist-clear", 1, {"not_reached.image"}),
    ],
)
def test_the_method_that_suits_the_medium(
    disk: DiskIdentity, method: str, passes: int, not_reached: set[str]
) -> None:
    found = plan(disk)
    assert (found.method, len(found.steps)) == (method, passes)
    assert found.level_promised is Level.CLEAR
    assert not found.refusals
    assert codes(found.not_reached) == not_reached
    assert all(step.technique is Technique.OVERWRITE for step in found.steps)


@pytest.mark.parametrize("disk", [HDD, SSD, NVME, STICK, SD, EMMC, BRIDGE, IMAGE])
def test_purge_by_overwriting_is_refused_everywhere(disk: DiskIdentity) -> None:
    assert codes(plan(disk, level=LevelWish.PURGE).refusals) == {"refusal.no_purge"}
    best = plan(disk, level=LevelWish.BEST)
    assert not best.refusals
    assert best.level_promised is Level.CLEAR


@pytest.mark.parametrize("method", all_methods())
def test_removable_flash_needs_a_pattern_and_its_complement(method: str) -> None:
    has_pair = method in {
        "flash-clear",
        "dod-short",
        "dod",
        "hmg-is5-enhanced",
        "rcmp-ops2",
        "schneier",
        "bmb21-2019",
        "gutmann",
    }
    found = plan(STICK, method=method)
    assert codes(found.refusals) == (set() if has_pair else {"refusal.method_too_weak"})
    assert found.level_promised is (Level.CLEAR if has_pair else Level.NONE)
    assert plan(HDD, method=method).level_promised is Level.CLEAR


def test_what_is_said_beside_the_plan() -> None:
    assert codes(plan(HDD).notes) == set()
    assert codes(plan(STICK).notes) == {"note.no_serial"}
    assert codes(plan(HDD, verify=VerifyMode.NONE).notes) == {"note.no_verify"}
    assert codes(plan(HDD, verify=VerifyMode.SAMPLE).notes) == {"note.sample"}
    assert codes(plan(HDD, method="gutmann").notes) == {"note.obsolete"}
    assert codes(plan(HDD, method="flash-clear").notes) == set()
    assert "note.usb_bridge" in codes(plan(BRIDGE, level=LevelWish.BEST).notes)


def test_the_guards_refusals_come_first_and_stay() -> None:
    mounted = Message.of("wipe.refusal.mount", path="/dev/x", node="x1", where="/home")
    found = plan(HDD, (mounted,), level=LevelWish.PURGE)
    assert [message.code for message in found.refusals] == [
        "wipe.refusal.mount",
        "wipe.refusal.no_purge",
    ]


def test_an_unknown_method_is_named_with_those_that_exist() -> None:
    with pytest.raises(UsageError) as raised:
        plan(HDD, method="dod-3pass")
    assert dict(raised.value.message.args)["known"] == ", ".join(all_methods())


def test_the_digest_changes_with_whatever_decides_what_happens() -> None:
    base = plan(HDD)
    others = [
        plan(replace(HDD, serial="OTHER")),
        plan(replace(HDD, size_bytes=512)),
        plan(HDD, method="one"),
        plan(HDD, verify=VerifyMode.SAMPLE),
        plan(HDD, level=LevelWish.BEST),
        replace(base, path="/dev/y"),
        replace(base, seed="00" * 32),
        replace(base, steps=base.steps * 2),
    ]
    digests = [plan_digest(one) for one in (base, *others)]
    assert len(set(digests)) == len(digests)
    assert plan_digest(plan(HDD)) == digests[0]


def test_a_plan_comes_back_from_its_json_with_the_same_digest() -> None:
    for disk in (HDD, STICK, NVME, IMAGE):
        found = plan(disk, method="dod")
        again = from_json(WipePlan, to_json(found))
        assert again == found
        assert digest(again) == plan_digest(found)


def test_the_time_is_estimated_from_size_passes_and_reading() -> None:
    big = replace(HDD, size_bytes=1_100_000_000_000)
    assert plan(big, verify=VerifyMode.NONE).estimate_s == 10_000
    assert plan(big).estimate_s == 20_000
    assert plan(big, verify=VerifyMode.SAMPLE).estimate_s == 11_000
    assert plan(big, method="dod-short").estimate_s == 40_000
