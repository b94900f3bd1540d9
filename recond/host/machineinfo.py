"""Small facts of the running system: the boot's id, a disk's temperature, the kernel's release.

Sources: /proc/sys/kernel/random/boot_id (random(4)); hwmon `temp1_input`, `temp1_crit`, `temp1_max`
(Linux Documentation/hwmon/sysfs-interface.rst, drivetemp.rst; nvme hwmon: WCTEMP and CCTEMP).
"""

from __future__ import annotations

import os
import re
from datetime import datetime

from recond.host.files import Files

NO_BOOT = "unknown"
"""What stands for the id of a boot where the kernel tells none."""


def read_boot_id(files: Files) -> str:
    """The id of this boot; `NO_BOOT` where the kernel has none. It names no machine."""
    found = files.read_text("/proc/sys/kernel/random/boot_id")
    return found if isinstance(found, str) else NO_BOOT


def read_uptime_s(files: Files) -> int | None:
    """Whole seconds since this boot, those asleep too, by a clock that nobody sets; None where the
    kernel tells none.

    Source: proc(5) `/proc/uptime` (CLOCK_BOOTTIME, Linux fs/proc/uptime.c).
    """
    found = files.read_text("/proc/uptime")
    told = re.match(r"(\d{1,12})\.", found) if isinstance(found, str) else None
    return int(told[1]) if told else None


def kernel_release() -> str:
    """The kernel's release, such as 6.1.0-26-amd64."""
    return os.uname().release


def utc_offset_min(utc: str) -> int:
    """How many minutes the local time of this computer is from UTC, at an RFC 3339 time."""
    offset = datetime.fromisoformat(utc).astimezone().utcoffset()
    return round(offset.total_seconds() / 60) if offset else 0


def read_temperature(files: Files, path: str) -> tuple[int, int] | None:
    """(now, limit) in whole °C of the disk at /dev/NAME; None where it has no sensor or limit.

    The limit is the drive's own warning temperature (`temp1_max`), else its critical one.
    """
    name = path.rsplit("/", 1)[-1]
    for base in (
        f"/sys/block/{name}/device/hwmon",
        f"/sys/block/{name}/device/device/hwmon",
        f"/sys/block/{name}/device",
    ):
        for entry in files.list(base):
            if entry.startswith("hwmon"):
                found = _sensor(files, f"{base}/{entry}")
                if found is not None:
                    return found
    return None


def _sensor(files: Files, folder: str) -> tuple[int, int] | None:
    now = _milli(files, f"{folder}/temp1_input")
    limit = _milli(files, f"{folder}/temp1_max")
    if limit is None:
        limit = _milli(files, f"{folder}/temp1_crit")
    if now is None or limit is None or not 30 <= limit <= 120:
        return None  # a limit that no drive has would pause for ever
    return now, limit


def _milli(files: Files, path: str) -> int | None:
    text = files.read_text(path)
    if isinstance(text, str) and text.lstrip("-").isdigit():
        return int(text) // 1000
    return None
