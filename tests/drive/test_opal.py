"""Opal PSID revert: the tool is believed for nothing, and the PSID is written nowhere."""

from __future__ import annotations

import hashlib
import json
import stat
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from recond.certify.record import fold_journal
from recond.drive.answers import OpalState, parse_opal
from recond.drive.types import Capabilities
from recond.ends import ConfirmedBy
from recond.erasure import (
    Level,
    LevelWish,
    Result,
    Status,
    Technique,
    Verdict,
    WipePlan,
)
from recond.errors import UsageError
from recond.flow.run.supervisor import confirm_all, parse_psid, with_psids
from recond.host.process import LocalProcesses
from recond.host.sim.drive import Killed, PowerCut, SimClock
from recond.host.sim.opal import PSID, SimOpal
from recond.host.workers import Workers
from recond.model import Medium
from recond.progress import Phase, ProgressEvent
from recond.wipe.drive.opal import QUERY, REVERT, TOOL, Opal
from recond.wipe.drive.opal_choosing import plan_opal
from tests.drive.histories import History, erase_opal, run_opal_history

DIGEST = hashlib.sha256(PSID.encode()).hexdigest()


def drive(*lies: str, content: str = "text") -> SimOpal:
    return SimOpal(SimClock(4), 4, frozenset(lies), content=content)


def run(disk: SimOpal, wish: LevelWish = LevelWish.CLEAR) -> tuple[History, Result | None]:
    history = erase_opal(disk, wish)
    raw = history.sink.raw
    assert PSID.encode() not in raw
    assert PSID.encode().hex().encode() not in raw
    return history, fold_journal(raw, "sim").result if raw else None


def reasons(history: History) -> list[str]:
    ends = [
        json.loads(line)["data"]
        for line in history.sink.raw.splitlines()
        if json.loads(line)["kind"] == "step_end"
    ]
    return [end["reason"]["code"] for end in ends if end["reason"]]


def test_an_honest_drive_is_purged_and_the_journal_holds_a_digest_only() -> None:
    disk = drive()
    history, result = run(disk, LevelWish.PURGE)
    assert result is not None
    assert (result.status, result.level_achieved, result.verdict) == (
        Status.ERASED,
        Level.PURGE,
        Verdict.APPROVED,
    ), result
    assert not disk.cells.left()
    assert f"sha256:{DIGEST}".encode().hex().encode() in history.sink.raw
    assert disk.reverts == 1


@pytest.mark.parametrize(
    ("lies", "status", "verdict", "reason"),
    [
        (("success",), Status.FAILED, Verdict.ESCALATE, "drive.reason.revert_not_done"),
        (("wrong-psid",), Status.FAILED, Verdict.ESCALATE, "drive.reason.psid_refused"),
        (("keeps-key",), Status.FAILED, Verdict.REJECTED, None),
        (("half",), Status.FAILED, Verdict.REJECTED, None),
        (("locked",), Status.FAILED, Verdict.ESCALATE, None),  # nothing was seen to change
        (("exit-1",), Status.FAILED, Verdict.ESCALATE, "drive.reason.psid_refused"),
        (("hangs",), Status.INTERRUPTED, Verdict.ESCALATE, "drive.reason.no_answer"),
        (("silent",), Status.INTERRUPTED, Verdict.ESCALATE, "drive.reason.no_answer"),
    ],
)
def test_a_lie_is_never_an_erasure(
    lies: tuple[str, ...], status: Status, verdict: Verdict, reason: str | None
) -> None:
    disk = drive(*lies)
    history = erase_opal(disk, again=False)
    result = fold_journal(history.sink.raw, "sim").result
    assert (result.status, result.level_achieved, result.verdict) == (
        status,
        Level.NONE,
        verdict,
    ), result
    assert reasons(history)[:1] == ([reason] if reason else [])
    assert disk.reverts == 1  # never tried a second time


def test_blocks_that_were_let_go_are_clear_at_most() -> None:
    for wish, verdict in ((LevelWish.CLEAR, Verdict.APPROVED), (LevelWish.PURGE, Verdict.ESCALATE)):
        _, result = run(drive("lets-go"), wish)
        assert result is not None
        assert (result.level_achieved, result.verdict) == (Level.CLEAR, verdict)


