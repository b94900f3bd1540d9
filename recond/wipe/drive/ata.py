"""ATA drives: SECURITY ERASE UNIT and SANITIZE DEVICE, from the first question to the last answer.

Why: a SECURITY ERASE that is interrupted leaves the drive locked, so the password is in the journal
before the drive is given it, every way out ends at "not enabled", and where that cannot be reached
the outcome is `unknown`: the run stays open and `recond resume` goes through the same door again.
No password is set on a drive whose passage was not proven in this very step. Nothing here believes
a status alone: IDENTIFY or SANITIZE STATUS is asked after every change.

Source: ACS-3 4.20 (security states), ACS-4 4.17 and 7.36 (sanitize).
"""

from __future__ import annotations

from recond.drive import requests as rq
from recond.drive.answers import parse_ata_sanitize
from recond.drive.identify import AtaIdentity, SecurityState
from recond.drive.said import cdb_words
from recond.drive.sense import ata_accepted, parse_registers
from recond.drive.types import CdbAnswer, StepOutcome
from recond.ends import StepEnd
from recond.erasure import Technique, WipeStep
from recond.model import Json, Message
from recond.wipe.drive.conversation import (
    SILENCE_S,
    Conversation,
    DriveState,
    StatusLook,
    accepted,
    ask_registers,
    cap_s,
    failed,
    identify,
    not_begun,
    not_it,
    unknown,
    wait,
)

PASSWORD = b"recond".ljust(rq.PASSWORD_BYTES, b"\0")
"""Fixed and documented, so that a drive left locked can be opened without the journal too."""

USUAL_S = {
    Technique.ATA_SANITIZE_CRYPTO: 120,
    Technique.ATA_SANITIZE_BLOCK: 600,
    Technique.ATA_SANITIZE_OVERWRITE: 43200,
}
SECURITY_FLOOR_S = 7200
IDENTIFY_PAUSE_S = 10.0
FROZEN = Message("drive.reason.sanitize_frozen")
SANITIZE_REASONS = {1: "failed_before", 2: "unsupported", 3: "frozen", 4: "antifreeze"}


# --- SANITIZE --------------------------------------------------------------------------------


def run_sanitize(line: Conversation, step: WipeStep) -> StepOutcome:
    """Issue one SANITIZE operation (unless this run did and it is under way) and wait for it."""
    identity = identify(line)
    if identity is None:
        return not_it(line)
    request = rq.ata_sanitize(step.technique)
    mine = any(
        sent == request.cdb
        and ata_accepted(int(str(data["status"])), bytes.fromhex(str(data["sense"] or "")), None)
        for sent, data in line.sent("ata")
        if data["errno"] is None
    )
    look = _sanitize_look(line)
    if look.state is DriveState.UNCLEAR and not mine:
        return failed("no_registers")
    look.keep()
    if look.reason == FROZEN:
        return StepOutcome(StepEnd.FAILED, FROZEN)
    if look.state is DriveState.RUNNING and not mine:
        other = wait(line, lambda: _sanitize_look(line), step.estimate_s, 43200)
        if other.outcome in (StepEnd.UNKNOWN, StepEnd.STOPPED):
            return other
    if not (mine and look.state in (DriveState.RUNNING, DriveState.DONE)):
        if line.should_stop():
            return not_begun()
        answer = line.ata(request)
        if not accepted(answer):
            return _refused(line, answer)
    outcome = wait(line, lambda: _sanitize_look(line), step.estimate_s, USUAL_S[step.technique])
    if outcome.outcome is StepEnd.FAILED:  # until then it takes no overwrite either
        line.ata(rq.ata_sanitize_status(clear=True))
    if outcome.outcome == StepEnd.DONE and identify(line) is None:
        return unknown("no_answer")
    return outcome


def _refused(line: Conversation, answer: CdbAnswer) -> StepOutcome:
    """The command was not taken; a transport that broke may still have carried it."""
    if answer.errno is not None or parse_registers(answer.sense) is None:
        look = _sanitize_look(line)
        look.keep()
        if look.state in (DriveState.RUNNING, DriveState.UNCLEAR):
            return unknown("no_answer")
    return failed("status", command="SANITIZE DEVICE", status=cdb_words("ata", answer))


def _sanitize_look(line: Conversation) -> StatusLook:
    """SANITIZE STATUS EXT, whose state stands in COUNT 15:8."""
    answer, registers, keep = ask_registers(line, rq.ata_sanitize_status())
    if answer.errno is not None or registers is None:
        return StatusLook(
            DriveState.UNCLEAR, line.permille, Message("drive.reason.no_answer"), keep
        )
    if not registers.accepted:
        word = SANITIZE_REASONS.get(registers.lba & 0xFF, "aborted")
        return StatusLook(DriveState.FAILED, 0, Message(f"drive.reason.sanitize_{word}"), keep)
    status = parse_ata_sanitize(registers)
    if status is None:
        return StatusLook(
            DriveState.UNCLEAR, line.permille, Message("drive.reason.no_registers"), keep
        )
    if status.running:
        return StatusLook(DriveState.RUNNING, status.permille, None, keep)
    if status.frozen:
        return StatusLook(DriveState.FAILED, 0, FROZEN, keep)
    if status.done:
        return StatusLook(DriveState.DONE, 1000, None, keep)
    return StatusLook(DriveState.FAILED, 0, Message("drive.reason.sanitize_idle"), keep)


