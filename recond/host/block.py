"""The block device seam: what the eraser and the verifier may ask of a disk.

Why: one interface with a real form (`recond.host.realdisk`) and a simulated form that can lie
(`recond.host.sim.disk`), so that every fault that a disk can have is a test. Errors are `OSError`
with the kernel's errno, because telling a bad block from a vanished disk is the engine's decision.
"""

from __future__ import annotations

import contextlib
import ctypes
import mmap
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from recond.erasure import DiskIdentity
from recond.model import Message, Use


@dataclass(frozen=True, slots=True)
class HolderLook:
    """Who has a medium beside us, at one moment, asked of the whole computer.

    `nodes` are the names that were asked about: the disk by all its paths, its partitions, what
    stands on it; of an image its inode. `unseen` says what could not be looked at. `writes` is what
    the kernel counts of writes to the medium, or when a file last changed: another text later means
    that somebody wrote; None where nothing counts. `size_bytes` is the size now.
    """

    nodes: tuple[str, ...]
    uses: tuple[Use, ...]
    unseen: tuple[Message, ...]
    processes: int
    size_bytes: int
    writes: str | None


@dataclass(frozen=True, slots=True)
class TakenPartition:
    """A partition that the kernel was told to forget. `errno` is None where it did."""

    name: str
    number: int
    start_bytes: int
    length_bytes: int
    errno: int | None


class BlockDevice(Protocol):
    """An opened disk. Offsets and lengths in bytes, multiples of the logical block size."""

    @property
    def path(self) -> str:
        """Where it was opened, for messages."""

    @property
    def direct(self) -> bool:
        """Whether reads and writes go past the page cache (O_DIRECT)."""

    @property
    def memory_align_bytes(self) -> int:
        """What addresses it takes buffers at: multiples of this."""

    def identity(self) -> DiskIdentity:
        """The identity read from the open descriptor, now."""

    def read_into(self, offset_bytes: int, buffer: memoryview) -> int:
        """Read at a place; returns the count, fewer than asked only at the disk's end."""

    def write(self, offset_bytes: int, data: memoryview) -> int:
        """Write at a place; returns the count written."""

    def flush(self) -> None:
        """Have the kernel and the drive write their caches to the medium."""

    def drop_cache(self) -> None:
        """Forget the pages that the kernel holds of this disk, so that reads reach the disk."""

    def still_there(self) -> bool:
        """Whether the kernel still has this very disk with its full size."""

    def look(self) -> HolderLook:
        """Who else has this medium now. Raises `OSError` where the disk is gone."""

    def take_partitions(self) -> tuple[TakenPartition, ...]:
        """Have the kernel write out, forget and take away the partitions, before anything else is
        written; closing gives back those that are still on the disk.
        """

    def stop_writing(self) -> None:
        """Close what can write; the claim on the disk stays until `close`."""

    def reader(self) -> BlockDevice:
        """The same disk, opened once more so that it cannot be written. Raises `OSError`."""

    def close(self) -> None:
        """Release it."""


Opener = Callable[[str, bool], BlockDevice]
"""Opens a path; the second argument asks for writing (exclusive)."""


HUGE_BYTES = 2 << 20


def aligned_buffer(size_bytes: int, *, huge: bool = False) -> memoryview:
    """A zeroed buffer on a page boundary, as O_DIRECT needs it; `huge`: in huge pages, if it is
    large enough and the kernel has any.

    A huge page is one stretch of memory for the disk's controller in place of 512, so that a
    request is not split for its segments, and the kernel pins one page in place of 512. No child
    gets it: a page that a child shared while the disk writes into it would be the child's alone.
    """
    huge = huge and size_bytes >= HUGE_BYTES // 2
    memory = mmap.mmap(
        -1,
        size_bytes + (2 * HUGE_BYTES if huge else 0),
        flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS,
    )
    memory.madvise(mmap.MADV_DONTFORK)
    if not huge:
        return memoryview(memory)
    with contextlib.suppress(OSError):  # a kernel without huge pages: small ones
        memory.madvise(mmap.MADV_HUGEPAGE)
    whole = memoryview(memory)
    start = -_address(whole) % HUGE_BYTES  # what lies around is never touched: no memory is used
    return whole[start : start + size_bytes]


def repeats(buffer: memoryview, unit: bytes) -> bool:
    """Whether a writable buffer holds `unit` over and over, the last one perhaps cut short.

    `memcmp` of the buffer with itself, one unit further on: one stream of memory in place of two.
    Through ctypes, because comparing memoryviews goes element by element (0.4 GB/s measured here,
    memcmp above 40 GB/s) and holds the interpreter's lock.
    """
    size = len(unit)
    if bytes(buffer[:size]) != unit[: len(buffer)]:
        return False
    rest = len(buffer) - size
    if rest <= 0:
        return True
    first = _address(buffer)
    return bool(_memcmp(first, first + size, rest) == 0)


def _address(buffer: memoryview) -> int:
    return ctypes.addressof(ctypes.c_char.from_buffer(buffer))


_memcmp = ctypes.CDLL(None).memcmp
_memcmp.argtypes = (ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t)
_memcmp.restype = ctypes.c_int
