"""A simulated drive: cells with real content, a clock of its own, and the lies that it tells.

Why: no emulated hardware has a working Security Erase, Sanitize, HPA or a frozen state, and no real
drive lies on demand. A simulated drive holds data in visible, hidden and spare cells, takes time on
the simulated clock, can lose power in the middle of a command, and knows afterwards what is really
left of the old data. The command sets (`simata`, `simnvme`, `simscsi`) are written from the
standards, apart from the code that they try. For tests; nothing of the program uses it.
"""

from __future__ import annotations

import errno
import random
import struct
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from recond.erasure import DiskIdentity, Target, TargetKind
from recond.host.block import HolderLook, TakenPartition
from recond.host.clock import rfc3339
from recond.model import Medium

SECTOR = 512
VISIBLE, HIDDEN, SPARE = 64 * 4096, 4 * 4096, 8 * 4096
EPOCH = datetime(2026, 11, 24, tzinfo=UTC)


class PowerCut(Exception):
    """The bench lost its power."""


class Killed(Exception):
    """The program was killed; the drive goes on."""


class SimClock:
    """Time that passes only when somebody waits."""

    def __init__(self, seed: int = 0) -> None:
        self._now_s = 1000.0
        self._random = random.Random(seed)  # noqa: S311 - repeatable

    def now(self) -> str:
        """UTC wall time."""
        return rfc3339(EPOCH + timedelta(seconds=self._now_s))

    def monotonic_s(self) -> float:
        """Seconds since the clock was made."""
        return self._now_s

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        self._now_s += seconds

    def random_bytes(self, count: int) -> bytes:
        """Bytes that the seed decides."""
        return self._random.randbytes(count)


@dataclass(slots=True)
class RunningErase:
    """An erasure under way in the drive: when it began and ends, and how it changes the cells."""

    began_s: float
    ends_s: float
    how: str
    request: bytes = b""


