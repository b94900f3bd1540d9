"""A controller that does not say which namespaces it has is not taken to have one only.

Sanitize takes them all, and some drives' Format does (FNA): a refused or impossible list was read
as an empty one, and another namespace's data went with the disk that was named.
"""

from __future__ import annotations

import errno
import struct

import pytest

from recond.drive.answers import OpalState
from recond.drive.types import NvmeAnswer
from recond.erasure import Level, LevelWish, Technique
from recond.host.sim.drive import SimClock
from recond.host.sim.nvme import INTERNAL, INVALID_FIELD, SimNvme
from recond.wipe.drive.capabilities import read_capabilities
from recond.wipe.drive.opal_choosing import plan_opal
from tests.drive.histories import History, erase
from tests.drive.test_lies import drive_of, entries, told

ACTIVE, ALLOCATED = 2, 0x10
REFUSED = NvmeAnswer(INTERNAL)
LOST = NvmeAnswer(0, errno=errno.EAGAIN)
ZEROS = NvmeAnswer(0, data=bytes(4096))
ITSELF = NvmeAnswer(0, data=struct.pack("<I", 1) + bytes(4092))
UNTOLD = "drive.note.namespaces_unknown"


def that_answers(*lies: str, **answers: NvmeAnswer) -> tuple[SimNvme, SimClock]:
    """A drive with other answers to its lists: `active`, `allocated`."""
    drive, clock = drive_of("nvme", *lies)
    assert isinstance(drive, SimNvme)
    numbers = {"active": ACTIVE, "allocated": ALLOCATED}
    drive.answers = {numbers[name]: answer for name, answer in answers.items()}
    return drive, clock


def sent(history: History) -> list[str]:
    return [str(one["name"]) for one in entries(history, "command")]


def notes(history: History) -> set[str]:
    assert history.plan is not None
    return {note.code for note in history.plan.notes}


# --- The plan ----------------------------------------------------------------------------------


@pytest.mark.parametrize("answer", [REFUSED, LOST, ZEROS], ids=["refused", "lost", "zeros"])
@pytest.mark.parametrize("listed", ["active", "allocated"])
def test_no_sanitize_is_planned_where_a_list_is_not_told(listed: str, answer: NvmeAnswer) -> None:
    lies = ("elsewhere",) if listed == "allocated" else ()
    history = erase(*that_answers(*lies, **{listed: answer}))
    assert UNTOLD in notes(history)
    assert "Sanitize" not in sent(history)
    assert history.approved is Level.CLEAR  # this FNA lets Format take this namespace alone
    assert history.plan is not None
    left = {message.code for message in history.plan.not_reached}
    assert "drive.not_reached.namespaces_unknown" in left
    assert erase(*that_answers(*lies, **{listed: answer}), LevelWish.PURGE).approved is None


@pytest.mark.parametrize("answer", [REFUSED, LOST, ZEROS], ids=["refused", "lost", "zeros"])
@pytest.mark.parametrize("lies", [("two",), ("two", "no-sanitize")], ids=["both", "format"])
def test_no_format_that_takes_all_is_planned_either(
    lies: tuple[str, ...], answer: NvmeAnswer
) -> None:
    history = erase(*that_answers(*lies, active=answer))
    assert history.plan is not None
    assert {step.technique for step in history.plan.steps} == {Technique.OVERWRITE}
    assert notes(history) == {UNTOLD}


def test_others_that_one_list_names_are_known_whatever_the_other_list_does() -> None:
    history = erase(*that_answers("elsewhere", active=REFUSED))
    assert "drive.note.sanitize_takes_all" in notes(history)
    assert UNTOLD not in notes(history)


def test_a_controller_that_manages_no_namespaces_need_not_list_the_allocated_ones() -> None:
    history = erase(*that_answers(allocated=NvmeAnswer(INVALID_FIELD)), LevelWish.PURGE)
    assert "Sanitize" in sent(history)
    assert history.approved is Level.PURGE


@pytest.mark.parametrize("answer", [None, REFUSED, LOST, ZEROS])
def test_one_of_several_controllers_must_list_what_the_others_have(
    answer: NvmeAnswer | None,
) -> None:
    """It manages no namespaces (OACS bit 3), so that it was not asked: its own list is complete for
    itself alone, and Sanitize takes the others' as well (CMIC bit 1).
    """
    answers = {} if answer is None else {"allocated": answer}
    history = erase(*that_answers("beside", **answers))
    assert notes(history) == {"drive.note.sanitize_takes_all" if answer is None else UNTOLD}
    assert "Sanitize" not in sent(history)
    assert erase(*that_answers("beside", **answers), LevelWish.PURGE).approved is None


def test_one_of_several_controllers_whose_only_namespace_it_is_may_sanitize() -> None:
    history = erase(*that_answers("beside", allocated=ITSELF), LevelWish.PURGE)
    assert "Sanitize" in sent(history)
    assert history.approved is Level.PURGE


def test_no_psid_revert_is_planned_where_nobody_knows_what_it_takes() -> None:
    drive, _ = that_answers(active=REFUSED)
    state = OpalState(drive.serial, encrypts=True, enabled=True, locked=False)
    plan = plan_opal(drive.identity, "/dev/sim", read_capabilities(drive.device("/dev/sim")), state)
    assert not plan.steps
    assert [one.code for one in plan.refusals] == ["drive.refusal.opal_namespaces_unknown"]


# --- Just before it is sent --------------------------------------------------------------------


def refused_in_the_run(
    name: str, wish: LevelWish, *lies: str, **answers: NvmeAnswer
) -> tuple[list[str], History]:
    """The plan saw no other namespace; then the list `name` is refused once."""
    drive, clock = that_answers(*lies, **answers)
    before = erase(drive, clock, wish)
    at = drive.commands - len(sent(before)) + 1 + sent(before).index(name)
    drive, clock = that_answers(*lies, **answers)
    drive.lost = {at: (INTERNAL, False)}
    history = erase(drive, clock, wish)
    refused = [(one["name"], one["status"]) for one in entries(history, "command")]
    place = refused.index((name, INTERNAL))
    return sent(history)[place + 1 :], history


@pytest.mark.parametrize(
    ("name", "lies", "answers"),
    [
        ("Active Namespace List", (), {}),
        ("Allocated Namespace List", ("elsewhere",), {"allocated": ITSELF}),
    ],
)
def test_no_sanitize_is_sent_after_a_refused_list(
    name: str, lies: tuple[str, ...], answers: dict[str, NvmeAnswer]
) -> None:
    after, history = refused_in_the_run(name, LevelWish.PURGE, *lies, **answers)
    assert after[:1] != ["Sanitize"]
    assert told(history)[0] == "drive.reason.namespaces_unknown"


def test_no_format_that_takes_all_is_sent_after_a_refused_list() -> None:
    after, history = refused_in_the_run(
        "Active Namespace List", LevelWish.BEST, "two", "no-sanitize", active=ITSELF
    )
    assert after[:1] != ["Format NVM"]
    assert told(history)[0] == "drive.reason.namespaces_unknown"
