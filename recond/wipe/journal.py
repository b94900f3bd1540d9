"""The journal's writer: what happened, hash-chained, on the disk before it is relied on.

Why: whatever a record says is computed from these lines (docs/journal-format.md). This module only
writes and continues; reading and judging is `recond.certify`'s. The same line form for every kind.
"""

from __future__ import annotations

import errno
import hashlib
from pathlib import Path
from typing import Protocol

from recond.codec import canonical_bytes
from recond.errors import BenchLacks
from recond.host.clock import Clock
from recond.host.journalfile import JournalFile
from recond.model import Json

FIRST = "0" * 64


class Sink(Protocol):
    """Where the lines go: a file that is synced at each append."""

    def append(self, line: bytes) -> None:
        """Append one line and have it on the disk before returning."""

    def close(self) -> None:
        """Close it."""


class Journal:
    """Appends entries to one disk's journal."""

    def __init__(self, sink: Sink, clock: Clock, seq: int = 0, prev: str = FIRST) -> None:
        self._sink = sink
        self._clock = clock
        self._seq = seq
        self._prev = prev
        self._lost: str | None = None

    @staticmethod
    def create(path: Path, clock: Clock) -> Journal:
        """A new journal. Raises `OSError` where it cannot be made."""
        return Journal(JournalFile.create(path), clock)

    @staticmethod
    def reopen(path: Path, clock: Clock, *, abandoned: bool = False) -> tuple[Journal, bytes]:
        """An existing journal to go on with, and its whole lines. A torn last line is cut off.

        Raises `BlockingIOError` while another process writes it (`JournalFile.reopen`).
        """
        sink, raw = JournalFile.reopen(path, abandoned=abandoned)
        lines = raw.splitlines()
        prev = hashlib.sha256(lines[-1]).hexdigest() if lines else FIRST
        return Journal(sink, clock, len(lines), prev), raw

    def log(self, kind: str, data: dict[str, Json]) -> None:
        """Append one entry; it is on the disk when this returns.

        Raises `BenchLacks` when it cannot be written, then and ever after: behind a line that may
        be torn nothing is believed, and nothing may be done to a disk without evidence. It is no
        `OSError`, so that a full bench is not taken for a failing target.
        """
        if self._lost is None:
            line = canonical_bytes(
                {
                    "seq": self._seq,
                    "prev": self._prev,
                    "time": self._clock.now(),
                    "mono_ms": int(self._clock.monotonic_s() * 1000),
                    "kind": kind,
                    "data": data,
                }
            )
            try:
                self._sink.append(line + b"\n")
            except OSError as error:
                self._lost = errno.errorcode.get(error.errno or 0, str(error.errno))
            self._seq += 1
            self._prev = hashlib.sha256(line).hexdigest()
        if self._lost is not None:
            raise BenchLacks("wipe.journal.lost", errno=self._lost)

    def close(self) -> None:
        """Close the file."""
        self._sink.close()