class Cells:
    """The drive's memory: `size` visible bytes, then `hidden` ones, then spare cells."""

    def __init__(self, chance: random.Random, content: str, hidden: int) -> None:
        self.size = VISIBLE
        self.hidden = hidden
        self.data = bytearray(_content(chance, content, VISIBLE + hidden + SPARE))
        self.deallocated = False
        self.reach = len(self.data)  # how far an erasure goes
        self._chance = chance
        self._old = bytes(self.data)

    def erase(self, how: str, share: float = 1.0) -> None:
        """Change cells for good: zeros, ones, pattern or noise, of all of them or a first part."""
        count = int(self.reach * share) // SECTOR * SECTOR
        self.data[:count] = {
            "zeros": bytes(count),
            "ones": b"\xff" * count,
            "pattern": b"\x33\xcc\x55\xaa" * (count // 4),
            "noise": self._chance.randbytes(count),
        }[how]
        self.deallocated = False

    def read(self, offset: int, count: int) -> bytes:
        """What the interface gives: deallocated blocks read as zeros."""
        return bytes(count) if self.deallocated else bytes(self.data[offset : offset + count])

    def write(self, offset: int, data: bytes | memoryview) -> None:
        """Write visible cells; deallocated ones are new then, and the old ones are spare."""
        if self.deallocated:
            self.deallocated = False
            self.data[: self.size] = bytes(self.size)
        self.data[offset : offset + len(data)] = data

    def left(self, end: int | None = None) -> int:
        """How many sectors of all cells (or of the first `end` bytes) hold what they held."""
        return sum(
            self._old[at : at + SECTOR] == self.data[at : at + SECTOR]
            and len(set(self._old[at : at + SECTOR])) > 1
            for at in range(0, end or len(self._old), SECTOR)
        )

    def shown(self) -> int:
        """How many visible sectors a reader still finds with what they held."""
        return 0 if self.deallocated else self.left(self.size)


def _content(chance: random.Random, kind: str, size: int) -> bytes:
    """text: people's files; noise: an encrypted disk; sparse: a few files in zeros; blank; trimmed:
    reads as zeros, and what was let go is still in the spare cells.
    """
    if kind == "trimmed":
        return bytes(VISIBLE) + _content(chance, "text", size - VISIBLE)
    if kind == "blank":
        return bytes(size)
    if kind == "noise":
        return chance.randbytes(size)
    sectors = [
        (b"private letter %06d " % chance.randrange(10**6) * 32)[:SECTOR]
        if kind == "text" or index < 2 or chance.random() < 0.05
        else bytes(SECTOR)
        for index in range(size // SECTOR)
    ]
    return b"".join(sectors)


def level_0(lies: frozenset[str]) -> bytes:
    """The answer to level 0 discovery (TCG Core 2.01 3.3.6), in 2,048 bytes; b"" without a lie that
    begins with "opal": `opal-idle` (locking there and not in use), `opal-in-use`, `opal-locked`,
    `opal-shipped` (Enterprise: in use from the factory on), `opal-without` (no Locking feature),
    `opal-cut` (longer than what came), `opal-twice`, `opal-odd` (locked, and not in use).
    """
    kind = next((one for one in lies if one.startswith("opal")), "")
    if not kind:
        return b""
    flags = {"opal-idle": 0x09, "opal-locked": 0x0F, "opal-odd": 0x0D}.get(kind, 0x0B)
    ssc = 0x0100 if kind == "opal-shipped" else 0x0203
    features = struct.pack(">HBB12x", 0x0001, 0x10, 12)
    if kind != "opal-without":
        features += struct.pack(">HBBB11x", 0x0002, 0x10, 12, flags) * (1 + (kind == "opal-twice"))
    features += struct.pack(">HBBHH12x", ssc, 0x10, 16, 0x1004, 1)
    size = 44 + len(features) + (4096 if kind == "opal-cut" else 0)
    head = struct.pack(">IHH8x32s", size, 0, 1, b"\1\0MAKER'S OWN")
    return (head + features).ljust(2048, b"\0")


class SimDrive:
    """What all simulated drives share. `strike(moment)` may end the program or the power."""

    def __init__(
        self, clock: SimClock, seed: int, lies: frozenset[str], content: str, hidden: int = 0
    ) -> None:
        self.clock = clock
        self.lies = lies
        self.chance = random.Random(seed)  # noqa: S311 - repeatable
        self.cells = Cells(self.chance, content, hidden)
        self.serial = f"SIM{seed:08d}"
        self.work: RunningErase | None = None
        self.unreadable = False
        self.strike: Callable[[str], None] = lambda _moment: None
        self.level_0 = level_0(lies)

    @property
    def bus(self) -> str:
        """The bus as the kernel names it."""
        raise NotImplementedError

    @property
    def medium(self) -> Medium:
        """What the drive is made of."""
        return Medium.SSD

    @property
    def identity(self) -> DiskIdentity:
        """The disk as the kernel knows it."""
        return DiskIdentity(
            TargetKind.BLOCK,
            self.serial,
            None,
            None,
            "SIM",
            "1",
            self.cells.size,
            SECTOR,
            4096,
            self.bus,
            self.medium,
            1 if self.bus == "nvme" else None,
            7,
        )

    def target(self, path: str) -> Target:
        """The disk as a plan looks at it."""
        return Target(path, self.identity, (), False, path.rsplit("/", 1)[-1])

    def settle(self) -> None:
        """Let the work under way end where its time has come; each command set says how."""

    def blocked(self) -> bool:
        """Whether reads and writes are refused now (locked, sanitizing)."""
        return self.work is not None or self.unreadable

    def power_cycle(self) -> None:
        """Power goes and comes back; time does not pass for the drive meanwhile."""

    def erase(self, how: str) -> None:
        """Do what was asked, or what the drive's lies make of it."""
        if "success" not in self.lies:
            self.cells.erase(how, 0.5 if self.lies & {"half", "fails"} else 1.0)

    def open(self, path: str, _writing: bool) -> SimBlock:
        """The disk as a block device."""
        return SimBlock(self, path)


class SimBlock:
    """The kernel's block device of a simulated drive (`recond.host.block.BlockDevice`)."""

    direct = True

    def __init__(self, drive: SimDrive, path: str) -> None:
        self._drive = drive
        self.path = path

    @property
    def memory_align_bytes(self) -> int:
        """What addresses it takes buffers at."""
        return 512

    def identity(self) -> DiskIdentity:
        """As the kernel has it."""
        return replace(self._drive.identity)

    def _check(self) -> None:
        self._drive.settle()
        if self._drive.blocked():
            raise OSError(errno.EIO, "the drive refuses")

    def read_into(self, offset_bytes: int, buffer: memoryview) -> int:
        """Read through the interface."""
        self._check()
        data = self._drive.cells.read(offset_bytes, len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def write(self, offset_bytes: int, data: memoryview) -> int:
        """Write through the interface; a block that was written can be read again."""
        self._drive.unreadable = False
        self._check()
        self._drive.cells.write(offset_bytes, data)
        return len(data)

    def flush(self) -> None:
        """Nothing is cached."""

    def drop_cache(self) -> None:
        """Nothing is cached."""

    def still_there(self) -> bool:
        """It does not vanish."""
        return True

    def look(self) -> HolderLook:
        """Nobody else has it."""
        return HolderLook((self.path,), (), (), 1, self._drive.identity.size_bytes, "0")

    def take_partitions(self) -> tuple[TakenPartition, ...]:
        """It has none."""
        return ()

    def stop_writing(self) -> None:
        """There is one opening only."""

    def reader(self) -> SimBlock:
        """The same drive."""
        return SimBlock(self._drive, self.path)

    def close(self) -> None:
        """Nothing to release."""
