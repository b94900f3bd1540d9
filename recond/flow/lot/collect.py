"""Records from many benches come into a lot: from output folders, exported queues, a bucket.

Why each one is checked here: a lot's report says "erased" to a donor. A record counts when its
bytes are the canonical ones, its signature is over them and holds, and its journals are the ones
it names. One that is altered, or that contradicts another by the same ledger, is named and left
out; the rest goes on. A record that is there already changes nothing.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from recond.certify.sign.jws import read_jws
from recond.certify.sign.keys import fingerprint
from recond.certify.summary import is_boot_medium
from recond.erasure import Erasure, WipeRecord
from recond.errors import RecondError, RecordInvalid, UploadFailed, UsageError
from recond.flow.lot.manifest import compared
from recond.flow.lot.store import DiskRow, LotStore, MachineRow
from recond.model import Known, Message, Reading
from recond.naming import computer_maker, model_name
from recond.upload.package import RECORD, SIGNATURE, IssueOrder, Package, read_folder, unpack
from recond.upload.s3 import S3

Source = tuple[str, Callable[[], Package]]


@dataclass(frozen=True, slots=True)
class Added:
    """What an addition did: record ids new, issued anew, there already; of other lots; problems."""

    new: tuple[str, ...]
    renewed: tuple[str, ...]
    known: int
    others: int
    problems: tuple[tuple[str, Message], ...]

    @property
    def exit_code(self) -> int:
        """7 when a record was not what it should be."""
        return 7 if self.problems else 0


def folder_sources(folder: Path) -> Iterator[Source]:
    """Every record below a folder: output folders and exported packages, in order."""
    if not folder.is_dir():
        raise UsageError("lot.source.unknown", source=str(folder))
    for path in sorted(folder.rglob(RECORD)):
        yield str(path.parent), _reading(path.parent)
    for path in sorted(folder.rglob("[!.]*.zip")):
        yield str(path), _unpacking(path)


def _reading(folder: Path) -> Callable[[], Package]:
    return lambda: read_folder(folder)


def _unpacking(path: Path) -> Callable[[], Package]:
    return lambda: unpack(path.read_bytes(), path.stem)


def bucket_sources(bucket: S3) -> Iterator[Source]:
    """Every package of a bucket. Raises `UploadFailed` where it cannot be listed."""
    for name in bucket.names():
        yield name, _getting(bucket, name)


def _getting(bucket: S3, name: str) -> Callable[[], Package]:
    return lambda: unpack(bucket.get(name), bucket.record_id(name))


def collect(store: LotStore, lot: str, sources: Iterator[Source]) -> Added:
    """Take every record of the sources into a lot."""
    digests, before = store.digests(lot), dict(store.problems(lot))
    new: list[str] = []
    renewed: list[str] = []
    problems: list[tuple[str, Message]] = []
    known = others = 0
    for source, read in sources:
        try:
            package = read()
            row = None if package.digest in digests else take(store, lot, source, package)
        except (RecordInvalid, UploadFailed, OSError) as error:
            problems.append((source, _why(error)))
            store.note(lot, source, problems[-1][1])
            continue
        if source in before:
            store.note(lot, source, None)
        if row == "other":
            others += 1
        elif row in ("new", "renewed"):
            (new if row == "new" else renewed).append(package.record_id)
            digests.add(package.digest)
        else:
            known += 1
    return Added(tuple(new), tuple(renewed), known, others, tuple(problems))


def _why(error: Exception) -> Message:
    if isinstance(error, RecondError):
        return error.message
    return Message.of("lot.source.unreadable", reason=getattr(error, "strerror", None) or "?")


def take(store: LotStore, lot: str, source: str, package: Package) -> str:
    """Check a record and write its row: "new", "renewed", "older" or "other" (of another lot).

    Raises `RecordInvalid`.
    """
    record = package.record()
    if record.lot not in (None, lot):
        return "other"
    if record.bench.demonstration:
        raise RecordInvalid("upload.demonstration", record=record.record_id)
    signer = _signer(package)
    _check_journals(package, record)
    ledger = record.ledger if signer else None
    if ledger:
        holder = store.issued(ledger.ledger_id, ledger.number)
        if holder not in (None, package.digest):
            raise RecordInvalid("lot.record.fork", ledger=ledger.ledger_id, number=ledger.number)
    there = store.machine(lot, package.record_id)
    row = machine_row(record, package.digest, signer, source)
    if there is None:
        store.put(lot, row)
        return "new"
    if there.signer != signer:
        raise RecordInvalid("lot.record.other_key", record=package.record_id)
    before = IssueOrder(there.issued_at, there.ledger, there.number or 0)
    if package.issue.after(before):
        store.put(lot, row)
        return "renewed"
    if before.after(package.issue):
        return "older"
    raise RecordInvalid("lot.record.two", record=package.record_id)


def _signer(package: Package) -> str | None:
    jws = package.file(SIGNATURE)
    if jws is None:
        return None
    signed = read_jws(jws.strip())
    if not signed.holds:
        raise RecordInvalid("lot.record.signature")
    return fingerprint(signed.chain[0])


def _check_journals(package: Package, record: WipeRecord) -> None:
    # a package without its journals is a thin one; a journal that is there must be the one named
    for erasure in record.erasures:
        raw = package.file(erasure.journal.file)
        if raw is not None and hashlib.sha256(raw).hexdigest() != erasure.journal.sha256:
            raise RecordInvalid("lot.record.journal", file=erasure.journal.file)


def machine_row(record: WipeRecord, digest: str, signer: str | None, source: str) -> MachineRow:
    """A record's row: only what the record itself says. Pure."""
    machine, ledger = record.machine, record.ledger if signer else None
    system = machine.system if machine else None
    serial = _known(system.serial) if system else None
    return MachineRow(
        record_id=record.record_id,
        digest=digest,
        issued_at=record.issued_at,
        ledger=ledger.ledger_id if ledger else None,
        number=ledger.number if ledger else None,
        signer=signer,
        bench=record.bench.name or record.bench.bench_id,
        operator=record.operator.name,
        serial=serial,
        found_by=compared(serial) if serial else None,
        maker=computer_maker(system) or None if system else None,
        model=model_name(system) or None if system else None,
        form=_known(system.form) if system else None,
        property_number=record.property_number,
        category=next((one.category for one in record.assessments if one.category), None),
        readiness=" ".join(f"{one.profile}={one.verdict}" for one in record.assessments),
        source=source,
        disks=tuple(
            disk_row(n, one) for n, one in enumerate(record.erasures) if not is_boot_medium(one)
        ),
    )


def disk_row(position: int, erasure: Erasure) -> DiskRow:
    """A disk's row. Pure."""
    disk, result = erasure.disk, erasure.result
    done = dict.fromkeys(str(step.technique) for step in erasure.steps if step.outcome == "done")
    return DiskRow(
        position,
        disk.serial,
        compared(disk.serial) if disk.serial else None,
        disk.model,
        str(disk.medium),
        disk.size_bytes,
        str(result.status),
        str(result.verdict),
        str(result.level_achieved),
        ", ".join(done),
        erasure.ended_at,
    )


def _known(reading: Reading[str]) -> str | None:
    return str(reading.value) if isinstance(reading, Known) else None
