"""Which slot a disk is in, from a sysfs as Linux lays it out."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from recond.host.docks import FolderDocks, SysfsDocks
from recond.host.files import Files

PCI = "devices/pci0000:00/"
CASES = {
    "sda": (PCI + "0000:00:1f.2/ata3/host2/target2:0:0/2:0:0:0/block/sda", "SATA 3"),
    "sdb": (PCI + "0000:00:1f.2/ata4/host3/target3:2:0/3:2:0:0/block/sdb", "SATA 4.2"),
    "sdc": (
        PCI + "0000:00:14.0/usb2/2-1/2-1.4/2-1.4:1.0/host6/target6:0:0/6:0:0:0/block/sdc",
        "USB 2-1.4",
    ),
    "sdd": (
        PCI + "0000:00:14.0/usb2/2-1/2-1.4/2-1.4:1.0/host6/target6:0:0/6:0:0:1/block/sdd",
        "USB 2-1.4 (1)",
    ),
    "sde": (
        PCI + "0000:01:00.0/host0/port-0:0/end_device-0:0/target0:0:0/0:0:0:0/block/sde",
        "SAS 0:0",
    ),
    "sdf": (PCI + "0000:02:00.0/host9/target9:0:3/9:0:3:0/block/sdf", "SCSI 9:0:3:0"),
    "nvme0n1": (PCI + "0000:00:1d.0/0000:03:00.0/nvme/nvme0/nvme0n1", "NVMe 03:00.0 n1"),
    "nvme1n2": (PCI + "0000:00:1d.4/0000:04:00.0/nvme/nvme1/nvme1n2", "NVMe baie-7 n2"),
    "nvme2n1": ("devices/virtual/nvme-subsystem/nvme-subsys2/nvme2n1", "NVMe 05:00.0 n1"),
    "mmcblk0": (PCI + "0000:00:1a.0/mmc_host/mmc0/mmc0:0001/block/mmcblk0", "MMC 0"),
    "vdb": (PCI + "0000:00:05.0/virtio2/block/vdb", "vdb"),
}
NO_DISKS = ("loop0", "dm-0", "md127", "sr0", "zram0", "mmcblk0boot0", "nvme2c2n1")


class Sysfs:
    """A tree of devices that a test plugs disks into."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.docks = SysfsDocks(Files(root))

    def put(self, name: str, place: str, *, seq: str | None = "1", size: str = "2048") -> Path:
        device = self.root / "sys" / place
        device.mkdir(parents=True, exist_ok=True)
        (device / "size").write_text(size + "\n")
        if seq is not None:
            (device / "diskseq").write_text(seq + "\n")
        self.link(f"sys/block/{name}", device)
        return device

    def link(self, name: str, to: Path) -> None:
        link = self.root / name
        link.parent.mkdir(parents=True, exist_ok=True)
        link.unlink(missing_ok=True)
        link.symlink_to(os.path.relpath(to, link.parent))

    def take(self, name: str) -> None:
        (self.root / "sys/block" / name).unlink()


@pytest.fixture
def sysfs(tmp_path: Path) -> Sysfs:
    return Sysfs(tmp_path)


def test_each_disk_is_named_by_its_slot(sysfs: Sysfs) -> None:
    for name, (place, _) in CASES.items():
        sysfs.put(name, place)
    for name in NO_DISKS:
        sysfs.put(name, f"devices/virtual/block/{name}")
    slots = sysfs.root / "sys/bus/pci/slots/baie-7"
    slots.mkdir(parents=True)
    (slots / "address").write_text("0000:04:00\n")
    controller = sysfs.root / "sys" / PCI / "0000:05:00.0/nvme/nvme5"
    controller.mkdir(parents=True)
    sysfs.link("sys/class/nvme-subsystem/nvme-subsys2/nvme5", controller)
    sysfs.link("sys/class/nvme/nvme5", controller)
    found = {one.path: one.place for one in sysfs.docks.look()}
    assert found == {f"/dev/{name}": slot for name, (_, slot) in CASES.items()}
    assert len(set(found.values())) == len(CASES)


def test_a_bay_has_its_own_name(sysfs: Sysfs) -> None:
    block = sysfs.put("sda", CASES["sde"][0].replace("sde", "sda"))
    (block / "device" / "enclosure_device:Slot 07").mkdir(parents=True)
    assert [one.place for one in sysfs.docks.look()] == ["Slot 07"]


def test_a_card_reader_without_a_card_holds_nothing(sysfs: Sysfs) -> None:
    sysfs.put("sdc", CASES["sdc"][0], size="0")
    assert sysfs.docks.look() == ()


def test_plugging_again_is_another_plugging(sysfs: Sysfs) -> None:
    place, _ = CASES["sda"]
    sysfs.put("sda", place, seq="7")
    (first,) = sysfs.docks.look()
    assert sysfs.docks.look() == (first,)
    sysfs.take("sda")
    assert sysfs.docks.look() == ()
    sysfs.put("sda", place, seq="8")
    (second,) = sysfs.docks.look()
    assert (second.place, second.path) == (first.place, first.path)
    assert second.mark != first.mark


def test_two_disks_behind_one_plug_are_two_slots(sysfs: Sysfs) -> None:
    for name in ("sda", "sdb"):
        sysfs.put(name, CASES["sdc"][0].replace("sdc", name))
    assert len({one.place for one in sysfs.docks.look()}) == 2


def test_a_folder_of_images_stands_in(tmp_path: Path) -> None:
    docks = FolderDocks(tmp_path)
    (tmp_path / "a.img").write_bytes(b"1")
    (tmp_path / "notes.txt").write_bytes(b"1")
    (first,) = docks.look()
    assert (first.place, first.path) == ("a", str(tmp_path / "a.img"))
    (tmp_path / "b.img").write_bytes(b"1")
    (tmp_path / "b.img").replace(tmp_path / "a.img")
    (second,) = docks.look()
    assert second.mark != first.mark
