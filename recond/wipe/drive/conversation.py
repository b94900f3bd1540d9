"""One step's conversation with one drive: all of it goes into the journal, no wait is endless.

Why: the raw request and the raw answer are the evidence, so there is no way to send a command that
the journal does not see; and every drive can hang, so each wait has a cap from the drive's own
estimate. This module decides nothing about a technique: it is what the command sets share.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from recond.drive import requests as rq
from recond.drive.identify import AtaIdentity, parse_identify
from recond.drive.sense import FIXED, AtaRegisters, ata_accepted, parse_registers, scsi_good
from recond.drive.types import (
    CdbAnswer,
    CdbRequest,
    MmcAnswer,
    MmcRequest,
    NvmeAnswer,
    NvmeRequest,
    StepOutcome,
)
from recond.ends import StepEnd
from recond.host.clock import Clock
from recond.host.transport import AtaTransport, FirmwareDevice, NvmeTransport, ScsiTransport
from recond.model import Json, Message, Text

Entries = list[tuple[str, dict[str, Json]]]
Log = Callable[[str, dict[str, Json]], None]

CAP_FLOOR_S, CAP_CEILING_S = 900, 7 * 86400
STUCK_FLOOR_S, STUCK_CEILING_S = 1800, 6 * 3600
SILENCE_S, MOVING_S = 300, 600
POLL_FIRST_S, POLL_LAST_S = 1.0, 30.0


def failed(code: str, **args: str | int) -> StepOutcome:
    """A step that did not end well, and why (`drive.reason.*`)."""
    return StepOutcome(StepEnd.FAILED, Message.of(f"drive.reason.{code}", **args))


def unknown(code: str, **args: str | int) -> StepOutcome:
    """A step of which nobody knows how it stands (`drive.reason.*`)."""
    return StepOutcome(StepEnd.UNKNOWN, Message.of(f"drive.reason.{code}", **args))


def not_it(line: Conversation) -> StepOutcome:
    """The drive did not show who it is: another one answered, or none."""
    return unknown("no_answer") if line.deaf else failed("other_drive")


def not_begun() -> StepOutcome:
    """The operator asked to stop before the drive was told to erase."""
    return StepOutcome(StepEnd.STOPPED, Message("drive.reason.not_begun"))


class DriveState(Text):
    """What a drive says of an operation of its own."""

    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    UNCLEAR = "unclear"  # it does not answer, or not so that it could be believed


ENDED = {DriveState.DONE: StepEnd.DONE, DriveState.FAILED: StepEnd.FAILED}


@dataclass(frozen=True, slots=True)
class StatusLook:
    """One look at a running operation, and the drive's answer."""

    state: DriveState
    permille: int = 0
    reason: Message | None = None
    keep: Callable[[], None] = lambda: None


