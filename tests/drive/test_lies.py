"""Each lie of a drive by name: what becomes of the run, and what the operator is told."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest

from recond.certify.judge.drive_proof import prove
from recond.certify.record import fold_journal
from recond.drive.requests import ata_sanitize_status
from recond.erasure import Level, LevelWish, Status, Technique
from recond.host.sim.ata import SimAta
from recond.host.sim.drive import Killed, PowerCut, SimClock
from recond.host.sim.nvme import SimNvme
from recond.host.sim.scsi import SimScsi
from recond.locale import LANGS, say
from recond.model import Message
from tests.drive.histories import Drive, Fate, History, erase, run_history


def drive_of(kind: str, *lies: str, **traits: bool) -> tuple[Drive, SimClock]:
    clock = SimClock(7)
    maker = {"ata": SimAta, "nvme": SimNvme, "scsi": SimScsi}[kind]
    return maker(clock, 7, frozenset(lies), **traits), clock


def entries(history: History, kind: str) -> list[dict[str, object]]:
    lines = [json.loads(line) for line in history.sink.raw.splitlines()]
    return [line["data"] for line in lines if line["kind"] == kind]


def told(history: History) -> list[str]:
    """The codes of why steps did not end well, in order."""
    return [
        str(end["reason"]["code"])  # type: ignore[index]
        for end in entries(history, "step_end")
        if end["reason"]
    ]


@pytest.mark.parametrize(
    ("kind", "traits", "technique", "level"),
    [
        ("ata", {}, Technique.ATA_SANITIZE_BLOCK, Level.PURGE),
        ("ata", {"rotating": True}, Technique.ATA_SANITIZE_CRYPTO, Level.PURGE),
        ("ata", {"sanitizes": False}, Technique.ATA_SECURITY_ERASE_ENHANCED, Level.CLEAR),
        (
            "ata",
            {"sanitizes": False, "rotating": True},
            Technique.ATA_SECURITY_ERASE_ENHANCED,
            Level.PURGE,
        ),
        ("nvme", {}, Technique.NVME_SANITIZE_BLOCK, Level.PURGE),
        ("nvme", {"inhibits": True}, Technique.NVME_SANITIZE_BLOCK, Level.CLEAR),
        ("nvme", {"purge_reporting": True}, Technique.NVME_SANITIZE_BLOCK, Level.PURGE),
        ("scsi", {}, Technique.SCSI_SANITIZE_BLOCK, Level.PURGE),
        ("scsi", {"rotating": True}, Technique.SCSI_SANITIZE_CRYPTO, Level.PURGE),
    ],
)
def test_an_honest_drive_is_erased_and_proven(
    kind: str, traits: dict[str, bool], technique: Technique, level: Level
) -> None:
    drive, clock = drive_of(kind, **traits)
    history = erase(drive, clock)
    assert history.plan is not None
    assert history.plan.steps[0].technique is technique
    assert (history.outcome, history.approved) == ("completed", level), str(history)
    assert drive.cells.left() == 0
    assert [end["outcome"] for end in entries(history, "step_end")] == ["done"]


@pytest.mark.parametrize("kind", ["ata", "nvme", "scsi"])
@pytest.mark.parametrize("lie", ["success", "half"])
def test_success_without_erasing_is_seen_by_canaries_and_reading(kind: str, lie: str) -> None:
    history = erase(*drive_of(kind, lie))
    assert history.outcome == "completed"
    assert history.approved is None
    (end,) = entries(history, "verify_end")
    assert end["ending"] == "mixed"


@pytest.mark.parametrize(
    ("kind", "lie", "reason"),
    [
        ("ata", "stuck", "drive.reason.stuck"),
        ("nvme", "stuck", "drive.reason.stuck"),
        ("scsi", "stuck", "drive.reason.stuck"),
        ("nvme", "blank", "drive.reason.blank_log"),
        ("nvme", "gone", "drive.reason.no_answer"),
    ],
)
def test_what_nobody_knows_stays_open_for_resume(kind: str, lie: str, reason: str) -> None:
    history = erase(*drive_of(kind, lie), wish=LevelWish.PURGE)
    assert told(history)[-1] == reason
    assert history.outcome == "interrupted"
    assert not entries(history, "end")
    assert history.approved is None


@pytest.mark.parametrize(
    ("kind", "lie", "reason"),
    [
        ("ata", "fails", "drive.reason.sanitize_failed_before"),
        ("nvme", "fails", "drive.reason.sanitize_failed"),
        ("nvme", "other-command", "drive.reason.other_command"),
        ("scsi", "fails", "drive.reason.sanitize_failed"),
        ("scsi", "breaks", "drive.reason.status"),
    ],
)
def test_a_failure_ends_the_run_as_failed(kind: str, lie: str, reason: str) -> None:
    history = erase(*drive_of(kind, lie), wish=LevelWish.PURGE)
    assert set(told(history)) == {reason}
    assert (history.outcome, history.approved) == ("failed", None)


@pytest.mark.parametrize("kind", ["ata", "nvme"])  # scsi: a failed FORMAT UNIT cannot be cleared
def test_a_drive_whose_own_erasure_fails_is_overwritten_behind_it(kind: str) -> None:
    """A failed SANITIZE refuses all else until it is cleared: seen on an emulated drive."""
    drive, clock = drive_of(kind, "fails")
    history = erase(drive, clock)
    assert not drive.blocked()
    assert (history.outcome, history.approved) == ("completed", Level.CLEAR), told(history)
    assert drive.cells.shown() == 0


def test_a_failure_that_test_unit_ready_alone_tells_is_one() -> None:
    """Seen on an emulated SAS drive: REQUEST SENSE said nothing, and the run stayed open."""
    drive, clock = drive_of("scsi", "fails", "hushes")
    history = erase(drive, clock, LevelWish.PURGE)
    assert set(told(history)) == {"drive.reason.sanitize_failed"}
    assert (history.outcome, history.approved) == ("failed", None)
    assert not drive.blocked()


def test_a_failure_that_was_cleared_proves_nothing_that_the_drive_says_later() -> None:
    history = erase(*drive_of("ata"), LevelWish.PURGE)
    assert history.plan is not None
    step, disk = history.plan.steps[0], history.plan.disk
    said: list[Any] = [*entries(history, "command")]
    assert not prove(step, disk, said).faults
    (at,) = (n for n, one in enumerate(said) if one["name"] == "BLOCK ERASE EXT")
    cleared = dict(said[at], request=ata_sanitize_status(clear=True).cdb.hex())
    assert prove(step, disk, [*said[: at + 1], cleared, *said[at + 1 :]]).faults


@pytest.mark.parametrize("lie", ["locks", "jams"])
def test_a_drive_left_locked_has_its_way_back_in_the_journal(lie: str) -> None:
    drive, clock = drive_of("ata", lie, sanitizes=False, rotating=True)
    history = erase(drive, clock, LevelWish.PURGE)
    assert isinstance(drive, SimAta)
    assert history.approved is None
    passwords = entries(history, "password")
    kinds = [
        json.loads(line)["data"].get("name", json.loads(line)["kind"])
        for line in history.sink.raw.splitlines()
    ]
    assert kinds.index("password") < kinds.index("SECURITY SET PASSWORD")
    assert passwords[0]["password"] == b"recond".ljust(32, b"\0").hex()
    if lie == "locks":  # it could be opened, so it is
        assert drive.password is None
        assert told(history) == ["drive.reason.erase_not_done"]
    elif drive.password is not None:
        assert told(history)[-1] == "drive.reason.left_locked"
        assert history.outcome == "interrupted"


@pytest.mark.parametrize("struck", [Killed, PowerCut])
@pytest.mark.parametrize("moment", range(1, 60))
def test_a_security_erase_cut_anywhere_is_finished_by_resume(
    moment: int, struck: type[Exception], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Every single moment, one after the other: the drive ends erased and without password."""
    moments = itertools.count(1)

    def strike(_fate: Fate, _word: str) -> None:
        if next(moments) == moment:
            raise struck

    monkeypatch.setattr(Fate, "__call__", strike)
    drive, clock = drive_of("ata", sanitizes=False, rotating=True)
    assert isinstance(drive, SimAta)
    history = erase(drive, clock, LevelWish.PURGE)
    assert drive.password is None
    if history.outcome == "refused":  # cut before a place was hashed: nothing proves the medium
        assert "before" not in [one["phase"] for one in entries(history, "canary")]
        assert not entries(history, "step_start")
        assert history.approved is None
        return
    assert history.approved is Level.PURGE, str(history)
    assert not drive.cells.left()


