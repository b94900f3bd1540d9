"""Records for the tests of upload and lots: signed output folders, as a run leaves them."""

from __future__ import annotations

import dataclasses
import functools
from datetime import datetime
from pathlib import Path
from typing import Any

from recond.certify.pages.certificate import Sheet, render
from recond.certify.sign.jws import read_jws, sign_jws
from recond.certify.sign.keys import SigningKey, make_bench_key
from recond.certify.sign.pdf_sign import sign_pdf
from recond.certify.sign.seal import make_seal
from recond.certify.verify.paper import signer_of
from recond.codec import canonical_bytes
from recond.computer import is_boot_medium
from recond.erasure import (
    Erasure,
    LedgerPosition,
    Status,
    TargetKind,
    WipeRecord,
)
from recond.model import Machine, Medium, Message
from recond.upload.package import Package, make_package, parse_record
from tests.computers import computer
from tests.readiness.machines import known
from tests.upload.erased import BLOCK, DISK_BYTES, erasure, journal
from tests.upload.ran import ran

NOW = "2026-11-24T10:00:00.000Z"
PDF = b"%PDF-1.7\n" + b"certificate " * 50


@functools.cache
def bench_key() -> SigningKey:
    return make_bench_key("banc d'essai", NOW)


def notebook(serial: str = "5CG0123XYZ") -> Machine:
    """The machine that the run inspected, with another serial."""
    found = ran().record.machine
    assert found is not None
    return dataclasses.replace(
        found, system=dataclasses.replace(found.system, serial=known(serial))
    )


def disk_erasure(
    serial: str = "S3Z8NX0K123456",
    status: Status = Status.ERASED,
    reasons: tuple[Message, ...] = (),
) -> Erasure:
    """An erasure wished for: the run's, of another disk. `record` makes it come true."""
    done = ran().record.erasures[0]
    identity = dataclasses.replace(
        done.disk,
        kind=TargetKind.BLOCK,
        serial=serial,
        wwn="5002538e40a1b2c3",
        vendor="Samsung",
        model="SSD 860 EVO",
        firmware="RVT04B6Q",
        size_bytes=DISK_BYTES,
        logical_block_bytes=BLOCK,
        physical_block_bytes=BLOCK,
        bus="sata",
        medium=Medium.SSD,
    )
    return dataclasses.replace(
        done,
        disk=identity,
        path="/dev/sda",
        result=dataclasses.replace(done.result, status=status, reasons=reasons),
    )


def record(number: int = 1, **changes: Any) -> WipeRecord:
    """The `number`th record of a bench: the run's, of another notebook with another disk."""
    done = ran().record
    assert done.ledger is not None
    base = dataclasses.replace(
        done,
        record_id=f"20261124-100000-{number:08x}",
        issued_at=NOW,
        lot=None,
        property_number=None,
        machine=None,
        assessments=(),
        bench=dataclasses.replace(done.bench, bench_id="00112233aabbccdd"),
        erasures=(disk_erasure(f"DISK{number:06d}"),),
        ledger=LedgerPosition("feed" * 8, number - 1, "0" * 64, "0" * 64, number),
    )
    wished = dataclasses.replace(base, **changes)
    true = (_true(wished, one)[0] for one in wished.erasures)
    changed = dataclasses.replace(wished, erasures=tuple(true))
    given = notebook(f"NB{number:06d}") if "machine" not in changes else changed.machine
    if given is None:
        return changed
    disks = (one.disk for one in changed.erasures if not is_boot_medium(one))
    return dataclasses.replace(changed, machine=computer(given, *disks))


def _true(of: WipeRecord, wished: Erasure) -> tuple[Erasure, bytes]:
    """An erasure with the status that was wished for, folded from a journal of this run, which ran
    as much later than others as its record was issued later.
    """
    status, serial, run = wished.result.status, wished.disk.serial or "", of.record_id
    later = datetime.fromisoformat(of.issued_at) - datetime.fromisoformat(NOW)
    raw = journal(
        run,
        wished.disk,
        fails=status is Status.FAILED,
        refusals=wished.result.reasons if status is Status.REFUSED else (),
        later_s=max(0, round(later.total_seconds())),
    )
    done = erasure(run, raw, serial)
    assert done.result.status is status
    return done, raw


def files_of(found: WipeRecord, *, signed: bool = True) -> dict[str, bytes]:
    raw = canonical_bytes(found)
    files = {"record.json": raw}
    files |= {one.journal.file: _true(found, one)[1] for one in found.erasures}
    if not signed:
        return files | {"certificate-NON-SIGNE.pdf": PDF}
    jws = signature(raw)
    return files | {"record.jws": jws, "certificate.pdf": sealed_page(raw, jws)}


@functools.cache
def signature(raw: bytes) -> bytes:
    """The bench's word for a record, given once."""
    return sign_jws(raw, bench_key())


@functools.cache
def sealed_page(raw: bytes, jws: bytes) -> bytes:
    """The certificate, as a bench draws and seals it."""
    seal = make_seal(parse_record(raw), raw, bench_key())
    return sign_pdf(render(Sheet(raw, jws, seal, signer_of(read_jws(jws)), "fr")), bench_key())


def package(number: int = 1, **changes: Any) -> Package:
    return make_package(files_of(record(number, **changes)))


def write_run(out: Path, found: WipeRecord, *, signed: bool = True) -> Path:
    """The folder that a run leaves, OUT/<record id>."""
    folder = out / found.record_id
    for name, raw in files_of(found, signed=signed).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(raw)
    return folder
