"""Sectors that a drive hides (HPA, AMAC, DCO): what the journal says of them, beside the plan.

Why: the reading back covers what the kernel shows. A hidden area that nobody opened keeps whatever
it held, so a record says it plainly and never calls the disk purged; one that was opened in this
run is not yet seen by the kernel, so its erasure is believed only where the drive's own reads,
before and after, show it. Computed from the drive's raw answers. Pure.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast

from recond.certify.judge.timeline import Timeline
from recond.drive.answers import parse_dco_sectors
from recond.drive.identify import parse_identify
from recond.drive.sense import parse_registers, scsi_good
from recond.erasure import Technique, WipePlan
from recond.model import Json, Message

KEPT = "drive.not_reached.hidden"
_NATIVE = frozenset({0x27, 0x78, 0xF8})
_PERIODS = (1, 2, 4, 8, 16, 32)
_SECTOR, _LOWER_HALF, _SPREAD, _PLACES = 512, bytes(range(128)), 90, 16


def hidden_bytes(timeline: Timeline, plan: WipePlan) -> int:
    """How much is still hidden: what the plan leaves, or what the drive said last, the larger."""
    planned = [
        dict(message.args).get("size_bytes", 0)
        for message in plan.not_reached
        if message.code == KEPT
    ]
    visible = known = 0
    for cdb, data in _ata(timeline):
        answer = _raw(data, "answer")
        if cdb[14] == 0xEC and (found := parse_identify(answer)) is not None:
            visible = found.sectors
        elif cdb[14] in _NATIVE and not cdb[4]:
            registers = parse_registers(_raw(data, "sense"))
            if registers is not None and registers.whole and registers.accepted:
                known = max(known, registers.lba + 1)
        elif cdb[14] == 0xB1 and cdb[4] == 0xC2:
            known = max(known, parse_dco_sectors(answer) or 0)
    left = max(0, known - visible) * plan.disk.logical_block_bytes if visible else 0
    return max([left, *(int(count) for count in planned)])


def shown_reasons(timeline: Timeline, plan: WipePlan) -> tuple[Message, ...]:
    """Against a plan that shows hidden sectors again: what the drive's own reads of them lack."""
    restores = [step for step in plan.steps if step.technique is Technique.RESTORE_HIDDEN]
    if not restores:
        return ()
    before: dict[int, bytes] = {}
    after: dict[int, bytes] = {}
    erased, sectors = False, 0
    for cdb, data in _ata(timeline):
        answer = _raw(data, "answer")
        if cdb[14] == 0xF4 or (cdb[14] == 0xB4 and cdb[4]):
            erased, sectors, after = True, 0, {}
        elif cdb[14] == 0xEC and (found := parse_identify(answer)) is not None:
            sectors = found.sectors
        elif (
            cdb[14] == 0x24
            and len(answer) == _SECTOR
            and scsi_good(cast(int, data["status"]), cast("int | None", data["errno"]))
        ):
            (after if erased else before)[_lba(cdb)] = answer
    first = plan.disk.size_bytes // max(1, plan.disk.logical_block_bytes)
    wanted = max((int(count) for _, count in restores[0].options), default=0)
    places = {first + at * (sectors - first - 1) // (_PLACES - 1) for at in range(_PLACES)}
    if sectors <= first or sectors < wanted or not places <= after.keys():
        return (Message("certify.reason.hidden-unread"),)
    ending = timeline.verify_end.data["ending"] if timeline.verify_end else None
    kinds = {_kind(after[lba]) for lba in places}
    changed = ending in ("zeros", "ones") or all(
        before.get(lba, after[lba]) != after[lba] for lba in places
    )
    alike = {word for word, _ in kinds} == {ending} and len(kinds) == 1
    return () if alike and changed else (Message("certify.reason.hidden-content"),)


def _ata(timeline: Timeline) -> Iterator[tuple[bytes, dict[str, Json]]]:
    """Every ATA command of the run in order: (ATA PASS-THROUGH(16), the entry's data)."""
    for _, told in sorted(timeline.steps.items()):
        for entry in told.commands:
            cdb = _raw(entry.data, "request")
            if entry.data["transport"] == "ata" and len(cdb) == 16:
                yield cdb, entry.data


def _raw(data: dict[str, Json], name: str) -> bytes:
    return bytes.fromhex(cast("str | None", data[name]) or "")


def _lba(cdb: bytes) -> int:
    return int.from_bytes(bytes(cdb[i] for i in (11, 9, 7, 12, 10, 8)), "big")


def _kind(sector: bytes) -> tuple[str, bytes]:
    """The word of a sector's content, as `verify_end.ending` has it, and what is repeated."""
    for period in _PERIODS:
        if sector[period:] == sector[:-period]:
            word = {b"\x00": "zeros", b"\xff": "ones"}.get(sector[:period], "pattern")
            return word, sector[:period]
    upper = len(sector.translate(None, _LOWER_HALF))
    noise = abs(upper - len(sector) // 2) <= _SPREAD and len(set(sector)) > len(sector) // 4
    return ("random" if noise else "data"), b""