def test_a_frozen_drive_is_not_planned_and_the_remedy_is_told() -> None:
    drive, clock = drive_of("ata", "frozen")
    history = erase(drive, clock, LevelWish.PURGE)
    assert history.plan is not None
    assert {"drive.note.frozen", "drive.note.sanitize_frozen"} <= {
        note.code for note in history.plan.notes
    }
    assert [m.code for m in history.plan.refusals] == ["wipe.refusal.no_purge"]
    assert not history.sink.raw


@pytest.mark.parametrize(
    ("lie", "note"),
    [
        ("swaps", "drive.distrust.serial"),
        ("drops", "drive.note.sanitize_unreadable"),
    ],
)
def test_a_bridge_that_lies_gets_no_password(lie: str, note: str) -> None:
    drive, clock = drive_of("ata", lie)
    history = erase(drive, clock)
    assert history.plan is not None
    assert note in {message.code for message in history.plan.notes}
    assert isinstance(drive, SimAta)
    assert drive.password is None


def test_a_bridge_that_drops_the_password_command_is_found_out() -> None:
    drive, clock = drive_of("ata", "drops", sanitizes=False, rotating=True)
    history = erase(drive, clock, LevelWish.PURGE)
    assert told(history) == ["drive.reason.status"]
    assert (history.outcome, history.approved) == ("failed", None)
    assert not [c for c in entries(history, "command") if c["name"] == "SECURITY ERASE UNIT"]


