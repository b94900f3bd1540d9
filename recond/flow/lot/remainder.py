"""What a record leaves in its computer: its media that were not erased, taken out or destroyed.

Why beside the row: a computer is settled only where each medium of it is, by whichever record or
word that comes later; a number alone does not tell which disk it was. Pure.
"""

from __future__ import annotations

from recond.census import Kind
from recond.computer import Fate, conclude
from recond.erasure import WipeRecord
from recond.flow.lot.rows import LeftMedium, Remainder
from recond.flow.serials import compared
from recond.upload.facts import known


def remainder_of(record: WipeRecord) -> Remainder:
    """What a record says is left in its computer, by serials. Pure."""
    found = conclude(record)
    media = {medium.key: medium for medium, _ in found.fates}
    by_token = {one.disk.token: one.disk.serial for one in record.erasures}

    def serial_of(key: str) -> str | None:
        medium = media.get(key)
        own = known(medium.serial) if medium else by_token.get(key)
        return compared(own) if own else None

    left = [serial_of(one.key) if one.fate is not None else None for one in found.left]
    # an area or name space has its drive's number, and is not settled by that drive's erasure
    taken = [
        None if m.kind in (Kind.BOOT_AREA, Kind.NAMESPACE) else serial_of(m.key)
        for m, f in found.fates
        if f is Fate.REMOVED
    ]
    system = record.machine.system if record.machine else None
    serial = known(system.serial) if system else None
    destroyed = [m.key for m, f in found.fates if f is Fate.DESTROYED]
    # no later than what was signed: clocks are set between the two
    seen_at = min(record.machine.inspected_at, record.issued_at) if record.machine else None
    return Remainder(
        compared(serial) if serial else None,
        tuple(one for one in left if one),
        left.count(None) + taken.count(None) + len(found.doubts),
        tuple(one for one in taken if one),
        tuple(serial_of(key) or key for key in destroyed),
        tuple(s for m, _ in found.fates if (s := serial_of(m.key))),
        tuple(
            LeftMedium(s, known(m.model), known(m.size_bytes), seen_at)
            for m, _ in found.fates
            if (s := serial_of(m.key)) and (s in (*left, *taken) or m.key in destroyed)
        ),
    )
