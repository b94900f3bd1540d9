"""What was issued for a run, looked at again: is it there, and is it younger than the journals?"""

from __future__ import annotations

import json
from pathlib import Path

from recond.certify.record import Issue, build_record
from recond.codec import from_json
from recond.erasure import WipeRecord
from recond.errors import RecondError, UsageError
from recond.flow.run.issue import Issued
from recond.flow.runfolder import JWS, RECORD, SIGNED, UNSIGNED, RunFolder
from recond.model import Message


def is_issued(folder: RunFolder) -> bool:
    """Whether there is a certificate that is younger than the last line of every journal."""
    if not folder.issued.exists():
        return False
    made = folder.issued.stat().st_mtime
    return all(path.stat().st_mtime <= made for path in folder.journal_files())


def read_issued(folder: RunFolder) -> Issued:
    """What was issued for a run, read again.

    Raises `UsageError` where it is not there any more, or is not what the journals say.
    """
    facts = folder.facts()
    try:
        place = Path(str(json.loads(folder.issued.read_bytes())["folder"]))
        record = from_json(WipeRecord, json.loads((place / RECORD).read_bytes()))
    except (OSError, ValueError, KeyError, RecondError):
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
    return Issued(place, place / page, record, signed, why, None, self_made_key=False)
