"""SCSI and SAS drives: SANITIZE and FORMAT UNIT, from the first question to the last answer.

Why: a drive that was asked with IMMED answers GOOD at once, so how it ended is only in REQUEST
SENSE, and that keeps no memory: "no sense" means done, or never begun. Therefore TEST UNIT READY is
asked too, and the reading afterwards decides.

Source: SBC-4 5.4 (FORMAT UNIT), 5.30 (SANITIZE), 4.11 (sanitize operations); SPC-5 6.39
(REQUEST SENSE).
"""

from __future__ import annotations

from recond.drive import requests as rq
from recond.drive.answers import parse_vpd_serial
from recond.drive.said import cdb_words
from recond.drive.sectors import (
    CAPACITIES,
    Capacity,
    judge_sectors,
    scsi_block_descriptor,
    scsi_set_block,
)
from recond.drive.sense import UNDER_WAY, parse_sense, scsi_good
from recond.drive.types import CdbAnswer, StepOutcome
from recond.ends import StepEnd
from recond.erasure import Technique, WipeStep
from recond.model import Message
from recond.wipe.drive.conversation import (
    Conversation,
    DriveState,
    StatusLook,
    failed,
    not_begun,
    not_it,
    unknown,
    wait,
)

USUAL_S = {
    Technique.SCSI_SANITIZE_CRYPTO: 120,
    Technique.SCSI_SANITIZE_BLOCK: 600,
    Technique.SCSI_SANITIZE_OVERWRITE: 43200,
    Technique.SCSI_FORMAT_UNIT: 43200,
}
MEDIUM_ERROR, LOW_POWER = 0x03, 0x5E
INVALID_FIELD_IN_CDB = (0x05, 0x24, 0x00)
ENDED_BADLY = frozenset({(0x31, 0x03), (0x31, 0x01), (0x31, 0x00)})


def _is_it(line: Conversation) -> bool:
    answer = line.scsi(rq.scsi_inquiry(0x80))
    found = parse_vpd_serial(answer.data) if scsi_good(answer.packed_status, answer.errno) else None
    return found is not None and found == line.device.serial


def run_erase(line: Conversation, step: WipeStep) -> StepOutcome:
    """Issue the command (unless this run did and it is under way) and wait for its end."""
    if not _is_it(line):
        return not_it(line)
    sanitizes = step.technique is not Technique.SCSI_FORMAT_UNIT
    request = rq.scsi_sanitize(step.technique) if sanitizes else rq.scsi_format_unit()
    mine = any(
        sent == request.cdb and data["errno"] is None and data["status"] == 0
        for sent, data in line.sent("scsi")
    )
    first = _look(line)
    first.keep()
    if first.state is DriveState.RUNNING and not mine:
        other = wait(line, lambda: _look(line), step.estimate_s, 43200)
        if other.outcome in (StepEnd.UNKNOWN, StepEnd.STOPPED):
            return other
    if not (mine and first.state in (DriveState.RUNNING, DriveState.DONE)):
        if line.should_stop():
            return not_begun()
        answer = line.scsi(request)
        if not scsi_good(answer.packed_status, answer.errno):
            after = _look(line)
            after.keep()
            if after.state in (DriveState.RUNNING, DriveState.UNCLEAR):
                return unknown("no_answer")
            return failed("status", command=request.name, status=cdb_words("scsi", answer))
    outcome = wait(line, lambda: _look(line), step.estimate_s, USUAL_S[step.technique])
    if outcome.outcome == StepEnd.DONE:
        outcome = _ended(line)
    if outcome.outcome == StepEnd.FAILED and sanitizes:
        line.scsi(rq.scsi_exit_failure())
    return outcome


def _ended(line: Conversation) -> StepOutcome:
    """How it ended by TEST UNIT READY, where REQUEST SENSE tells nothing: some drives keep the
    failure for the commands that it forbids. Asked twice, because the first may only report the
    change.
    """
    for _ in range(2):
        answer = line.scsi(rq.scsi_test_unit_ready())
        if scsi_good(answer.packed_status, answer.errno):
            return StepOutcome(StepEnd.DONE, None) if _is_it(line) else unknown("no_answer")
    sense = parse_sense(answer.sense)
    if sense is not None and (sense.asc, sense.ascq) in ENDED_BADLY:
        return failed("sanitize_failed")
    return unknown("no_answer")


