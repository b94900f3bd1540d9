"""Going on proves by content that it is the same medium; the judge asks for that proof."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from itertools import count
from pathlib import Path

import pytest

from recond.certify.record import fold_journal
from recond.erasure import Status, Verdict
from recond.host.sim.disk import Faults, SimCells
from recond.host.sim.drive import Killed
from recond.wipe import session
from recond.wipe.recognise import Recognised, recognise
from tests.wipe.disks import HDD, Bay, bay, letters

OTHER = letters(HDD.size_bytes, b"fremd")
FORMER = Path(__file__).parents[1] / "certify" / "former"


def after(number: int) -> Callable[[], bool]:
    asked = count()
    return lambda: next(asked) >= number


def left(moment: int, method: str = "zero", content: bytes | None = None) -> Bay:
    """An erasure that was stopped (asked for the n-th time), and then the power went off."""
    bench = bay(method=method, content=content, faults=Faults(request_s=0.5))
    bench.should_stop = after(moment)
    assert bench.run() == "interrupted"
    bench.drive.power_cut(keeps=1.0)
    bench.drive.identity = replace(bench.drive.identity, disk_seq=99)
    bench.boot, bench.should_stop = "boot1", lambda: False
    return bench


def begun() -> Bay:
    """An erasure that was killed when its first pass had begun."""
    bench = bay(method="zero")

    def strike(_moment: str) -> None:
        if b'"kind":"step_start"' in bench.sink.raw:
            raise Killed

    bench.drive.strike = strike
    with pytest.raises(Killed):
        bench.run()
    bench.drive.strike, bench.boot = lambda _moment: None, "boot1"
    return bench


def swap(bench: Bay, content: bytes = OTHER) -> SimCells:
    """Another disk, which bears the same serial and every other name."""
    bench.drive = SimCells(replace(HDD, disk_seq=99), content, bench.clock)
    return bench.drive


def refused(bench: Bay) -> str:
    assert bench.resume() == "refused"
    assert bench.drive.written == 0 or not bench.of("resume")
    assert bench.erasure.result.status is Status.INTERRUPTED
    assert bench.erasure.result.verdict is not Verdict.APPROVED
    refusals = bench.of("interrupted")[-1]["refusals"]
    assert set(refusals[0]["args"]) == {"found", "path", "token"}, "both named"
    return str(refusals[0]["code"])


@pytest.mark.parametrize("method", ["zero", "random", "dod-short"])
@pytest.mark.parametrize("moment", [0, 1, 2, 8, 20])
def test_another_disk_of_the_same_serial_is_not_touched(method: str, moment: int) -> None:
    bench = left(moment, method)
    first, other = bench.drive, swap(bench)
    assert refused(bench) == "wipe.refusal.other_medium"
    assert bytes(other.cells) == OTHER
    assert other.written == 0
    bench.drive = first
    assert bench.resume() == "completed", "the right disk may come back"
    assert bench.erasure.result.status is Status.ERASED


@pytest.mark.parametrize("kind", ["before the first checkpoint", "behind one"])
def test_the_judge_sees_one_disks_canaries_joined_with_another_ones_end(
    kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    bench = begun() if kind.startswith("before") else left(12)
    swap(bench)

    def trusting(*arguments: object) -> Recognised:
        return replace(recognise(*arguments), refusal=None)  # type: ignore[arg-type]

    monkeypatch.setattr(session, "recognise", trusting)
    bench.resume()
    assert any(bench.drive.cells) is (kind == "behind one"), "the other one is erased as a whole"
    assert bench.erasure.result.status is not Status.ERASED
    codes = [reason.code for reason in bench.erasure.result.reasons]
    assert "certify.reason.medium-unproven" in codes


@pytest.mark.parametrize("at", [0, 65536, HDD.size_bytes - 4096])
def test_a_disk_that_was_used_since_is_not_erased(at: int) -> None:
    bench = left(20)
    bench.drive.cells[at : at + 4096] = b"new file system " * 256
    written = bench.drive.written
    assert refused(bench) == "wipe.refusal.other_medium"
    assert bench.drive.written == written


def test_zeros_alone_prove_no_disk() -> None:
    bench = left(40)  # in the verification: zeros everywhere
    assert not any(bench.drive.cells)
    assert refused(bench) == "wipe.refusal.unproven_medium"
    blank = left(2, content=bytes(HDD.size_bytes))
    assert refused(blank) == "wipe.refusal.unproven_medium"


def test_a_disk_that_was_never_unplugged_is_the_same() -> None:
    bench = left(40)
    bench.drive.identity, bench.boot = HDD, "boot0"
    assert bench.resume() == "completed"
    assert bench.erasure.result.status is Status.ERASED


def test_what_was_drawn_for_this_run_proves_the_disk() -> None:
    bench = left(40, "random")
    assert bench.resume() == "completed"
    assert bench.erasure.result.status is Status.ERASED


@pytest.mark.parametrize("name", ["reread", "head"])
def test_each_stretch_of_the_last_flush_is_read_again(name: str) -> None:
    bench = left(20)
    assert bench.resume() == "completed"
    (found,) = bench.of("resume")
    start, length = found[name]["range"]
    again = left(20)
    middle = start + length // 2 // 512 * 512
    again.drive.cells[middle : middle + 512] = b"x" * 512
    assert refused(again) == "wipe.refusal.other_medium"


def test_a_journal_of_the_former_form_is_not_promoted() -> None:
    raw = (FORMER / "resumed.jsonl").read_bytes()
    assert fold_journal(raw, "journals/x.jsonl", as_formerly=True).result.status is Status.ERASED
    result = fold_journal(raw, "journals/x.jsonl").result
    assert result.verdict is Verdict.ESCALATE
    assert result.status is Status.FAILED
    assert [one.code for one in result.reasons] == ["certify.reason.medium-unproven"]
    whole = (FORMER / "whole.jsonl").read_bytes()
    assert fold_journal(whole, "journals/x.jsonl").result.status is Status.ERASED


def test_a_journal_of_the_former_form_goes_on_with_proof() -> None:
    raw = (FORMER / "stopped.jsonl").read_bytes()
    bench = bay(replace(HDD, size_bytes=64 * 1024))
    bench.should_stop = after(3)
    bench.run()  # the same disk, as the former version had left it
    bench.sink.raw, bench.should_stop, bench.boot = raw, lambda: False, "boot1"
    assert bench.resume() == "completed"
    assert bench.erasure.result.status is Status.ERASED
    assert [one["schema"][-2:] for one in bench.of("open")] == ["/1", "/3"]


def test_an_odd_disks_last_place_may_be_half_of_each_pass() -> None:
    odd = replace(HDD, size_bytes=2 * 8192 + 3584)
    bench = bay(odd, "gutmann")

    def strike(moment: str) -> None:
        if moment == "write" and len(bench.of("step_start")) == 2:
            writes.append(moment)
            if len(writes) == 3:  # the last piece of the second pass
                raise Killed

    writes: list[str] = []
    bench.drive.strike = strike
    with pytest.raises(Killed):
        bench.run()
    bench.drive.strike = lambda _moment: None
    bench.boot = "boot1"
    assert bench.resume() == "completed"
    assert bench.erasure.result.status is Status.ERASED
