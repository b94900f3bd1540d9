"""What this bench did before with a disk: certified, left off, still at it. Reads only.

Why: a list is run twice and a disk is plugged in twice, and neither may erase again what was done,
nor begin anew what can go on. It is told from the runs' own journals, folded anew, never from a
note that says "done". A serial alone is not a disk: what is called certified must still hold, at
the places that the plan drew, what its erasure left there; else it is another disk, or one that was
used since, and a person decides.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from recond.certify.judge.expected_content import expected_fill, fill_bytes
from recond.certify.judge.sampling import canary_bytes, canary_offsets
from recond.certify.record import fold_journal, journal_file
from recond.codec import from_json
from recond.computer import is_approved
from recond.drive.types import sizes_after
from recond.erasure import Erasure, WipePlan
from recond.errors import RecondError
from recond.flow.run.closed import is_never_begun
from recond.flow.run.unfinished import is_running
from recond.flow.runfolder import JWS, RunFolder, disk_name
from recond.flow.runindex import JournalNames
from recond.flow.runnote import is_issued
from recond.host.block import aligned_buffer
from recond.host.files import Files
from recond.host.journal_lines import read_entries
from recond.host.realdisk import open_disk
from recond.host.regular import GROWN_BYTES, read_regular
from recond.host.stick import LIVE
from recond.model import Message, Text
from recond.wipe import guard


class Before(Text):
    """How a disk stands with this bench."""

    NOTHING = "nothing"  # never here, or not with success: it may be erased
    CERTIFIED = "certified"
    UNSIGNED = "unsigned"  # erased and approved; its record could not be signed
    CHANGED = "changed"  # this serial was certified or begun, and this is not what was left then
    STOPPED = "stopped"  # begun and not ended
    OPEN = "open"  # a worker is at it, or the run waits for its certificate


@dataclass(frozen=True, slots=True)
class Past:
    """A disk's last run of a lot here. `compared` None: what it holds could not be compared.

    `own` False: the worker that is at the disk belongs to another lot, or to a demonstration.
    """

    before: Before = Before.NOTHING
    folder: RunFolder | None = None
    certificate: Path | None = None  # the record's folder
    compared: bool | None = None
    own: bool = True

    def message(self, plan: WipePlan) -> Message | None:
        """What to say of it; None where there is nothing."""
        if self.folder is None and self.before is Before.OPEN:  # `recond.flow.run.claim`
            return Message.of("dock.before.claimed", path=plan.path, token=plan.disk.token)
        if self.folder is None:
            return None
        what = self.before.value
        if self.before is Before.CERTIFIED:
            there = self.certificate is not None and (self.certificate / JWS).exists()
            what += "" if there else ".moved"
            what += ".unread" if self.compared is None and there else ""
        return Message.of(
            f"dock.before.{what}", path=plan.path, token=plan.disk.token, run=self.folder.run_id
        )


NEVER = Past()


def read_past(state: Path, plan: WipePlan, lot: str | None, files: Files) -> Past:
    """A disk's past in a lot, from its newest run that wrote something. Opens the disk for reading.

    `plan` is what would be done now: a certificate of a lower level than it promises is none.
    A worker that is at the disk counts whatever its lot. A run that was cut off before it began
    with the disk says nothing of it, but on a live system (`files`): there a journal may come back
    without its last seconds.
    """
    live = files.exists(LIVE)
    stem = disk_name(plan.disk, frozenset())
    for folder, file in JournalNames(state).of_disk(stem, newest_first=True):
        try:
            found = _past_in(folder, file, plan, lot, live=live)
        except (RecondError, OSError):
            continue  # a run of which nothing can be told proves nothing
        if found is not None:
            return found
    return NEVER


def _past_in(
    folder: RunFolder, file: Path, plan: WipePlan, lot: str | None, *, live: bool
) -> Past | None:
    """What one journal says of the disk; None: it is of another disk or lot, or wrote nothing."""
    raw = read_regular(file, GROWN_BYTES)
    entries = read_entries(raw)
    kinds = [kind for kind, _ in entries]
    was = next((data["plan"] for kind, data in entries if kind == "plan"), None)
    planned = from_json(WipePlan, was) if was is not None else None
    if planned is None or _who(planned) != _who(plan):
        return None
    context = folder.facts().context
    own = context.lot == lot and not context.bench.demonstration
    if is_running(folder):
        return Past(Before.OPEN, folder, own=own)
    if not own or "confirmation" not in kinds:
        return None
    other = guard.resumed_differences(planned.disk, plan.disk, sizes_after(planned))
    if kinds[-1] != "end" and not live and is_never_begun(raw, planned):
        return None
    if kinds[-1] != "end":
        return Past(Before.CHANGED if other else Before.STOPPED, folder)
    if entries[-1][1].get("outcome") == "refused":
        return None
    erasure = fold_journal(raw, journal_file(file.stem))
    result = erasure.result
    if not is_approved(erasure) or result.level_achieved.rank < plan.level_promised.rank:
        return NEVER
    same = still_holds(plan.path, erasure)
    if other or same is False:
        return Past(Before.CHANGED, folder)
    note = folder.note() if is_issued(folder) else None
    if note is None:
        return Past(Before.OPEN, folder)
    before = Before.CERTIFIED if note.signed else Before.UNSIGNED
    return Past(before, folder, Path(note.folder), same)


def _who(plan: WipePlan) -> tuple[str, int | None]:
    return plan.disk.token, plan.disk.namespace


def still_holds(path: str, erasure: Erasure) -> bool | None:
    """Whether a disk holds what its erasure left, at the first and last place and those that the
    plan drew; a place that cannot be read does not. None: no content can be computed (noise).
    """
    fill = expected_fill(erasure)
    if fill is None or erasure.plan is None:
        return None
    try:
        with closing(open_disk(path, False)) as device:
            device.drop_cache()
            found = device.identity()
            block, size = found.logical_block_bytes, found.size_bytes
            for offset in canary_offsets(bytes.fromhex(erasure.plan.seed), size, block):
                length = min(canary_bytes(block), size - offset)
                buffer = aligned_buffer(canary_bytes(block))[:length]
                count = device.read_into(offset, buffer)
                if count != length or buffer != fill_bytes(fill, offset, length):
                    return False
    except OSError:
        return False
    return True
