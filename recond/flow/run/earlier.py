"""An earlier issue of a run's certificate: is the new one worse, and where does the other go?

Why: `recond certify` with the key unusable for a moment took a signed certificate away and left an
unsigned one, and a later judge may call "failed" what was certified before. A certificate that this
bench issued is never lost: the better one stays where it is, the other one stands beside it in the
state folder. Only what this bench signed is kept: else whoever can write into the output folder
could put his own word there, and the true one would never take its place.

    issues/<record id>/<n>/       signed issues of a run that are not the one in the output folder
    issues/<record id>/unsigned/  the last one that could not be signed, where a signed one stands
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from recond.certify.receipt import RECEIPT_FILE
from recond.certify.record import parse_record
from recond.certify.sign.jws import CONTENT_TYPE, read_jws
from recond.documents import read_json
from recond.erasure import JOURNAL_SCHEMAS, Erasure, JournalRef, Status, Verdict, WipeRecord
from recond.errors import RecondError
from recond.flow.keys.keyring import Keyring
from recond.flow.keys.ours import is_ours
from recond.flow.runfolder import JWS, RECORD, SIGNED
from recond.host.journal_lines import read_entries
from recond.host.regular import read_regular
from recond.host.store import write_folder


@dataclass(frozen=True, slots=True)
class EarlierIssue:
    """A certificate that this bench signed for the run: its folder and its record."""

    folder: Path
    record: WipeRecord


def find_earlier(keyring: Keyring, folders: Iterable[Path], record_id: str) -> EarlierIssue | None:
    """The first folder's certificate that this bench signed for a run; None: there is none."""
    for folder in dict.fromkeys(folders):
        try:
            raw = read_regular(folder / JWS)
            signed = read_jws(raw)
            record = parse_record(read_json(signed.payload))
            whole = read_regular(folder / RECORD) == signed.payload
        except (OSError, ValueError, RecondError):
            continue
        holds = whole and signed.holds and signed.content_type == CONTENT_TYPE
        if holds and record.record_id == record_id and is_ours(keyring, raw, record.issued_at):
            return EarlierIssue(folder, record)
    return None


def is_worse(
    record: WipeRecord, signed: bool, journals: Mapping[str, bytes], earlier: WipeRecord
) -> bool:
    """Whether a new issue must not stand in an earlier, signed one's place. Pure.

    `journals` by their names in the record. What went on since (a run that was resumed) takes the
    place. Of the same evidence an unsigned issue is worse, and so is one that says less of a disk;
    so is any whose journals are not those of the earlier one and more. Journals of a former form
    were judged and signed when they were the newest: what a later recond reads in them stands
    beside that, also where it says the same.
    """
    state = [_grown(one.journal, journals) for one in earlier.erasures]
    if None in state:
        return True
    if any(state) or len(record.erasures) > len(earlier.erasures):
        return False
    before = {one.journal.file: _rank(one) for one in earlier.erasures}
    after = {one.journal.file: _rank(one) for one in record.erasures}
    former = any(_is_former(journals[one.journal.file]) for one in earlier.erasures)
    return (not signed or former) or any(
        file not in after or after[file] < rank for file, rank in before.items()
    )


def _grown(before: JournalRef, journals: Mapping[str, bytes]) -> bool | None:
    """Whether a journal has more lines than an earlier record folded; None: it is another."""
    raw = journals.get(before.file)
    if raw is None:
        return None
    if hashlib.sha256(raw).hexdigest() == before.sha256:
        return False
    lines = raw.split(b"\n")[: before.entries]
    same = bool(lines) and hashlib.sha256(lines[-1]).hexdigest() == before.head
    return True if same and raw.count(b"\n") > before.entries else None


def _is_former(raw: bytes) -> bool:
    """Whether a session of a journal was written in a form that is no more."""
    told = (data.get("schema") for kind, data in read_entries(raw) if kind == "open")
    return any(schema in JOURNAL_SCHEMAS[:-1] for schema in told)


def _rank(one: Erasure) -> tuple[bool, bool, int]:
    result = one.result
    return (
        result.status is Status.ERASED,
        result.verdict is Verdict.APPROVED,
        result.level_achieved.rank,
    )


def put_beside(state: Path, record_id: str, files: dict[str, bytes]) -> Path:
    """Write an issue where no signed one stands, and give its folder. Raises `OSError`.

    An unsigned one takes the place of the last unsigned one: a key that stays unusable fills no
    disk.
    """
    folder, number = state / "issues" / record_id, 1
    if JWS not in files:
        write_folder(folder / "unsigned", files)
        return folder / "unsigned"
    while (folder / str(number)).exists():
        if _holds(folder / str(number) / JWS, files[JWS]):
            break
        number += 1
    write_folder(folder / str(number), files)
    return folder / str(number)


def issues_beside(state: Path, record_id: str) -> tuple[Path, ...]:
    """The folders of a run's signed issues in the state, the newest first."""
    found = [one for one in (state / "issues" / record_id).glob("*") if one.name.isdecimal()]
    return tuple(sorted(found, key=lambda one: -int(one.name)))


def _holds(file: Path, raw: bytes) -> bool:
    return file.is_file() and read_regular(file) == raw


def files_of_issue(earlier: EarlierIssue) -> dict[str, bytes]:
    """What an issue consists of: record, signature, page, receipt, journals. Raises `OSError`."""
    names = [RECORD, JWS, SIGNED, RECEIPT_FILE, *(e.journal.file for e in earlier.record.erasures)]
    there = ((name, earlier.folder / name) for name in dict.fromkeys(names))
    return {name: read_regular(path) for name, path in there if path.is_file()}
