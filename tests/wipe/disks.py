"""Disks, plans, jobs and seams for the tests of the erasure."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from recond.certify.record import fold_journal
from recond.ends import ConfirmedBy
from recond.erasure import (
    DiskIdentity,
    Erasure,
    Target,
    TargetKind,
    VerifyMode,
    WipePlan,
)
from recond.host.journal_lines import read_entries
from recond.host.realdisk import open_disk
from recond.host.sim.disk import Faults, SimCells
from recond.host.sim.drive import SimClock
from recond.host.target import read_target
from recond.host.tuning import REAL_PACE, Pace
from recond.host.write_switch import WriteSwitch
from recond.model import Medium, Message
from recond.progress import ProgressEvent
from recond.wipe import guard
from recond.wipe.job import Job, Seam
from recond.wipe.journal import FIRST, Journal
from recond.wipe.plan import Wish, plan_digest, plan_wipe
from recond.wipe.position import read_standing
from recond.wipe.session import Session
from recond.wipe.start import run_job

MIB = 1 << 20
PATH = "/dev/sim0"
SEED = bytes(range(32))
ALONE = Pace.of(8192, 1)
"""One request at a time, in order: a history replays."""

HDD = DiskIdentity(
    kind=TargetKind.BLOCK,
    serial="SIM0001",
    wwn="naa.5000c50000000001",
    vendor="ATA",
    model="SIMULATED",
    firmware="1.0",
    size_bytes=256 * 1024,
    logical_block_bytes=512,
    physical_block_bytes=4096,
    bus="sata",
    medium=Medium.HDD,
    disk_seq=7,
)
STICK = replace(
    HDD,
    serial=None,
    wwn=None,
    vendor="Generic",
    model="Flash Disk",
    bus="usb",
    medium=Medium.USB_FLASH,
)


def letters(size_bytes: int, word: bytes = b"lettre") -> bytes:
    """Somebody's data: no two blocks of 512 bytes are equal, and none is all one byte."""
    return b"".join(
        (b"%s %08d " % (word, index) + b"abcdefg" * 74)[:512]
        for index in range(-(-size_bytes // 512))
    )[:size_bytes]


def plan_for(
    identity: DiskIdentity,
    method: str | None = None,
    verify: VerifyMode = VerifyMode.FULL,
    *,
    path: str = PATH,
    seed: bytes = SEED,
    refusals: tuple[Message, ...] = (),
) -> WipePlan:
    """A plan for a disk that nothing holds."""
    target = Target(path, identity, (), False, None)
    return plan_wipe(target, Wish(method=method, verify=verify), seed, refusals)


def job_for(plan: WipePlan, journal: str = "memory") -> Job:
    """The job of a plan that was confirmed."""
    return Job(
        "run", plan, plan_digest(plan), plan.path, ConfirmedBy.FLAG, plan.disk.token, journal
    )


class MemorySink:
    """A journal in memory; `strike` may end the program before or behind a line."""

    def __init__(self) -> None:
        self.raw = b""
        self.strike: Callable[[str], None] = lambda _moment: None

    def append(self, line: bytes) -> None:
        self.strike("journal")
        self.raw += line
        self.strike("journalled")

    def close(self) -> None: ...


@dataclass
class Bay:
    """Where a simulated drive is plugged in, and the journal of its erasure."""

    drive: SimCells
    clock: SimClock
    plan: WipePlan
    sink: MemorySink = field(default_factory=MemorySink)
    boot: str = "boot0"
    pace: Pace = ALONE
    should_stop: Callable[[], bool] = lambda: False
    temperature: Callable[[str], tuple[int, int] | None] = lambda _path: None
    told: list[ProgressEvent] = field(default_factory=list)
    switch: WriteSwitch | None = None

    def seam(self) -> Seam:
        # asked of the bay each time: the drive in it may be another one by then
        return Seam(
            open_disk=lambda path, writing: self.drive.open(path, writing),
            read_target=lambda path, _image: self.drive.target(path),
            clock=self.clock,
            boot_id=self.boot,
            temperature=self.temperature,
            pace=self.pace,
            switch=self.switch,
        )

    def run(self) -> str:
        """A new erasure."""
        journal = Journal(self.sink, self.clock)
        return Session(
            job_for(self.plan), self.seam(), journal, self.should_stop, self.told.append
        ).run()

    def resume(self) -> str:
        """Go on where the journal stands, its torn last line cut off."""
        self.sink.raw = self.sink.raw[: self.sink.raw.rfind(b"\n") + 1]
        lines = self.sink.raw.splitlines()
        entries = read_entries(self.sink.raw)
        boots = [data["boot"] for kind, data in entries if kind == "open"]
        standing = read_standing(entries, boots[-1] == self.boot)
        prev = hashlib.sha256(lines[-1]).hexdigest() if lines else FIRST
        journal = Journal(self.sink, self.clock, len(lines), prev)
        return Session(
            job_for(self.plan),
            self.seam(),
            journal,
            self.should_stop,
            self.told.append,
        ).resume(standing.position)

    @property
    def entries(self) -> list[tuple[str, dict[str, Any]]]:
        return read_entries(self.sink.raw)

    def of(self, kind: str) -> list[dict[str, Any]]:
        """The data of every entry of a kind."""
        return [data for found, data in self.entries if found == kind]

    @property
    def erasure(self) -> Erasure:
        return fold_journal(self.sink.raw, "journals/sim.jsonl")


def bay(
    identity: DiskIdentity = HDD,
    method: str | None = None,
    verify: VerifyMode = VerifyMode.FULL,
    faults: Faults | None = None,
    seed: int = 0,
    content: bytes | None = None,
) -> Bay:
    """A simulated drive full of letters, and a plan for it."""
    clock = SimClock(seed)
    full = letters(identity.size_bytes) if content is None else content
    drive = SimCells(identity, full, clock, seed, faults)
    return Bay(drive, clock, plan_for(identity, method, verify))


# --- Image files -----------------------------------------------------------------------------


def image_seam(clock: Any, pace: Pace = REAL_PACE) -> Seam:
    """The real seam for image files, with a clock of the test's."""
    return Seam(
        open_disk=open_disk,
        read_target=lambda path, _image: read_target(path, image=True),
        clock=clock,
        boot_id="boot",
        temperature=lambda _path: None,
        pace=pace,
    )


def wipe_image(
    image: Path,
    clock: Any,
    method: str | None = None,
    verify: VerifyMode = VerifyMode.FULL,
    seed: bytes = SEED,
) -> tuple[str, WipePlan, Path]:
    """Erase an image file as a worker does. Returns the outcome, the plan and the journal."""
    target = read_target(str(image), image=True)
    plan = plan_wipe(target, Wish(method=method, verify=verify), seed, guard.refusals(target))
    journal = image.with_suffix(".jsonl")
    outcome = run_job(
        job_for(plan, str(journal)), image_seam(clock), lambda: False, lambda _event: None
    )
    return outcome, plan, journal
