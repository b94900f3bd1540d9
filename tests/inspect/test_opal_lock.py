"""A self-encrypting disk's lock: found, not found, or not to be told; the drive is only asked."""

from __future__ import annotations

import errno
import re
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

import pytest

from recond.drive.tcg import READ_BYTES, nvme_level_0, parse_level_0, scsi_level_0
from recond.drive.types import CdbAnswer, CdbRequest
from recond.flow.machine.capture import host_from, record_capture
from recond.host import Host
from recond.host.sim.ata import SimAta
from recond.host.sim.drive import SimClock, SimDrive, level_0
from recond.host.sim.nvme import SimNvme
from recond.host.sim.scsi import SimScsi
from recond.host.transport import FirmwareDevice, Tick
from recond.inspect.locks import read_opal_locks
from recond.inspect.machine import read_machine
from recond.inspect.opal import KERNELS_NO, read_opal
from recond.locale import say
from recond.locks import holding_locks, lock_question, open_locks
from recond.model import Known, Reading, Unknown, Why
from recond.readiness.locks import lock_lines
from tests.inspect import laptop

Maker = Callable[..., SimDrive]
DISK = "/dev/sda"
STATES = [
    ("opal-without", False),
    ("opal-idle", False),
    ("opal-in-use", True),
    ("opal-locked", True),
    ("opal-shipped", Why.UNSUPPORTED),
    ("opal-cut", Why.UNPARSABLE),
    ("opal-twice", Why.UNPARSABLE),
    ("opal-odd", Why.UNPARSABLE),
]


@dataclass(frozen=True)
class Opened:
    """A computer whose one disk is a simulated one; None: it may not be opened."""

    drive: SimDrive | None

    def open(self, path: str) -> FirmwareDevice:
        if self.drive is None:
            raise PermissionError(errno.EACCES, path)
        device: FirmwareDevice = self.drive.device(path)  # type: ignore[attr-defined]
        return device


@pytest.fixture(autouse=True)
def _no_real_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("recond.flow.machine.capture.read_claim", lambda _path: False)


@pytest.fixture
def tree(tmp_path: Path) -> laptop.Tree:
    """The laptop, whose SSD says in IDENTIFY word 48 that it has trusted computing."""
    made = laptop.make_laptop(tmp_path / "machine")
    page = next(made.root.glob("sys/devices/**/vpd_pg89"))
    raw = bytearray(page.read_bytes())
    raw[60 + 2 * 48 : 60 + 2 * 48 + 2] = (0x4001).to_bytes(2, "little")
    page.write_bytes(bytes(raw))
    return made


def sim(kind: Maker, *lies: str) -> SimDrive:
    return kind(SimClock(), 7, frozenset(lies))


def told(found: Reading[bool]) -> bool | Why:
    return found.value if isinstance(found, Known) else found.why


def asked(host: Host) -> Reading[bool]:
    (lock,) = [one for one in read_machine(host).locks if one.kind == "opal"]
    assert lock.where == DISK
    return lock.found


@pytest.mark.parametrize("kind", [SimAta, SimNvme, SimScsi])
@pytest.mark.parametrize(("lie", "expected"), STATES)
def test_what_a_drive_says_of_its_locking(kind: Maker, lie: str, expected: bool | Why) -> None:
    drive = sim(kind, lie)
    before = bytes(drive.cells.data)
    assert told(read_opal(Opened(drive).open(DISK))) == expected
    assert drive.cells.data == before


def test_a_drive_without_the_command_has_no_such_lock() -> None:
    assert read_opal(Opened(sim(SimNvme)).open(DISK)) == Known(False, "Identify Controller")
    assert read_opal(Opened(sim(SimScsi)).open(DISK)) == Known(False, scsi_level_0().name)


def test_a_kernel_that_keeps_it_from_a_sata_drive_is_no_answer_of_the_drive() -> None:
    found = read_opal(Opened(sim(SimAta)).open(DISK))
    assert found == Unknown(Why.UNSUPPORTED, KERNELS_NO)


