"""The ledger: one line for each certificate that a bench has issued, chained and countable.

Why: a certificate proves itself; only a ledger can show that another one was made and taken away.
Each line holds the digest of the one before (an edit shows), each record the ledger's size and RFC
6962 root as they stood before it (a cut tail or a fork shows). Pure; `recond.flow` keeps the file.

Source: RFC 6962 2.1, RFC 9162 2.1.3 and 2.1.4 (Merkle tree hash, inclusion, consistency).
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from recond.codec import canonical_bytes
from recond.erasure import LedgerPosition, WipeRecord
from recond.errors import RecordInvalid
from recond.model import Json, Message

FIRST = "0" * 64
_HASH = re.compile(r"[0-9a-f]{64}")
LEDGER_SCHEMA = "recond.ledger/1"
_KEYS = {"seq", "prev", "time", "kind", "data"}
_ISSUED = {"record_id", "record_sha256", "jws_sha256", "pdf_sha256"}


@dataclass(frozen=True, slots=True)
class LedgerReading:
    """A ledger's whole lines (without line feeds) up to the first fault, which `problems` names."""

    lines: tuple[bytes, ...]
    entries: tuple[dict[str, Json], ...]
    problems: tuple[Message, ...]
    torn: bool

    @property
    def ledger_id(self) -> str:
        """The random id in the first line; empty where there is none."""
        first = self.entries[0]["data"] if self.entries else None
        return str(first.get("ledger_id", "")) if isinstance(first, dict) else ""

    @property
    def head(self) -> str:
        """SHA-256 of the last line."""
        return hashlib.sha256(self.lines[-1]).hexdigest() if self.lines else FIRST

    @property
    def last_time(self) -> str:
        """When the last line was written."""
        return str(self.entries[-1]["time"]) if self.entries else ""

    def followed_by(self, line: bytes) -> LedgerReading:
        """The reading with one more line, as `ledger_line` made it."""
        return LedgerReading(
            (*self.lines, line[:-1]), (*self.entries, json.loads(line)), self.problems, self.torn
        )

    def position(self) -> LedgerPosition:
        """Where the next record will stand."""
        size = len(self.lines)
        return LedgerPosition(self.ledger_id, size, merkle_root(self.lines), self.head, size + 1)


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
        if str(entry["time"]) < last:
            problems.append(Message.of("certify.ledger.time", line=number))
            break
        good.append(line)
        entries.append(entry)
        prev, last = hashlib.sha256(line).hexdigest(), str(entry["time"])
    return LedgerReading(tuple(good), tuple(entries), tuple(problems), bool(rest))


def parse_line(line: bytes) -> dict[str, Json] | None:
    """One line (without line feed); None for anything but the canonical form."""
    try:
        value = json.loads(line)
        if not isinstance(value, dict) or set(value) != _KEYS or canonical_bytes(value) != line:
            return None
    except (ValueError, TypeError, RecursionError):
        return None
    return cast(dict[str, Json], value)


