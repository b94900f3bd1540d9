"""A simulated NVMe drive: Identify, Format NVM, Sanitize and its log, written from the standard.

Why and what for: `recond.host.sim.drive`. Its lies: `success` (accepts and erases nothing), `half`,
`fails` (SSTAT 3 with SPROG FFFFh; Format: an internal error), `stuck` (SPROG 655 for ever), `blank`
(an all-zero log), `estimate-0` and `estimate-f` (times of 0 or FFFFFFFFh), `ignores-ses` (a Format
that only makes the file systems go), `other-command` (another command's SCDW10), `deallocates`
(only the map is thrown away), `no-sanitize`, `crypto-only`, `two` (a second namespace), `gone`
(ENODEV in the middle), `no-preq` (says that it knows PREQ, and refuses it), `stale-log` (the log
goes on telling of the same command done long ago), `forgets` (power that goes ends a Sanitize, and
the log tells of the one before), `renames` (after it the controller has another serial), `keeps`
(formats, and its format stays), `shrinks` (shows fewer blocks after a change of format),
`elsewhere` (a second namespace, attached to another controller), `no-ndas` (refuses NDAS, whatever
SANICAP says). `answers`: by a CNS, what Identify gives in its data's place.
`lost`: by a command's number, what a controller that resets makes of it: the
kernel's errno, or the status field that it makes up (from 100h on), and whether the drive carried
the command out. `formats`:
(data, metadata) bytes of each; the first is the one it has, with the metadata in the block
(`extended`) or apart.

Source: NVMe Base 2.1 5.1.10, 5.1.13, 5.1.22, figure "Sanitize Status Log Page".
"""

from __future__ import annotations

import errno
import struct
from dataclasses import replace

from recond.drive.types import NvmeAnswer, NvmeRequest
from recond.erasure import DiskIdentity
from recond.host.sim.drive import SECTOR, Killed, RunningErase, SimClock, SimDrive
from recond.host.transport import FirmwareDevice, Tick

FORMAT_S = 40.0
SANITIZE_S = {2: 60.0, 3: 7200.0, 4: 5.0}
ENDINGS = {2: "ones", 3: "zeros", 4: "noise"}
INVALID_OPCODE, INVALID_FIELD, INTERNAL, IN_PROGRESS = 0x4001, 0x4002, 0x4006, 0x401D
NDAS, PREQ = 1 << 9, 1 << 11


