"""One disk from the confirmed plan to the end of its journal, and what the record makes of it."""

from __future__ import annotations

import errno
from collections.abc import Callable
from dataclasses import replace
from itertools import count
from typing import Any

import pytest

from recond.erasure import DiskIdentity, Level, Status, Target, Verdict, VerifyMode
from recond.errors import BenchLacks
from recond.host.sim.disk import Faults, SimCells
from recond.host.sim.drive import Killed
from recond.model import Message, Use
from recond.progress import Phase
from recond.wipe.position import read_standing
from tests.wipe.disks import HDD, PATH, STICK, Bay, bay, letters, plan_for


def codes(bench: Bay) -> list[str]:
    return [reason.code for reason in bench.erasure.result.reasons]


def after(number: int) -> Callable[[], bool]:
    """A stop that is asked for the n-th time it is looked at, and from then on."""
    asked = count()
    return lambda: next(asked) >= number


def test_the_evidence_comes_in_its_order() -> None:
    bench = bay(method="dod-short")
    assert bench.run() == "completed"
    kinds = [kind for kind, _ in bench.entries if kind not in ("checkpoint",)]
    assert kinds == [
        "open",
        "plan",
        "confirmation",
        "identity",
        "holders",
        "canary",
        "step_start",
        "step_end",
        "step_start",
        "step_end",
        "step_start",
        "step_end",
        "flush",
        "holders",
        "canary",
        "verify_start",
        "verify_end",
        "holders",
        "end",
    ]
    result = bench.erasure.result
    assert (result.status, result.verdict) == (Status.ERASED, Verdict.APPROVED)
    assert result.level_achieved is Level.CLEAR


@pytest.mark.parametrize("mode", VerifyMode)
def test_what_a_verification_leads_to(mode: VerifyMode) -> None:
    bench = bay(replace(HDD, size_bytes=4300 * 512), verify=mode)
    assert bench.run() == "completed"
    result = bench.erasure.result
    if mode is VerifyMode.NONE:
        assert result.status is not Status.ERASED
        assert result.level_achieved is Level.NONE
    else:
        assert (result.status, result.verdict) == (Status.ERASED, Verdict.APPROVED)


# --- Refusals: not a byte is written ---------------------------------------------------------


def test_a_plan_with_refusals_is_not_carried_out() -> None:
    bench = bay()
    bench.plan = plan_for(HDD, refusals=(Message.of("wipe.refusal.empty", path=PATH),))
    assert bench.run() == "refused"
    assert bench.drive._requests == 0
    assert bench.erasure.result.status is Status.REFUSED


@pytest.mark.parametrize(
    "changes",
    [
        {"serial": "OTHER"},
        {"serial": None},
        {"size_bytes": 128 * 1024},
        {"disk_seq": 8},
        {"model": "X"},
        {"logical_block_bytes": 4096},
    ],
)
def test_another_disk_than_the_one_of_the_plan_is_not_written(changes: dict[str, Any]) -> None:
    bench = bay()
    bench.drive.identity = replace(HDD, **changes)
    assert bench.run() == "refused"
    assert bench.drive.written == 0
    assert bench.of("identity")[0]["differences"] == list(changes)
    assert bench.erasure.result.status is Status.REFUSED


def test_the_guard_is_asked_again_just_before_writing() -> None:
    bench = bay()
    used = Target(PATH, HDD, (Use("mount", "sim0p1", "/home"),), False, "sim0")
    bench.drive.target = lambda _path: used  # type: ignore
    assert bench.run() == "refused"
    assert bench.drive._requests == 0


@pytest.mark.parametrize("number", [errno.EBUSY, errno.EACCES, errno.ENOENT, errno.EROFS])
def test_a_disk_that_cannot_be_opened_exclusively_is_refused(number: int) -> None:
    bench = bay()

    def refuse(_path: str, _writing: bool) -> Any:
        raise OSError(number, "no")

    bench.drive.open = refuse  # type: ignore
    assert bench.run() == "refused"
    (reason,) = bench.erasure.result.reasons
    assert reason.code == (
        "wipe.refusal.busy" if number == errno.EBUSY else "wipe.refusal.cannot_open"
    )


# --- Disks that lie --------------------------------------------------------------------------


def test_a_disk_that_writes_nothing_is_shown_by_its_canaries() -> None:
    bench = bay(faults=Faults(dropped=1.0), verify=VerifyMode.SAMPLE)
    assert bench.run() == "completed"
    result = bench.erasure.result
    assert (result.status, result.verdict) == (Status.FAILED, Verdict.REJECTED)
    assert "certify.reason.canary-unchanged" in codes(bench)


