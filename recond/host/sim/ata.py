"""A simulated ATA drive: SECURITY (SEC0–SEC6), SANITIZE, HPA and DCO, written from the standards.

Why and what for: `recond.host.sim.drive`. Its lies: `success` (accepts and erases nothing), `half`,
`fails` (half-way, and says so), `locks` (stays locked after SECURITY ERASE), `jams` (and refuses to
be unlocked until the next power cycle), `stuck` (SANITIZE at 655/65536 for ever), `frozen`, `drops`
(a bridge that answers GOOD to everything and hands on IDENTIFY alone), `swaps` (a bridge with a
serial of its own), `dco1`, `fixed` (sense in the fixed form until told otherwise), `no-estimate`,
`one-change` (no sector is shown again), `keeps-hidden` (it erases what it showed when power came),
`forgets` (power that goes ends a SANITIZE, and the state of one long ago is told), `renames` (after
an erasure IDENTIFY comes from a cache with another serial), `owned` (somebody's password is set,
open until the power goes), `max-level` (the master password only erases), `echoes` (an aborted
password command answers with what it was sent), `drops-upper` (a bridge that carries the lower
halves only), `cuts-lba` (only LBA 7:0 of SET MAX arrives).

Source: ACS-3 4.20 (security state machine), ACS-4 7.36 (SANITIZE DEVICE), SAT-4 12.2.2.
"""

from __future__ import annotations

import struct
from dataclasses import replace

from recond.drive.types import CdbAnswer, CdbRequest
from recond.host.sim.drive import HIDDEN, SECTOR, Killed, RunningErase, SimClock, SimDrive
from recond.host.transport import FirmwareDevice, Tick
from recond.model import Medium

ERASE_S = {"security": 1200.0, 0x11: 5.0, 0x12: 60.0, 0x14: 7200.0}
KEYS = {0x11: 0x43727970, 0x12: 0x426B4572, 0x14: 0x4F5700000000}
ENDINGS = {0x11: "noise", 0x12: "ones", 0x14: "zeros"}
READY, FAULT, ABORTED = 0x50, 0x51, 0x04


