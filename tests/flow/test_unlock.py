"""A drive that another tool locked: opened by a typed password, which no file ever holds.

In three forms: the exact bytes, a simulated drive, and the same drive replayed from its journal.
"""

from __future__ import annotations

import contextlib
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from recond.certify.judge.journal_read import parse_journal
from recond.certify.record import fold_journal
from recond.drive import requests as rq
from recond.drive.exchange import parse_exchanges
from recond.drive.identify import parse_identify
from recond.drive.password import ways_out
from recond.drive.types import CdbAnswer, CdbRequest
from recond.ends import StepEnd
from recond.erasure import DiskIdentity, LevelWish, Status
from recond.errors import SafetyRefusal, UsageError
from recond.flow.run.unlock import Doors, Unlocked, unlock
from recond.host.journal_lines import read_entries
from recond.host.recorded_drive import replayed
from recond.host.sim.ata import SimAta
from recond.host.sim.drive import SimClock
from recond.host.transport import FirmwareDevice, Tick
from recond.show.answer import answer_line
from recond.wipe.drive.ata_unlock import run_unlock
from recond.wipe.drive.capabilities import read_capabilities
from recond.wipe.drive.choosing import plan_firmware
from recond.wipe.drive.conversation import Conversation
from tests.cli.command import recond, valid

PATH = "/dev/sdq"
USER, MASTER = "somebody", "master"


class Locked(SimAta):
    """A drive with a user password, as power came; it keeps what it was asked."""

    def __init__(self, *lies: str) -> None:
        super().__init__(SimClock(), 5, frozenset(lies))
        self.password = USER.encode().ljust(32, b"\0")
        self.power_cycle()
        self.asked: list[CdbRequest] = []

    def execute(self, request: CdbRequest, tick: Tick | None = None) -> CdbAnswer:
        self.asked.append(request)
        return super().execute(request, tick)

    def names(self) -> list[str]:
        return [one.name for one in self.asked if one.name.startswith("SECURITY")]

    def doors(self, bus: str = "sata") -> Doors:
        def open_drive(path: str) -> tuple[FirmwareDevice, DiskIdentity]:
            return replace(self.device(path), bus=bus), self.identity

        return Doors(self.open, open_drive)


def typed(text: str) -> Callable[[DiskIdentity], str]:
    return lambda _disk: text


def never(_disk: DiskIdentity) -> str:
    raise AssertionError("no password is asked for")


def open_it(drive: Locked, folder: Path, text: str = USER, *, master: bool = False) -> Unlocked:
    return unlock(PATH, typed(text), folder, drive.clock, master=master, doors=drive.doors())


def refused(call: Callable[[], Any]) -> list[str]:
    with pytest.raises(SafetyRefusal) as found:
        call()
    return [one.code for one in found.value.reasons]


def written(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.rglob("*") if file.is_file())


# --- The bytes -------------------------------------------------------------------------------


@pytest.mark.parametrize(("master", "word"), [(False, b"\0\0"), (True, b"\1\0")])
@pytest.mark.parametrize(
    ("build", "command"), [(rq.ata_unlock, 0xF2), (rq.ata_disable_password, 0xF6)]
)
def test_the_bytes_that_are_sent(
    build: Callable[..., CdbRequest], command: int, master: bool, word: bytes
) -> None:
    request = build(b"p".ljust(32, b"\0"), master=master)
    assert request.cdb[14] == command
    assert request.data_out == word + b"p" + bytes(509)


# --- The simulated drive ---------------------------------------------------------------------


@pytest.mark.parametrize(("text", "master"), [(USER, False), (MASTER, True)])
def test_it_opens_the_drive_and_erases_nothing(tmp_path: Path, text: str, master: bool) -> None:
    drive = Locked()
    held = drive.cells.left()
    found = open_it(drive, tmp_path, text, master=master)
    assert drive.names() == ["SECURITY UNLOCK", "SECURITY DISABLE PASSWORD"]
    assert (drive.password, drive.locked) == (None, False)
    assert drive.cells.left() == held
    assert valid(json.loads(answer_line("unlock", found)))["serial"] == drive.serial
    raw = Path(found.journal).read_bytes()
    entries = read_entries(raw)
    assert [kind for kind, _ in entries][0 :: len(entries) - 1] == ["open", "end"]
    assert entries[-1][1]["outcome"] == "done"
    assert parse_journal(raw).problems  # no judge of erasures reads it
    result = fold_journal(raw, "journals/x.jsonl").result
    assert (result.status is not Status.ERASED, result.level_achieved) == (True, "none")


def secrets(text: str) -> tuple[bytes, ...]:
    """How a password may stand in a file: as it is, with its bytes turned, in hex."""
    raw = text.encode()
    turned = bytes(raw[at ^ 1] for at in range(len(raw)))
    return (*(raw, turned), *(one.hex().encode() for one in (raw, turned)))


@pytest.mark.parametrize("lies", [(), ("echoes",), ("swaps",), ("drops",), ("jams",)], ids=str)
@pytest.mark.parametrize("text", [USER, "secretpw", "geheim12"])
def test_the_password_stands_in_no_file(tmp_path: Path, text: str, lies: tuple[str, ...]) -> None:
    drive = Locked(*lies)
    drive.attempts -= 1 if "jams" in lies else 0
    with contextlib.suppress(SafetyRefusal):
        open_it(drive, tmp_path, text)
    for spelling in secrets(text):
        assert spelling not in written(tmp_path)


