"""Records leave the bench: queue them, try the destinations, add and list destinations.

Why the runs are looked over each time: a run that was killed between its certificate and the queue
has its record in the output folder and nowhere else; the next upload finds it there.
"""

from __future__ import annotations

import contextlib
import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from recond.custody import EVENT, is_statement
from recond.errors import BenchLacks, RecordInvalid, UsageError
from recond.flow.deliver.checked import FOREIGN, PackageCheck, check_may_leave
from recond.flow.deliver.settings import read_settings, write_settings
from recond.flow.runindex import newest_runs, seen_runs
from recond.flow.statementnote import all_statements
from recond.host.clock import Clock
from recond.host.reason import os_reason
from recond.host.recall import Recall, Stamp, stamped
from recond.model import Message
from recond.upload.kinds import TAKE_STATEMENTS, open_destination, takes
from recond.upload.package import RECORD, Package, read_folder
from recond.upload.queue import Delivery, DeliveryState, Hold, Queue
from recond.upload.send import OnDelivery, Urgency, send_pass
from recond.upload.settings import KINDS, Settings, check_settings

INDEX, DRAWN = ".due-index", 16
"""What may leave, as it was read: `recond queue` counts it, and nothing is sent by it."""
EXIT_LEFT, READ_AGAIN, SECOND_NS = 8, 3, 1_000_000_000


@dataclass(frozen=True, slots=True)
class Uploaded:
    """What one `recond upload` did. `waiting` and `parked` count record × destination."""

    queued: tuple[str, ...]
    refused: tuple[tuple[str, Message], ...]  # a folder that was named, and why it was not queued
    kept_back: tuple[tuple[str, Message], ...]  # this bench's own runs that may not leave, and why
    deliveries: tuple[tuple[str, Delivery], ...]
    holds: tuple[Hold, ...]
    waiting: int
    parked: int
    busy: bool  # another process is sending: nothing was tried

    @property
    def exit_code(self) -> int:
        """0 when every record has reached every destination asked for, else 8."""
        return EXIT_LEFT if self.waiting or self.parked or self.busy or self.refused else 0


@dataclass(frozen=True, slots=True)
class Queued:
    """What was queued, and what was not and why."""

    ids: tuple[str, ...]
    refused: tuple[tuple[str, Message], ...]


def queue_of(state: Path) -> Queue:
    """This bench's queue."""
    return Queue(state / "queue")


def queue_folder(
    state: Path, folder: Path, *, allow_unsigned: bool = False, own: str | None = None
) -> Queued:
    """Queue the record of an output folder (`OUT/<record id>`); `own`: the number under which this
    bench put a document of its own there, and none but that. Raises `OSError`.
    """
    ids: list[str] = []
    for _ in range(READ_AGAIN):
        made = _made(folder)
        try:
            package = read_folder(folder)
            check = PackageCheck(state, allow_unsigned)
            fault = check(package) or check.displaces(package, queue_of(state))
            if own is not None:
                fault = check.foreign(package, own) or fault
        except (RecordInvalid, UsageError) as error:
            fault = error.message
        if fault is not None:
            return Queued((), ((folder.name, fault),))
        ids += [package.record_id] if queue_of(state).add(package, made) else []
        if made == _made(folder):
            break  # else it was issued anew meanwhile
    return Queued(tuple(dict.fromkeys(ids)), ())


def _made(folder: Path) -> int | None:
    """When a folder's record or statement was written (nanoseconds); None where it is not."""
    for name in (RECORD, EVENT):
        with contextlib.suppress(OSError):
            return (folder / name).stat().st_mtime_ns
    return None


def queue_new(state: Path, *, allow_unsigned: bool = False, statements: bool) -> Queued:
    """Queue every record of this bench's runs, and with `statements` each of those, that the queue
    does not know.
    """
    ids: list[str] = []
    refused: list[tuple[str, Message]] = []
    for number, folder in _new_folders(state, statements=statements):
        found = queue_folder(state, folder, allow_unsigned=allow_unsigned, own=number)
        ids += found.ids
        refused += found.refused
    return Queued(tuple(ids), tuple(refused))


