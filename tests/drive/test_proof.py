"""A proof falls with each of its parts: commands taken away or changed in honest journals."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from recond.certify.judge.drive_proof import prove
from recond.erasure import DiskIdentity, Level, LevelWish, Technique, WipeStep
from tests.drive.histories import erase
from tests.drive.test_lies import drive_of

Commands = list[dict[str, Any]]
HONEST: list[tuple[str, dict[str, bool]]] = [
    ("ata", {}),
    ("ata", {"sanitizes": False, "rotating": True}),
    ("nvme", {}),
    ("scsi", {}),
]


def honest(kind: str, traits: dict[str, bool]) -> tuple[WipeStep, DiskIdentity, Commands]:
    drive, clock = drive_of(kind, **traits)
    history = erase(drive, clock, LevelWish.PURGE)
    assert history.plan is not None
    lines = [json.loads(line) for line in history.sink.raw.splitlines()]
    commands = [line["data"] for line in lines if line["kind"] == "command"]
    return history.plan.steps[0], history.plan.disk, commands


def formatted() -> tuple[WipeStep, DiskIdentity, Commands]:
    drive, clock = drive_of("nvme", "no-sanitize")
    history = erase(drive, clock, LevelWish.BEST)
    assert history.plan is not None
    lines = [json.loads(line) for line in history.sink.raw.splitlines()]
    return (
        history.plan.steps[0],
        history.plan.disk,
        [line["data"] for line in lines if line["kind"] == "command"],
    )


def cases() -> list[tuple[WipeStep, DiskIdentity, Commands]]:
    return [honest(kind, traits) for kind, traits in HONEST] + [formatted()]


@pytest.mark.parametrize("case", range(5))
def test_an_honest_journal_proves(case: int) -> None:
    step, disk, commands = cases()[case]
    assert prove(step, disk, commands).faults == ()
    assert prove(step, disk, []).faults
    assert prove(WipeStep(Technique.OVERWRITE, Level.CLEAR), disk, commands).faults


@pytest.mark.parametrize("case", range(5))
def test_another_disk_proves_nothing(case: int) -> None:
    step, disk, commands = cases()[case]
    from dataclasses import replace

    assert prove(step, replace(disk, serial="ANOTHER"), commands).faults


@pytest.mark.parametrize("case", range(5))
def test_another_technique_is_not_proven(case: int) -> None:
    step, disk, commands = cases()[case]
    for technique in Technique:
        if technique is not step.technique and technique is not Technique.RESTORE_HIDDEN:
            other = WipeStep(technique, Level.PURGE)
            assert prove(other, disk, commands).faults, technique


ERASING = {"BLOCK ERASE EXT", "SECURITY ERASE UNIT", "Sanitize", "SANITIZE", "Format NVM"}


@pytest.mark.parametrize("case", range(5))
@pytest.mark.parametrize(
    "change",
    [
        {"errno": 5},
        {"status": 0x4002},
        {"status": 7 << 8},
        {"request": "00" * 16},
        {"request": "00" * 64},
    ],
)
def test_the_erasing_command_must_have_been_taken(case: int, change: dict[str, Any]) -> None:
    step, disk, commands = copy.deepcopy(cases()[case])
    for command in commands:
        if command["name"] in ERASING:
            command.update(change)
    assert prove(step, disk, commands).faults


@pytest.mark.parametrize("case", range(5))
def test_what_came_after_must_be_there(case: int) -> None:
    step, disk, commands = cases()[case]
    if [one["name"] for one in commands[-2:]] == ["IDENTIFY DEVICE"] * 2:
        commands = commands[:-1]  # asked once more for what the drive hides, not for this proof
    last = max(at for at, one in enumerate(commands) if one["name"] in ERASING)
    for end in range(last + 1, len(commands)):
        assert prove(step, disk, commands[:end]).faults, commands[end]["name"]
    assert prove(step, disk, [*commands, commands[last]]).faults  # erased again: not this outcome


def test_sanitize_log_states() -> None:
    step, disk, commands = honest("nvme", {})
    log = next(c for c in reversed(commands) if c["name"] == "Sanitize Status")
    raw = bytearray.fromhex(log["answer"])
    for state, scdw10, proven, level in (
        (1, None, True, Level.PURGE),
        (4, None, True, Level.CLEAR),
        (2, None, False, Level.NONE),
        (3, None, False, Level.NONE),
        (0, None, False, Level.NONE),
        (1, 0xB, False, Level.NONE),
    ):
        raw[2] = state
        if scdw10 is not None:
            raw[4] ^= scdw10
        log["answer"] = raw.hex()
        proof = prove(step, disk, commands)
        assert (not proof.faults, proof.highest) == (proven, level), state
    log["answer"] = bytes(512).hex()
    assert prove(step, disk, commands).faults


def test_format_with_ses_0_proves_nothing() -> None:
    step, disk, commands = formatted()
    for command in commands:
        if command["name"] == "Format NVM":
            entry = bytearray.fromhex(command["request"])
            entry[41] = 0
            command["request"] = entry.hex()
    assert prove(step, disk, commands).faults


def test_a_drive_still_locked_is_not_erased() -> None:
    step, disk, commands = honest(*HONEST[1])
    identify = next(c for c in reversed(commands) if c["name"] == "IDENTIFY DEVICE")
    raw = bytearray.fromhex(identify["answer"])
    raw[256] |= 2
    identify["answer"] = raw.hex()
    assert prove(step, disk, commands).faults