@pytest.mark.parametrize(
    ("lie", "refusal"),
    [("inactive", "drive.refusal.opal_inactive"), ("swaps", "drive.refusal.opal_other")],
)
def test_what_is_not_planned(lie: str, refusal: str) -> None:
    history, _ = run(drive(lie))
    assert history.plan is not None
    assert [message.code for message in history.plan.refusals][:1] == [refusal]
    assert not history.sink.raw


@pytest.mark.parametrize("lie", ["locked", "plain"])
def test_purge_is_not_promised_where_it_cannot_be_shown(lie: str) -> None:
    history, _ = run(drive(lie), LevelWish.PURGE)
    assert history.plan is not None
    assert [message.code for message in history.plan.refusals] == ["wipe.refusal.no_purge"]


def test_other_ways_that_are_refused() -> None:
    disk = drive()
    state = OpalState(disk.serial, False, True, True)
    found = Capabilities(Medium.SSD, "usb")
    usb = plan_opal(replace(disk.identity, bus="usb"), "/dev/x", found, state)
    assert [message.code for message in usb.refusals] == ["drive.refusal.opal_usb"]
    silent = plan_opal(disk.identity, "/dev/x", found, None)
    assert [message.code for message in silent.refusals] == ["drive.refusal.opal_silent"]


def test_it_is_never_planned_unasked() -> None:
    from recond.wipe.drive.capabilities import read_capabilities
    from recond.wipe.drive.choosing import plan_firmware
    from tests.drive.test_lies import drive_of

    for kind in ("ata", "nvme", "scsi"):
        for wish in LevelWish:
            found = read_capabilities(drive_of(kind)[0].device("/dev/sim"))
            steps = plan_firmware(found, wish, 1 << 30).steps
            assert Technique.OPAL_PSID_REVERT not in {step.technique for step in steps}


@pytest.mark.parametrize("moment", range(1, 40))
@pytest.mark.parametrize("struck", [Killed, PowerCut])
def test_a_cut_anywhere_gives_no_false_word_and_no_second_try(
    moment: int, struck: type[Exception]
) -> None:
    disk = drive()
    history = erase_opal(disk, LevelWish.PURGE, strike_at=moment, struck=struck)
    if not history.sink.raw:
        return
    result = fold_journal(history.sink.raw, "sim").result
    assert disk.reverts <= 1
    if result.level_achieved is Level.PURGE:
        assert not disk.cells.left()
    assert PSID.encode() not in history.sink.raw


