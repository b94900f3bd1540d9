"""NVMe: Format NVM and Sanitize, from the first question to the last answer.

Why: a Format whose SES is 0 erases nothing and succeeds; a Sanitize's progress of FFFFh means done
and failed alike; the log may tell of somebody else's command. So SES is always said, and success is
read from the log's state *and* from the command that the log says it ran. Both may take more than
the namespace that was asked for: what else hangs on the controller is asked again just before.

Source: NVMe Base 2.1 5.1.10 (Format NVM), 5.1.22 (Sanitize), figure "Sanitize Status Log Page".
"""

from __future__ import annotations

from recond.drive import requests as rq
from recond.drive.answers import (
    believed_list,
    nvme_good,
    parse_nvme_controller,
    parse_nvme_namespace,
    parse_sanitize_log,
)
from recond.drive.nvme_formats import (
    judge_format,
    nvme_reformat,
    parse_nvme_formats,
    plain_format,
)
from recond.drive.said import nvme_words
from recond.drive.sectors import Capacity
from recond.drive.types import NvmeAnswer, NvmeController, NvmeRequest, StepOutcome
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
    Technique.NVME_SANITIZE_CRYPTO: 120,
    Technique.NVME_SANITIZE_BLOCK: 600,
    Technique.NVME_SANITIZE_OVERWRITE: 43200,
}
INVALID_FIELD = 0x02
FORMAT_FLOOR_S, FORMAT_CEILING_S = 900, 6 * 3600
FORMAT_BYTES_PER_S = 100_000_000


def _controller(line: Conversation) -> NvmeController | None:
    """Identify Controller of the drive that the plan names; None for another's or no answer."""
    found = parse_nvme_controller(line.nvme(rq.nvme_identify(1)).data)
    return found if found is not None and found.serial == line.device.serial else None


def _beside(line: Conversation, controller: NvmeController, nsid: int) -> StepOutcome | None:
    """Why a command that takes all namespaces must not be sent: the controller has others beside
    this one, attached or not, or does not say which it has (it resets, it refuses, it answers
    a list that cannot be); None where it may. Allocated ones (CNS 10h) are told by controllers that
    manage namespaces, and must be told by one of several; of others it is not asked (NVMe Base 2.1
    5.1.13).
    """
    found: set[int] = set()
    untold = False
    for cns in controller.lists:
        answer = line.nvme(rq.nvme_identify(cns))
        if _broken(answer):
            return unknown("no_answer")
        listed = believed_list(answer, nsid)
        untold = untold or listed is None
        found |= listed or set()
    if found - {nsid}:
        return failed("other_namespaces")
    return failed("namespaces_unknown") if untold else None


def _broken(answer: NvmeAnswer) -> bool:
    """Whether the answer is the kernel's, not the drive's: nobody knows what the drive did."""
    return answer.errno is not None or answer.status & 0x700 == 0x300


# --- Format ----------------------------------------------------------------------------------


def run_format(line: Conversation, step: WipeStep, nsid: int) -> StepOutcome:
    """Format with SES 1 or 2 in the format that the namespace has; then what is left of it."""
    controller = _controller(line)
    namespace = parse_nvme_namespace(line.nvme(rq.nvme_identify(0, nsid)).data)
    if controller is None or namespace is None:
        return not_it(line)
    takes_all = controller.format_all or controller.erase_all
    if takes_all and (others := _beside(line, controller, nsid)):
        return others
    if line.should_stop():
        return not_begun()
    limit = _format_limit(line.device.size_bytes)
    answer = line.nvme(
        rq.nvme_format(
            step.technique, nsid, flbas=namespace.flbas, dps=namespace.dps, timeout_s=limit
        )
    )
    if _broken(answer):
        return unknown("no_answer")
    if not nvme_good(answer.status, answer.errno):
        return failed("status", command="Format NVM", status=nvme_words(answer))
    outcome = wait(line, lambda: _format_look(line, nsid), None, limit)
    if outcome.outcome == StepEnd.DONE and _controller(line) is None:
        return unknown("no_answer")
    return outcome


