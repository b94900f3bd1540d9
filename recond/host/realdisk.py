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
import time
from pathlib import Path

from recond.erasure import DiskIdentity
from recond.host import diskid, held_identity, holding, partitions
from recond.host.block import BlockDevice, HolderLook, TakenPartition
from recond.host.files import Files

BLKFLSBUF = 0x1261
PAGE_BYTES = 4096
VANISHED = frozenset({errno.ENODEV, errno.ENXIO, errno.ENOMEDIUM, errno.ESHUTDOWN})
LOCK_WAIT_S = 3.0
"""udev holds its lock while it reads a disk's labels after a change: some tenths of a second."""


class RealDisk:
    """An opened block device or image file. Made by `open_disk`.

    `claim` is the descriptor that keeps others away: opened with O_EXCL (a block device) and locked
    (flock: udev leaves a locked disk alone, systemd's BLOCK_DEVICE_LOCKING). It reads only, and it
    stays open from the guard to the end; what writes and what reads back is opened from it.
    """

    def __init__(
        self,
        path: str,
        direct: int | None,
        buffered: int,
        files: Files,
        claim: int | None = None,
        *,
        alone: bool | None = None,
    ) -> None:
        self._path = path
        self._direct = direct
        self._buffered = buffered
        self._files = files
        self._claim = claim
        self._alone = alone
        self._reading = False
        self._taken: tuple[TakenPartition, ...] = ()
        self._wrote = False
        self._is_block = stat.S_ISBLK(os.fstat(buffered).st_mode)
        self._align = self._alignment()
        self._memory_align = self._memory_alignment()
        self._size = held_identity.read_geometry(buffered)[0] if self._is_block else 0

    def _alignment(self) -> int:
        if self._is_block:
            return held_identity.read_geometry(self._buffered)[1]
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
        return held_identity.identity_of_descriptor(self._buffered, self._path, self._files)

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
        self._wrote = True
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
                and 0 < self._size <= held_identity.read_geometry(self._buffered)[0]
                and self._alive()
            )
        except OSError:
            return False

    def _alive(self) -> bool:
        """A SCSI disk that the kernel has given up keeps its size but is not "running"."""
        name = diskid.name_of_descriptor(self._buffered, self._files)
        state = self._files.read_text(f"/sys/block/{name}/device/state")
        return not isinstance(state, str) or state in ("running", "live", "")

    def look(self) -> HolderLook:
        """Who else has this medium now. Raises `OSError` where the disk is gone.

        The kernel tells whether an image is open elsewhere only while this process has one
        descriptor of it: when it was opened, and once what writes or reads is closed.
        """
        descriptor = self._buffered if self._claim is None else self._claim
        if self._is_block:
            if self._reading:
                os.fsync(descriptor)  # pages that somebody left dirty are written, and counted
            return holding.look_at_disk(self._files, descriptor)
        alone = holding.has_alone(descriptor) if self._reading else self._alone
        return holding.look_at_image(self._files, descriptor, self._path, alone=alone)

    def take_partitions(self) -> tuple[TakenPartition, ...]:
        """Take the partitions away, and forget what the kernel holds of the whole disk."""
        if not self._is_block or self._claim is None:
            return ()
        name = diskid.name_of_descriptor(self._claim, self._files)
        self._taken = partitions.take_partitions(self._claim, self._files, name)
        fcntl.ioctl(self._claim, BLKFLSBUF, 0)
        return self._taken

    def stop_writing(self) -> None:
        """Close what can write; the claim stays."""
        self._release()
        self._reading = True

    def reader(self) -> BlockDevice:
        """The same disk again, so that it cannot be written; to be closed before the next look."""
        if self._claim is None:
            raise OSError(errno.EBADF, "not opened for writing")
        buffered = os.open(f"/proc/self/fd/{self._claim}", os.O_RDONLY | os.O_CLOEXEC)
        return _opened(self._path, buffered, os.O_RDONLY | os.O_CLOEXEC, self._files)

    def _release(self) -> None:
        for descriptor in (self._direct, self._buffered):
            if descriptor is not None and not self._reading:
                os.close(descriptor)

    def close(self) -> None:
        """Release the descriptors, and the claim last."""
        untouched = not self._wrote and not self._reading
        self.stop_writing()
        if self._claim is not None:
            if self._taken:
                partitions.give_back(self._claim, self._taken, untouched=untouched)
            os.close(self._claim)


def open_disk(path: str, writing: bool, files: Files | None = None) -> BlockDevice:
    """Open a block device or an image file. Raises `OSError`.

    Writing is exclusive: O_EXCL on a block device (the kernel refuses while it is mounted or
    held), a lock on both. A link in the place of an image is not followed: the plan named the file.
    O_CREAT is never used: a vanished /dev/sdX must not become a file.
    """
    flags, files = os.O_RDONLY | os.O_CLOEXEC, files or Files()
    is_block = stat.S_ISBLK(Path(path).stat().st_mode)
    if not writing:
        return _opened(path, os.open(path, flags), flags, files)
    claim = os.open(path, flags | (os.O_EXCL if is_block else os.O_NOFOLLOW))
    try:
        _lock(claim, LOCK_WAIT_S if is_block else 0.0)
        alone = None if is_block else holding.has_alone(claim)
        flags = os.O_RDWR | os.O_CLOEXEC
        buffered = os.open(f"/proc/self/fd/{claim}", flags)
        return _opened(path, buffered, flags, files, claim, alone=alone)
    except BaseException:
        os.close(claim)
        raise


def _lock(descriptor: int, wait_s: float) -> None:
    """Take the lock, or raise `BlockingIOError` where another holds it for longer."""
    until = time.monotonic() + wait_s
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            return
        except BlockingIOError:
            if time.monotonic() >= until:
                raise
            time.sleep(0.05)


def _opened(
    path: str,
    buffered: int,
    flags: int,
    files: Files,
    claim: int | None = None,
    *,
    alone: bool | None = None,
) -> RealDisk:
    try:
        direct = _open_direct(buffered, flags)
        return RealDisk(path, direct, buffered, files, claim, alone=alone)
    except BaseException:
        os.close(buffered)
        raise


def _open_direct(buffered: int, flags: int) -> int | None:
    """The same open file again with O_DIRECT; through /proc so that it cannot be another one."""
    try:
        return os.open(f"/proc/self/fd/{buffered}", flags | os.O_DIRECT)
    except OSError:
        return None