class SimNvme(SimDrive):
    """One controller with a namespace. `execute` is its `NvmeTransport`."""

    def __init__(
        self,
        clock: SimClock,
        seed: int,
        lies: frozenset[str] = frozenset(),
        *,
        content: str = "text",
        inhibits: bool = False,
        purge_reporting: bool = False,
        formats: tuple[tuple[int, int], ...] = ((SECTOR, 0),),
        extended: bool = True,
    ) -> None:
        super().__init__(clock, seed, lies, content)
        self.formats, self.number, self.extended = formats, 0, extended
        self.shown_blocks = self.cells.size // formats[0][0]
        self._known = (0, SECTOR)
        self.rescan()
        self.inhibits = inhibits  # NDI: it deallocates whatever is asked
        self.purge_reporting = purge_reporting
        self.state, self.scdw10, self.purged = 0, 0, False
        self.commands = 0
        self.answers: dict[int, NvmeAnswer] = {}
        self.lost: dict[int, tuple[int, bool]] = {}
        self.renamed = False

    @property
    def bus(self) -> str:
        """NVMe."""
        return "nvme"

    @property
    def identity(self) -> DiskIdentity:
        """As the kernel last read it: no size where metadata stand in the blocks."""
        size_bytes, block = self._known
        return replace(super().identity, size_bytes=size_bytes, logical_block_bytes=block)

    def rescan(self) -> None:
        """The kernel looks at the namespace again."""
        block, metadata = self.formats[self.number]
        hides = metadata and self.extended
        self._known = (0, SECTOR) if hides else (self.shown_blocks * block, block)

    def namespace(self) -> int:
        """Its first."""
        return 1

    def device(self, path: str) -> FirmwareDevice:
        """Its transport."""
        return FirmwareDevice(path, self.bus, self.medium, self.serial, self.cells.size, nvme=self)

    def blocked(self) -> bool:
        """While it sanitizes, and after a sanitize that failed."""
        return super().blocked() or self.state == 3

    def power_cycle(self) -> None:
        """A Sanitize goes on by itself, in a drive that remembers it."""
        if "forgets" in self.lies and self.work is not None:
            self.work, self.state = None, 1

    def settle(self) -> None:
        """End a Sanitize whose time has come."""
        if self.work is None or "stuck" in self.lies or self.clock.monotonic_s() < self.work.ends_s:
            return
        cdw10 = self.scdw10
        if "deallocates" in self.lies:
            self.cells.deallocated = True
        else:
            self.erase(self.work.how)
        self.state, self.renamed = 1, True
        if "fails" in self.lies:
            self.state = 3
        elif "deallocates" in self.lies or self.inhibits or not cdw10 & NDAS:
            self.state = 4 if cdw10 & NDAS else 1
            self.cells.deallocated = "success" not in self.lies and "half" not in self.lies
        self.purged = bool(cdw10 & PREQ) and self.state != 3
        self.work = None

    # --- commands ----------------------------------------------------------------------------

    def execute(self, request: NvmeRequest, tick: Tick | None = None) -> NvmeAnswer:
        """One admin command, as the kernel carries it."""
        self.strike("before")
        self.settle()
        self.commands += 1
        if "gone" in self.lies and self.commands > 3:
            return NvmeAnswer(0, errno=errno.ENODEV)
        number, carried_out = self.lost.get(self.commands, (0, True))
        answer = self._answer(request, tick) if carried_out else NvmeAnswer(0)
        if number:
            answer = NvmeAnswer(0, errno=number) if number < 0x100 else NvmeAnswer(number)
        self.strike("after")
        return answer

    def _answer(self, request: NvmeRequest, tick: Tick | None) -> NvmeAnswer:
        opcode, nsid = request.command[0], struct.unpack_from("<I", request.command, 4)[0]
        cdw10 = struct.unpack_from("<I", request.command, 40)[0]
        if opcode == 0x06:
            return self._identify(cdw10, nsid)
        if opcode == 0x02 and cdw10 & 0xFF == 0x81 and "no-sanitize" not in self.lies:
            return NvmeAnswer(0, data=self._log())
        if opcode == 0x82 and self.level_0:
            return NvmeAnswer(0, data=self.level_0)
        if opcode == 0x80:
            return self._format(cdw10, tick)
        if opcode == 0x84 and "no-sanitize" not in self.lies:
            return self._sanitize(cdw10)
        return NvmeAnswer(INVALID_FIELD if opcode == 0x02 else INVALID_OPCODE)

    def _identify(self, cns: int, nsid: int) -> NvmeAnswer:
        if cns in self.answers:
            return self.answers[cns]
        raw = bytearray(4096)
        if cns == 1:
            other = self.renamed and "renames" in self.lies
            raw[4:24] = ("OTHER" if other else self.serial).ljust(20).encode()
            raw[24:64] = b"SIM".ljust(40)
            raw[76] = 2 if "beside" in self.lies else 0  # CMIC: one of several controllers
            raw[256] = 2 | bool(self.level_0) | ("elsewhere" in self.lies) << 3
            raw[524] = 4 | (1 if "two" in self.lies else 0)
            sanicap = (1 if "crypto-only" in self.lies else 7) | self.inhibits << 29
            sanicap |= 0x10 if self.purge_reporting else 0
            struct.pack_into("<I", raw, 328, 0 if "no-sanitize" in self.lies else sanicap)
        elif cns == 0 and nsid == 1:
            struct.pack_into("<Q", raw, 0, self.shown_blocks)
            raw[25], raw[32] = len(self.formats) - 1, 0x80
            raw[26] = self.number | (self.extended and self.formats[self.number][1] > 0) << 4
            for number, (block, metadata) in enumerate(self.formats):
                struct.pack_into("<HB", raw, 128 + 4 * number, metadata, block.bit_length() - 1)
        elif cns == 2:
            struct.pack_into("<II", raw, 0, 1, 2 if "two" in self.lies else 0)
        elif cns == 0x10:
            struct.pack_into(
                "<II", raw, 0, 1, 2 if self.lies & {"two", "elsewhere", "beside"} else 0
            )
        return NvmeAnswer(0, data=bytes(raw))

    def _format(self, cdw10: int, tick: Tick | None) -> NvmeAnswer:
        """Takes its time inside the command; a power cut leaves half of it."""
        ses = cdw10 >> 9 & 7
        if self.work is not None:
            return NvmeAnswer(IN_PROGRESS)
        if ses > 2 or cdw10 & 0x0F >= len(self.formats):
            return NvmeAnswer(INVALID_FIELD)
        self.clock.sleep(FORMAT_S / 2)
        if tick is not None:
            tick()
        nothing = ses == 0 or self.lies & {"success", "ignores-ses"}
        if not nothing and "deallocates" not in self.lies:
            self.cells.erase("zeros", 0.5)
        try:
            self.strike("during")
        except Killed:
            self._end_format(ses, bool(nothing))
            raise
        self._change_format(cdw10 & 0x0F)
        return self._end_format(ses, bool(nothing))

    def _change_format(self, number: int) -> None:
        if number != self.number and not self.lies & {"keeps", "fails"}:
            self.number, self.renamed = number, True
            self.shown_blocks = self.cells.size // self.formats[number][0]
            self.shown_blocks -= 1 if "shrinks" in self.lies else 0

    def _end_format(self, ses: int, nothing: bool) -> NvmeAnswer:
        self.clock.sleep(FORMAT_S / 2)
        if "fails" in self.lies:
            return NvmeAnswer(INTERNAL)
        if nothing:
            return NvmeAnswer(0)
        if "deallocates" in self.lies:
            self.cells.deallocated = True
            return NvmeAnswer(0)
        self.erase("noise" if ses == 2 else "zeros")
        return NvmeAnswer(0)

    def _sanitize(self, cdw10: int) -> NvmeAnswer:
        action, now = cdw10 & 7, self.clock.monotonic_s()
        if self.work is not None:
            return NvmeAnswer(IN_PROGRESS)
        if action == 1:
            self.state = 0 if self.state == 3 else self.state
            return NvmeAnswer(0)
        if cdw10 & NDAS and "no-ndas" in self.lies:
            return NvmeAnswer(INVALID_FIELD)
        refused = cdw10 & PREQ and (not self.purge_reporting or "no-preq" in self.lies)
        unknown = action not in SANITIZE_S or ("crypto-only" in self.lies and action != 4)
        if refused or unknown:
            return NvmeAnswer(INVALID_FIELD)
        self.work = RunningErase(now, now + SANITIZE_S[action], ENDINGS[action])
        self.state, self.scdw10 = 2, cdw10
        return NvmeAnswer(0)

    def _log(self) -> bytes:
        if "blank" in self.lies:
            return bytes(512)
        sprog = 0xFFFF
        if self.work is not None:
            share = (self.clock.monotonic_s() - self.work.began_s) / (
                self.work.ends_s - self.work.began_s
            )
            sprog = 655 if "stuck" in self.lies else min(0xFFFE, int(65536 * share))
        state = 2 if self.work is not None else self.state
        if "stale-log" in self.lies and self.scdw10:
            state = 1
        status = state | self.purged << 11
        told = self.scdw10 ^ (6 if "other-command" in self.lies else 0)
        times = (7200, 60, 5)
        if "estimate-0" in self.lies:
            times = (0, 0, 0)
        if "estimate-f" in self.lies:
            times = (0xFFFFFFFF,) * 3
        return struct.pack("<HHIIII", sprog, status, told, *times) + bytes(492)
