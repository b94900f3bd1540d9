"""Drives that a real kernel spoke with, in the emulated lab: their journals, judged and replayed.

`recorded/` holds journals as the runs of `tests/lab/test_firmware.py` left them. What each image
held was read by the host then, and stands here beside what the journal must come to. One of several
sessions is replayed session by session, each with what the drive answered in it: killed, cut, taken
out or reset there, and gone on with by what the journal held of the sessions before.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import pytest

from recond.certify.judge.drive_proof import prove
from recond.certify.judge.journal_read import parse_journal
from recond.certify.judge.timeline import read_timeline
from recond.certify.record import fold_journal
from recond.drive.exchange import parse_exchanges
from recond.erasure import DiskIdentity, WipePlan
from recond.host.block import BlockDevice
from recond.host.recorded_drive import replayed
from recond.host.sim.drive import Killed, SimClock
from recond.host.transport import FirmwareDevice
from recond.model import Json
from recond.wipe.drive.conversation import Entries
from recond.wipe.drive.runner import DriveRunner

FOLDER = Path(__file__).parent / "recorded"
JOURNALS = sorted(one.stem for one in FOLDER.glob("*.jsonl"))
AREAS = [one for one in JOURNALS if "-boot" in one]  # overwritten, by no command of the drive's
BY_ITSELF = [one for one in JOURNALS if one not in AREAS]
ALONE = [
    one
    for one in BY_ITSELF
    if (FOLDER / f"{one}.jsonl").read_bytes().count(b'"kind":"open"') == 1 and one != "sas0-kill"
]  # which no session went on with
SEVERAL = [one for one in BY_ITSELF if one not in ALONE]


@dataclass(frozen=True)
class Told:
    """What the record must say; `marked`: how many of the donor's sectors the image held."""

    status: str
    level: str
    marked: int


TOLD = {
    "efail0-security": Told("erased", "clear", 0),
    "emmc": Told("erased", "clear", 0),
    "emmc-boot0-cut": Told("interrupted", "none", 1231),
    "emmc-boot0-drop": Told("failed", "none", 2048),
    "emmc-boot0-kill": Told("erased", "clear", 0),
    "emmc-boot1": Told("erased", "clear", 0),
    "emmc-boot1-cut": Told("interrupted", "none", 0),
    "emmc-kill": Told("erased", "clear", 0),
    "emmc-liar": Told("failed", "none", 24576),
    "frozen0-napped": Told("erased", "clear", 0),
    "hdd0-kill": Told("erased", "purge", 0),
    "hdd0-security": Told("erased", "purge", 0),
    "hdd0-security-cut": Told("erased", "purge", 0),
    "hdd0-security-kill": Told("erased", "purge", 0),
    "hdd0-security-remove": Told("erased", "purge", 0),
    "hdd0-security-term": Told("erased", "purge", 0),
    "liar0-remove": Told("failed", "none", 131072),
    "liar0-security": Told("failed", "none", 131072),
    "nv0": Told("erased", "purge", 0),
    "nv0-format": Told("erased", "clear", 0),
    "nv0-format-cut": Told("erased", "clear", 0),
    "nv0-format-goes-on": Told("erased", "clear", 0),
    "nv0-format-kill": Told("erased", "clear", 0),
    "nv0-format-reset": Told("erased", "clear", 0),
    "nv0-kill": Told("erased", "purge", 0),
    "nv0-remove": Told("erased", "purge", 0),
    "nv0-reset": Told("erased", "purge", 0),
    "nvfail": Told("erased", "clear", 0),
    "nvfail-format": Told("erased", "clear", 0),
    "nvliar": Told("failed", "none", 131072),
    "nvliar-format": Told("failed", "none", 131072),
    "nvliar-format-cut": Told("failed", "none", 131072),
    "nvliar-format-reset": Told("failed", "none", 131072),
    "nvliar-reset": Told("failed", "none", 131072),
    "nvstuck-kill": Told("interrupted", "none", 129762),
    "sas0": Told("erased", "purge", 0),
    "sas0-cut": Told("erased", "purge", 0),
    "sas0-kill": Told("interrupted", "none", 0),
    "sas0-kill-resumed": Told("erased", "purge", 0),
    "sas0-remove": Told("erased", "purge", 0),
    "sasfail": Told("erased", "clear", 0),
    "sasliar": Told("failed", "none", 131072),
    "shared-alone": Told("erased", "purge", 0),
    "ssd0-remove": Told("erased", "purge", 0),
    "ssd0-security": Told("erased", "clear", 0),
    "ssd0-security-cut": Told("erased", "clear", 0),
    "ssd0-security-kill": Told("erased", "clear", 0),
    "ssd0-security-term": Told("erased", "clear", 0),
    "ssd0-term": Told("erased", "purge", 0),
    "stuck0-term": Told("interrupted", "none", 129762),
}


