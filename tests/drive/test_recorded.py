"""A drive seen once is a test for ever: its journal, or its file in a capture, replayed."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from recond.certify.judge.drive_proof import prove
from recond.certify.judge.journal_read import parse_journal
from recond.certify.judge.timeline import read_timeline
from recond.drive.exchange import Exchange, exchange_json, parse_exchanges
from recond.drive.identify import parse_identify
from recond.drive.requests import ata_identify, ata_sanitize_status
from recond.drive.types import CdbAnswer, CdbRequest
from recond.erasure import LevelWish
from recond.errors import FormatError
from recond.host.recorded_drive import (
    anonymous_drive_file,
    drive_file,
    read_drive_file,
    replayed,
    watched,
)
from recond.host.sim.drive import SimClock
from recond.host.transport import FirmwareDevice
from recond.wipe.drive.capabilities import read_capabilities
from recond.wipe.drive.runner import DriveRunner
from tests.drive.histories import PATH, erase
from tests.drive.test_lies import drive_of, entries

KINDS = ("ata", "nvme", "scsi")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("lies", [(), ("success",), ("sticks",)], ids=str)
def test_a_journal_is_a_drive(kind: str, lies: tuple[str, ...]) -> None:
    """The same step against the replayed drive: the same conversation, outcome and proof."""
    drive, clock = drive_of(kind, *lies)
    history = erase(drive, clock, LevelWish.PURGE)
    plan = history.plan
    assert plan is not None
    timeline = read_timeline(parse_journal(history.sink.raw).entries)
    told = timeline.steps[0]
    before = [entry.data for entry in told.commands]
    ended = entries(history, "step_end")[0]
    real = drive.device(PATH)
    nsid = real.nvme.namespace() if real.nvme else None
    replay = replayed(real, parse_exchanges(before), nsid)
    runner = DriveRunner(lambda _path: (replay, drive.identity), SimClock(3))
    logged: list[dict[str, Any]] = []
    outcome, _reason = runner(
        plan.steps[0],
        0,
        drive.open(PATH, False),
        lambda word, data: logged.append(data) if word == "command" else None,
        lambda: False,
        lambda _permille: None,
        [],
    )
    assert outcome == ended["outcome"]
    if outcome == "done":
        assert prove(plan.steps[0], plan.disk, logged) == prove(plan.steps[0], plan.disk, before)
    sent = [(one["request"], one["answer"], one["status"]) for one in logged]
    assert sent
    assert set(sent) <= {(one["request"], one["answer"], one["status"]) for one in before}


def recorded(drive: Any) -> bytes:
    """A drive's file as `recond capture` writes it."""
    seen: list[Exchange] = []
    device: FirmwareDevice = watched(drive.device(PATH), seen.append)
    read_capabilities(device)
    return drive_file(device, device.nvme.namespace() if device.nvme else None, seen)


@pytest.mark.parametrize("kind", KINDS)
def test_a_captured_drive_offers_what_the_real_one_did(kind: str) -> None:
    drive, _ = drive_of(kind)
    raw = recorded(drive)
    assert read_capabilities(read_drive_file(raw)) == read_capabilities(drive.device(PATH))


@pytest.mark.parametrize("kind", KINDS)
def test_an_anonymous_drive_offers_the_same_and_has_no_number(kind: str) -> None:
    drive, _ = drive_of(kind)
    raw = anonymous_drive_file(recorded(drive))
    serial = drive.serial.encode()
    swapped = bytes(serial.ljust(20)[at ^ 1] for at in range(20))
    for spelling in (serial, serial.hex().encode(), swapped.hex().encode()[: 2 * len(serial)]):
        assert spelling not in raw
    found, real = read_capabilities(read_drive_file(raw)), read_capabilities(drive.device(PATH))
    for part in ("ata", "nvme", "scsi"):
        assert (getattr(found, part) is None) is (getattr(real, part) is None)
    if found.ata is not None and real.ata is not None:
        assert found.ata.distrust is None, "its own serial number is the one that it is asked for"
        assert found.ata.identity.checksum is True, "the page's sum is right again"
        assert found.ata.identity.security == real.ata.identity.security
        assert found.ata.hidden == real.ata.hidden
    if found.nvme is not None and real.nvme is not None:
        assert found.nvme.controller.block == real.nvme.controller.block
        assert found.nvme.nsid == real.nvme.nsid


def test_what_nobody_asked_then_is_unknown_now() -> None:
    drive, _ = drive_of("ata")
    replay = read_drive_file(recorded(drive))
    assert replay.ata is not None
    answer: CdbAnswer = replay.ata.execute(CdbRequest("never asked", bytes(16)))
    assert answer.errno is not None
    assert parse_identify(replay.ata.execute(ata_identify()).data) is not None


def test_answers_come_in_their_order_and_the_last_one_stays() -> None:
    request = ata_sanitize_status()

    def answered(status: int) -> Exchange:
        return Exchange("ata", request.name, request.cdb, b"", b"", status, b"", None)

    drive, _ = drive_of("ata")
    replay = replayed(drive.device(PATH), [answered(2), answered(0)])
    assert replay.ata is not None
    seen = [replay.ata.execute(request).packed_status for _ in range(4)]
    assert seen == [2, 0, 0, 0]


@pytest.mark.parametrize(
    "spoil",
    [
        lambda t: t.pop("size_bytes"),
        lambda t: t.update(size_bytes=True),
        lambda t: t.update(medium="paper"),
        lambda t: t.update(exchanges={"a": 1}),
        lambda t: t["exchanges"][0].update(request="zz"),
        lambda t: t["exchanges"][0].update(status="0"),
        lambda t: t["exchanges"][0].pop("errno"),
    ],
)
def test_a_broken_recording_is_refused(spoil: Callable[[dict[str, Any]], object]) -> None:
    drive, _ = drive_of("nvme")
    table = json.loads(recorded(drive))
    spoil(table)
    with pytest.raises(FormatError):
        read_drive_file(json.dumps(table).encode())


def test_an_exchange_comes_back_from_its_entry() -> None:
    one = Exchange("ata", "x", b"\x85\x00", b"\x01", b"\x02", 0x08000002, b"\x72", 5)
    assert parse_exchanges([exchange_json(one)]) == (one,)
    assert parse_exchanges([{"transport": "tool"}]) == ()
