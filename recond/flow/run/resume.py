"""Going on after a crash, a power cut or a stop.

Why: an interrupted run is found by its journals, each disk by what it *is* (its path may have
moved, the machine may be another one), and nothing is continued that cannot be identified. Where
it cannot go on, it says why, and the record says `interrupted`.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from recond.codec import to_json
from recond.drive.types import sizes_after
from recond.erasure import TargetKind, WipePlan
from recond.errors import FormatError, RecondError, UsageError
from recond.flow.config import declared_docks
from recond.flow.run.closed import Closed, closed_by, is_said, note_said
from recond.flow.run.closing import close_unbegun
from recond.flow.run.issued import read_issued
from recond.flow.run.late import note_late
from recond.flow.run.run import Finished, certify_run, finished_of
from recond.flow.run.since import begun_since
from recond.flow.run.supervisor import Supervisor
from recond.flow.runfolder import OnEvent, RunFolder, find_run, write_json
from recond.flow.runindex import JournalNames, open_folders
from recond.flow.runnote import is_issued
from recond.flow.telling import telling
from recond.host import Host, holding
from recond.host.journal_lines import has_ended, read_entries
from recond.host.journalfile import is_held
from recond.host.log import errors_kept
from recond.host.realdisk import open_disk
from recond.host.reason import as_lack
from recond.host.sectors import rescan
from recond.host.signals import StopCount, counted_stops
from recond.host.stick import LIVE
from recond.progress import WorkerEnd, ended
from recond.wipe import guard
from recond.wipe.job import Job
from recond.wipe.position import Standing, read_standing

NO_SIZE = ("no-size",)
OnLost = Callable[[str, RecondError], None]
"""Hears of a run that cannot be taken up, and why."""
OnClosed = Callable[[str, tuple[Closed, ...]], None]
"""Hears of a run with whose disks nothing is left to do, and why with each."""


def resume_runs(
    state: Path,
    run: str | None,
    host: Host,
    on_event: OnEvent,
    asked: StopCount | None = None,
    only: frozenset[str] | None = None,
    *,
    tells: bool = True,
    on_lost: OnLost | None = None,
    on_closed: OnClosed | None = None,
) -> tuple[Finished, ...]:
    """Go on with one run, or with every run that has a journal without an end.

    `on_lost` hears of each run of several that cannot be taken up; without it the first is raised.
    `on_closed` hears once of each with whose disks nothing is left to do; of `run` each time.

    `tells`: the board hears of it from here (a dock tells of its slots itself). `asked` as in
    `execute`; `only` are the names of the disks that may be written, where a person
    confirmed some: one that was plugged in since stays as it is.
    """
    # a live system's journals come back from its stick, which may lack the last seconds of one
    asks = run is not None or host.files.exists(LIVE)
    folders = (find_run(state, run),) if run else open_folders(state)
    found, others = list[Finished](), JournalNames(state)
    for folder in folders:
        try:
            wait_for_workers(folder, host, on_event)
            with folder.supervised(wait=True):
                if _is_closed(folder, others, on_closed, again=run is not None, asks=asks):
                    continue
                finished = _resume(folder, state, host, on_event, asked, only, tells=tells)
        except (RecondError, OSError) as error:
            if on_lost is None or run:
                raise
            on_lost(folder.run_id, as_lack(error) if isinstance(error, OSError) else error)
            continue
        found += [finished] if finished else []
    return tuple(found)


def _is_closed(
    folder: RunFolder, others: JournalNames, on_closed: OnClosed | None, *, again: bool, asks: bool
) -> bool:
    """Whether a run has its certificate, and nothing is left to do with what it was cut off at:
    there is nothing to go on with then, nor anything new to certify. `asks`: a disk that seems
    never begun is told as not erased.
    """
    found = closed_by(folder, others, named=asks)
    if found and on_closed and (again or not is_said(folder, found)):
        on_closed(folder.run_id, found)
        note_said(folder, found)
    return bool(found)


def _resume(
    folder: RunFolder,
    state: Path,
    host: Host,
    on_event: OnEvent,
    asked: StopCount | None,
    only: frozenset[str] | None,
    *,
    tells: bool,
) -> Finished | None:
    close_unbegun(folder, host)
    jobs = unfinished_jobs(folder, state, host, on_event, only)
    if jobs is None and is_issued(folder):
        return None
    if not jobs and is_issued(folder):  # nothing can go on: what was issued says so already
        with suppress(UsageError):
            issued = read_issued(folder)
            return finished_of(folder, issued)
    with errors_kept(folder.own_errors), counted_stops(asked) as stops:
        if jobs and tells:
            plans = {name: job.plan for name, job in jobs.items()}
            with telling(state, folder.facts(), plans, on_event, host.clock) as hear:
                Supervisor(folder, jobs, hear, stops, host).run(resume=True)
        elif jobs:
            Supervisor(folder, jobs, on_event, stops, host).run(resume=True)
        if jobs:
            note_late(folder, host, declared_docks(state))
        issued = certify_run(folder, state, host)
    return finished_of(folder, issued, stops.number)


def wait_for_workers(folder: RunFolder, host: Host, on_event: OnEvent) -> None:
    """An erasure outlives the screen that started it: wait until its own process has ended."""
    for path in folder.journal_files():
        while is_held(path):
            on_event(path.stem, ended(WorkerEnd.RUNNING))
            host.clock.sleep(1)


def unfinished_jobs(
    folder: RunFolder,
    state: Path,
    host: Host,
    on_event: OnEvent,
    only: frozenset[str] | None = None,
) -> dict[str, Job] | None:
    """The jobs of a run that can go on, of those named in `only`; None where every journal has its
    end.
    """
    told = {name: (raw, read_entries(raw)) for name, raw in folder.journals().items()}
    left = {name: one for name, one in told.items() if not has_ended(one[1])}
    if not left:  # most runs: the others of the bench need not be looked at
        return None
    jobs: dict[str, Job] = {}
    others = JournalNames(state)
    for name, (raw, entries) in left.items():
        try:
            standing = read_standing(entries, same_boot=False)
            since = begun_since(standing.plan, raw, folder, others)
            if since is not None:
                raise _begun_since(standing, since)
            path = find_disk(standing, host)
        except RecondError as error:
            on_event(name, ended(WorkerEnd.LOST, error.message))
            continue
        if only is not None and name not in only:
            on_event(name, ended(WorkerEnd.INTERRUPTED))
            continue
        jobs[name] = Job(
            run_id=standing.run_id,
            plan=standing.plan,
            digest=standing.digest,
            path=path,
            confirmed_by=standing.confirmed_by,
            token=standing.token,
            journal=str(folder.journal(name)),
            demonstration=standing.demonstration,
        )
        write_json(folder.job(name), to_json(jobs[name]))
    return jobs


def _begun_since(standing: Standing, since: RunFolder) -> FormatError:
    return FormatError("wipe.resume.begun_since", token=standing.plan.disk.token, run=since.run_id)


def find_disk(standing: Standing, host: Host) -> str:
    """Where the plan's disk is now. Raises `FormatError` where it is not to be found, where two
    disks may be it (the wrong one would be erased, and the right one left), and where it still
    erases itself: the kernel shows such a disk with size 0, and looks again only when it is asked.
    """
    plan = standing.plan
    candidates = [standing.path]
    if plan.disk.kind in (TargetKind.BLOCK, TargetKind.VIRTUAL):
        candidates += [f"/dev/{name}" for name in host.files.list("/sys/block")]
    unlike = {path: _unlike(plan, path, host) for path in dict.fromkeys(candidates)}
    found = [path for path, names in unlike.items() if names == ()]
    if not found:
        sizeless = NO_SIZE in unlike.values()
        code = "wipe.resume.no_size" if sizeless else "wipe.resume.disk_not_found"
        raise FormatError(code, token=plan.disk.token)
    names = holding.medium_names(host.files, found[0].rsplit("/", 1)[-1])
    others = [path for path in found[1:] if path.rsplit("/", 1)[-1] not in names]
    if others:
        both = ", ".join((found[0], *others))
        raise FormatError("wipe.resume.two_disks", token=plan.disk.token, paths=both)
    return found[0]


def _unlike(plan: WipePlan, path: str, host: Host) -> tuple[str, ...] | None:
    """In what a disk differs from the plan's, `NO_SIZE` where it shows none for now; None where
    there is no disk.
    """
    try:
        names, size_bytes = _compared(plan, path)
        if names == ("size_bytes",) and not size_bytes:
            rescan(path, host.files)
            names, size_bytes = _compared(plan, path)
    except OSError:
        return None
    return NO_SIZE if names == ("size_bytes",) and not size_bytes else names


def _compared(plan: WipePlan, path: str) -> tuple[tuple[str, ...], int]:
    device = open_disk(path, False)
    try:
        found = device.identity()
        return guard.resumed_differences(plan.disk, found, sizes_after(plan)), found.size_bytes
    finally:
        device.close()