@dataclass(frozen=True)
class Held:
    """The disk that the session held: a replay looks at its name only."""

    path: str
    disk: DiskIdentity

    def identity(self) -> DiskIdentity:
        return self.disk


@pytest.mark.parametrize("name", JOURNALS)
def test_the_record_says_what_the_image_held(name: str) -> None:
    found = fold_journal((FOLDER / f"{name}.jsonl").read_bytes(), f"journals/{name}.jsonl")
    told = TOLD[name]
    assert (found.result.status, found.result.level_achieved) == (told.status, told.level)
    assert (found.result.verdict == "approved") is (found.result.status == "erased")
    assert not (told.marked and found.result.status == "erased")


@pytest.mark.parametrize("name", AREAS)
def test_an_areas_switch_was_at_one_again_whenever_it_was_read(name: str) -> None:
    entries = parse_journal((FOLDER / f"{name}.jsonl").read_bytes()).entries
    node = f"mmcblk0{name.split('-')[1]}"
    now, boot = "1", None
    for entry in entries:
        if entry.kind == "open":  # another boot: the kernel has set it
            now, boot = now if entry.data["boot"] == boot else "1", entry.data["boot"]
        elif entry.kind == "write_protect":
            assert (entry.data["node"], entry.data["was"]) == (node, now)
            now = str(entry.data["now"])
        elif entry.kind in ("step_start", "checkpoint", "step_end", "flush"):
            assert now == "0"
        elif entry.kind == "verify_start":
            assert now == "1"
    assert now == "1"


def steps_of(name: str) -> Iterator[tuple[WipePlan, int, list[dict[str, Any]], str]]:
    """Each step that the drive itself carried out: its commands and how it ended then."""
    entries = parse_journal((FOLDER / f"{name}.jsonl").read_bytes()).entries
    plan = read_timeline(entries).plan
    assert plan is not None
    ends = {one.data["step"]: str(one.data["outcome"]) for one in entries if one.kind == "step_end"}
    for index, step in read_timeline(entries).steps.items():
        said = [dict(entry.data) for entry in step.commands]
        if said and index in ends:
            yield plan, index, said, ends[index]


def replay(
    plan: WipePlan,
    index: int,
    before: list[dict[str, Any]],
    earlier: Entries | None = None,
    *,
    stops: bool = False,
    killed: bool = False,
) -> tuple[str, list[Any]]:
    """A step against the drive as it answered then: how it ends, and what was said.

    `earlier` is what the journal holds of the step's sessions before; `stops`: somebody asked for a
    stop once the last answer was there; `killed`: no further line was written.
    """
    disk = plan.disk
    shape = FirmwareDevice(plan.path, disk.bus, disk.medium, disk.serial, disk.size_bytes)
    drive = replayed(shape, parse_exchanges(before), disk.namespace)
    said: list[Any] = []

    def log(word: str, data: dict[str, Json]) -> None:
        if word == "command":
            if killed and len(said) == len(before):
                raise Killed
            said.append(data)

    asked = iter(range(1_000_000))

    def should_stop() -> bool:
        """The first question of a killed session comes before its command: that one was sent."""
        over = (stops or killed) and len(said) >= len(before) - (not killed)
        return over and (stops or next(asked) > 0)

    run = DriveRunner(lambda _path: (drive, disk), SimClock(3))
    try:
        outcome, _ = run(
            plan.steps[index],
            index,
            cast(BlockDevice, Held(plan.path, disk)),
            log,
            should_stop,
            lambda _permille: None,
            earlier or [],
        )
    except Killed:
        return "killed", said
    return str(outcome), said