def test_a_wrong_one_is_sent_once_and_the_drive_stays_as_it_was(tmp_path: Path) -> None:
    drive = Locked()
    codes = refused(lambda: open_it(drive, tmp_path, "wrong"))
    assert codes == ["cli.unlock.failed", "drive.reason.wrong_password"]
    assert drive.names() == ["SECURITY UNLOCK"]
    assert (drive.locked, drive.attempts) == (True, 4)
    drive.attempts = 1
    assert refused(lambda: open_it(drive, tmp_path, "wrong"))[1].endswith("wrong_password_last")
    assert refused(lambda: unlock(PATH, never, tmp_path, drive.clock, doors=drive.doors())) == [
        "cli.unlock.refused",
        "drive.note.locked_expired",
    ]


@pytest.mark.parametrize(
    ("lies", "bus", "master", "code"),
    [
        (("max-level",), "sata", True, "drive.note.way_out_maximum"),
        (("frozen",), "sata", False, "drive.note.locked_frozen"),
        ((), "usb", False, "drive.unlock.usb"),
        (("swaps",), "sata", False, "drive.distrust.serial"),
    ],
)
def test_where_none_may_be_sent_none_is_asked_for(
    tmp_path: Path, lies: tuple[str, ...], bus: str, master: bool, code: str
) -> None:
    drive = Locked(*lies)
    doors = drive.doors(bus)
    codes = refused(lambda: unlock(PATH, never, tmp_path, drive.clock, master=master, doors=doors))
    assert codes == ["cli.unlock.refused", code]
    assert not drive.names()
    assert not written(tmp_path)


def test_a_drive_without_a_password_is_left_alone(tmp_path: Path) -> None:
    drive = Locked()
    drive.password, drive.locked = None, False
    codes = refused(lambda: unlock(PATH, never, tmp_path, drive.clock, doors=drive.doors()))
    assert codes == ["cli.unlock.refused", "drive.unlock.open"]


def test_a_bridge_that_says_yes_and_does_nothing_is_not_believed(tmp_path: Path) -> None:
    drive = Locked("drops")
    codes = refused(lambda: open_it(drive, tmp_path))
    assert codes[0] == "cli.unlock.failed"
    assert drive.locked


@pytest.mark.parametrize("text", ["", "x" * 33, "a\nb", "é" * 17])
def test_a_password_of_a_wrong_form_is_not_sent(tmp_path: Path, text: str) -> None:
    drive = Locked()
    with pytest.raises(UsageError):
        open_it(drive, tmp_path, text)
    assert not drive.names()
    assert not written(tmp_path)


@pytest.mark.parametrize(
    ("lies", "codes"),
    [
        ((), ["locked", "way_out_high"]),
        (("max-level",), ["locked", "way_out_maximum"]),
        (("frozen",), ["locked", "locked_frozen", "way_out_high"]),
    ],
)
def test_the_plan_says_which_way_out_there_is(lies: tuple[str, ...], codes: list[str]) -> None:
    drive = Locked(*lies)
    found = read_capabilities(drive.device(PATH))
    assert found.ata is not None
    expected = [f"drive.note.{one}" for one in codes]
    assert [one.code for one in ways_out(found.ata.identity.security)] == expected
    plan = plan_firmware(found, LevelWish.BEST, drive.cells.size)
    assert [one.code for one in plan.notes][-len(expected) :] == expected


def test_afterwards_it_is_planned_like_any_other(tmp_path: Path) -> None:
    drive = Locked()
    before = plan_firmware(read_capabilities(drive.device(PATH)), LevelWish.BEST, drive.cells.size)
    open_it(drive, tmp_path)
    after = plan_firmware(read_capabilities(drive.device(PATH)), LevelWish.BEST, drive.cells.size)
    assert len(after.steps) > len(before.steps)
    assert not after.notes


# --- The recorded drive ----------------------------------------------------------------------


def test_its_journal_is_a_drive(tmp_path: Path) -> None:
    drive = Locked()
    found = open_it(drive, tmp_path)
    commands = [
        data for kind, data in read_entries(Path(found.journal).read_bytes()) if kind == "command"
    ]
    assert all(one["data_out"] is None for one in commands)
    exchanges = parse_exchanges(commands)
    tape = replayed(drive.device(PATH), exchanges)
    assert tape.ata is not None
    first = parse_identify(tape.ata.execute(rq.ata_identify()).data)
    assert first is not None
    assert first.security.locked
    tape = replayed(drive.device(PATH), exchanges)
    line = Conversation(
        tape, 0, lambda *_: None, SimClock(), lambda: False, lambda _: None, [], withheld=b"any"
    )
    outcome = run_unlock(line, b"any".ljust(32, b"\0"), master=False)
    # the password was not recorded, so the replay cannot show that it was right; IDENTIFY can
    assert outcome.outcome is StepEnd.DONE


# --- The command -----------------------------------------------------------------------------


def test_the_command_takes_no_password_as_an_argument(tmp_path: Path) -> None:
    for arguments in (("--password", "x"), ("x",)):
        done = recond("unlock", "/dev/null", *arguments, folder=tmp_path)
        assert done.code == 2


def test_a_path_that_is_no_disk_is_said(tmp_path: Path) -> None:
    done = recond("unlock", str(tmp_path / "none"), folder=tmp_path, stdin="pw\n")
    assert done.code == 9, done.stderr
    assert "none" in done.stderr
    assert "Traceback" not in done.stderr
