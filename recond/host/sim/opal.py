"""A simulated Opal drive and the `sedutil-cli` that speaks to it.

Why and what for: `recond.host.sim.drive`. Its lies: `success` (the tool exits 0, nothing happened),
`keeps-key` (locking goes off, every byte stays: seen on real drives), `half`, `wrong-psid`,
`hangs` (the tool never returns; the drive did it or not), `lets-go` (blocks are let go and read as
zeros, the key stays), `locked` (nothing can be read before), `inactive` (locking never in use),
`swaps` (the tool speaks of another drive), `plain` (the medium is not encrypted), `silent` (no
clear answer after the revert), `exit-1` (done, and the tool says that it failed).

Source: TCG Opal SSC 2.01 5.2.2 (Revert), TCG Core 3.3.6 (level 0 discovery), sedutil 1.20's text.
"""

from __future__ import annotations

from recond.host.process import NOT_FOUND, TIMED_OUT, Completed
from recond.host.sim.drive import SimClock, SimDrive
from recond.host.transport import FirmwareDevice

PSID = "A1B2C3D4E5F6G7H8J9K0L1M2N3P4Q5R6"
REVERT_S = 8.0


class SimOpal(SimDrive):
    """One drive. `run` is its tool (`recond.host.process.Processes`)."""

    def __init__(
        self,
        clock: SimClock,
        seed: int,
        lies: frozenset[str] = frozenset(),
        *,
        content: str = "text",
    ) -> None:
        super().__init__(clock, seed, lies, content)
        self.locked = "locked" in lies
        self.enabled = "inactive" not in lies
        self.psid = PSID[::-1] if "wrong-psid" in lies else PSID
        self.reverts = 0

    @property
    def bus(self) -> str:
        """NVMe."""
        return "nvme"

    def device(self, path: str) -> FirmwareDevice:
        """No transport of its own is used."""
        return FirmwareDevice(path, self.bus, self.medium, self.serial, self.cells.size)

    def blocked(self) -> bool:
        """Locked by somebody's key."""
        return super().blocked() or self.locked

    def power_cycle(self) -> None:
        """Locking that is in use locks again."""
        self.locked = self.enabled and "locked" in self.lies

    def run(self, argv: tuple[str, ...], *, timeout_s: float = 30.0) -> Completed:
        """`sedutil-cli`."""
        self.strike("before")
        code, text = self._answer(argv, timeout_s)
        self.strike("after")
        return Completed(argv, code, text.encode(), b"", 1)

    def _answer(self, argv: tuple[str, ...], timeout_s: float) -> tuple[int, str]:
        if argv[0] != "sedutil-cli":
            return NOT_FOUND, ""
        if argv[1] == "--query":
            return 0, self._query(argv[2])
        self.reverts += 1
        if argv[2] != self.psid:
            return 1, f"method status code NOT_AUTHORIZED\nSession start failed rc = 1 {argv[2]}\n"
        if "hangs" in self.lies:
            self.clock.sleep(timeout_s)
            if self.chance.random() < 0.5:
                self._revert()
            return TIMED_OUT, ""
        self.clock.sleep(REVERT_S)
        self._revert()
        self.strike("during")
        return int("exit-1" in self.lies), f"revertTper completed successfully {argv[2]}\n"

    def _revert(self) -> None:
        if "success" in self.lies:
            return
        self.enabled = self.locked = False
        if "lets-go" in self.lies:
            self.cells.deallocated = True
        elif "keeps-key" not in self.lies:
            self.erase("noise")

    def _query(self, path: str) -> str:
        if "silent" in self.lies and self.reverts:
            return "Invalid or unsupported disk\n"
        serial = "OTHER" if "swaps" in self.lies else self.serial

        def flag(value: bool) -> str:
            return "Y" if value else "N"

        return (
            f"\n{path} NVMe SIM OPAL DRIVE 500GB   1B2QEXM7   {serial}\n"
            "TPer function (0x0001)\n    ACKNAK = N, ASYNC = N. BufferManagement = N, "
            "comIDManagement  = N, Streaming = Y, SYNC = Y\n"
            f"Locking function (0x0002)\n    Locked = {flag(self.locked)}, LockingEnabled = "
            f"{flag(self.enabled)}, LockingSupported = Y, MBRDone = N, MBREnabled = N, "
            f"MediaEncrypt = {flag('plain' not in self.lies)}\n"
            "Opal V2.0 function (0x0203)\n    Base comID = 0x1004, comIDs = 1\n"
        )
