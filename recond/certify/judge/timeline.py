"""A journal's entries sorted into what happened: sessions, steps, verification, canaries.

Why: the judgement needs "the last verification after the last write", not a list of lines. One
pass over the entries puts each where it belongs and notes every entry that cannot stand where it
stands (`contradictions`); such a journal never proves an erasure. This module decides order and
consistency; what is enough evidence is `recond.certify.judge.verdict`'s.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import cast

from recond.certify.judge.coverage import total_bytes
from recond.certify.judge.journal_schema import plan_of
from recond.certify.judge.medium import Begun, DiskInHand, is_proven, is_same_disk, is_same_resumed
from recond.certify.judge.step_timeline import StepTimeline, ranges_of
from recond.codec import digest, from_json
from recond.ends import ConfirmedBy
from recond.erasure import JOURNAL_SCHEMA, JOURNAL_SCHEMAS, DiskIdentity, JournalEntry, WipePlan
from recond.model import Json, Message, Range

MAX_CONTRADICTIONS = 20


@dataclass(slots=True)
class Timeline:
    """What the entries say, in order. `fault` fields are None where all is as it must be."""

    plan: WipePlan | None = None
    plan_digest: str | None = None
    opened: dict[str, Json] = field(default_factory=dict)
    form: str = ""  # the schema of this session's lines
    boot: str = ""  # of this session
    session: int = 0
    sessions: list[JournalEntry] = field(default_factory=list)  # their `open`
    holders: list[JournalEntry] = field(default_factory=list)  # who else had the disk
    identified: bool = False  # in this session, with the plan's disk
    identity: DiskIdentity | None = None
    confirmed_by: ConfirmedBy | None = None
    confirmed: bool = False
    refusals: list[Message] | None = None
    steps: dict[int, StepTimeline] = field(default_factory=dict)
    current: int | None = None
    resumable: bool = False  # the current step was left open by an earlier session
    proven: bool = False  # the medium of this session is the one that the run began with
    looks: tuple[DiskInHand | None, DiskInHand | None] = (
        None,
        None,
    )  # the last proven session's, this one's
    canary_resume: JournalEntry | None = None  # in this session
    unproven: list[Message] = field(default_factory=list)  # in sessions of the former form
    go_on_bytes: int = 0  # how much of it a flushed checkpoint holds, read back in this session
    canary_before: JournalEntry | None = None
    canary_after: JournalEntry | None = None
    verify_start: JournalEntry | None = None
    verify_end: JournalEntry | None = None
    verify_bad: list[Range] = field(default_factory=list)  # since the last write
    differing: list[Range] = field(default_factory=list)  # since the last write
    differing_bytes: int = 0
    interruptions: list[Message] = field(default_factory=list)
    cut: bool = False  # the last thing that happened is an interruption
    end: JournalEntry | None = None
    contradictions: list[Message] = field(default_factory=list)

    @property
    def wrote(self) -> bool:
        """Whether anything may have been written to the disk."""
        return bool(self.steps)

    def step(self, index: int) -> StepTimeline:
        """The timeline of a step of the plan."""
        return self.steps.setdefault(index, StepTimeline())

    def wrong(self, at: int, entry: JournalEntry) -> None:
        """Note an entry that cannot stand where it stands (`at` is its line, from 1)."""
        if len(self.contradictions) < MAX_CONTRADICTIONS:  # one is enough to prove nothing
            self.contradictions.append(
                Message.of("certify.reason.contradiction", line=at + 1, kind=entry.kind)
            )


def read_timeline(entries: tuple[JournalEntry, ...]) -> Timeline:
    """Sort the entries of a journal (read by `journal_read.parse_journal`) into a timeline."""
    timeline = Timeline()
    for at, entry in enumerate(entries):
        if (timeline.end is not None or timeline.cut) and not _may_follow_end(timeline, entry):
            timeline.wrong(at, entry)
        _HANDLERS[entry.kind](timeline, at, entry)
    return timeline


def _may_follow_end(timeline: Timeline, entry: JournalEntry) -> bool:
    if timeline.end is not None:
        # an interrupted run may be taken up again; nothing else comes after an end
        return entry.kind == "open" and timeline.end.data["outcome"] == "interrupted"
    return entry.kind in ("open", "end", "interrupted")


def _open(timeline: Timeline, at: int, entry: JournalEntry) -> None:
    data = entry.data
    same = not timeline.opened or data["run_id"] == timeline.opened["run_id"]
    forms = JOURNAL_SCHEMAS[JOURNAL_SCHEMAS.index(timeline.form) if timeline.form else 0 :]
    if data["schema"] not in forms or data["session"] != timeline.session + 1 or not same:
        timeline.wrong(at, entry)
    timeline.form = str(data["schema"]) if data["schema"] in forms else JOURNAL_SCHEMA
    if timeline.opened and data["demonstration"] != timeline.opened["demonstration"]:
        timeline.wrong(at, entry)
    timeline.opened = timeline.opened or data
    timeline.sessions.append(entry)
    timeline.session += 1
    last = timeline.looks[1] if timeline.proven else timeline.looks[0]
    timeline.looks, timeline.canary_resume = (last, None), None
    timeline.boot, timeline.proven = cast(str, data["boot"]), timeline.session == 1
    timeline.identified, timeline.cut, timeline.end, timeline.go_on_bytes = False, False, None, 0
    timeline.resumable = timeline.current is not None
    timeline.verify_start = timeline.verify_end = None


def _plan(timeline: Timeline, at: int, entry: JournalEntry) -> None:
    claimed = cast(str, entry.data["digest"])
    if digest(entry.data["plan"]) != claimed or timeline.plan_digest not in (None, claimed):
        timeline.wrong(at, entry)
        return
    if timeline.plan is None and timeline.wrote:
        timeline.wrong(at, entry)
    timeline.plan = plan_of(entry.data["plan"])
    timeline.plan_digest = claimed


def _confirmation(timeline: Timeline, at: int, entry: JournalEntry) -> None:
    if timeline.plan_digest is None or entry.data["digest"] != timeline.plan_digest:
        timeline.wrong(at, entry)
        return
    timeline.confirmed_by = timeline.confirmed_by or ConfirmedBy(cast(str, entry.data["by"]))
    timeline.confirmed = True


def _refused(timeline: Timeline, _at: int, entry: JournalEntry) -> None:
    timeline.refusals = [
        from_json(Message, item) for item in cast(list[Json], entry.data["refusals"])
    ]


def _identity(timeline: Timeline, at: int, entry: JournalEntry) -> None:
    found = from_json(DiskIdentity, entry.data["identity"])
    timeline.identity = timeline.identity or found
    if timeline.plan is None or (timeline.current is not None and not timeline.resumable):
        timeline.wrong(at, entry)
        return
    same = is_same_resumed if timeline.wrote else is_same_disk
    if entry.data["differences"] or not same(found, timeline.plan):
        timeline.contradictions.append(Message.of("certify.reason.other-disk", line=at + 1))
        return
    timeline.identified = True
    timeline.looks = timeline.looks[0], DiskInHand(timeline.boot, found)


def _needs_proof(timeline: Timeline, at: int) -> None:
    """Nothing that a session does counts unless it showed that it has the medium of the first."""
    if timeline.proven:
        return
    found = Message.of("certify.reason.medium-unproven", line=at + 1, session=timeline.session)
    former = timeline.form == JOURNAL_SCHEMAS[0]
    (timeline.unproven if former else timeline.contradictions).append(found)
    timeline.proven = True  # said once


def _holders(timeline: Timeline, _at: int, entry: JournalEntry) -> None:
    timeline.holders.append(entry)


def _canary(timeline: Timeline, at: int, entry: JournalEntry) -> None:
    if entry.data["phase"] == "resume":
        if timeline.session == 1 or not timeline.identified or timeline.proven:
            timeline.wrong(at, entry)
        timeline.canary_resume = entry
    elif entry.data["phase"] == "after":
        _needs_proof(timeline, at)
        if timeline.current is not None or not timeline.wrote:
            timeline.wrong(at, entry)
        timeline.canary_after = entry
    elif not timeline.wrote and timeline.canary_before is None:
        timeline.canary_before = entry
    elif timeline.session == 1:
        timeline.wrong(at, entry)  # the old content is gone: it cannot be hashed "before" any more


def _step_start(timeline: Timeline, at: int, entry: JournalEntry) -> None:
    _needs_proof(timeline, at)
    index = cast(int, entry.data["step"])
    plan, offset = timeline.plan, cast(int, entry.data["offset"])
    fits = (
        plan is not None
        and index < len(plan.steps)
        and (
            entry.data["technique"] == plan.steps[index].technique.value
            and 0 < plan.disk.logical_block_bytes <= plan.disk.size_bytes
        )
    )
    again = timeline.current == index and timeline.resumable and offset == timeline.go_on_bytes
    fresh = (
        timeline.current is None and all(done < index for done in timeline.steps) and offset == 0
    )
    ready = timeline.identified and timeline.confirmed and timeline.refusals is None
    if not (fits and ready and (again or fresh)):
        timeline.wrong(at, entry)
    timeline.current, timeline.resumable = index, False
    step = timeline.step(index)
    step.starts.append((at, entry))
    step.last_write, step.end, step.end_at = at, None, -1  # a stopped step may end once more
    # a read-back or a canary from before this write says nothing of what is there after it
    timeline.canary_after = timeline.verify_start = timeline.verify_end = None
    timeline.verify_bad, timeline.differing, timeline.differing_bytes = [], [], 0


def _in_step(timeline: Timeline, at: int, entry: JournalEntry) -> StepTimeline:
    index = cast(int, entry.data["step"])
    if timeline.current != index or timeline.resumable:
        timeline.wrong(at, entry)
    return timeline.step(index)


def _checkpoint(timeline: Timeline, at: int, entry: JournalEntry) -> None:
    bad = ranges_of(entry.data["bad"])
    if entry.data["phase"] == "verify":
        if timeline.verify_start is None or timeline.verify_end is not None:
            timeline.wrong(at, entry)
        timeline.verify_bad.extend(bad)
        return
    step = _in_step(timeline, at, entry)
    step.checkpoints.append((at, entry))
    step.bad.extend(bad)


def _retry(timeline: Timeline, at: int, entry: JournalEntry) -> None:
    if entry.data["phase"] == "write":
        step = _in_step(timeline, at, entry)
        step.retries += 1
        step.last_write = at


def _bad_range(timeline: Timeline, at: int, entry: JournalEntry) -> None:
    (found,) = ranges_of([entry.data["range"]])
    if entry.data["phase"] == "canary":
        return  # the canaries' own entries say which places could not be read
    if entry.data["phase"] == "verify":
        timeline.verify_bad.append(found)
    else:
        step = _in_step(timeline, at, entry)
        step.bad.append(found)
        step.last_write = at


def _pause(timeline: Timeline, _at: int, _entry: JournalEntry) -> None:
    if timeline.current is not None:
        timeline.step(timeline.current).pauses += 1


def _command(timeline: Timeline, _at: int, entry: JournalEntry) -> None:
    # asking a drive something before or after its step is allowed; it is then no evidence
    if timeline.current is not None and timeline.current == entry.data["step"]:
        timeline.step(timeline.current).commands.append(entry)


def _flush(timeline: Timeline, at: int, entry: JournalEntry) -> None:
    index = cast(int, entry.data["step"])
    if index not in timeline.steps:
        timeline.wrong(at, entry)
        return
    timeline.steps[index].flushes.append((at, entry))


def _step_end(timeline: Timeline, at: int, entry: JournalEntry) -> None:
    step = _in_step(timeline, at, entry)
    if step.end is not None:
        timeline.wrong(at, entry)
    step.end, step.end_at = entry, at
    step.bad.extend(ranges_of(entry.data["bad"]))
    if entry.data["outcome"] not in ("stopped", "vanished"):
        timeline.current = None
    else:
        step.end = entry  # kept: a resumed session starts the step again
        if entry.data["outcome"] == "stopped":
            step.checkpoints.append((at, entry))  # flushed before it was journalled
        timeline.resumable = False


def _verify_start(timeline: Timeline, at: int, entry: JournalEntry) -> None:
    _needs_proof(timeline, at)
    if timeline.current is not None or timeline.verify_start is not None or not timeline.identified:
        timeline.wrong(at, entry)
    timeline.verify_start, timeline.verify_end = entry, None


def _verify_end(timeline: Timeline, at: int, entry: JournalEntry) -> None:
    if timeline.verify_start is None or timeline.verify_end is not None:
        timeline.wrong(at, entry)
    timeline.verify_end = entry
    if entry.data["outcome"] == "done":  # a reading that was stopped lists what it did not try
        timeline.verify_bad += ranges_of(entry.data["unreadable"])
    timeline.differing += ranges_of(entry.data["mismatch"])
    timeline.differing_bytes = max(
        timeline.differing_bytes, cast(int, entry.data["mismatch_bytes"])
    )


def _interrupted(timeline: Timeline, at: int, entry: JournalEntry) -> None:
    reason = cast(str, entry.data["reason"])
    known = reason in ("signal", "killed", "crash", "hang", "power", "refused", "unclear")
    shown = f"@certify.interrupted.{reason}" if known else reason
    timeline.interruptions.append(Message.of("certify.interrupted", time=entry.time, reason=shown))
    # the resuming session may say of those before that they were cut; then work goes on
    resuming = entry.data["by"] == "resume"
    if resuming and (timeline.session < 2 or timeline.identified):
        timeline.wrong(at, entry)
    timeline.cut = not resuming


def _resume(timeline: Timeline, at: int, entry: JournalEntry) -> None:
    reread = entry.data["reread"]
    if entry.data["session"] != timeline.session or timeline.session < 2:
        timeline.wrong(at, entry)
    if isinstance(reread, dict) and reread["ok"] is not True:
        timeline.contradictions.append(Message.of("certify.reason.reread", line=at + 1))
    index, offset = cast(int, entry.data["step"]), cast(int, entry.data["offset"])
    if not timeline.identified or (offset and offset != _flushed_bytes(timeline, index)):
        timeline.wrong(at, entry)
    timeline.go_on_bytes = offset
    timeline.proven = _shows_medium(timeline, entry)


def _shows_medium(timeline: Timeline, entry: JournalEntry) -> bool:
    (before, now), read = timeline.looks, timeline.canary_resume
    begun = None if timeline.plan is None else what_is_begun(timeline, timeline.plan)
    if begun is None or before is None or now is None or read is None or not timeline.identified:
        return False
    return is_proven(begun, read.data, entry.data, before, now)


def what_is_begun(timeline: Timeline, plan: WipePlan) -> Begun | None:
    """What is known of the disk; None where the journal tells of steps that the plan has not."""
    steps, old = tuple(sorted(timeline.steps)), timeline.canary_before
    if steps and steps[-1] >= len(plan.steps):
        return None
    for index in reversed(steps):
        told = timeline.steps[index]
        ended = told.end is not None and told.end.data["outcome"] == "done"
        known = [told.end] if told.end and ended else [one for _, one in told.checkpoints[-1:]]
        if known:
            flushed = ranges_of(known[0].data["done"])
            return Begun(plan, steps, index, flushed, old.data if old else None)
    return Begun(plan, steps, -1, (), old.data if old else None)


def _flushed_bytes(timeline: Timeline, index: int) -> int:
    """How much of an open step is known to be on the medium: by its last checkpoint, or by its end
    where it was stopped (a vanished disk's was never flushed).
    """
    known = timeline.steps.get(index, StepTimeline()).checkpoints[-1:]
    return sum(total_bytes(ranges_of(entry.data["done"])) for _, entry in known)


def _end(timeline: Timeline, _at: int, entry: JournalEntry) -> None:
    timeline.end = entry


def _nothing(_story: Timeline, _at: int, _entry: JournalEntry) -> None:
    """`progress`, `password` and `write_protect` decide nothing."""


_HANDLERS: dict[str, Callable[[Timeline, int, JournalEntry], None]] = {
    "open": _open,
    "plan": _plan,
    "refused": _refused,
    "confirmation": _confirmation,
    "identity": _identity,
    "holders": _holders,
    "write_protect": _nothing,
    "canary": _canary,
    "step_start": _step_start,
    "checkpoint": _checkpoint,
    "retry": _retry,
    "bad_range": _bad_range,
    "pause": _pause,
    "command": _command,
    "password": _nothing,
    "progress": _nothing,
    "flush": _flush,
    "step_end": _step_end,
    "verify_start": _verify_start,
    "verify_end": _verify_end,
    "interrupted": _interrupted,
    "resume": _resume,
    "end": _end,
}
