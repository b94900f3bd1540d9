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
        ("sda", "fc", f"{PCI}/host3/rport-3:0-0/target3:0:0", host("qla2xxx"), "virtual"),
        (
            "sda",
            "scsi",
            f"{PCI}/host3/rport-3:0-0/target3:0:0/3:0:0:0",
            {"class/fc_host/host3/port_name": "0x1"},  # FCoE: libfc and its drivers
            "virtual",
        ),
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


def adapter(driver: str, channel: int, **texts: str) -> tuple[str, dict[str, str]]:
    """A SCSI disk on a channel of an adapter, and what sysfs says of it."""
    place = f"devices/pci0000:00/0000:03:00.0/host3/target3:{channel}:0/3:{channel}:0:0"
    return place, {f"{place}/{name}": text for name, text in texts.items()}


@pytest.mark.parametrize(
    ("driver", "channel", "level", "kind"),
    [
        ("megaraid_sas", 2, None, "virtual"),
        ("megaraid_sas", 0, None, "block"),  # JBOD: the drive itself
        ("megaraid_sas", 1, None, "block"),
        ("hpsa", 1, "RAID 5", "virtual"),
        ("hpsa", 0, "RAID 1(+0)", "virtual"),  # a kernel that put volumes there
        ("hpsa", 0, "N/A", "block"),
        ("hpsa", 1, None, "virtual"),
        ("smartpqi", 1, "RAID 0", "virtual"),
        ("smartpqi", 0, "N/A", "block"),
        ("mpt3sas", 1, None, "virtual"),
        ("mpt3sas", 0, None, "block"),
        ("mpt3sas", 2, None, "block"),
        ("mptsas", 1, None, "virtual"),
        ("aacraid", 0, None, "virtual"),
        ("aacraid", 1, None, "block"),
        ("3w-9xxx", 0, None, "virtual"),
        ("arcmsr", 0, None, "virtual"),
        ("ahci", 0, None, "block"),
    ],
)
def test_a_volume_of_a_raid_adapter_is_no_disk(
    tmp_path: Path, driver: str, channel: int, level: str | None, kind: str
) -> None:
    """Its certificate said that a disk was erased; it is a part of the drives behind it."""
    place, texts = adapter(driver, channel, **({"raid_level": level} if level else {}))
    files = tree(tmp_path, "sda", place, texts)
    pci = tmp_path / "sys/devices/pci0000:00/0000:03:00.0"
    (tmp_path / "sys/bus/pci/drivers" / driver).mkdir(parents=True)
    (pci / "driver").symlink_to(tmp_path / "sys/bus/pci/drivers" / driver)
    assert kind_of(files, "sda", "scsi").value == kind


@pytest.mark.parametrize("driver", ["mpi3mr", "hpsa"])
def test_a_drive_on_a_sas_connector_is_one_behind_any_adapter(tmp_path: Path, driver: str) -> None:
    place = "devices/pci0000:00/0000:03:00.0/host3/port-3:0/end_device-3:0/target3:1:0/3:1:0:0"
    files = tree(tmp_path, "sda", place, {})
    (tmp_path / "sys/bus/pci/drivers" / driver).mkdir(parents=True)
    link = tmp_path / "sys/devices/pci0000:00/0000:03:00.0/driver"
    link.symlink_to(tmp_path / "sys/bus/pci/drivers" / driver)
    assert kind_of(files, "sda", "sas").value == "block"


def test_disks_are_on_known_buses() -> None:
    assert not is_disk_bus("other")
    assert not is_disk_bus("unknown")
    assert all(is_disk_bus(bus) for bus in ("sata", "usb", "nvme", "mmc", "virtio", "loop"))
