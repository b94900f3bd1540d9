"""Which block devices are disks, and which somebody makes up, from what sysfs shows."""

from __future__ import annotations

from pathlib import Path

import pytest

from recond.host.files import Files
from recond.host.virtual import is_disk_bus, kind_of

PCI = "devices/pci0000:00/0000:00:1f.2"
SESSION = "devices/platform/host3/session1/target3:0:0/3:0:0:0"

USB = "devices/{}/usb3/3-1/3-1:1.0/host3/target3:0:0/3:0:0:0"


def tree(root: Path, name: str, place: str, texts: dict[str, str]) -> Files:
    """A /sys with one disk at a place below /sys/devices."""
    disk = root / "sys" / place / "block" / name
    disk.mkdir(parents=True)
    (disk / "device").symlink_to(disk.parents[1])
    (root / "sys/block").mkdir()
    (root / "sys/block" / name).symlink_to(disk)
    for path, text in texts.items():
        file = root / "sys" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(f"{text}\n")
    return Files(root)


def host(name: str) -> dict[str, str]:
    return {"class/scsi_host/host3/proc_name": name}


@pytest.mark.parametrize(
    ("name", "bus", "place", "texts", "kind"),
    [
        ("sda", "sata", f"{PCI}/ata1/host3/target3:0:0/3:0:0:0", host("ahci"), "block"),
        ("sda", "sas", f"{PCI}/host3/port-3:0/end_device-3:0", host("mpt3sas"), "block"),
        ("sda", "usb", f"{PCI}/usb1/1-1/host3/target3:0:0/3:0:0:0", host("usb-storage"), "block"),
        ("sda", "scsi", f"{PCI}/virtio1/host3/target3:0:0/3:0:0:0", host("virtio_scsi"), "block"),
        ("sda", "scsi", SESSION, host("iscsi_tcp"), "virtual"),
        ("sda", "iscsi", SESSION, host("qla4xxx"), "virtual"),
        ("sda", "scsi", "devices/pseudo_0/adapter0/host3/t", host("scsi_debug"), "virtual"),
        ("sda", "scsi", "devices/LNXSYSTM:00/VMBUS/host3/t", host("storvsc_host"), "virtual"),
        ("sda", "scsi", "devices/vscsi-1/host3/t", host("scsifront"), "virtual"),
        ("sda", "scsi", "devices/platform/host3/t", host("iscsi_iser"), "virtual"),
        ("sda", "usb", USB.format("platform/vhci_hcd.0"), host("usb-storage"), "virtual"),
        ("sda", "usb", USB.format("platform/dummy_hcd.0"), host("usb-storage"), "virtual"),
        ("sda", "usb", USB.format("platform/xhci-hcd.0"), host("usb-storage"), "block"),
        ("sda", "scsi", f"{PCI}/host3/target3:0:0/3:0:0:0", host("vmw_pvscsi"), "virtual"),
        ("vda", "virtio", f"{PCI}/virtio0", {}, "virtual"),
        ("xvda", "xen", "devices/vbd-51712", {}, "virtual"),
        ("nbd0", "other", "devices/virtual", {}, "virtual"),
        ("ublkb0", "other", "devices/virtual", {}, "virtual"),
        ("loop0", "loop", "devices/virtual", {}, "loop"),
        (
            "nvme0n1",
            "nvme",
            "devices/pci0000:00/nvme/nvme0",
            {"devices/pci0000:00/nvme/nvme0/transport": "pcie"},
            "block",
        ),
        (
            "nvme0n1",
            "nvme",
            "devices/virtual/nvme-fabrics/ctl/nvme0",
            {"devices/virtual/nvme-fabrics/ctl/nvme0/transport": "tcp"},
            "virtual",
        ),
        (
            "nvme0n1",
            "nvme",
            "devices/virtual/nvme-subsystem/nvme-subsys0",
            {"devices/virtual/nvme-subsystem/nvme-subsys0/nvme0/transport": "pcie"},
            "block",
        ),
        (
            "nvme0n1",
            "nvme",
            "devices/virtual/nvme-subsystem/nvme-subsys0",
            {
                "devices/virtual/nvme-subsystem/nvme-subsys0/nvme0/transport": "tcp",
                "devices/virtual/nvme-subsystem/nvme-subsys0/nvme1/transport": "rdma",
            },
            "virtual",
        ),
    ],
)
def test_what_stands_behind_a_name(
    tmp_path: Path, name: str, bus: str, place: str, texts: dict[str, str], kind: str
) -> None:
    files = tree(tmp_path, name, place, texts)
    assert kind_of(files, name, bus).value == kind


def test_disks_are_on_known_buses() -> None:
    assert not is_disk_bus("other")
    assert not is_disk_bus("unknown")
    assert all(is_disk_bus(bus) for bus in ("sata", "usb", "nvme", "mmc", "virtio", "loop"))
