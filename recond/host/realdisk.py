"""The real form of the block device seam: O_DIRECT on block devices and image files.

Why: reads and writes that the page cache answers prove nothing about the medium. Where the file
system has no O_DIRECT the device says so (`direct` is False) and flushes and drops the cache
instead. Must not decide anything: errors go up as `OSError` with the kernel's errno.
"""

from __future__ import annotations

import errno
import fcntl
import os
import stat
from pathlib import Path

from recond.erasure import DiskIdentity
from recond.host import diskid
from recond.host.block import BlockDevice
from recond.host.files import Files

BLKFLSBUF = 0x1261
PAGE_BYTES = 4096
VANISHED = frozenset({errno.ENODEV, errno.ENXIO, errno.ENOMEDIUM, errno.ESHUTDOWN})


class RealDisk:
    """An opened block device or image file. Made by `open_disk`."""

    def __init__(self, path: str, direct: int | None, buffered: int, files: Files) -> None:
        self._path = path
        self._direct = direct
        self._buffered = buffered
        self._files = files
        self._is_block = stat.S_ISBLK(os.fstat(buffered).st_mode)
        self._align = self._alignment()
        self._memory_align = self._memory_alignment()
        self._size = diskid.read_geometry(buffered)[0] if self._is_block else 0

    def _alignment(self) -> int:
        if self._is_block:
            return diskid.read_geometry(self._buffered)[1]
        return max(4096, os.fstatvfs(self._buffered).f_bsize)

    def _memory_alignment(self) -> int:
        if not self._is_block:
            return PAGE_BYTES
        try:
            name = diskid.name_of_descriptor(self._buffered, self._files)
            mask = self._files.read_text(f"/sys/block/{name}/queue/dma_alignment")
            return int(mask) + 1 if isinstance(mask, str) else PAGE_BYTES
        except (OSError, ValueError):
            return PAGE_BYTES

    @property
    def path(self) -> str:
        """Where it was opened, for messages."""
        return self._path

    @property
    def direct(self) -> bool:
        """Whether reads and writes go past the page cache (O_DIRECT)."""
        return self._direct is not None

    @property
    def memory_align_bytes(self) -> int:
        """What addresses it takes buffers at; a page where the kernel does not say (before 6.0)."""
        return self._memory_align

    def identity(self) -> DiskIdentity:
        """The identity read from the open descriptor, now."""
        return diskid.identity_of_descriptor(self._buffered, self._path, self._files)

    def _descriptor(self, offset_bytes: int, length_bytes: int) -> int:
        if self._direct is None or offset_bytes % self._align or length_bytes % self._align:
            return self._buffered  # only an image's last odd piece, or no O_DIRECT at all
        return self._direct

    def read_into(self, offset_bytes: int, buffer: memoryview) -> int:
        """Read at a place; returns the count, fewer than asked only at the disk's end."""
        descriptor = self._descriptor(offset_bytes, len(buffer))
        done = 0
        while done < len(buffer):
            count = os.preadv(descriptor, [buffer[done:]], offset_bytes + done)
            if count == 0:
                break
            done += count
            if done % self._align:
                break
        return done

    def write(self, offset_bytes: int, data: memoryview) -> int:
        """Write at a place; returns the count written."""
        descriptor = self._descriptor(offset_bytes, len(data))
        return os.pwrite(descriptor, data, offset_bytes)

    def flush(self) -> None:
        """fsync: on a block device this makes the drive empty its write cache."""
        if self._direct is not None:
            os.fsync(self._direct)
        os.fsync(self._buffered)

    def drop_cache(self) -> None:
        """Forget the pages of this disk, so that buffered reads reach it too."""
        os.fsync(self._buffered)
        if self._is_block:
            fcntl.ioctl(self._buffered, BLKFLSBUF, 0)
        os.posix_fadvise(self._buffered, 0, 0, os.POSIX_FADV_DONTNEED)

    def still_there(self) -> bool:
        """Whether the kernel still has this very disk, no smaller than when it was opened."""
        try:
            if not self._is_block:
                return os.fstat(self._buffered).st_nlink > 0
            number = os.fstat(self._buffered).st_rdev
            node = f"/sys/dev/block/{os.major(number)}:{os.minor(number)}/size"
            size = self._files.read_text(node)
            return (
                isinstance(size, str)
                and size not in ("", "0")
                and 0 < self._size <= diskid.read_geometry(self._buffered)[0]
                and self._alive()
            )
        except OSError:
            return False

    def _alive(self) -> bool:
        """A SCSI disk that the kernel has given up keeps its size but is not "running"."""
        name = diskid.name_of_descriptor(self._buffered, self._files)
        state = self._files.read_text(f"/sys/block/{name}/device/state")
        return not isinstance(state, str) or state in ("running", "live", "")

    def close(self) -> None:
        """Release the descriptors."""
        for descriptor in (self._direct, self._buffered):
            if descriptor is not None:
                os.close(descriptor)


def open_disk(path: str, writing: bool, files: Files | None = None) -> BlockDevice:
    """Open a block device or an image file. Raises `OSError`.

    Writing is exclusive: O_EXCL on a block device (the kernel refuses while it is mounted or
    held), a lock on a file. O_CREAT is never used: a vanished /dev/sdX must not become a file.
    """
    flags = (os.O_RDWR if writing else os.O_RDONLY) | os.O_CLOEXEC
    is_block = stat.S_ISBLK(Path(path).stat().st_mode)
    if writing and is_block:
        flags |= os.O_EXCL
    buffered = os.open(path, flags)
    try:
        if writing and not is_block:
            fcntl.flock(buffered, fcntl.LOCK_EX | fcntl.LOCK_NB)
        direct = _open_direct(buffered, flags & ~os.O_EXCL)
        return RealDisk(path, direct, buffered, files or Files())
    except BaseException:
        os.close(buffered)
        raise


def _open_direct(buffered: int, flags: int) -> int | None:
    """The same open file again with O_DIRECT; through /proc so that it cannot be another one."""
    try:
        return os.open(f"/proc/self/fd/{buffered}", flags | os.O_DIRECT)
    except OSError:
        return None