def reformat(
    line: Conversation, block_bytes: int
) -> tuple[StepOutcome, Capacity | None, Capacity | None]:
    """Give the disk sectors of another size; how it ended, and its capacity before and after.

    Is no erasure. One that is under way is waited for; what it came to is the capacity before.
    """
    if not _is_it(line):
        return not_it(line), None, None
    first = _look(line)
    first.keep()
    if first.state is DriveState.RUNNING:
        other = wait(line, lambda: _look(line), None, USUAL_S[Technique.SCSI_FORMAT_UNIT])
        if other.outcome in (StepEnd.UNKNOWN, StepEnd.STOPPED):
            return other, None, None
    before = _capacity(line)
    if before is None:
        return unknown("no_answer"), None, None
    if before.block_bytes == block_bytes:
        return StepOutcome(StepEnd.DONE, None), before, before
    outcome = _format(line, block_bytes)
    if outcome.outcome is not StepEnd.DONE:
        return outcome, before, None
    if not (_ready(line) and _is_it(line)):
        return unknown("no_answer"), before, None
    after = _capacity(line)
    why = judge_sectors(before, after, block_bytes)
    return StepOutcome(StepEnd.FAILED if why else StepEnd.DONE, why), before, after


def _format(line: Conversation, block_bytes: int) -> StepOutcome:
    descriptor = line.scsi(scsi_block_descriptor())
    good = scsi_good(descriptor.packed_status, descriptor.errno)
    select = scsi_set_block(descriptor.data, block_bytes) if good else None
    unsaved = scsi_set_block(descriptor.data, block_bytes, save=False) if good else None
    if select is None or unsaved is None:
        return failed("no_descriptor")
    for request in (select, rq.scsi_format_unit()):
        if line.should_stop():
            return not_begun()
        answer = line.scsi(request)
        if request is select and _refuses_field(answer):
            answer = line.scsi(unsaved)
        if not scsi_good(answer.packed_status, answer.errno):
            return failed("status", command=request.name, status=cdb_words("scsi", answer))
    return wait(line, lambda: _look(line), None, USUAL_S[Technique.SCSI_FORMAT_UNIT])


def _refuses_field(answer: CdbAnswer) -> bool:
    """INVALID FIELD IN CDB: what a drive without saved mode pages says to SP."""
    sense = parse_sense(answer.sense)
    return sense is not None and (sense.key, sense.asc, sense.ascq) == INVALID_FIELD_IN_CDB


def _capacity(line: Conversation) -> Capacity | None:
    """READ CAPACITY(16), then (10) for drives from before it; twice, for the news of a change."""
    for _ in range(2):
        for request, parse in CAPACITIES:
            answer = line.scsi(request)
            if scsi_good(answer.packed_status, answer.errno) and (found := parse(answer.data)):
                return found
    return None


def _ready(line: Conversation) -> bool:
    """TEST UNIT READY; asked twice, because the first may only report the change."""
    for _ in range(2):
        answer = line.scsi(rq.scsi_test_unit_ready())
        if scsi_good(answer.packed_status, answer.errno):
            return True
    return False


def _look(line: Conversation) -> StatusLook:
    answer, keep = line.ask_scsi(rq.scsi_request_sense())
    sense = parse_sense(answer.data)
    if not scsi_good(answer.packed_status, answer.errno) or sense is None:
        return StatusLook(
            DriveState.UNCLEAR, line.permille, Message("drive.reason.no_answer"), keep
        )
    code = (sense.asc, sense.ascq)
    if code in UNDER_WAY:
        return StatusLook(DriveState.RUNNING, (sense.progress or 0) * 1000 // 65536, None, keep)
    if code in ENDED_BADLY or sense.key == MEDIUM_ERROR:
        return StatusLook(DriveState.FAILED, 0, Message("drive.reason.sanitize_failed"), keep)
    if sense.key or sense.asc not in (0x00, LOW_POWER):  # not ready, or the news of a reset
        return StatusLook(
            DriveState.UNCLEAR, line.permille, Message("drive.reason.no_answer"), keep
        )
    return StatusLook(DriveState.DONE, 1000, None, keep)
