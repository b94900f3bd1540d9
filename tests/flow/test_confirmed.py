"""What was confirmed is evidence: a power cut between the disks of a run hides none of them."""

from __future__ import annotations

import errno
import json
import os
import shutil
from pathlib import Path

import pytest

from recond.errors import RecondError, UsageError
from recond.flow.run.attach import follow
from recond.flow.run.run import certify_again
from recond.flow.run.unfinished import Left, open_runs
from recond.flow.runfolder import RunFolder, make_run
from recond.flow.runnote import is_issued
from recond.host import Host, store
from recond.host.clock import SystemClock
from recond.upload.package import read_folder
from recond.wipe.journal import Journal
from tests.cli.command import recond
from tests.flow.bench import Bench, donor_image, quiet, status_of


def cut(folder: RunFolder, *names: str) -> None:
    """A power cut before the workers of these disks opened their journals."""
    folder.issued.unlink()
    for name in names:
        folder.journal(name).unlink()


def test_a_disk_without_a_journal_is_interrupted_and_not_left_out(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.run(donor_image(tmp_path / "a.img"), donor_image(tmp_path / "b.img"))
    (folder,) = bench.runs()
    cut(folder, "b.img")
    (finished,) = bench.resume()
    assert status_of(finished) == {"a.img": "erased", "b.img": "interrupted"}
    assert finished.exit_code != 0
    assert folder.journal("b.img").exists()


@pytest.mark.parametrize("lines", [0, 1])
def test_nor_is_one_whose_journal_was_cut_before_its_plan(tmp_path: Path, lines: int) -> None:
    bench = Bench(tmp_path)
    bench.run(donor_image(tmp_path / "a.img"), donor_image(tmp_path / "b.img"))
    (folder,) = bench.runs()
    cut(folder)
    whole = folder.journal("b.img").read_bytes().splitlines(keepends=True)
    folder.journal("b.img").write_bytes(b"".join(whole[:lines]) + whole[lines][:9])
    (finished,) = bench.resume()
    assert status_of(finished) == {"a.img": "erased", "b.img": "interrupted"}
    assert finished.exit_code != 0


@pytest.mark.parametrize("torn", [0, 9])
@pytest.mark.parametrize("how", ["resumed", "certified", "begun since"])
def test_a_journal_that_nobody_goes_on_with_says_how_it_ended(
    tmp_path: Path, torn: int, how: str
) -> None:
    """Cut off while it was closed, before the disk was looked at; or another run had the disk."""
    bench = Bench(tmp_path)
    image = donor_image(tmp_path / "a.img")
    bench.run(image)
    (folder,) = bench.runs()
    whole = folder.journal("a.img").read_bytes().splitlines(keepends=True)
    kinds = [json.loads(line)["kind"] for line in whole]
    left = kinds.index("canary" if how == "begun since" else "plan") + 1
    cut(folder)
    shutil.rmtree(tmp_path / "out")
    folder.journal("a.img").write_bytes(b"".join(whole[:left]) + whole[left][:torn])
    if how == "begun since":
        bench.run(image)
    if how == "certified":
        certify_again(folder, bench.state, Host(), None, "fr")
    else:
        bench.resume()
    *before, last = folder.journal("a.img").read_bytes().splitlines(keepends=True)
    assert before == whole[:left]
    assert json.loads(last)["kind"] == "interrupted"
    assert is_issued(folder)


def test_a_damaged_journal_is_not_closed(tmp_path: Path) -> None:
    """A line more, and what was made of it would take the place of the certificate before."""
    bench = Bench(tmp_path)
    bench.run(donor_image(tmp_path / "a.img"))
    (folder,) = bench.runs()
    whole = folder.journal("a.img").read_bytes().splitlines(keepends=True)
    damaged = b"".join([*whole[:5], b"{\n", *whole[6:]])
    folder.journal("a.img").write_bytes(damaged)
    issued = certify_again(folder, bench.state, Host(), None, "fr")
    assert folder.journal("a.img").read_bytes() == damaged
    assert issued.kept is not None
    assert issued.record.erasures[0].result.status.value != "erased"


@pytest.mark.parametrize("resumed", [True, False])
def test_a_run_cut_before_any_journal_certifies_no_nothing(tmp_path: Path, resumed: bool) -> None:
    bench = Bench(tmp_path)
    bench.run(donor_image(tmp_path / "a.img"))
    (folder,) = bench.runs()
    cut(folder, "a.img")
    (left,) = open_runs(bench.state, Host())
    assert left.left is Left.UNCERTIFIED
    assert [plan.disk.token for plan in left.plans.values()] == ["a.img"]
    host = Host()
    finished = bench.resume()[0] if resumed else follow(folder, bench.state, host, quiet)
    assert status_of(finished) == {"a.img": "interrupted"}
    assert finished.exit_code != 0


def test_a_run_that_confirmed_nothing_has_no_certificate(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.run(donor_image(tmp_path / "a.img"))
    (folder,) = bench.runs()
    cut(folder, "a.img")
    folder.job("a.img").unlink()
    with pytest.raises(UsageError) as error:
        certify_again(folder, bench.state, Host(), None, "fr")
    assert error.value.message.code == "wipe.run.nothing"
    assert not is_issued(folder)


def test_a_job_that_cannot_be_read_certifies_nothing(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.run(donor_image(tmp_path / "a.img"), donor_image(tmp_path / "b.img"))
    (folder,) = bench.runs()
    cut(folder, "b.img")
    folder.job("b.img").write_bytes(b"\xff")
    with pytest.raises(RecondError):
        bench.resume()
    assert not is_issued(folder)


def test_a_run_that_goes_on_is_not_certified_meanwhile(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.run(donor_image(tmp_path / "a.img"))
    (folder,) = bench.runs()
    journal, _ = Journal.reopen(folder.journal("a.img"), SystemClock())
    with pytest.raises(UsageError) as error:
        certify_again(folder, bench.state, Host(), None, "fr")
    assert error.value.message.code == "wipe.run.running"
    journal.close()
    with folder.supervised(wait=True), pytest.raises(UsageError):
        certify_again(folder, bench.state, Host(), None, "fr")
    assert certify_again(folder, bench.state, Host(), None, "fr").signed


def test_one_run_that_cannot_be_read_does_not_stop_the_others(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    for name in ("a.img", "b.img", "c.img"):
        bench.run(donor_image(tmp_path / name))
    first, broken, last = bench.runs()
    make_run(bench.state, "20200101-000000-00000000")  # cut before anything was confirmed
    for folder in (first, broken, last):
        cut(folder)
    (broken.path / "run.json").write_bytes(b"")
    lost: dict[str, RecondError] = {}
    finished = bench.resume(on_lost=lost.__setitem__)
    # of one second neither comes first
    assert {one.folder.path for one in finished} == {first.path, last.path}
    assert list(lost) == [broken.run_id]
    assert is_issued(first)
    assert is_issued(last)
    said = recond("resume", "--lang", "en", folder=tmp_path)
    assert (said.code, broken.run_id in said.stderr) == (7, True), said.stderr


def test_a_folder_cut_before_its_facts_has_not_begun(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    folder = make_run(bench.state, "20261128-000000-00000000")
    assert bench.runs() == ()
    assert bench.resume() == ()
    assert not folder.has_begun


def test_a_run_is_for_the_bench_alone(tmp_path: Path) -> None:
    old = os.umask(0)
    try:
        bench = Bench(tmp_path)
        bench.run(donor_image(tmp_path / "a.img"))
    finally:
        os.umask(old)
    below = [bench.state / "runs", *(bench.state / "runs").rglob("*")]
    seen = {
        str(path.relative_to(bench.state)): oct(path.stat().st_mode & 0o777)
        for path in below
        if path.stat().st_mode & 0o077 and path.suffix != ".txt"
    }
    assert not seen


# --- What was issued, and from what ------------------------------------------------------------


def test_no_clock_tells_what_was_issued(tmp_path: Path) -> None:
    """A clock that was set back makes the journals younger than their certificate, and the
    reverse; neither is a reason.
    """
    bench = Bench(tmp_path)
    bench.run(donor_image(tmp_path / "a.img"))
    (folder,) = bench.runs()
    os.utime(folder.issued, (1, 1))
    assert is_issued(folder)
    assert open_runs(bench.state, Host()) == ()
    assert bench.resume() == ()
    raw = folder.journal("a.img").read_bytes()
    journal, _ = Journal.reopen(folder.journal("a.img"), SystemClock())
    journal.log("interrupted", {"by": "worker", "reason": "signal", "signal": None})
    journal.close()
    os.utime(folder.journal("a.img"), (1, 1))
    assert not is_issued(folder)
    folder.journal("a.img").write_bytes(raw)
    assert is_issued(folder)


def test_a_note_of_the_former_form_is_held_against_its_record(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    done = bench.run(donor_image(tmp_path / "a.img"))
    (folder,) = bench.runs()
    note = json.loads(folder.issued.read_bytes())
    del note["journals"]
    folder.issued.write_text(json.dumps(note))
    assert is_issued(folder)
    raw = folder.journal("a.img").read_bytes()
    folder.journal("a.img").write_bytes(raw + raw.splitlines(keepends=True)[-1])
    assert not is_issued(folder)
    shutil.rmtree(done.issued.folder)
    assert is_issued(folder), "moved away: nobody issues it twice unasked"


@pytest.mark.parametrize("damage", [b"", b"[]", b'{"folder": 3}', b"\xff\xfe"])
def test_a_damaged_note_proves_nothing_and_is_made_anew(tmp_path: Path, damage: bytes) -> None:
    bench = Bench(tmp_path)
    bench.run(donor_image(tmp_path / "a.img"))
    (folder,) = bench.runs()
    folder.issued.write_bytes(damage)
    assert folder.note() is None
    (finished,) = bench.resume()
    assert status_of(finished) == {"a.img": "erased"}
    assert is_issued(folder)


def test_numbers_that_differ_by_case_have_two_names_on_a_stick(tmp_path: Path) -> None:
    """FAT takes them for one: the second journal would overwrite the first."""
    bench = Bench(tmp_path)
    bench.run(donor_image(tmp_path / "AB1.img"), donor_image(tmp_path / "ab1.img"))
    (folder,) = bench.runs()
    names = [path.name.casefold() for path in folder.journal_files()]
    assert len(names) == len(set(names)) == 2


@pytest.mark.parametrize("written", range(5))
@pytest.mark.parametrize("signed", [True, False])
def test_a_certificate_cut_while_it_is_replaced_is_made_whole(
    tmp_path: Path, written: int, signed: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Found by seed 1 of the histories: the record of the new issue, the signature of the old."""
    bench = Bench(tmp_path)
    first = bench.run(donor_image(tmp_path / "a.img")).issued
    before = (first.folder / "record.jws").read_bytes()
    (folder,) = bench.runs()
    real, left = store._write, written

    def full(place: int, name: str, content: bytes, mode: int, *, fresh: bool = False) -> None:
        nonlocal left
        if Path(f"/proc/self/fd/{place}").readlink().is_relative_to(first.folder):
            left -= 1
            if left < 0:
                raise OSError(errno.ENOSPC, "full")
        real(place, name, content, mode, fresh=fresh)

    with monkeypatch.context() as patch:
        patch.setattr(store, "_write", full)
        with pytest.raises(RecondError):
            certify_again(folder, bench.state, Host(), None, "fr")
    if not signed:
        (bench.state / "keys" / "bench.p12").unlink()
    assert not is_issued(folder)
    (finished,) = bench.resume()
    assert is_issued(folder)
    whole = finished.issued.handed_over
    package = read_folder(whole)
    assert package.signed, "the signed one of before stands beside, and is the one to hand over"
    kept = [one.read_bytes() for one in tmp_path.rglob("record.jws")]
    assert before in kept
