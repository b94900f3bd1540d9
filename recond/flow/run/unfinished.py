"""The runs of this bench that something is left to do for.

Why: workers outlive what started them. Their journals say how far they are, and a lock says whether
anybody still looks after the run; where nobody does and the workers have ended, whoever comes back
makes the certificate. Nothing is started and nothing is written here.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from pathlib import Path

from recond.codec import from_json
from recond.erasure import WipePlan
from recond.errors import RecondError
from recond.flow.run.closing import read_job
from recond.flow.run.resume import find_disk
from recond.flow.run.since import begun_since
from recond.flow.runfolder import RunFolder
from recond.flow.runindex import JournalNames, open_folders
from recond.flow.runnote import is_issued
from recond.host import Host
from recond.host.journal_lines import has_ended, read_entries
from recond.host.journalfile import is_held
from recond.model import Text
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
    journals = JournalNames(state)
    for folder in open_folders(state):
        try:
            one = _open_run(folder, journals, host)
        except (RecondError, OSError):
            continue
        found += [one] if one is not None else []
    return tuple(found)


def _open_run(folder: RunFolder, others: JournalNames, host: Host) -> OpenRun | None:
    journals = folder.journals()
    if not journals and not folder.jobs():
        return None
    if is_running(folder):
        return OpenRun(folder, Left.RUNNING, plans_of(folder))
    to_write = {}
    for name, raw in journals.items():
        plan = _can_go_on(read_entries(raw), host)
        if plan is not None and begun_since(plan, raw, folder, others) is None:
            to_write[name] = plan
    if to_write:
        return OpenRun(folder, Left.STOPPED, plans_of(folder), to_write)
    entries = map(read_entries, journals.values())
    left_off = any(not has_ended(one) and _has_plan(one) for one in entries)
    if is_issued(folder) or left_off:
        return None
    return OpenRun(folder, Left.UNCERTIFIED, plans_of(folder))


def _has_plan(entries: Entries) -> bool:
    return any(kind == "plan" for kind, _ in entries)


def _can_go_on(entries: Entries, host: Host) -> WipePlan | None:
    """The plan, at its disk's path of now, where `recond resume` can take it up here and now."""
    if has_ended(entries):
        return None
    try:
        standing = read_standing(entries, same_boot=False)
        return replace(standing.plan, path=find_disk(standing, host))
    except RecondError:
        return None


def is_running(folder: RunFolder) -> bool:
    """Whether a worker writes one of the journals, or a process looks after the run."""
    return is_written(folder) or folder.is_supervised()


def is_written(folder: RunFolder) -> bool:
    """Whether a worker writes one of the journals."""
    return any(is_held(path) for path in folder.journal_files())


def plans_of(folder: RunFolder) -> dict[str, WipePlan]:
    """The plan of each disk of a run, by the disk's name there: from its journal, else as it was
    confirmed. Raises `RecordInvalid`, `FormatError`.
    """
    found = {
        name: read_job(folder, name).plan
        for name in folder.jobs()
        if not folder.journal(name).exists()
    }
    for name, raw in folder.journals().items():
        plan = next((data for kind, data in read_entries(raw) if kind == "plan"), None)
        if plan is not None:
            found[name] = from_json(WipePlan, plan["plan"])
    return found