def _format_limit(size_bytes: int) -> int:
    return min(FORMAT_CEILING_S, max(FORMAT_FLOOR_S, size_bytes // FORMAT_BYTES_PER_S))


def reformat(line: Conversation, nsid: int) -> tuple[StepOutcome, Capacity | None, Capacity | None]:
    """Give the namespace a format without metadata; how it ended, its capacity before and after.

    Is no erasure: SES is 0, and whatever the drive does with the old blocks is nobody's evidence.
    """
    controller = _controller(line)
    before = parse_nvme_formats(line.nvme(rq.nvme_identify(0, nsid)).data)
    if controller is None or before is None:
        return not_it(line), None, None
    if before.is_plain:
        return StepOutcome(StepEnd.DONE, None), before.capacity, before.capacity
    wanted = plain_format(before)
    if wanted is None or not controller.can_format:
        return failed("no_plain_format"), before.capacity, None
    if controller.format_all and (others := _beside(line, controller, nsid)):
        return others, before.capacity, None
    if line.should_stop():
        return not_begun(), before.capacity, None
    limit = _format_limit(before.capacity.size_bytes)
    answer = line.nvme(nvme_reformat(nsid, wanted.number, timeout_s=limit))
    if _broken(answer):
        return unknown("no_answer"), before.capacity, None
    if not nvme_good(answer.status, answer.errno):
        status = nvme_words(answer)
        return failed("status", command="Format NVM", status=status), before.capacity, None
    outcome = wait(line, lambda: _format_look(line, nsid), None, limit)
    if outcome.outcome is not StepEnd.DONE:
        return outcome, before.capacity, None
    if _controller(line) is None:
        return unknown("no_answer"), before.capacity, None
    after = parse_nvme_formats(line.nvme(rq.nvme_identify(0, nsid)).data)
    why = judge_format(before, after, wanted)
    ended = StepOutcome(StepEnd.FAILED if why else StepEnd.DONE, why)
    return ended, before.capacity, after.capacity if after else None


def _format_look(line: Conversation, nsid: int) -> StatusLook:
    answer, keep = line.ask_nvme(rq.nvme_identify(0, nsid))
    found = parse_nvme_namespace(answer.data)
    if not nvme_good(answer.status, answer.errno) or found is None:
        return StatusLook(
            DriveState.UNCLEAR, line.permille, Message("drive.reason.no_answer"), keep
        )
    if found.left_percent:
        return StatusLook(DriveState.RUNNING, 10 * (100 - min(100, found.left_percent)), None, keep)
    return StatusLook(DriveState.DONE, 1000, None, keep)


# --- Sanitize --------------------------------------------------------------------------------


def run_sanitize(line: Conversation, step: WipeStep, nsid: int) -> StepOutcome:
    """Issue one Sanitize (unless this run did and it is under way) and wait for its log."""
    controller = _controller(line)
    if controller is None:
        return not_it(line)
    mine = _mine(line, step.technique)
    first = _log_look(line, mine)
    first.keep()
    if mine is None and first.state is DriveState.RUNNING:
        other = wait(line, lambda: _log_look(line, None), step.estimate_s, 43200)
        if other.outcome in (StepEnd.UNKNOWN, StepEnd.STOPPED):
            return other
    if mine is None or first.state not in ("running", "done"):
        if others := _beside(line, controller, nsid):
            return others
        if line.should_stop():
            return not_begun()
        answer, mine = _issue(line, step.technique, controller)
        if _broken(answer):
            return unknown("no_answer")
        if not nvme_good(answer.status, answer.errno):
            return failed("status", command="Sanitize", status=nvme_words(answer))
    outcome = wait(line, lambda: _log_look(line, mine), step.estimate_s, USUAL_S[step.technique])
    if outcome.outcome == StepEnd.FAILED:
        line.nvme(rq.nvme_exit_failure())
    if outcome.outcome == StepEnd.DONE and _controller(line) is None:
        return unknown("no_answer")
    return outcome


def _requests(technique: Technique, controller: NvmeController) -> tuple[NvmeRequest, ...]:
    """What to ask, the best first: deallocated blocks read as zeros and show nothing."""
    keep = not controller.deallocates
    wishes = (True, False) if controller.purge_reporting else (False,)
    return tuple(
        rq.nvme_sanitize(technique, no_deallocate=keep, purge_required=wish) for wish in wishes
    )


def _issue(
    line: Conversation, technique: Technique, controller: NvmeController
) -> tuple[NvmeAnswer, int]:
    """Send it; where PREQ is an invalid field, once more without. Returns the CDW10 that ran."""
    *first, last = _requests(technique, controller)
    for request in first:
        answer = line.nvme(request)
        if answer.errno is not None or answer.status & 0x7FF != INVALID_FIELD:
            return answer, rq.cdw10_of(request.command)
    return line.nvme(last), rq.cdw10_of(last.command)


def _mine(line: Conversation, technique: Technique) -> int | None:
    """CDW10 of this step's Sanitize that the drive accepted in an earlier session."""
    for request, data in reversed(line.sent("nvme")):
        good = data["errno"] is None and int(str(data["status"])) & 0x7FF == 0
        if request[0] == 0x84 and good and rq.cdw10_of(request) & 7 == rq.SANACT[technique]:
            return rq.cdw10_of(request)
    return None


def _log_look(line: Conversation, cdw10: int | None) -> StatusLook:
    answer, keep = line.ask_nvme(rq.nvme_sanitize_log())
    log = parse_sanitize_log(answer.data)
    if not nvme_good(answer.status, answer.errno) or log is None:
        return StatusLook(
            DriveState.UNCLEAR, line.permille, Message("drive.reason.no_answer"), keep
        )
    if log.blank or log.state == 0:
        return StatusLook(
            DriveState.UNCLEAR, line.permille, Message("drive.reason.blank_log"), keep
        )
    if log.state == 2:
        return StatusLook(DriveState.RUNNING, log.sprog * 1000 // 65536, None, keep)
    if log.state == 3:
        return StatusLook(DriveState.FAILED, 0, Message("drive.reason.sanitize_failed"), keep)
    if log.state not in (1, 4):
        return StatusLook(
            DriveState.UNCLEAR, line.permille, Message("drive.reason.no_answer"), keep
        )
    if cdw10 is not None and log.scdw10 != cdw10:
        return StatusLook(DriveState.FAILED, 0, Message("drive.reason.other_command"), keep)
    return StatusLook(DriveState.DONE, 1000, None, keep)
