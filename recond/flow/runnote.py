"""Whether a run has its certificate: from the run's note, never from times.

Why: a clock that is set between two runs makes the younger file the older one, and a run would be
certified twice, or called finished for an earlier part of it. The note holds the digests of the
journals that the record was made from; a run is issued as long as these are its journals.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from recond.codec import from_json
from recond.documents import read_json
from recond.erasure import WipeRecord
from recond.errors import RecondError
from recond.flow.runfolder import RECORD, RunFolder
from recond.host.regular import read_regular


def digests_of(journals: dict[str, bytes]) -> tuple[tuple[str, str], ...]:
    """Each journal's SHA-256 by its disk's name in the run."""
    return tuple((name, hashlib.sha256(raw).hexdigest()) for name, raw in sorted(journals.items()))


def is_issued(folder: RunFolder) -> bool:
    """Whether there is a certificate of the journals as they are now."""
    return issued_place(folder) is not None


def issued_place(folder: RunFolder) -> Path | None:
    """Where the certificate of the journals as they are now was put: not the run's best one, where
    the journals were damaged since and what they say now stands beside it.
    """
    note = folder.note()
    if note is None or note.replacing:
        return None
    made_from = note.journals or digests_in(Path(note.folder))  # the former form had no digests
    now = digests_of(folder.journals())
    # moved away: it was issued, and nobody can tell from what
    if not made_from or made_from == now:
        return Path(note.folder)
    return Path(note.beside.folder) if note.beside and note.beside.journals == now else None


def digests_in(place: Path) -> tuple[tuple[str, str], ...]:
    """The same of the journals that a record was made from; none where it was moved away."""
    try:
        record = record_in(place)
    except (OSError, ValueError, RecondError):
        return ()
    found = [(Path(one.journal.file).stem, one.journal.sha256) for one in record.erasures]
    return tuple(sorted(found))


def record_in(place: Path) -> WipeRecord:
    """The record of a certificate's folder. Raises `OSError`, `ValueError`, `RecondError`."""
    return from_json(WipeRecord, read_json(read_regular(place / RECORD)))
