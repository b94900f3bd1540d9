"""Whether a drive's own answers prove that its erasing command ran to its end.

Why: a firmware erase leaves no written bytes behind, only answers. What counts as an answer that
proves it is decided here from the raw bytes that the journal kept, never from a tool's words or
from the step's own outcome. A technique without a rule here is never proven. Pure.
"""

from __future__ import annotations

from recond.certify.judge.drive_proof import prove
from recond.certify.judge.timeline import StepStory
from recond.erasure import DiskIdentity, Level, WipeStep
from recond.model import Message


def drive_evidence(
    step: WipeStep, disk: DiskIdentity, index: int, told: StepStory
) -> tuple[tuple[Message, ...], Level]:
    """What is missing for this step's proof (empty where the answers prove it), and the highest
    level that the answers allow. `recond.certify.judge.drive_proof` reads the raw answers.
    """
    number = index + 1
    if told.end is None:
        return (Message.of("certify.reason.step-unfinished", step=number),), Level.NONE
    if told.end.data["outcome"] != "done":
        word = f"@certify.outcome.{told.end.data['outcome']}"
        missing = Message.of("certify.reason.step-outcome", step=number, outcome=word)
        return (missing,), Level.NONE
    proof = prove(step, disk, [entry.data for entry in told.commands])
    if proof.faults:
        return (Message.of("certify.reason.drive-not-proven", step=number), *proof.faults), (
            Level.NONE
        )
    return (), proof.highest
