"""Whether a block device is a disk in this computer, or one that somebody makes up.

Why: a network block device over a copy-on-write file can be taken back to what it was; a volume on
a storage array keeps snapshots; a virtual machine's disk is a file of its host; a RAID adapter's
volume is a part of the drives below it. Overwriting one erases what this computer sees of it, and
its medium lies elsewhere. So disks are known by the bus
that they are on; what is on none is no target, and what another computer makes up is called virtual
in its identity, from where certificate and lot take it. Emulated SATA, NVMe and SCSI disks of a
virtual machine cannot be told from real ones by their bus; the record's computer says what it is.

Source: Linux drivers/block (virtio_blk, xen-blkfront), drivers/scsi and infiniband/ulp/iser
(`proc_name`), drivers/usb (usbip/vhci_hcd, gadget/udc/dummy_hcd), drivers/nvme (`transport`).
Channels of volumes: megaraid_sas.h (MEGASAS_IS_LOGICAL), hpsa.h (HPSA_RAID_VOLUME_BUS), smartpqi.h
(PQI_RAID_VOLUME_BUS), mpt3sas_scsih.c and mptsas.h (RAID_CHANNEL), aacraid.h (CONTAINER_CHANNEL).
"""

from __future__ import annotations

import re

from recond.erasure import TargetKind
from recond.host.files import Files

DISK_BUSES = frozenset(
    {"nvme", "mmc", "usb", "sata", "ide", "sas", "scsi", "fc", "iscsi", "firewire"}
    | {"virtio", "xen", "loop"}
)
"""Every bus whose disks may be erased; "other" and whatever is not here may not."""
MADE_UP = frozenset({"virtio", "xen", "iscsi", "fc"})
MADE_UP_HOSTS = frozenset(
    {"iscsi_tcp", "iscsi_iser", "storvsc_host", "vmw_pvscsi", "scsi_debug", "tcm_loopback"}
    | {"scsifront"}
)
"""SCSI host drivers (`proc_name`, which is not the module's name) behind which there is no disk.
virtio_scsi is not among them: it also passes real disks on.
"""
_MADE_UP_USB = re.compile(r"/(vhci_hcd|dummy_hcd)\.\d+/usb\d+/")
"""USB host controllers without a plug: of another computer's devices, of this one's own gadgets."""
FABRICS = frozenset({"tcp", "rdma", "fc", "loop"})
"""NVMe transports of disks elsewhere; a local controller's is pcie (or apple-nvme)."""

_EVERY = frozenset(range(256))
VOLUME_CHANNELS = {
    **dict.fromkeys(("hpsa", "smartpqi", "mpt3sas", "mpt2sas", "mptsas"), _EVERY - {0}),
    "megaraid_sas": _EVERY - {0, 1},
    "aacraid": frozenset({0}),
    **dict.fromkeys(
        ("megaraid_mbox", "megaraid", "cciss", "ips", "arcmsr", "stex", "hptiop", "mpi3mr"), _EVERY
    ),
    **dict.fromkeys(("3w-9xxx", "3w-sas", "3w-xxxx"), _EVERY),
}
"""The SCSI channels on which a RAID adapter's driver shows volumes; all of them where it shows its
single drives no otherwise, but for a drive of which the SAS transport knows the connector.
"""
_PLAIN = frozenset({"mpt3sas", "mpt2sas", "mptsas"})
_PCIE_CHANNEL = 2  # of mpt3sas: NVMe drives
_UNIT = re.compile(r"(?P<adapter>.*)/host\d+/(.*/)?\d+:(?P<channel>\d+):\d+:\d+(?=/|$)")


def is_disk_bus(bus: str) -> bool:
    """Whether disks are found on this bus."""
    return bus in DISK_BUSES


def kind_of(files: Files, name: str, bus: str) -> TargetKind:
    """What stands behind the whole disk `name`."""
    if bus == "loop":
        return TargetKind.LOOP
    made_up = bus in MADE_UP or not is_disk_bus(bus)
    if made_up or any(look(files, name) for look in (_made_up_host, _made_up_usb, _fabric)):
        return TargetKind.VIRTUAL
    return TargetKind.BLOCK


def _made_up_host(files: Files, name: str) -> bool:
    """A SCSI disk whose host (/sys/devices/…/hostN/target…) is software, by its driver's name, one
    of Fibre Channel, where arrays give out volumes, or a RAID adapter's volume.
    """
    real = files.resolve(f"/sys/block/{name}") or ""
    found = re.search(r"/(host\d+)/", real)
    if not found:
        return False
    fibre = bool(files.list(f"/sys/class/fc_host/{found[1]}"))
    software = files.read_text(f"/sys/class/scsi_host/{found[1]}/proc_name") in MADE_UP_HOSTS
    return fibre or software or is_volume(files, real)


def is_volume(files: Files, real: str) -> bool:
    """Whether the SCSI disk at a place in /sys/devices is a volume of a RAID adapter, by the
    adapter's PCI driver and the disk's channel. A drive that hangs on a SAS connector is none.
    """
    unit = _UNIT.match(real)
    driver = (files.resolve(f"{unit['adapter']}/driver") or "").rpartition("/")[2] if unit else ""
    if unit is None or "/end_device-" in real or driver not in VOLUME_CHANNELS:
        return False
    level = files.read_text(f"{unit[0]}/raid_level")  # of hpsa and smartpqi; of a drive "N/A"
    if isinstance(level, str) and level not in ("", "N/A"):
        return True
    channel = int(unit["channel"])
    nvme = driver in _PLAIN and channel == _PCIE_CHANNEL
    return channel in VOLUME_CHANNELS[driver] and not nvme


def _made_up_usb(files: Files, name: str) -> bool:
    """A USB disk that is plugged into no port of this computer."""
    return _MADE_UP_USB.search(files.resolve(f"/sys/block/{name}") or "") is not None


def _fabric(files: Files, name: str) -> bool:
    """A namespace whose controllers are all reached over a network."""
    found = re.match(r"nvme\d+", name)
    if not found:
        return False
    folder = files.resolve(f"/sys/block/{name}/device") or ""
    controllers = [one for one in files.list(folder) if re.fullmatch(r"nvme\d+", one)]
    places = [f"{folder}/{one}" for one in controllers] or [folder]
    told = [files.read_text(f"{place}/transport") for place in places]
    return bool(told) and all(one in FABRICS for one in told)
