"""The judgement: what a journal's timeline proves about one disk, in a closed list of reasons.

Why: this is the only code of recond from which the word "erased" can come. It starts from "nothing
is proven"; each missing piece of evidence adds a reason; only a timeline without one is an erasure.
It believes neither the plan's promise nor the journal's own `end`: coverage, canaries and
expected contents are computed again. Pure.

Source: NIST SP 800-88 Rev. 2 4.5.1 (verification) and 4.5.2 (validation: approve, reject).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from recond.certify.judge.canaries import canary_reasons, last_fill
from recond.certify.judge.coverage import are_disjoint_within, covers, total_bytes
from recond.certify.judge.drive_proof import drive_evidence
from recond.certify.judge.expected_content import ending_of
from recond.certify.judge.hidden_sectors import hidden_bytes, shown_reasons
from recond.certify.judge.holders import holder_reasons, unseen
from recond.certify.judge.levels import FIRMWARE, firmware_level, overwrite_level
from recond.certify.judge.sampling import SECTIONS, SHARE, sample_ranges
from recond.certify.judge.step_timeline import StepTimeline, ranges_of
from recond.certify.judge.timeline import Timeline
from recond.erasure import (
    Canaries,
    Fill,
    Level,
    LevelWish,
    Result,
    Status,
    Technique,
    Verdict,
    VerifyMode,
    WipePlan,
)
from recond.model import Json, Message


@dataclass(frozen=True, slots=True)
class Shortfall:
    """What was found wanting, by kind; all three empty is the only proof of an erasure."""

    unwritten: tuple[Message, ...]  # a step did not do its work on every byte
    unread: tuple[Message, ...]  # what was read back is not, or not all, what it must be
    doubts: tuple[Message, ...]  # the journal itself does not hold together
    level: Level
    hidden: int  # bytes that the drive does not show and nobody erased for certain


def judge(timeline: Timeline, problems: tuple[Message, ...], canaries: Canaries) -> Result:
    """Status, level, verdict and reasons of one disk. `problems` are the file's own faults."""
    plan = timeline.plan
    wish = plan.level_requested if plan else LevelWish.CLEAR
    refusals = _refusals(timeline)
    reasons: tuple[Message, ...]
    if not timeline.wrote and not problems:
        if refusals:
            return Result(Status.REFUSED, wish, Level.NONE, Verdict.REJECTED, refusals)
        reasons = _why_stopped(timeline) or (Message("certify.reason.nothing-done"),)
        ended = timeline.end is not None and not timeline.cut
        status = Status.FAILED if ended else Status.INTERRUPTED
        return Result(status, wish, Level.NONE, Verdict.ESCALATE, reasons)
    if plan is None:
        reasons = (*problems, Message("certify.reason.no-plan"))
        return Result(Status.FAILED, wish, Level.NONE, Verdict.ESCALATE, reasons)
    proof = _prove(timeline, plan, problems, canaries)
    # where nothing was read back because the writing failed, the writing is the reason
    unread = proof.unread if timeline.verify_start or not proof.unwritten else ()
    reasons = (*refusals, *proof.doubts, *proof.unwritten, *unread)
    if not problems and (timeline.end is None or timeline.cut):
        stopped = _why_stopped(timeline)
        return Result(
            Status.INTERRUPTED, wish, Level.NONE, Verdict.ESCALATE, _unique((*stopped, *reasons))
        )
    if reasons:
        return _failed(timeline, wish, proof, _unique((*reasons, *_end_reason(timeline))))
    return _erased(plan, proof, unseen(timeline))


def _erased(plan: WipePlan, proof: Shortfall, blind: tuple[Message, ...]) -> Result:
    """`blind`: what of the computer could not be looked at for others with this disk."""
    wish, level = plan.level_requested, proof.level
    if wish is LevelWish.PURGE and level is not Level.PURGE:
        short = Message.of("certify.reason.below-request", level=f"@cli.level.{level.value}")
        return Result(Status.ERASED, wish, level, Verdict.ESCALATE, (short, *_left(proof), *blind))
    reached = Message.of(
        f"certify.reason.erased-{plan.verify.value}", level=f"@cli.level.{level.value}"
    )
    return Result(Status.ERASED, wish, level, Verdict.APPROVED, (reached, *_left(proof), *blind))


def _left(proof: Shortfall) -> tuple[Message, ...]:
    said = Message.of("certify.reason.hidden-left", size_bytes=proof.hidden)
    return (said,) if proof.hidden else ()


