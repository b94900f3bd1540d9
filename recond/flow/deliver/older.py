"""Records that left the queue before a destination was added, sent there all the same.

Why the runs' folders: what every destination of its day had has left the queue, and only the
receipt stayed. The record's own folder is where it was certified; it goes back into the queue with
its receipt, so that no destination that has it is sent it again.
"""

from __future__ import annotations

import errno
from dataclasses import replace
from datetime import date
from pathlib import Path

from recond.custody import is_statement
from recond.errors import BenchLacks, RecordInvalid, UsageError
from recond.flow.deliver.checked import PackageCheck
from recond.flow.deliver.settings import read_settings
from recond.flow.deliver.upload import Queued, Uploaded, queue_of, send_now
from recond.flow.runfolder import RunFolder
from recond.flow.statementnote import statement_note
from recond.host.clock import Clock
from recond.host.reason import os_reason
from recond.model import Message
from recond.upload.kinds import takes
from recond.upload.package import Package, read_folder
from recond.upload.queue import Entry, Queue

EVERY_DAY = ""


def parse_day(text: str) -> str:
    """A day, `2026-11-24`. Raises `UsageError`."""
    try:
        day = date.fromisoformat(text).isoformat()
    except ValueError:
        day = ""
    if not day or day != text:  # other forms of ISO 8601 are no days to a person
        raise UsageError("upload.since.form", day=text)
    return day


def reopen_older(state: Path, names: tuple[str, ...], since: str) -> Queued:
    """Put back into the queue what was done with and is not at each of the destinations.

    `since`: a day, or `EVERY_DAY`. Records whose files are no longer on this bench are named.
    Raises `OSError`.
    """
    queue = queue_of(state)
    ids: list[str] = []
    refused: list[tuple[str, Message]] = []
    kinds = {one.name: one.kind for one in read_settings(state) if one.name in names}
    for entry in lacking(queue, kinds):
        if entry.issue.at[:10] < since:
            continue
        try:
            package = _package(state, entry)
        except (RecordInvalid, OSError) as error:
            refused.append((entry.record_id, _gone(error)))
            continue
        if queue.reopen(package):
            ids.append(entry.record_id)
    return Queued(tuple(ids), tuple(refused))


def lacking(queue: Queue, kinds: dict[str, str]) -> list[Entry]:
    """What the queue is done with and one of the destinations (name → kind) does not have."""
    done = (queue.receipt(record_id) for record_id in queue.receipts())
    return [entry for entry in done if entry and any(lacks(entry, *one) for one in kinds.items())]


def lacks(entry: Entry, name: str, kind: str) -> bool:
    """Whether a destination does not have what it takes."""
    return takes(kind, entry.record_id) and not entry.has(name)


def _package(state: Path, entry: Entry) -> Package:
    number = entry.record_id
    run = RunFolder(state / "runs" / number)
    note = statement_note(state, number) if is_statement(number) else run.note()
    if note is None:
        raise FileNotFoundError(errno.ENOENT, number)
    package = read_folder(Path(note.folder))
    if package.digest != entry.digest:
        raise RecordInvalid("upload.older.other")
    fault = PackageCheck(state).foreign(package, number)
    if fault is not None:
        raise RecordInvalid(fault.code, **dict(fault.args))
    return package


def _gone(error: Exception) -> Message:
    if isinstance(error, RecordInvalid):
        return error.message
    reason = os_reason(error) if isinstance(error, OSError) else "@host.errno.ENOENT"
    return Message.of("upload.older.gone", reason=reason)


def send_older(
    state: Path,
    names: tuple[str, ...],
    folders: tuple[Path, ...],
    *,
    since: str,
    parked: bool,
    allow_unsigned: bool,
    clock: Clock,
) -> Uploaded:
    """`recond upload --since`, `--all`: what left before, then as `send_now`.

    Raises as `send_now`, and `BenchLacks` for a state folder that cannot be written.
    """
    wanted = names or tuple(one.name for one in read_settings(state))
    known = {one.name for one in read_settings(state)}
    try:
        # a name that is unknown is send_now's to say, before anything is touched
        older = reopen_older(state, wanted, since) if set(wanted) <= known else Queued((), ())
    except OSError as error:
        raise BenchLacks(
            "upload.queue.unusable", folder=str(state), reason=os_reason(error)
        ) from None
    done = send_now(
        state, names, folders, parked=parked, allow_unsigned=allow_unsigned, clock=clock
    )
    return replace(done, queued=(*older.ids, *done.queued), refused=(*older.refused, *done.refused))
