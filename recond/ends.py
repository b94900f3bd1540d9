"""How a plan is confirmed, and how a step, a reading and a journal end: the words in journals and
records.

Why: one closed list each, so that a misspelt word is found by the type checker and a strange one by
the reader of a record; eraser, judge and screens take them from here.
"""

from __future__ import annotations

from recond.reading import Text


class StepEnd(Text):
    """How one step, or the reading after the last, ended."""

    DONE = "done"
    FAILED = "failed"
    STOPPED = "stopped"  # asked to; a drive's own command may go on by itself
    VANISHED = "vanished"  # the disk is gone
    UNKNOWN = "unknown"  # nobody knows how it stands: never in a record
    UNFINISHED = "unfinished"  # begun, and the journal has no end of it
    NOT_RUN = "not-run"


class JournalEnd(Text):
    """How a worker's session with a disk ended."""

    COMPLETED = "completed"
    FAILED = "failed"
    REFUSED = "refused"
    INTERRUPTED = "interrupted"  # `recond resume` goes on


class ConfirmedBy(Text):
    """How a plan was confirmed."""

    TYPED = "typed"
    FLAG = "flag"
    MANIFEST = "manifest"
    DEMONSTRATION = "demonstration"
