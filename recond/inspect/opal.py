"""Whether a disk's own encryption is locked, or in use, by somebody's key (Opal and its kin).

Why: see `recond.inspect.locks`. The drive is asked where it says that it can be, once, by a command
that takes a page out of it; without the right to open it, behind an adapter of USB, or where the
kernel keeps the command from a SATA drive, it cannot be told. Sources: `recond.drive.tcg`.
"""

from __future__ import annotations

from recond.drive import requests as rq
from recond.drive.answers import nvme_good
from recond.drive.sense import parse_sense, scsi_good
from recond.drive.tcg import (
    Locking,
    ata_trusted,
    nvme_level_0,
    nvme_security,
    parse_level_0,
    scsi_level_0,
)
from recond.host import Host
from recond.host.identity.pages import read_identify
from recond.host.transport import FirmwareDevice
from recond.model import Known, Reading, Unknown, Why

KERNELS_NO = "libata.allow_tpm=0"
_ILLEGAL_REQUEST, _NO_SUCH_COMMAND = 5, 0x20


def read_opal_lock(host: Host, path: str, bus: str) -> Reading[bool]:
    """Whether the disk at `path` is locked by somebody's key. Never raises for what it answers."""
    if bus in ("sata", "ide"):
        folder = f"/sys/block/{path.removeprefix('/dev/').replace('/', '!')}"
        page = read_identify(host.files, folder)
        if page and not ata_trusted(page):
            return Known(False, f"{folder}/device/vpd_pg89")
    try:
        drive = host.drives.open(path)
    except PermissionError:
        return Unknown(Why.DENIED, path)
    except OSError:
        return Unknown(Why.NOT_READ if host.origin == "capture" else Why.UNREADABLE, path)
    try:
        return read_opal(drive)
    except OSError:
        return Unknown(Why.UNREADABLE, path)
    finally:
        drive.close()


def read_opal(drive: FirmwareDevice) -> Reading[bool]:
    """Ask an open drive. Never raises for what it answers."""
    if drive.nvme is not None:
        controller = drive.nvme.execute(rq.nvme_identify(1))
        offers = nvme_security(controller.data)
        if nvme_good(controller.status, controller.errno) and offers is False:
            return Known(False, rq.nvme_identify(1).name)
        request = nvme_level_0()
        answer = drive.nvme.execute(request)
        if not nvme_good(answer.status, answer.errno):
            return Unknown(Why.UNREADABLE, request.name)
        return _told(parse_level_0(answer.data), request.name)
    if drive.scsi is None:
        return Unknown(Why.UNSUPPORTED, drive.path)
    asked = scsi_level_0()
    found = drive.scsi.execute(asked)
    if scsi_good(found.packed_status, found.errno):
        return _told(parse_level_0(found.data), asked.name)
    sense = parse_sense(found.sense) if found.errno is None else None
    if sense is None or (sense.key, sense.asc) != (_ILLEGAL_REQUEST, _NO_SUCH_COMMAND):
        return Unknown(Why.UNREADABLE, asked.name)
    if drive.bus in ("sata", "ide"):  # the kernel's own answer, not the drive's
        return Unknown(Why.UNSUPPORTED, KERNELS_NO)
    return Known(False, asked.name)


def _told(locking: Locking | None, source: str) -> Reading[bool]:
    if locking is None:
        return Unknown(Why.UNPARSABLE, source)
    if locking is Locking.SHIPPED:
        return Unknown(Why.UNSUPPORTED, source)
    return Known(locking is not Locking.NONE, source)
