"""Follow an erasure that goes on without its screen, and certify it where nobody else does.

Nothing is started here: going on after a stop is `recond resume`.
"""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from recond.codec import from_json
from recond.erasure import Technique, WipePlan
from recond.errors import FormatError, UsageError
from recond.flow.run.issued import read_issued
from recond.flow.run.run import Finished, certify_run, finished_of
from recond.flow.run.unfinished import Left, is_written, open_runs
from recond.flow.runfolder import OnEvent, RunFolder, find_run
from recond.flow.runindex import newest_runs
from recond.flow.runnote import is_issued
from recond.host import Host
from recond.host.journal_lines import read_entries
from recond.host.regular import GROWN_BYTES, read_regular
from recond.model import Json
from recond.progress import DRIVE_TOTAL, Phase, ProgressEvent, WorkerEnd, ended
from recond.wipe.plan import parts_of
from recond.wipe.position import Entries

LOOK_EVERY_S = 1.0


def find_attachable(state: Path, run: str | None, host: Host) -> RunFolder:
    """The run to come back to: the one that is named, else the last that is running or waits for
    its certificate, else the last that is finished. Raises `UsageError` where there is none, and
    where a newer one broke off: an older run's "erased" would be taken for its end.
    """
    if run:
        return find_run(state, run)
    left = {one.folder: one.left for one in open_runs(state, host)}
    running = [one for one, how in left.items() if how is Left.RUNNING]
    if running:
        return running[-1]
    waiting = [one for one, how in left.items() if how is Left.UNCERTIFIED]
    for one in newest_runs(state):
        has, issued = bool(one.journal_files()), one.issued.exists()
        if one in waiting if waiting else (has and issued):
            return one
        if has and one not in waiting and (left.get(one) is Left.STOPPED or not issued):
            raise UsageError("guided.attach.broke_off", run=one.run_id, run_date=one.day)
    raise UsageError("guided.attach.nothing")


def follow(folder: RunFolder, state: Path, host: Host, on_event: OnEvent) -> Finished:
    """Tell how far a run is until its workers have ended; then its result.

    Makes the certificate where nobody else does. Raises `UsageError` for a run of no disk.
    """
    seen: dict[Path, int] = {}
    if not folder.journal_files() and not folder.jobs():
        raise UsageError("guided.attach.nothing")
    while True:
        for path in folder.journal_files():
            size = path.stat().st_size
            if seen.get(path) != size:
                seen[path] = size
                event = _told_by(path)
                if event is not None:
                    on_event(path.stem, event)
        if not is_written(folder):
            with folder.supervised(wait=False) as mine:
                if mine:
                    return _result(folder, state, host, on_event)
        host.clock.sleep(LOOK_EVERY_S)


def _result(folder: RunFolder, state: Path, host: Host, on_event: OnEvent) -> Finished:
    if is_issued(folder):
        issued = read_issued(folder)
    else:
        on_event("", ProgressEvent(Phase.CERTIFY))
        issued = certify_run(folder, state, host)
    return finished_of(folder, issued)


def _told_by(journal: Path) -> ProgressEvent | None:
    """What a journal tells; nothing where it is damaged, which its certificate will say."""
    try:
        return told(read_entries(read_regular(journal, GROWN_BYTES)))
    except FormatError:
        return None


def told(entries: Entries) -> ProgressEvent | None:
    """What a worker would say last of a journal; None where it has not begun.

    A verification leaves no checkpoint: how far it is stays unsaid. Raises `FormatError` for an
    entry that is none of ours.
    """
    event: ProgressEvent | None = None
    steps = parts = size = 0
    for kind, data in entries:
        if kind == "plan":
            plan = from_json(WipePlan, data["plan"])
            steps, size = len(plan.steps), plan.disk.size_bytes
            parts = parts_of(plan)
        elif kind == "step_start":
            wrote = data["technique"] == Technique.OVERWRITE
            phase = Phase.WRITE if wrote else Phase.DRIVE
            event = ProgressEvent(
                phase,
                _int(data["step"]),
                steps,
                parts,
                _int(data["offset"]),
                size if wrote else DRIVE_TOTAL,
            )
        elif event and kind == "checkpoint" and data.get("phase") == "write":
            event = replace(event, done=_bytes(data["done"]) + _bytes(data["bad"]))
        elif event and kind == "progress":
            event = replace(event, done=_int(data["permille"]))
        elif kind == "verify_start":
            event = ProgressEvent(Phase.VERIFY, steps, steps, parts)
        elif kind in ("end", "interrupted"):
            event = ended(from_json(WorkerEnd, data.get("outcome", "interrupted")))
    return event


def _int(value: Json) -> int:
    return value if isinstance(value, int) else 0


def _bytes(ranges: Json) -> int:
    return (
        sum(one[1] for one in ranges if isinstance(one, list) and isinstance(one[1], int))
        if isinstance(ranges, list)
        else 0
    )
