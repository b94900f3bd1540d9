"""Disks as lsblk and sysfs show them: which are listed, on which bus, of what, held by whom."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from recond.host import Host
from recond.host.identity.medium import Evidence, decide_bus, decide_medium
from recond.inspect.disks import read_disk, read_disks
from recond.inspect.lsblk import parse_lsblk
from recond.model import Disk, Known, Medium, Unknown, Why
from tests.inspect import laptop

GB = 1_000_000_000


def node(name: str, kind: str = "disk", **more: Any) -> dict[str, Any]:
    base: dict[str, Any] = {
        "name": name,
        "kname": name,
        "type": kind,
        "size": 256 * GB,
        "log-sec": 512,
        "phy-sec": 512,
        "rota": False,
        "rm": False,
        "ro": False,
        "subsystems": "block:scsi:pci",
    }
    return {**base, **more}


def listed(tree: laptop.Tree, *nodes: dict[str, Any], **options: bool) -> dict[str, Disk]:
    tree.put("/lsblk.json", json.dumps({"blockdevices": list(nodes)}))
    found = read_disks(tree.host(), **options)
    assert not isinstance(found, Unknown)
    return {disk.path: disk for disk in found}


@pytest.fixture
def tree(tmp_path: Path) -> laptop.Tree:
    made = laptop.Tree(tmp_path)
    made.put("/proc/self/mountinfo", "")
    made.put("/proc/swaps", "Filename\tType\tSize\tUsed\tPriority\n")
    return made


def place(tree: laptop.Tree, name: str, path: str, **values: str) -> str:
    """A disk in sysfs at a path below /sys/devices."""
    real = f"/sys/devices/{path}/block/{name}"
    tree.link(f"/sys/block/{name}", real)
    tree.link(f"/sys/class/block/{name}", real)
    tree.link(f"{real}/device", f"/sys/devices/{path}")
    for key, text in values.items():
        tree.put(f"{real}/{key.replace('__', '/')}", text + "\n")
    return real


def test_only_whole_disks_are_listed(tree: laptop.Tree) -> None:
    found = listed(
        tree,
        node("sda"),
        node("sr0", "rom"),
        node("loop0", "loop"),
        node("zram0"),
        node("ram0"),
        node("dm-0", "crypt"),
        node("md0", "raid1"),
        node("sdb", size=0),  # a disk that keeps its data
        node("sdc", size=0, rm=True, tran="usb"),  # a reader without a card
        node("mmcblk0"),
        node("mmcblk0boot0"),
        node("mmcblk0rpmb"),
        node("fd0"),
        node("nbd0"),
        node("rbd0"),
        node("zd0"),
        node("drbd1"),
        node("mtdblock0"),
        node("mmcblk0gp1"),
        node("nvme0n1"),
        node("nvme0c0n1", size=0),
    )
    assert list(found) == ["/dev/mmcblk0", "/dev/nvme0n1", "/dev/sda", "/dev/sdb"]


def test_disks_stand_in_the_order_that_people_count(tree: laptop.Tree) -> None:
    names = ("sdaa", "sdb", "sda", "nvme10n1", "nvme2n1")
    assert list(listed(tree, *map(node, names))) == [
        "/dev/nvme2n1",
        "/dev/nvme10n1",
        "/dev/sda",
        "/dev/sdb",
        "/dev/sdaa",
    ]


def test_loops_only_where_asked(tree: laptop.Tree) -> None:
    tree.put("/sys/block/loop0/loop/backing_file", "/var/images/disk.img\n")
    assert listed(tree, node("loop0", "loop")) == {}
    (loop,) = listed(tree, node("loop0", "loop"), loops=True).values()
    assert loop.serial == Known("disk.img", "/sys/block/loop0/loop/backing_file")
    assert loop.medium is Medium.IMAGE


def test_a_usb_stick(tree: laptop.Tree) -> None:
    usb = "pci0000:00/0000:00:14.0/usb1/1-3"
    place(tree, "sdb", f"{usb}/1-3:1.0/host2/target2:0:0/2:0:0:0")
    tree.put(f"/sys/devices/{usb}/serial", "4C530001230615113322\n")
    (disk,) = listed(
        tree, node("sdb", tran="usb", rm=True, rota=True, vendor="SanDisk ", model="Ultra")
    ).values()
    assert (disk.bus, disk.medium) == (Known("usb", "/sys/block/sdb"), Medium.USB_FLASH)
    assert disk.serial == Known("4C530001230615113322", f"/sys/devices/{usb}/serial")
    assert disk.rotational == Known(False, "medium")  # the kernel says 1 of every stick


def test_a_usb_disk_tells_by_its_characteristics_or_not_at_all(tree: laptop.Tree) -> None:
    path = "pci0000:00/usb1/1-3/1-3:1.0/host2/target2:0:0/2:0:0:0"
    place(tree, "sdb", path)
    (disk,) = listed(tree, node("sdb", tran="usb", rota=True)).values()
    assert disk.medium is Medium.UNKNOWN
    assert isinstance(disk.rotational, Unknown)
    tree.put(f"/sys/devices/{path}/vpd_pgb1", b"\0\xb1\0\x3c\x15\x18" + bytes(58))
    (disk,) = listed(tree, node("sdb", tran="usb", rota=True)).values()
    assert (disk.medium, disk.rpm) == (Medium.HDD, Known(5400, "vpd_pgb1"))


def test_two_namespaces_of_one_nvme_controller(tree: laptop.Tree) -> None:
    path = "pci0000:00/0000:00:06.0/nvme/nvme0"
    for number in (1, 2):
        place(tree, f"nvme0n{number}", path, nsid=str(number), wwid=f"nvme.8086-{number}-51454d55")
    tree.put(f"/sys/devices/{path}/serial", "S4EWNX0M123456      \n")
    second = {**node("nvme0n2", tran="nvme"), "log-sec": 4096}
    one, two = listed(tree, node("nvme0n1", tran="nvme"), second).values()
    assert isinstance(one.controller, Known)
    assert one.controller == two.controller
    assert (one.namespace, two.namespace) == (
        Known(1, "/sys/block/nvme0n1/nsid"),
        Known(2, "/sys/block/nvme0n2/nsid"),
    )
    assert one.serial == Known("S4EWNX0M123456", "/sys/block/nvme0n1/device/serial")
    assert two.logical_block_bytes == Known(4096, "lsblk:log-sec")
    assert one.medium is Medium.SSD


def test_an_emmc_and_an_sd_card(tree: laptop.Tree) -> None:
    for number, kind in ((0, "MMC"), (1, "SD")):
        place(tree, f"mmcblk{number}", f"platform/mmc{number}/card", device__type=kind)
    emmc, card = listed(
        tree, node("mmcblk0", subsystems="block:mmc"), node("mmcblk1", subsystems="block:mmc")
    ).values()
    assert (emmc.medium, card.medium) == (Medium.EMMC, Medium.SD)


def test_whole_model_and_firmware_come_from_the_identify_page(tmp_path: Path) -> None:
    tree = laptop.make_laptop(tmp_path)
    data = json.loads((tmp_path / "lsblk.json").read_text())
    data["blockdevices"][0]["model"] = "SAMSUNG MZ7LN256"
    data["blockdevices"][0]["serial"] = None
    (disk,) = listed(tree, *data["blockdevices"]).values()
    assert disk.model == Known("SAMSUNG MZ7LN256HAJQ-000L7", "vpd_pg89")
    assert disk.serial == Known(laptop.DISK_SERIAL, "vpd_pg89")
    assert isinstance(disk.vendor, Unknown)  # "ATA" is libata's word


@pytest.mark.parametrize(
    ("evidence", "bus", "medium"),
    [
        (Evidence("sda", transport="sata", rpm=7200, rotational=True), "sata", Medium.HDD),
        (Evidence("sda", transport="sata", rpm=1, rotational=False), "sata", Medium.SSD),
        (Evidence("sda", transport="sata", rotational=True), "sata", Medium.HDD),
        (Evidence("sda", transport="sata", rpm=5400, hybrid=True), "sata", Medium.HYBRID),
        (Evidence("sda", transport="sas", rotational=False), "sas", Medium.SSD),
        (Evidence("sda", transport="sas", rotational=True), "sas", Medium.UNKNOWN),
        (
            Evidence(
                "sda",
                subsystems="block:scsi:pci",
                vendor="DELL",
                model="PERC H730",
                rotational=False,
            ),
            "scsi",
            Medium.UNKNOWN,
        ),
        (
            Evidence("sda", subsystems="block:scsi:virtio:pci", rotational=True),
            "scsi",
            Medium.UNKNOWN,
        ),
        (Evidence("vda", subsystems="block:virtio:pci", rotational=True), "virtio", Medium.UNKNOWN),
        (
            Evidence(
                "sda",
                sysfs_path="/sys/devices/pci0000:00/ata1/host0/target0:0:0/0:0:0:0/block/sda",
                driver="pata_amd",
                rotational=True,
            ),
            "ide",
            Medium.HDD,
        ),
        (
            Evidence(
                "sda", sysfs_path="/sys/devices/x/expander-6:0/port/end_device-6:0:1/y", rpm=10000
            ),
            "sas",
            Medium.HDD,
        ),
        (Evidence("sdq", transport="iscsi", rotational=False), "iscsi", Medium.UNKNOWN),
        (Evidence("xvda"), "xen", Medium.UNKNOWN),
        (Evidence("weird0"), None, Medium.UNKNOWN),
    ],
)
def test_bus_and_medium(evidence: Evidence, bus: str | None, medium: Medium) -> None:
    assert decide_bus(evidence) == bus
    assert decide_medium(bus, evidence) is medium


@pytest.mark.parametrize(
    "text", ["naa.5002538d00000000", "0x5002538d00000000", "eui.0025385b71b0a1c2", "uuid.3d5a-1"]
)
def test_world_wide_names(tree: laptop.Tree, text: str) -> None:
    (disk,) = listed(tree, node("sda", wwn=text)).values()
    assert disk.wwn == Known(text.replace("naa.", "0x"), "lsblk")


def test_a_name_made_of_serial_and_model_is_no_world_wide_name(tree: laptop.Tree) -> None:
    (disk,) = listed(tree, node("sda", wwn="t10.ATA SAMSUNG S3Z1NB0K")).values()
    assert isinstance(disk.wwn, Unknown)


def test_filler_is_no_serial(tree: laptop.Tree) -> None:
    (disk,) = listed(tree, node("sda", serial="0000000000")).values()
    assert isinstance(disk.serial, Unknown)
    assert disk.serial.why is Why.GARBAGE


def test_what_holds_a_disk_is_told(tree: laptop.Tree) -> None:
    place(tree, "sda", "pci0000:00/ata1/host0/x", dev="8:0", sda1__partition="1", sda1__dev="8:1")
    tree.link("/sys/class/block/sda1", "/sys/devices/pci0000:00/ata1/host0/x/block/sda/sda1")
    tree.put("/proc/self/mountinfo", "25 1 8:1 / /mnt/used rw - ext4 /dev/sda1 rw\n")
    (disk,) = listed(tree, node("sda")).values()
    assert [(u.kind, u.node, u.where) for u in disk.uses] == [("mount", "sda1", "/mnt/used")]


def test_the_medium_of_a_live_system_is_called_so(tree: laptop.Tree) -> None:
    place(tree, "sdb", "pci0000:00/usb1/1-1/x", dev="8:16", sdb1__partition="1", sdb1__dev="8:17")
    tree.link("/sys/class/block/sdb1", "/sys/devices/pci0000:00/usb1/1-1/x/block/sdb/sdb1")
    tree.put("/proc/self/mountinfo", "25 1 8:17 / /run/live/medium ro - iso9660 /dev/sdb1 ro\n")
    (disk,) = listed(tree, node("sdb", tran="usb", rm=True)).values()
    assert [u.kind for u in disk.uses] == ["medium"]


@pytest.mark.parametrize(("fstype", "kind"), [("iso9660", "medium"), ("ext4", "open")])
def test_a_claim_that_nothing_explains(tree: laptop.Tree, fstype: str, kind: str) -> None:
    place(tree, "sdb", "pci0000:00/usb1/1-1/x", dev="8:16")
    tree.put("/recond/claims.json", '{"sdb": true, "sda": false}')
    (disk,) = listed(tree, node("sdb", children=[node("sdb1", "part", fstype=fstype)])).values()
    assert [u.kind for u in disk.uses] == [kind]


def test_without_lsblk_sysfs_alone_is_read(tree: laptop.Tree) -> None:
    place(
        tree,
        "sda",
        "pci0000:00/ata1/host0/x",
        size="500118192",
        ro="0",
        removable="0",
        queue__logical_block_size="512",
        queue__rotational="0",
    )
    found = read_disks(tree.host())
    assert not isinstance(found, Unknown)
    assert [(d.path, d.size_bytes) for d in found] == [
        ("/dev/sda", Known(500118192 * 512, "/sys/block/sda:size"))
    ]


def test_without_either_it_is_not_called_no_disk(tmp_path: Path) -> None:
    assert read_disks(laptop.Tree(tmp_path).host()) == Unknown(Why.TOOL_MISSING, "lsblk")


def test_smartctl_documents_alone_name_their_disks(tree: laptop.Tree) -> None:
    tree.put(
        "/smartctl/a.json",
        json.dumps(
            {
                "device": {"name": "/dev/sda", "protocol": "ATA"},
                "model_name": "WDC WD10EZEX",
                "serial_number": "WD-WCC6Y0AB1234",
                "firmware_version": "01.01A01",
                "wwn": {"naa": 5, "oui": 0x0014EE, "id": 0x2B1234567},
                "rotation_rate": 7200,
                "user_capacity": {"bytes": 1000204886016},
                "logical_block_size": 512,
                "physical_block_size": 4096,
                "smart_status": {"passed": True},
            }
        ),
    )
    tree.put(
        "/smartctl/b.json",
        json.dumps(
            {"device": {"name": "/dev/nvme0", "protocol": "NVMe"}, "nvme_total_capacity": 256 * GB}
        ),
    )
    tree.put("/smartctl/c.json", "no json")
    found = read_disks(tree.host(), smart=True)
    assert not isinstance(found, Unknown)
    nvme, hdd = found
    assert (hdd.path, hdd.medium) == ("/dev/sda", Medium.HDD)
    assert hdd.wwn == Known("0x50014ee2b1234567", "smartctl")
    assert hdd.serial == Known("WD-WCC6Y0AB1234", "smartctl")
    assert not isinstance(hdd.health, Unknown)
    assert (nvme.path, nvme.medium) == ("/dev/nvme0n1", Medium.SSD)


def test_one_disk_by_its_path(tree: laptop.Tree) -> None:
    tree.put("/lsblk.json", json.dumps({"blockdevices": [node("sda"), node("sr0", "rom")]}))
    host: Host = tree.host()
    found = read_disk(host, "/dev/sda")
    assert found is not None
    assert found.path == "/dev/sda"
    assert read_disk(host, "/dev/sr0") is None
    assert read_disk(host, "/dev/sdz") is None


def test_lsblk_before_json_had_types() -> None:
    """util-linux before 2.33 wrote every value as a string."""
    nodes = parse_lsblk(
        json.dumps(
            {
                "blockdevices": [
                    {
                        "name": "sda",
                        "type": "disk",
                        "size": "500107862016",
                        "rota": "1",
                        "rm": "0",
                        "log-sec": "512",
                        "mountpoint": None,
                    }
                ]
            }
        ).encode()
    )
    assert not isinstance(nodes, Unknown)
    (disk,) = nodes
    assert (disk.size_bytes, disk.rotational, disk.removable) == (500107862016, True, False)
