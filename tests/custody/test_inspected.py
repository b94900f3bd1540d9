"""Inspections that somebody kept: they join a disk to its computer, and prove nothing."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from recond.errors import UsageError
from recond.flow.custody.history import History, Worth, read_history
from recond.flow.machine.capture import write_capture
from recond.inspect.machine import read_machine
from recond.model import Known, Machine
from recond.show.answer import answer_line
from tests.custody.shop import Shop, capture, drive, laptop, workshop
from tests.inspect import laptop as made

RUN = "20261124-100000-00000007"


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """A dock: one disk was erased in it, which sat in NB20 when NB20 was inspected."""
    (one,) = workshop(tmp_path_factory.mktemp("shop"), "dock")
    one.erase(RUN, drive("D20"))
    return one


def keep(folder: Path, name: str, machine: Machine) -> None:
    """As `recond inspect --json > NAME` keeps it."""
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(answer_line("inspect", machine, all_letters=True))


def told(found: History) -> list[tuple[str, str, str]]:
    return [(one.about, str(one.worth), one.what.code.rpartition(".")[2]) for one in found.entries]


def test_a_disk_from_the_dock_is_joined_by_an_inspection(bench: Shop, tmp_path: Path) -> None:
    keep(tmp_path / "kept", "nb20.json", laptop("NB20", drive("D20"), drive("D21")))
    for asked in ("d20", RUN):
        found = read_history(
            asked, (bench.out, tmp_path / "kept"), state=bench.state, capture=capture
        )
        assert found.disks == ("D20",), "its neighbour was not asked for"
        assert ("D20", "unsigned", "inspected") in told(found)
        assert ("D20", "proven", "approved") in told(found)
        assert found.computers == ("NB20",)


def test_a_computer_tells_of_the_disks_that_were_in_it(bench: Shop, tmp_path: Path) -> None:
    keep(tmp_path / "kept", "nb20.json", laptop("NB20", drive("D20"), drive("D21")))
    found = read_history("nb20", (bench.out, tmp_path / "kept"), state=bench.state, capture=capture)
    assert (found.computers, found.disks) == (("NB20",), ("D20", "D21"))
    assert {about for about, _, said in told(found) if said == "approved"} == {"D20"}
    assert [one.worth for one in found.entries if one.about == "D21"] == [Worth.UNSIGNED]


def test_an_empty_computer_that_was_inspected(bench: Shop, tmp_path: Path) -> None:
    keep(tmp_path / "kept", "nb21.json", laptop("NB21"))
    found = read_history("NB21", (tmp_path / "kept",), state=bench.state, capture=capture)
    assert told(found) == [("NB21", "unsigned", "none")]


def test_a_capture_counts_as_well(bench: Shop, tmp_path: Path) -> None:
    tree = made.make_laptop(tmp_path / "machine")
    machine = read_machine(tree.host())
    write_capture(tree.host(), tmp_path / "kept.tar.gz")
    assert isinstance(machine.system.serial, Known)
    serial = machine.system.serial.value
    found = read_history(serial, (tmp_path / "kept.tar.gz",), state=bench.state, capture=capture)
    assert found.computers == (serial.upper(),)
    assert {one.worth for one in found.entries} == {Worth.UNSIGNED}
    write_capture(tree.host(), tmp_path / "nameless.tgz", anonymous=True)
    with pytest.raises(UsageError):
        read_history(serial, (tmp_path / "nameless.tgz",), state=bench.state, capture=capture)


def test_what_is_no_inspection_is_passed_over(bench: Shop, tmp_path: Path) -> None:
    folder = tmp_path / "kept"
    keep(folder, "cut.json", laptop("NB22", drive("D20")))
    whole = (folder / "cut.json").read_bytes()
    (folder / "cut.json").write_bytes(whole[:-40])
    (folder / "newer.json").write_bytes(whole.replace(b"recond.inspect/1", b"recond.inspect/2"))
    (folder / "other.json").write_bytes(whole.replace(b"recond.inspect/1", b"recond.check/1"))
    (folder / "list.json").write_bytes(b"[1]")
    (folder / "deep.json").write_bytes(b"[" * 100_000)
    (folder / "cut.tar.gz").write_bytes(b"\x1f\x8b\x08\x00")
    found = read_history("D20", (bench.out, folder), state=bench.state, capture=capture)
    assert found.computers == ()
    assert {one.worth for one in found.entries} == {Worth.PROVEN}


def test_a_record_beside_is_read_as_a_record(bench: Shop, tmp_path: Path) -> None:
    """An inspection within a certificate's folder is a stranger's file there."""
    shutil.copytree(bench.out, tmp_path / "out")
    keep(tmp_path / "out" / RUN, "relevé.json", laptop("NB23", drive("D20")))
    found = read_history("D20", (tmp_path / "out",), state=bench.state, capture=capture)
    assert found.computers == ()
