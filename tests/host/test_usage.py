"""What holds a disk and what a disk calls itself, on machines written down as trees of files."""

from __future__ import annotations

from pathlib import Path

import pytest

from recond.host.diskid import read_strings
from recond.host.files import Files
from recond.host.recorded import FolderFiles, Recording
from recond.host.usage import file_uses, parse_mountinfo, read_uses
from recond.model import Medium

PCI = "devices/pci0000:00/0000:00:17.0"


class Machine:
    """A sysfs and procfs below a folder."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.mounts: list[str] = []
        self.put("/proc/self/mountinfo", "")
        self.put("/proc/swaps", "Filename Type Size Used Priority\n")

    @property
    def files(self) -> Files:
        return Files(self.root)

    def put(self, path: str, text: str | bytes) -> None:
        place = self.root / path.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(text if isinstance(text, bytes) else text.encode())

    def disk(self, name: str, bus: str = "ata1/host0/target0:0:0/0:0:0:0", *parts: str) -> None:
        home = f"/sys/{PCI}/{bus}/block/{name}"
        self.put(f"{home}/dev", f"8:{self._number()}\n")
        self._link(f"/sys/block/{name}", home)
        self._link(f"/sys/class/block/{name}", home)
        for part in parts:
            self.put(f"{home}/{part}/dev", f"8:{self._number()}\n")
            self.put(f"{home}/{part}/partition", "1\n")
            self._link(f"/sys/class/block/{part}", f"{home}/{part}")

    def hold(self, node: str, by: str) -> None:
        self.put(f"/sys/class/block/{node}/holders/{by}/x", "")

    def mount(self, node: str, where: str, kind: str = "ext4", number: str | None = None) -> None:
        place = self.files.read_text(f"/sys/class/block/{node}/dev")
        self.mounts.append(f"30 1 {number or place} / {where} rw - {kind} /dev/{node} rw\n")
        self.put("/proc/self/mountinfo", "".join(self.mounts))

    def uses(self, name: str) -> list[tuple[str, str, str]]:
        return [(use.kind, use.node, use.where) for use in read_uses(self.files, name)]

    def _number(self) -> int:
        return len(list(self.root.rglob("dev")))

    def _link(self, path: str, to: str) -> None:
        place = self.root / path.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.symlink_to(self.root / to.lstrip("/"))


@pytest.fixture
def machine(tmp_path: Path) -> Machine:
    return Machine(tmp_path)


def test_a_disk_that_nothing_holds(machine: Machine) -> None:
    machine.disk("sda", "ata1/host0/target0:0:0/0:0:0:0", "sda1")
    assert machine.uses("sda") == []


@pytest.mark.parametrize(
    ("where", "kind"),
    [
        ("/", "system"),
        ("/boot", "system"),
        ("/boot/efi", "system"),
        ("/usr", "system"),
        ("/home", "mount"),
        ("/mnt/a\\040b", "mount"),
    ],
)
def test_a_mounted_partition(machine: Machine, where: str, kind: str) -> None:
    machine.disk("sda", "ata1/host0/target0:0:0/0:0:0:0", "sda1", "sda2")
    machine.mount("sda2", where)
    assert machine.uses("sda") == [(kind, "sda2", where.replace("\\040", " "))]


def test_a_mounted_whole_disk(machine: Machine) -> None:
    machine.disk("sdb")
    machine.mount("sdb", "/mnt/cle")
    assert machine.uses("sdb") == [("mount", "sdb", "/mnt/cle")]


def test_the_system_below_encryption_below_lvm(machine: Machine) -> None:
    machine.disk("nvme0n1", "nvme/nvme0", "nvme0n1p3")
    machine.disk("dm-0", "virtual")
    machine.disk("dm-1", "virtual")
    machine.hold("nvme0n1p3", "dm-0")
    machine.hold("dm-0", "dm-1")
    machine.mount("dm-1", "/")
    kinds = {kind for kind, _, _ in machine.uses("nvme0n1")}
    assert kinds == {"holder", "system"}
    assert ("system", "dm-1", "/") in machine.uses("nvme0n1")


def test_a_member_of_a_raid_that_is_not_mounted(machine: Machine) -> None:
    machine.disk("sda", "ata1/host0/target0:0:0/0:0:0:0", "sda1")
    machine.disk("md0", "virtual")
    machine.hold("sda1", "md0")
    assert machine.uses("sda") == [("holder", "sda1", "md0")]


def test_swap_on_a_partition(machine: Machine) -> None:
    machine.disk("sda", "ata1/host0/target0:0:0/0:0:0:0", "sda5")
    machine.put("/proc/swaps", "Filename Type Size\n/dev/sda5 partition 1 0 -2\n")
    assert machine.uses("sda") == [("swap", "sda5", "/dev/sda5")]


def test_every_member_of_a_mounted_btrfs(machine: Machine) -> None:
    machine.disk("sda")
    machine.disk("sdb", "ata2/host1/target1:0:0/1:0:0:0")
    machine.mount("sda", "/srv", "btrfs", number="0:44")
    machine.put("/sys/fs/btrfs/uuid/devices/sda/x", "")
    machine.put("/sys/fs/btrfs/uuid/devices/sdb/x", "")
    assert ("mount", "sda", "/srv") in machine.uses("sda")
    assert machine.uses("sdb") == [("mount", "sdb", "btrfs uuid")]


def test_a_loop_device_over_a_disk_and_over_an_image(machine: Machine) -> None:
    machine.disk("sda")
    machine.disk("loop0", "virtual")
    machine.disk("loop1", "virtual")
    machine.put("/sys/block/loop0/loop/backing_file", "/dev/sda\n")
    machine.put("/sys/block/loop1/loop/backing_file", "/srv/a.img\n")
    assert ("holder", "sda", "loop0") in machine.uses("sda")
    assert [use.kind for use in file_uses(machine.files, "/srv/a.img")] == ["holder"]
    assert not file_uses(machine.files, "/srv/b.img")


def test_where_nothing_can_be_read_the_disk_is_in_use(machine: Machine) -> None:
    machine.disk("sda")
    (machine.root / "proc/self/mountinfo").unlink()
    assert [kind for kind, _, _ in machine.uses("sda")] == ["unreadable"]


def test_swap_that_cannot_be_read_is_not_no_swap(machine: Machine, tmp_path: Path) -> None:
    machine.disk("sda")
    assert machine.uses("sda") == []
    swaps = machine.root / "proc/swaps"
    swaps.unlink()
    assert machine.uses("sda") == [], "a kernel without swap has no such file"
    assert file_uses(machine.files, "/srv/a.img") == ()
    swaps.mkdir()  # whatever the reason: the table is there and does not read
    assert machine.uses("sda") == [("unreadable", "sda", "/proc/swaps")]
    assert [use.kind for use in file_uses(machine.files, "/srv/a.img")] == ["unreadable"]
    denied = FolderFiles(machine.root, Recording(True, denied=frozenset({"/proc/swaps"})))
    assert [use.where for use in read_uses(denied, "sda")] == ["/proc/swaps"]
    swaps.rmdir()
    silent = FolderFiles(machine.root, Recording(True))  # made by recond, and nobody looked
    assert [use.where for use in read_uses(silent, "sda")] == ["/proc/swaps"]


def test_a_circle_of_holders_ends(machine: Machine) -> None:
    machine.disk("sda")
    machine.disk("dm-0", "virtual")
    machine.hold("sda", "dm-0")
    machine.hold("dm-0", "sda")
    assert machine.uses("sda")


@pytest.mark.parametrize(
    "line", ["", "garbage", "30 1 8:1 / /mnt rw", "30 1 8:1 / /mnt rw - ext4", "- - -"]
)
def test_lines_that_are_no_mounts(line: str) -> None:
    assert parse_mountinfo(line) == ()


def test_optional_fields_of_a_mount() -> None:
    (mount,) = parse_mountinfo(
        "36 35 98:0 /m /mnt\\0112 rw,noatime shared:1 master:2 - ext3 /dev/root rw,x=y"
    )
    assert (mount.number, mount.point, mount.kind) == ("98:0", "/mnt\t2", "ext3")


# --- Names -----------------------------------------------------------------------------------

SATA_NAMELESS = ("sata", Medium.UNKNOWN, None, None)
"""Numbers that many cheap disks share, or that are made of the model's name, are none."""
NAA = "naa.5000c50012345678"
VPD80 = b"\x00\x80\x00\x08  S0M3  "


