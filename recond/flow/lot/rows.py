"""What a lot keeps of each record: its row, and a row for each disk.

Why apart from the tables: what reads rows (`status`, `sheets`, `impact`) loads no database.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from recond.codec import from_json
from recond.computer import Scope
from recond.custody import CustodyEvent
from recond.documents import read_json
from recond.model import LATER, Message, Text

_COMPUTER = "computer="
_WHOLE = f"{_COMPUTER}erased"
_SCOPES = tuple(f"{one.value}=" for one in Scope)
_NOTHING_LEFT = re.compile(
    r'\{"destroyed":\[\],"held":\[[^]]*\],"left":\[\],"nameless":0,"removed":\[\],[^]]*'
)
"""A remainder in its canonical form (RFC 8785) that names nothing: a bracket in a serial, or
another spelling, is no match and is read whole."""


class State(Text):
    """What became of a line of the manifest."""

    ERASED = "erased"
    DESTROYED = "destroyed"  # a person's word
    RETURNED = "returned"  # a person's word
    GONE = "gone"  # handed over or scrapped by a person's word, and no erasure is proven
    CONTRADICTED = "contradicted"
    REJECTED = "rejected"
    SEEN = "seen"  # the machine has a record, and no disk in it
    HELD = "held"  # somebody says that it is here, and nothing more
    MISSING = "missing"


SETTLED = (State.ERASED, State.DESTROYED, State.RETURNED)
"""Where nothing is open any more; of several disks the last of these speaks for all."""


@dataclass(frozen=True, slots=True)
class Lot:
    """A lot: whose machines, from which day. `closed_at` None: open."""

    name: str
    donor: str | None
    date: str | None
    created_at: str
    closed_at: str | None = None


@dataclass(frozen=True, slots=True)
class DiskRow:
    """One disk's result in a record. `found_by` is its serial as it is compared."""

    position: int
    serial: str | None
    found_by: str | None
    model: str | None
    medium: str
    size_bytes: int
    status: str
    verdict: str
    level: str
    method: str
    ended_at: str | None

    @property
    def approved(self) -> bool:
        """Whether the record judges it erased and approved."""
        return self.status == "erased" and self.verdict == "approved"


@dataclass(frozen=True, slots=True)
class MachineRow:
    """One record: the machine, who signed it, where it stands in its bench's ledger."""

    record_id: str
    digest: str
    issued_at: str
    ledger: str | None
    number: int | None
    signer: str | None  # the key's fingerprint; None: not signed
    bench: str
    operator: str | None
    serial: str | None
    found_by: str | None
    maker: str | None
    model: str | None
    form: str | None
    property_number: str | None
    category: str | None
    readiness: str  # "windows-10=pass debian-13=fail", and the record's verdict: "computer=erased"
    source: str
    disks: tuple[DiskRow, ...] = ()

    @property
    def profiles(self) -> tuple[str, ...]:
        """Each profile with its outcome."""
        return profiles_of(self.readiness)

    @property
    def done_at(self) -> str:
        """When what it shows had ended: a certificate may be issued once more, much later."""
        ends = [disk.ended_at for disk in self.disks if disk.ended_at]
        return min(self.issued_at, max(ends)) if ends else self.issued_at

    @property
    def is_whole(self) -> bool:
        """Whether the record is of a computer, and all of it is erased."""
        return is_whole(self.readiness)

    @property
    def is_left(self) -> bool:
        """Whether the record is of a computer of which something is left, or nobody knows."""
        return not self.is_whole and any(w.startswith(_COMPUTER) for w in self.readiness.split())


def is_whole(readiness: str) -> bool:
    """Whether a record with this in its row is of a computer, and all of it is erased."""
    return _WHOLE in readiness.split()


def profiles_of(readiness: str) -> tuple[str, ...]:
    """Each profile with its outcome, of what a row says."""
    return tuple(word for word in readiness.split() if not word.startswith(_SCOPES))


@dataclass(frozen=True, slots=True)
class StatementRow:
    """A custody statement in a lot: the signed words, their SHA-256, whose key signed."""

    event: CustodyEvent
    digest: str
    signer: str
    source: str


@dataclass(frozen=True, slots=True)
class LeftMedium:
    """What the census says of a medium that is left or was taken out: which disk the number is.

    `seen_at`: when the computer was looked into (RFC 3339).
    """

    serial: str
    model: str | None
    size_bytes: int | None
    seen_at: str | None


@dataclass(frozen=True, slots=True)
class Remainder:
    """What a record says of its computer's media, by their serials as they are compared.

    `left` are those not erased; `nameless` counts what is left without a serial, or only suspected,
    and what is not known. `removed` and `destroyed` rest on an operator's word in the record.
    """

    serial: str | None
    left: tuple[str, ...]
    nameless: int
    removed: tuple[str, ...]
    destroyed: tuple[str, ...]
    held: tuple[str, ...]  # every medium of the census
    told: tuple[LeftMedium, ...] = field(default=(), metadata=LATER)


class Remainders(Mapping[str, Remainder]):
    """What each record of a lot says is left, by the record's id; kept as the text that the
    database holds, and read where it is asked for. Of 100,000 computers few leave anything.
    """

    def __init__(self, bodies: Mapping[str, str]) -> None:
        self._bodies = bodies

    def __getitem__(self, record_id: str) -> Remainder:
        return from_json(Remainder, read_json(self._bodies[record_id]))

    def __iter__(self) -> Iterator[str]:
        return iter(self._bodies)

    def __len__(self) -> int:
        return len(self._bodies)

    def names_nothing(self, record_id: str) -> bool:
        """Whether a record is there and says that nothing is left, removed or destroyed."""
        return _NOTHING_LEFT.fullmatch(self._bodies.get(record_id, "")) is not None


@dataclass(frozen=True, slots=True)
class ApartStatement:
    """A statement that is there and does not count, and why."""

    event_id: str
    why: Message


@dataclass(frozen=True, slots=True)
class Conflict:
    """What does not go together: the serial, and why."""

    serial: str
    why: Message
