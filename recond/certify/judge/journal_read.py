"""Reading a journal: lines to entries, the chain checked, nothing judged.

Why: whoever judges an erasure must know first whether the file is what was written. This module
knows the form of a line and of every kind of entry (docs/journal-format.md) and names each fault
with its line; what the entries prove is `recond.certify.record`'s business. It never raises for
what a file holds, and it must not repair anything.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from recond.certify.judge.journal_schema import check_data
from recond.codec import read_exact
from recond.erasure import JournalEntry
from recond.model import Json, Message
from recond.moments import is_moment

FIRST_PREV = "0" * 64
MAX_JOURNAL_BYTES = 256 << 20
_KEYS = {"seq", "prev", "time", "mono_ms", "kind", "data"}


@dataclass(frozen=True, slots=True)
class JournalReading:
    """A journal as its lines say it. `problems` is empty for a journal that is whole.

    `entries` are the lines up to the first fault: what stands behind a broken link of the chain is
    not evidence of anything. `head` is the SHA-256 of the last line in `entries` (hex, without its
    line feed; 64 zeros where there is none). `torn`: the last line has no line feed and is ignored.
    """

    entries: tuple[JournalEntry, ...]
    torn: bool
    problems: tuple[Message, ...]
    head: str
    sha256: str


def parse_journal(raw: bytes) -> JournalReading:
    """Read a journal's bytes and check its chain; faults are in `problems`, nothing raises.

    Only a last line without a line feed is tolerated (a power cut in the middle of a write).
    """
    whole = hashlib.sha256(raw).hexdigest()
    if len(raw) > MAX_JOURNAL_BYTES:
        problem = Message.of("certify.journal.too-big", size_bytes=len(raw))
        return JournalReading((), False, (problem,), FIRST_PREV, whole)
    *lines, rest = raw.split(b"\n")
    entries: list[JournalEntry] = []
    prev, problems = FIRST_PREV, []
    for number, line in enumerate(lines, start=1):
        found = _parse_line(line, number, prev, entries[-1] if entries else None)
        if isinstance(found, Message):
            problems.append(found)
            break
        entries.append(found)
        prev = hashlib.sha256(line).hexdigest()
    if not entries and not problems:
        problems.append(Message.of("certify.journal.empty"))
    return JournalReading(tuple(entries), bool(rest), tuple(problems), prev, whole)


def _parse_line(
    line: bytes, number: int, prev: str, before: JournalEntry | None
) -> JournalEntry | Message:
    value = _canonical_object(line)
    if value is None or set(value) != _KEYS:
        return Message.of("certify.journal.line", line=number)
    entry = _entry(value)
    if entry is None:
        return Message.of("certify.journal.line", line=number)
    if entry.seq != number - 1:
        return Message.of("certify.journal.sequence", line=number)
    if entry.prev != prev:
        return Message.of("certify.journal.chain", line=number)
    if before is not None and entry.kind != "open" and entry.mono_ms < before.mono_ms:
        # each `open` may stand on a new boot, whose monotonic clock starts again
        return Message.of("certify.journal.clock", line=number)
    if before is None and entry.kind != "open":
        return Message.of("certify.journal.opening", line=number)
    fault = check_data(entry.kind, entry.data)
    if fault is not None:
        return Message.of("certify.journal.data", line=number, kind=entry.kind, field=fault)
    return entry


def _canonical_object(line: bytes) -> dict[str, Json] | None:
    """The object of a line, if the line is the RFC 8785 form of one."""
    try:
        value = read_exact(line)
    except (ValueError, TypeError):
        # bad UTF-8, bad JSON, floats, integers of 2^53 and more, lone surrogates, deep nesting
        return None
    return value if isinstance(value, dict) else None


def _entry(value: dict[str, Json]) -> JournalEntry | None:
    seq, mono, data = value["seq"], value["mono_ms"], value["data"]
    prev, time, kind = value["prev"], value["time"], value["kind"]
    if type(seq) is not int or type(mono) is not int or mono < 0:
        return None
    if not (isinstance(prev, str) and isinstance(time, str) and isinstance(kind, str)):
        return None
    if not isinstance(data, dict) or not is_moment(time):
        return None
    return JournalEntry(seq, prev, time, mono, kind, data)
