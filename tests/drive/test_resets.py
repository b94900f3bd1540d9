"""An NVMe controller that resets in the middle: a command is lost, or its answer is.

Seen on an emulated drive whose controller was reset by the kernel: EAGAIN to whatever was in
flight, and the Sanitize went on. Each command of an erasure is hit once, carried out or not.
"""

from __future__ import annotations

import errno
from typing import Any

import pytest

from recond.erasure import Level, LevelWish
from recond.host.sim.nvme import SimNvme
from tests.drive.histories import History, erase
from tests.drive.test_lies import drive_of, entries, told

ABORTED_BY_HOST = 0x4371  # what Linux makes of a command that a reset took (NVMe Base 2.1 4.2.3)


def planned(lies: tuple[str, ...]) -> tuple[int, int, Level | None]:
    """The numbers of an undisturbed erasure's first command and its last, and what it comes to."""
    drive, clock = drive_of("nvme", *lies)
    history = erase(drive, clock, LevelWish.BEST)
    assert isinstance(drive, SimNvme)
    sent = len(entries(history, "command"))
    return drive.commands - sent + 1, drive.commands, history.approved


def disturbed(lies: tuple[str, ...], at: int, number: int, *, done: bool) -> tuple[Any, History]:
    drive, clock = drive_of("nvme", *lies)
    assert isinstance(drive, SimNvme)
    drive.lost = {at: (number, done)}
    return drive, erase(drive, clock, LevelWish.BEST)


@pytest.mark.parametrize("number", [errno.EAGAIN, errno.EINTR, errno.ENODEV, ABORTED_BY_HOST])
@pytest.mark.parametrize("lies", [(), ("no-sanitize",)], ids=["sanitize", "format"])
def test_wherever_it_resets_only_what_is_gone_is_called_erased(
    lies: tuple[str, ...], number: int
) -> None:
    first, last, level = planned(lies)
    assert level is not None
    for at in range(first, last + 1):
        for done in (False, True):
            drive, history = disturbed(lies, at, number, done=done)
            assert history.approved is not None, (at, done, told(history), str(history))
            assert not drive.cells.shown(), (at, done)
            if history.approved is Level.PURGE:
                assert not drive.cells.left(), (at, done)


@pytest.mark.parametrize("lie", ["success", "half", "other-command", "stale-log"])
def test_a_reset_makes_no_liar_believed(lie: str) -> None:
    first, last, _ = planned(("success",))
    for at in range(first, last + 1):
        drive, history = disturbed((lie,), at, errno.EAGAIN, done=False)
        assert history.approved is None or not drive.cells.shown(), (at, str(history))


def test_an_erasing_command_whose_answer_is_lost_is_left_open_and_looked_at_again() -> None:
    first, last, _ = planned(())
    seen = False
    for at in range(first, last + 1):
        _, history = disturbed((), at, errno.EAGAIN, done=True)
        for command in entries(history, "command"):
            if command["name"] == "Sanitize" and command["errno"] == errno.EAGAIN:
                seen = True
                assert "drive.reason.no_answer" in told(history)
                assert len(entries(history, "open")) > 1
    assert seen


def test_a_list_of_namespaces_that_is_lost_is_no_empty_list() -> None:
    """Sanitize takes every namespace: nothing is sent while nobody knows which there are."""
    drive, clock = drive_of("nvme")
    assert isinstance(drive, SimNvme)
    first, last, _ = planned(())
    for at in range(first, last + 1):
        drive, clock = drive_of("nvme")
        assert isinstance(drive, SimNvme)
        drive.lost = {at: (errno.EAGAIN, False)}
        history = erase(drive, clock, LevelWish.PURGE)
        names = [(one["name"], one["errno"]) for one in entries(history, "command")]
        lost = ("Active Namespace List", errno.EAGAIN)
        if lost in names:
            assert names[names.index(lost) + 1][0] != "Sanitize", names
            break
    else:
        pytest.fail("the list was not asked for")


# --- What else a controller has, and does not do -----------------------------------------------


def test_a_namespace_that_is_attached_to_another_controller_is_not_taken_along() -> None:
    history = erase(*drive_of("nvme", "elsewhere"))
    assert history.plan is not None
    assert "drive.note.sanitize_takes_all" in {note.code for note in history.plan.notes}
    assert not [one for one in entries(history, "command") if one["name"] == "Sanitize"]
    assert history.approved is Level.CLEAR
    assert erase(*drive_of("nvme", "elsewhere"), LevelWish.PURGE).plan.refusals  # type: ignore[union-attr]


def test_a_controller_that_refuses_no_deallocate_says_so_and_nothing_is_called_purged() -> None:
    history = erase(*drive_of("nvme", "no-ndas"), LevelWish.BEST)
    assert history.approved is Level.CLEAR
    reasons = [one["reason"] for one in entries(history, "step_end") if one["reason"]]
    assert {str(one["args"]["status"]) for one in reasons} == {  # type: ignore[index]
        "Invalid Field in Command (NVMe Base 2.1 4.2.3: SCT 0h, SC 02h)"
    }
    assert erase(*drive_of("nvme", "no-ndas"), LevelWish.PURGE).approved is None
