"""A disk that may hang on a Thunderbolt cable is not erased unasked, and counts as left."""

from __future__ import annotations

from pathlib import Path

import pytest

from recond.census import Place
from recond.flow.run.choice import choose, is_outside
from recond.host.files import Files
from recond.host.outside import may_be_outside
from recond.inspect.machine import read_machine
from tests.inspect import laptop
from tests.inspect.test_census import census, disks, node, tree

__all__ = ["tree"]

ROOT = "/sys/devices/pci0000:00/0000:00:1d.0"
INNER = f"{ROOT}/0000:02:00.0/nvme/nvme0/nvme0n1"
SWITCHED = f"{ROOT}/0000:03:00.0/0000:04:01.0/0000:05:00.0"
BOXED = f"{SWITCHED}/nvme/nvme0/nvme0n1"
BOX_SATA = f"{SWITCHED}/ata7/host6/target6:0:0/6:0:0:0/block/nvme0n1"
VIRTUAL = "/sys/devices/virtual/nvme-subsystem/nvme-subsys0/nvme0n1"


def put(root: Path, path: str, text: str) -> None:
    file = root / path.lstrip("/")
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"{text}\n")


@pytest.mark.parametrize(
    ("place", "removable", "box", "doubtful"),
    [
        (INNER, "", "", False),
        (INNER, "", "0-1", False),  # a box with a screen: the disk is in a slot of the board
        (INNER, "0000:02:00.0", "", True),
        (BOXED, "0000:03:00.0", "0-1", True),
        (BOX_SATA, "0000:03:00.0", "", True),
        (BOXED, "", "0-1", True),  # an old firmware, or kernel: no port says that it is external
        (BOXED, "", "1-301", True),
        (BOXED, "", "0-0", False),  # the computer's own router
        (BOXED, "", "0-0:1.1", False),
        (BOXED, "", "", False),  # a server's riser
        (BOXED, "0000:07:00.0", "0-1", False),  # the firmware tells, and of another port
        (VIRTUAL, "0000:02:00.0", "", True),
        (VIRTUAL, "", "", False),
    ],
)
def test_what_the_kernel_tells_of_a_pci_port(
    tmp_path: Path, place: str, removable: str, box: str, *, doubtful: bool
) -> None:
    put(tmp_path, f"{place}/size", "1")
    (tmp_path / "sys/block").mkdir()
    (tmp_path / "sys/block/nvme0n1").symlink_to(tmp_path / place.lstrip("/"))
    if place == VIRTUAL:
        real = tmp_path / "sys/devices/pci0000:00/0000:00:1d.0/0000:02:00.0/nvme/nvme0"
        real.mkdir(parents=True)
        for folder in ("nvme-subsystem/nvme-subsys0", "nvme"):
            (tmp_path / "sys/class" / folder).mkdir(parents=True, exist_ok=True)
            (tmp_path / "sys/class" / folder / "nvme0").symlink_to(real)
    if removable:
        put(tmp_path, f"/sys/bus/pci/devices/{removable}/removable", "removable")
    if box:
        put(tmp_path, f"/sys/bus/thunderbolt/devices/{box}/authorized", "1")
    assert may_be_outside(Files(tmp_path), "nvme0n1") is doubtful


def test_a_box_that_nobody_let_in_and_another_computer_bring_no_disk(tmp_path: Path) -> None:
    put(tmp_path, f"{BOXED}/size", "1")
    (tmp_path / "sys/block").mkdir()
    (tmp_path / "sys/block/nvme0n1").symlink_to(tmp_path / BOXED.lstrip("/"))
    put(tmp_path, "/sys/bus/thunderbolt/devices/0-1/authorized", "0")
    put(tmp_path, "/sys/bus/thunderbolt/devices/0-3/unique_id", "another computer")
    assert not may_be_outside(Files(tmp_path), "nvme0n1")


def test_all_leaves_it_and_the_computer_counts_it(tree: laptop.Tree) -> None:
    """It was ticked by « the computer's own disks », and erased by --all."""
    disks(tree, node("sda", serial="S1", tran="sata"), node("nvme0n1", serial="N1", tran="nvme"))
    tree.link("/sys/block/nvme0n1", BOXED)
    tree.put("/sys/bus/pci/devices/0000:04:01.0/removable", "removable\n")
    found = {one.paths[0]: one.place for one in census(tree).media}
    assert found == {"/dev/sda": Place.INNER, "/dev/nvme0n1": Place.UNKNOWN}
    machine = read_machine(tree.host(), smart=False)
    choice = choose(machine, usb=False)
    assert choice.paths == ("/dev/sda",)
    assert [one.code for one in choice.left_out] == ["cli.left_out.unsure"]
    assert is_outside(machine, "/dev/nvme0n1"), "key A of the guided screen leaves it"
    assert set(choose(machine, usb=True).paths) == {"/dev/sda", "/dev/nvme0n1"}