@pytest.mark.parametrize(
    ("name", "bus", "files", "expected"),
    [
        (
            "sda",
            "ata1/host0/target0:0:0/0:0:0:0",
            {
                "device/vpd_pg80": VPD80,
                "queue/rotational": "1",
                "device/wwid": "naa.5000c50012345678",
            },
            ("sata", Medium.HDD, "S0M3", "0x" + NAA[4:]),
        ),
        (
            "sda",
            "ata1/host0/target0:0:0/0:0:0:0",
            {"queue/rotational": "0"},
            ("sata", Medium.SSD, None, None),
        ),
        ("sda", "ata1/host0/target0:0:0/0:0:0:0", {}, ("sata", Medium.UNKNOWN, None, None)),
        (
            "sdb",
            "host3/port-3:0/end_device-3:0/target3:0:0/3:0:0:0",
            {"device/vpd_pg80": VPD80, "queue/rotational": "1"},
            ("sas", Medium.UNKNOWN, "S0M3", None),  # a virtual disk says so too
        ),
        (
            "sdb",
            "host3/port-3:0/end_device-3:0/target3:0:0/3:0:0:0",
            {"device/vpd_pg80": VPD80, "device/vpd_pgb1": b"\0\xb1\0\x3c\x27\x10"},
            ("sas", Medium.HDD, "S0M3", None),
        ),
        (
            "sdc",
            "usb1/1-2/1-2:1.0/host5/target5:0:0/5:0:0:0",
            {"removable": "1", "queue/rotational": "1"},
            ("usb", Medium.USB_FLASH, None, None),
        ),
        (
            "sdc",
            "usb1/1-2/1-2:1.0/host5/target5:0:0/5:0:0:0",
            {"removable": "0", "queue/rotational": "1"},
            ("usb", Medium.UNKNOWN, None, None),
        ),
        (
            "sdc",
            "usb1/1-2/1-2:1.0/host5/target5:0:0/5:0:0:0",
            {"removable": "0", "device/vpd_pgb1": b"\0\xb1\0\x3c\x1c\x20"},
            ("usb", Medium.HDD, None, None),
        ),
        (
            "sdc",
            "usb1/1-2/1-2:1.0/host5/target5:0:0/5:0:0:0",
            {"removable": "0", "device/vpd_pgb1": b"\0\xb1\0\x3c\0\x01"},
            ("usb", Medium.SSD, None, None),
        ),
        (
            "nvme0n1",
            "nvme/nvme0",
            {"device/serial": "S4EW  \n", "wwid": "eui.01"},
            ("nvme", Medium.SSD, "S4EW", "eui.01"),
        ),
        (
            "mmcblk0",
            "mmc0",
            {"device/serial": "0x1234", "device/type": "SD"},
            ("mmc", Medium.SD, "0x1234", None),
        ),
        ("sda", "ata1/host0", {"device/wwid": "naa.5000000000000001"}, SATA_NAMELESS),
        ("sda", "ata1/host0", {"device/wwid": "t10.ATA     SSD  00001"}, SATA_NAMELESS),
        ("sda", "ata1/host0", {"device/vpd_pg80": b"\0\x80\0\x08" + b"0" * 8}, SATA_NAMELESS),
        ("mmcblk0", "mmc0", {"device/type": "MMC"}, ("mmc", Medium.EMMC, None, None)),
        ("vda", "virtio0", {"serial": "LABROOT"}, ("virtio", Medium.UNKNOWN, "LABROOT", None)),
        (
            "loop3",
            "virtual",
            {"loop/backing_file": "/srv/x/boucle.img"},
            ("loop", Medium.IMAGE, "boucle.img", None),
        ),
    ],
)
def test_what_a_disk_calls_itself(
    machine: Machine,
    name: str,
    bus: str,
    files: dict[str, str | bytes],
    expected: tuple[str, Medium, str | None, str | None],
) -> None:
    machine.disk(name, bus)
    for path, text in files.items():
        machine.put(f"/sys/block/{name}/{path}", text)
    found = read_strings(machine.files, name)
    assert (found.bus, found.medium, found.serial, found.wwn) == expected


@pytest.mark.parametrize(
    "page", [b"", b"\0\x80", b"\0\x80\0\0", b"\0\x80\xff\xff", b"\0\x80\0\x08        "]
)
def test_a_serial_page_that_says_nothing(machine: Machine, page: bytes) -> None:
    machine.disk("sda")
    machine.put("/sys/block/sda/device/vpd_pg80", page)
    assert read_strings(machine.files, "sda").serial is None


def test_a_sticks_serial_is_that_of_its_usb_descriptor(machine: Machine) -> None:
    machine.disk("sdc", "usb1/1-2/1-2:1.0/host5/target5:0:0/5:0:0:0")
    machine.put(f"/sys/{PCI}/usb1/1-2/idVendor", "0781\n")
    machine.put(f"/sys/{PCI}/usb1/1-2/serial", "4C530001\n")
    machine.put(f"/sys/{PCI}/usb1/idVendor", "1d6b\n")
    machine.put(f"/sys/{PCI}/usb1/serial", "0000:00:14.0\n")
    assert read_strings(machine.files, "sdc").serial == "4C530001"