@dataclass(slots=True)
class Conversation:
    """A step's transports, journal and clock. `entries`: what the journal holds of this step.

    `withheld`: what a person typed and no file may hold. With it no data that is sent is written
    down, nor an answer that has it in it.
    """

    device: FirmwareDevice
    step: int
    log: Log
    clock: Clock
    should_stop: Callable[[], bool]
    progress: Callable[[int], None]
    entries: Entries
    permille: int = field(default=0)
    deaf: bool = field(default=False)  # the last command did not even reach the drive
    withheld: bytes = b""

    def ata(self, request: CdbRequest) -> CdbAnswer:
        """Send an ATA command and keep both sides of it."""
        answer, keep = self.ask_ata(request)
        keep()
        return answer

    def ask_ata(self, request: CdbRequest) -> tuple[CdbAnswer, Callable[[], None]]:
        """Send an ATA command; the second value writes it down (polls keep what changes)."""
        return self._cdb("ata", self.device.ata, request)

    def scsi(self, request: CdbRequest) -> CdbAnswer:
        """Send a SCSI command and keep both sides of it."""
        answer, keep = self.ask_scsi(request)
        keep()
        return answer

    def ask_scsi(self, request: CdbRequest) -> tuple[CdbAnswer, Callable[[], None]]:
        """Send a SCSI command; the second value writes it down."""
        transport = self.device.scsi or self.device.ata
        return self._cdb("scsi", transport, request)

    def _cdb(
        self, name: str, transport: AtaTransport | ScsiTransport | None, request: CdbRequest
    ) -> tuple[CdbAnswer, Callable[[], None]]:
        if transport is None:
            raise OSError(95, f"no {name} transport")
        answer = transport.execute(request, self.tick)
        self.deaf = answer.errno is not None
        return answer, lambda: self._keep(
            name,
            request.name,
            request.cdb,
            request.data_out,
            answer.data,
            answer.packed_status,
            answer.sense,
            answer.errno,
            answer.duration_ms,
        )

    def nvme(self, request: NvmeRequest) -> NvmeAnswer:
        """Send an NVMe admin command and keep both sides of it."""
        answer, keep = self.ask_nvme(request)
        keep()
        return answer

    def ask_nvme(self, request: NvmeRequest) -> tuple[NvmeAnswer, Callable[[], None]]:
        """Send an NVMe admin command; the second value writes it down."""
        transport: NvmeTransport | None = self.device.nvme
        if transport is None:
            raise OSError(95, "no nvme transport")
        answer = transport.execute(request, self.tick)
        self.deaf = answer.errno is not None
        return answer, lambda: self._keep(
            "nvme",
            request.name,
            request.command,
            b"",
            answer.data,
            answer.status,
            b"",
            answer.errno,
            answer.duration_ms,
        )

    def mmc(self, request: MmcRequest) -> MmcAnswer:
        """Send an ioctl to an eMMC and keep both sides of it; the card's R1 word is the status."""
        if self.device.mmc is None:
            raise OSError(95, "no mmc transport")
        answer = self.device.mmc.execute(request, self.tick)
        self.deaf = answer.errno is not None
        sent = request.ioctl.to_bytes(4, "big") + request.argument
        self._keep(
            "mmc",
            request.name,
            sent,
            b"",
            answer.data,
            answer.response,
            b"",
            answer.errno,
            answer.duration_ms,
        )
        return answer

    def keep_tool(
        self, name: str, argv: bytes, output: bytes, returncode: int, duration_ms: int
    ) -> None:
        """Write down a tool's arguments (apart by zero bytes), what it said and its exit status."""
        self._keep("tool", name, argv, b"", output, returncode, b"", None, duration_ms)

    def _keep(
        self,
        transport: str,
        name: str,
        request: bytes,
        data_out: bytes,
        data: bytes,
        status: int,
        sense: bytes,
        errno: int | None,
        duration_ms: int,
    ) -> None:
        if self.withheld:
            data_out = b""
            data, sense = (b"" if self._shows(one) else one for one in (data, sense))
        self.log(
            "command",
            {
                "step": self.step,
                "transport": transport,
                "name": name,
                "request": request.hex(),
                "data_out": data_out.hex() or None,
                "answer": data.hex() or None,
                "status": status,
                "sense": sense.hex() or None,
                "errno": errno,
                "duration_ms": duration_ms,
            },
        )

    def _shows(self, data: bytes) -> bool:
        """Whether what is withheld stands in an answer, also with the bytes of each word turned."""
        secret, turned = self.withheld, bytearray(data[: len(data) // 2 * 2])
        turned[0::2], turned[1::2] = turned[1::2], turned[0::2]
        return secret in data or secret in turned

    def tick(self) -> None:
        """Show that somebody is still waiting (a silent worker would be taken for a hung one)."""
        self.progress(self.permille)

    def sent(self, transport: str) -> list[tuple[bytes, dict[str, Json]]]:
        """The commands of this step in earlier sessions: (request, the entry's data)."""
        return [
            (bytes.fromhex(str(data["request"])), data)
            for kind, data in self.entries
            if kind == "command" and data["transport"] == transport
        ]


def identify(line: Conversation) -> AtaIdentity | None:
    """IDENTIFY DEVICE of the drive that the plan names; None for no answer or another drive's."""
    found = parse_identify(line.ata(rq.ata_identify()).data)
    if found is None or found.checksum is False or found.serial != line.device.serial:
        return None
    return found


def accepted(answer: CdbAnswer) -> bool:
    """Whether the drive itself took the command: its registers came back, without error."""
    return ata_accepted(answer.packed_status, answer.sense, answer.errno)


def ask_registers(
    line: Conversation, request: CdbRequest
) -> tuple[CdbAnswer, AtaRegisters | None, Callable[[], None]]:
    """An ATA command whose answer is its registers; the third value writes it down.

    Fixed sense has no room for the upper half of COUNT and LBA (and Linux before 6.11 puts its
    bytes in the wrong places): the kernel is then told to use descriptors, and asked again.
    """
    answer, keep = line.ask_ata(request)
    registers = parse_registers(answer.sense)
    if answer.sense[:1] in FIXED and not (registers and registers.whole):
        page = line.scsi(rq.scsi_control_page())
        if scsi_good(page.packed_status, page.errno) and len(page.data) >= 16:
            line.scsi(rq.scsi_ask_descriptors(page.data))
            answer, keep = line.ask_ata(request)
            registers = parse_registers(answer.sense)
    return answer, registers, keep


def cap_s(estimate_s: int | None, usual_s: int) -> int:
    """How long to wait at most: three times the drive's estimate, between 15 minutes and a week."""
    return min(CAP_CEILING_S, max(CAP_FLOOR_S, 3 * (estimate_s or usual_s)))


def wait(
    line: Conversation, look: Callable[[], StatusLook], estimate_s: int | None, usual_s: int
) -> StepOutcome:
    """Look until the drive says how it ended, the cap is reached, or progress stands still.

    An answer that says nothing is asked again for five minutes: a drive may be deaf for a while.
    """
    began = moved = heard = line.clock.monotonic_s()
    limit = cap_s(estimate_s, usual_s)
    stuck = min(STUCK_CEILING_S, max(STUCK_FLOOR_S, estimate_s or usual_s))
    kept, pause, line.permille = ("", -1), POLL_FIRST_S, 0
    while True:
        found = look()
        now = line.clock.monotonic_s()
        if (found.state, found.permille // 10) != kept:
            kept = (found.state, found.permille // 10)
            found.keep()
        if found.state in ENDED:
            return StepOutcome(ENDED[found.state], found.reason)
        if found.state is DriveState.RUNNING:
            heard = now
            if found.permille != line.permille:
                moved, line.permille = now, found.permille
                line.log("progress", {"step": line.step, "permille": found.permille})
        verdict = _patience(found, now - heard, now - moved, now - began, stuck, limit)
        if verdict is None and line.should_stop():
            verdict = StepOutcome(StepEnd.STOPPED, Message("drive.reason.goes_on"))
        if verdict is not None:
            found.keep()
            return verdict
        line.tick()
        line.clock.sleep(pause)
        pause = min(POLL_LAST_S, pause * 1.5)


def _patience(
    found: StatusLook, deaf_s: float, still_s: float, waited_s: float, stuck_s: int, limit_s: int
) -> StepOutcome | None:
    """`unknown` where waiting has no more sense.

    Progress that never began to move is not stuck, and a drive whose progress moves is not late
    before the ceiling: some say far too little.
    """
    if found.state is DriveState.UNCLEAR and deaf_s > SILENCE_S:
        return StepOutcome(StepEnd.UNKNOWN, found.reason)
    if found.state is DriveState.RUNNING and found.permille and still_s > min(stuck_s, limit_s):
        return unknown("stuck", percent=found.permille // 10, waited_s=int(still_s))
    moving = found.state is DriveState.RUNNING and still_s < MOVING_S and found.permille
    if waited_s > (CAP_CEILING_S if moving else limit_s):
        return unknown("late", waited_s=int(waited_s))
    return None
