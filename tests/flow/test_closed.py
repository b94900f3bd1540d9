"""A disk that was confirmed and never begun: nothing was written to it, and its run is closed."""

from __future__ import annotations

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from recond.erasure import Technique
from recond.flow.run.closed import BEFORE_ANY_WRITE, NeverBegun, is_never_begun
from recond.flow.run.history import NEVER, Before, read_past
from recond.flow.run.resume import resume_runs
from recond.flow.run.supervisor import plan_targets
from recond.host import Host
from recond.host.files import Files
from recond.host.signals import StopCount
from recond.show.closed import show_closed
from recond.show.screen import Screen
from recond.wipe.plan import Wish
from tests.cli.command import answers, recond, valid
from tests.flow.bench import Bench, donor_image, quiet, status_of
from tests.flow.test_confirmed import cut
from tests.flow.test_erased_since import cut_off, resumed
from tests.flow.test_since import plan_in


def never_begun(bench: Bench) -> str:
    """The run of two disks that a power cut ended between their workers, certified so."""
    bench.run(donor_image(bench.path / "a.img"), donor_image(bench.path / "b.img"))
    (folder,) = bench.runs()
    cut(folder, "b.img")
    shutil.rmtree(bench.path / "out")
    donor_image(bench.path / "b.img")  # nobody had written to it
    (finished,) = bench.resume()
    assert status_of(finished) == {"a.img": "erased", "b.img": "interrupted"}
    assert finished.exit_code == 5
    return folder.run_id


def test_a_disk_that_was_never_begun_is_said_once_and_never_erased(tmp_path: Path) -> None:
    """`recond resume` ended with 5 for ever, though nothing was left to go on with."""
    bench = Bench(tmp_path)
    run = never_begun(bench)
    codes, closed = resumed(bench)
    assert codes == []
    assert {name: why.code for name, why in closed.items()} == {run: "wipe.resume.never_begun"}
    assert resumed(bench) == ([], {}), "once"
    assert resumed(bench, run) == ([5], {}), "who asks for it is told that it is not erased"
    record = json.loads((tmp_path / "out" / run / "record.json").read_bytes())
    assert [one["result"]["status"] for one in record["erasures"]] == ["erased", "interrupted"]
    assert b"DONOR" in (tmp_path / "b.img").read_bytes()


def test_a_program_is_told_of_it(tmp_path: Path) -> None:
    """What was closed stood on standard error alone."""
    bench = Bench(tmp_path)
    run = never_begun(bench)
    first = cut_off(bench, donor_image(tmp_path / "c.img"))
    second = bench.run(tmp_path / "c.img")
    done = recond("resume", "--json", folder=tmp_path)
    assert done.code == 0
    told = {one["run"]: one for one in answers(done.stdout)}
    assert [valid(one)["outcome"] for one in told.values()] == ["closed", "closed"]
    (begun,), (since,) = told[run]["closed"], told[first.run_id]["closed"]
    assert (begun["disk"], begun["why"], begun["by_run"]) == ("b.img", "never-begun", None)
    assert (since["disk"], since["why"]) == ("c.img", "erased-since")
    assert since["by_run"] == second.folder.run_id
    assert since["certificate"] == str(second.issued.folder)
    (nothing,) = answers(recond("resume", "--json", folder=tmp_path).stdout)
    assert nothing["outcome"] == "nothing-begun"