# --- SECURITY --------------------------------------------------------------------------------


def run_security(line: Conversation, step: WipeStep) -> StepOutcome:
    """SECURITY ERASE UNIT with its state machine; a drive that this run locked is opened first."""
    enhanced = step.technique is Technique.ATA_SECURITY_ERASE_ENHANCED
    identity = identify(line)
    if identity is None:
        return unknown("locked_elsewhere") if _password(line) else not_it(line)
    entered = _enter(line, identity)
    if entered is not None:
        return entered
    if line.should_stop():
        return _leave(line, not_begun())
    prepared = line.ata(rq.ata_erase_prepare())
    if not accepted(prepared):
        said = cdb_words("ata", prepared)
        return _leave(line, failed("status", command="SECURITY ERASE PREPARE", status=said))
    estimate = identity.security.enhanced_s if enhanced else identity.security.normal_s
    limit = max(SECURITY_FLOOR_S, cap_s(estimate, step.estimate_s or SECURITY_FLOOR_S))
    answer = line.ata(
        rq.ata_erase_unit(_password(line) or PASSWORD, enhanced=enhanced, timeout_s=limit)
    )
    after = _answering(line)
    if after is None:
        return unknown("locked_elsewhere")
    if after.security.enabled:
        return _leave(line, failed("erase_not_done"))
    if not accepted(answer):
        said = cdb_words("ata", answer)
        return failed("status", command="SECURITY ERASE UNIT", status=said)
    return StepOutcome(StepEnd.DONE)


def _password(line: Conversation) -> bytes | None:
    """The password that this run's journal holds for the drive, if it was ever set."""
    for kind, data in reversed(line.entries):
        if kind == "password":
            return bytes.fromhex(str(data["password"]))
    return None


def _enter(line: Conversation, identity: AtaIdentity) -> StepOutcome | None:
    """Bring the drive to SEC5 with our password; an outcome where that cannot be."""
    state, known = identity.security.state, _password(line)
    if state is SecurityState.UNSUPPORTED:
        return failed("no_security")
    if state is SecurityState.SEC2:
        return failed("frozen")
    if state is not SecurityState.SEC1 and known is None:
        return failed("locked_by_another")
    if state is SecurityState.SEC6:
        return unknown("frozen_enabled")
    answer: CdbAnswer | None = None
    if state is SecurityState.SEC4:
        answer = line.ata(rq.ata_unlock(known or PASSWORD))
    elif state is SecurityState.SEC1:
        if line.should_stop():
            return not_begun()
        entry: dict[str, Json] = {"step": line.step, "password": PASSWORD.hex(), "role": "user"}
        line.log("password", entry)
        line.entries.append(("password", entry))
        answer = line.ata(rq.ata_set_password(PASSWORD))
    found = _answering(line)
    if found is None:
        return unknown("locked_elsewhere")
    if found.security.state is SecurityState.SEC5:
        return None
    if not found.security.enabled:
        return _refused_password("SECURITY SET PASSWORD", answer)
    return _leave(line, _refused_password("SECURITY UNLOCK", answer))


def _refused_password(command: str, answer: CdbAnswer | None) -> StepOutcome:
    """What the drive said to it; one that accepted it and did nothing said nothing."""
    if answer is None or accepted(answer):
        return failed("refused", command=command)
    return failed("status", command=command, status=cdb_words("ata", answer))


def _leave(line: Conversation, outcome: StepOutcome) -> StepOutcome:
    """Take the password off again; `unknown` where the drive keeps it."""
    password = _password(line) or PASSWORD
    identity = _answering(line)
    if identity is not None and identity.security.locked:
        line.ata(rq.ata_unlock(password))
        identity = _answering(line)
    if identity is not None and identity.security.enabled:
        line.ata(rq.ata_disable_password(password))
        identity = _answering(line)
    if identity is None or identity.security.enabled:
        return unknown("left_locked", password=password.rstrip(b"\0").decode("ascii", "replace"))
    return outcome


def _answering(line: Conversation) -> AtaIdentity | None:
    """IDENTIFY, asked again for five minutes: a drive may be deaf after a reset of its link."""
    began = line.clock.monotonic_s()
    while (found := identify(line)) is None:
        if line.clock.monotonic_s() - began > SILENCE_S:
            return None
        line.tick()
        line.clock.sleep(IDENTIFY_PAUSE_S)
    return found
