"""The sector size that a drive itself tells, where the kernel cannot use it. Reads only.

Why: disks of storage arrays have sectors of 520 or 528 bytes. Linux gives them the size zero, like
a dead disk, and says so only in its log. Source: SBC-4 5.16, 5.17 (READ CAPACITY).
"""

from __future__ import annotations

import os
from pathlib import Path

from recond.drive import requests as rq
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
    Path(files.root, f"sys/block/{name}/device/rescan").write_text("1", encoding="ascii")


def ask_sector_bytes(transport: ScsiTransport) -> int | None:
    """READ CAPACITY(16), then (10) for drives from before it."""
    long = transport.execute(rq.scsi_read_capacity())
    if scsi_good(long.packed_status, long.errno) and len(long.data) >= 12:
        return int.from_bytes(long.data[8:12], "big") or None
    short = transport.execute(rq.scsi_read_capacity_10())
    if scsi_good(short.packed_status, short.errno) and len(short.data) >= 8:
        return int.from_bytes(short.data[4:8], "big") or None
    return None
