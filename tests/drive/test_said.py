"""What a drive said to a command stands in its standard's words, on the certificate too."""

from __future__ import annotations

import errno
import json
from dataclasses import replace

import pytest

from recond.certify.record import Belonging, fold_journal
from recond.certify.verify.evidence import same_result
from recond.certify.verify.verdicts import Answer
from recond.drive.said import refusal_words
from recond.erasure import LevelWish
from recond.locale import say
from tests.drive.histories import erase
from tests.drive.test_lies import drive_of, entries

CHECK, DRIVER_SENSE = 0x02, 0x08 << 24


def ata_registers(error: int, status: int) -> bytes:
    """Descriptor sense with an ATA Status Return descriptor (SAT-4 12.2.2.6)."""
    body = bytes([0x09, 0x0C, 0, error, 0, 0, 0, 0, 0, 0, 0, 0, 0, status])
    return bytes([0x72, 0x0B if error else 0x01, 0, 0x1D, 0, 0, 0, len(body)]) + body


def fixed(key: int, asc: int, ascq: int) -> bytes:
    return bytes([0x70, 0, key, 0, 0, 0, 0, 10, 0, 0, 0, 0, asc, ascq, 0, 0, 0, 0])


@pytest.mark.parametrize(
    ("transport", "status", "sense", "number", "words"),
    [
        ("nvme", 0, b"", None, None),
        ("nvme", 0x410A, b"", None, "Invalid Format (NVMe Base 2.1 4.2.3: SCT 1h, SC 0Ah)"),
        ("nvme", 0, b"", errno.ENODEV, "ENODEV (Linux)"),
        ("ata", CHECK | DRIVER_SENSE, ata_registers(0, 0x50), None, None),
        (
            "ata",
            CHECK | DRIVER_SENSE,
            ata_registers(0x04, 0x51),
            None,
            "Command Aborted (ACS-4 6.3: ERROR 04h, STATUS 51h)",
        ),
        (
            "ata",
            CHECK | DRIVER_SENSE,
            ata_registers(0x00, 0x70),
            None,
            "Device Fault (ACS-4 6.3: ERROR 00h, STATUS 70h)",
        ),
        ("ata", 0, b"", None, "no ATA registers came back (SAT-4 12.2.2.6)"),
        ("scsi", 0, b"", None, None),
        (
            "scsi",
            CHECK,
            fixed(5, 0x24, 0),
            None,
            "ILLEGAL REQUEST, INVALID FIELD IN CDB (SPC-5 4.4: 5h, 24h/00h)",
        ),
        ("scsi", CHECK, fixed(4, 0x99, 1), None, "HARDWARE ERROR (SPC-5 4.4: 4h, 99h/01h)"),
        ("scsi", 0x18, b"", None, "RESERVATION CONFLICT (SAM-5 5.3: 18h)"),
        ("scsi", 0x03 << 8, b"", None, "DID_TIME_OUT (Linux scsi_status.h: 03h)"),
        ("mmc", 0x900, b"", None, None),
        ("mmc", 1 << 26 | 0x900, b"", None, "WP_VIOLATION (JESD84-B51 6.13: 04000900h)"),
        ("tool", 0, b"", None, None),
        ("tool", 3, b"", None, "exit 3"),
    ],
)
def test_a_refusal_is_said_in_the_words_of_its_standard(
    transport: str, status: int, sense: bytes, number: int | None, words: str | None
) -> None:
    assert refusal_words(transport, status, sense, number) == words


def test_the_certificate_names_what_the_drive_said() -> None:
    history = erase(*drive_of("scsi", "untold", "lacks"), LevelWish.BEST, try_unreported=True)
    raw = bytes(history.sink.raw)
    first = fold_journal(raw, "journals/a.jsonl").steps[0]
    said = [say("en", one) for one in first.commands]
    assert any(
        "SANITIZE" in one and "refused: ILLEGAL REQUEST, INVALID COMMAND OPERATION CODE" in one
        for one in said
    ), said
    assert any(one.startswith("INQUIRY") and "accepted" in one for one in said), said
    former = fold_journal(raw, "journals/a.jsonl", bare=True).steps[0]
    assert {one.code for one in former.commands} == {"certify.command"}


def test_a_record_that_still_says_numbers_is_proven_by_its_journal() -> None:
    history = erase(*drive_of("nvme"), LevelWish.PURGE)
    raw, file = bytes(history.sink.raw), "journals/a.jsonl"
    opened = json.loads(raw.splitlines()[0])["data"]
    belongs = Belonging(opened["run_id"], opened["demonstration"])
    for said in (fold_journal(raw, file, belongs, bare=bare) for bare in (False, True)):
        assert same_result(raw, file, belongs, said).answer is Answer.YES
        wrong = replace(said, path="/dev/another")
        assert same_result(raw, file, belongs, wrong).answer is Answer.NO


def test_the_journal_ends_with_the_drives_own_words() -> None:
    history = erase(*drive_of("ata", "drops", sanitizes=False, rotating=True), LevelWish.PURGE)
    (end,) = entries(history, "end")
    assert end["reason"] == {
        "code": "drive.reason.status",
        "args": {
            "command": "SECURITY SET PASSWORD",
            "status": "no ATA registers came back (SAT-4 12.2.2.6)",
        },
    }
