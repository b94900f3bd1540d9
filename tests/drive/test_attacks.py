"""What a reader who does not believe us would try: each makes a false word cheap, and gets none."""

from __future__ import annotations

import hashlib
import json
from typing import Any

import pytest

from recond.certify.record import fold_journal
from recond.codec import canonical_bytes
from recond.erasure import Level, LevelWish, Result, Status
from recond.host.sim.ata import SimAta
from recond.host.sim.drive import PowerCut, SimClock
from recond.host.sim.nvme import SimNvme
from recond.host.sim.scsi import SimScsi
from tests.drive.histories import Drive, Fate, History, erase
from tests.drive.test_lies import drive_of, told

KINDS: dict[str, type[SimAta] | type[SimNvme] | type[SimScsi]] = {
    "ata": SimAta,
    "nvme": SimNvme,
    "scsi": SimScsi,
}


def drive(kind: str, *lies: str, content: str = "text", **traits: Any) -> Drive:
    return KINDS[kind](SimClock(9), 9, frozenset(lies), content=content, **traits)


def run(disk: Drive, wish: LevelWish = LevelWish.PURGE) -> tuple[History, Result]:
    history = erase(disk, disk.clock, wish)
    return history, fold_journal(history.sink.raw, "sim").result


def sent(history: History, *names: str) -> list[dict[str, Any]]:
    lines = [json.loads(line) for line in history.sink.raw.splitlines()]
    return [
        line["data"]
        for line in lines
        if line["kind"] == "command" and line["data"]["name"] in names
    ]


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("lie", ["success", "half"])
@pytest.mark.parametrize("content", ["trimmed", "blank"])
def test_a_disk_that_reads_blank_before_hides_no_lie(kind: str, lie: str, content: str) -> None:
    """A quick format lets blocks go: zeros before, zeros after, and everything in the cells."""
    disk = drive(kind, lie, content=content)
    _, result = run(disk)
    assert result.status is not Status.ERASED
    assert result.level_achieved is Level.NONE
    honest = drive(kind, content=content)
    _, good = run(honest)
    assert (good.status, good.level_achieved) == (Status.ERASED, Level.PURGE)
    assert not honest.cells.left()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("content", ["text", "trimmed"])
@pytest.mark.parametrize("moment", range(8))
def test_the_state_of_an_older_run_after_a_power_cut_proves_nothing(
    kind: str, content: str, moment: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The drive loses the operation with its power, and tells that of one long ago."""
    disk = drive(kind, "forgets", content=content)

    def strike(_fate: Fate, _word: str) -> None:
        if disk.work is not None:
            seen.append(1)
            if len(seen) == moment + 1:
                raise PowerCut

    seen: list[int] = []
    monkeypatch.setattr(Fate, "__call__", strike)
    _, result = run(disk)
    assert seen
    if disk.cells.left():
        assert result.level_achieved is Level.NONE, result


@pytest.mark.parametrize("kind", KINDS)
def test_another_serial_behind_the_erasure_is_no_outcome(kind: str) -> None:
    """Nobody knows whose answer it was: open at first, failed where it goes on like this."""
    history, result = run(drive(kind, "renames"))
    first, *later = told(history)
    assert (first, set(later)) == ("drive.reason.no_answer", {"drive.reason.other_drive"})
    assert (result.status, result.level_achieved) == (Status.FAILED, Level.NONE)


def test_a_log_of_the_same_command_done_long_ago_is_not_believed() -> None:
    disk = drive("nvme", "stale-log")
    _, result = run(disk)
    assert result.status is not Status.ERASED


@pytest.mark.parametrize("sanitizes", [True, False])
def test_somebody_elses_password_stays_as_it_is(sanitizes: bool) -> None:
    disk = drive("ata", "owned", sanitizes=sanitizes, rotating=True)
    assert isinstance(disk, SimAta)
    password = disk.password
    history = erase(disk, disk.clock, LevelWish.BEST)
    assert disk.password == password
    assert history.plan is not None
    assert "drive.note.locked" in {note.code for note in history.plan.notes}
    assert not sent(
        history,
        "SECURITY SET PASSWORD",
        "SECURITY DISABLE PASSWORD",
        "SECURITY ERASE UNIT",
        "SECURITY UNLOCK",
    )
    assert b'"kind":"password"' not in history.sink.raw


def test_a_bridge_without_the_upper_halves_erases_and_shrinks_nothing() -> None:
    disk = drive("ata", "drops-upper", hidden=True)
    history, result = run(disk)
    assert result.status is not Status.ERASED
    assert isinstance(disk, SimAta)
    assert disk.shown >= history.plan.disk.size_bytes // 512  # type: ignore[union-attr]
    assert disk.cells.left()


@pytest.mark.parametrize("kind", KINDS)
def test_another_drive_of_the_same_model_is_not_gone_on_with(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The bench loses power in the middle, and somebody plugs the neighbour in."""
    disk, other = drive(kind), KINDS[kind](SimClock(9), 10, frozenset())
    before, swapped = bytes(other.cells.data), list[int]()
    monkeypatch.setattr("tests.drive.histories.judge", lambda _history: None)

    def strike(_fate: Fate, _word: str) -> None:
        if disk.work is not None and not swapped:
            swapped.append(1)
            for name in ("open", "target", "device"):
                monkeypatch.setattr(disk, name, getattr(other, name))
            raise PowerCut

    monkeypatch.setattr(Fate, "__call__", strike)
    _, result = run(disk)
    assert swapped
    assert bytes(other.cells.data) == before
    assert other.work is None
    assert result.status is not Status.ERASED


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("lie", ["success", "half", "fails", "stuck"])
def test_a_journal_that_somebody_shortened_and_chained_anew(kind: str, lie: str) -> None:
    """Any one line, or two neighbours, taken out of a lying drive's journal: never erased."""
    history = erase(*drive_of(kind, lie), wish=LevelWish.PURGE)
    lines = history.sink.raw.splitlines()
    for count in (1, 2):
        for at in telling_places(lines):
            result = fold_journal(chained(lines[:at] + lines[at + count :]), "sim").result
            assert result.status is not Status.ERASED, lines[at : at + count]
            assert result.level_achieved is Level.NONE


def telling_places(lines: list[bytes]) -> list[int]:
    """Every line, but of those that stand between the same neighbours the first and last three: a
    drive that is asked how far it is a hundred times answers the same each time.
    """
    entries = [json.loads(line) for line in lines]
    words = [(one["kind"], one["data"].get("name")) for one in entries]
    alike: dict[tuple[object, ...], list[int]] = {}
    for at in range(len(words)):
        alike.setdefault(tuple(words[max(0, at - 1) : at + 2]), []).append(at)
    return sorted({at for places in alike.values() for at in (*places[:3], *places[-3:])})


def chained(lines: list[bytes]) -> bytes:
    raw, prev = b"", "0" * 64
    for seq, line in enumerate(lines):
        text = canonical_bytes(json.loads(line) | {"seq": seq, "prev": prev})
        prev, raw = hashlib.sha256(text).hexdigest(), raw + text + b"\n"
    return raw
