"""The firmware transports of a real disk, by an open descriptor of its own.

Why: SG_IO and the NVMe ioctl are asked on a descriptor that was opened for reading: nothing here
can write by mistake, and the eraser's own exclusive descriptor stays its own. Whose drive it is is
read from this very descriptor, so that the caller can compare it with the one that it holds.
"""

from __future__ import annotations

import os

from recond.erasure import DiskIdentity
from recond.host import held_identity
from recond.host.files import Files
from recond.host.mmc import MmcIoctl
from recond.host.nvme import NvmeIoctl
from recond.host.sgio import SgioTransport
from recond.host.transport import FirmwareDevice

SCSI_BUSES = frozenset({"sata", "sas", "scsi", "usb", "ide"})


def open_drive(path: str, files: Files | None = None) -> tuple[FirmwareDevice, DiskIdentity]:
    """Open a disk's transports. An image has none. Raises `OSError`."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        identity = held_identity.identity_of_descriptor(descriptor, path, files or Files())
    except BaseException:
        os.close(descriptor)
        raise
    sgio = SgioTransport(descriptor) if identity.bus in SCSI_BUSES else None
    return FirmwareDevice(
        path=path,
        bus=identity.bus,
        medium=identity.medium,
        serial=identity.serial,
        size_bytes=identity.size_bytes,
        ata=sgio,
        scsi=sgio,
        nvme=NvmeIoctl(descriptor) if identity.bus == "nvme" else None,
        mmc=MmcIoctl(descriptor) if identity.bus == "mmc" else None,
        close=lambda: os.close(descriptor),
    ), identity
