"""Coming back to an erasure that goes on without its screen.

Why: workers outlive what started them. Their journals say how far they are, and a lock says whether
anybody still looks after the run; where nobody does and the workers have ended, whoever comes back
makes the certificate. Nothing is started here: going on after a stop is `recond resume`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from recond.certify.record import Issue, build_record
from recond.codec import from_json
from recond.erasure import TargetKind, Technique, WipePlan, WipeRecord
from recond.errors import RecondError, UsageError
from recond.flow.run.issue import Issued
from recond.flow.run.resume import find_disk
from recond.flow.run.run import IN_USE, Finished, certify_run, exit_code
from recond.flow.runfolder import (
    JWS,
    RECORD,
    SIGNED,
    UNSIGNED,
    OnEvent,
    RunFolder,
    all_runs,
    disk_name,
    find_run,
)
from recond.host import Host
from recond.host.journalfile import is_held
from recond.model import Json, Message, Text
from recond.wipe.journal import read_entries
from recond.wipe.position import Entries, read_standing

LOOK_EVERY_S = 1.0


class Left(Text):
    """How a run was left."""

    RUNNING = "running"  # a worker writes, or a supervisor looks after it
    STOPPED = "stopped"  # a journal has no end, and its disk is here
    UNCERTIFIED = "uncertified"  # every worker ended, and nobody made the certificate


@dataclass(frozen=True, slots=True)
class OpenRun:
    """A run that is not finished; `plans` by the disk's name in the run.

    `to_write` are those that going on would write, each with the path where its disk is now.
    """

    folder: RunFolder
    left: Left
    plans: dict[str, WipePlan]
    to_write: dict[str, WipePlan] = field(default_factory=dict)

    @property
    def tokens(self) -> str:
        """The disks that it is about, for a person."""
        return ", ".join(one.disk.token for one in (self.to_write or self.plans).values())


def open_runs(state: Path, host: Host) -> tuple[OpenRun, ...]:
    """Every run of this bench that something is left to do for, oldest first.

    One that cannot be read, as of another version's format, does not close the bench to the others.
    """
    found: list[OpenRun] = []
    runs = all_runs(state)
    for number, folder in enumerate(runs, 1):
        try:
            one = _open_run(folder, runs[number:], host)
        except RecondError:
            continue
        found += [one] if one is not None else []
    return tuple(found)


def _open_run(folder: RunFolder, later: tuple[RunFolder, ...], host: Host) -> OpenRun | None:
    journals = {name: read_entries(raw) for name, raw in folder.journals().items()}
    if not journals:
        return None
    if is_running(folder):
        return OpenRun(folder, Left.RUNNING, plans_of(folder))
    to_write = {}
    for name, entries in journals.items():
        plan = _can_go_on(entries, host)
        if plan is not None and not _begun_since(plan, later):
            to_write[name] = plan
    if to_write:
        return OpenRun(folder, Left.STOPPED, plans_of(folder), to_write)
    if is_issued(folder) or not all(map(_ended, journals.values())):
        return None
    return OpenRun(folder, Left.UNCERTIFIED, plans_of(folder))


def _ended(entries: Entries) -> bool:
    return bool(entries) and entries[-1][0] == "end"


def _can_go_on(entries: Entries, host: Host) -> WipePlan | None:
    """The plan, at its disk's path of now, where `recond resume` can take it up here and now."""
    if _ended(entries):
        return None
    try:
        standing = read_standing(entries, same_boot=False)
        return replace(standing.plan, path=find_disk(standing, host))
    except RecondError:
        return None


def _begun_since(plan: WipePlan, later: tuple[RunFolder, ...]) -> bool:
    """Whether a later run had leave to write this disk: what the older one left there is gone.

    A later run that was refused wrote nothing; one of which nothing can be told proves nothing.
    """
    for folder in later:
        for file in (folder.path / "journals").glob(f"{disk_name(plan.disk, frozenset())}*.jsonl"):
            try:
                entries = read_entries(file.read_bytes())
                other = read_standing(entries, same_boot=False).plan
            except (RecondError, OSError):
                continue
            refused = _ended(entries) and entries[-1][1].get("outcome") == "refused"
            if not refused and _same_disk(plan, other):
                return True
    return False


def _same_disk(one: WipePlan, other: WipePlan) -> bool:
    """Two images of one name are two disks; a disk's path says nothing."""
    if (one.disk.token, one.disk.namespace) != (other.disk.token, other.disk.namespace):
        return False
    return one.disk.kind is not TargetKind.IMAGE or one.path == other.path


def is_running(folder: RunFolder) -> bool:
    """Whether a worker writes one of the journals, or another process looks after the run."""
    if any(is_held(path) for path in _journal_files(folder)):
        return True
    with folder.supervised(wait=False) as mine:
        return not mine


def is_issued(folder: RunFolder) -> bool:
    """Whether there is a certificate that is younger than the last line of every journal."""
    if not folder.issued.exists():
        return False
    made = folder.issued.stat().st_mtime
    return all(path.stat().st_mtime <= made for path in _journal_files(folder))