def test_each_disk_of_a_run_is_told_in_a_sentence_of_its_own(
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The second began with a small letter, behind the first one's full stop."""
    show_closed(Screen("en", 10_000), "R1", (NeverBegun("a"), NeverBegun("b")), as_json=False)
    said = capsys.readouterr().err
    assert ": the disk “a” was confirmed" in said
    assert ". The disk “b” was confirmed" in said


def test_only_a_whole_journal_shows_that_nothing_was_done(tmp_path: Path) -> None:
    """A line that was lost may be the one that said what was written."""
    bench = Bench(tmp_path)
    bench.run(donor_image(tmp_path / "a.img"))
    (folder,) = bench.runs()
    lines = folder.journal("a.img").read_bytes().splitlines(keepends=True)
    kinds = [json.loads(line)["kind"] for line in lines]
    plan, _ = plan_in(folder)
    before = lines[: kinds.index("canary")]
    assert set(kinds[: len(before)]) == BEFORE_ANY_WRITE - {"write_protect", "interrupted"}
    for count in range(2, len(before) + 1):
        assert is_never_begun(b"".join(before[:count]), plan)
    torn = [*before, lines[len(before)][:9]]
    lost = [*before, lines[-1].replace(b'"kind":"end"', b'"kind":"interrupted"')]
    for raw in (torn, lost, lines[: len(before) + 1], lines, []):
        assert not is_never_begun(b"".join(raw), plan)
    step = replace(plan.steps[0], technique=Technique.NVME_SANITIZE_BLOCK, fill=None)
    by_drive = replace(plan, steps=(step,))  # blank places are written to behind the last of these
    assert not is_never_begun(b"".join(before), by_drive)
    assert is_never_begun(b"".join(before[:-1]), by_drive)


def test_a_disk_that_was_confirmed_and_not_yet_read_is_closed_too(tmp_path: Path) -> None:
    """Nothing tells which disk it was, so `resume` refused it, and ended with 5 for ever."""
    bench = Bench(tmp_path)
    bench.run(donor_image(tmp_path / "a.img"))
    (folder,) = bench.runs()
    cut(folder)
    shutil.rmtree(bench.path / "out")
    donor_image(tmp_path / "a.img")
    lines = folder.journal("a.img").read_bytes().splitlines(keepends=True)
    kinds = [json.loads(line)["kind"] for line in lines]
    folder.journal("a.img").write_bytes(b"".join(lines[: kinds.index("canary")]))
    (finished,) = bench.resume()
    assert (status_of(finished), finished.exit_code) == ({"a.img": "interrupted"}, 5)
    codes, closed = resumed(bench)
    assert (codes, [why.code for why in closed.values()]) == ([], ["wipe.resume.never_begun"])
    assert tmp_path.joinpath("a.img").read_bytes() == donor_image(tmp_path / "b.img").read_bytes()


def test_a_journal_that_a_stick_gave_back_does_not_show_that_nothing_was_written(
    tmp_path: Path,
) -> None:
    """A live system copies it every few seconds: a power cut takes the lines of the last ones."""
    bench = Bench(tmp_path)
    never_begun(bench)
    (tmp_path / "root/run/live").mkdir(parents=True)
    host = Host(files=Files(tmp_path / "root"))
    said: list[str] = []
    done = resume_runs(
        bench.state, None, host, quiet, StopCount(), on_closed=lambda run, _: said.append(run)
    )
    assert ([one.exit_code for one in done], said) == ([5], [])


def test_a_list_takes_a_disk_that_was_never_begun_for_what_it_is(tmp_path: Path) -> None:
    """`watch` and `run --manifest` called it begun and interrupted, and left it to a person."""
    bench = Bench(tmp_path)
    bench.run(donor_image(tmp_path / "a.img"))
    (folder,) = bench.runs()
    cut(folder)
    donor_image(tmp_path / "a.img")
    lines = folder.journal("a.img").read_bytes().splitlines(keepends=True)
    kinds = [json.loads(line)["kind"] for line in lines]
    folder.journal("a.img").write_bytes(b"".join(lines[: kinds.index("canary")]))
    (plan,) = plan_targets((str(tmp_path / "a.img"),), Wish(), image=True, host=Host())
    assert read_past(bench.state, plan, None, Files()) == NEVER
    (tmp_path / "root/run/live").mkdir(parents=True)
    live = read_past(bench.state, plan, None, Files(tmp_path / "root"))
    assert live.before is Before.STOPPED, "the stick may have lost what was written"
