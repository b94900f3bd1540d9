"""The two ways into a session: a new journal, or one that has no end yet."""

from __future__ import annotations

import errno
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

from recond.ends import JournalEnd
from recond.errors import BenchLacks
from recond.wipe.job import Job, Seam, Tell
from recond.wipe.journal import Journal
from recond.wipe.position import Position
from recond.wipe.session import Session


def run_job(job: Job, seam: Seam, should_stop: Callable[[], bool], tell: Tell) -> JournalEnd:
    """A new erasure with a new journal. Raises `BenchLacks` if the journal cannot be kept."""
    try:
        journal = Journal.create(Path(job.journal), seam.clock)
    except OSError as error:
        raise _journal_lost(error) from None
    with closing(journal):
        return Session(job, seam, journal, should_stop, tell).run()


def resume_job(
    job: Job, position: Position, seam: Seam, should_stop: Callable[[], bool], tell: Tell
) -> JournalEnd:
    """Go on with an existing journal. Raises `BenchLacks` if it cannot be kept."""
    try:
        journal, _ = Journal.reopen(Path(job.journal), seam.clock)
    except OSError as error:
        raise _journal_lost(error) from None
    with closing(journal):
        return Session(job, seam, journal, should_stop, tell).resume(position)


def _journal_lost(error: OSError) -> BenchLacks:
    name = errno.errorcode.get(error.errno or 0, str(error.errno))
    return BenchLacks("wipe.journal.lost", errno=name)
