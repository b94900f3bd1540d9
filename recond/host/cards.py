"""Cards in MMC hosts: those that failed to start, and whether an area of an eMMC holds anything.

Why: a card that fails leaves no device, only a line of the kernel's log. Reads only.
Source: Linux drivers/mmc/core/core.c (`mmc_rescan_try_freq`), JESD84-B51 6.3.2 (boot areas).
"""

from __future__ import annotations

import re
from contextlib import closing, suppress

from recond.host.files import Files
from recond.host.process import Processes

DMESG = ("dmesg",)
_FAILED = re.compile(r"\b(mmc\d+): error (-\d+) whilst initiali[sz]ing (\w+) card")
_MOST_BYTES = 64 << 20


def read_failed_cards(processes: Processes) -> dict[str, str] | None:
    """The hosts whose last card failed to start, with the kernel's error; None where the kernel's
    log cannot be read.
    """
    done = processes.run(DMESG, timeout_s=10.0)
    if done.missing or done.returncode != 0:
        return None
    return {found[1]: found[2] for found in _FAILED.finditer(done.text)}


def is_blank(path: str, size_bytes: int) -> bool | None:
    """Whether an area reads as zeros or ones only; None where it cannot be read whole. Read from
    the card, not from what the kernel kept of an earlier reading.
    """
    if not 0 < size_bytes <= _MOST_BYTES:
        return None
    from recond.host.realdisk import open_disk  # late: an inventory loads nothing of an erasure

    with suppress(OSError), closing(open_disk(path, False)) as device:
        device.drop_cache()
    raw = Files().read(path, size_bytes)
    if not isinstance(raw, bytes) or len(raw) != size_bytes:
        return None
    return raw.count(0) == size_bytes or raw.count(0xFF) == size_bytes
