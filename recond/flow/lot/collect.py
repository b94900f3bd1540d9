"""Records from many benches come into a lot: from output folders, exported queues, a bucket.

Why each one is checked here: a lot's report says "erased" to a donor. A record counts when its
bytes are the canonical ones, its signature is over them and holds, and its journals are the ones
it names. One that is altered, or that contradicts another by the same ledger, is named and left
out; the rest goes on. A record that is there already changes nothing. A record that nobody made
(journals are missing, or fold to something else) is left out too; whose key counts is asked where
the lot is shown (`recond.flow.lot.standing`).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from recond.certify.sign.jws import read_jws
from recond.certify.sign.keys import fingerprint, pem, read_certificates
from recond.certify.verify.verdicts import Trust
from recond.computer import conclude, is_boot_medium
from recond.custody import is_statement
from recond.drives import is_area, not_erased
from recond.ends import StepEnd
from recond.erasure import Erasure, Technique, Verdict, WipeRecord
from recond.errors import RecondError, RecordInvalid, UploadFailed, UsageError
from recond.flow.deliver.checked import package_fault
from recond.flow.lot.remainder import remainder_of
from recond.flow.lot.rows import DiskRow, MachineRow, Remainder
from recond.flow.lot.standing import key_fault, no_disk
from recond.flow.serials import compared
from recond.host.below import files_below
from recond.host.parallel import for_each
from recond.host.reason import os_reason
from recond.model import Message
from recond.naming import computer_maker, model_name
from recond.upload.facts import known
from recond.upload.package import (
    RECORD,
    SIGNATURE,
    IssueOrder,
    Package,
    read_place,
    unpack,
)
from recond.upload.s3 import S3

if TYPE_CHECKING:
    from cryptography import x509

    from recond.flow.lot.batch import RowBatch
    from recond.flow.lot.store import LotStore

Read = Callable[[str], Package]
"""Reads the package of that name from where the names come from."""


CHUNK = 16
"""Records handed to a process at once: a look takes as long as a handful of hand-overs."""


@dataclass(frozen=True, slots=True)
class Looked:
    """What a look at one source found: a record and all that a lot keeps of it, or why not.

    `chain` holds the certificates (PEM) of who signed it; `ours`: of no lot or of this one.
    """

    source: str
    why: Message | None = None
    record_id: str = ""
    digest: str = ""
    ours: bool = True
    issue: IssueOrder | None = None
    row: MachineRow | None = None
    chain: bytes = b""
    believed: bool = False
    no_disks: tuple[tuple[str, Message], ...] = ()
    left: Remainder | None = None


@dataclass(frozen=True, slots=True)
class Added:
    """What an addition did: record ids new, issued anew, there already; of other lots; problems."""

    new: tuple[str, ...]
    renewed: tuple[str, ...]
    known: int
    others: int
    problems: tuple[tuple[str, Message], ...]

    def with_more(self, other: Added) -> Added:
        """Both additions as one."""
        return Added(
            (*self.new, *other.new),
            (*self.renewed, *other.renewed),
            self.known + other.known,
            self.others + other.others,
            (*self.problems, *other.problems),
        )

    @property
    def exit_code(self) -> int:
        """7 when a record was not what it should be."""
        return 7 if self.problems else 0


def folder_sources(folder: Path) -> Iterator[str]:
    """Every record below a folder: output folders and exported packages, in order."""
    if not folder.is_dir():
        raise UsageError("lot.source.unknown", source=str(folder))
    for path in files_below(folder, RECORD, "[!.]*.zip"):
        if path.name == RECORD:
            yield str(path.parent)
        elif not is_statement(path.stem):
            yield str(path)


def read_source(name: str) -> Package:
    """The package of an output folder or of an exported file. Raises `RecordInvalid`, `OSError`."""
    return read_place(Path(name), page=False)


def bucket_reader(bucket: S3) -> Read:
    """Reads a bucket's packages. The reader raises `UploadFailed`."""
    return lambda name: unpack(bucket.get(name), bucket.record_id(name))


