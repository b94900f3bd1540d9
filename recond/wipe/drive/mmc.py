"""eMMC: secure erase or trim by the kernel, and SANITIZE by the card's own switch.

Why: a discard only tells the card what is free; SANITIZE is what takes it out of the cells
(JESD84-B51 6.6.13), so everything is discarded first. Both wait inside the ioctl, with the
kernel's own time limits. The card keeps no memory of how it ended: its status word and the reading
afterwards decide. boot0, boot1 and RPMB are not user area and are not reached.
"""

from __future__ import annotations

from recond.drive import requests as rq
from recond.drive.answers import R1_ERRORS, parse_ext_csd
from recond.drive.said import mmc_answer_words
from recond.drive.types import MmcAnswer, StepOutcome
from recond.ends import StepEnd
from recond.erasure import Technique, WipeStep
from recond.wipe.drive.conversation import Conversation, failed, not_begun, unknown

SANITIZE_S = 1800


def run_erase(line: Conversation, step: WipeStep) -> StepOutcome:
    """Discard the whole user area, securely where the card can, then SANITIZE where it is asked."""
    card = parse_ext_csd(line.mmc(rq.mmc_ext_csd()).data)
    if card is None:
        return unknown("no_answer") if line.deaf else failed("other_drive")
    if line.should_stop():
        return not_begun()
    sanitizes = step.technique is Technique.MMC_SANITIZE
    size = line.device.size_bytes
    discard = rq.mmc_discard(size, secure=card.secure_erase)
    if not (card.secure_erase or sanitizes):
        return failed("refused", command=discard.name)
    for request in (discard, *((rq.mmc_sanitize(SANITIZE_S),) if sanitizes else ())):
        answer = line.mmc(request)
        if not _good(answer):
            return failed("status", command=request.name, status=mmc_answer_words(answer))
    if parse_ext_csd(line.mmc(rq.mmc_ext_csd()).data) is None:
        return unknown("no_answer")
    return StepOutcome(StepEnd.DONE)


def _good(answer: MmcAnswer) -> bool:
    return answer.errno is None and not answer.response & R1_ERRORS