def test_a_sanitize_that_deallocates_what_it_had_to_keep_is_clear() -> None:
    history = erase(*drive_of("nvme", "deallocates"))
    assert history.approved is Level.CLEAR


def test_preq_refused_is_asked_without() -> None:
    history = erase(*drive_of("nvme", "no-preq", purge_reporting=True))
    sent = [
        int.from_bytes(bytes.fromhex(str(c["request"]))[40:44], "little")
        for c in entries(history, "command")
        if c["name"] == "Sanitize"
    ]
    assert [bool(cdw10 & 1 << 11) for cdw10 in sent] == [True, False]
    assert history.approved is Level.PURGE


def test_other_namespaces_are_never_taken_along() -> None:
    history = erase(*drive_of("nvme", "two"))
    assert history.plan is not None
    assert {step.technique for step in history.plan.steps} == {Technique.OVERWRITE}
    codes = {note.code for note in history.plan.notes}
    assert codes == {"drive.note.sanitize_takes_all", "drive.note.format_takes_all"}


def test_hidden_sectors_are_shown_and_erased() -> None:
    drive, clock = drive_of("ata", hidden=True)
    history = erase(drive, clock)
    assert history.plan is not None
    assert history.plan.steps[0].technique is Technique.RESTORE_HIDDEN
    assert history.approved is Level.PURGE
    assert drive.cells.size > history.plan.disk.size_bytes  # after the power cycle
    assert not drive.cells.left()


def test_fixed_sense_is_turned_into_descriptors() -> None:
    drive, clock = drive_of("ata", "fixed")
    history = erase(drive, clock, LevelWish.PURGE)
    assert isinstance(drive, SimAta)
    assert not drive.descriptors  # a power cycle came after the end; before it they were asked for
    assert history.approved is Level.PURGE


@pytest.mark.parametrize("lang", LANGS)
def test_every_reason_is_a_sentence(lang: str) -> None:
    for lie in ("stuck", "blank", "fails", "other-command"):
        for end in entries(erase(*drive_of("nvme", lie), wish=LevelWish.PURGE), "step_end"):
            reason = end["reason"]
            assert isinstance(reason, dict)
            message = Message.of(str(reason["code"]), **reason["args"])
            assert say(lang, message).endswith((".", ".»"))  # type: ignore[arg-type]


@pytest.mark.parametrize("seed", [606, 1428, 2305, 11416])
def test_seeds_that_once_failed(seed: int) -> None:
    """606, 2305, 11416: fixed sense came back with the power; 1428: a purge that nothing showed."""
    history = run_history(seed)
    left = history.drive.cells.left()
    assert (history.approved is Level.PURGE) <= (left == 0), str(history)
    if seed != 1428:
        result = fold_journal(history.sink.raw, "sim").result
        assert result.status is Status.ERASED, (str(history), result)
