"""A drive that does not say which commands it has: unknown and said, or tried and answered."""

from __future__ import annotations

from dataclasses import replace

import pytest

from recond.drive.nvme_status import nvme_status_words
from recond.erasure import Level, LevelWish, Technique
from recond.model import Medium
from recond.wipe.drive.capabilities import read_capabilities
from recond.wipe.drive.choosing import plan_firmware
from tests.drive.histories import erase
from tests.drive.test_lies import drive_of, entries, told

T = Technique


@pytest.mark.parametrize("wish", [LevelWish.PURGE, LevelWish.BEST])
@pytest.mark.parametrize(
    ("bus", "tries", "note", "steps"),
    [
        ("sas", False, "drive.note.unreported", False),
        ("sas", True, "drive.note.unreported_tried", True),
        ("usb", False, "drive.note.unreported_usb", False),
        ("usb", True, "drive.note.unreported_usb", False),
    ],
)
def test_the_plan_says_what_is_not_known(
    bus: str, tries: bool, note: str, steps: bool, wish: LevelWish
) -> None:
    drive, _ = drive_of("scsi", "untold")
    found = replace(read_capabilities(drive.device("/dev/sim")), bus=bus)
    plan = plan_firmware(found, wish, drive.cells.size, try_unreported=tries)
    assert [one.code for one in plan.notes] == [note]
    expected = [T.SCSI_SANITIZE_BLOCK, T.SCSI_SANITIZE_CRYPTO] if steps else []
    assert [step.technique for step in plan.steps] == expected


@pytest.mark.parametrize(
    ("bus", "lies", "said"),
    [
        ("sas", ("untold",), True),
        ("sas", (), True),
        ("usb", (), True),
        ("usb", ("untold",), False),  # a stick that answers nothing, as most do
    ],
)
def test_a_drive_of_an_unknown_kind_is_not_left_without_a_word(
    bus: str, lies: tuple[str, ...], said: bool
) -> None:
    drive, _ = drive_of("scsi", *lies)
    found = replace(read_capabilities(drive.device("/dev/sim")), bus=bus, medium=Medium.UNKNOWN)
    plan = plan_firmware(found, LevelWish.BEST, drive.cells.size, try_unreported=True)
    assert plan.steps == ()
    assert [one.code for one in plan.notes] == ["drive.note.medium_unknown"] * said


def test_a_drive_that_answers_is_not_tried_beyond_its_answer() -> None:
    drive, _ = drive_of("scsi")
    found = read_capabilities(drive.device("/dev/sim"))
    assert found.scsi is not None
    assert not found.scsi.unreported
    said_no = replace(found, scsi=replace(found.scsi, block=False, crypto=False, overwrite=False))
    plan = plan_firmware(said_no, LevelWish.PURGE, drive.cells.size, try_unreported=True)
    assert (plan.steps, plan.notes) == ((), ())


@pytest.mark.parametrize("rotating", [False, True])
def test_a_silent_drive_that_has_them_is_purged(rotating: bool) -> None:
    drive, clock = drive_of("scsi", "untold", rotating=rotating)
    history = erase(drive, clock, LevelWish.PURGE, try_unreported=True)
    assert (history.outcome, history.approved) == ("completed", Level.PURGE)
    assert drive.cells.left() == 0


def test_its_refusal_is_evidence_and_the_overwrite_follows() -> None:
    drive, clock = drive_of("scsi", "untold", "lacks")
    history = erase(drive, clock, LevelWish.BEST, try_unreported=True)
    assert (history.outcome, history.approved) == ("completed", Level.CLEAR)
    assert set(told(history)) == {"drive.reason.status"}
    asked = [one for one in entries(history, "command") if str(one["name"]).startswith("SANITIZE")]
    assert len(asked) == 2
    assert all(str(one["sense"])[24:28] == "2000" for one in asked)  # invalid operation code
    assert drive.cells.shown() == 0  # its reserve is out of an overwrite's reach: clear, not purge


def test_without_leave_nothing_is_sent_and_purge_is_refused() -> None:
    drive, clock = drive_of("scsi", "untold")
    history = erase(drive, clock, LevelWish.PURGE)
    assert history.plan is not None
    assert history.plan.refusals
    assert not history.sink.raw


def test_success_that_is_a_lie_is_seen_all_the_same() -> None:
    history = erase(*drive_of("scsi", "untold", "success"), LevelWish.BEST, try_unreported=True)
    assert history.approved is None


@pytest.mark.parametrize(
    ("status", "words"),
    [
        (0x410A, "Invalid Format (NVMe Base 2.1 4.2.3: SCT 1h, SC 0Ah)"),
        (0x4286, "Access Denied (NVMe Base 2.1 4.2.3: SCT 2h, SC 86h)"),
        (0x0001, "Invalid Command Opcode (NVMe Base 2.1 4.2.3: SCT 0h, SC 01h)"),
        (0x401D, "Sanitize In Progress (NVMe Base 2.1 4.2.3: SCT 0h, SC 1Dh)"),
        (0x07FF, "NVMe Base 2.1 4.2.3: SCT 7h, SC FFh"),
    ],
)
def test_an_nvme_status_is_said_in_the_standards_words(status: int, words: str) -> None:
    assert nvme_status_words(status) == words
