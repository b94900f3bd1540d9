"""A certificate stands, and the run's journal was damaged since: one issue beside it, not one more
at each `resume`.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from recond.flow.config import Overrides, read_context
from recond.flow.run.issue import Material, issue
from recond.flow.run.run import certify_again
from recond.flow.run.unfinished import open_runs
from recond.flow.runfolder import JWS, RunFolder
from recond.flow.runindex import open_folders
from recond.flow.runlist import RunState, list_runs
from recond.host import Host
from tests.flow.bench import Bench, donor_image, status_of
from tests.flow.test_since import lines_of


def issues(bench: Bench, folder: RunFolder) -> dict[str, bytes]:
    """Every signature of the run, by its place."""
    places = (bench.path / "out" / folder.run_id, *bench.state.glob(f"issues/{folder.run_id}/*"))
    found = {str(one): one / JWS for one in places}
    return {name: file.read_bytes() for name, file in found.items() if file.exists()}


@pytest.mark.parametrize("moved", [False, True])
def test_a_lost_line_feed_makes_one_issue_beside(tmp_path: Path, moved: bool) -> None:
    bench, image = Bench(tmp_path), donor_image(tmp_path / "a.img")
    bench.run(image)
    (folder,) = bench.runs()
    if moved:  # the better one stands in the state alone
        certify_again(folder, bench.state, Host(), None, "fr")
        shutil.rmtree(tmp_path / "out")
    journal = folder.journal("a.img")
    journal.write_bytes(journal.read_bytes()[:-1])
    damaged, before = journal.read_bytes(), issues(bench, folder)
    (finished,) = bench.resume()
    assert (status_of(finished), finished.exit_code) == ({"a.img": "interrupted"}, 5)
    kept = finished.issued.kept
    assert kept is not None
    once = issues(bench, folder)
    assert len(once) == len(before) + 1
    assert before.items() <= once.items()
    for _ in range(2):
        assert bench.resume() == ()
        assert bench.resume(folder.run_id) == ()
    assert issues(bench, folder) == once
    assert journal.read_bytes() == damaged
    assert not open_folders(bench.state)
    assert not open_runs(bench.state, Host())
    (line,) = list_runs(bench.state).runs  # told from the journals as they are
    assert (line.state, line.outcome, line.certificate, line.signed) == (
        RunState.CERTIFIED,
        "not-erased",
        str(finished.issued.folder),
        True,
    )


def test_a_cut_journal_whose_disk_is_away_makes_one_issue_beside(tmp_path: Path) -> None:
    bench, image = Bench(tmp_path), donor_image(tmp_path / "a.img")
    bench.run(image)
    (folder,) = bench.runs()
    folder.journal("a.img").write_bytes(b"".join(lines_of(folder, "a.img")[:-4]))
    image.rename(tmp_path / "away")
    codes, seen = [], set()
    for _ in range(3):
        (finished,) = bench.resume()
        codes.append(finished.exit_code)
        seen |= {tuple(issues(bench, folder).items())}
    assert codes == [5, 5, 5]
    assert len(seen) == 1
    assert len(issues(bench, folder)) == 2


def test_a_run_of_a_former_form_keeps_the_certificate_of_its_time(tmp_path: Path) -> None:
    """Also where the same is said again: the one of its time was judged and signed then."""
    raw = Path("tests/certify/former/unheld-whole.jsonl").read_bytes()
    clock, state, out = Host().clock, tmp_path / "state", tmp_path / "out"
    context = read_context(state, Overrides(), clock)
    material = Material(context, None, (), {"disk.img": raw}, "run-1")
    first = issue(state, out, material, lang="fr", clock=clock)
    before = {file.name: file.read_bytes() for file in first.folder.iterdir() if file.is_file()}
    again = issue(state, out, material, lang="fr", clock=clock, named=first.folder)
    assert again.kept == again.handed_over == first.folder
    assert again.folder == state / "issues" / "run-1" / "1"
    after = {file.name: file.read_bytes() for file in first.folder.iterdir() if file.is_file()}
    assert after == before
