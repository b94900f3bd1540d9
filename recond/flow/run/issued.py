"""What was issued for a run, read again from its certificate's folder."""

from __future__ import annotations

from pathlib import Path

from recond.certify.record import Issue, build_record
from recond.errors import RecondError, UsageError
from recond.flow.run.issue import Issued
from recond.flow.runfolder import JWS, RECORD, SIGNED, UNSIGNED, RunFolder
from recond.flow.runnote import issued_place, record_in
from recond.model import Message


def read_issued(folder: RunFolder) -> Issued:
    """What was issued for a run, read again.

    Raises `UsageError` where it is not there any more, or is not what the journals say.
    """
    facts, note, place = folder.facts(), folder.note(), issued_place(folder)
    if note is None or place is None:
        raise UsageError("guided.attach.moved", run=folder.run_id)
    try:
        record = record_in(place)
    except (OSError, ValueError, RecondError):
        raise UsageError("guided.attach.moved", run=folder.run_id) from None
    again = Issue(
        record.record_id, record.issued_at, record.software, record.ledger, record.signature
    )
    if record != build_record(
        facts.context, facts.machine, facts.assessments, folder.journals(), again
    ):
        raise UsageError("guided.attach.moved", run=folder.run_id)
    page = next((name for name in (SIGNED, UNSIGNED) if (place / name).exists()), RECORD)
    signed = (place / JWS).exists()
    why = None if signed else Message(record.signature or "certify.unsigned.no-key")
    kept = Path(note.folder) if Path(note.folder) != place else None
    return Issued(place, place / page, record, signed, why, None, self_made_key=False, kept=kept)
