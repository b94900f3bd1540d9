"""Where each custody statement of this bench was put: STATE/statements/NUMBER.json.

Why: a run's folder is known from its note, and so its receipt is renewed and its record queued; a
statement goes the same ways. The note is written before the ledger's line: one whose folder was
never written leads nowhere, and a statement without a note would be forgotten.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from recond.codec import canonical_bytes, from_json
from recond.documents import read_json
from recond.errors import FormatError
from recond.host.spool import Spool


@dataclass(frozen=True, slots=True)
class StatementNote:
    """A statement and its folder, an absolute path."""

    event_id: str
    folder: str


def keep_note(state: Path, event_id: str, out: Path) -> None:
    """Note that a statement is put into `OUT/NUMBER`. Raises `OSError`."""
    note = StatementNote(event_id, str(out.absolute() / event_id))
    _spool(state).save(f"{event_id}.json", canonical_bytes(note))


def statement_note(state: Path, event_id: str) -> StatementNote | None:
    """A statement's note; None where there is none that can be read."""
    try:
        raw = _spool(state).read(f"{event_id}.json")
        note = None if raw is None else from_json(StatementNote, read_json(raw))
    except (OSError, ValueError, FormatError):
        return None
    return note if note is not None and note.event_id == event_id else None


def all_statements(state: Path) -> tuple[StatementNote, ...]:
    """Every statement of this bench that has a note, oldest first."""
    found = (statement_note(state, number) for number in _spool(state).names(".json"))
    return tuple(note for note in found if note is not None)


def _spool(state: Path) -> Spool:
    return Spool(state / "statements")
