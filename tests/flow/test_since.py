"""`resume` leaves alone what another run had since, and what may be another disk."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from recond.codec import from_json
from recond.erasure import TargetKind, WipePlan
from recond.errors import FormatError
from recond.flow.run.resume import find_disk
from recond.flow.run.since import begun_since
from recond.flow.runfolder import RunFolder
from recond.flow.runindex import JournalNames
from recond.host import Host
from recond.host.files import Files
from recond.host.journal_lines import read_entries
from recond.host.journalfile import JournalFile, is_held
from recond.host.locks import is_taken
from recond.wipe.position import Standing, read_standing
from tests.flow.bench import Bench, donor_image, status_of


def lines_of(folder: RunFolder, name: str) -> list[bytes]:
    return folder.journal(name).read_bytes().splitlines(keepends=True)


def stopped(folder: RunFolder, name: str) -> None:
    """As a kill in the middle of the first pass leaves it."""
    lines = lines_of(folder, name)
    kinds = [json.loads(line)["kind"] for line in lines]
    folder.journal(name).write_bytes(b"".join(lines[: kinds.index("step_start") + 1]))
    folder.issued.unlink()


def test_what_a_later_run_erased_is_not_erased_again(tmp_path: Path) -> None:
    bench, image = Bench(tmp_path), donor_image(tmp_path / "a.img")
    bench.run(image)
    (first,) = bench.runs()
    stopped(first, "a.img")
    bench.run(image)
    system = b"a new file system" + bytes(495)
    with image.open("r+b") as stream:
        stream.write(system)
    (finished,) = bench.resume(first.run_id)
    assert status_of(finished) == {"a.img": "interrupted"}
    assert finished.exit_code != 0
    assert image.read_bytes()[: len(system)] == system
    assert len(lines_of(first, "a.img")) < 9, "no session was begun"


def plan_in(folder: RunFolder) -> tuple[WipePlan, bytes]:
    raw = folder.journal("a.img").read_bytes()
    plan = next(data for kind, data in read_entries(raw) if kind == "plan")
    return from_json(WipePlan, plan["plan"]), raw


def test_runs_are_put_in_order_by_the_kernel_not_by_the_clock(tmp_path: Path) -> None:
    """The clock was two years ahead when the first began, and was set right between the two."""
    bench, image = Bench(tmp_path), donor_image(tmp_path / "a.img")
    bench.run(image)
    (first,) = bench.runs()
    ahead = first.path.with_name("2028" + first.run_id[4:])
    first.path.rename(ahead)
    raw = ahead.joinpath("journals", "a.img.jsonl").read_bytes()
    ahead.joinpath("journals", "a.img.jsonl").write_bytes(
        raw.replace(b'"time":"2026', b'"time":"2028')
    )
    bench.run(image)
    second, first = bench.runs()
    assert first.path == ahead
    assert begun_since(*plan_in(first), first, JournalNames(bench.state)) == second
    assert begun_since(*plan_in(second), second, JournalNames(bench.state)) is None


def test_a_refused_run_had_no_leave(tmp_path: Path) -> None:
    bench, image = Bench(tmp_path), donor_image(tmp_path / "a.img")
    bench.run(image)
    (first,) = bench.runs()
    with image.open("r+b"):  # open elsewhere: the second is refused
        bench.run(image)
    second = bench.runs()[1]
    assert json.loads(lines_of(second, "a.img")[-1])["data"]["outcome"] == "refused"
    assert begun_since(*plan_in(first), first, JournalNames(bench.state)) is None


def test_an_older_run_says_nothing_of_an_image_of_the_same_name(tmp_path: Path) -> None:
    bench = Bench(tmp_path)
    bench.run(donor_image(tmp_path / "one" / "a.img"))
    bench.run(donor_image(tmp_path / "two" / "a.img"))
    first, _ = bench.runs()
    assert begun_since(*plan_in(first), first, JournalNames(bench.state)) is None


def test_a_look_disturbs_no_writer(tmp_path: Path) -> None:
    """To ask for a lock by taking it made a writer fail that came in that moment."""
    path = tmp_path / "a.jsonl"
    JournalFile.create(path).close()
    held = []

    def meanwhile(asked: Path) -> bool:
        found = is_taken(asked)
        held.append(JournalFile.reopen(asked)[0])
        return found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("recond.host.journalfile.is_taken", meanwhile)
        assert not is_held(path)
    assert is_held(path)
    assert is_held(path), "asking gave nothing back"
    with pytest.raises(BlockingIOError):
        JournalFile.reopen(path)
    held[0].close()
    assert not is_held(path)


def test_a_supervisor_is_seen_without_its_lock_being_taken(tmp_path: Path) -> None:
    folder = RunFolder(tmp_path)
    assert not folder.is_supervised()
    assert not (tmp_path / "supervisor").exists()
    with folder.supervised(wait=True) as mine:
        assert mine
        assert folder.is_supervised()
        with folder.supervised(wait=False) as other:
            assert not other
    assert not folder.is_supervised()


def test_a_disk_that_is_not_here_says_so(tmp_path: Path) -> None:
    image = donor_image(tmp_path / "a.img")
    standing = standing_of(Bench(tmp_path), image)
    assert find_disk(standing, Host()) == str(image)
    image.unlink()
    with pytest.raises(FormatError):
        find_disk(standing, Host())


def standing_of(bench: Bench, image: Path) -> Standing:
    bench.run(image)
    (folder,) = bench.runs()
    stopped(folder, image.name)
    return read_standing(read_entries(folder.journal(image.name).read_bytes()), same_boot=False)


@pytest.mark.parametrize("twins", [("sdb",), ("sda", "sdb"), ("sda", "sdb", "sdc")])
def test_of_two_disks_of_one_number_none_is_gone_on_with(
    tmp_path: Path, twins: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first found used to be taken: disk B was erased, and A kept the donor's data."""
    standing = standing_of(Bench(tmp_path), donor_image(tmp_path / "a.img"))
    disk = replace(standing.plan.disk, kind=TargetKind.BLOCK, inode=None)
    standing = replace(standing, plan=replace(standing.plan, disk=disk), path="/dev/sdx")
    for name in ("sda", "sdb", "sdc"):
        (tmp_path / "sys/block" / name).mkdir(parents=True)

    def opened(path: str, _writing: bool) -> Any:
        if path.rsplit("/", 1)[-1] in twins:
            return SimpleNamespace(identity=lambda: disk, close=lambda: None)
        raise FileNotFoundError(path)

    monkeypatch.setattr("recond.flow.run.resume.open_disk", opened)
    host = replace(Host(), files=Files(tmp_path))
    if len(twins) == 1:
        assert find_disk(standing, host) == "/dev/sdb"
        return
    with pytest.raises(FormatError) as error:
        find_disk(standing, host)
    assert error.value.message.code == "wipe.resume.two_disks"
    assert all(f"/dev/{name}" in str(error.value) for name in twins)


