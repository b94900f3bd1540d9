"""The canaries: what stood at seeded places before the first write and after the last.

Why: a drive that acknowledges everything and writes nothing keeps its old data there. The journal's
own word counts for nothing: the places are drawn again from the plan's seed (`places`) and what
must stand there is computed again from the plan's fill (`fills`). Pure.
"""

from __future__ import annotations

from functools import lru_cache
from operator import itemgetter
from typing import cast

from recond.certify.judge.expected_content import MAX_PLACE_BYTES, fill_sha256
from recond.certify.judge.sampling import canary_bytes, canary_offsets
from recond.certify.judge.timeline import Timeline
from recond.erasure import Canaries, Fill, WipePlan
from recond.methods import derive
from recond.model import Json, Message

_Place = dict[str, Json]
_offset_of = itemgetter("offset")


def count_canaries(timeline: Timeline) -> Canaries:
    """Compare the places before and after; what must stand there is computed again."""
    before, after, plan = timeline.canary_before, timeline.canary_after, timeline.plan
    seed = cast(str, before.data["seed"]) if before else None
    if before is None or after is None or plan is None or not _drawn(before.data, after.data, plan):
        return Canaries(seed, 0, 0, 0, 0)
    fill = last_fill(timeline, plan)
    changed = unchanged = uninformative = 0
    pairs = zip(_places(before.data), _places(after.data), _due(fill, plan), strict=True)
    for old, new, due in pairs:
        blank = old["uniform"] is True and fill is None
        if old["sha256"] is None or old["sha256"] == due or blank:
            uninformative += 1
        elif new["sha256"] == old["sha256"]:
            unchanged += 1
        else:
            changed += 1
    return Canaries(seed, len(_places(after.data)), changed, unchanged, uninformative)


def canary_reasons(canaries: Canaries, timeline: Timeline, plan: WipePlan) -> tuple[Message, ...]:
    """What the canaries say against an erasure; empty where they say nothing against it."""
    before, after = timeline.canary_before, timeline.canary_after
    if before is None or after is None:
        return (Message("certify.reason.no-canaries"),)
    if not _drawn(before.data, after.data, plan):
        return (Message("certify.reason.canary-places"),)
    found: list[Message] = []
    if canaries.unchanged:
        found.append(Message.of("certify.reason.canary-unchanged", n=canaries.unchanged))
    fill, places = last_fill(timeline, plan), _places(after.data)
    if any(place["sha256"] is None for place in places):
        found.append(Message("certify.reason.canary-unreadable"))
    elif fill is not None:
        dues = _due(fill, plan)
        wrong = sum(place["sha256"] != due for place, due in zip(places, dues, strict=True))
        if wrong:
            found.append(Message.of("certify.reason.canary-wrong", n=wrong))
    elif not _show_change(before.data, after.data):
        found.append(Message("certify.reason.canary-silent"))
    return tuple(found)


def last_fill(timeline: Timeline, plan: WipePlan) -> Fill | None:
    """What the last step that ran leaves everywhere: a fallback behind it may never have begun."""
    last = max(timeline.steps, default=len(plan.steps) - 1)
    return plan.steps[last].fill if 0 <= last < len(plan.steps) else None


def _show_change(before: dict[str, Json], after: dict[str, Json]) -> bool:
    """Whether some place that could be read before reads otherwise now."""
    return any(
        old["sha256"] not in (None, new["sha256"])
        for old, new in zip(_places(before), _places(after), strict=True)
    )


def _due(fill: Fill | None, plan: WipePlan) -> tuple[str | None, ...]:
    """What must stand at each of the plan's places, in their order; None: nothing that is known."""
    places, disk = _drawn_by(plan), plan.disk
    if fill is None:
        return (None,) * len(places)
    return _due_at(fill, places, disk.size_bytes, canary_bytes(disk.logical_block_bytes))


@lru_cache(maxsize=4)  # counted, and then judged
def _due_at(fill: Fill, places: tuple[int, ...], size_bytes: int, most: int) -> tuple[str, ...]:
    return tuple(fill_sha256(fill, at, min(most, size_bytes - at)) for at in places)


def _places(data: dict[str, Json]) -> list[_Place]:
    return cast(list[_Place], data["places"])


def _drawn(before: dict[str, Json], after: dict[str, Json], plan: WipePlan) -> bool:
    """Whether both readings are of the places that the plan's seed draws."""
    length = canary_bytes(plan.disk.logical_block_bytes)
    if length > MAX_PLACE_BYTES:
        return False
    offsets, seed = _drawn_by(plan), _seed_of(plan)
    return bool(offsets) and all(
        (data["seed"], data["length"]) == (seed.hex(), length)
        and tuple(map(_offset_of, _places(data))) == offsets
        for data in (before, after)
    )


def _seed_of(plan: WipePlan) -> bytes:
    return derive(bytes.fromhex(plan.seed), "canary", 0)


def _drawn_by(plan: WipePlan) -> tuple[int, ...]:
    """The offsets that the plan's seed draws, in order."""
    return _offsets(_seed_of(plan), plan.disk.size_bytes, plan.disk.logical_block_bytes)


_offsets = lru_cache(maxsize=4)(canary_offsets)  # asked by the count, and by the judgement
