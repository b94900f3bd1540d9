"""A drive that somebody else already had erasing itself: waited for, and its end is nobody's proof.

What ran before was not confirmed by anybody, nor were canaries read before it: the run issues its
own command once the drive is free, and only that one counts.
"""

from __future__ import annotations

from typing import Any

import pytest

from recond.drive import requests as rq
from recond.erasure import Level, LevelWish, Technique
from tests.drive.histories import PATH, erase
from tests.drive.test_lies import drive_of, entries

T = Technique
OTHERS: dict[str, Any] = {
    "ata": lambda: rq.ata_sanitize(T.ATA_SANITIZE_CRYPTO),
    "nvme": lambda: rq.nvme_sanitize(
        T.NVME_SANITIZE_CRYPTO, no_deallocate=True, purge_required=False
    ),
    "scsi": lambda: rq.scsi_sanitize(T.SCSI_SANITIZE_CRYPTO),
}


def already_erasing(kind: str, *lies: str) -> tuple[Any, Any]:
    """A drive whose Sanitize began before the run did."""
    drive, clock = drive_of(kind, *lies)
    transport = getattr(drive.device(PATH), kind)
    transport.execute(OTHERS[kind]())
    assert drive.work is not None
    return drive, clock


def own_commands(history: Any) -> list[bytes]:
    """The erasing commands that the run itself sent: B4h with a feature, 84h, 48h."""
    sent = [
        (str(one["transport"]), bytes.fromhex(str(one["request"])))
        for one in entries(history, "command")
    ]
    return [
        raw
        for transport, raw in sent
        if (transport == "ata" and raw[14] == 0xB4 and raw[4])
        or (transport == "nvme" and raw[0] == 0x84)
        or (transport == "scsi" and raw[0] == 0x48)
    ]


@pytest.mark.parametrize("kind", OTHERS)
def test_it_is_waited_for_and_then_erased_by_a_command_of_its_own(kind: str) -> None:
    drive, clock = already_erasing(kind)
    history = erase(drive, clock, LevelWish.PURGE)
    assert len(own_commands(history)) == 1
    assert history.approved is Level.PURGE
    assert drive.cells.left() == 0


@pytest.mark.parametrize("lie", ["success", "fails", "stuck", "half"])
@pytest.mark.parametrize("kind", OTHERS)
def test_a_drive_that_lies_about_both_is_not_approved(kind: str, lie: str) -> None:
    drive, clock = already_erasing(kind, lie)
    history = erase(drive, clock, LevelWish.PURGE)
    assert history.approved is None
