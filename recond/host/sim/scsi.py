"""A simulated SAS drive: SANITIZE, FORMAT UNIT and REQUEST SENSE, written from the standards.

Why and what for: `recond.host.sim.drive`. Its lies: `success` (accepts and erases nothing), `half`,
`fails` (half-way: MEDIUM ERROR 31h/03h), `hushes` (and tells TEST UNIT READY alone), `stuck`
(progress 655/65536 for ever), `breaks` (a host adapter that ends SANITIZE with DID_ERROR and hands
on nothing), `unreadable` (blocks end in an error until they are written, as WABEREQ and WACEREQ
say), `swaps` (another serial), `forgets` (power that goes ends a SANITIZE, and nothing tells of
it), `renames` (another serial behind it), `untold` (it knows no REPORT SUPPORTED OPERATION CODES),
`lacks` (nor SANITIZE), `keeps` (formats, and its sectors stay as they are), `shrinks` (shows fewer
sectors afterwards), `fixed` (has no block descriptor), `unsaved` (saves no mode pages).
`sector_bytes`: 520 and the like, which the kernel shows as size 0.

Source: SBC-4 5.30 (SANITIZE), 4.11; SPC-5 6.34, 6.39, 7.7.
"""

from __future__ import annotations

import struct
from dataclasses import replace

from recond.drive.types import CdbAnswer, CdbRequest
from recond.erasure import DiskIdentity
from recond.host.sim.drive import SECTOR, RunningErase, SimClock, SimDrive
from recond.host.transport import FirmwareDevice, Tick
from recond.model import Medium

SANITIZE_S = {1: 7200.0, 2: 60.0, 3: 5.0}
ENDINGS = {1: "zeros", 2: "ones", 3: "noise"}
DID_ERROR = 0x07


def _sense(key: int, asc: int, ascq: int, progress: int | None = None) -> bytes:
    specific = struct.pack(">BH", 0x80, progress) if progress is not None else bytes(3)
    return bytes([0x70, 0, key, 0, 0, 0, 0, 10, 0, 0, 0, 0, asc, ascq, 0]) + specific