@pytest.mark.parametrize("share", range(4))
def test_seeded_histories(share: int) -> None:
    import os

    for seed in range(share, int(os.environ.get("RECOND_HISTORIES", "240")) // 8, 4):
        history, disk = run_opal_history(seed)
        if history.sink.raw:
            result = fold_journal(history.sink.raw, "sim").result
            assert PSID.encode() not in history.sink.raw
            assert PSID.encode().hex().encode() not in history.sink.raw
            if result.level_achieved is Level.PURGE:
                assert not disk.cells.left(), str(history)
            if result.status is Status.ERASED:
                assert not disk.cells.shown(), str(history)
            assert disk.reverts <= 1, str(history)


# --- The PSID's way, and the tool's text ------------------------------------------------------


def test_the_query_is_read_or_refused() -> None:
    text = drive()._query("/dev/nvme0n1").encode()
    assert parse_opal(text) == OpalState("SIM00000004", False, True, True)
    real = (
        b'/dev/sdb ATA SAMSUNG SSD PM810 FDE 2.5" 256GB     AXM77D1Q       S0S8NEAB909523\n'
        b"Locking function (0x0002)\n    Locked = Y, LockingEnabled = Y, LockingSupported = Y,"
        b" MBRDone = N, MBREnabled = Y, MediaEncrypt = Y\n"
    )
    assert parse_opal(real) == OpalState("S0S8NEAB909523", True, True, True)
    for wrong in (
        b"",
        b"Invalid or unsupported disk\n",
        text.replace(b"MediaEncrypt", b"x"),
        text + text,
        text.replace(b"Locked = N", b"Locked = ?"),
    ):
        assert parse_opal(wrong) is None, wrong


@pytest.mark.parametrize(
    "typed", ["", "short", PSID[:-1], PSID + "A", PSID[:-1] + "!", PSID[:-1] + "é", "0x" + PSID]
)
def test_a_wrong_form_is_one_clear_message(typed: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_psid(typed)
    assert caught.value.message.code == "cli.psid.form"
    assert len(typed) < 6 or typed not in str(caught.value)  # nor repeated in a log


def test_dashes_and_spaces_of_the_label_are_taken_off() -> None:
    assert parse_psid(" " + "-".join(PSID[i : i + 4] for i in range(0, 32, 4)) + "\n") == PSID


def test_the_psid_is_asked_for_its_disk_only_and_shown_nowhere() -> None:
    history, _ = run(drive())
    assert isinstance(history.plan, WipePlan)
    (confirmed,) = with_psids(confirm_all((history.plan,), ConfirmedBy.TYPED), lambda _plan: PSID)
    assert confirmed.psid == PSID
    assert PSID not in repr(confirmed)
    other = replace(history.plan, steps=())
    (left,) = with_psids(confirm_all((other,), ConfirmedBy.TYPED), lambda _plan: PSID)
    assert left.psid is None


def test_a_worker_gets_it_through_a_pipe(tmp_path: Path) -> None:
    (tmp_path / "listener.py").write_text(
        "import json, sys\nprint(json.dumps({'phase': 'end', 'details': ' '.join("
        "[sys.stdin.readline().strip(), *sys.argv[1:]])}), flush=True)\n"
    )
    sys.path.append(str(tmp_path))
    try:
        workers = Workers()
        workers.start("one", "listener", ("psid",), tmp_path / "errors", secret=PSID)
        said = [event[1] for event in workers.events() if event is not None]
    finally:
        sys.path.remove(str(tmp_path))
    assert said == [ProgressEvent(Phase.END, details=f"{PSID} psid")]


FAKE = """#!/bin/sh
echo "$@" >>{log}
case "$1" in
--query) cat {text};;
*) [ {hang} = yes ] && exec sleep 30; echo "revertTper completed successfully"; exit 0;;
esac
"""


@pytest.mark.parametrize("hang", ["no", "yes"])
def test_a_tool_on_the_path_that_exits_0_and_does_nothing_or_hangs(
    hang: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A real process: its arguments, its lie, its silence."""
    disk = drive("success")
    (tmp_path / "text").write_text(disk._query("/dev/sim"))
    tool = tmp_path / TOOL
    tool.write_text(FAKE.format(log=tmp_path / "log", text=tmp_path / "text", hang=hang))
    tool.chmod(tool.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("recond.host.process._PATH", f"{tmp_path}:/usr/bin:/bin")
    monkeypatch.setattr("recond.wipe.drive.opal.REVERT_S", 1)
    history = erase_opal(disk, tool=Opal(LocalProcesses(), PSID), again=False)
    assert reasons(history) == [
        "drive.reason.no_answer" if hang == "yes" else "drive.reason.revert_not_done"
    ]
    calls = (tmp_path / "log").read_text().splitlines()
    assert calls[:2] == [f"{QUERY} /dev/sim", f"{REVERT} {PSID} /dev/sim"]
    assert PSID.encode() not in history.sink.raw
    assert fold_journal(history.sink.raw, "sim").result.level_achieved is Level.NONE


def test_without_the_tool_nothing_is_said_to_be_done(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    monkeypatch.setattr("recond.host.process._PATH", "/nonexistent")
    history = erase_opal(drive(), tool=Opal(LocalProcesses(), PSID), again=False)
    assert reasons(history) == ["drive.reason.no_sedutil"]


@pytest.mark.parametrize(
    "change", [{"status": 1}, {"status": -1}, {"errno": 5}, {"answer": None}, {"transport": "scsi"}]
)
def test_the_proof_falls_with_each_part(change: dict[str, Any]) -> None:
    from recond.certify.judge.drive_proof import prove

    history, _ = run(drive(), LevelWish.PURGE)
    plan = history.plan
    assert plan is not None
    lines = [
        json.loads(line)["data"]
        for line in history.sink.raw.splitlines()
        if json.loads(line)["kind"] == "command"
    ]
    assert not prove(plan.steps[0], plan.disk, lines).faults
    assert prove(plan.steps[0], replace(plan.disk, serial="X"), lines).faults
    for at, one in enumerate(lines):
        if (
            one["status"] == -1
            or (change == {"errno": 5} and one["name"] == "Opal query")
            or ("answer" in change and one["name"] == "PSID revert")
        ):
            continue
        changed = [*lines[:at], one | change, *lines[at + 1 :]]
        assert prove(plan.steps[0], plan.disk, changed).faults, (one["name"], change)
