"""Whether what documents say of one number, they say of one thing.

Why: a history joins by the number, and counterfeits, adapters and maintenance tools give one number
to many things. Two models with no word in common, or two world wide names, are two things: then
each line may be about the other one, and whoever reads it has to know. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import combinations

from recond.census import Kind
from recond.custody import CustodyEvent, ThingKind
from recond.drives import is_area
from recond.erasure import TargetKind, WipeRecord
from recond.flow.likeness import models_differ
from recond.flow.serials import bare_wwn, compared
from recond.model import Known, Message
from recond.naming import model_name
from recond.upload.facts import known


@dataclass(frozen=True, slots=True)
class Bearer:
    """A thing as a document shows it under a number. `wide_name` is its WWN or EUI, of a whole
    drive; a name space has its own.
    """

    kind: ThingKind
    serial: str
    model: str | None
    wide_name: str | None
    document: str


def bearers_of(document: WipeRecord | CustodyEvent) -> Iterator[Bearer]:
    """Everything that a document names by a number."""
    if isinstance(document, CustodyEvent):
        for thing in document.things:
            number = compared(thing.serial)
            yield Bearer(thing.kind, number, thing.model, None, document.event_id)
        return
    system = document.machine.system if document.machine else None
    if system and (own := known(system.serial)):
        model = model_name(system) or None
        yield Bearer(ThingKind.COMPUTER, compared(own), model, None, document.record_id)
    for erasure in document.erasures:
        disk = erasure.disk
        if disk.kind is TargetKind.BLOCK and disk.serial and not is_area(erasure):
            name = None if disk.namespace else disk.wwn
            number = compared(disk.serial)
            yield Bearer(ThingKind.DISK, number, disk.model, name, document.record_id)
    yield from _media(document)


def _media(record: WipeRecord) -> Iterator[Bearer]:
    census = record.machine.census if record.machine else None
    for one in census.value.media if isinstance(census, Known) else ():
        serial = known(one.serial)
        if serial and one.kind in (Kind.DISK, Kind.DRIVE):
            name = None if known(one.namespace) else known(one.wwn)
            number = compared(serial)
            yield Bearer(ThingKind.DISK, number, known(one.model), name, record.record_id)


def namesakes(bearers: Iterable[Bearer]) -> Iterator[Message]:
    """Of each number that two things bear, the first two: a sentence each."""
    by_number: dict[tuple[ThingKind, str], dict[Bearer, None]] = {}
    for one in bearers:
        by_number.setdefault((one.kind, one.serial), {})[one] = None
    for (kind, serial), found in by_number.items():
        pair = next(((a, b) for a, b in combinations(found, 2) if _are_two(a, b)), None)
        if pair is not None:
            one, other = pair
            words: dict[str, str | int] = {
                "serial": serial,
                "kind": f"@custody.kind.{kind.value}",
                "one": one.model or one.wide_name or "—",
                "id": one.document,
                "other": other.model or other.wide_name or "—",
                "other_id": other.document,
            }
            if not models_differ(one.model, other.model):
                words |= {"one": one.wide_name or "—", "other": other.wide_name or "—"}
            yield Message.of("custody.history.namesakes", **words)


def _are_two(one: Bearer, other: Bearer) -> bool:
    names = {bare_wwn(name) for name in (one.wide_name, other.wide_name) if name}
    return models_differ(one.model, other.model) or len(names) > 1
