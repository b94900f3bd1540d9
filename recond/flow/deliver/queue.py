"""What waits, and the queue on a USB stick: from a bench without network to one with.

Why an export leaves the queue as it was: the stick may be lost. Both benches may then send the same
record; the destinations recognise it by its key.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from recond.errors import BenchLacks, RecordInvalid, UsageError
from recond.flow.deliver.checked import PackageCheck
from recond.flow.deliver.older import lacking, lacks
from recond.flow.deliver.settings import read_settings
from recond.flow.deliver.upload import not_queued, queue_new, queue_of
from recond.host.reason import os_reason, unwritten
from recond.host.spool import Spool
from recond.model import Message
from recond.upload.package import pack, read_packed, unpack
from recond.upload.queue import Entry, Hold


@dataclass(frozen=True, slots=True)
class QueueView:
    """What `recond queue` shows. `exit_code` is 0: to wait is no failure."""

    destinations: tuple[str, ...]
    entries: tuple[Entry, ...]
    holds: tuple[Hold, ...]
    done: int
    not_queued: tuple[str, ...] = ()  # certified here, and no upload has seen it yet
    lacking: tuple[tuple[str, int], ...] = ()  # a destination, and how many older ones it lacks
    exit_code: int = 0


@dataclass(frozen=True, slots=True)
class Moved:
    """What an export or import did: ids new there, ids that were there, files with a problem."""

    new: tuple[str, ...]
    known: tuple[str, ...]
    problems: tuple[tuple[str, Message], ...]

    @property
    def exit_code(self) -> int:
        """7 when a package was not what it should be."""
        return 7 if self.problems else 0


def read_queue(state: Path) -> QueueView:
    """What waits, and where. Raises `UsageError` for a mistake in the configuration."""
    queue = queue_of(state)
    kinds = {one.name: one.kind for one in read_settings(state)}
    missing = lacking(queue, kinds)
    counts = [
        (name, sum(lacks(one, name, kind) for one in missing)) for name, kind in kinds.items()
    ]
    return QueueView(
        destinations=tuple(kinds),
        entries=tuple(queue.entries()),
        holds=tuple(queue.holds().values()),
        done=len(queue.receipts()) - len(missing),
        not_queued=not_queued(state),
        lacking=tuple(one for one in counts if one[1]),
    )


def export_queue(state: Path, target: Path) -> Moved:
    """Copy every waiting package into a folder (a USB stick), with the runs and statements not
    queued so far for want of a destination. The queue stays as it is.

    Raises `UsageError` where the folder cannot be written, `BenchLacks` where it is full or fails.
    """
    queue_new(state, statements=True)
    queue, there = queue_of(state), Spool(target)
    new: list[str] = []
    known: list[str] = []
    wrong: list[tuple[str, Message]] = []
    try:
        for record_id in queue.ids():
            try:
                package = queue.package(record_id)
            except RecordInvalid as error:
                wrong.append((record_id, error.message))
                continue
            raw = pack(package) if package else None
            if raw and there.read(f"{record_id}.zip") != raw:
                there.save(f"{record_id}.zip", raw, mode=0o644)
                new.append(record_id)
            elif raw:
                known.append(record_id)
    except OSError as error:
        raise unwritten(error, "upload.folder.unusable", path=str(target)) from None
    return Moved(tuple(new), tuple(known), tuple(wrong))


def import_queue(state: Path, source: Path, *, allow_unsigned: bool = False) -> Moved:
    """Queue the packages of an exported folder; each is verified, a bad one is named and the rest
    goes on.

    Raises `UsageError` where there is no such folder or nothing in it, `BenchLacks` for a state
    folder that cannot be written.
    """
    queue = queue_of(state)
    new: list[str] = []
    known: list[str] = []
    wrong: list[tuple[str, Message]] = []
    check = PackageCheck(state, allow_unsigned)
    files = sorted(source.glob("[!.]*.zip"))
    if not files:
        raise UsageError("upload.import.nothing", path=str(source))
    for file in files:
        try:
            package = unpack(read_packed(file), file.stem)
            fault = check(package) or check.displaces(package, queue)
        except RecordInvalid as error:
            wrong.append((file.name, error.message))
            continue
        except OSError as error:
            wrong.append(
                (
                    file.name,
                    Message.of("upload.folder.unusable", path=str(file), reason=os_reason(error)),
                )
            )
            continue
        if fault is not None:
            wrong.append((file.name, fault))
            continue
        try:
            (new if queue.add(package) else known).append(package.record_id)
        except OSError as error:
            raise BenchLacks(
                "upload.queue.unusable",
                folder=str(state),
                reason=os_reason(error),
            ) from None
    return Moved(tuple(new), tuple(known), tuple(wrong))
