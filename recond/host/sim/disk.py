"""A simulated disk behind the block device seam, with faults that a seed decides.

Why: no real disk loses a write, tears it, puts it elsewhere, lies about its size or about having
emptied its cache when a test asks for it. This one does, and knows afterwards what its cells hold:
that is the truth against which a record is measured. Whether a request meets a fault depends on the
seed, the place and how often that place was asked for, never on the order of threads, so a history
replays. For tests; nothing of the program uses it.

Not modelled: a drive that answers right from volatile memory to the very end and forgets it later;
no reading can find that one (docs/guarantees.md).
"""

from __future__ import annotations

import errno
import hashlib
import random
import threading
from collections.abc import Callable
from dataclasses import dataclass
from itertools import groupby

from recond.erasure import DiskIdentity, Target
from recond.host.block import HolderLook, TakenPartition
from recond.host.sim.drive import SimClock
from recond.model import Use

WEAK_TRIES = 2


@dataclass(frozen=True, slots=True)
class Faults:
    """What is wrong with a disk. Sets hold block numbers; rates are shares of requests."""

    bad_writes: frozenset[int] = frozenset()
    bad_reads: frozenset[int] = frozenset()
    weak_writes: frozenset[int] = frozenset()  # fail `WEAK_TRIES` times, then work
    weak_reads: frozenset[int] = frozenset()
    bad_errno: int = errno.EIO
    dropped: float = 0.0  # acknowledged, and nothing written
    torn: float = 0.0  # acknowledged, and only the first blocks written
    misdirected: float = 0.0  # acknowledged, and written elsewhere
    stale: float = 0.0  # written, but reads go on answering what was there before
    short: float = 0.0  # the request is done in part and says so
    slow: float = 0.0
    slow_s: float = 30.0
    request_s: float = 0.002
    vanish_after: int | None = None  # requests
    vanish_errno: int = errno.ENODEV
    unnoticed: int = 0  # how often the kernel still thinks that a vanished disk is there
    real_blocks: int | None = None  # the size lies: addresses wrap round
    flush_lies: bool = False
    flush_fails_after: int | None = None  # flushes


