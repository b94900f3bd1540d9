"""Records for the tests of upload and lots: signed output folders, as a run leaves them."""

from __future__ import annotations

import dataclasses
import functools
from hashlib import sha256
from pathlib import Path
from typing import Any

from recond.certify.sign.jws import sign_jws
from recond.certify.sign.keys import SigningKey, make_bench_key
from recond.codec import canonical_bytes
from recond.erasure import (
    Erasure,
    JournalRef,
    LedgerPosition,
    TargetKind,
    WipeRecord,
)
from recond.model import Machine, Medium
from recond.upload.package import Package, make_package
from tests.readiness.machines import known
from tests.upload.ran import ran

NOW = "2026-11-24T10:00:00.000Z"
JOURNAL = b'{"seq":0}\n'
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


def disk_erasure(serial: str = "S3Z8NX0K123456", **result: Any) -> Erasure:
    """The run's erasure, of another disk."""
    done = ran().record.erasures[0]
    identity = dataclasses.replace(
        done.disk,
        kind=TargetKind.BLOCK,
        serial=serial,
        wwn="5002538e40a1b2c3",
        vendor="Samsung",
        model="SSD 860 EVO",
        firmware="RVT04B6Q",
        size_bytes=256_060_514_304,
        bus="sata",
        medium=Medium.SSD,
    )
    return dataclasses.replace(
        done,
        disk=identity,
        path="/dev/sda",
        result=dataclasses.replace(done.result, **result),
        journal=JournalRef(
            f"journals/{serial.strip()}.jsonl", sha256(JOURNAL).hexdigest(), "0" * 64, 1
        ),
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
        machine=notebook(f"NB{number:06d}"),
        assessments=(),
        bench=dataclasses.replace(done.bench, bench_id="00112233aabbccdd"),
        erasures=(disk_erasure(f"DISK{number:06d}"),),
        ledger=LedgerPosition("feed" * 8, number - 1, "0" * 64, "0" * 64, number),
    )
    return dataclasses.replace(base, **changes)


def files_of(found: WipeRecord, *, signed: bool = True) -> dict[str, bytes]:
    raw = canonical_bytes(found)
    files = {"record.json": raw, "certificate.pdf": PDF}
    files |= {one.journal.file: JOURNAL for one in found.erasures}
    if signed:
        files["record.jws"] = sign_jws(raw, bench_key())
    return files


def package(number: int = 1, **changes: Any) -> Package:
    return make_package(files_of(record(number, **changes)))


def write_run(out: Path, found: WipeRecord, *, signed: bool = True) -> Path:
    """The folder that a run leaves, OUT/<record id>."""
    folder = out / found.record_id
    for name, raw in files_of(found, signed=signed).items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(raw)
    return folder