class SimAta(SimDrive):
    """One drive. `execute` is its `AtaTransport` and `ScsiTransport`."""

    def __init__(
        self,
        clock: SimClock,
        seed: int,
        lies: frozenset[str] = frozenset(),
        *,
        content: str = "text",
        rotating: bool = False,
        hidden: bool = False,
        sanitizes: bool = True,
        by: str = "hpa",
    ) -> None:
        super().__init__(clock, seed, lies, content, HIDDEN if hidden else 0)
        self.rotating = rotating
        self.by = by.split("+") if hidden else []  # hpa, amac, dco: what hides the sectors
        self.sanitizes = sanitizes
        self.shown = self.cells.size // SECTOR
        self.real = (self.cells.size + self.cells.hidden) // SECTOR
        middle = self.real if "dco" not in self.by else (self.shown + self.real) // 2
        self.native = self.shown if self.by == ["dco"] else middle
        self.asked_native = False
        self.kept = self.shown  # what it shows when power comes
        self.password: bytes | None = b"somebody".ljust(32) if "owned" in lies else None
        self.master = b"master".ljust(32, b"\0")
        self.renamed = False
        self.locked = False
        self.frozen = "frozen" in lies
        self.attempts = 5
        self.prepared = False
        self.sanitized = "done" if "forgets" in lies else "idle"
        self.may_leave = False
        self.descriptors = "fixed" not in lies
        self.cells.reach = self._reach()

    @property
    def bus(self) -> str:
        """SATA."""
        return "sata"

    @property
    def medium(self) -> Medium:
        """By its rotation."""
        return Medium.HDD if self.rotating else Medium.SSD

    def device(self, path: str) -> FirmwareDevice:
        """Its transports."""
        return FirmwareDevice(
            path, self.bus, self.medium, self.serial, self.cells.size, ata=self, scsi=self
        )

    def blocked(self) -> bool:
        """Locked, or sanitizing, or a failed SANITIZE."""
        return super().blocked() or self.locked or self.sanitized == "failed"

    def power_cycle(self) -> None:
        """SEC0: a password locks the drive; a sanitize goes on; the kernel reads the size anew."""
        self.shown = self.kept
        self.cells.size = self.shown * SECTOR
        self.cells.reach = self._reach()
        self.locked = self.password is not None
        self.frozen = "frozen" in self.lies
        if "forgets" in self.lies and self.work is not None:
            self.work, self.sanitized = None, "done"
        self.attempts, self.prepared = 5, False
        self.descriptors = "fixed" not in self.lies

    def settle(self) -> None:
        """End a SANITIZE whose time has come."""
        if self.work is None or "stuck" in self.lies or self.clock.monotonic_s() < self.work.ends_s:
            return
        self.erase(self.work.how)
        self.renamed = True
        self.sanitized = "failed" if "fails" in self.lies else "done"
        self.work = None

    # --- commands ----------------------------------------------------------------------------

    def execute(self, request: CdbRequest, tick: Tick | None = None) -> CdbAnswer:
        """One command, as SG_IO carries it."""
        self.strike("before")
        self.settle()
        answer = self._answer(request, tick)
        self.strike("after")
        return answer

    def _answer(self, request: CdbRequest, tick: Tick | None) -> CdbAnswer:
        cdb = request.cdb
        if "drops-upper" in self.lies and cdb[0] == 0x85:  # FEATURES, COUNT 15:8, LBA 47:24
            cdb = bytes(0 if at in (3, 5, 7, 9, 11) else one for at, one in enumerate(cdb))
        if cdb[0] == 0x12:
            return CdbAnswer(0, data=bytes(8) + b"ATA     SIM             1   ")
        if cdb[0] == 0xA2 and self.level_0:
            return CdbAnswer(0, data=self.level_0)
        if cdb[0] == 0x1A:
            return CdbAnswer(0, data=bytes.fromhex("0f0000000a0a020000000000ffff001e"))
        if cdb[0] == 0x15:
            self.descriptors = bool(request.data_out[6] & 4)
            return CdbAnswer(0)
        if cdb[0] != 0x85:
            return CdbAnswer(2, sense=bytes.fromhex("700005000000000a000000002000"))
        command, feature = cdb[14], cdb[4]
        if "drops" in self.lies and command != 0xEC:
            return CdbAnswer(0, data=bytes(request.read_bytes))
        prepared, self.prepared = self.prepared, False
        asked, self.asked_native = self.asked_native, command in (0xF8, 0x27)
        if command == 0xEC:
            return CdbAnswer(0, data=self._identify())
        if command == 0xB4 and self.sanitizes:
            return self._sanitize(feature, cdb[6], _lba(cdb))
        if command in (0xF1, 0xF2, 0xF3, 0xF4, 0xF6):
            return self._security(command, request.data_out, prepared, tick)
        if command == 0x24:
            return self._read(_lba(cdb))
        return self._hidden(command, feature | cdb[6] << 8, _lba(cdb), asked)

    def _registers(
        self, *, error: int = 0, status: int = READY, count: int = 0, lba: int = 0
    ) -> CdbAnswer:
        low = lba.to_bytes(6, "little")
        if self.descriptors:
            sense = bytes(
                [
                    0x72,
                    1,
                    0,
                    0x1D,
                    0,
                    0,
                    0,
                    14,
                    0x09,
                    0x0C,
                    1,
                    error,
                    count >> 8,
                    count & 0xFF,
                    low[3],
                    low[0],
                    low[4],
                    low[1],
                    low[5],
                    low[2],
                    0x40,
                    status,
                ]
            )
        else:
            sense = bytes(
                [
                    0x70,
                    0,
                    1,
                    error,
                    status,
                    0x40,
                    count & 0xFF,
                    10,
                    0x80 | (count > 255) << 6,
                    low[0],
                    low[1],
                    low[2],
                    0,
                    0x1D,
                    0,
                    0,
                    0,
                    0,
                ]
            )
        return CdbAnswer(2, driver=8, sense=sense)

    def _abort(self, reason: int = 0) -> CdbAnswer:
        return self._registers(error=ABORTED, status=FAULT, lba=reason)

    def _identify(self) -> bytes:
        words = [0] * 256
        other = "swaps" in self.lies or (self.renamed and "renames" in self.lies)
        serial = ("BRIDGE00" if other else self.serial).ljust(20)
        for place, text in ((10, serial), (23, "1".ljust(8)), (27, "SIM".ljust(40))):
            for index in range(0, len(text), 2):
                words[place + index // 2] = ord(text[index]) << 8 | ord(text[index + 1])
        sanitize = 0xF000 if not self.rotating else 0x7000
        words[59] = sanitize if self.sanitizes else 0
        words[60], words[61] = self.shown & 0xFFFF, self.shown >> 16
        words[82] = 0x0002 | (0x0400 if "hpa" in self.by else 0)
        words[83] = 0x4400 | (0x0800 if self.by else 0)
        words[119] = 0x4000 | (0x0100 if "amac" in self.by else 0)
        words[100], words[101] = self.shown & 0xFFFF, self.shown >> 16
        words[217] = 7200 if self.rotating else 1
        if "no-estimate" not in self.lies:
            words[89] = words[90] = 10  # 20 minutes
        words[128] = (
            1
            | (self.password is not None) << 1
            | self.locked << 2
            | self.frozen << 3
            | (self.attempts == 0) << 4
            | 1 << 5
            | ("max-level" in self.lies) << 8
        )
        raw = bytearray(struct.pack("<256H", *words))
        raw[510] = 0xA5
        raw[511] = -sum(raw[:511]) & 0xFF
        return bytes(raw)

    # --- SECURITY ----------------------------------------------------------------------------

    def _opens(self, given: bytes, *, master: bool) -> bool:
        if master:
            return given == self.master and "max-level" not in self.lies
        return given == self.password

    def _security(self, command: int, block: bytes, prepared: bool, tick: Tick | None) -> CdbAnswer:
        if self.frozen or self.work is not None:
            return self._abort()
        if command == 0xF3:
            self.prepared = True
            return self._registers()
        given = block[2:34]
        if command == 0xF1:
            if self.locked:
                return self._abort()
            self.password = given
            return self._registers()
        right = self._opens(given, master=bool(block[0] & 1)) and self.attempts > 0
        if command == 0xF2:
            if not right or ("jams" in self.lies and self.attempts < 5):
                self.attempts = max(0, self.attempts - 1)
                answer = self._abort()
                return replace(answer, data=block) if "echoes" in self.lies else answer
            self.locked = False
            return self._registers()
        if command == 0xF6:
            if self.locked or not right:
                return self._abort()
            self.password = None
            return self._registers()
        if not prepared or not right:
            return self._abort()
        return self._erase_unit(bool(block[0] & 2), tick)

    def _erase_unit(self, enhanced: bool, tick: Tick | None) -> CdbAnswer:
        """Takes its time inside the command; a power cut leaves half of it and the password."""
        half = ERASE_S["security"] / 2
        self.clock.sleep(half)
        if tick is not None:
            tick()
        if "success" not in self.lies and not self.lies & {"locks", "jams"}:
            self.cells.erase("zeros", 0.5)
        try:
            self.strike("during")
        except Killed:
            self.clock.sleep(half)
            self._end_erase(enhanced)
            raise
        self.clock.sleep(half)
        return self._end_erase(enhanced)

    def _end_erase(self, enhanced: bool) -> CdbAnswer:
        if self.lies & {"locks", "jams"}:
            self.locked = True
            self.attempts = 4 if "jams" in self.lies else 5
            return self._registers()
        self.erase("pattern" if enhanced else "zeros")
        self.renamed = True
        if "fails" in self.lies:
            return self._abort()
        self.password, self.locked = None, False
        return self._registers()

    # --- SANITIZE ----------------------------------------------------------------------------

    def _sanitize(self, feature: int, count: int, key: int) -> CdbAnswer:
        now = self.clock.monotonic_s()
        if feature == 0:
            if self.sanitized == "failed":
                if not (count & 1 and self.may_leave):
                    return self._abort(1)
                self.sanitized = "idle"
            if self.frozen:
                return self._registers(count=0x2000)
            if self.work is None:
                return self._registers(count=0x8000 if self.sanitized == "done" else 0)
            share = (now - self.work.began_s) / (self.work.ends_s - self.work.began_s)
            return self._registers(
                count=0x4000, lba=655 if "stuck" in self.lies else int(65535 * min(1.0, share))
            )
        if self.frozen:
            return self._abort(3)
        if feature not in KEYS or key != KEYS[feature] or self.work or self.locked:
            return self._abort(2)
        self.work = RunningErase(now, now + ERASE_S[feature], ENDINGS[feature])
        self.sanitized, self.may_leave = "running", bool(count & 0x10)
        return self._registers(count=0x4000)

    # --- hidden sectors ----------------------------------------------------------------------

    def _reach(self) -> int:
        """Up to where an erasure goes: by the standard all; a lie keeps what was hidden."""
        hidden = (self.real - self.shown) * SECTOR
        return (
            len(self.cells.data)
            if "keeps-hidden" not in self.lies or not hidden
            else (self.shown * SECTOR)
        )

    def _read(self, lba: int) -> CdbAnswer:
        """READ SECTORS EXT of one sector, also of one that the kernel does not see."""
        if self.blocked() or lba >= self.shown:
            return self._abort()
        return CdbAnswer(0, data=self.cells.read(lba * SECTOR, SECTOR))

    def _hidden(self, command: int, asks: int, lba: int, asked: bool) -> CdbAnswer:
        """HPA, AMAC and DCO; DCO RESTORE is refused while HPA hides something (ATA8 7.10.4).

        `asks`: FEATURES 7:0, and COUNT 7:0 above it (bit 0: for good).
        """
        feature, lasting = asks & 0xFF, bool(asks & 0x100) or command == 0x78
        amac = "amac" in self.by and command == 0x78
        if (command == 0x27 and "hpa" in self.by) or (amac and feature == 0):
            return self._registers(lba=self.native - 1)
        if (command == 0x37 and asked and "hpa" in self.by) or (amac and feature == 1):
            return self._show(lba, lasting)
        if command == 0xB1 and feature == 0xC2 and self.by:
            return CdbAnswer(0, data=self._dco())
        if command == 0xB1 and feature == 0xC0 and self.by:
            if self.shown < self.native or "one-change" in self.lies:
                return self._abort()
            self.shown = self.kept = self.native = self.real
            return self._registers()
        return self._abort()

    def _show(self, last: int, lasting: bool) -> CdbAnswer:
        last = last & 0xFF if "cuts-lba" in self.lies and "hpa" in self.by else last
        if last + 1 > self.native or "one-change" in self.lies:
            return self._abort()
        self.shown = last + 1
        self.kept = self.shown if lasting else self.kept
        return self._registers(lba=last)

    def _dco(self) -> bytes:
        raw = bytearray(512)
        last = 1 if "dco1" in self.lies else self.real - 1
        raw[6:14] = last.to_bytes(8, "little")
        raw[510] = 0xA5
        raw[511] = -sum(raw[:511]) & 0xFF
        return bytes(raw)


def _lba(cdb: bytes) -> int:
    return int.from_bytes(bytes(cdb[i] for i in (11, 9, 7, 12, 10, 8)), "big")