def collect(
    store: LotStore,
    lot: str,
    names: Iterable[str],
    trust: Trust,
    read: Read = read_source,
    processes: int | None = None,
) -> Added:
    """Take every record of the sources into a lot; `trust` says which keys are revoked.

    The looks are made on all processors where `read` can be asked by several (`processes` as in
    `for_each`); what they found is written here, in order.
    """
    # its library of databases costs a fifth of a second, and who judges one record needs none
    from recond.flow.lot.batch import RowBatch, in_batches

    digests, before = _known_digests(store, lot), dict(store.problems(lot))
    new: list[str] = []
    renewed: list[str] = []
    problems: list[tuple[str, Message]] = []
    known = others = 0
    seen = frozenset(digests)

    def work(source: str) -> Looked:
        return look(lot, source, read, trust, seen)

    batch = RowBatch(store)
    looked = in_batches(for_each(work, names, _lost, processes, CHUNK))
    for found in (one for some in looked for one in _expected(batch, lot, some)):
        row, why = None, found.why
        if why is None and found.digest not in digests:
            row, why = _written(batch, lot, found, trust)
        if why is not None:
            problems.append((found.source, why))
            store.note(lot, found.source, why)
            continue
        if found.source in before:
            store.note(lot, found.source, None)
        if row == "other":
            others += 1
        elif row in ("new", "renewed"):
            problems += found.no_disks
            (new if row == "new" else renewed).append(found.record_id)
            digests.add(found.digest)
        else:
            known += 1
    batch.flush()
    return Added(tuple(new), tuple(renewed), known, others, tuple(problems))


def _expected(batch: RowBatch, lot: str, some: list[Looked]) -> list[Looked]:
    """The same, once the database was asked for all of them."""
    batch.expect_rows(lot, (one.row for one in some if one.row is not None))
    return some


def _written(
    store: LotStore, lot: str, found: Looked, trust: Trust
) -> tuple[str | None, Message | None]:
    try:
        return write(store, lot, found, trust), None
    except RecordInvalid as error:
        return None, error.message


def _known_digests(store: LotStore, lot: str) -> set[str]:
    """What need not be looked at again: a record whose signer was not kept must be."""
    return store.digests(lot) - store.unkept(lot)


def _lost(source: str) -> Looked:
    return Looked(source, Message("certify.verify.killed"))


def look(lot: str, source: str, read: Read, trust: Trust, known: frozenset[str]) -> Looked:
    """Read a source and check its record, unless its digest is `known`. Raises nothing."""
    try:
        package = read(source)
        if package.digest in known:
            return Looked(source, record_id=package.record_id, digest=package.digest)
        return look_at(lot, source, package, trust)
    except (RecordInvalid, UploadFailed, OSError) as error:
        return Looked(source, source_fault(error))


def source_fault(error: Exception) -> Message:
    """Why a source could not be taken in, in words."""
    if isinstance(error, RecondError):
        return error.message
    reason = os_reason(error) if isinstance(error, OSError) else "?"
    return Message.of("lot.source.unreadable", reason=reason)


def _no_disks(source: str, record: WipeRecord) -> tuple[tuple[str, Message], ...]:
    """What stands for no disk, by its place: named, so that nobody thinks that it was counted."""
    disks = (one for one in record.erasures if not is_area(one))
    found = ((one.journal.file, no_disk(record, one)) for one in disks)
    return tuple((f"{source} ({file})", why) for file, why in found if why is not None)


def take(store: LotStore, lot: str, source: str, package: Package, trust: Trust) -> str:
    """Check a record and write its row: "new", "renewed", "older" or "other" (of another lot).

    Raises `RecordInvalid`.
    """
    return write(store, lot, look_at(lot, source, package, trust), trust)