def ledger_line(reading: LedgerReading, time: str, kind: str, data: dict[str, Json]) -> bytes:
    """The next line, with its line feed. Raises `RecordInvalid` for a time before the last one's
    (a live system's clock may be wrong; the ledger's order may not).
    """
    if time < reading.last_time:
        raise RecordInvalid("certify.ledger.clock", time=time, last=reading.last_time)
    return (
        canonical_bytes(
            {
                "seq": len(reading.lines),
                "prev": reading.head,
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


def position_fault(reading: LedgerReading, position: LedgerPosition) -> str | None:
    """Why a record's position does not lie in this ledger; None where it does.

    A cut tail, an edit before the position or another ledger are told apart by their codes.
    """
    if reading.ledger_id != position.ledger_id:
        return "certify.ledger.other"
    if not 0 < position.size == position.number - 1:
        return "certify.ledger.fork"  # no ledger has such a place
    if len(reading.lines) < position.number:
        return "certify.ledger.cut"
    before = reading.lines[: position.size]
    head = hashlib.sha256(before[-1]).hexdigest()
    if (merkle_root(before), head) != (position.root, position.head):
        return "certify.ledger.fork"
    return None


def entry_fault(entry: dict[str, Json], record: WipeRecord, digests: dict[str, str]) -> str | None:
    """Why a line is not that of this certificate; None where it is. `digests` are the SHA-256 of
    the files at hand, as `record_sha256`, `jws_sha256`, `pdf_sha256`.
    """
    data = entry["data"]
    expected = {"record_id": record.record_id, **digests}
    if (entry["kind"], entry["time"]) != ("issued", record.issued_at) or (
        not isinstance(data, dict) or set(data) != _ISSUED
    ):
        return "certify.ledger.missing"
    same = all(data[name] == value for name, value in expected.items())
    return None if same else "certify.ledger.missing"


# --- Merkle tree (RFC 6962 2.1) -------------------------------------------------------------


def _leaf(line: bytes) -> bytes:
    return hashlib.sha256(b"\0" + line).digest()


def _node(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\1" + left + right).digest()


def merkle_root(lines: Sequence[bytes]) -> str:
    """The Merkle tree hash of the lines, in hex."""
    stack: list[tuple[int, bytes]] = []  # (leaves below, hash), like a binary counter
    for line in lines:
        count, found = 1, _leaf(line)
        while stack and stack[-1][0] == count:
            _, left = stack.pop()
            count, found = 2 * count, _node(left, found)
        stack.append((count, found))
    if not stack:
        return hashlib.sha256(b"").hexdigest()
    _, root = stack.pop()
    while stack:
        root = _node(stack.pop()[1], root)
    return root.hex()


def inclusion_proof(lines: Sequence[bytes], index: int) -> tuple[str, ...]:
    """The audit path of line `index` (from 0): hashes in hex, from the leaf up."""
    if len(lines) <= 1:
        return ()
    split = 1 << (len(lines) - 1).bit_length() - 1
    if index < split:
        return (*inclusion_proof(lines[:split], index), merkle_root(lines[split:]))
    return (*inclusion_proof(lines[split:], index - split), merkle_root(lines[:split]))


def is_included(line: bytes, index: int, size: int, proof: Sequence[str], root: str) -> bool:
    """Whether the audit path leads from the line to the root (RFC 9162 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    first, last, found = index, size - 1, _leaf(line)
    for step in proof:
        other = _hash(step)
        if last == 0 or other is None:
            return False
        if first & 1 or first == last:
            found = _node(other, found)
            while not first & 1 and first:
                first, last = first >> 1, last >> 1
        else:
            found = _node(found, other)
        first, last = first >> 1, last >> 1
    return last == 0 and found.hex() == root


def consistency_proof(lines: Sequence[bytes], before: int) -> tuple[str, ...]:
    """That the first `before` lines (at least one) are the beginning of these: hashes in hex."""
    return _subproof(lines, before, whole=True)


def _subproof(lines: Sequence[bytes], before: int, *, whole: bool) -> tuple[str, ...]:
    if before == len(lines):
        return () if whole else (merkle_root(lines),)
    split = 1 << (len(lines) - 1).bit_length() - 1
    if before <= split:
        return (*_subproof(lines[:split], before, whole=whole), merkle_root(lines[split:]))
    return (*_subproof(lines[split:], before - split, whole=False), merkle_root(lines[:split]))


def is_consistent(before: int, old_root: str, size: int, root: str, proof: Sequence[str]) -> bool:
    """Whether a tree of `size` lines begins with that of `before` lines (RFC 9162 2.1.4.2)."""
    if not 0 < before <= size:
        return False
    if before == size:
        return not proof and old_root == root
    steps = [_hash(step) for step in ((old_root, *proof) if before & (before - 1) == 0 else proof)]
    first, last = before - 1, size - 1
    while first & 1:
        first, last = first >> 1, last >> 1
    old = new = steps[0] if steps else None
    for step in steps[1:]:
        if step is None or old is None or new is None or last == 0:
            return False
        if first & 1 or first == last:
            old, new = _node(step, old), _node(step, new)
            while not first & 1 and first:
                first, last = first >> 1, last >> 1
        else:
            new = _node(new, step)
        first, last = first >> 1, last >> 1
    return (
        last == 0
        and old is not None
        and new is not None
        and (old.hex(), new.hex()) == (old_root, root)
    )


def _hash(text: str) -> bytes | None:
    """32 bytes from their one hex form; None for anything else."""
    return bytes.fromhex(text) if _HASH.fullmatch(text) else None
