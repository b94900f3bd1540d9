"""The commands of a lot: new, add, status, report. Its closing: `recond.flow.lot.closing`."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from recond.certify.sign.keys import fingerprint, pem, read_certificates
from recond.certify.verify.verdicts import Trust
from recond.custody import is_statement
from recond.errors import RecondError, RecordInvalid, UsageError
from recond.flow.deliver.settings import read_settings
from recond.flow.keys.keyring import Keyring
from recond.flow.lot.collect import Added, bucket_reader, collect, folder_sources
from recond.flow.lot.counted import counted_status
from recond.flow.lot.impact import Impact, impact_of
from recond.flow.lot.manifest import Manifest, read_manifest
from recond.flow.lot.paper import write_paper
from recond.flow.lot.rows import Lot
from recond.flow.lot.sheets import write_csv, write_workbook
from recond.flow.lot.standing import stand
from recond.flow.lot.statements import (
    StatementFiles,
    add_statements,
    stand_statements,
    statement_sources,
)
from recond.flow.lot.status import LotCustody, LotStatus, lot_status
from recond.flow.lot.store import LotStore, open_lots
from recond.flow.lot.words import waste_csv
from recond.flow.software import versions
from recond.host.clock import Clock
from recond.host.reason import os_reason, unwritten
from recond.host.regular import SMALL_BYTES, read_given
from recond.host.spool import Spool
from recond.host.store import write_whole
from recond.locale import Lang
from recond.model import Message
from recond.moments import is_day
from recond.upload.s3 import S3

if TYPE_CHECKING:
    from cryptography import x509

MAX_NAME = 80


@dataclass(frozen=True, slots=True)
class LotDatabase:
    """Which database: the state folder's own, or `url` (SQLAlchemy's form)."""

    state: Path
    url: str | None = None


@dataclass(frozen=True, slots=True)
class NewLot:
    """A lot that was made, and its manifest as it was read."""

    lot: Lot
    manifest: Manifest | None

    @property
    def exit_code(self) -> int:
        """0: a manifest's wrong lines are named, and the lot stands."""
        return 0


@dataclass(frozen=True, slots=True)
class Reported:
    """The report's files and what they say; `why_unsigned` None: the PDF is sealed."""

    files: tuple[Path, ...]
    status: LotStatus
    impact: Impact
    why_unsigned: Message | None

    @property
    def exit_code(self) -> int:
        """7 when the PDF could not be sealed."""
        return 7 if self.why_unsigned else 0


def check_lot_name(name: str) -> None:
    """Raises `UsageError` for a name that is none: empty, too long, unprintable, with a slash."""
    if not name.strip() or len(name) > MAX_NAME or not name.isprintable() or "/" in name:
        raise UsageError("lot.name", lot=name[:MAX_NAME], limit=MAX_NAME)


def new_lot(
    where: LotDatabase,
    name: str,
    clock: Clock,
    *,
    donor: str | None = None,
    date: str | None = None,
    manifest: Path | None = None,
    trust: tuple[Path, ...] = (),
    counts: dict[str, int] | None = None,
) -> NewLot:
    """Make a lot. `trust` are the certificates whose records count; none: those of this bench's
    keyring, its workshop's root among them. `counts`: how many computers and loose disks a list
    without serials names.

    Raises `UsageError` for a name that is taken, a `date` that is no day or a manifest that is
    none, `RecordInvalid` for a file that is no certificate.
    """
    check_lot_name(name)
    if date is not None and not is_day(date):
        raise UsageError("custody.day-form", found=date[:40])
    read = read_manifest(manifest) if manifest else None
    if counts and (read or any(many < 0 for many in counts.values())):
        raise UsageError("lot.counts")
    given = tuple(one for file in trust for one in read_trusted(file))
    lot = Lot(name, donor, date, clock.now())
    with open_lots(where.state, where.url) as store:
        wrong = (
            {
                f"{read.path} ({number})": message
                for number, message in enumerate(read.problems, start=1)
            }
            if read
            else {}
        )
        store.make(lot, read.expected if read else (), wrong)
        store.expect_counts(lot.name, counts or {})
        store.trust(lot.name, {fingerprint(one): pem(one) for one in given})
    return NewLot(lot, read)


def read_trusted(file: Path) -> tuple[x509.Certificate, ...]:
    """The certificates of a file. Raises `RecordInvalid` for one that is none or not there."""
    try:
        return read_certificates(read_given(file, SMALL_BYTES))
    except OSError as error:
        raise RecordInvalid(
            "certify.verify.file-missing", file=str(file), reason=os_reason(error)
        ) from None


def trust_of(store: LotStore, name: str, state: Path) -> Trust:
    """Whom a lot believes: its own certificates, else what is pinned here and this bench.

    What this bench calls revoked is so for every lot. Raises `RecordInvalid` for damaged keys.
    """
    ring = Keyring(state)
    own = tuple(one for raw in store.trusted(name) for one in read_certificates(raw))
    if own:
        return Trust(own, (), ring.revoked(), None, versions())
    return replace(ring.trust(()), ledger=None)


