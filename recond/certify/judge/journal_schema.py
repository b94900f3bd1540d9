"""The form of each kind of journal entry: which fields, of which type.

Why: the fold reads entries without ever asking "is this a number?"; a field that is missing, of
the wrong type or negative is found here, once, and makes the journal worthless from that line on.
Fields that this table does not name are allowed (a later writer may say more); an unknown kind is
not, because nobody can tell what it did to the disk. Source: docs/journal-format.md.
"""

from __future__ import annotations

import operator
from collections.abc import Callable
from itertools import chain
from typing import Any, TypeAlias

from recond.codec import from_json
from recond.ends import ConfirmedBy, JournalEnd, StepEnd
from recond.erasure import DiskIdentity, Fill, FillKind, WipePlan
from recond.errors import RecondError
from recond.frozen import answered_once
from recond.model import Json, Message, Use

Check: TypeAlias = Callable[[Json], bool]
_HEX = b"0123456789abcdef"


def _text(value: Json) -> bool:
    return isinstance(value, str)


def _count(value: Json) -> bool:
    return type(value) is int and value >= 0


def _integer(value: Json) -> bool:
    return type(value) is int


def _flag(value: Json) -> bool:
    return type(value) is bool


def _hex(value: Json) -> bool:
    if not isinstance(value, str) or len(value) % 2 or not value.isascii():
        return False
    return not value.encode("ascii").translate(None, _HEX)  # thrice as fast as a pattern


def _digest(value: Json) -> bool:
    return isinstance(value, str) and len(value) == 64 and _hex(value)


def _object(value: Json) -> bool:
    return isinstance(value, dict)


def _word(*words: str) -> Check:
    return lambda value: isinstance(value, str) and value in words


def _maybe(check: Check) -> Check:
    return lambda value: value is None or check(value)


def _list(check: Check) -> Check:
    return lambda value: isinstance(value, list) and all(map(check, value))


def _range(value: Json) -> bool:
    """[start, length] in bytes; an empty range says nothing and is not written."""
    if not isinstance(value, list) or len(value) != 2:
        return False
    start, length = value
    return type(start) is int and type(length) is int and start >= 0 and length > 0


def _places(value: Json) -> bool:
    """Canaries, each an object of five fields; asked field by field of all of them, as a journal
    has two hundred and little else.
    """
    if not isinstance(value, list) or not set(map(type, value)) <= {dict}:
        return False
    try:
        offsets, uniform, errnos, *hashes = _columns(value)
    except KeyError:
        return False
    digests: list[Any] = [one for one in chain(*hashes) if one is not None]
    return (
        set(map(type, offsets)) <= {int}
        and min(offsets, default=0) >= 0
        and set(map(type, uniform)) <= {bool}
        and set(map(type, errnos)) <= {int, type(None)}
        and set(map(type, digests)) <= {str}
        and set(map(len, digests)) <= {64}
        and _hex("".join(digests))
    )


def _columns(places: list[Any]) -> list[list[Any]]:
    return [list(map(field, places)) for field in _PLACE_FIELDS]


_PLACE_FIELDS: tuple[Callable[[Any], Json], ...] = tuple(
    map(operator.itemgetter, ("offset", "uniform", "errno", "sha256", "expected"))
)


def _typed(cls: type) -> Check:
    def check(value: Json) -> bool:
        try:
            from_json(cls, value)
        except (RecondError, ValueError, TypeError):
            return False
        return True

    return check


def fill_is_sound(fill: Fill) -> bool:
    """A constant of one to four bytes, or two different keys of 16 bytes, in lower-case hex."""
    if not _hex(fill.hex):
        return False
    count = len(fill.hex) // 2
    if fill.kind is FillKind.CONSTANT:
        return 1 <= count <= 4
    return count == 32 and fill.hex[:32] != fill.hex[32:]  # equal keys: the cipher refuses them


def _fill(value: Json) -> bool:
    return _typed(Fill)(value) and fill_is_sound(from_json(Fill, value))


@answered_once  # its form is asked here, and the timeline takes it
def plan_of(value: Json) -> WipePlan:
    """The plan of an entry, which nobody changes. Raises `FormatError`."""
    return from_json(WipePlan, value)


def _plan(value: Json) -> bool:
    """A plan whose contents and places can be computed: sound fills, a seed of 32 bytes."""
    try:
        plan = plan_of(value)
    except (RecondError, ValueError, TypeError):
        return False
    return _digest(plan.seed) and all(
        step.fill is None or fill_is_sound(step.fill) for step in plan.steps
    )


def _object_of(fields: dict[str, Check]) -> Check:
    return lambda value: isinstance(value, dict) and first_fault(fields, value) is None


