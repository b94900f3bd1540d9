"""Whether another run of this bench has had a disk since a run that wants to go on.

Why: what the older run left on the disk is gone then, and what stands there may be somebody's. Two
runs are put in order by the kernel's own clock where one boot saw both: the computer's clock is
set now and then, and a run's name goes by it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from recond.documents import read_json
from recond.erasure import TargetKind, WipePlan
from recond.errors import RecondError
from recond.flow.runfolder import RunFolder, disk_name
from recond.flow.runindex import JournalNames
from recond.host.journal_lines import read_entries
from recond.host.regular import GROWN_BYTES, read_regular
from recond.wipe.position import read_standing

AT_WORK = frozenset(
    {"confirmation", "step_start", "checkpoint", "step_end", "verify_start", "verify_end"}
)
"""Lines of a session that has the disk in hand; a refused attempt to go on leaves none of them."""


@dataclass(frozen=True, slots=True)
class _Moment:
    """When a run was last at its disk."""

    boot: str
    mono_ms: int
    time: str

    def is_before(self, other: _Moment) -> bool:
        if self.boot and self.boot == other.boot:
            return self.mono_ms < other.mono_ms
        return self.time < other.time


def begun_since(
    plan: WipePlan, raw: bytes, own: RunFolder, journals: JournalNames
) -> RunFolder | None:
    """The run that had leave to write this disk after the journal `raw` of the run `own`.

    One that was refused wrote nothing; one of which nothing can be told proves nothing.
    """
    return next((folder for folder, _, _ in runs_since(plan, raw, own, journals)), None)


def runs_since(
    plan: WipePlan, raw: bytes, own: RunFolder, journals: JournalNames
) -> Iterator[tuple[RunFolder, str, bytes]]:
    """All of them, by their names: the run, the disk's name there, and its journal."""
    left = _last_work(raw)
    for folder, file in journals.of_disk(disk_name(plan.disk, frozenset())):
        if folder.path == own.path:
            continue
        try:
            there = read_regular(file, GROWN_BYTES)
            later = _had_leave(there, plan) and left is not None and _is_later(left, there)
        except (RecondError, OSError):
            continue
        if later:
            yield folder, file.stem, there


def _had_leave(raw: bytes, plan: WipePlan) -> bool:
    entries = read_entries(raw)
    other = read_standing(entries, same_boot=False).plan
    kind, data = entries[-1]
    refused = kind == "end" and data.get("outcome") == "refused"
    return not refused and is_same_disk(plan, other)


def is_same_disk(one: WipePlan, other: WipePlan) -> bool:
    """Two images of one name are two disks; a disk's path says nothing."""
    if (one.disk.token, one.disk.namespace) != (other.disk.token, other.disk.namespace):
        return False
    return one.disk.kind is not TargetKind.IMAGE or one.path == other.path


def _is_later(left: _Moment, raw: bytes) -> bool:
    there = _last_work(raw)
    return there is not None and left.is_before(there)


def _last_work(raw: bytes) -> _Moment | None:
    found, boot = None, ""
    for line in raw.splitlines():
        try:
            entry = read_json(line)
            kind, data = entry["kind"], entry["data"]
            if kind == "open":
                boot = str(data.get("boot", ""))
            elif kind in AT_WORK:
                found = _Moment(boot, int(entry["mono_ms"]), str(entry["time"]))
        except (ValueError, KeyError, TypeError, AttributeError):
            break
    return found
