"""A certified run that was cut off, and with whose disks nothing is left to do.

Why: `recond resume` ended with 5 for ever, of a disk that another run has erased since, or that was
confirmed and never begun. The run's certificate goes on saying "interrupted"; no disk counts as
erased by it. All of it is told from the journals each time; the note in the run's folder keeps
nothing but what was said.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import ClassVar

from recond.certify.judge.journal_read import parse_journal
from recond.codec import from_json
from recond.documents import read_json
from recond.erasure import WipePlan
from recond.errors import RecondError
from recond.flow.run.erased_since import ErasedSince, WhyClosed, erased_since
from recond.flow.runfolder import RunFolder, write_json
from recond.flow.runindex import JournalNames
from recond.flow.runnote import is_issued
from recond.host.journal_lines import has_ended, read_entries
from recond.host.regular import read_regular
from recond.model import Json, Message

SAID = "closed.json"
BEFORE_ANY_WRITE = frozenset(
    {"open", "plan", "confirmation", "write_protect", "identity", "holders", "interrupted"}
)
"""The lines that stand before the first byte; behind them comes a `canary`, which says what the
disk held. A run without one cannot be gone on with: nothing proves which disk it was."""


@dataclass(frozen=True, slots=True)
class NeverBegun:
    """A disk of a run that was confirmed, and whose journal ends before anything was done to it."""

    token: str
    by_run: ClassVar[None] = None
    certificate: ClassVar[None] = None
    why: ClassVar[WhyClosed] = WhyClosed.NEVER_BEGUN

    def message(self) -> Message:
        """What to say of it."""
        return Message.of("wipe.resume.never_begun", token=self.token)

    def words(self) -> Json:
        """What the run's note keeps of having said it."""
        return [self.token]


Closed = ErasedSince | NeverBegun


def closed_by(
    folder: RunFolder, others: JournalNames, *, named: bool = False
) -> tuple[Closed, ...]:
    """Each disk that a certified run was cut off at, where nothing is left to do with any.

    `named`: somebody asks for just this run; a disk that was never begun, and is not erased for all
    that is known, is an answer of its own then. Raises `RecondError`, `OSError` where the run
    cannot be read.
    """
    if not is_issued(folder):
        return ()
    found: list[Closed] = []
    for raw in folder.journals().values():
        entries = read_entries(raw)
        if has_ended(entries):
            continue
        data = next((data for kind, data in entries if kind == "plan"), None)
        if data is None:
            return ()
        plan = from_json(WipePlan, data["plan"])
        one = _never_begun(raw, plan) or erased_since(folder, raw, plan, others)
        if one is None or (named and isinstance(one, NeverBegun)):
            return ()
        found.append(one)
    return tuple(found)


def _never_begun(raw: bytes, plan: WipePlan) -> NeverBegun | None:
    """A journal with a fault may have lost the lines that said what was done."""
    return NeverBegun(plan.disk.token) if is_never_begun(raw, plan) else None


def is_never_begun(raw: bytes, plan: WipePlan) -> bool:
    """Whether a whole journal ends before the first byte was written, and each session that wanted
    to go on only read. Before a drive's own erasure blank places are written to before the canaries
    are read: there the journal has to end before the look at who else has the disk.
    """
    reading = parse_journal(raw)
    if reading.problems or reading.torn:
        return False
    sessions, looked = 0, False
    for entry in reading.entries:
        sessions += entry.kind == "open"
        reads = sessions > 1 and entry.kind == "canary" and entry.data["phase"] == "resume"
        if entry.kind not in BEFORE_ANY_WRITE and not reads:
            return False
        looked = looked or (sessions == 1 and entry.kind == "holders")
    return not looked or plan.steps[0].fill is not None


def is_said(folder: RunFolder, found: tuple[Closed, ...]) -> bool:
    """Whether just this was said before."""
    try:
        return bool(read_json(read_regular(folder.path / SAID)) == _words(found))
    except (OSError, ValueError, RecondError):
        return False


def note_said(folder: RunFolder, found: tuple[Closed, ...]) -> None:
    """Keep that it was said; where that cannot be kept, it is said once more."""
    with suppress(OSError):
        write_json(folder.path / SAID, _words(found))


def _words(found: tuple[Closed, ...]) -> Json:
    return [one.words() for one in found]