def first_fault(fields: dict[str, Check], data: dict[str, Json]) -> str | None:
    """The first field that is missing or of the wrong form; None where all are right."""
    for name, check in fields.items():
        if name not in data or not check(data[name]):
            return name
    return None


_REREAD = _object_of({"range": _list(_count), "ok": _flag})
_RANGES = _list(_range)
_PARTITION = _object_of({"name": _text, "range": _list(_count), "errno": _maybe(_integer)})
_PHASE = _word("write", "verify", "canary")
_DONE = _word(StepEnd.DONE, StepEnd.FAILED, StepEnd.STOPPED, StepEnd.VANISHED)

KINDS: dict[str, dict[str, Check]] = {
    "open": {
        "schema": _text,
        "run_id": _text,
        "path": _text,
        "software": _object,
        "session": _count,
        "boot": _text,
        "demonstration": _flag,
    },
    "plan": {"plan": _plan, "digest": _digest},
    "refused": {"refusals": _list(_typed(Message))},
    "confirmation": {
        "digest": _digest,
        "by": _word(*ConfirmedBy),
        "token": _text,
    },
    "identity": {"identity": _typed(DiskIdentity), "differences": _list(_text), "direct": _flag},
    "holders": {
        "phase": _word("write", "read", "end"),
        "nodes": _list(_text),
        "holders": _list(_typed(Use)),
        "unseen": _list(_typed(Message)),
        "processes": _count,
        "size_bytes": _count,
        "writes": _maybe(_text),
        "partitions": _list(_PARTITION),
    },
    "write_protect": {
        "phase": _word("intend", "lift", "restore"),
        "node": _text,
        "was": _text,
        "now": _text,
        "errno": _maybe(_integer),
    },
    "canary": {
        "phase": _word("before", "after", "resume"),
        "seed": _text,
        "length": _count,
        "places": _places,
    },
    "step_start": {"step": _count, "technique": _text, "offset": _count},
    "checkpoint": {
        "step": _count,
        "phase": _word("write", "verify"),
        "done": _RANGES,
        "bad": _RANGES,
    },
    "retry": {
        "step": _count,
        "phase": _PHASE,
        "offset": _count,
        "length": _count,
        "errno": _maybe(_integer),
        "attempt": _count,
    },
    "bad_range": {
        "step": _count,
        "phase": _PHASE,
        "range": _range,
        "errno": _maybe(_integer),
        "attempts": _count,
    },
    "pause": {"reason": _text, "celsius": _integer, "limit": _integer, "duration_ms": _count},
    "command": {
        "step": _count,
        "transport": _word("ata", "nvme", "scsi", "mmc", "tool"),
        "name": _text,
        "request": _hex,
        "data_out": _maybe(_hex),
        "answer": _maybe(_hex),
        "status": _integer,
        "sense": _maybe(_hex),
        "errno": _maybe(_integer),
        "duration_ms": _count,
    },
    "password": {"step": _count, "password": _hex, "role": _text},
    "progress": {"step": _count, "permille": _count},
    "flush": {"step": _count, "errno": _maybe(_integer)},
    "step_end": {
        "step": _count,
        "outcome": _DONE,
        "written": _count,
        "done": _RANGES,
        "bad": _RANGES,
        "retries": _count,
        "duration_ms": _count,
        "speed": _list(_count),
        "reason": _maybe(_typed(Message)),
    },
    "verify_start": {
        "mode": _word("full", "sample", "none"),
        "seed": _maybe(_text),
        "expects": _maybe(_fill),
        "direct": _flag,
    },
    "verify_end": {
        "outcome": _word(StepEnd.DONE, StepEnd.STOPPED, StepEnd.VANISHED),
        "compared": _count,
        "places": _count,
        "mismatch_bytes": _count,
        "mismatch": _RANGES,
        "unreadable": _RANGES,
        "ending": _maybe(_text),
        "duration_ms": _count,
        "speed": _list(_count),
    },
    "interrupted": {
        "by": _word("worker", "supervisor", "resume"),
        "reason": _text,
        "signal": _maybe(_integer),
    },
    "resume": {
        "session": _count,
        "boot": _text,
        "step": _count,
        "offset": _count,
        "reread": _maybe(_REREAD),
    },
    "end": {
        "outcome": _word(*JournalEnd),
        "reason": _maybe(_typed(Message)),
    },
}


def check_data(kind: str, data: dict[str, Json]) -> str | None:
    """The name of the first wrong field of an entry; "kind" for an unknown kind; None if right."""
    fields = KINDS.get(kind)
    return "kind" if fields is None else first_fault(fields, data)