def _failed(
    timeline: Timeline, wish: LevelWish, proof: Shortfall, reasons: tuple[Message, ...]
) -> Result:
    """Rejected where the medium itself was seen to fail; escalate where evidence is missing."""
    seen_bad = any(step.bad for step in timeline.steps.values()) or any(
        message.code in _SEEN for message in (*proof.unwritten, *proof.unread)
    )
    verdict = Verdict.REJECTED if seen_bad else Verdict.ESCALATE
    if seen_bad:
        reasons = (*reasons, Message("certify.reason.destroy"))
    return Result(Status.FAILED, wish, Level.NONE, verdict, reasons)


_SEEN = frozenset(
    {
        "certify.reason.mismatch",
        "certify.reason.unreadable",
        "certify.reason.canary-unchanged",
        "certify.reason.canary-wrong",
        "certify.reason.bad-ranges",
        "certify.reason.canary-unreadable",
        "certify.reason.hidden-content",
    }
)


def _unique(messages: tuple[Message, ...]) -> tuple[Message, ...]:
    return tuple(dict.fromkeys(messages))


def _refusals(timeline: Timeline) -> tuple[Message, ...]:
    planned = timeline.plan.refusals if timeline.plan else ()
    return _unique((*planned, *(timeline.refusals or ())))


def _why_stopped(timeline: Timeline) -> tuple[Message, ...]:
    return tuple(timeline.interruptions[-1:]) or (
        () if timeline.end is not None else (Message("certify.reason.no-end"),)
    )


def _end_reason(timeline: Timeline) -> tuple[Message, ...]:
    from recond.codec import from_json

    reason = timeline.end.data["reason"] if timeline.end else None
    return (from_json(Message, reason),) if reason is not None else ()


# --- Proof -----------------------------------------------------------------------------------


def _prove(
    timeline: Timeline, plan: WipePlan, problems: tuple[Message, ...], canaries: Canaries
) -> Shortfall:
    doubts = (*problems, *timeline.contradictions)
    if not timeline.confirmed:
        doubts = (*doubts, Message("certify.reason.unconfirmed"))
    if timeline.end is not None and timeline.end.data["outcome"] != "completed":
        doubts = (*doubts, Message("certify.reason.not-completed"))
    level, unwritten = _steps(timeline, plan)
    hidden = hidden_bytes(timeline, plan)
    if level is Level.PURGE and (hidden or _unseen_key(timeline, plan)):
        level = Level.CLEAR  # purge reaches what the drive hides, or it is none
    unread = (
        *_read_back(timeline, plan),
        *canary_reasons(canaries, timeline, plan),
        *shown_reasons(timeline, plan),
        *holder_reasons(timeline, plan),
    )
    return Shortfall(unwritten, unread, doubts, level, hidden)


def _unseen_key(timeline: Timeline, plan: WipePlan) -> bool:
    """Whether a revert left anything but noise: zeros show that blocks were let go, no new key."""
    reverted = any(step.technique is Technique.OPAL_PSID_REVERT for step in plan.steps)
    ending = timeline.verify_end.data["ending"] if timeline.verify_end else None
    return reverted and ending != "random"


def _steps(timeline: Timeline, plan: WipePlan) -> tuple[Level, tuple[Message, ...]]:
    """Every step that had to be done, and what those that were done reach together."""
    reasons: list[Message] = []
    fills: list[Fill] = []
    level, proven_before = Level.NONE, False
    for index, step in enumerate(plan.steps):
        if step.fallback and proven_before:
            continue
        told = timeline.steps.get(index, StepTimeline())
        if step.technique is Technique.OVERWRITE and step.fill is not None:
            faults = _overwritten(told, plan, index)
            fills += [] if faults else [step.fill]
        else:
            faults, highest = drive_evidence(step, plan.disk, index, told)
            if not faults and step.technique in FIRMWARE:
                reached = min(highest, firmware_level(step.technique, plan.disk), key=_rank)
                level = max(level, reached, key=_rank)
        proven_before = not faults
        # excused only by the fallback that stands right behind it and is judged next
        excused = plan.steps[index + 1 : index + 2] and plan.steps[index + 1].fallback
        if faults and not excused:
            reasons += faults
            if faults[0].code == "certify.reason.step-unfinished":
                break  # what comes after it was never begun: said once
    level = max(level, overwrite_level(plan.disk, tuple(fills)), key=_rank)
    if level is Level.NONE and not reasons:
        reasons.append(Message("certify.reason.level-none"))
    return level, (*reasons, *_flushed(timeline, plan))


def _rank(level: Level) -> int:
    return level.rank


