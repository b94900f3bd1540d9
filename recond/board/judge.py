"""Is what a bench sent true? Asked of `recond verify`'s own code, in a process of its own.

Why that code: what the board shows as erased must be what a donor's own check would say, no more.
Why a process: a hostile PDF or zip meets its parsers here, where memory and time are bounded and a
crash takes down nothing but this one question. Reads; keeps nothing.
"""

from __future__ import annotations

import hashlib
import io
import resource
import tempfile
import zipfile
import zlib
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from recond.certify.sign.jws import read_jws
from recond.certify.sign.keys import fingerprint
from recond.certify.statement import read_statement
from recond.certify.verify.verdicts import Answer, Axis, Verdicts
from recond.codec import canonical_bytes, to_json
from recond.computer import conclude
from recond.custody import EVENT, EVENT_JWS, CustodyEvent, is_statement
from recond.erasure import Bench, WipeRecord
from recond.errors import RecondError, RecordInvalid
from recond.flow.keys.keyring import Keyring
from recond.flow.lot.collect import machine_row
from recond.flow.lot.rows import MachineRow
from recond.flow.verify.files import verify_paths
from recond.host.store import write_folder
from recond.model import Known, Message
from recond.upload.package import RECORD, SIGNATURE, IssueOrder, Package, unpack

MEMORY_BYTES = 2 << 30
MOST_FILES = 512
MOST_BYTES = 128 << 20
MOST_RECORD_BYTES = 8 << 20


@dataclass(frozen=True, slots=True)
class Kept:
    """A record that is true: what the board's tables hold of it. `computer` joins the records of
    one machine; `why` says why it is not trusted where it is not.
    """

    digest: str
    issue: IssueOrder
    trusted: bool
    trust_seen: str
    why: Message | None
    outcome: str
    computer: str | None
    row: MachineRow
    lot: str | None
    donor: str | None
    workshop: str | None
    duration_s: int | None

    @property
    def record_id(self) -> str:
        """The record's number."""
        return self.row.record_id

    @property
    def signer(self) -> str | None:
        """Whose key signed it."""
        return self.row.signer


@dataclass(frozen=True, slots=True)
class KeptStatement:
    """A custody statement that is true: a person's word, by whom, about what. Never an erasure."""

    digest: str
    event: CustodyEvent
    signer: str
    trusted: bool
    trust_seen: str
    why: Message | None

    @property
    def record_id(self) -> str:
        """The statement's number."""
        return self.event.event_id

    @property
    def lot(self) -> str | None:
        """The lot that it is said of."""
        return self.event.lot


@dataclass(frozen=True, slots=True)
class Refused:
    """What was not found to be true, and the first reason."""

    record_id: str | None
    reason: Message


def bound_process() -> None:
    """No more memory than a large record needs; called once in the judging process."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def judge(
    raw: bytes, name: str, state: Path, *, demonstration: bool
) -> Kept | KeptStatement | Refused:
    """What a package comes to; `name` is the record's id as the bench gave it. Never raises for
    what the bytes hold.
    """
    try:
        check_size(raw)
        package = unpack(raw, name)
        if is_statement(package.record_id):
            return _kept_statement(package, state, demonstration=demonstration)
        record = package.record()
        _check_demonstration(record.record_id, record.bench, demonstration=demonstration)
        if not package.signed:
            raise RecordInvalid("board.apart.unsigned")
        found = _verify(package, state)
        return _kept(package, record, found, state)
    except RecondError as error:
        return Refused(name, error.message)
    except MemoryError:
        return Refused(name, Message("upload.package.too_large"))


def check_size(raw: bytes) -> None:
    """Refuse a zip that would unpack to more than a record ever is, before anything is unpacked.

    Raises `RecordInvalid`. A member that is larger than it says fails its checksum when it is read:
    zipfile stops at the size that stands in the directory.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, zlib.error, ValueError, EOFError, OSError, RuntimeError):
        raise RecordInvalid("upload.package.unreadable") from None
    large = any(
        one.filename in (RECORD, SIGNATURE, EVENT, EVENT_JWS) and one.file_size > MOST_RECORD_BYTES
        for one in members
    )
    if len(members) > MOST_FILES or large or sum(one.file_size for one in members) > MOST_BYTES:
        raise RecordInvalid("upload.package.too_large")


