"""A run that was cut off, certified so, and whose disks other runs of this bench have erased since.

Why: nothing is left to go on with, and nothing is wrong any more; `recond resume` ended with 5 for
ever. Its own certificate stays as it is and never says "erased": what erased the disk is the other
run, with a certificate of its own. That is folded anew from that run's journals each time, and only
where these show the same medium; the note in this run's folder keeps nothing but what was said.
"""

from __future__ import annotations

import hashlib
from contextlib import suppress
from dataclasses import dataclass

from recond.certify.judge.later import is_same_medium
from recond.certify.record import Belonging, fold_journal, journal_file
from recond.codec import from_json
from recond.computer import is_approved
from recond.documents import read_json
from recond.drive.types import sizes_after
from recond.erasure import Erasure, WipePlan
from recond.errors import RecondError
from recond.flow.run.since import runs_since
from recond.flow.runfolder import RunFolder, write_json
from recond.flow.runindex import JournalNames
from recond.flow.runnote import is_issued
from recond.host.journal_lines import has_ended, read_entries
from recond.host.regular import read_regular
from recond.model import Json, Message
from recond.wipe import guard

SAID = "closed.json"


@dataclass(frozen=True, slots=True)
class ErasedSince:
    """A disk of a run, the other run that erased it, where that one's certificate was put, and the
    SHA-256 of its journal.
    """

    token: str
    by: RunFolder
    certificate: str
    sha256: str

    def message(self) -> Message:
        """What to say of it."""
        return Message.of(
            "wipe.resume.erased_since",
            token=self.token,
            run=self.by.run_id,
            folder=self.certificate,
        )


def erased_since(folder: RunFolder, others: JournalNames) -> tuple[ErasedSince, ...]:
    """Each disk that this run was cut off at, where every one of them was erased since; else none.

    Raises `RecondError`, `OSError` where this run cannot be read.
    """
    found: list[ErasedSince] = []
    for raw in folder.journals().values():
        entries = read_entries(raw)
        if has_ended(entries):
            continue
        data = next((data for kind, data in entries if kind == "plan"), None)
        if data is None:
            return ()
        plan = from_json(WipePlan, data["plan"])
        since = [
            _erasure(run, name, there, raw, plan)
            for run, name, there in runs_since(plan, raw, folder, others)
        ]
        known = [one for one in since if one is not None]
        if not known:
            return ()
        found.append(known[-1])
    return tuple(found)


def _erasure(
    run: RunFolder, name: str, there: bytes, here: bytes, plan: WipePlan
) -> ErasedSince | None:
    """What a later run proves of the disk: erased, as far as was asked for, signed; else None."""
    try:
        note, context = run.note(), run.facts().context
        if note is None or not note.signed or not is_issued(run):
            return None
        demonstration = context.bench.demonstration
        erasure = fold_journal(there, journal_file(name), Belonging(run.run_id, demonstration))
    except (RecondError, OSError):
        return None
    other = guard.resumed_differences(plan.disk, erasure.disk, sizes_after(plan))
    proven = is_approved(erasure) and is_as_far(plan, erasure) and not other
    if not proven or demonstration or not is_same_medium(here, there):
        return None
    digest = hashlib.sha256(there).hexdigest()
    return ErasedSince(plan.disk.token, run, note.folder, digest)


def is_as_far(plan: WipePlan, erasure: Erasure) -> bool:
    """Whether what was erased is all that the plan was for: its level, and the hidden sectors that
    it would have shown.
    """
    if erasure.plan is None:
        return False
    reaches = max(sizes_after(erasure.plan)) >= max(sizes_after(plan))
    return reaches and erasure.result.level_achieved.rank >= plan.level_promised.rank


def is_said(folder: RunFolder, found: tuple[ErasedSince, ...]) -> bool:
    """Whether just this was said before."""
    try:
        return bool(read_json(read_regular(folder.path / SAID)) == _words(found))
    except (OSError, ValueError, RecondError):
        return False


def note_said(folder: RunFolder, found: tuple[ErasedSince, ...]) -> None:
    """Keep that it was said; where that cannot be kept, it is said once more."""
    with suppress(OSError):
        write_json(folder.path / SAID, _words(found))


def _words(found: tuple[ErasedSince, ...]) -> Json:
    return [[one.token, one.by.run_id, one.sha256] for one in found]