@pytest.mark.parametrize(
    ("method", "found"),
    [
        ("random", True),
        ("dod-short", True),
        ("schneier", True),
        ("nist-clear", False),
        ("flash-clear", False),
        ("bmb21-2019", False),
    ],
)
def test_which_methods_find_a_size_that_lies(method: str, found: bool) -> None:
    """docs/guarantees.md states this table."""
    bench = bay(method=method, faults=Faults(real_blocks=HDD.size_bytes // 512 // 4))
    bench.run()
    status = bench.erasure.result.status
    assert status is (Status.FAILED if found else Status.ERASED)


FAULTS = {
    "dropped": Faults(dropped=0.1),
    "torn": Faults(torn=0.1),
    "misdirected": Faults(misdirected=0.1),
    "stale": Faults(stale=0.1),
}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("method", ["nist-clear", "random"])
def test_one_write_in_ten_that_lies_is_found(fault: str, method: str) -> None:
    bench = bay(method=method, faults=FAULTS[fault])
    bench.run()
    assert bench.erasure.result.status is Status.FAILED
    assert "certify.reason.mismatch" in codes(bench)


def test_a_disk_swapped_between_writing_and_reading_is_no_canary() -> None:
    for changes in ({"serial": "OTHER"}, {"disk_seq": 8}):
        bench = bay()
        twin = SimCells(replace(HDD, **changes), bytes(HDD.size_bytes), bench.clock)
        opened = bench.drive.open

        def swap(path: str, writing: bool, opened: Any = opened, twin: Any = twin) -> Any:
            return opened(path, True) if writing else twin.open(path, False)

        bench.drive.open = swap  # type: ignore
        assert bench.run() == "failed"
        assert "wipe.reason.other_disk" in codes(bench)
        assert bench.erasure.result.status is Status.FAILED


def test_a_flush_that_lied_before_a_power_cut_is_found_when_it_goes_on() -> None:
    bench = bay(faults=Faults(flush_lies=True))
    bench.should_stop = after(20)
    assert bench.run() == "interrupted"
    bench.drive.power_cut(keeps=0)
    bench.boot, bench.should_stop, before = "boot1", lambda: False, bench.drive.written
    # what the flush claimed is not there: another disk, or one that nobody can go on with
    assert bench.resume() == "refused"
    assert bench.drive.written == before
    assert bench.erasure.result.status is Status.INTERRUPTED


def test_a_flush_that_lied_before_a_power_cut_is_found_before_the_last_reading() -> None:
    bench = bay(faults=Faults(flush_lies=True))
    bench.should_stop = after(40)  # in the verification: every pass has its end
    assert bench.run() == "interrupted"
    bench.drive.power_cut(keeps=0.9)
    bench.boot, bench.should_stop = "boot1", lambda: False
    assert bench.resume() == "refused"
    assert bench.erasure.result.status is Status.INTERRUPTED


# --- Stops, kills, going on ------------------------------------------------------------------


@pytest.mark.parametrize("method", ["nist-clear", "dod-short", "random"])
def test_a_stop_at_every_moment_and_the_same_end(method: str) -> None:
    for moment in range(0, 130, 7):
        bench = bay(method=method)
        bench.should_stop = after(moment)
        first = bench.run()
        bench.should_stop = lambda: False
        assert first in ("interrupted", "completed")
        if first == "interrupted":
            assert bench.erasure.result.status is Status.INTERRUPTED
            assert bench.resume() == "completed"
            assert len(bench.erasure.interruptions) == 1
        assert bench.erasure.result.status is Status.ERASED, moment


def test_a_resumed_pass_writes_only_what_the_checkpoint_does_not_claim() -> None:
    bench = bay(faults=Faults(request_s=0.5))
    bench.should_stop = after(20)
    bench.run()
    claimed = sum(length for _, length in bench.of("step_end")[-1]["done"])
    written = bench.drive.written
    assert 0 < claimed == written
    bench.should_stop = lambda: False
    bench.resume()
    assert bench.drive.written == HDD.size_bytes
    assert bench.of("verify_end")[-1]["compared"] == HDD.size_bytes


def test_a_stop_in_the_verification_verifies_the_whole_disk_again() -> None:
    bench = bay()
    bench.should_stop = after(40)  # 32 pieces are written first
    assert bench.run() == "interrupted"
    assert bench.of("verify_end")[-1]["outcome"] == "stopped"
    bench.should_stop = lambda: False
    assert bench.resume() == "completed"
    assert bench.of("verify_end")[-1]["compared"] == HDD.size_bytes
    assert bench.erasure.result.status is Status.ERASED
    assert bench.drive.written == HDD.size_bytes


def stopped_stick() -> Bay:
    bench = bay(STICK)
    bench.should_stop = after(10)
    assert bench.run() == "interrupted"
    bench.should_stop = lambda: False
    return bench


def test_a_stick_without_a_serial_goes_on_where_its_content_is_familiar() -> None:
    bench = stopped_stick()
    bench.drive.identity = replace(STICK, disk_seq=99)
    bench.boot = "boot1"
    assert bench.resume() == "completed"
    assert bench.erasure.result.status is Status.ERASED


@pytest.mark.parametrize("content", [letters(STICK.size_bytes, b"fremd"), bytes(STICK.size_bytes)])
def test_another_stick_of_the_same_model_is_not_touched(content: bytes) -> None:
    bench = stopped_stick()
    bench.drive = SimCells(replace(STICK, disk_seq=99), content, bench.clock)
    bench.boot = "boot1"
    assert bench.resume() == "refused"
    assert bench.drive.written == 0
    assert bench.erasure.result.status is Status.INTERRUPTED  # and may still be taken up again


def test_a_stick_without_a_serial_of_which_nothing_was_read_is_not_gone_on_with() -> None:
    bench = bay(STICK)
    moments = count()

    def strike(_moment: str) -> None:
        if next(moments) == 3:  # the first canary
            raise Killed

    bench.drive.strike = strike
    with pytest.raises(Killed):
        bench.run()
    bench.drive.strike, bench.boot = lambda _moment: None, "boot1"
    assert bench.resume() == "refused"
    assert bench.drive.written == 0
    bench.boot = "boot0"  # never unplugged, says the kernel: but it may hold something new since
    assert bench.resume() == "refused"
    assert bench.drive.written == 0


def test_a_journal_of_an_ended_run_has_nothing_to_go_on_with() -> None:
    bench = bay()
    bench.run()
    assert read_standing(bench.entries, same_boot=True).ended


# --- The bench -------------------------------------------------------------------------------


@pytest.mark.parametrize("line", [0, 1, 4, 6, 8, 11])
def test_a_full_bench_stops_the_erasure_and_is_no_fault_of_the_disk(line: int) -> None:
    bench = bay(faults=Faults(request_s=0.5))
    lines = count()

    def full(moment: str) -> None:
        if moment == "journal" and next(lines) >= line:
            raise OSError(errno.ENOSPC, "no room")

    bench.sink.strike = full
    with pytest.raises(BenchLacks) as raised:
        bench.run()
    assert raised.value.message == Message.of("wipe.journal.lost", errno="ENOSPC")
    assert bench.sink.raw.count(b"\n") == line
    if line < 5:  # the canaries are not journalled yet
        assert bench.drive.written == 0
    assert bench.drive.written < HDD.size_bytes or line > 6
    assert bench.erasure.result.status is not Status.ERASED


def test_a_hot_disk_is_given_a_rest_and_the_supervisor_hears_of_it() -> None:
    bench = bay(faults=Faults(request_s=0.5))
    degrees = iter([*[50] * 2, *[70] * 200, *[60] * 300])
    bench.temperature = lambda _path: (next(degrees, 40), 70)
    assert bench.run() == "completed"
    (pause,) = bench.of("pause")
    assert pause["celsius"] == 70
    assert pause["limit"] == 70
    assert pause["duration_ms"] >= 200 * 5000 - 5000
    assert sum(event.phase is Phase.PAUSE for event in bench.told) >= 200
    assert bench.erasure.steps[0].pauses == 1


def test_a_sensor_that_never_cools_does_not_stop_the_bench_for_ever() -> None:
    bench = bay(faults=Faults(request_s=2.0))
    bench.temperature = lambda _path: (90, 70)
    bench.run()
    assert all(pause["duration_ms"] <= 1_810_000 for pause in bench.of("pause"))


@pytest.mark.parametrize("block", [512, 4096])
@pytest.mark.parametrize("blocks", [1, 2, 7, 8, 9, 65])
def test_small_disks_to_their_last_block(block: int, blocks: int) -> None:
    for method in ("nist-clear", "random", "gutmann"):
        disk: DiskIdentity = replace(HDD, size_bytes=block * blocks, logical_block_bytes=block)
        bench = bay(disk, method=method)
        assert bench.run() == "completed"
        assert bench.erasure.result.status is Status.ERASED, (method, codes(bench))
