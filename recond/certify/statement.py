"""A custody statement's form: which parts each kind has, and what its bytes must be.

Why: a statement that names no disk, or a destruction without its method, is worth nothing in a
year. What a bench makes and what a verifier reads are held to the same rules. Pure.
"""

from __future__ import annotations

import re

from recond.codec import canonical_bytes, from_json
from recond.computer import Overall
from recond.custody import (
    CUSTODY_SCHEMA,
    MOST_THINGS,
    CustodyEvent,
    CustodyKind,
    Destroyed,
    ThingKind,
    Waste,
    is_statement,
)
from recond.documents import read_json
from recond.errors import FormatError, RecordInvalid
from recond.model import Message
from recond.moments import is_day

EVENT_TYPE = "vnd.recond.custody+json"
_CLASS = re.compile(r"[HEOT]-[1-7]")
_WASTE = re.compile(r"\d\d \d\d \d\d\*?")
_HEX = re.compile(r"[0-9a-f]{64}")
_TITLE = re.compile(r"(?:mr?s?|mme|mlle|miss|dr|monsieur|madame|mademoiselle)\.?\s", re.IGNORECASE)
MOST_LETTERS = 300
VERDICTS = frozenset((*Overall, "erased-disks"))
"""What a certificate can come to (`recond.computer.Conclusion.word`)."""
K = CustodyKind
NAMES_THINGS = frozenset({K.REMOVED, K.DESTROYED, K.HANDED_OVER, K.RETURNED})
_NAMES_PARTY = frozenset({K.RECEIVED, K.HANDED_OVER, K.RETURNED, K.SCRAPPED})
PARTS: tuple[tuple[str, frozenset[CustodyKind], frozenset[CustodyKind]], ...] = (
    ("party", _NAMES_PARTY, frozenset({K.DESTROYED})),
    ("computer", frozenset({K.REMOVED}), frozenset()),
    ("delivery", frozenset({K.RECEIVED}), frozenset()),
    ("destroyed", frozenset({K.DESTROYED}), frozenset()),
    ("certificates", frozenset(), frozenset({K.HANDED_OVER})),
    ("waste", frozenset({K.SCRAPPED}), frozenset()),
    ("closing", frozenset({K.CLOSED}), frozenset()),
)
"""Each part, the kinds that must have it, and those that may."""


def read_statement(raw: bytes) -> CustodyEvent:
    """A statement from its bytes. Raises `RecordInvalid` for anything but the canonical form of a
    statement that keeps the rules.
    """
    try:
        event = from_json(CustodyEvent, read_json(raw))
        canonical = canonical_bytes(event) == raw
    except (FormatError, ValueError, TypeError):
        raise RecordInvalid("custody.form") from None
    if not canonical:
        raise RecordInvalid("custody.form")
    fault = statement_fault(event)
    if fault is not None:
        raise RecordInvalid(fault.code, **dict(fault.args))
    return event


def statement_fault(event: CustodyEvent) -> Message | None:
    """The first rule that a statement breaks; None where it keeps them all."""
    fault = _form_fault(event) or _parts_fault(event) or _things_fault(event)
    if fault is None and event.destroyed is not None:
        fault = _destruction_fault(event.destroyed)
    if fault is None and event.waste is not None:
        fault = _waste_fault(event.waste)
    return fault or _certificates_fault(event)


def _form_fault(event: CustodyEvent) -> Message | None:
    named = is_statement(event.event_id) and is_day(event.happened_on)
    if event.schema != CUSTODY_SCHEMA or not named or event.ledger.number < 2:
        return Message("custody.form")
    if event.bench.demonstration:
        return Message("custody.demonstration")
    if event.happened_on > event.issued_at[:10]:
        return Message.of("custody.future", on_date=event.happened_on)
    if not any(sign.isalpha() for sign in event.operator.name or ""):
        return Message("custody.nobody")
    texts = (event.party, event.lot, event.note, event.computer, event.operator.name)
    if any(len(one) > MOST_LETTERS for one in texts if one):
        return Message.of("custody.long", limit=MOST_LETTERS)
    if event.party is not None and _TITLE.match(event.party):
        return Message.of("custody.person", party=event.party)
    return None


def _parts_fault(event: CustodyEvent) -> Message | None:
    for name, must, may in PARTS:
        given = bool(getattr(event, name))
        if event.kind in must and not given:
            return Message.of("custody.lacks", part=f"@custody.part.{name}")
        if given and event.kind not in must | may:
            return Message.of("custody.has", part=f"@custody.part.{name}")
    if event.lot is None and event.kind in (K.RECEIVED, K.CLOSED):
        return Message.of("custody.lacks", part="@custody.part.lot")
    return None


def _things_fault(event: CustodyEvent) -> Message | None:
    things = event.things
    if event.kind in NAMES_THINGS and not things:
        return Message("custody.nothing")
    if len(things) > MOST_THINGS:
        return Message.of("custody.many", limit=MOST_THINGS)
    seen: set[str] = set()
    for one in things:
        serial = one.serial.strip().upper()
        if not re.search(r"[A-Za-z0-9]", serial) or len(serial) > MOST_LETTERS:
            return Message.of("custody.serial", serial=one.serial)
        if serial in seen:
            return Message.of("custody.twice", serial=one.serial)
        seen.add(serial)
        if one.size_bytes is not None and one.size_bytes <= 0:
            return Message.of("custody.size", serial=one.serial)
        if event.kind is K.REMOVED and one.kind is not ThingKind.DISK:
            return Message.of("custody.no-disk", serial=one.serial)
        if (one.state is not None) is not (event.kind is K.CLOSED):
            return Message("custody.form")
    return None


def _certificates_fault(event: CustodyEvent) -> Message | None:
    """Each certificate is of one of the things, once."""
    left = {one.serial for one in event.things}
    for one in event.certificates:
        sound = _HEX.fullmatch(one.record_sha256) and one.verdict in VERDICTS
        if not sound or one.serial not in left:
            return Message("custody.form")
        left.remove(one.serial)
    return None


def _destruction_fault(how: Destroyed) -> Message | None:
    if how.security_class is not None and not _CLASS.fullmatch(how.security_class):
        return Message.of("custody.class", found=how.security_class)
    if how.photo_sha256 is not None and not _HEX.fullmatch(how.photo_sha256):
        return Message("custody.form")
    return None


def _waste_fault(waste: Waste) -> Message | None:
    if not _WASTE.fullmatch(waste.code):
        return Message.of("custody.waste-code", found=waste.code)
    if waste.count < 1 or waste.mass_g < 1:
        return Message("custody.waste-count")
    return None
