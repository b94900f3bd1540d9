"""The runs of this bench that something is left to do for.

Why: workers outlive what started them. Their journals say how far they are, and a lock says whether
anybody still looks after the run; where nobody does and the workers have ended, whoever comes back
makes the certificate. Nothing is started and nothing is written here.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

from recond.codec import from_json
from recond.erasure import TargetKind, WipePlan
from recond.errors import RecondError
from recond.flow.run.issued import is_issued
from recond.flow.run.resume import find_disk
from recond.flow.runfolder import RunFolder, all_runs, disk_name
from recond.host import Host
from recond.host.journalfile import is_held
from recond.model import Text
from recond.wipe.journal import read_entries
from recond.wipe.position import Entries, read_standing


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
    if is_written(folder):
        return True
    with folder.supervised(wait=False) as mine:
        return not mine


def is_written(folder: RunFolder) -> bool:
    """Whether a worker writes one of the journals."""
    return any(is_held(path) for path in folder.journal_files())


def plans_of(folder: RunFolder) -> dict[str, WipePlan]:
    """The plan of each disk of a run, by the disk's name there; from the journals."""
    found = {}
    for name, raw in folder.journals().items():
        plan = next((data for kind, data in read_entries(raw) if kind == "plan"), None)
        if plan is not None:
            found[name] = from_json(WipePlan, plan["plan"])
    return found