@pytest.mark.parametrize("name", ALONE)
def test_replayed_it_ends_as_it_did_then(name: str) -> None:
    ran = 0
    for plan, index, before, ended in steps_of(name):
        outcome, logged = replay(plan, index, before)
        ran += 1
        assert outcome == ended, [one["name"] for one in logged]
        step = plan.steps[index]
        if outcome == "done":
            assert prove(step, plan.disk, logged) == prove(step, plan.disk, before)
        sent = {(one["request"], one["answer"], one["status"]) for one in logged}
        assert sent
        assert sent <= {(one["request"], one["answer"], one["status"]) for one in before}
    assert ran


@dataclass(frozen=True)
class Part:
    """What one session did of a step. `end` is None where the program did not come to it."""

    index: int
    earlier: Entries
    commands: list[dict[str, Any]]
    end: dict[str, Any] | None


def parts_of(name: str) -> tuple[WipePlan, list[Part]]:
    """A journal's steps of the drive's own, session by session."""
    entries = parse_journal((FOLDER / f"{name}.jsonl").read_bytes()).entries
    plan = read_timeline(entries).plan
    assert plan is not None
    found: list[Part] = []
    sessions: list[list[tuple[str, dict[str, Json]]]] = []
    for entry in entries:
        sessions += [[]] if entry.kind == "open" else []
        sessions[-1].append((entry.kind, dict(entry.data)))
    for number, session in enumerate(sessions):
        for index, step in enumerate(plan.steps):
            own = [one for one in session if one[1].get("step") == index]
            commands = [data for kind, data in own if kind == "command"]
            if step.fill is None and commands:
                before = [one for earlier in sessions[:number] for one in earlier]
                kept = [one for one in before if one[1].get("step") == index]
                ends = [data for kind, data in own if kind == "step_end"]
                found.append(Part(index, kept, commands, ends[-1] if ends else None))
    return plan, found


@pytest.mark.parametrize("name", SEVERAL)
def test_session_by_session_it_goes_as_it_did_then(name: str) -> None:
    plan, parts = parts_of(name)
    logged: dict[int, list[Any]] = {}
    for part in parts:
        end = part.end or {"outcome": "killed", "reason": None}
        reason = (end["reason"] or {}).get("code")
        outcome, said = replay(
            plan,
            part.index,
            part.commands,
            list(part.earlier),
            stops=reason in ("drive.reason.goes_on", "drive.reason.not_begun"),
            killed=part.end is None,
        )
        # what nobody knows is journalled as a stop: `recond resume` asks the drive again
        assert outcome.replace("unknown", "stopped") == end["outcome"], (part.index, said)
        sent = {(one["request"], one["answer"], one["status"], one["errno"]) for one in said}
        kept = {(o["request"], o["answer"], o["status"], o["errno"]) for o in part.commands}
        assert sent <= kept
        logged.setdefault(part.index, []).extend(said)
        if end["outcome"] == "done":
            commands = [data for kind, data in part.earlier if kind == "command"]
            step = plan.steps[part.index]
            then = prove(step, plan.disk, [*commands, *part.commands])
            assert prove(step, plan.disk, logged[part.index]) == then
    assert parts