@pytest.mark.parametrize("ended", [True, False])
def test_a_disk_that_erased_itself_is_asked_for_its_size_again(
    tmp_path: Path, ended: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Linux shows a SAS drive that sanitizes with size 0, and still does when it has ended: it was
    not found. Seen in the lab; `rescan` has the kernel read its capacity again.
    """
    standing = standing_of(Bench(tmp_path), donor_image(tmp_path / "a.img"))
    disk = replace(standing.plan.disk, kind=TargetKind.BLOCK, inode=None)
    standing = replace(standing, plan=replace(standing.plan, disk=disk), path="/dev/sdx")
    for name in ("sda", "sdb"):
        folder = tmp_path / "sys/block" / name / "device"
        folder.mkdir(parents=True)
        (folder / "rescan").write_text("")
    asked = tmp_path / "sys/block/sda/device/rescan"

    def opened(path: str, _writing: bool) -> Any:
        shown = {"/dev/sda": disk, "/dev/sdb": replace(disk, serial="ANOTHER")}
        if path not in shown:
            raise FileNotFoundError(path)
        read = ended and asked.read_text() == "1"
        size = disk.size_bytes if read else 0
        return SimpleNamespace(
            identity=lambda: replace(shown[path], size_bytes=size), close=lambda: None
        )

    monkeypatch.setattr("recond.flow.run.resume.open_disk", opened)
    host = replace(Host(), files=Files(tmp_path))
    if ended:
        assert find_disk(standing, host) == "/dev/sda"
    else:
        with pytest.raises(FormatError) as error:
            find_disk(standing, host)
        assert error.value.message.code == "wipe.resume.no_size"
    assert asked.read_text() == "1"
    other = tmp_path / "sys/block/sdb/device/rescan"
    assert other.read_text() == "", "another disk is left alone"
