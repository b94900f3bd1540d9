"""What this bench did: its runs, newest first, each told from its own files.

Why: after a day of forty computers a person asks which are done, which certificate is whose, and
what was sent. The verdict is folded anew from the run's journals, as its certificate is, and only
where there is a certificate of exactly these journals; no index and no note is asked for it. Reads
only.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from recond.certify.record import Issue, build_record, parse_record
from recond.computer import Overall, conclude
from recond.documents import read_json
from recond.erasure import WipeRecord
from recond.errors import RecondError, UsageError
from recond.flow.deliver.older import parse_day
from recond.flow.deliver.upload import queue_of
from recond.flow.run.unfinished import is_running, plans_of
from recond.flow.runfolder import JWS, RunFacts, RunFolder
from recond.flow.runindex import newest_runs
from recond.flow.runnote import issued_place
from recond.host.reason import as_lack
from recond.host.regular import read_regular
from recond.model import Known, Machine, Message, Text
from recond.naming import computer_maker, model_name
from recond.upload.queue import DeliveryState, Queue

SHOWN = 20
"""Runs that are told unless more are asked for."""


class RunState(Text):
    """How a run stands."""

    CERTIFIED = "certified"
    RUNNING = "running"
    OPEN = "open"  # `recond resume` has something to do
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class RunUpload:
    """How far a run's record is with one destination."""

    destination: str
    where: DeliveryState


@dataclass(frozen=True, slots=True)
class RunLine:
    """One run. `outcome` and `headline` (a code) are None where there is no certificate of its
    journals; `certificate` is the folder where it was put, and `there` whether it still is.
    """

    run: str
    started_at: str | None
    computer: str | None
    property_number: str | None
    serials: tuple[str, ...]
    demonstration: bool
    state: RunState
    outcome: Overall | None = None
    headline: str | None = None
    signed: bool = False
    certificate: str | None = None
    there: bool = False
    uploads: tuple[RunUpload, ...] = ()
    problem: Message | None = None


@dataclass(frozen=True, slots=True)
class RunList:
    """The runs that were asked for, newest first; `more`: there are older ones."""

    runs: tuple[RunLine, ...]
    more: bool


def list_runs(state: Path, since: str | None = None, limit: int = SHOWN) -> RunList:
    """The newest runs, at most `limit` (0: all), of those that began on a day or later.

    Raises `UsageError` for a day that is none, or a limit below 0.
    """
    first = parse_day(since) if since else ""
    if limit < 0:
        raise UsageError("cli.runs.limit")
    queue, found = queue_of(state), list[RunLine]()
    for folder in _since(state, first):
        if limit and len(found) == limit:
            return RunList(tuple(found), more=True)
        found.append(run_line(folder, queue))
    return RunList(tuple(found), more=False)


def _since(state: Path, day: str) -> Iterator[RunFolder]:
    """A run's id begins with its day; it tells no more of the bench's clock than that."""
    for folder in newest_runs(state):
        if folder.day < day:
            return
        yield folder


def run_line(folder: RunFolder, queue: Queue) -> RunLine:
    """One run, told from its files. Raises nothing."""
    try:
        return _line(folder, queue)
    except (RecondError, OSError) as error:
        why = error if isinstance(error, RecondError) else as_lack(error)
        return RunLine(
            folder.run_id, None, None, None, (), False, RunState.UNREADABLE, problem=why.message
        )


def _line(folder: RunFolder, queue: Queue) -> RunLine:
    facts = folder.facts()
    line = RunLine(
        folder.run_id,
        facts.started_at,
        _computer(facts.machine),
        facts.context.property_number,
        tuple(plan.disk.token for plan in plans_of(folder).values()),
        facts.context.bench.demonstration,
        RunState.RUNNING if is_running(folder) else RunState.OPEN,
    )
    place = issued_place(folder)
    if line.state is RunState.RUNNING or place is None:
        return line
    return _certified(line, folder, facts, place, queue)


def _certified(
    line: RunLine, folder: RunFolder, facts: RunFacts, place: Path, queue: Queue
) -> RunLine:
    issue = Issue(folder.run_id, facts.started_at, (), None)
    journals = folder.journals()
    record = build_record(facts.context, facts.machine, facts.assessments, journals, issue)
    found = conclude(record)
    entry = queue.told(folder.run_id)
    return replace(
        line,
        state=RunState.CERTIFIED,
        outcome=found.outcome,
        headline=found.headline,
        signed=_is_signed(place, record),
        certificate=str(place),
        there=place.is_dir(),
        uploads=tuple(RunUpload(one.destination, one.where) for one in entry.deliveries)
        if entry
        else (),
    )


def _is_signed(place: Path, record: WipeRecord) -> bool:
    """Whether a signature that holds lies there, of this run, these journals and these words. By
    which key, and whether it is to be believed, `recond verify` says.
    """
    from recond.certify.sign.jws import CONTENT_TYPE, read_jws

    try:
        signed = read_jws(read_regular(place / JWS))
        told = parse_record(read_json(signed.payload))
    except (OSError, ValueError, TypeError, RecondError):
        return False
    holds = signed.holds and signed.content_type == CONTENT_TYPE
    return holds and _told_of(told) == _told_of(record)


def _told_of(record: WipeRecord) -> tuple[object, ...]:
    return record.record_id, record.words, tuple(one.journal for one in record.erasures)


def _computer(machine: Machine | None) -> str | None:
    """What people call the computer, with its serial number."""
    if machine is None:
        return None
    system = machine.system
    serial = system.serial.value if isinstance(system.serial, Known) else ""
    words = (computer_maker(system), model_name(system), str(serial))
    return " ".join(one for one in words if one) or None
