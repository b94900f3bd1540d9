"""Whether somebody else had the disk: demanded of every session that wrote or read back.

Why: bytes that were read back prove nothing of what a program with the disk open writes an instant
later. From its third form on a journal holds three looks at the whole computer (`holders`): before
the first byte, before the reading, after it. All three must have found nobody, the partitions must
be gone, and between the last two the kernel must have counted no write and no other size. A journal
of a former form has no such entries and is judged as it always was. Pure.
"""

from __future__ import annotations

from typing import cast

from recond.certify.judge.timeline import Timeline
from recond.codec import from_json
from recond.drive.types import sizes_after
from recond.erasure import JOURNAL_SCHEMAS, JournalEntry, WipePlan
from recond.model import Json, Message, Use

NOT_LOOKED = Message("certify.reason.not-looked")


def holder_reasons(timeline: Timeline, plan: WipePlan) -> tuple[Message, ...]:
    """What speaks against this journal's disk having been ours alone; empty where nothing does."""
    starts = sorted(at for step in timeline.steps.values() for at, _ in step.starts)
    found: list[Message] = []
    bounds = [*(entry.seq for entry in timeline.sessions), 1 << 62]
    for entry, after in zip(timeline.sessions, bounds[1:], strict=True):
        written = [at for at in starts if entry.seq < at < after]
        if written and _says_holders(entry):
            look = _look(timeline, "write", entry.seq, written[0])
            found += [NOT_LOOKED] if look is None else _held(look)
    found += _reading(timeline, plan)
    return tuple(dict.fromkeys(found))


def unseen(timeline: Timeline) -> tuple[Message, ...]:
    """What could not be looked at, each once."""
    looks = timeline.holders
    items = [item for look in looks for item in cast(list[Json], look.data["unseen"])]
    return tuple({m.code: m for m in (from_json(Message, item) for item in items)}.values())


def _says_holders(opening: JournalEntry) -> bool:
    return opening.data["schema"] not in JOURNAL_SCHEMAS[:2]


def _look(timeline: Timeline, phase: str, after: int, before: int) -> JournalEntry | None:
    """The last look of a phase between two lines."""
    found = [
        look
        for look in timeline.holders
        if look.data["phase"] == phase and after < look.seq < before
    ]
    return found[-1] if found else None


def _held(look: JournalEntry) -> list[Message]:
    uses = [from_json(Use, item) for item in cast(list[Json], look.data["holders"])]
    left = [
        one
        for one in cast(list[dict[str, Json]], look.data["partitions"])
        if one["errno"] is not None
    ]
    return [
        *(
            Message.of("certify.reason.moved", node=use.node)
            if use.kind == "moved"
            else Message.of("certify.reason.held", node=use.node, where=use.where)
            for use in uses
        ),
        *(Message.of("certify.reason.partition-left", node=str(one["name"])) for one in left),
    ]


def _reading(timeline: Timeline, plan: WipePlan) -> list[Message]:
    """The looks around the reading that counts."""
    start, end = timeline.verify_start, timeline.verify_end
    if start is None or end is None or not timeline.sessions:
        return []  # the reading itself is missing, and that is said
    opening = timeline.sessions[-1]
    if not _says_holders(opening):
        return []
    last = max((step.end_at for step in timeline.steps.values()), default=-1)
    before = _look(timeline, "read", max(opening.seq, last), start.seq)
    after = _look(timeline, "end", end.seq, 1 << 62)
    if before is None or after is None:
        return [NOT_LOOKED]
    found = [*_held(before), *_held(after)]
    if before.data["writes"] != after.data["writes"]:
        found.append(Message("certify.reason.written-meanwhile"))
    sizes = {before.data["size_bytes"], after.data["size_bytes"]}
    if len(sizes) > 1 or not sizes <= sizes_after(plan) | {plan.disk.size_bytes}:
        size = cast(int, after.data["size_bytes"])
        found.append(Message.of("certify.reason.other-size", size_bytes=size))
    return found
