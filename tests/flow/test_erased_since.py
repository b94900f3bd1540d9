"""A run that was cut off, whose disk another run erased since: said once, then done."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from recond.certify.judge.later import is_same_medium
from recond.certify.record import fold_journal
from recond.erasure import DiskIdentity, LevelWish, Verdict
from recond.flow.run.closed import SAID, Closed
from recond.flow.run.erased_since import is_as_far
from recond.flow.run.resume import resume_runs
from recond.flow.runfolder import RunFolder
from recond.host import Host
from recond.host.signals import StopCount
from recond.model import Message
from tests.drive.histories import erase
from tests.drive.test_hidden import disk
from tests.drive.test_hidden import plan as plan_hidden
from tests.flow.bench import Bench, donor_image, quiet, status_of
from tests.flow.test_since import stopped
from tests.wipe.disks import HDD, bay, plan_for


def cut_off(bench: Bench, image: Path) -> RunFolder:
    """A run that a kill ended in its first pass, with its certificate that says so."""
    bench.run(image)
    folder = bench.runs()[-1]
    stopped(folder, image.name)
    shutil.rmtree(bench.path / "out" / folder.run_id)
    there, away = image, image.with_suffix(".away")
    there.rename(away)  # it is not connected: the run is certified as interrupted
    (finished,) = bench.resume(folder.run_id)
    assert status_of(finished) == {image.name: "interrupted"}
    away.rename(there)
    return folder


def resumed(bench: Bench, run: str | None = None) -> tuple[list[int], dict[str, Message]]:
    """The exit codes of what `resume` gives, and what it says is closed, of one disk each."""
    closed: dict[str, tuple[Closed, ...]] = {}
    done = resume_runs(bench.state, run, Host(), quiet, StopCount(), on_closed=closed.__setitem__)
    return [one.exit_code for one in done], {name: why.message() for name, (why,) in closed.items()}


def test_what_another_run_erased_since_is_said_once(tmp_path: Path) -> None:
    """It ended with 5 at each `resume`, for ever."""
    bench, image = Bench(tmp_path), donor_image(tmp_path / "a.img")
    first = cut_off(bench, image)
    second = bench.run(image)
    journal, certificate = first.journal("a.img").read_bytes(), first.note()
    codes, closed = resumed(bench)
    assert codes == []
    ((run, why),) = closed.items()
    assert (run, why.code) == (first.run_id, "wipe.resume.erased_since")
    said = dict(why.args)
    assert (said["run"], said["folder"]) == (second.folder.run_id, str(second.issued.folder))
    assert resumed(bench) == ([], {}), "once"
    assert resumed(bench, first.run_id) == ([], closed), "who asks for it is told"
    assert (first.journal("a.img").read_bytes(), first.note()) == (journal, certificate)
    record = json.loads((bench.path / "out" / first.run_id / "record.json").read_bytes())
    assert record["erasures"][0]["result"]["status"] == "interrupted"


@pytest.mark.parametrize("what", ["unsigned", "journal", "interrupted", "other-file", "number"])
def test_what_no_other_run_proves_erased_stays_open(tmp_path: Path, what: str) -> None:
    bench, image = Bench(tmp_path), donor_image(tmp_path / "a.img")
    first = cut_off(bench, image)
    if what == "other-file":
        donor_image(tmp_path / "b.img").rename(image)
    elif what == "number":  # removed, and the next file of that name was given its inode's number
        image.write_bytes(b"SOMEBODY ELSE! \n" * (1 << 16))
    bench.run(image)
    second = bench.runs()[-1]
    file = second.journal("a.img")
    if what == "unsigned":
        note = json.loads(second.issued.read_bytes())
        second.issued.write_text(json.dumps(note | {"signed": False}))
    elif what == "journal":  # not what its certificate was made from
        file.write_bytes(file.read_bytes().replace(b'"mismatch_bytes":0', b'"mismatch_bytes":1'))
    elif what == "interrupted":
        stopped(second, "a.img")
        image.rename(image.with_suffix(".away"))
        bench.resume(second.run_id)
    codes, closed = resumed(bench, first.run_id)
    assert (codes, closed) == ([5], {})
    assert not (first.path / SAID).exists()


# --- Which medium -----------------------------------------------------------------------------

USB = replace(HDD, bus="usb", wwn=None)
AGAIN = replace(USB, disk_seq=8)


def journals(
    before: DiskIdentity, after: DiskIdentity, *, method: str = "nist-clear", same: bool
) -> tuple[bytes, bytes]:
    """A journal that was stopped in its pass, and a later one of that disk, or of one as full."""
    one = bay(before, method)
    looks = iter([False] * 14)
    one.should_stop = lambda: next(looks, True)
    assert one.run() == "interrupted"
    assert [step["outcome"] for step in one.of("step_end")] == ["stopped"]
    other = bay(after)
    other.plan = plan_for(after, seed=bytes(32))
    other.boot = "boot1"
    if same:
        other.drive.cells[:] = one.drive.cells
    assert other.run() == "completed"
    assert other.erasure.result.verdict is Verdict.APPROVED
    return one.sink.raw, other.sink.raw


@pytest.mark.parametrize(
    ("before", "after", "method", "same", "proven"),
    [
        (USB, AGAIN, "nist-clear", True, True),  # the last place was not reached: it tells the disk
        (USB, AGAIN, "random", True, True),
        (USB, AGAIN, "nist-clear", False, False),  # another one of that number
        (USB, AGAIN, "random", False, False),
        (HDD, replace(HDD, disk_seq=8), "nist-clear", True, True),
        # every name of its own, and not as the older run left it: by a clock that was ahead, the
        # run that "came later" came before, and new data was half erased since
        (HDD, replace(HDD, disk_seq=8), "nist-clear", False, False),
    ],
)
def test_a_number_alone_is_no_disk(
    before: DiskIdentity, after: DiskIdentity, method: str, *, same: bool, proven: bool
) -> None:
    assert is_same_medium(*journals(before, after, method=method, same=same)) is proven


@pytest.mark.parametrize(
    ("asked", "shown", "far"),
    [(True, True, True), (True, False, False), (False, False, True), (False, True, True)],
)
def test_hidden_sectors_that_were_asked_for_are_no_less_asked_for_since(
    *, asked: bool, shown: bool, far: bool
) -> None:
    """The older run would have shown them to erase them; the other one left them hidden."""
    drive, other = disk(sanitizes=False), disk(sanitizes=False)
    erased = erase(other, other.clock, LevelWish.BEST, restore=shown)
    found = fold_journal(erased.sink.raw, "sim")
    assert found.result.verdict is Verdict.APPROVED
    assert is_as_far(plan_hidden(drive, "best", asked), found) is far


def test_a_damaged_journal_shows_no_medium() -> None:
    one, other = journals(USB, AGAIN, same=True)
    assert not is_same_medium(one.replace(b'"mono_ms":', b'"mono_ms":1', 1), other)
    assert not is_same_medium(one, other.replace(b'"mono_ms":', b'"mono_ms":1', 1))
    assert not is_same_medium(b"", other)