def look_at(lot: str, source: str, package: Package, trust: Trust) -> Looked:
    """Check a package's record for a lot. Asks no database. Raises `RecordInvalid`."""
    record = package.record()
    found = Looked(source, record_id=package.record_id, digest=package.digest)
    if record.lot not in (None, lot):
        return replace(found, ours=False)
    if record.bench.demonstration:
        raise RecordInvalid("upload.demonstration", record=record.record_id)
    fault = package_fault(package, trust, page=False)
    if fault is not None:
        raise RecordInvalid(fault.code, **dict(fault.args))
    chain = chain_of(package)
    signer = fingerprint(chain[0]) if chain else None
    return replace(
        found,
        issue=package.issue,
        row=machine_row(record, package.digest, signer, source),
        chain=_pem_of(chain),
        believed=bool(chain) and key_fault(chain, record.issued_at, trust) is None,
        no_disks=_no_disks(source, record),
        left=remainder_of(record),
    )


@lru_cache(maxsize=64)  # a bench's records have one, and it goes to the other process once a chunk
def _pem_of(chain: tuple[x509.Certificate, ...]) -> bytes:
    return b"".join(map(pem, chain))


def write(store: LotStore, lot: str, found: Looked, trust: Trust) -> str:
    """Write what a look found: "new", "renewed", "older" or "other" (of another lot).

    Raises `RecordInvalid` where it contradicts what is there.
    """
    row, issue = found.row, found.issue
    if not found.ours or row is None or issue is None:
        return "other"
    if not found.believed:  # a stranger's word takes no number of a bench's ledger
        row = replace(row, ledger=None, number=None)
    if row.ledger is not None and row.number is not None:
        holder = store.issued(row.ledger, row.number)
        if holder not in (None, row.digest):
            raise RecordInvalid("lot.record.fork", ledger=row.ledger, number=row.number)
    new = (there := store.machine(lot, row.record_id)) is None
    if there is not None and there.signer != row.signer and found.believed:
        kept = store.chains(lot).get(there.signer or "")
        other = read_certificates(kept) if kept else ()
        if not other or key_fault(other, there.issued_at, trust) is not None:
            there = None  # nor does it bar one that counts
    if there is None:
        _put(store, lot, row, found, new)
        return "new"
    if there.signer != row.signer:
        raise RecordInvalid("lot.record.other_key", record=row.record_id)
    before = IssueOrder(there.issued_at, there.ledger, there.number or 0)
    if issue.after(before) or there.digest == row.digest:  # its signer was not kept
        _put(store, lot, row, found)
        return "renewed"
    if before.after(issue):
        return "older"
    raise RecordInvalid("lot.record.two", record=row.record_id)


def _put(store: LotStore, lot: str, row: MachineRow, found: Looked, new: bool = False) -> None:
    """Write a row, who signed it, and what in it stands for no disk; `new`: where none stood."""
    store.put(lot, row, new=new)
    if found.left is not None:
        store.keep_remainder(lot, row.record_id, found.left, new=new)
    if row.signer is not None:
        store.sign(lot, row.signer, found.chain)
    for about, why in found.no_disks:
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
    left = not_erased(record)
    machine, ledger = record.machine, record.ledger if signer else None
    system = machine.system if machine else None
    serial, form = (known(system.serial), known(system.form)) if system else (None, None)
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
        form=str(form) if form else None,
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
            _of_its_drive(disk_row(n, one), left)
            for n, one in enumerate(record.erasures)
            if not (is_boot_medium(one) or is_area(one))
            and (images or no_disk(record, one) is None)
        ),
    )


def _of_its_drive(row: DiskRow, left: frozenset[str]) -> DiskRow:
    """A disk is as erased as the drive that it is of: an area or another name space may be left."""
    if row.approved and row.serial in left:
        return replace(row, verdict=str(Verdict.REJECTED))
    return row


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
