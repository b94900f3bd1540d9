"""A list that is run twice: nothing is erased again, nothing is believed by its serial alone."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from recond.flow.runfolder import RunFolder
from tests.cli.command import Done, recond

MIB = 1 << 20


@pytest.fixture
def image(tmp_path: Path) -> Path:
    file = tmp_path / "disque.img"
    file.write_bytes(b"DONOR DATA 42 " * (2 * MIB // 14) + bytes(2 * MIB % 14))
    return file


def run(folder: Path, *targets: Path, lot: str = "L", more: tuple[str, ...] = ()) -> Done:
    listed = folder / "liste.csv"
    if not listed.exists():
        listed.write_text("serial\ndisque.img\n")
    return recond(
        "run",
        *map(str, targets),
        "--image",
        "--unattended",
        "--lot",
        lot,
        "--manifest",
        str(listed),
        "--json",
        *more,
        folder=folder,
    )


def summary(done: Done) -> dict[str, Any]:
    (line,) = done.stdout.splitlines()
    found: dict[str, Any] = json.loads(line)
    assert found["exit_code"] == done.code
    return found


def runs(folder: Path) -> list[Path]:
    return sorted((folder / "state" / "runs").iterdir())


def test_the_second_run_erases_nothing_and_says_so(tmp_path: Path, image: Path) -> None:
    first = run(tmp_path, image)
    assert (first.code, summary(first)["outcome"]) == (0, "erased"), first.stderr
    before = image.stat().st_mtime_ns
    second = run(tmp_path, image)
    found = summary(second)
    assert (second.code, found["outcome"], found["disks"]) == (0, "nothing-begun", [])
    (left,) = found["left"]
    assert (left["listed"], left["serial"]) == ("certified", "disque.img")
    assert left["message"]["code"] == "dock.before.certified"
    assert "pas effacé de nouveau" in second.stderr
    assert image.stat().st_mtime_ns == before
    assert len(runs(tmp_path)) == 1
    assert summary(run(tmp_path, image)) == found, "a third time it is the same"


def test_another_lot_is_another_erasure(tmp_path: Path, image: Path) -> None:
    assert run(tmp_path, image).code == 0
    assert summary(run(tmp_path, image, lot="M"))["outcome"] == "erased"
    assert len(runs(tmp_path)) == 2


def test_a_disk_that_was_used_since_is_neither_done_nor_erased(tmp_path: Path, image: Path) -> None:
    assert run(tmp_path, image).code == 0
    erased = image.read_bytes()
    for place, new in ((0, b"NEW"), (MIB, b"NEW" * 300_000), (len(erased) - 3, b"NEW")):
        held = erased[:place] + new + erased[place + len(new) :]
        image.write_bytes(held)
        done = run(tmp_path, image)
        assert (done.code, summary(done)["left"][0]["listed"]) == (4, "changed")
        assert image.read_bytes() == held


def test_another_disk_of_the_same_serial_is_not_called_done(tmp_path: Path, image: Path) -> None:
    assert run(tmp_path, image).code == 0
    (tmp_path / "autre").mkdir()
    other = tmp_path / "autre" / "disque.img"
    other.write_bytes(b"OTHER" * 100_000 + bytes(288))
    held = other.read_bytes()
    done = run(tmp_path, other)
    assert (done.code, summary(done)["left"][0]["listed"]) == (4, "changed")
    assert other.read_bytes() == held
    both = run(tmp_path, image, other)
    assert both.code == 4
    assert "deux disques ont ce numéro" in both.stderr
    assert other.read_bytes() == held


def test_what_was_interrupted_is_offered_and_not_begun_anew(tmp_path: Path, image: Path) -> None:
    assert run(tmp_path, image).code == 0
    (folder,) = map(RunFolder, runs(tmp_path))
    journal = folder.journal("disque.img")
    lines = journal.read_bytes().splitlines(keepends=True)
    cut = next(n for n, line in enumerate(lines) if b'"kind":"step_end"' in line)
    journal.write_bytes(b"".join(lines[:cut]))
    shutil.rmtree(json.loads(folder.issued.read_bytes())["folder"])  # the power went before it
    folder.issued.unlink()
    held = image.read_bytes()
    done = run(tmp_path, image)
    assert (done.code, summary(done)["left"][0]["listed"]) == (5, "stopped")
    assert folder.run_id in done.stderr
    assert len(runs(tmp_path)) == 1
    assert image.read_bytes() == held
    assert recond("resume", folder=tmp_path).code == 0
    assert summary(run(tmp_path, image))["left"][0]["listed"] == "certified"


def test_without_its_certificate_it_is_not_called_certified(tmp_path: Path, image: Path) -> None:
    assert run(tmp_path, image).code == 0
    (folder,) = map(RunFolder, runs(tmp_path))
    issued = json.loads(folder.issued.read_bytes())
    folder.issued.unlink()
    waits = run(tmp_path, image)
    assert (waits.code, summary(waits)["left"][0]["listed"]) == (4, "open")
    folder.issued.write_text(json.dumps(issued | {"signed": False}))
    unsigned = run(tmp_path, image)
    assert (unsigned.code, summary(unsigned)["left"][0]["listed"]) == (7, "unsigned")
    folder.issued.write_text(json.dumps(issued))
    Path(issued["folder"]).rename(tmp_path / "elsewhere")
    moved = run(tmp_path, image)
    assert summary(moved)["left"][0]["message"]["code"] == "dock.before.certified.moved"


def test_a_worker_at_the_disk_counts_whatever_its_lot(tmp_path: Path, image: Path) -> None:
    assert run(tmp_path, image).code == 0
    (folder,) = map(RunFolder, runs(tmp_path))
    with folder.supervised(wait=True):
        for lot in "LM":
            done = run(tmp_path, image, lot=lot)
            assert (done.code, summary(done)["left"][0]["listed"]) == (4, "open")
    assert len(runs(tmp_path)) == 1


def test_a_failed_disk_is_tried_again(tmp_path: Path, image: Path) -> None:
    assert run(tmp_path, image, more=("--verify", "none")).code == 6
    assert summary(run(tmp_path, image))["outcome"] == "erased"
