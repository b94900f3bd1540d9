"""Sectors that a drive hides (HPA, AMAC, DCO): what the journal says of them, beside the plan.

Why: the reading back covers what the kernel shows. A hidden area that nobody opened keeps whatever
it held, so a record says it plainly and never calls the disk purged; one that was opened in this
run is not yet seen by the kernel, so its erasure is believed only where the drive's own reads,
before and after, show it. Computed from the drive's raw answers. Pure.
"""

from __future__ import annotations

from recond.certify.story import Story
from recond.erasure import Technique, WipePlan
from recond.firmware import AtaIdentity
from recond.firmware_answers import (
    ata_accepted,
    parse_dco_sectors,
    parse_identify,
    parse_registers,
    scsi_good,
)
from recond.model import Json, Message

KEPT = "drive.not_reached.hidden"
_ERASING = frozenset({0xB4, 0xF4})
_NATIVE = frozenset({0x27, 0x78, 0xF8})
_PERIODS = (1, 2, 4, 8, 16, 32)
_SECTOR, _LOWER_HALF, _SPREAD, _PLACES = 512, bytes(range(128)), 90, 16


def hidden_bytes(story: Story, plan: WipePlan) -> int:
    """How much is still hidden: what the plan leaves, or what the drive said last, the larger."""
    planned = [dict(message.args).get("size_bytes", 0) for message in plan.not_reached
               if message.code == KEPT]
    visible, known, block = 0, 0, plan.disk.logical_block_bytes
    for _, cdb, data in _commands(story):
        answer = _raw(data, "answer")
        if cdb[14] == 0xEC and (found := parse_identify(answer)) is not None:
            visible = found.sectors
        elif cdb[14] in _NATIVE and not cdb[4]:
            registers = parse_registers(_raw(data, "sense"))
            if registers is not None and registers.whole and _taken(data):
                known = max(known, registers.lba + 1)
        elif cdb[14] == 0xB1 and cdb[4] == 0xC2:
            known = max(known, parse_dco_sectors(answer) or 0)
    left = (known - visible) * block if visible and known > visible else 0
    return max([left, *(int(count) for count in planned)])


def shown_reasons(story: Story, plan: WipePlan) -> tuple[Message, ...]:
    """Against a plan that shows hidden sectors again: what the drive's own reads of them lack."""
    restores = [step for step in plan.steps if step.technique is Technique.RESTORE_HIDDEN]
    if not restores:
        return ()
    first = plan.disk.size_bytes // max(1, plan.disk.logical_block_bytes)
    before: dict[int, bytes] = {}
    after: dict[int, bytes] = {}
    identity: AtaIdentity | None = None
    for _, cdb, data in _commands(story):
        if cdb[14] in _ERASING and cdb[4:5] + cdb[14:15] != b"\0\xb4":
            after = {}
            identity = None
        elif cdb[14] == 0xEC:
            identity = parse_identify(_raw(data, "answer")) or identity
        elif cdb[14] == 0x24 and _taken(data) and len(_raw(data, "answer")) == _SECTOR:
            after[_lba(cdb)] = _raw(data, "answer")
            if not _erased_before(story, data):
                before[_lba(cdb)] = _raw(data, "answer")
    return _judge(first, identity, before, after, story, restores[0].options)


def _judge(
    first: int, identity: AtaIdentity | None, before: dict[int, bytes], after: dict[int, bytes],
    story: Story, options: tuple[tuple[str, str | int], ...],
) -> tuple[Message, ...]:
    wanted = max((int(count) for _, count in options), default=0)
    if identity is None or identity.sectors < wanted or identity.sectors <= first:
        return (Message("certify.reason.hidden-unread"),)
    count = identity.sectors - first
    places = {first + at * (count - 1) // (_PLACES - 1) for at in range(_PLACES)}
    if not places <= after.keys():
        return (Message("certify.reason.hidden-unread"),)
    ending = story.verify_end.data["ending"] if story.verify_end else None
    kinds = {_kind(after[lba]) for lba in places}
    same = ending in ("zeros", "ones") or all(
        lba in before and before[lba] != after[lba] for lba in places)
    if len(kinds) == 1 and kinds.pop()[0] == ending and same:
        return ()
    return (Message("certify.reason.hidden-content"),)


def _kind(sector: bytes) -> tuple[object, bytes]:
    """The word of a sector's content, as `verify_end.ending` has it, and what is repeated."""
    for period in _PERIODS:
        if sector[period:] == sector[:-period]:
            word = {b"\x00": "zeros", b"\xff": "ones"}.get(sector[:period], "pattern")
            return word, sector[:period]
    upper = len(sector.translate(None, _LOWER_HALF))
    noise = abs(upper - len(sector) // 2) <= _SPREAD and len(set(sector)) > len(sector) // 4
    return ("random" if noise else "data"), b""
