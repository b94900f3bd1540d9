"""A disk that a run was cut off at, and that another run of this bench has erased since.

Why: nothing is left to go on with, and nothing is wrong any more. The run's own certificate stays
as it is and never says "erased": the other run erased the disk, with a certificate of its own.
That is folded anew from that run's journals each time, and only where these show the same medium.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import ClassVar

from recond.certify.judge.later import is_same_medium
from recond.certify.record import Belonging, fold_journal, journal_file
from recond.computer import is_approved
from recond.drive.types import sizes_after
from recond.erasure import Erasure, WipePlan
from recond.errors import RecondError
from recond.flow.run.since import runs_since
from recond.flow.runfolder import RunFolder
from recond.flow.runindex import JournalNames
from recond.flow.runnote import is_issued
from recond.model import Json, Message, Text
from recond.wipe import guard


class WhyClosed(Text):
    """Why nothing is left to do with a disk that a run was cut off at."""

    ERASED_SINCE = "erased-since"
    NEVER_BEGUN = "never-begun"


@dataclass(frozen=True, slots=True)
class ErasedSince:
    """A disk of a run, the other run that erased it, where that one's certificate was put, and the
    SHA-256 of its journal.
    """

    token: str
    by_run: str
    certificate: str
    sha256: str
    why: ClassVar[WhyClosed] = WhyClosed.ERASED_SINCE

    def message(self) -> Message:
        """What to say of it."""
        return Message.of(
            "wipe.resume.erased_since",
            token=self.token,
            run=self.by_run,
            folder=self.certificate,
        )

    def words(self) -> Json:
        """What the run's note keeps of having said it."""
        return [self.token, self.by_run, self.sha256]


def erased_since(
    folder: RunFolder, raw: bytes, plan: WipePlan, others: JournalNames
) -> ErasedSince | None:
    """The last run that shows the disk of the journal `raw` of the run `folder` erased since."""
    found = [
        _erasure(run, name, there, raw, plan)
        for run, name, there in runs_since(plan, raw, folder, others)
    ]
    known = [one for one in found if one is not None]
    return known[-1] if known else None


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
    return ErasedSince(plan.disk.token, run.run_id, note.folder, digest)


def is_as_far(plan: WipePlan, erasure: Erasure) -> bool:
    """Whether what was erased is all that the plan was for: its level, and the hidden sectors that
    it would have shown.
    """
    if erasure.plan is None:
        return False
    reaches = max(sizes_after(erasure.plan)) >= max(sizes_after(plan))
    return reaches and erasure.result.level_achieved.rank >= plan.level_promised.rank
