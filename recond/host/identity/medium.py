"""On which bus a disk is and what its bits are stored on, decided from several pieces of evidence.

Why: the medium decides which technique reaches which level, and the kernel's `rotational` alone
misclassifies: it is 1 for every USB stick and for every virtual disk. Bus, transport, the drive's
own rotation rate and `removable` are weighed together; where they do not suffice the answer is
`UNKNOWN`, which the plan treats as the least favourable. Pure.
"""

from __future__ import annotations

import re

from recond.frozen import dataclass
from recond.model import Medium

# Logical volumes of RAID controllers: what the bits are stored on is hidden behind them.
_RAID_VOLUME = re.compile(
    r"\b(perc|megaraid|logical volume|raid|smartarray|mr9\d\d\d|lsi|avago|adaptec|areca|3ware)\b",
    re.IGNORECASE,
)
_HYBRID = re.compile(r"\bSSHD\b|\bhybrid\b", re.IGNORECASE)
_SSD = re.compile(r"\bSSD\b|solid[ -]state", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known of a disk's make. `rpm` 1 means "non-rotating" (ACS-4 7.13.7.61, SBC-4)."""

    name: str
    sysfs_path: str = ""  # resolved, below /sys/devices; empty where there is none
    transport: str = ""  # lsblk's TRAN
    subsystems: str = ""  # lsblk's SUBSYSTEMS
    driver: str = ""  # of the host adapter
    vendor: str = ""
    model: str = ""
    mmc_type: str = ""  # MMC or SD
    rpm: int | None = None
    rotational: bool | None = None
    removable: bool | None = None
    hybrid: bool = False  # IDENTIFY word 78 bit 9


def decide_bus(evidence: Evidence) -> str | None:
    """nvme, sata, ide, sas, fc, iscsi, scsi, usb, mmc, virtio, xen, loop; None where unseen."""
    for prefix, bus in (("nvme", "nvme"), ("mmcblk", "mmc"), ("loop", "loop"), ("xvd", "xen")):
        if evidence.name.startswith(prefix):
            return bus
    path = evidence.sysfs_path
    if re.search(r"/usb\d+/", path) or evidence.transport == "usb":
        return "usb"
    if re.search(r"/fw\d+", path):
        return "firewire"
    # before "ata": a SATA disk behind a SAS expander is reached through the SAS transport
    if re.search(r"/(end_device|sas_device|expander)-", path) or evidence.transport == "sas":
        return "sas"
    if re.search(r"/ata\d+/", path) or evidence.transport in ("sata", "ata"):
        return "ide" if evidence.driver.startswith("pata_") else "sata"
    if re.search(r"/rport-", path) or evidence.transport == "fc":
        return "fc"
    if re.search(r"/session\d+/", path) or evidence.transport == "iscsi":
        return "iscsi"
    subsystems = evidence.subsystems.split(":")
    if re.match(r"vd[a-z]", evidence.name) and ("virtio" in path or "virtio" in subsystems):
        return "virtio"
    if (
        "scsi" in subsystems
        or evidence.transport in ("scsi", "spi")
        or re.search(r"/target\d+:", path)
        or re.match(r"sd[a-z]", evidence.name)
    ):
        return "scsi"
    return None


def decide_medium(bus: str | None, evidence: Evidence) -> Medium:
    """What the bits are stored on; `UNKNOWN` where the evidence does not decide."""
    if bus == "loop":
        return Medium.IMAGE
    if bus == "mmc":
        return {"MMC": Medium.EMMC, "SD": Medium.SD}.get(evidence.mmc_type, Medium.UNKNOWN)
    if bus == "nvme":
        return Medium.SSD
    if bus == "usb":
        return _usb_medium(evidence)
    if bus in ("sata", "ide", "sas", "scsi", "fc"):
        return _scsi_medium(bus, evidence)
    return Medium.UNKNOWN  # virtio, xen, iscsi: the medium is on another computer


def _usb_medium(evidence: Evidence) -> Medium:
    if evidence.rpm == 1:
        return Medium.SSD  # a bridge that passes the drive's own characteristics on
    if evidence.rpm is not None and evidence.rpm > 1:
        return Medium.HDD
    return Medium.USB_FLASH if evidence.removable else Medium.UNKNOWN


def _scsi_medium(bus: str, evidence: Evidence) -> Medium:
    if evidence.hybrid or _HYBRID.search(evidence.model):
        return Medium.HYBRID
    if evidence.rpm == 1:
        return Medium.SSD
    if evidence.rpm is not None and evidence.rpm > 1:
        return Medium.HDD
    if _RAID_VOLUME.search(f"{evidence.vendor} {evidence.model}") or evidence.rotational is None:
        return Medium.UNKNOWN
    if not evidence.rotational or _SSD.search(evidence.model):
        return Medium.SSD
    # an ATA disk from before ACS-2 has no rotation rate to tell; a SCSI one that does not tell
    # may be anything, a virtual disk before all
    return Medium.HDD if bus in ("sata", "ide") else Medium.UNKNOWN
