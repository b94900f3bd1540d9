"""The ledger: one line for each certificate that a bench has issued, chained and countable.

Why: a certificate proves itself; only a ledger can show that another one was made and taken away.
Each line holds the digest of the one before (an edit shows), each record the ledger's size and RFC
6962 root as they stood before it (a cut tail or a fork shows). Time goes on from line to line; a
clock that was ahead is put back by a line of its own (`CLOCK`), which every later record names.
Pure; `recond.flow` keeps the file.
"""

from __future__ import annotations

import functools
import hashlib
from dataclasses import dataclass
from typing import Protocol

from recond.certify.merkle import Tree
from recond.codec import canonical_bytes
from recond.custody import CustodyEvent
from recond.documents import read_json
from recond.erasure import LedgerPosition, WipeRecord
from recond.errors import RecordInvalid
from recond.model import Json, Message
from recond.moments import is_moment

FIRST = "0" * 64
LEDGER_SCHEMA = "recond.ledger/1"
CLOCK = "clock"
"""The kind of a line whose time is before that of the line above it; it says which that is."""
_KEYS = {"seq", "prev", "time", "kind", "data"}
ISSUED, CUSTODY = "issued", "custody"
"""The kinds of a line for a certificate, and for a custody statement."""
Document = WipeRecord | CustodyEvent
"""What a line is of."""


class Ledger(Protocol):
    """What can be asked of a ledger, however its lines are kept."""

    @property
    def ledger_id(self) -> str:
        """The random id in the first line."""

    @property
    def size(self) -> int:
        """How many lines there are."""

    @property
    def head(self) -> str:
        """SHA-256 of the last line."""

    @property
    def last_time(self) -> str:
        """When the last line was written."""

    def clock_before(self, size: int) -> int:
        """Of the first `size` lines the number (from 1) of the last that put the time back; 0 where
        none did.
        """

    def line(self, index: int) -> bytes:
        """The line at `index` (from 0), without its line feed."""

    def root(self, size: int) -> str:
        """The Merkle root of the first `size` lines, in hex."""

    def inclusion(self, index: int) -> tuple[str, ...]:
        """The audit path of the line at `index`, to the root of all lines."""

    def consistency(self, before: int) -> tuple[str, ...]:
        """That the first `before` lines (at least one) are the beginning of all."""


@dataclass(frozen=True)
class LedgerReading:
    """A ledger's whole lines (without line feeds) up to the first fault, which `problems` names."""

    lines: tuple[bytes, ...]
    entries: tuple[dict[str, Json], ...]
    problems: tuple[Message, ...]
    torn: bool

    @functools.cached_property
    def tree(self) -> Tree:
        """The lines' Merkle tree."""
        return Tree.of(self.lines)

    @property
    def size(self) -> int:
        """How many lines there are."""
        return len(self.lines)

    @property
    def ledger_id(self) -> str:
        """The random id in the first line; empty where there is none."""
        return ledger_id_of(self.entries[0]) if self.entries else ""

    @property
    def head(self) -> str:
        """SHA-256 of the last line."""
        return hashlib.sha256(self.lines[-1]).hexdigest() if self.lines else FIRST

    @property
    def last_time(self) -> str:
        """When the last line was written."""
        return str(self.entries[-1]["time"]) if self.entries else ""

    def clock_before(self, size: int) -> int:
        """The last of the first `size` lines that put the time back (from 1); 0 for none."""
        steps = (at for at in range(min(size, self.size), 0, -1) if self._kind(at) == CLOCK)
        return next(steps, 0)

    def _kind(self, number: int) -> Json:
        return self.entries[number - 1]["kind"]

    def line(self, index: int) -> bytes:
        """The line at `index` (from 0)."""
        return self.lines[index]

    def root(self, size: int) -> str:
        """The root of the first `size` lines, in hex."""
        return self.tree.root(size)

    def inclusion(self, index: int) -> tuple[str, ...]:
        """The audit path of the line at `index`."""
        return self.tree.inclusion(index)

    def consistency(self, before: int) -> tuple[str, ...]:
        """That the first `before` lines (at least one) are the beginning of all."""
        return self.tree.consistency(before)


def ledger_id_of(first: dict[str, Json]) -> str:
    """The random id in a first line."""
    data = first["data"]
    return str(data.get("ledger_id", "")) if isinstance(data, dict) else ""


def position_after(ledger: Ledger) -> LedgerPosition:
    """Where the next record will stand."""
    size = ledger.size
    clock = ledger.clock_before(size)
    return LedgerPosition(ledger.ledger_id, size, ledger.root(size), ledger.head, size + 1, clock)


