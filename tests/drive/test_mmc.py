"""An eMMC of the tests: what is planned for it, sent to it and proven of it."""

from __future__ import annotations

import errno
import struct

import pytest

from recond.drive.requests import BLKSECDISCARD, MMC_IOC_CMD
from recond.drive.types import MmcAnswer, MmcRequest
from recond.erasure import Level, LevelWish, Technique
from recond.host.sim.drive import SimClock, SimDrive
from recond.host.transport import FirmwareDevice, Tick
from recond.model import Medium
from tests.drive.histories import Drive, erase


class SimMmc(SimDrive):
    """Discards throw the map away; SANITIZE takes what was discarded out of the cells."""

    bus = "mmc"
    medium = Medium.EMMC

    def __init__(self, lies: frozenset[str], *, secure: bool, sanitizes: bool) -> None:
        super().__init__(SimClock(3), 3, lies, "text")
        self.features = secure | sanitizes << 6

    def device(self, path: str) -> FirmwareDevice:
        return FirmwareDevice(path, self.bus, self.medium, self.serial, self.cells.size, mmc=self)

    def execute(self, request: MmcRequest, tick: Tick | None = None) -> MmcAnswer:
        if request.ioctl != MMC_IOC_CMD:
            assert request.argument == struct.pack("<QQ", 0, self.cells.size)
            if request.ioctl == BLKSECDISCARD and not self.features & 1:
                return MmcAnswer(errno=errno.EOPNOTSUPP)
            if "success" not in self.lies:
                self.cells.deallocated = True
                if request.ioctl == BLKSECDISCARD:
                    self.erase("zeros")
            return MmcAnswer()
        if request.read_bytes:
            raw = bytearray(512)
            raw[192], raw[231], raw[226] = 8, self.features, 32
            return MmcAnswer(0x900, bytes(raw))
        if "fails" in self.lies:
            return MmcAnswer(0x980)  # SWITCH_ERROR
        self.erase("zeros")
        return MmcAnswer(0x900)


def drive(*lies: str, secure: bool = True, sanitizes: bool = True) -> Drive:
    return SimMmc(frozenset(lies), secure=secure, sanitizes=sanitizes)  # type: ignore[return-value]


@pytest.mark.parametrize(
    ("secure", "sanitizes", "techniques"),
    [
        (True, True, [Technique.MMC_SANITIZE, Technique.MMC_SECURE_ERASE]),
        (False, True, [Technique.MMC_SANITIZE]),
        (True, False, [Technique.MMC_SECURE_ERASE]),
        (False, False, [Technique.OVERWRITE, Technique.OVERWRITE]),
    ],
)
def test_best_is_clear_and_proven(
    secure: bool, sanitizes: bool, techniques: list[Technique]
) -> None:
    card = drive(secure=secure, sanitizes=sanitizes)
    history = erase(card, card.clock, LevelWish.BEST)
    assert history.plan is not None
    assert [step.technique for step in history.plan.steps] == techniques
    assert "wipe.not_reached.emmc_boot" in {m.code for m in history.plan.not_reached}
    assert history.approved is Level.CLEAR, str(history)
    assert not card.cells.shown()


def test_purge_is_refused() -> None:
    card = drive()
    plan = erase(card, card.clock, LevelWish.PURGE).plan
    assert plan is not None
    assert [m.code for m in plan.refusals] == ["wipe.refusal.no_purge"]


def test_a_switch_error_is_a_failure() -> None:
    card = drive("fails", secure=False)
    history = erase(card, card.clock, LevelWish.BEST)
    assert (history.outcome, history.approved) == ("failed", None)


def test_a_card_that_does_nothing_is_seen() -> None:
    card = drive("success")
    history = erase(card, card.clock, LevelWish.BEST)
    assert (history.outcome, history.approved) == ("completed", None)