class SimCells:
    """The drive itself: cells that last, a cache that a power cut empties. Opened by `open`.

    The size and all requests are whole blocks.
    """

    def __init__(
        self,
        identity: DiskIdentity,
        content: bytes,
        clock: SimClock,
        seed: int = 0,
        faults: Faults | None = None,
    ) -> None:
        self.identity = identity
        self.faults = faults or Faults()
        self.block = identity.logical_block_bytes
        self.blocks = identity.size_bytes // self.block
        self.real_blocks = self.faults.real_blocks or self.blocks
        self.cells = bytearray(content[: self.real_blocks * self.block])
        self.written = 0  # bytes that were accepted: none on a disk that must not be touched
        self.gone = False
        self.holders: tuple[Use, ...] = ()  # who else has it
        self.partitions: tuple[TakenPartition, ...] = ()  # what taking them away will say
        self.foreign = 0  # requests of others that wrote
        self.strike: Callable[[str], None] = lambda _moment: None  # may raise Killed or PowerCut
        self._clock = clock
        self._seed = seed
        self._cache: dict[int, bytes] = {}
        self._old: dict[int, bytes] = {}  # what stale blocks still answer
        self._tries: dict[tuple[str, int], int] = {}
        self._requests = self._flushes = 0
        self._unnoticed = self.faults.unnoticed
        self._lock = threading.RLock()

    def open(self, path: str, _writing: bool) -> SimDisk:
        """An opened disk. Raises `OSError` where it is gone."""
        if self.gone:
            raise OSError(errno.ENXIO, "gone")
        return SimDisk(path, self)

    def target(self, path: str) -> Target:
        """What is known of it before it is opened."""
        return Target(path, self.identity, (), False, path.rsplit("/", 1)[-1])

    # --- what happens to the drive, and the truth --------------------------------------------

    def power_cut(self, keeps: float = 0.5) -> None:
        """Each block in the cache is lost, or reached its cell just in time (a share `keeps`).

        A drive writes a physical block whole or not at all.
        """
        chance = random.Random(f"{self._seed} {self._requests}")  # noqa: S311 - repeatable
        together = max(1, self.identity.physical_block_bytes // self.block)
        for _, group in groupby(sorted(self._cache.items()), lambda one: one[0] // together):
            if chance.random() < keeps:
                for place, data in group:
                    self._put(place, data)
        self._cache.clear()
        self._old.clear()

    def replug(self) -> None:
        """Put it back (or turn it on): it is there again, for good."""
        self.gone = False
        self._requests = -(1 << 40)

    def settle(self) -> None:
        """Left with power for a while: the cache reaches the cells."""
        for place, data in self._cache.items():
            self._put(place, data)
        self._cache.clear()

    def held(self, offset: int, length: int) -> bytes:
        """The cells behind some addresses: the truth, without the cache."""
        places = (self._cell(block) * self.block for block in self._span(offset, length))
        return b"".join(self.cells[at : at + self.block] for at in places)

    def meddle(self, offset: int, data: bytes) -> None:
        """Somebody else writes to the disk, behind our back; the kernel counts it."""
        self.foreign += 1
        for index, block in enumerate(self._span(offset, len(data))):
            self._put(self._cell(block), data[index * self.block : (index + 1) * self.block])

    # --- requests ----------------------------------------------------------------------------

    def request(self, moment: str) -> None:
        """Count a request; the moment may be the last."""
        self.strike(moment)
        self._requests += 1
        self._clock.sleep(self.faults.request_s)
        limit = self.faults.vanish_after
        self.gone = self.gone or (limit is not None and self._requests > limit)
        if self.gone:
            raise OSError(self.faults.vanish_errno, "vanished")

    def is_there(self) -> bool:
        """What the kernel says; it may notice late."""
        if self.gone and self._unnoticed > 0:
            self._unnoticed -= 1
            return True
        return not self.gone

    def read(self, offset: int, length: int) -> bytes:
        """Answer a read. Raises `OSError`."""
        with self._lock:
            self.request("read")
            blocks = self._span(offset, length)
            self._fail("r", blocks, self.faults.bad_reads, self.faults.weak_reads)
            self._dawdle("rs", blocks[0])
            return b"".join(self._answer(block) for block in blocks)

    def write(self, offset: int, data: bytes) -> int:
        """Take a write; returns the count acknowledged. Raises `OSError`."""
        with self._lock:
            self.request("write")
            blocks = self._span(offset, len(data))
            self._fail("w", blocks, self.faults.bad_writes, self.faults.weak_writes)
            self._dawdle("ws", blocks[0])
            fate = self._fate(blocks[0])
            count = len(data)
            if fate == "short" and len(blocks) > 1:
                blocks = blocks[: len(blocks) // 2]
                count = len(blocks) * self.block
            self.written += count
            self._land(blocks, data[:count], fate)
            self.strike("written")
            return count

    def flush(self) -> None:
        """Empty the cache, or say so. Raises `OSError`."""
        with self._lock:
            self.request("flush")
            self._flushes += 1
            limit = self.faults.flush_fails_after
            if limit is not None and self._flushes > limit:
                self.power_cut()
                raise OSError(errno.EIO, "flush failed")
            if not self.faults.flush_lies:
                self.settle()
            self.strike("flushed")

    # --- inside ------------------------------------------------------------------------------

    def _span(self, offset: int, length: int) -> list[int]:
        if offset + length > self.identity.size_bytes:
            raise OSError(errno.ENOSPC, "behind the end")
        return list(range(offset // self.block, (offset + length) // self.block))

    def _cell(self, block: int) -> int:
        return block % self.real_blocks

    def _put(self, place: int, data: bytes) -> None:
        self.cells[place * self.block : (place + 1) * self.block] = data

    def _answer(self, block: int) -> bytes:
        at = self._cell(block)
        if at in self._old:
            return self._old[at]
        cell = bytes(self.cells[at * self.block : (at + 1) * self.block])
        return self._cache.get(at, cell)

    def _fail(self, how: str, blocks: list[int], bad: frozenset[int], weak: frozenset[int]) -> None:
        if bad.intersection(blocks):
            raise OSError(self.faults.bad_errno, "medium error")
        tries = [self._nth(how, block) for block in sorted(weak.intersection(blocks))]
        if any(count < WEAK_TRIES for count in tries):
            raise OSError(self.faults.bad_errno, "medium error")

    def _nth(self, how: str, block: int) -> int:
        count = self._tries.get((how, block), 0)
        self._tries[how, block] = count + 1
        return count

    def _chance(self, how: str, block: int) -> float:
        """A number in [0, 1) from the seed, the place and how often it was asked for."""
        word = f"{self._seed} {how} {block} {self._nth(how, block)}".encode()
        return int.from_bytes(hashlib.sha256(word).digest()[:4], "big") / (1 << 32)

    def _dawdle(self, how: str, block: int) -> None:
        if self.faults.slow and self._chance(how, block) < self.faults.slow:
            self._clock.sleep(self.faults.slow_s)

    def _fate(self, block: int) -> str:
        found = self._chance("fate", block)
        for name in ("dropped", "torn", "misdirected", "stale", "short"):
            rate: float = getattr(self.faults, name)
            if found < rate:
                return name
            found -= rate
        return "written"

    def _land(self, blocks: list[int], data: bytes, fate: str) -> None:
        if fate == "dropped":
            return
        if fate == "torn":
            blocks = blocks[: len(blocks) // 2]
        shift = 0
        if fate == "misdirected":
            shift = 1 + int(self._chance("shift", blocks[0]) * (self.real_blocks - 1))
        for index, block in enumerate(blocks):
            at = (self._cell(block) + shift) % self.real_blocks
            if fate == "stale":
                self._old[at] = self._answer(block)
            else:
                self._old.pop(at, None)
            self._cache[at] = data[index * self.block : (index + 1) * self.block]


class SimDisk:
    """One opening of a drive: the block device seam."""

    def __init__(self, path: str, drive: SimCells) -> None:
        self._path = path
        self._drive = drive

    @property
    def path(self) -> str:
        """Where it was opened, for messages."""
        return self._path

    @property
    def direct(self) -> bool:
        """There is no page cache here."""
        return True

    @property
    def memory_align_bytes(self) -> int:
        """What addresses it takes buffers at."""
        return 512

    def identity(self) -> DiskIdentity:
        """The identity, as the drive gives it now. Raises `OSError` where it is gone."""
        self._drive.request("identity")
        return self._drive.identity

    def read_into(self, offset_bytes: int, buffer: memoryview) -> int:
        """Read at a place; returns the count."""
        buffer[:] = self._drive.read(offset_bytes, len(buffer))
        return len(buffer)

    def write(self, offset_bytes: int, data: memoryview) -> int:
        """Write at a place; returns the count written."""
        return self._drive.write(offset_bytes, bytes(data))

    def flush(self) -> None:
        """Have the drive empty its cache."""
        self._drive.flush()

    def drop_cache(self) -> None:
        """Nothing is held here."""

    def still_there(self) -> bool:
        """Whether the kernel thinks that the disk is there."""
        return self._drive.is_there()

    def look(self) -> HolderLook:
        """Who has the simulated disk: whom the test put there."""
        drive = self._drive
        drive.request("look")
        size, writes = drive.identity.size_bytes, f"{drive.written} {drive.foreign}"
        return HolderLook((self._path,), drive.holders, (), 1, size, writes)

    def take_partitions(self) -> tuple[TakenPartition, ...]:
        """What the test has the kernel say."""
        return self._drive.partitions

    def stop_writing(self) -> None:
        """There is one opening only."""

    def reader(self) -> SimDisk:
        """The same cells."""
        return self._drive.open(self._path, False)

    def close(self) -> None:
        """Release it."""
