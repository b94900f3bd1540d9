"""The types of a custody statement: what a person says became of a computer or a disk.

Why: a security officer asks where all the disks are; an erasure answers for those that were erased
only. A statement is a person's word, signed by the bench. It has no field that could say "erased":
a computer that is handed over names its certificates, which say it themselves. Pure.

Source: NIST SP 800-88 Rev. 2 (Destroy), ISO/IEC 21964-1 and DIN 66399-1 (security classes).
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from recond.erasure import Bench, LedgerPosition, Person
from recond.model import LATER, Text
from recond.workshop import Workshop

CUSTODY_SCHEMA = "recond.custody/1"
EVENT, EVENT_JWS, PAPER = "event.json", "event.jws", "statement.pdf"
"""The files of a statement's folder, beside `receipt.jws`."""
_NUMBER = re.compile(r"custody-\d{8}-\d{6}-[0-9a-f]{8}")
MOST_THINGS = 5000
"""Computers or disks in one statement."""


def is_statement(number: str) -> bool:
    """Whether a document's number is a custody statement's; no record has one like it."""
    return _NUMBER.fullmatch(number) is not None


class CustodyKind(Text):
    """What happened."""

    RECEIVED = "received"
    REMOVED = "removed"  # a disk was taken out of a computer
    DESTROYED = "destroyed"
    HANDED_OVER = "handed-over"
    RETURNED = "returned"  # to whom it came from
    SCRAPPED = "scrapped"
    CLOSED = "closed"  # a lot, with its open items by name


class ThingKind(Text):
    """What a statement is about."""

    COMPUTER = "computer"
    DISK = "disk"


class Destruction(Text):
    """A way of destroying (NIST SP 800-88 Rev. 2, Destroy). To drill or to bend is none of them."""

    SHRED = "shred"
    DISINTEGRATE = "disintegrate"
    PULVERIZE = "pulverize"
    INCINERATE = "incinerate"
    MELT = "melt"


GONE = frozenset(
    {CustodyKind.DESTROYED, CustodyKind.RETURNED, CustodyKind.HANDED_OVER, CustodyKind.SCRAPPED}
)
"""After these nothing more can happen to a thing here, unless it is received again."""


@dataclass(frozen=True, slots=True)
class Thing:
    """A computer or a disk by the number that was typed or scanned from it.

    `model` and `size_bytes` are what its label says; None: not said. `state` is what an open item
    of a lot was when the lot was closed.
    """

    kind: ThingKind
    serial: str
    model: str | None = None
    size_bytes: int | None = None
    state: str | None = field(default=None, metadata=LATER)


@dataclass(frozen=True, slots=True)
class DeliveryNote:
    """A delivery note, and what was counted when it came; None: not said or not counted."""

    number: str | None
    computers: int | None
    disks: int | None
    computers_counted: int | None
    disks_counted: int | None


@dataclass(frozen=True, slots=True)
class Destroyed:
    """How a disk was destroyed. `photo_sha256` is of a photo that stays with the workshop."""

    technique: Destruction
    security_class: str | None  # "H-5", "E-4"
    seen_by: str | None
    photo_sha256: str | None


@dataclass(frozen=True, slots=True)
class NamedCertificate:
    """A certificate that goes with a thing: the thing's serial, the certificate's number, its
    record's SHA-256, and what it says itself (`recond.computer`'s word).
    """

    serial: str
    record_id: str
    record_sha256: str
    verdict: str


@dataclass(frozen=True, slots=True)
class Waste:
    """What went to be scrapped. `code` is of the European list of wastes: `16 02 14`, `16 02 13*`.

    Source: Decision 2000/532/EC.
    """

    code: str
    category: str
    count: int
    mass_g: int
    slip: str | None  # the number of the slip that goes with it


@dataclass(frozen=True, slots=True)
class Closing:
    """How a lot stood when it was closed: the lines of the donor's list, by what became of them."""

    expected: int
    erased: int
    destroyed: int
    returned: int
    opened: int  # those that `things` names


@dataclass(frozen=True, slots=True)
class CustodyEvent:
    """One statement. Which parts a kind has, and must have: `recond.certify.statement`.

    `happened_on` is the day that the person says; `issued_at` when it was signed. `party` is an
    organisation: from whom it came, to whom it went, who destroyed it. Never a person's name.
    """

    schema: str
    event_id: str
    kind: CustodyKind
    happened_on: str
    issued_at: str
    software: tuple[tuple[str, str], ...]
    workshop: Workshop
    operator: Person
    bench: Bench
    lot: str | None
    things: tuple[Thing, ...]
    party: str | None
    computer: str | None  # the serial of the computer that a removed disk was in
    delivery: DeliveryNote | None
    destroyed: Destroyed | None
    certificates: tuple[NamedCertificate, ...]
    waste: Waste | None
    closing: Closing | None
    note: str | None
    ledger: LedgerPosition
