"""A false /sys, /run/udev and /proc below a folder: disks with labels, as a live one has."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from recond.host.files import Files
from recond.host.stick_mount import Partition, find_partitions


@dataclass(frozen=True)
class FakeDisk:
    """One disk with one partition. `number` is its major:minor, of the partition one more."""

    name: str
    number: int
    label: str | None = None
    serial: str | None = None
    wwn: str | None = None
    model: str = "Stick"
    size: int = 2048
    diskseq: int = 0  # 0: by its number; the kernel gives each plugging-in one of its own
    plug: str = "usb1/1-1"  # where in /sys/devices; an inner disk hangs at "ata1"
    kind: str = ""  # of a card: "SD"; what is soldered in says "MMC"

    @property
    def plugging(self) -> int:
        return self.diskseq or 100 + self.number

    @property
    def part(self) -> str:
        return f"{self.name}p1" if self.name[-1].isdigit() else f"{self.name}1"


class Machine:
    """Puts disks in and takes them out."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.files = Files(root)
        for folder in ("sys/block", "sys/class/block", "run/udev/data", "proc/self"):
            (root / folder).mkdir(parents=True)
        self.write("proc/self/mountinfo", "21 1 0:20 / / rw - overlay overlay rw")
        self.write("proc/cmdline", "boot=live quiet")

    def write(self, path: str, text: str) -> None:
        assert not path.startswith("/"), "of this machine's own"
        target = self.root / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(text + "\n", encoding="utf-8")

    def plug(self, disk: FakeDisk) -> None:
        """The disk appears in sysfs, its label in udev's database."""
        place = f"sys/devices/{disk.plug}/host0/block/{disk.name}"
        link = self.root / "sys/block" / disk.name
        link.unlink(missing_ok=True)
        link.symlink_to(f"../devices/{disk.plug}/host0/block/{disk.name}")
        for path, value in {
            "size": str(disk.size),
            "diskseq": str(disk.plugging),
            "device/model": disk.model,
            "device/vendor": "ACME",
            f"{disk.part}/partition": "1",
            "dev": f"8:{disk.number}",
            f"{disk.part}/dev": f"8:{disk.number + 1}",
        }.items():
            self.write(f"{place}/{path}", value)
        if disk.serial:
            self.write(f"{place}/device/serial", disk.serial)
        if disk.kind:
            self.write(f"{place}/device/type", disk.kind)
        if disk.wwn:
            self.write(f"{place}/device/wwid", disk.wwn)
        for node, target in ((disk.name, disk.name), (disk.part, f"{disk.name}/{disk.part}")):
            link = self.root / "sys/class/block" / node
            link.unlink(missing_ok=True)
            link.symlink_to(f"../../block/{target}")
        if disk.label:
            self.write(
                f"run/udev/data/b8:{disk.number + 1}",
                f"S:disk/x\nE:ID_FS_TYPE=vfat\nE:ID_FS_LABEL={disk.label}",
            )

    def came_from(self, disk: FakeDisk) -> None:
        """What the initial memory disk writes down of the medium that this start came from."""
        self.write("run/recond/came-from", str(disk.plugging))

    def map_part(self, disk: FakeDisk, name: str = "dm-0") -> None:
        """A device-mapper's table over the disk's partition, number 254:0."""
        place = f"sys/devices/{disk.plug}/host0/block/{disk.name}"
        self.write(f"{place}/{disk.part}/holders/{name}/x", "")
        self.write(f"sys/class/block/{name}/dev", "254:0")

    def pull(self, disk: FakeDisk) -> None:
        """The disk is gone."""
        import shutil

        link = self.root / "sys/block" / disk.name
        shutil.rmtree(link.resolve())
        link.unlink()
        for node in (disk.name, disk.part):
            (self.root / "sys/class/block" / node).unlink()
        (self.root / f"run/udev/data/b8:{disk.number + 1}").unlink(missing_ok=True)


STICK = FakeDisk("sdb", 16, "RECOND", serial="STICK0001")
INNER = FakeDisk("sda", 0, "Windows", serial="INNER0001", model="Disk", size=4096, plug="ata1")


def first_partition(files: Files) -> Partition | None:
    """Where results would go."""
    return next(iter(find_partitions(files)), None)