def not_queued(state: Path) -> tuple[str, ...]:
    """The ids of what this bench signed, may leave, and no upload has seen yet."""
    queue, index = queue_of(state), Recall(state / INDEX, "record_id", "digest")
    folders = [one for _, one in _new_folders(state, statements=_wants_statements(state))]
    told = {folder: _may_leave(folder, index) for folder in folders}
    drawn = random.sample(folders, min(DRAWN, len(folders)))
    if any(told[folder] != _read_anew(folder) for folder in drawn):  # a lie: none is believed
        told = {folder: _read_anew(folder) for folder in folders}
        for name in index.names:
            index.drop(name)
    for name in set(index.names).difference(map(str, folders)):
        index.drop(name)
    index.save()
    return tuple(one[0] for one in told.values() if one is not None and not queue.knows(*one))


def _may_leave(folder: Path, index: Recall) -> tuple[str, str] | None:
    """A record that may leave, by id and digest, as it was read when its files were these."""
    stamp = _stamp(folder)
    row = index.told(str(folder), stamp)
    if row is not None:
        return str(row[0]), str(row[1])
    found = _read_anew(folder)
    if found is not None:
        index.keep(str(folder), stamp, found)
    return found


def _read_anew(folder: Path) -> tuple[str, str] | None:
    try:
        package = read_folder(folder)
        check_may_leave(package, allow_unsigned=False)
    except (RecordInvalid, OSError):
        return None
    return package.record_id, package.digest


def _stamp(folder: Path) -> Stamp:
    """Of a folder and of all that lies in it, as one."""
    found = [Stamp.at(str(folder)), *(one for _, one in stamped(str(folder)))]
    found += [one for _, one in stamped(f"{folder}/journals")]
    return Stamp(" / ".join(one.text for one in found), max(one.newest_ns for one in found))


def find_package(state: Path) -> Package | None:
    """The newest record of this bench that can be read: one that waits, else the last run's."""
    queue = queue_of(state)
    for record_id in reversed(queue.ids()):
        try:
            if not is_statement(record_id) and (package := queue.package(record_id)):
                return package
        except RecordInvalid:
            continue
    for run in newest_runs(state):
        note = run.note()
        with contextlib.suppress(RecordInvalid, OSError):
            if note is not None:
                return read_folder(Path(note.folder))
    return None


def _wants_statements(state: Path) -> bool:
    """Whether there is a destination for them: else they would wait for nobody."""
    return any(one.kind in TAKE_STATEMENTS for one in read_settings(state))


def _new_folders(state: Path, *, statements: bool) -> Iterator[tuple[str, Path]]:
    """The runs and statements that the queue does not know, or knows otherwise: number, folder."""
    known = queue_of(state).all_made_from()
    places = [  # others are no whole record: `recond resume` speaks of them
        (run.run_id, run.certificate)
        for run in seen_runs(state)
        if run.certificate is not None and not run.replacing
    ]
    places += [(one.event_id, one.folder) for one in all_statements(state)] if statements else []
    for number, place in places:
        made = _made(Path(place))
        if made is None:  # moved away
            continue
        # a stick's file system has whole seconds only: two issues may bear the same
        if made != known.get(number) or made % SECOND_NS == 0:
            yield number, Path(place)


def upload(
    state: Path,
    names: tuple[str, ...],
    clock: Clock,
    *,
    urgency: Urgency,
    on_delivery: OnDelivery | None = None,
    folders: tuple[Path, ...] = (),
    own_folder: tuple[str, Path] | None = None,
    allow_unsigned: bool = False,
) -> Uploaded:
    """Queue what is new and try the named destinations (all, where none is named).

    `folders` are output folders to queue as well, `own_folder` one of this bench's with its number.
    Raises `UsageError` for an unknown destination or
    a mistake in the configuration, before anything is sent; `BenchLacks` for a full state folder.
    """
    settings = _chosen(state, names)
    destinations = {one.name: open_destination(one) for one in settings}
    queue, done = queue_of(state), list[tuple[str, Delivery]]()

    def note(record_id: str, delivery: Delivery) -> None:
        done.append((record_id, delivery))
        if on_delivery:
            on_delivery(record_id, delivery)

    everywhere = {one.name: one.kind for one in read_settings(state)}
    try:
        wanted = _wants_statements(state)
        own = queue_new(state, allow_unsigned=allow_unsigned, statements=wanted)
        named = [queue_folder(state, one, allow_unsigned=allow_unsigned) for one in folders]
        if own_folder is not None:
            number, place = own_folder
            named.append(queue_folder(state, place, allow_unsigned=allow_unsigned, own=number))
        with queue.sending() as mine:
            if mine:
                # again: what was queued by an older recond, or changed on the disk since
                check = PackageCheck(state, allow_unsigned=True)  # `recond queue import` asked
                send_pass(queue, destinations, everywhere, clock, urgency, note, check)
        waiting, parked = _left(queue, {name: everywhere[name] for name in destinations})
    except OSError as error:  # a full or read-only state folder
        raise BenchLacks(
            "upload.queue.unusable", folder=str(state), reason=os_reason(error)
        ) from None
    holds = tuple(hold for name, hold in queue.holds().items() if name in destinations)
    refused = tuple(r for one in named for r in one.refused)
    refused += tuple(r for r in own.refused if r[1].code == FOREIGN and r not in refused)
    kept_back = tuple(
        one for one in own.refused if one not in refused and one[1].code != "upload.demonstration"
    )
    return Uploaded(
        tuple(i for one in (own, *named) for i in one.ids),
        refused,
        kept_back,
        tuple(done),
        holds,
        waiting,
        parked,
        busy=not mine,
    )