def read_ledger(raw: bytes) -> LedgerReading:
    """Read and check a ledger; nothing raises. A torn last line is ignored (a power cut)."""
    *lines, rest = raw.split(b"\n")
    good: list[bytes] = []
    entries: list[dict[str, Json]] = []
    problems: list[Message] = []
    prev, last = FIRST, ""
    for number, line in enumerate(lines, start=1):
        entry = parse_line(line)
        if entry is None or entry["seq"] != number - 1:
            problems.append(Message.of("certify.ledger.line", line=number))
            break
        if entry["prev"] != prev:
            problems.append(Message.of("certify.ledger.chain", line=number))
            break
        if entry["kind"] == CLOCK and not _is_clock_line(entry, last):
            problems.append(Message.of("certify.ledger.line", line=number))
            break
        if str(entry["time"]) < last and entry["kind"] != CLOCK:
            problems.append(Message.of("certify.ledger.time", line=number))
            break
        good.append(line)
        entries.append(entry)
        prev, last = hashlib.sha256(line).hexdigest(), str(entry["time"])
    return LedgerReading(tuple(good), tuple(entries), tuple(problems), bool(rest))


def parse_line(line: bytes) -> dict[str, Json] | None:
    """One line (without line feed); None for anything but the canonical form."""
    try:
        value = read_json(line)
        if not isinstance(value, dict) or set(value) != _KEYS or canonical_bytes(value) != line:
            return None
    except (ValueError, TypeError):
        return None
    return value if is_moment(str(value["time"])) else None


def _is_clock_line(entry: dict[str, Json], last: str) -> bool:
    """Whether it puts the time back, from that of the line above it."""
    data = entry["data"]
    return (
        isinstance(data, dict)
        and set(data) == {"last", "operator"}
        and data["last"] == last
        and isinstance(data["operator"], str | None)
        and str(entry["time"]) < last
    )


def ledger_line(ledger: Ledger, time: str, kind: str, data: dict[str, Json]) -> bytes:
    """The next line, with its line feed. Raises `RecordInvalid` for a time before the last one's
    (a live system's clock may be wrong; the ledger's order may not).
    """
    if time < ledger.last_time:
        raise RecordInvalid("certify.ledger.clock", time=time, last=ledger.last_time)
    return _line(ledger, time, kind, data)


def clock_line(ledger: Ledger, time: str, operator: str | None) -> bytes:
    """The line that puts the ledger's time back to `time`, on the word of `operator`.

    Raises `RecordInvalid` where it is not behind the last line's.
    """
    if not ledger.size or time >= ledger.last_time:
        raise RecordInvalid("certify.ledger.no-step", time=time, last=ledger.last_time)
    return _line(ledger, time, CLOCK, {"last": ledger.last_time, "operator": operator})


def _line(ledger: Ledger, time: str, kind: str, data: dict[str, Json]) -> bytes:
    return (
        canonical_bytes(
            {
                "seq": ledger.size,
                "prev": ledger.head,
                "time": time,
                "kind": kind,
                "data": data,
            }
        )
        + b"\n"
    )


def opening_line(ledger_id: str, time: str) -> bytes:
    """The first line of a new ledger."""
    data: dict[str, Json] = {"schema": LEDGER_SCHEMA, "ledger_id": ledger_id}
    return ledger_line(read_ledger(b""), time, "open", data)


def position_fault(ledger: Ledger, position: LedgerPosition) -> str | None:
    """Why a record's position does not lie in this ledger; None where it does.

    A cut tail, an edit before the position or another ledger are told apart by their codes.
    """
    if ledger.ledger_id != position.ledger_id:
        return "certify.ledger.other"
    if not 0 < position.size == position.number - 1:
        return "certify.ledger.fork"  # no ledger has such a place
    if ledger.size < position.number:
        return "certify.ledger.cut"
    head = hashlib.sha256(ledger.line(position.size - 1)).hexdigest()
    if (ledger.root(position.size), head) != (position.root, position.head):
        return "certify.ledger.fork"
    if ledger.clock_before(position.size) != position.clock:
        return "certify.ledger.step-unsaid"
    return None


def digest_names(document: Document) -> tuple[str, str, str, str]:
    """What a line's data hold: the document's number, and the SHA-256 of its three files."""
    one = "event" if isinstance(document, CustodyEvent) else "record"
    return f"{one}_id", f"{one}_sha256", "jws_sha256", "pdf_sha256"


def line_fault(
    ledger: Ledger, number: int, document: Document, digests: dict[str, str]
) -> str | None:
    """Why the `number`th line (from 1) is not that of this document; as `entry_fault`."""
    entry = parse_line(ledger.line(number - 1))
    return "certify.ledger.missing" if entry is None else entry_fault(entry, document, digests)


def entry_fault(entry: dict[str, Json], document: Document, digests: dict[str, str]) -> str | None:
    """Why a line is not that of this certificate or statement; None where it is. `digests` are the
    SHA-256 of the files at hand, by the last three of `digest_names`.
    """
    data, names = entry["data"], digest_names(document)
    if isinstance(document, CustodyEvent):
        kind, own = CUSTODY, document.event_id
    else:
        kind, own = ISSUED, document.record_id
    expected = {names[0]: own, **digests}
    if (entry["kind"], entry["time"]) != (kind, document.issued_at) or (
        not isinstance(data, dict) or set(data) != set(names)
    ):
        return "certify.ledger.missing"
    same = all(data.get(name) == value for name, value in expected.items())
    return None if same else "certify.ledger.missing"
