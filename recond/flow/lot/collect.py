"""Records from many benches come into a lot: from output folders, exported queues, a bucket.

Why each one is checked here: a lot's report says "erased" to a donor. A record counts when its
bytes are the canonical ones, its signature is over them and holds, and its journals are the ones
it names. One that is altered, or that contradicts another by the same ledger, is named and left
out; the rest goes on. A record that is there already changes nothing. A record that nobody made
(journals are missing, or fold to something else) is left out too; whose key counts is asked where
the lot is shown (`recond.flow.lot.standing`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from recond.certify.sign.jws import read_jws
from recond.certify.sign.keys import fingerprint, pem, read_certificates
from recond.certify.verify.verdicts import Trust
from recond.computer import conclude, is_boot_medium
from recond.ends import StepEnd
from recond.erasure import Erasure, Technique, WipeRecord
from recond.errors import RecondError, RecordInvalid, UploadFailed, UsageError
from recond.flow.deliver.checked import package_fault
from recond.flow.lot.rows import DiskRow, MachineRow
from recond.flow.lot.standing import key_fault, no_disk
from recond.flow.lot.store import LotStore
from recond.flow.serials import compared
from recond.host.reason import os_reason
from recond.model import Known, Message, Reading
from recond.naming import computer_maker, model_name
from recond.upload.package import (
    RECORD,
    SIGNATURE,
    IssueOrder,
    Package,
    read_folder,
    read_packed,
    unpack,
)
from recond.upload.s3 import S3

if TYPE_CHECKING:
    from cryptography import x509

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
    return lambda: unpack(read_packed(path), path.stem)


def bucket_sources(bucket: S3) -> Iterator[Source]:
    """Every package of a bucket. Raises `UploadFailed` where it cannot be listed."""
    for name in bucket.names():
        yield name, _getting(bucket, name)


def _getting(bucket: S3, name: str) -> Callable[[], Package]:
    return lambda: unpack(bucket.get(name), bucket.record_id(name))


def collect(store: LotStore, lot: str, sources: Iterator[Source], trust: Trust) -> Added:
    """Take every record of the sources into a lot; `trust` says which keys are revoked."""
    digests, before = store.digests(lot), dict(store.problems(lot))
    chains = store.chains(lot)
    digests -= {
        one.digest for one in store.machines(lot) if one.signer and one.signer not in chains
    }
    new: list[str] = []
    renewed: list[str] = []
    problems: list[tuple[str, Message]] = []
    known = others = 0
    for source, read in sources:
        try:
            package = read()
            row = None if package.digest in digests else take(store, lot, source, package, trust)
        except (RecordInvalid, UploadFailed, OSError) as error:
            problems.append((source, _why(error)))
            store.note(lot, source, problems[-1][1])
            continue
        if source in before:
            store.note(lot, source, None)
        if row in ("new", "renewed"):
            problems += _no_disks(source, package.record())
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
    return Message.of(
        "lot.source.unreadable", reason=os_reason(error) if isinstance(error, OSError) else "?"
    )


def _no_disks(source: str, record: WipeRecord) -> list[tuple[str, Message]]:
    """What stands for no disk, by its place: named, so that nobody thinks that it was counted."""
    found = ((one.journal.file, no_disk(record, one)) for one in record.erasures)
    return [(f"{source} ({file})", why) for file, why in found if why is not None]


def take(store: LotStore, lot: str, source: str, package: Package, trust: Trust) -> str:
    """Check a record and write its row: "new", "renewed", "older" or "other" (of another lot).

    Raises `RecordInvalid`.
    """
    record = package.record()
    if record.lot not in (None, lot):
        return "other"
    if record.bench.demonstration:
        raise RecordInvalid("upload.demonstration", record=record.record_id)
    fault = package_fault(package, trust, page=False)
    if fault is not None:
        raise RecordInvalid(fault.code, **dict(fault.args))
    chain = chain_of(package)
    believed = bool(chain) and key_fault(chain, record.issued_at, trust) is None
    signer = fingerprint(chain[0]) if chain else None
    row = machine_row(record, package.digest, signer, source)
    if not believed:  # a stranger's word takes no number of a bench's ledger
        row = replace(row, ledger=None, number=None)
    ledger = record.ledger if believed else None
    if ledger:
        holder = store.issued(ledger.ledger_id, ledger.number)
        if holder not in (None, package.digest):
            raise RecordInvalid("lot.record.fork", ledger=ledger.ledger_id, number=ledger.number)
    there = store.machine(lot, package.record_id)
    if there is not None and there.signer != signer and believed:
        kept = store.chains(lot).get(there.signer or "")
        other = read_certificates(kept) if kept else ()
        if not other or key_fault(other, there.issued_at, trust) is not None:
            there = None  # nor does it bar one that counts
    if there is None:
        _put(store, lot, row, chain, _no_disks(source, record))
        return "new"
    if there.signer != signer:
        raise RecordInvalid("lot.record.other_key", record=package.record_id)
    before = IssueOrder(there.issued_at, there.ledger, there.number or 0)
    if package.issue.after(before) or there.digest == package.digest:  # its signer was not kept
        _put(store, lot, row, chain, _no_disks(source, record))
        return "renewed"
    if before.after(package.issue):
        return "older"
    raise RecordInvalid("lot.record.two", record=package.record_id)


def _put(
    store: LotStore,
    lot: str,
    row: MachineRow,
    chain: tuple[x509.Certificate, ...],
    no_disks: list[tuple[str, Message]],
) -> None:
    """Write a row, who signed it, and what in it stands for no disk."""
    store.put(lot, row)
    if row.signer is not None:
        store.sign(lot, row.signer, b"".join(map(pem, chain)))
    for about, why in no_disks:
        store.note(lot, about, why)


def chain_of(package: Package) -> tuple[x509.Certificate, ...]:
    """The certificates of who signed, as the signature names them; empty: nobody did."""
    jws = package.file(SIGNATURE)
    return () if jws is None else read_jws(jws).chain


def machine_row(
    record: WipeRecord, digest: str, signer: str | None, source: str, *, images: bool = False
) -> MachineRow:
    """A record's row: only what the record itself says. `images`: with what stands for no disk of a
    list too. Pure.
    """
    whole = conclude(record)
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
        readiness=" ".join(
            (
                *(f"{one.profile}={one.verdict}" for one in record.assessments),
                f"{whole.scope}={whole.outcome}",
            )
        ),
        source=source,
        disks=tuple(
            disk_row(n, one)
            for n, one in enumerate(record.erasures)
            if not is_boot_medium(one) and (images or no_disk(record, one) is None)
        ),
    )


def disk_row(position: int, erasure: Erasure) -> DiskRow:
    """A disk's row. Pure."""
    disk, result = erasure.disk, erasure.result
    method = erasure.plan.method if erasure.plan else None
    done = dict.fromkeys(
        method or str(step.technique)
        if step.technique is Technique.OVERWRITE
        else str(step.technique)
        for step in erasure.steps
        if step.outcome is StepEnd.DONE
    )
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
