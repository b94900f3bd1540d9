"""Whether a drive's own answers prove that its erasing command ran to its end.

Why: a firmware erase leaves no written bytes behind, only answers. What counts as an answer that
proves it is decided here from the raw bytes that the journal kept, never from a tool's words or
from the step's own outcome. A technique without a rule here is never proven. Pure.
"""

from __future__ import annotations

from recond.certify.story import StepStory
from recond.erasure import WipeStep
from recond.model import Message


def drive_evidence(_step: WipeStep, index: int, told: StepStory) -> tuple[Message, ...]:
    """What is missing for this step's proof; empty where the answers prove it."""
    number = index + 1
    if told.end is None:
        return (Message.of("certify.reason.step-unfinished", step=number),)
    if told.end.data["outcome"] != "done":
        word = f"@certify.outcome.{told.end.data['outcome']}"
        return (Message.of("certify.reason.step-outcome", step=number, outcome=word),)
    return (Message.of("certify.reason.drive-not-proven", step=number),)
