"""The queue: records that wait, one file each, and what each destination said of them.

    queue/<record id>.zip        the package, from the moment it is queued until all have it
    queue/state/<record id>.json what became of it at each destination (an `Entry`)
    queue/done/<record id>.json  the same, when every destination has it and the package is gone
    queue/holds.json             destinations that take nothing just now, and until when
    queue/.send, queue/.files   the locks

Why it can be killed anywhere: each file is whole or not there; a delivery that was not written down
is made again, and the destination knows the record by its key. A record issued anew (a resumed run)
takes the place of its older self, whose state does not count for the new bytes. It sends nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TypeVar

from recond.codec import canonical_bytes, from_json
from recond.documents import read_json
from recond.errors import FormatError, RecordInvalid
from recond.host.spool import Spool
from recond.model import LATER, Message, Text
from recond.upload.package import IssueOrder, Package, pack, peek_digest, unpack

T = TypeVar("T")
HOLDS = "holds.json"


class DeliveryState(Text):
    """How far a record is with one destination."""

    WAITING = "waiting"
    SENT = "sent"
    PARKED = "parked"


@dataclass(frozen=True, slots=True)
class Delivery:
    """One record at one destination. `attempts` counts the failures since it was queued."""

    destination: str
    where: DeliveryState
    attempts: int
    at: str
    until: str | None
    words: Message


@dataclass(frozen=True, slots=True)
class Entry:
    """One record's state. `problem` names a package that cannot be read; `signer` as in `Package`:
    a later issue is by the same key.
    """

    record_id: str
    digest: str
    issue: IssueOrder
    deliveries: tuple[Delivery, ...] = ()
    problem: Message | None = None
    signer: str | None = field(default=None, metadata=LATER)

    def is_of(self, package: Package) -> bool:
        """Whether it is of these bytes, by this key; one that was kept formerly names no key."""
        return self.digest == package.digest and self.signer in (None, package.signer)

    def at(self, destination: str) -> Delivery | None:
        """The state at a destination; None where it was not tried yet."""
        return next((d for d in self.deliveries if d.destination == destination), None)

    def has(self, destination: str) -> bool:
        """Whether the destination has the record."""
        found = self.at(destination)
        return found is not None and found.where is DeliveryState.SENT

    def with_delivery(self, delivery: Delivery) -> Entry:
        """The entry after an attempt."""
        others = tuple(d for d in self.deliveries if d.destination != delivery.destination)
        return replace(self, deliveries=(*others, delivery))


@dataclass(frozen=True, slots=True)
class Hold:
    """A destination that takes nothing until then. `asked`: the server named the time itself."""

    destination: str
    until: str
    attempts: int
    asked: bool
    words: Message


@dataclass(frozen=True, slots=True)
class Holds:
    """The file of the holds."""

    holds: tuple[Hold, ...] = field(default=())


class Queue:
    """The queue in a folder. Raises `OSError` where the folder cannot be written."""

    def __init__(self, folder: Path) -> None:
        self._spool = Spool(folder)
        self._states = Spool(folder / "state")
        self._done = Spool(folder / "done")

    def sending(self) -> AbstractContextManager[bool]:
        """The lock of whoever sends: false where another process is sending."""
        return self._spool.locked(".send", wait=False)

    def _changing(self) -> AbstractContextManager[bool]:
        return self._spool.locked(".files", wait=True)

    def add(self, package: Package, made_ns: int | None = None) -> bool:
        """Queue a record; whether it is new here. Neither the same bytes by the same key nor older
        ones are. By another key they are: whoever has those has not these.

        `made_ns`: the time of the file that it was read from, which the queue's own file takes.
        """
        with self._changing():
            known = self.newest(package.record_id)
            is_new = not known or not (known.is_of(package) or known.issue.after(package.issue))
            if is_new:
                again = known is not None and known.digest == package.digest
                if again and self._states.has(_json(package.record_id)):
                    self._states.remove(_json(package.record_id))
                self._spool.save(_zip(package.record_id), pack(package))
            if made_ns is not None:
                self._date(package.record_id, made_ns)
        return is_new

    def _date(self, record_id: str, made_ns: int) -> None:
        if self._spool.has(_zip(record_id)):
            self._spool.date(_zip(record_id), made_ns)
        else:
            self._done.date(_json(record_id), made_ns)

    def knows(self, record_id: str, digest: str) -> bool:
        """Whether these bytes wait or are done with."""
        known = self.newest(record_id)
        return known is not None and known.digest == digest

    def newest(self, record_id: str) -> Entry | None:
        """What waits under a number, else what was sent; None: neither."""
        try:
            there = self.package(record_id)
        except RecordInvalid:
            return None  # a bad file gives way to a good one
        if there:
            return Entry(there.record_id, there.digest, there.issue, signer=there.signer)
        return _read(Entry, self._done, _json(record_id))

    def ids(self) -> tuple[str, ...]:
        """What waits, oldest first (an id begins with its time)."""
        return self._spool.names(".zip")

    def package(self, record_id: str) -> Package | None:
        """A waiting package; None when it has left. Raises `RecordInvalid`."""
        raw = self._spool.read(_zip(record_id))
        return None if raw is None else unpack(raw, record_id)

    def entries(self) -> Iterator[Entry]:
        """Every waiting record's state."""
        for record_id in self.ids():
            entry = self._entry(record_id)
            if entry:
                yield entry

    def _entry(self, record_id: str) -> Entry | None:
        # a state that cannot be read, or that is of older bytes, is no state
        raw = self._spool.read(_zip(record_id))
        if raw is None:
            return None  # another process finished it meanwhile
        try:
            found = _read(Entry, self._states, _json(record_id))
            if found and found.digest == peek_digest(raw):
                return found
            package = unpack(raw, record_id)
        except RecordInvalid as error:
            return Entry(record_id, "", IssueOrder(""), problem=error.message)
        return Entry(record_id, package.digest, package.issue, signer=package.signer)

    def write(self, entry: Entry) -> None:
        """Write down what a destination said."""
        self._states.save(_json(entry.record_id), canonical_bytes(entry))

    def finish(self, entry: Entry) -> None:
        """Everybody has it: keep the receipt, let the package go. May be killed and repeated."""
        with self._changing():
            raw = self._spool.read(_zip(entry.record_id))
            if raw is None or peek_digest(raw) != entry.digest:
                return  # issued anew while we were sending
            if not entry.is_of(unpack(raw, entry.record_id)):
                return  # the same bytes, by a key that is believed
            made_ns = self.made_from(entry.record_id)
            self._done.save(_json(entry.record_id), canonical_bytes(entry))
            self._spool.remove(_zip(entry.record_id))
            if made_ns is not None:
                self._done.date(_json(entry.record_id), made_ns)
            self._states.remove(_json(entry.record_id))

    def reopen(self, package: Package) -> bool:
        """Queue a record that was done with, with its receipt: who has it is not sent it again.

        Whether it was; not where it waits already, or where the receipt is of other bytes.
        """
        with self._changing():
            receipt = self.receipt(package.record_id)
            if receipt is None or receipt.digest != package.digest:
                return False
            if self._spool.has(_zip(package.record_id)):
                return False
            # killed in between, the state without a package is swept and the receipt still there
            self._states.save(_json(package.record_id), canonical_bytes(receipt))
            self._spool.save(_zip(package.record_id), pack(package))
            self._done.remove(_json(package.record_id))
        return True

    def receipt(self, record_id: str) -> Entry | None:
        """What became of a record that was done with; None where there is no such."""
        return _read(Entry, self._done, _json(record_id))

    def told(self, record_id: str) -> Entry | None:
        """What is known of a record, whether it waits or was done with; None: it was not queued."""
        return self._entry(record_id) or self.receipt(record_id)

    def receipts(self) -> tuple[str, ...]:
        """The ids of the records that everybody has."""
        return self._done.names(".json")

    def made_from(self, record_id: str) -> int | None:
        """The time of the file that the record was read from (nanoseconds); None where unknown.

        Equal or not, never older or younger: a clock is set, and a record is issued anew while an
        older one is being sent.
        """
        return self._spool.changed(_zip(record_id)) or self._done.changed(_json(record_id))

    def all_made_from(self) -> dict[str, int]:
        """`made_from` of every record that the queue knows, by its id."""
        waiting, done = self._spool.all_changed(".zip"), self._done.all_changed(".json")
        return done | waiting

    def holds(self) -> dict[str, Hold]:
        """The destinations that take nothing just now."""
        found = _read(Holds, self._spool, HOLDS) or Holds()
        return {hold.destination: hold for hold in found.holds}

    def write_holds(self, holds: dict[str, Hold]) -> None:
        """Write the holds."""
        self._spool.save(HOLDS, canonical_bytes(Holds(tuple(holds.values()))))

    def sweep(self) -> None:
        """Remove what killed processes left half-done."""
        with self._changing():
            for spool in (self._spool, self._states, self._done):
                spool.sweep()
            for record_id in set(self._states.names(".json")) - set(self.ids()):
                self._states.remove(_json(record_id))


def _zip(record_id: str) -> str:
    return f"{record_id}.zip"


def _json(record_id: str) -> str:
    return f"{record_id}.json"


def _read(cls: type[T], spool: Spool, name: str) -> T | None:
    raw = spool.read(name)
    try:
        return None if raw is None else from_json(cls, read_json(raw))
    except (ValueError, FormatError):
        return None