def _journal_files(folder: RunFolder) -> tuple[Path, ...]:
    return tuple(sorted((folder.path / "journals").glob("*.jsonl")))


def plans_of(folder: RunFolder) -> dict[str, WipePlan]:
    """The plan of each disk of a run, by the disk's name there; from the journals."""
    found = {}
    for name, raw in folder.journals().items():
        plan = next((data for kind, data in read_entries(raw) if kind == "plan"), None)
        if plan is not None:
            found[name] = from_json(WipePlan, plan["plan"])
    return found


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
    begun = [one for one in all_runs(state) if one.journals()]
    waiting = [one for one, how in left.items() if how is Left.UNCERTIFIED]
    runs = waiting or [one for one in begun if one.issued.exists()]
    broken = [
        one
        for one in begun
        if left.get(one) is Left.STOPPED or not (one.issued.exists() or one in waiting)
    ]
    if broken and (not runs or runs[-1].run_id < broken[-1].run_id):
        raise UsageError("guided.attach.broke_off", run=broken[-1].run_id, run_date=broken[-1].day)
    if not runs:
        raise UsageError("guided.attach.nothing")
    return runs[-1]


def follow(folder: RunFolder, state: Path, host: Host, on_event: OnEvent) -> Finished:
    """Tell how far a run is until its workers have ended; then its result.

    Makes the certificate where nobody else does. Raises `UsageError` for a run that has no journal.
    """
    seen: dict[Path, int] = {}
    if not _journal_files(folder):
        raise UsageError("guided.attach.nothing")
    while True:
        for path in _journal_files(folder):
            size = path.stat().st_size
            if seen.get(path) != size:
                seen[path] = size
                for event in told(read_entries(path.read_bytes())):
                    on_event(path.stem, event)
        if not any(is_held(path) for path in _journal_files(folder)):
            with folder.supervised(wait=False) as mine:
                if mine:
                    return _result(folder, state, host, on_event)
        host.clock.sleep(LOOK_EVERY_S)


def _result(folder: RunFolder, state: Path, host: Host, on_event: OnEvent) -> Finished:
    if is_issued(folder):
        issued = read_issued(folder)
    else:
        on_event("", {"phase": "certify"})
        issued = certify_run(folder, state, host)
    return Finished(folder, issued, exit_code(issued, IN_USE))


def told(entries: Entries) -> Iterator[dict[str, Json]]:
    """What a worker would say last of a journal: one event, or none where it has not begun.

    A verification leaves no checkpoint: how far it is stays unsaid.
    """
    event: dict[str, Json] = {}
    steps: list[Json] = []
    size: Json = 0
    for kind, data in entries:
        step = data.get("step", 0)
        if kind == "plan" and isinstance(plan := data["plan"], dict):
            raw, disk = plan.get("steps"), plan.get("disk")
            steps = raw if isinstance(raw, list) else []
            size = disk.get("size_bytes") if isinstance(disk, dict) else 0
        elif kind == "step_start":
            wrote = data["technique"] == Technique.OVERWRITE
            event = {
                "phase": "write" if wrote else "firmware",
                "step": step,
                "steps": len(steps),
                "done": data["offset"],
                "total": size if wrote else 1000,
            }
        elif kind == "checkpoint" and data.get("phase") == "write":
            event = {**event, "done": _bytes(data["done"]) + _bytes(data["bad"])}
        elif kind == "progress":
            event = {**event, "done": data["permille"]}
        elif kind == "verify_start":
            event = {"phase": "verify", "step": len(steps), "steps": len(steps)}
        elif kind in ("end", "interrupted"):
            event = {"phase": "end", "outcome": data.get("outcome", "interrupted")}
    if event:
        yield event


def _bytes(ranges: Json) -> int:
    return (
        sum(one[1] for one in ranges if isinstance(one, list) and isinstance(one[1], int))
        if isinstance(ranges, list)
        else 0
    )


def read_issued(folder: RunFolder) -> Issued:
    """What was issued for a run, read again.

    Raises `UsageError` where it is not there any more, or is not what the journals say.
    """
    facts = folder.facts()
    try:
        place = Path(str(json.loads(folder.issued.read_bytes())["folder"]))
        record = from_json(WipeRecord, json.loads((place / RECORD).read_bytes()))
    except (OSError, ValueError, KeyError, RecondError):
        raise UsageError("guided.attach.moved", run=folder.run_id) from None
    again = Issue(
        record.record_id, record.issued_at, record.software, record.ledger, record.signature
    )
    if record != build_record(
        facts.context, facts.machine, facts.assessments, folder.journals(), again
    ):
        raise UsageError("guided.attach.moved", run=folder.run_id)
    page = next((name for name in (SIGNED, UNSIGNED) if (place / name).exists()), RECORD)
    signed = (place / JWS).exists()
    why = None if signed else Message(record.signature or "certify.unsigned.no-key")
    return Issued(place, place / page, record, signed, why, None, self_made_key=False)