def test_the_questions_by_their_standards() -> None:
    sent = nvme_level_0().command
    assert (sent[0], sent[36:40], sent[40:44], sent[44:48]) == (
        0x82,
        READ_BYTES.to_bytes(4, "little"),
        bytes((0, 1, 0, 1)),  # SECP 01h in byte 3, SPSP 0001h in bytes 2 and 1
        READ_BYTES.to_bytes(4, "little"),
    )
    assert scsi_level_0().cdb == bytes.fromhex("a20100010000000008000000")


def test_an_answer_that_is_cut_says_nothing() -> None:
    whole = level_0(frozenset({"opal-locked"})).rstrip(b"\0").ljust(100, b"\0")
    assert parse_level_0(whole) is not None
    assert [parse_level_0(whole[:count]) for count in range(100)] == [None] * 100


# --- In an inventory -------------------------------------------------------------------------


@pytest.mark.parametrize(("lie", "expected"), STATES)
def test_a_disk_of_the_laptop(tree: laptop.Tree, lie: str, expected: bool | Why) -> None:
    assert told(asked(replace(tree.host(), drives=Opened(sim(SimAta, lie))))) == expected


def test_a_lock_holds_the_computer_and_its_label_opens_it(tree: laptop.Tree) -> None:
    machine = read_machine(replace(tree.host(), drives=Opened(sim(SimAta, "opal-locked"))))
    (lock,) = holding_locks(machine)
    assert lock.kind == "opal"
    (line,) = lock_lines(machine, "minimum")
    assert line.remedy is not None
    assert "--psid" in say("fr", line.remedy)
    assert line.evidence == scsi_level_0().name


def test_without_the_right_to_open_it_cannot_be_told(tree: laptop.Tree) -> None:
    machine = read_machine(replace(tree.host(), drives=Opened(None)))
    (lock,) = [one for one in open_locks(machine) if one.kind == "opal"]
    assert lock.found == Unknown(Why.DENIED, DISK)
    assert "libata.allow_tpm=1" in say("fr", lock_question(lock, machine))


def test_a_disk_that_knows_no_trusted_computing_is_not_opened(tmp_path: Path) -> None:
    host = replace(laptop.make_laptop(tmp_path).host(), drives=Opened(None))
    found = asked(host)
    assert isinstance(found, Known)
    assert (found.value, found.source.rsplit("/", 1)[-1]) == (False, "vpd_pg89")


def test_behind_usb_no_such_command_is_sent(tree: laptop.Tree) -> None:
    host = replace(tree.host(), drives=Opened(sim(SimAta, "opal-locked")))
    (disk, *_) = read_machine(host).disks
    assert read_opal_locks(host, (replace(disk, bus=Known("usb", "lsblk")),)) == []


@pytest.mark.parametrize("anonymous", [False, True])
def test_a_capture_keeps_the_answer(tree: laptop.Tree, tmp_path: Path, anonymous: bool) -> None:
    drive = sim(SimAta, "opal-locked")
    drive.serial = laptop.DISK_SERIAL
    host = replace(tree.host(), drives=Opened(drive), origin="live")
    file = tmp_path / "c.tar.gz"
    file.write_bytes(record_capture(host, anonymous=anonymous).raw)
    kept = host_from(file, Host())
    assert asked(kept) == Known(True, scsi_level_0().name)
    (name,) = kept.files.list("/recond/drives")
    raw = kept.files.read(f"/recond/drives/{name}")
    assert isinstance(raw, bytes)
    hidden = re.search(b"MAKER'S OWN".hex().encode(), raw) is None
    assert hidden is anonymous


def test_a_drive_that_is_pulled_while_it_is_asked() -> None:
    class Gone:
        def execute(self, _request: CdbRequest, _tick: Tick | None = None) -> CdbAnswer:
            return CdbAnswer(0, errno=errno.EIO)

    device = replace(Opened(sim(SimAta)).open(DISK), scsi=Gone())
    assert read_opal(device) == Unknown(Why.UNREADABLE, scsi_level_0().name)
