"""Whether the kernel lends a block device to somebody exclusively.

Why: a mount in another namespace, a live medium whose mount point is hidden below an overlay, a ZFS
pool: none of them is seen in the mount table, but each has claimed its device. Opening it for
reading with O_EXCL, which asks for a claim without writing anything, gets EBUSY. Must never open
for writing, and gives the claim back at once.
"""

from __future__ import annotations

import errno
import os

from recond.model import Unknown, Why


def read_claim(path: str) -> bool | Unknown:
    """True where a file system, swap, md, dm, ZFS or another program holds the device."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_EXCL | os.O_NONBLOCK | os.O_CLOEXEC)
    except OSError as error:
        if error.errno == errno.EBUSY:
            return True
        if error.errno in (errno.EACCES, errno.EPERM):
            return Unknown(Why.DENIED, path)
        if error.errno == errno.ENOENT:
            return Unknown(Why.ABSENT, path)
        return Unknown(Why.UNREADABLE, f"{path}: {errno.errorcode.get(error.errno or 0, '?')}")
    os.close(descriptor)
    return False