def send_now(
    state: Path,
    names: tuple[str, ...],
    folders: tuple[Path, ...],
    *,
    parked: bool,
    allow_unsigned: bool,
    clock: Clock,
) -> Uploaded:
    """`recond upload`: an operator asks, so our own waiting times do not count."""
    return upload(
        state,
        names,
        clock,
        urgency=Urgency(now=True, parked=parked),
        folders=folders,
        allow_unsigned=allow_unsigned,
    )


def after_run(state: Path, record_id: str, folder: Path, clock: Clock) -> Uploaded | None:
    """Queue a run's record and try once; None on a bench without destinations.

    Never raises for the network or a destination: the erasure is done and the record waits.
    """
    if not read_settings(state):
        return None
    return upload(state, (), clock, urgency=Urgency(), own_folder=(record_id, folder))


def secrets_of(kind: str, values: dict[str, str]) -> tuple[str, ...]:
    """The secrets to ask for. Raises `UsageError` where one stands among the arguments."""
    if kind not in KINDS:
        raise UsageError("upload.config.kind", kind=kind, known=", ".join(KINDS))
    fields = KINDS[kind]
    for key in fields.secret:
        if key in values:  # every list of processes and the shell's history would show it
            raise UsageError("upload.config.secret", key=key)
    needed = (key for key in fields.secret if key in fields.required)
    return (*needed, *(key for key, other in fields.asked_with if other in values))


def _chosen(state: Path, names: tuple[str, ...]) -> tuple[Settings, ...]:
    settings = read_settings(state)
    known = ", ".join(one.name for one in settings)
    if not settings:
        raise UsageError("upload.none")
    for name in names:
        if name not in {one.name for one in settings}:
            raise UsageError("upload.unknown", name=name, known=known)
    return tuple(one for one in settings if not names or one.name in names)


def find_settings(state: Path, name: str) -> Settings:
    """A destination by its name. Raises `UsageError`."""
    return _chosen(state, (name,))[0]


def _left(queue: Queue, kinds: dict[str, str]) -> tuple[int, int]:
    waiting = parked = 0
    for entry in queue.entries():
        for name in (one for one, kind in kinds.items() if takes(kind, entry.record_id)):
            delivery = entry.at(name)
            if delivery and delivery.where is DeliveryState.PARKED:
                parked += 1
            elif not entry.has(name):
                waiting += 1
    return waiting, parked


def add_destination(state: Path, name: str, kind: str, values: dict[str, str]) -> Settings:
    """Write a destination down (mode 0600) and prepare it; one of that name is replaced.

    `values` hold the secrets too: they come from a prompt or a file, never from an argument.
    """
    fresh = check_settings(name, {"kind": kind, **values})
    open_destination(fresh).prepare()
    others = tuple(one for one in read_settings(state) if one.name != name)
    write_settings(state, (*others, fresh))
    return fresh


def remove_destination(state: Path, name: str) -> None:
    """Forget a destination; its records no longer wait for it. Raises `UsageError`."""
    gone = find_settings(state, name)
    write_settings(state, tuple(one for one in read_settings(state) if one != gone))


def list_destinations(state: Path) -> tuple[Settings, ...]:
    """The destinations of this bench."""
    return read_settings(state)