class SimScsi(SimDrive):
    """One drive. `execute` is its `ScsiTransport`."""

    def __init__(
        self,
        clock: SimClock,
        seed: int,
        lies: frozenset[str] = frozenset(),
        *,
        content: str = "text",
        rotating: bool = False,
        sector_bytes: int = SECTOR,
    ) -> None:
        super().__init__(clock, seed, lies, content)
        self.sector_bytes = self._wanted = sector_bytes
        self.shown_blocks = self.cells.size // SECTOR
        self._known_bytes = 0
        self.rescan()
        self.rotating = rotating
        self.failed = self.renamed = False

    @property
    def bus(self) -> str:
        """SAS."""
        return "sas"

    @property
    def medium(self) -> Medium:
        """By its rotation."""
        return Medium.HDD if self.rotating else Medium.SSD

    @property
    def identity(self) -> DiskIdentity:
        """The kernel shows what it last read: no size of sectors that it cannot use."""
        return replace(super().identity, size_bytes=self._known_bytes)

    def rescan(self) -> None:
        """The kernel reads the capacity again."""
        usable = self.sector_bytes == SECTOR
        self._known_bytes = self.shown_blocks * SECTOR if usable else 0

    def device(self, path: str) -> FirmwareDevice:
        """Its transports (a SAS drive refuses ATA PASS-THROUGH)."""
        return FirmwareDevice(
            path, self.bus, self.medium, self.serial, self.cells.size, ata=self, scsi=self
        )

    def blocked(self) -> bool:
        """While it sanitizes, after a sanitize that failed, and until blocks are written."""
        return super().blocked() or self.failed

    def power_cycle(self) -> None:
        """A SANITIZE goes on by itself, in a drive that remembers it."""
        if "forgets" in self.lies:
            self.work = None

    def settle(self) -> None:
        """End a SANITIZE whose time has come."""
        if self.work is None or "stuck" in self.lies or self.clock.monotonic_s() < self.work.ends_s:
            return
        self.erase(self.work.how)
        if self._wanted != self.sector_bytes and not self.lies & {"keeps", "fails"}:
            self.sector_bytes = self._wanted
            self.shown_blocks -= 1 if "shrinks" in self.lies else 0
        self.failed, self.renamed = "fails" in self.lies, True
        self.unreadable = "unreadable" in self.lies and self.work.how != "zeros"
        self.work = None

    def execute(self, request: CdbRequest, tick: Tick | None = None) -> CdbAnswer:
        """One command, as SG_IO carries it."""
        del tick
        self.strike("before")
        self.settle()
        answer = self._answer(request)
        self.strike("after")
        return answer

    def _answer(self, request: CdbRequest) -> CdbAnswer:
        cdb = request.cdb
        if cdb[0] == 0x12:
            return CdbAnswer(0, data=self._inquiry(cdb[2] if cdb[1] & 1 else None))
        if cdb[0] == 0xA2 and self.level_0:
            return CdbAnswer(0, data=self.level_0)
        if cdb[0] == 0x9E:
            told = struct.pack(">QI20x", self.shown_blocks - 1, self.sector_bytes)
            return CdbAnswer(0, data=told)
        if cdb[0] in (0x5A, 0x55):
            if cdb[0] == 0x55 and cdb[1] & 1 and "unsaved" in self.lies:
                return self._check(_sense(5, 0x24, 0))
            return self._mode(cdb[0], request.data_out)
        if (cdb[0] == 0xA3 and "untold" in self.lies) or (cdb[0] == 0x48 and "lacks" in self.lies):
            return self._check(_sense(5, 0x20, 0))
        if cdb[0] == 0xA3:
            known = cdb[3] == 0x04 or (cdb[3] == 0x48 and cdb[5] in SANITIZE_S)
            return CdbAnswer(0, data=bytes([0, 3 if known else 1, 0, 0]))
        if cdb[0] == 0x03:
            silent = self.failed and "hushes" in self.lies
            return CdbAnswer(0, data=_sense(0, 0, 0) if silent else self._progress())
        if cdb[0] == 0x00:
            ready = self.work is None and not self.failed
            return CdbAnswer(0) if ready else self._check(self._progress())
        if cdb[0] == 0x04:
            return self._begin("zeros", SANITIZE_S[1])
        if cdb[0] == 0x48:
            return self._sanitize(cdb[1] & 0x1F, request.data_out)
        return self._check(_sense(5, 0x20, 0))

    def _check(self, sense: bytes) -> CdbAnswer:
        return CdbAnswer(2, driver=8, sense=sense)

    def _inquiry(self, page: int | None) -> bytes:
        if page is None:
            return bytes(8) + b"SIM     SASDRIVE        1   "
        if page == 0x80:
            other = "swaps" in self.lies or (self.renamed and "renames" in self.lies)
            serial = b"OTHER" if other else self.serial.encode()
            return struct.pack(">BBH", 0, 0x80, len(serial)) + serial
        after = 0xA0 if "unreadable" in self.lies else 0
        return struct.pack(">BBHHBB56x", 0, 0xB1, 60, 7200 if self.rotating else 1, 0, after)

    def _progress(self) -> bytes:
        if self.failed:
            return _sense(3, 0x31, 0x03)
        if self.work is None:
            return _sense(0, 0, 0)
        share = (self.clock.monotonic_s() - self.work.began_s) / (
            self.work.ends_s - self.work.began_s
        )
        return _sense(
            2, 0x04, 0x1B, 655 if "stuck" in self.lies else min(65535, int(65536 * share))
        )

    def _sanitize(self, action: int, parameters: bytes) -> CdbAnswer:
        if "breaks" in self.lies:
            return CdbAnswer(0, host=DID_ERROR)
        if self.work is not None:
            return self._check(self._progress())
        if action == 0x1F:
            self.failed = False
            return CdbAnswer(0)
        if action not in SANITIZE_S or (action == 1) != bool(parameters):
            return self._check(_sense(5, 0x24, 0))
        return self._begin(ENDINGS[action], SANITIZE_S[action])

    def _mode(self, opcode: int, parameters: bytes) -> CdbAnswer:
        """MODE SENSE(10) and MODE SELECT(10): the block descriptor alone."""
        if opcode == 0x55:
            whole = len(parameters) == 16 and parameters[7] == 8
            size = int.from_bytes(parameters[13:16], "big")
            if not whole or size not in (512, 520, 528):
                return self._check(_sense(5, 0x26, 0))
            self._wanted = size
            return CdbAnswer(0)
        if "fixed" in self.lies:
            return CdbAnswer(0, data=bytes([0, 6, 0, 0, 0, 0, 0, 0]))
        width = self.sector_bytes.to_bytes(3, "big")
        head = bytes([0, 14, 0, 0, 0, 0, 0, 8])
        return CdbAnswer(0, data=head + self.shown_blocks.to_bytes(4, "big") + b"\0" + width)

    def _begin(self, how: str, seconds: float) -> CdbAnswer:
        if self.work is not None:
            return self._check(self._progress())
        now = self.clock.monotonic_s()
        self.failed = False
        self.work = RunningErase(now, now + seconds, how)
        return CdbAnswer(0)
