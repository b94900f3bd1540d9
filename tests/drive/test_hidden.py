"""Sectors that HPA, AMAC or DCO hide: shown again or said, never called purged unseen."""

from __future__ import annotations

import hashlib
import json
from dataclasses import replace
from typing import Any
from unittest.mock import patch

import pytest

from recond.certify.record import fold_journal
from recond.codec import canonical_bytes
from recond.erasure import Level, LevelWish, Status, Technique, Verdict, VerifyMode, WipePlan
from recond.host.sim.ata import SimAta
from recond.host.sim.drive import HIDDEN, SECTOR, VISIBLE, SimClock
from recond.locale import LANGS, say
from recond.model import Message
from recond.wipe.drive.capabilities import read_capabilities
from recond.wipe.drive.choosing import plan_firmware
from recond.wipe.plan import Wish, plan_wipe
from tests.drive.histories import History, erase

FULL = (VISIBLE + HIDDEN) // SECTOR
WAYS = ("hpa", "hpa+dco", "dco", "amac", "amac+dco")
T = Technique


def disk(*lies: str, by: str = "hpa", **traits: Any) -> SimAta:
    return SimAta(SimClock(5), 5, frozenset(lies), hidden=True, by=by, **traits)


def plan(drive: SimAta, wish: str, restore: bool | None, bus: str = "sata") -> WipePlan:
    device = replace(drive.device("/dev/sim"), bus=bus)
    found = replace(read_capabilities(device), bus=bus)
    wanted = Wish(LevelWish(wish), None, VerifyMode.FULL, restore)
    return plan_wipe(
        drive.target("/dev/sim"),
        wanted,
        bytes(32),
        (),
        plan_firmware(found, wanted.level, drive.cells.size, restore_hidden=restore),
    )


def run(drive: SimAta, wish: LevelWish, restore: bool | None = None) -> tuple[History, Any]:
    history = erase(drive, drive.clock, wish, restore=restore)
    return history, fold_journal(history.sink.raw, "sim").result if history.sink.raw else None


def commands(history: History) -> list[str]:
    lines = [json.loads(line) for line in history.sink.raw.splitlines()]
    return [line["data"]["name"] for line in lines if line["kind"] == "command"]


def codes(messages: tuple[Message, ...]) -> set[str]:
    return {message.code for message in messages}


@pytest.mark.parametrize(
    ("wish", "traits", "restore", "restores", "level", "refusal"),
    [
        ("purge", {}, None, True, Level.PURGE, None),
        ("purge", {}, True, True, Level.PURGE, None),
        ("purge", {}, False, False, None, "wipe.refusal.no_purge"),
        ("best", {}, None, True, Level.PURGE, None),
        ("best", {}, False, False, Level.CLEAR, None),
        ("best", {"sanitizes": False}, None, False, Level.CLEAR, None),  # it clears at most
        ("best", {"sanitizes": False}, True, True, Level.CLEAR, None),
        ("clear", {}, None, False, Level.CLEAR, None),
        ("clear", {}, False, False, Level.CLEAR, None),
        ("clear", {}, True, False, Level.CLEAR, "drive.refusal.hidden_overwrite"),
    ],
)
def test_the_table(
    wish: str,
    traits: dict[str, Any],
    restore: bool | None,
    restores: bool,
    level: Level | None,
    refusal: str | None,
) -> None:
    made = plan(disk(**traits), wish, restore)
    assert any(step.technique is T.RESTORE_HIDDEN for step in made.steps) is restores
    assert codes(made.refusals) == ({refusal} if refusal else set())
    assert ("drive.not_reached.hidden" in codes(made.not_reached)) is not restores
    if level is not None:
        assert made.level_promised is level


def test_what_was_not_asked_is_said() -> None:
    unknown = "drive.not_reached.hidden_unknown"
    assert unknown in codes(plan(disk(), "purge", None, "usb").not_reached)
    assert unknown in codes(plan(disk("dco1", by="hpa"), "purge", None).not_reached)
    shown = SimAta(SimClock(5), 5)
    assert not codes(plan(shown, "purge", None).not_reached)


