"""Which commands are planned, for which level, and what is said of the rest."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from recond.certify.judge.levels import firmware_level
from recond.drive.types import Capabilities, reach_of
from recond.erasure import Level, LevelWish, Technique, VerifyMode
from recond.host.sim.drive import SimClock
from recond.host.sim.nvme import SimNvme
from recond.locale import say
from recond.model import Medium
from recond.wipe.drive.capabilities import read_capabilities
from recond.wipe.drive.choosing import plan_firmware
from recond.wipe.plan import Wish, plan_digest, plan_wipe
from tests.drive.test_lies import drive_of

SIZE = 500_000_000_000
T = Technique


def capabilities(kind: str, *lies: str, **traits: bool) -> Capabilities:
    drive, _ = drive_of(kind, *lies, **traits)
    return read_capabilities(drive.device("/dev/sim"))


@pytest.mark.parametrize(
    ("kind", "lies", "traits", "wish", "expected"),
    [
        (
            "nvme",
            (),
            {},
            "purge",
            [T.NVME_SANITIZE_BLOCK, T.NVME_SANITIZE_CRYPTO, T.NVME_SANITIZE_OVERWRITE],
        ),
        (
            "nvme",
            (),
            {},
            "best",
            [
                T.NVME_SANITIZE_BLOCK,
                T.NVME_SANITIZE_CRYPTO,
                T.NVME_SANITIZE_OVERWRITE,
                T.NVME_FORMAT_CRYPTO,
                T.NVME_FORMAT_USER,
            ],
        ),
        ("nvme", ("crypto-only",), {}, "purge", [T.NVME_SANITIZE_CRYPTO]),
        ("nvme", ("no-sanitize",), {}, "purge", []),
        ("nvme", ("no-sanitize",), {}, "best", [T.NVME_FORMAT_CRYPTO, T.NVME_FORMAT_USER]),
        ("nvme", ("two",), {}, "best", []),
        ("nvme", (), {}, "clear", []),
        ("ata", (), {}, "purge", [T.ATA_SANITIZE_BLOCK, T.ATA_SANITIZE_CRYPTO]),
        (
            "ata",
            (),
            {"rotating": True},
            "purge",
            [T.ATA_SANITIZE_CRYPTO, T.ATA_SANITIZE_OVERWRITE, T.ATA_SECURITY_ERASE_ENHANCED],
        ),
        ("ata", (), {"sanitizes": False}, "purge", []),
        (
            "ata",
            (),
            {"sanitizes": False},
            "best",
            [T.ATA_SECURITY_ERASE_ENHANCED, T.ATA_SECURITY_ERASE],
        ),
        ("ata", ("frozen",), {}, "best", []),
        ("ata", ("swaps",), {}, "best", []),
        ("scsi", (), {}, "purge", [T.SCSI_SANITIZE_BLOCK, T.SCSI_SANITIZE_CRYPTO]),
        (
            "scsi",
            (),
            {"rotating": True},
            "best",
            [T.SCSI_SANITIZE_CRYPTO, T.SCSI_SANITIZE_OVERWRITE, T.SCSI_FORMAT_UNIT],
        ),
        ("scsi", ("unreadable",), {}, "purge", []),
        ("scsi", ("unreadable",), {"rotating": True}, "purge", [T.SCSI_SANITIZE_OVERWRITE]),
    ],
)
def test_the_chain(
    kind: str, lies: tuple[str, ...], traits: dict[str, bool], wish: str, expected: list[Technique]
) -> None:
    found = plan_firmware(capabilities(kind, *lies, **traits), LevelWish(wish), SIZE)
    assert [step.technique for step in found.steps] == expected
    assert [step.fallback for step in found.steps] == [place > 0 for place in range(len(expected))]
    ranks = [step.reaches.rank for step in found.steps]
    assert ranks == sorted(ranks, reverse=True)
    assert all(step.estimate_s for step in found.steps)
    if wish == "purge":
        assert all(step.reaches is Level.PURGE for step in found.steps)


@pytest.mark.parametrize(
    "medium", [Medium.USB_FLASH, Medium.SD, Medium.IMAGE, Medium.UNKNOWN, Medium.EMMC]
)
def test_no_purge_is_ever_claimed_on_other_media(medium: Medium) -> None:
    for kind in ("ata", "nvme", "scsi"):
        found = replace(capabilities(kind), medium=medium)
        for wish in LevelWish:
            steps = plan_firmware(found, wish, SIZE).steps
            assert all(step.reaches is not Level.PURGE for step in steps)


def test_no_more_is_planned_than_the_judge_grants() -> None:
    disk = drive_of("ata")[0].identity
    for technique, medium in itertools.product(Technique, Medium):
        granted = firmware_level(technique, replace(disk, medium=medium))
        assert reach_of(technique, medium).rank <= granted.rank, (technique, medium)


def test_security_is_not_used_over_usb() -> None:
    found = replace(capabilities("ata", rotating=True), bus="usb")
    plan = plan_firmware(found, LevelWish.PURGE, SIZE)
    assert [s.technique for s in plan.steps] == [T.ATA_SANITIZE_CRYPTO, T.ATA_SANITIZE_OVERWRITE]
    assert "drive.note.no_security_over_usb" in {note.code for note in plan.notes}


def test_the_drives_own_estimate_is_planned() -> None:
    steps = plan_firmware(capabilities("nvme"), LevelWish.PURGE, SIZE).steps
    assert [step.estimate_s for step in steps] == [60, 5, 7200]
    told_nothing = plan_firmware(capabilities("nvme", "estimate-f"), LevelWish.PURGE, SIZE).steps
    assert [step.estimate_s for step in told_nothing] == [120, 30, 1250]


def test_hidden_sectors_are_restored_first_or_said() -> None:
    found = capabilities("ata", hidden=True)
    plan = plan_firmware(found, LevelWish.PURGE, SIZE)
    assert plan.steps[0].technique is T.RESTORE_HIDDEN
    assert dict(plan.steps[0].options) == {
        "visible_sectors": 512,
        "native_sectors": 544,
        "real_sectors": 544,
    }
    over = plan_firmware(
        capabilities("ata", sanitizes=False, hidden=True, rotating=True), LevelWish.BEST, SIZE
    )
    assert over.steps[0].technique is T.RESTORE_HIDDEN


def test_a_dco_of_1_is_not_believed() -> None:
    found = capabilities("ata", "dco1", hidden=True)
    assert found.ata is not None
    assert type(found.ata.hidden.real).__name__ == "Unknown"
    assert found.ata.hidden.hidden == 32  # what HPA told still counts


def test_the_whole_plan_and_its_refusal() -> None:
    drive, clock = drive_of("nvme", "no-sanitize")
    target, seed = drive.target("/dev/sim"), clock.random_bytes(32)
    drive_plan = plan_firmware(
        read_capabilities(drive.device("/dev/sim")), LevelWish.PURGE, drive.cells.size
    )
    refused = plan_wipe(target, Wish(LevelWish.PURGE), seed, (), drive_plan)
    assert [m.code for m in refused.refusals] == ["wipe.refusal.no_purge"]
    best = plan_firmware(
        read_capabilities(drive.device("/dev/sim")), LevelWish.BEST, drive.cells.size
    )
    plan = plan_wipe(target, Wish(LevelWish.BEST, None, VerifyMode.FULL), seed, (), best)
    assert (plan.method, plan.level_promised) == ("firmware", Level.CLEAR)
    assert plan.steps[-1].technique is T.OVERWRITE
    assert plan.steps[-1].fallback
    assert plan.estimate_s is not None
    assert plan.estimate_s < 100  # the fallbacks' time is not promised
    assert plan_digest(plan) != plan_digest(replace(plan, steps=plan.steps[:-1]))


def test_capabilities_only_ask() -> None:
    drive = SimNvme(SimClock(), 1)
    before = bytes(drive.cells.data)
    read_capabilities(drive.device("/dev/sim"))
    assert (bytes(drive.cells.data), drive.work, drive.state) == (before, None, 0)


@pytest.mark.parametrize(
    ("lies", "told"),
    [((), {"told_s": 60, "usual_s": 120}), (("estimate-0",), None), (("estimate-f",), None)],
)
def test_the_drives_own_estimate_stands_beside_ours(
    lies: tuple[str, ...], told: dict[str, int] | None
) -> None:
    drive, _ = drive_of("nvme", *lies)
    capabilities = read_capabilities(drive.device("/dev/sim"))
    plan = plan_firmware(capabilities, LevelWish.PURGE, drive.cells.size)
    found = [note for note in plan.notes if note.code == "drive.note.estimate"]
    assert [dict(note.args) for note in found] == ([] if told is None else [told])
    assert plan.steps[0].estimate_s == (told or {"told_s": 120})["told_s"]
    for note in found:
        assert "2\u00a0min" in say("fr", note)
        assert say("en", note).count("min") == 2