def _verify(package: Package, state: Path) -> Verdicts:
    """The one certificate's answers. Raises `RecordInvalid` with the first thing that is wrong."""
    with tempfile.TemporaryDirectory(prefix="recond-board-") as place:
        folder = Path(place) / package.record_id
        write_folder(folder, dict(package.files))
        found = verify_paths((folder,), (), state=state).found
    ours = [one for one in found if package.record_id in (one.record_id, one.event_id)]
    if len(found) != 1 or len(ours) != 1:
        raise RecordInvalid("board.apart.several")
    answers = dict(ours[0].answers)
    wrong = [
        axis
        for axis in Axis
        if (axis in (Axis.INTACT, Axis.VALID) and answers[axis] is not Answer.YES)
        or (axis is Axis.COMPLETE and answers[axis] is Answer.NO)
    ]
    for check in ours[0].checks:
        if check.axis in wrong and check.answer is not Answer.YES:
            raise RecordInvalid(check.message.code, **dict(check.message.args))
    if wrong:
        raise RecordInvalid("board.apart.several")
    return ours[0]


def _check_demonstration(number: str, bench: Bench, *, demonstration: bool) -> None:
    """A demonstration is nothing to a workshop, and the reverse. Raises `RecordInvalid`."""
    if bench.demonstration is not demonstration:
        code = "board.apart.real" if demonstration else "upload.demonstration"
        raise RecordInvalid(code, record=number)


def _kept_statement(package: Package, state: Path, *, demonstration: bool) -> KeptStatement:
    """A statement, by the same questions. Raises `RecordInvalid`."""
    event = read_statement(package.record_bytes)
    _check_demonstration(event.event_id, event.bench, demonstration=demonstration)
    found = _verify(package, state)
    signer, trusted, why = _signer(package, found)
    return KeptStatement(package.digest, event, signer, trusted, trust_digest(state), why)


def _signer(package: Package, found: Verdicts) -> tuple[str, bool, Message | None]:
    """(whose key signed, whether it is believed, why not)."""
    jws = package.file(package.signature) or b""
    signer = fingerprint(read_jws(jws.strip()).chain[0])
    if dict(found.answers)[Axis.TRUSTED] is Answer.YES:
        return signer, True, None
    why = (c.message for c in found.checks if c.axis is Axis.TRUSTED and c.answer is not Answer.YES)
    return signer, False, next(why, None)


def _kept(package: Package, record: WipeRecord, found: Verdicts, state: Path) -> Kept:
    signer, trusted, why = _signer(package, found)
    return Kept(
        digest=package.digest,
        issue=package.issue,
        trusted=trusted,
        trust_seen=trust_digest(state),
        why=why,
        outcome=conclude(record).word,
        computer=computer_of(record),
        row=machine_row(record, package.digest, signer, "board", images=True),
        lot=record.lot,
        donor=record.donor,
        workshop=record.workshop.name,
        duration_s=_duration_s(record),
    )


def computer_of(record: WipeRecord) -> str | None:
    """What joins the records of one machine: its id by `recond.inspect.identity`, else its
    serial with its model; None for a disk in a dock.
    """
    machine = record.machine
    if machine is None:
        return None
    if isinstance(machine.identity.machine_id, Known):
        return machine.identity.machine_id.value
    system = machine.system
    if isinstance(system.serial, Known):
        model = system.model.value if isinstance(system.model, Known) else ""
        return hashlib.sha256(f"{system.serial.value}\0{model}".encode()).hexdigest()
    return None


def _duration_s(record: WipeRecord) -> int | None:
    """From the first journal's beginning to the last one's end."""
    starts = [one.started_at for one in record.erasures if one.started_at]
    ends = [one.ended_at for one in record.erasures if one.ended_at]
    try:
        span = datetime.fromisoformat(max(ends)) - datetime.fromisoformat(min(starts))
    except (ValueError, TypeError):
        return None
    seconds = int(span.total_seconds())
    return seconds if 0 <= seconds < 1 << 31 else None


def trust_digest(state: Path) -> str:
    """Whom the board believes, in short: another digest means that records are judged again."""
    trust = Keyring(state).trust(())
    believed = {
        "pinned": sorted(fingerprint(one) for one in trust.pinned),
        "own": sorted(fingerprint(one) for one in trust.own),
        "revoked": [to_json(one) for one in trust.revoked],
    }
    return hashlib.sha256(canonical_bytes(believed)).hexdigest()
