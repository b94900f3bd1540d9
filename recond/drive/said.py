"""What a drive said to a command, in words: one question for the eraser and for the record.

Why: the certificate, the journal's reason and the screen name a refusal alike. Pure.
"""

from __future__ import annotations

import errno as errors

from recond.drive.answers import R1_ERRORS, nvme_good
from recond.drive.nvme_status import nvme_status_words
from recond.drive.scsi_words import ata_words, mmc_words, scsi_words
from recond.drive.sense import ata_accepted, scsi_good
from recond.drive.types import CdbAnswer, MmcAnswer, NvmeAnswer


def refusal_words(transport: str, status: int, sense: bytes, errno: int | None) -> str | None:
    """Why a command was not carried out, in the words of its standard; None where it was.

    `transport` and the numbers are those of a journal's `command` entry; a tool's status is its
    exit status. An `errno` is the kernel's: the drive itself said nothing.
    """
    if errno is not None:
        return f"{errors.errorcode.get(errno, str(errno))} (Linux)"
    if transport == "nvme":
        return None if nvme_good(status, None) else nvme_status_words(status)
    if transport == "ata":
        return None if ata_accepted(status, sense, None) else ata_words(status, sense)
    if transport == "scsi":
        return None if scsi_good(status, None) else scsi_words(status, sense)
    if transport == "mmc":
        return mmc_words(status) if status & R1_ERRORS else None
    return f"exit {status}" if status else None


def cdb_words(transport: str, answer: CdbAnswer) -> str:
    """`refusal_words` of an answer that was no success."""
    found = refusal_words(transport, answer.packed_status, answer.sense, answer.errno)
    return found or f"{answer.packed_status:08X}h"


def nvme_words(answer: NvmeAnswer) -> str:
    """`refusal_words` of an answer that was no success."""
    return refusal_words("nvme", answer.status, b"", answer.errno) or f"{answer.status:04X}h"


def mmc_answer_words(answer: MmcAnswer) -> str:
    """`refusal_words` of an answer that was no success."""
    return refusal_words("mmc", answer.response, b"", answer.errno) or f"{answer.response:08X}h"
