"""Whether a block device is a disk in this computer, or one that somebody makes up.

Why: a network block device over a copy-on-write file can be taken back to what it was; a volume on
a storage array keeps snapshots; a virtual machine's disk is a file of its host. Overwriting one
erases what this computer sees of it, and its medium lies elsewhere. So disks are known by the bus
that they are on; what is on none is no target, and what another computer makes up is called virtual
in its identity, from where certificate and lot take it. Emulated SATA, NVMe and SCSI disks of a
virtual machine cannot be told from real ones by their bus; the record's computer says what it is.

Source: Linux drivers/block (virtio_blk, xen-blkfront), drivers/scsi and infiniband/ulp/iser
(`proc_name`), drivers/usb (usbip/vhci_hcd, gadget/udc/dummy_hcd), drivers/nvme (`transport`).
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
MADE_UP = frozenset({"virtio", "xen", "iscsi"})
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


def is_disk_bus(bus: str) -> bool:
    """Whether disks are found on this bus."""
    return bus in DISK_BUSES


def kind_of(files: Files, name: str, bus: str) -> TargetKind:
    """What stands behind the whole disk `name`."""
    if bus == "loop":
        return TargetKind.LOOP
    made_up = bus in MADE_UP or not is_disk_bus(bus)
    if made_up or _made_up_host(files, name) or _made_up_usb(files, name) or _fabric(files, name):
        return TargetKind.VIRTUAL
    return TargetKind.BLOCK


def _made_up_host(files: Files, name: str) -> bool:
    """A SCSI disk whose host (/sys/devices/…/hostN/target…) is software, by its driver's name."""
    found = re.search(r"/(host\d+)/", files.resolve(f"/sys/block/{name}") or "")
    if not found:
        return False
    return files.read_text(f"/sys/class/scsi_host/{found[1]}/proc_name") in MADE_UP_HOSTS


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
