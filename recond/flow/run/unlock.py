"""A drive that another tool left locked: opened by a typed password, then erased like any other.

Why: the password is a person's, so it goes to the drive and nowhere else: no argument, no journal,
no message. What the drive answered is kept all the same, in a form that no judge of erasures reads.

state/unlocks/<time>-<disk>.jsonl   the conversation with the drive, hash-chained like a journal
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from recond import __version__
from recond.codec import to_json
from recond.drive.password import parse_password, withheld_of
from recond.drive.types import StepOutcome
from recond.ends import StepEnd
from recond.erasure import DiskIdentity
from recond.errors import BenchLacks, SafetyRefusal
from recond.flow.runfolder import disk_name, new_run_id
from recond.host.block import BlockDevice
from recond.host.clock import Clock
from recond.host.drives import open_drive
from recond.host.realdisk import open_disk
from recond.host.reason import os_reason
from recond.host.transport import FirmwareDevice
from recond.model import Message
from recond.wipe import guard
from recond.wipe.drive.ata_unlock import refusal, run_unlock
from recond.wipe.drive.capabilities import read_capabilities
from recond.wipe.drive.conversation import Conversation, failed
from recond.wipe.journal import Journal

FOLDER = "unlocks"


@dataclass(frozen=True, slots=True)
class Unlocked:
    """A drive that has no password any more, and where its answers are kept."""

    path: str
    serial: str | None
    model: str | None
    journal: str


@dataclass(frozen=True, slots=True)
class Doors:
    """Where the disk is reached: this computer, or a test's."""

    open_disk: Callable[[str, bool], BlockDevice] = open_disk
    open_drive: Callable[[str], tuple[FirmwareDevice, DiskIdentity]] = open_drive


def unlock(
    path: str,
    ask: Callable[[DiskIdentity], str],
    state: Path,
    clock: Clock,
    *,
    master: bool = False,
    doors: Doors | None = None,
) -> Unlocked:
    """Take the password of the disk at `path` off. `ask` is called once the drive is known to take
    one. Raises `SafetyRefusal` where it does not or stays locked, `UsageError` for a password of a
    wrong form, `BenchLacks` where the disk cannot be held: it is in use, or gone.
    """
    at = doors or Doors()
    try:
        disk = at.open_disk(path, True)
    except OSError as error:
        raise BenchLacks("cli.unlock.not_held", path=path, reason=os_reason(error)) from None
    try:
        device, told = at.open_drive(path)
        try:
            held = disk.identity()
            if guard.differences(held, told):
                raise SafetyRefusal((Message("drive.reason.other_drive"),))
            why = refusal(read_capabilities(device).ata, device.bus, master=master)
            if why is not None:
                raise SafetyRefusal((Message.of("cli.unlock.refused", path=path), why))
            password = parse_password(ask(held))
            file = state / FOLDER / f"{new_run_id(clock)}-{disk_name(held, frozenset())}.jsonl"
            outcome = _converse(device, held, password, file, clock, master=master)
        finally:
            device.close()
    finally:
        disk.close()
    if outcome.outcome is not StepEnd.DONE:
        reason = outcome.reason or Message("drive.reason.no_answer")
        raise SafetyRefusal((Message.of("cli.unlock.failed", path=path, journal=str(file)), reason))
    return Unlocked(path, held.serial, held.model, str(file))


def _converse(
    device: FirmwareDevice,
    held: DiskIdentity,
    password: bytes,
    file: Path,
    clock: Clock,
    *,
    master: bool,
) -> StepOutcome:
    with closing(Journal.create(file, clock)) as journal:
        journal.log(
            "open",
            {
                "schema": "recond.unlock/1",
                "path": device.path,
                "software": {"name": "recond", "version": __version__},
                "disk": to_json(held),
                "master": master,
            },
        )
        line = Conversation(
            device,
            0,
            journal.log,
            clock,
            lambda: False,
            lambda _permille: None,
            [],
            withheld=withheld_of(password),
        )
        try:
            outcome = run_unlock(line, password, master=master)
        except OSError:
            outcome = failed("no_transport")
        journal.log(
            "end",
            {
                "outcome": outcome.outcome,
                "reason": to_json(outcome.reason) if outcome.reason else None,
            },
        )
    return outcome
