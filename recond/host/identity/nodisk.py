"""What the kernel lists among block devices and is no disk: one list for every question.

Why: four lists of this kind disagreed, so that a device could be no disk for the inventory and one
to be erased for the plan. Names are the drivers' own (Linux block drivers' `disk_name`). Loop
devices are no hardware but may be named as a target; whoever lists disks asks `is_loop` too. Pure.
"""

from __future__ import annotations

import re

_BUILT = r"(dm-|md_?d?|bcache|drbd|zd)\d"  # made of other disks, which stand in the list themselves
_MEMORY = r"(zram|ram)\d"
_OTHER = r"(sr|scd|fd|pktcdvd|mtdblock|ubiblock)\d"  # optical, floppy, raw flash of the firmware
_ELSEWHERE = r"(nbd|rbd|etherd!)"  # the medium is another computer's
_PART_OF = r"mmcblk\d+(boot\d|rpmb|gp\d)|nvme\d+c\d+n\d"  # areas of an eMMC; paths of a namespace
_NO_DISK = re.compile("|".join((_BUILT, _MEMORY, _OTHER, _ELSEWHERE + r"\w*", _PART_OF)))


def is_no_disk(name: str) -> bool:
    """Whether the kernel's name is that of something that is never a disk of its own."""
    return _NO_DISK.match(name) is not None


def is_loop(name: str) -> bool:
    """Whether it is a loop device: a file that looks like a disk."""
    return re.match(r"loop\d", name) is not None