@pytest.mark.parametrize("by", WAYS)
@pytest.mark.parametrize("rotating", [False, True])
def test_each_way_of_hiding_is_opened_and_its_sectors_are_read(by: str, rotating: bool) -> None:
    drive = disk(by=by, rotating=rotating)
    history, result = run(drive, LevelWish.PURGE)
    assert (result.status, result.level_achieved, result.verdict) == (
        Status.ERASED,
        Level.PURGE,
        Verdict.APPROVED,
    ), result
    assert drive.shown == FULL
    assert not drive.cells.left()
    said = commands(history)
    assert said.count("READ SECTORS EXT") == 32
    if by == "hpa+dco":  # DCO RESTORE is refused while HPA stands
        assert said.index("SET MAX ADDRESS EXT") < said.index("DEVICE CONFIGURATION RESTORE")


def test_an_address_that_is_cut_on_its_way_makes_no_disk_small_for_good() -> None:
    """The first SET MAX holds until the power goes; the lasting one follows where it was right."""
    drive = disk("cuts-lba")
    history, result = run(drive, LevelWish.PURGE)
    assert result.status is not Status.ERASED
    assert commands(history).count("SET MAX ADDRESS EXT") == 1
    assert drive.shown == VISIBLE // SECTOR  # after the power cycle
    good = disk()
    history, _ = run(good, LevelWish.PURGE)
    assert commands(history).count("SET MAX ADDRESS EXT") == 2
    assert good.kept == FULL


@pytest.mark.parametrize("by", WAYS)
def test_what_stays_hidden_lowers_the_level_and_is_said(by: str) -> None:
    drive = disk("keeps-hidden", by=by)  # it erases what it shows, and nothing else
    history, result = run(drive, LevelWish.BEST, restore=False)
    assert (result.status, result.level_achieved) == (Status.ERASED, Level.CLEAR)
    (left,) = [reason for reason in result.reasons if reason.code == "certify.reason.hidden-left"]
    assert dict(left.args)["size_bytes"] == HIDDEN
    assert drive.cells.left()
    assert "SET MAX ADDRESS EXT" not in commands(history)
    for lang in LANGS:
        assert "HPA" in say(lang, left)


@pytest.mark.parametrize("content", ["text", "noise", "blank"])
def test_an_area_that_was_opened_and_kept_what_it_held_is_rejected(content: str) -> None:
    """The drive erases what it showed when power came: everything read by the kernel is fine."""
    drive = disk("keeps-hidden", content=content)
    _, result = run(drive, LevelWish.PURGE)
    assert result.level_achieved is Level.NONE
    assert "certify.reason.hidden-content" in codes(result.reasons)
    assert result.verdict is Verdict.REJECTED


def test_a_drive_that_opens_nothing_is_not_approved() -> None:
    drive = disk("one-change")
    _, result = run(drive, LevelWish.PURGE)
    assert (result.status, result.level_achieved) == (Status.FAILED, Level.NONE)


def test_the_judge_believes_the_drive_and_not_the_plan() -> None:
    """An area that appeared after the plan (or that a plan left out) still lowers the level."""
    drive = SimAta(SimClock(5), 5, hidden=True)
    whole = plan_firmware(
        read_capabilities(drive.device("/dev/sim")), LevelWish.PURGE, drive.cells.size
    )
    steps = tuple(replace(step, options=()) for step in whole.steps[1:])
    history = erase_with(drive, replace(whole, steps=steps))
    result = fold_journal(history.sink.raw, "sim").result
    assert (result.level_achieved, result.verdict) == (Level.CLEAR, Verdict.ESCALATE)
    assert codes(result.reasons) == {"certify.reason.below-request", "certify.reason.hidden-left"}


def erase_with(drive: SimAta, found: Any) -> History:
    with patch("tests.drive.histories.plan_firmware", lambda *_a, **_k: found):
        return erase(drive, drive.clock, LevelWish.PURGE)


@pytest.mark.parametrize("gone", ["READ SECTORS EXT", "IDENTIFY DEVICE"])
def test_without_the_reads_nothing_is_proven(gone: str) -> None:
    history, _ = run(disk(), LevelWish.PURGE)
    kept = [
        line
        for line in history.sink.raw.splitlines(keepends=True)
        if json.loads(line)["data"].get("name") != gone
    ]
    result = fold_journal(rechained(kept), "sim").result
    assert result.status is not Status.ERASED
    assert result.level_achieved is Level.NONE


def rechained(lines: list[bytes]) -> bytes:
    """A journal whose chain was made good again by somebody who took lines out."""
    raw, prev = b"", "0" * 64
    for seq, line in enumerate(lines):
        entry = json.loads(line) | {"seq": seq, "prev": prev}
        text = canonical_bytes(entry)
        prev = hashlib.sha256(text).hexdigest()
        raw += text + b"\n"
    return raw
