"""A journal's entries sorted into what happened: sessions, steps, verification, canaries.

Why: the judgement needs "the last verification after the last write", not a list of lines. One
pass over the entries puts each where it belongs and notes every entry that cannot stand where it
stands (`contradictions`); such a journal never proves an erasure. This module decides order and
consistency; what is enough evidence is `recond.certify.evidence` and `recond.certify.judge`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import cast

from recond.codec import digest, from_json
from recond.erasure import JOURNAL_SCHEMA, DiskIdentity, JournalEntry, WipePlan
from recond.firmware import sizes_after
from recond.model import Json, Message, Range


def ranges_of(value: Json) -> tuple[Range, ...]:
    """Ranges of an entry whose form was checked (`journal_kinds`)."""
    return tuple((start, length) for start, length in cast(list[tuple[int, int]], value))


@dataclass(slots=True)
class StepStory:
    """One step: `starts` has one entry a session; positions are indices of journal entries."""

    starts: list[tuple[int, JournalEntry]] = field(default_factory=list)
    checkpoints: list[tuple[int, JournalEntry]] = field(default_factory=list)
    flushes: list[tuple[int, JournalEntry]] = field(default_factory=list)
    resumes: list[JournalEntry] = field(default_factory=list)
    commands: list[JournalEntry] = field(default_factory=list)
    bad: list[Range] = field(default_factory=list)
    retries: int = 0
    pauses: int = 0
    last_write: int = -1
    end: JournalEntry | None = None
    end_at: int = -1


@dataclass(slots=True)
class Story:
    """What the entries say, in order. `fault` fields are None where all is as it must be."""

    plan: WipePlan | None = None
    plan_digest: str | None = None
    opened: dict[str, Json] = field(default_factory=dict)
    session: int = 0
    identified: bool = False  # in this session, with the plan's disk
    identity: DiskIdentity | None = None
    confirmed_by: str | None = None
    confirmed: bool = False
    refusals: list[Message] | None = None
    steps: dict[int, StepStory] = field(default_factory=dict)
    current: int | None = None
    resumable: bool = False  # the current step was left open by an earlier session
    canary_before: JournalEntry | None = None
    canary_after: JournalEntry | None = None
    canary_bad: int = 0
    verify_start: JournalEntry | None = None
    verify_ranges: list[Range] = field(default_factory=list)
    verify_end: JournalEntry | None = None
    verify_bad: list[Range] = field(default_factory=list)
    interruptions: list[Message] = field(default_factory=list)
    cut: bool = False  # the last thing that happened is an interruption
    end: JournalEntry | None = None
    contradictions: list[Message] = field(default_factory=list)

    @property
    def wrote(self) -> bool:
        """Whether anything may have been written to the disk."""
        return bool(self.steps)

    def step(self, index: int) -> StepStory:
        """The story of a step of the plan."""
        return self.steps.setdefault(index, StepStory())

    def wrong(self, at: int, entry: JournalEntry) -> None:
        """Note an entry that cannot stand where it stands (`at` is its line, from 1)."""
        self.contradictions.append(
            Message.of("certify.reason.contradiction", line=at + 1, kind=entry.kind)
        )


def tell(entries: tuple[JournalEntry, ...]) -> Story:
    """Sort the entries of a journal (read by `journal_read.parse_journal`) into a story."""
    story = Story()
    for at, entry in enumerate(entries):
        if (story.end is not None or story.cut) and not _may_follow_end(story, entry):
            story.wrong(at, entry)
        _HANDLERS[entry.kind](story, at, entry)
    return story


def _may_follow_end(story: Story, entry: JournalEntry) -> bool:
    if story.end is not None:
        # an interrupted run may be taken up again; nothing else comes after an end
        return entry.kind == "open" and story.end.data["outcome"] == "interrupted"
    return entry.kind in ("open", "end", "interrupted")


def _open(story: Story, at: int, entry: JournalEntry) -> None:
    data = entry.data
    same = not story.opened or data["run_id"] == story.opened["run_id"]
    if data["schema"] != JOURNAL_SCHEMA or data["session"] != story.session + 1 or not same:
        story.wrong(at, entry)
    if story.opened and data["demonstration"] != story.opened["demonstration"]:
        story.wrong(at, entry)
    story.opened = story.opened or data
    story.session += 1
    story.identified, story.cut, story.end = False, False, None
    story.resumable = story.current is not None
    story.verify_start = story.verify_end = None
    story.verify_ranges = []


def _plan(story: Story, at: int, entry: JournalEntry) -> None:
    claimed = cast(str, entry.data["digest"])
    if digest(entry.data["plan"]) != claimed or story.plan_digest not in (None, claimed):
        story.wrong(at, entry)
        return
    if story.plan is None and story.wrote:
        story.wrong(at, entry)
    story.plan = from_json(WipePlan, entry.data["plan"])
    story.plan_digest = claimed


def _confirmation(story: Story, at: int, entry: JournalEntry) -> None:
    if story.plan_digest is None or entry.data["digest"] != story.plan_digest:
        story.wrong(at, entry)
        return
    story.confirmed_by = story.confirmed_by or cast(str, entry.data["by"])
    story.confirmed = True


def _refused(story: Story, _at: int, entry: JournalEntry) -> None:
    story.refusals = [
        from_json(Message, item) for item in cast(list[Json], entry.data["refusals"])
    ]


def _identity(story: Story, at: int, entry: JournalEntry) -> None:
    found = from_json(DiskIdentity, entry.data["identity"])
    story.identity = story.identity or found
    if story.plan is None or (story.current is not None and not story.resumable):
        story.wrong(at, entry)
        return
    sizes = sizes_after(story.plan) if story.session > 1 else frozenset()
    if entry.data["differences"] or not is_same_disk(found, story.plan.disk, sizes):
        story.contradictions.append(Message.of("certify.reason.other-disk", line=at + 1))
        return
    story.identified = True


def is_same_disk(
    one: DiskIdentity, other: DiskIdentity, sizes: frozenset[int] = frozenset()
) -> bool:
    """Whether two identities name one disk. The port (bus, disk_seq) may change in a resume.

    `sizes` are those that `one` may have too: the plan may have shown hidden sectors again.
    """
    return one.size_bytes in sizes | {other.size_bytes} and all(
        getattr(one, name) == getattr(other, name)
        for name in ("kind", "serial", "wwn", "model", "logical_block_bytes", "medium", "namespace")
    )


def _canary(story: Story, at: int, entry: JournalEntry) -> None:
    if entry.data["phase"] == "after":
        if story.current is not None or not story.wrote:
            story.wrong(at, entry)
        story.canary_after = entry
    elif not story.wrote and story.canary_before is None:
        story.canary_before = entry
    elif story.session == 1:
        story.wrong(at, entry)  # the old content is gone: it cannot be hashed "before" any more


def _step_start(story: Story, at: int, entry: JournalEntry) -> None:
    index = cast(int, entry.data["step"])
    plan, offset = story.plan, cast(int, entry.data["offset"])
    fits = plan is not None and index < len(plan.steps) and (
        entry.data["technique"] == plan.steps[index].technique.value
        and offset <= plan.disk.size_bytes
    )
    again = story.current == index and story.resumable
    fresh = story.current is None and all(done < index for done in story.steps) and offset == 0
    ready = story.identified and story.confirmed and story.refusals is None
    if not (fits and ready and (again or fresh)):
        story.wrong(at, entry)
    story.current, story.resumable = index, False
    step = story.step(index)
    step.starts.append((at, entry))
    step.last_write, step.end, step.end_at = at, None, -1  # a stopped step may end once more
    # a read-back or a canary from before this write says nothing of what is there after it
    story.canary_after = story.verify_start = story.verify_end = None


def _in_step(story: Story, at: int, entry: JournalEntry) -> StepStory:
    index = cast(int, entry.data["step"])
    if story.current != index or story.resumable:
        story.wrong(at, entry)
    return story.step(index)


def _checkpoint(story: Story, at: int, entry: JournalEntry) -> None:
    bad = ranges_of(entry.data["bad"])
    if entry.data["phase"] == "verify":
        if story.verify_start is None or story.verify_end is not None:
            story.wrong(at, entry)
        story.verify_ranges.extend(ranges_of(entry.data["done"]))
        story.verify_bad.extend(bad)
        return
    step = _in_step(story, at, entry)
    step.checkpoints.append((at, entry))
    step.bad.extend(bad)


def _retry(story: Story, at: int, entry: JournalEntry) -> None:
    if entry.data["phase"] == "write":
        step = _in_step(story, at, entry)
        step.retries += 1
        step.last_write = at


def _bad_range(story: Story, at: int, entry: JournalEntry) -> None:
    (found,) = ranges_of([entry.data["range"]])
    if entry.data["phase"] == "canary":
        story.canary_bad += 1
    elif entry.data["phase"] == "verify":
        story.verify_bad.append(found)
    else:
        step = _in_step(story, at, entry)
        step.bad.append(found)
        step.last_write = at


def _pause(story: Story, _at: int, _entry: JournalEntry) -> None:
    if story.current is not None:
        story.step(story.current).pauses += 1


def _command(story: Story, _at: int, entry: JournalEntry) -> None:
    # asking a drive something before or after its step is allowed; it is then no evidence
    if story.current is not None and story.current == entry.data["step"]:
        story.step(story.current).commands.append(entry)


def _flush(story: Story, at: int, entry: JournalEntry) -> None:
    index = cast(int, entry.data["step"])
    if index not in story.steps:
        story.wrong(at, entry)
        return
    story.steps[index].flushes.append((at, entry))


def _step_end(story: Story, at: int, entry: JournalEntry) -> None:
    step = _in_step(story, at, entry)
    if step.end is not None:
        story.wrong(at, entry)
    step.end, step.end_at = entry, at
    step.bad.extend(ranges_of(entry.data["bad"]))
    if entry.data["outcome"] not in ("stopped", "vanished"):
        story.current = None
    else:
        step.end = entry  # kept: a resumed session starts the step again
        story.resumable = False


def _verify_start(story: Story, at: int, entry: JournalEntry) -> None:
    if story.current is not None or story.verify_start is not None or not story.identified:
        story.wrong(at, entry)
    story.verify_start, story.verify_end, story.verify_ranges = entry, None, []


def _verify_end(story: Story, at: int, entry: JournalEntry) -> None:
    if story.verify_start is None or story.verify_end is not None:
        story.wrong(at, entry)
    story.verify_end = entry


def _interrupted(story: Story, _at: int, entry: JournalEntry) -> None:
    reason = cast(str, entry.data["reason"])
    known = reason in ("signal", "killed", "crash", "hang", "power", "refused", "unclear")
    shown = f"@certify.interrupted.{reason}" if known else reason
    story.interruptions.append(
        Message.of("certify.interrupted", time=entry.time, reason=shown)
    )
    # the resuming session may say of the one before that it was cut; then work goes on
    story.cut = entry.data["by"] != "resume"


def _resume(story: Story, at: int, entry: JournalEntry) -> None:
    reread = entry.data["reread"]
    if entry.data["session"] != story.session or story.session < 2:
        story.wrong(at, entry)
    if isinstance(reread, dict) and reread["ok"] is not True:
        story.contradictions.append(Message.of("certify.reason.reread", line=at + 1))
    index = cast(int, entry.data["step"])
    if index in story.steps:
        story.steps[index].resumes.append(entry)


def _end(story: Story, _at: int, entry: JournalEntry) -> None:
    story.end = entry


def _nothing(_story: Story, _at: int, _entry: JournalEntry) -> None:
    """`progress` and `password` decide nothing."""


_HANDLERS: dict[str, Callable[[Story, int, JournalEntry], None]] = {
    "open": _open, "plan": _plan, "refused": _refused, "confirmation": _confirmation,
    "identity": _identity, "canary": _canary, "step_start": _step_start,
    "checkpoint": _checkpoint, "retry": _retry, "bad_range": _bad_range, "pause": _pause,
    "command": _command, "password": _nothing, "progress": _nothing, "flush": _flush,
    "step_end": _step_end, "verify_start": _verify_start, "verify_end": _verify_end,
    "interrupted": _interrupted, "resume": _resume, "end": _end,
}
