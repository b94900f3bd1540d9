"""The sector size that a drive itself tells, where the kernel cannot use it. Reads only.

Why: disks of storage arrays have sectors of 520 or 528 bytes. Linux gives them the size zero, like
a dead disk, and says so only in its log. Source: SBC-4 5.16, 5.17 (READ CAPACITY).
"""

from __future__ import annotations

import os
from pathlib import Path

from recond.drive.sectors import CAPACITIES
from recond.drive.sense import scsi_good
from recond.host.files import Files
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


def rescan(path: str, files: Files) -> None:
    """Have the kernel read a SCSI disk's capacity again (sysfs-block-device). Raises `OSError`."""
    name = Path(path).resolve().name
    files.at(f"/sys/block/{name}/device/rescan").write_text("1", encoding="ascii")


def ask_sector_bytes(transport: ScsiTransport) -> int | None:
    """READ CAPACITY(16), then (10) for drives from before it."""
    for request, parse in CAPACITIES:
        answer = transport.execute(request)
        if scsi_good(answer.packed_status, answer.errno) and (found := parse(answer.data)):
            return found.block_bytes
    return None