def add_to_lot(where: LotDatabase, name: str, sources: tuple[str, ...]) -> Added:
    """Take records from folders (output, exported queue) and buckets (`s3:DESTINATION`).

    Raises `UsageError` for an unknown lot, one that is closed, or a source that is not there.
    """
    with open_lots(where.state, where.url) as store:
        lot = store.lot(name)
        if lot.closed_at:
            raise UsageError("lot.closed", lot=name, at_date=lot.closed_at)
        found = [_add(store, name, where, source) for source in sources]
    return Added(
        tuple(i for one in found for i in one.new),
        tuple(i for one in found for i in one.renewed),
        sum(one.known for one in found),
        sum(one.others for one in found),
        tuple(p for one in found for p in one.problems),
    )


def _add(store: LotStore, lot: str, where: LotDatabase, source: str) -> Added:
    trust = trust_of(store, lot, where.state)
    if not source.startswith("s3:"):
        records = collect(store, lot, folder_sources(Path(source)), trust)
        return records.with_more(add_statements(store, lot, statement_sources(Path(source)), trust))
    for settings in read_settings(where.state):
        if settings.name == source[3:] and settings.kind == "s3":
            try:
                return _add_bucket(store, lot, S3(settings), trust)
            except RecondError as error:  # the bucket as a whole; the other sources go on
                return Added((), (), 0, 0, ((source, error.message),))
    raise UsageError("lot.source.unknown", source=source)


def _add_bucket(store: LotStore, lot: str, bucket: S3, trust: Trust) -> Added:
    """Over one connection, which is asked by this process alone. Raises `UploadFailed`."""
    read, names = bucket_reader(bucket), bucket.names()
    told = [name for name in names if is_statement(bucket.record_id(name))]
    rest = [name for name in names if not is_statement(bucket.record_id(name))]

    def read_told(name: str) -> StatementFiles:
        return StatementFiles.of_package(read(name))

    records = collect(store, lot, rest, trust, read, processes=1)
    return records.with_more(add_statements(store, lot, told, trust, read_told))


def status_of(where: LotDatabase, name: str) -> LotStatus:
    """A lot's state. Raises `UsageError` for an unknown lot."""
    with open_lots(where.state, where.url) as store, _no_collection():
        return read_status(store, name, trust_of(store, name, where.state))


def shown_status(where: LotDatabase, name: str) -> LotStatus:
    """A lot's state in counts, and each line that is not plainly erased; as `status_of` else."""
    with open_lots(where.state, where.url) as store, _no_collection():
        trust = trust_of(store, name, where.state)
        return counted_status(store, name, trust) or read_status(store, name, trust)


@contextmanager
def _no_collection() -> Iterator[None]:
    """Rows hold no cycles: in 100,000 of them the collector finds nothing, slowly."""
    on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if on:
            gc.enable()


def read_status(store: LotStore, name: str, trust: Trust) -> LotStatus:
    """A lot's state, by whom it believes. Raises `UsageError` for an unknown lot."""
    chains = store.chains(name)
    told, apart = stand_statements(store.statements(name), chains, trust)
    return lot_status(
        store.lot(name),
        store.expected(name),
        stand(store.machines(name), chains, trust),
        store.problems(name),
        store.numbers,
        LotCustody(told, apart, store.remainders(name), store.expected_counts(name)),
    )


def list_lots(where: LotDatabase) -> tuple[Lot, ...]:
    """Every lot, oldest first."""
    with open_lots(where.state, where.url) as store:
        return store.lots()


def report_lot(where: LotDatabase, name: str, out: Path, *, lang: Lang, clock: Clock) -> Reported:
    """Write `LOT.csv`, `.xlsx` and `.pdf` into a folder.

    Raises `UsageError`, `BenchLacks` where it cannot, `OSError` for the folder of temporary files.
    """
    status = status_of(where, name)
    impact = impact_of(status.machines)
    stem = "".join(c if c.isalnum() or c in "-_." else "_" for c in name).strip(".") or "lot"
    there = Spool(out)
    table = write_csv(status, lang)
    paper = write_paper(where.state, status, impact, stem, table, lang=lang, clock=clock)
    mark = "-NON-SIGNE" if paper.why_unsigned else ""  # as a certificate's file says it
    files = {
        f"{stem}.csv": table,
        f"{stem}.xlsx": write_workbook(status, impact, lang),
        f"{stem}{mark}.pdf": paper.raw,
    }
    try:
        for file, raw in files.items():
            there.save(file, raw, mode=0o644)
    except OSError as error:
        raise unwritten(error, "upload.folder.unusable", path=str(out)) from None
    return Reported(tuple(out / file for file in files), status, impact, paper.why_unsigned)


def write_waste(where: LotDatabase, name: str, out: Path, *, lang: Lang) -> tuple[Path, int]:
    """Write what a lot sent to be scrapped as CSV; the file, and how many rows it has.

    Raises `UsageError` for an unknown lot; it or `BenchLacks` where the file is not written.
    """
    status = status_of(where, name)
    try:
        write_whole(out, waste_csv(status, lang))
    except OSError as error:
        raise unwritten(error, "upload.folder.unusable", path=str(out)) from None
    return out, sum(row.event.waste is not None for row in status.statements)
