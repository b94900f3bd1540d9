"""Whether a later run's journal is about the medium of an earlier one's.

Why: a run that was cut off is done with once another run has erased its disk; a serial number alone
does not say that it was that disk. Pure.
"""

from __future__ import annotations

from recond.certify.judge.journal_read import parse_journal
from recond.certify.judge.medium import is_same_later
from recond.certify.judge.timeline import Timeline, read_timeline, what_is_begun


def is_same_medium(earlier: bytes, later: bytes) -> bool:
    """Whether two whole journals are about one medium; a journal with a fault shows nothing."""
    one, other = _read(earlier), _read(later)
    if one is None or other is None or one.plan is None or other.canary_before is None:
        return False
    begun = what_is_begun(one, one.plan)
    before, now = one.looks[1] if one.proven else one.looks[0], other.looks[0] or other.looks[1]
    if begun is None or before is None or now is None:
        return False
    sizes = {found.identity.logical_block_bytes for found in (before, now)}
    return len(sizes) == 1 and is_same_later(begun, other.canary_before.data, before, now)


def _read(raw: bytes) -> Timeline | None:
    reading = parse_journal(raw)
    timeline = read_timeline(reading.entries)
    faulty = reading.problems or timeline.contradictions or timeline.unproven
    return None if faulty else timeline