def _overwritten(told: StepTimeline, plan: WipePlan, index: int) -> tuple[Message, ...]:
    """One pass: it ended well and every byte of the disk lies in what it wrote."""
    size, number = plan.disk.size_bytes, index + 1
    if told.bad:
        block = max(1, plan.disk.logical_block_bytes)
        blocks = -(-total_bytes(told.bad) // block)
        first = min(start for start, _ in told.bad) // block
        return (Message.of("certify.reason.bad-ranges", n=blocks, first=first, step=number),)
    if told.end is None:
        return (Message.of("certify.reason.step-unfinished", step=number),)
    if told.end.data["outcome"] != "done":
        word = f"@certify.outcome.{told.end.data['outcome']}"
        return (Message.of("certify.reason.step-outcome", step=number, outcome=word),)
    done = ranges_of(told.end.data["done"])
    whole = are_disjoint_within(done, size) and covers(done, 0, size)
    if not whole or told.end.data["written"] != size or told.last_write > told.end_at:
        missing = max(0, size - total_bytes(done))
        return (Message.of("certify.reason.not-all", step=number, missing_bytes=missing),)
    return ()


def _flushed(timeline: Timeline, plan: WipePlan) -> tuple[Message, ...]:
    """After the last step and before any reading the drive was told to empty its cache, and said
    that it did.
    """
    last = max(timeline.steps, default=0)
    told = timeline.steps.get(last, StepTimeline())
    after = [(at, entry) for at, entry in told.flushes if at > told.end_at >= 0]
    readings = [
        one.seq for one in (timeline.canary_after, timeline.verify_start) if one is not None
    ]
    good = (
        after
        and all(entry.data["errno"] is None for _, entry in after)
        and (after[0][0] < min(readings, default=after[0][0] + 1))
    )
    firmware_only = all(step.technique in FIRMWARE for step in plan.steps)
    return () if good or (firmware_only and not after) else (Message("certify.reason.flush"),)


def _read_back(timeline: Timeline, plan: WipePlan) -> tuple[Message, ...]:
    """The reading after the last write: of what it must be, and all of it."""
    if plan.verify is VerifyMode.NONE:
        return (Message("certify.reason.not-verified"),)
    start, end = timeline.verify_start, timeline.verify_end
    if start is None or end is None:
        return (Message("certify.reason.no-read-back"),)
    if end.data["outcome"] != "done" or start.data["mode"] != plan.verify.value:
        return (Message("certify.reason.read-back-unfinished"),)
    found: list[Message] = []
    # a reading that was stopped counts too: what differed once is not made good by another answer
    if timeline.differing or timeline.differing_bytes:
        count = max(total_bytes(timeline.differing), timeline.differing_bytes)
        found.append(Message.of("certify.reason.mismatch", count_bytes=count))
    if timeline.verify_bad:
        found.append(
            Message.of("certify.reason.unreadable", count_bytes=total_bytes(timeline.verify_bad))
        )
    ending = cast("str | None", end.data["ending"])
    if not found:  # what differs ends in no word of its own
        found += _right_content(start.data["expects"], ending, timeline, plan)
    compared, size = cast(int, end.data["compared"]), plan.disk.size_bytes
    whole = (
        compared == size
        if plan.verify is VerifyMode.FULL
        else _is_sample(start.data["seed"], end.data, plan)
    )
    if not whole:
        found.append(
            Message.of("certify.reason.not-all-read", compared_bytes=compared, size_bytes=size)
        )
    return tuple(found)


def _is_sample(seed: Json, data: dict[str, Json], plan: WipePlan) -> bool:
    """Whether what was read is what the seed draws; the plan's seed was known before the writes."""
    size, block = plan.disk.size_bytes, plan.disk.logical_block_bytes
    if not isinstance(seed, str) or len(seed) != 64 or seed == plan.seed:
        return False
    places = sample_ranges(bytes.fromhex(seed), size, block)
    total = total_bytes(places)
    enough = total == size or (len(places) >= SECTIONS and total >= size // SHARE)
    return enough and (data["compared"], data["places"]) == (total, len(places))


def _right_content(
    expects: Json, ending: str | None, timeline: Timeline, plan: WipePlan
) -> tuple[Message, ...]:
    """It was compared with the last pass's content, or, after a drive's own erasure, it ended in
    one of the ways that such an erasure may end (never in what was there before).
    """
    from recond.codec import from_json

    last = last_fill(timeline, plan)
    if last is None:
        if ending in ("zeros", "ones", "pattern", "random"):
            return ()
        return (Message.of("certify.reason.ending", ending=f"@certify.ending.{ending}"),)
    expected = from_json(Fill, expects) if expects is not None else None
    same = expected is not None and (expected.kind, expected.hex) == (last.kind, last.hex)
    if not same or ending not in ending_of(last):
        return (Message("certify.reason.wrong-content"),)
    return ()
