"""The sectors that a drive itself tells of, where the kernel cannot use them. Reads only.

Why: disks of storage arrays have sectors of 520 or 528 bytes, and an NVMe namespace may carry
metadata beside each block. Linux gives them the size zero, like a dead disk, and says so only in
its log; or it shows the blocks, and nothing reaches the metadata. Source: SBC-4 5.16, 5.17 (READ
CAPACITY), `recond.drive.nvme_formats`.
"""

from __future__ import annotations

import os
from pathlib import Path

from recond.drive.answers import nvme_good
from recond.drive.nvme_formats import NvmeFormats, parse_nvme_formats
from recond.drive.requests import nvme_identify, scsi_test_unit_ready
from recond.drive.sectors import CAPACITIES
from recond.drive.sense import UNDER_WAY, parse_sense, scsi_good
from recond.host.files import Files
from recond.host.nvme import NvmeIoctl
from recond.host.sgio import SgioTransport
from recond.host.transport import ScsiTransport


def read_sector_bytes(path: str) -> int | None:
    """What the drive at a path answers; None where it does not, or may not be opened."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        return ask_sector_bytes(SgioTransport(descriptor))
    finally:
        os.close(descriptor)


def is_erasing_itself(path: str) -> bool:
    """Whether the drive at a path says that it sanitizes or formats: Linux gives one that does so
    when it is found the size zero, until it is asked again.
    """
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        return ask_erasing(SgioTransport(descriptor))
    finally:
        os.close(descriptor)


def read_formats(path: str) -> NvmeFormats | None:
    """The formats of the NVMe namespace at a path; None for what is none, or does not answer."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError:
        return None
    try:
        return ask_formats(descriptor)
    finally:
        os.close(descriptor)


def ask_formats(descriptor: int) -> NvmeFormats | None:
    """`read_formats` by an open descriptor."""
    drive = NvmeIoctl(descriptor)
    try:
        answer = drive.execute(nvme_identify(0, drive.namespace()))
    except OSError:
        return None
    return parse_nvme_formats(answer.data) if nvme_good(answer.status, answer.errno) else None


def rescan(path: str, files: Files) -> None:
    """Have the kernel read a disk's capacity again (sysfs-block-device; an NVMe controller's
    rescan_controller, of each controller where a namespace has several). Raises `OSError`.
    """
    folder = f"/sys/block/{Path(path).resolve().name}/device"
    below = (f"{folder}/{one}" for one in files.list(folder) if one.startswith("nvme"))
    asked = [f"{folder}/rescan", *(f"{one}/rescan_controller" for one in (folder, *below))]
    for place in asked:
        if files.exists(place):
            files.at(place).write_text("1", encoding="ascii")


def ask_sector_bytes(transport: ScsiTransport) -> int | None:
    """READ CAPACITY(16), then (10) for drives from before it."""
    for request, parse in CAPACITIES:
        answer = transport.execute(request)
        if scsi_good(answer.packed_status, answer.errno) and (found := parse(answer.data)):
            return found.block_bytes
    return None


def ask_erasing(transport: ScsiTransport) -> bool:
    """TEST UNIT READY: not ready, a sanitize or a format is going on."""
    sense = parse_sense(transport.execute(scsi_test_unit_ready()).sense)
    return sense is not None and (sense.asc, sense.ascq) in UNDER_WAY
