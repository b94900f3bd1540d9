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
    RECORD_SCHEMA,
    Bench,
    Canaries,
    DiskIdentity,
    Erasure,
    JournalRef,
    LedgerPosition,
    Level,
    LevelWish,
    Person,
    Result,
    Status,
    TargetKind,
    Verdict,
    Verification,
    VerifyMode,
    WipeRecord,
    Workshop,
)
from recond.model import Machine, Medium
from recond.upload.package import Package, make_package
from tests.readiness.machines import known, machine

NOW = "2026-11-24T10:00:00.000Z"
JOURNAL = b'{"seq":0}\n'
PDF = b"%PDF-1.7\n" + b"certificate " * 50


@functools.cache
def bench_key() -> SigningKey:
    return make_bench_key("banc d'essai", NOW)


def notebook(serial: str = "5CG0123XYZ") -> Machine:
    found = machine()
    system = dataclasses.replace(found.system, serial=known(serial))
    return dataclasses.replace(found, system=system)


def disk_erasure(serial: str = "S3Z8NX0K123456", **result: Any) -> Erasure:
    identity = DiskIdentity(
        TargetKind.BLOCK,
        serial,
        "5002538e40a1b2c3",
        "Samsung",
        "SSD 860 EVO",
        "RVT04B6Q",
        256_060_514_304,
        512,
        512,
        "sata",
        Medium.SSD,
    )
    verification = Verification(
        VerifyMode.FULL,
        "done",
        "00" * 32,
        256_060_514_304,
        1,
        0,
        (),
        (),
        "zeros",
        True,
        1000,
        (),
        Canaries("00" * 32, 64, 64, 0, 0),
    )
    values = {
        "status": Status.ERASED,
        "level_requested": LevelWish.CLEAR,
        "level_achieved": Level.CLEAR,
        "verdict": Verdict.APPROVED,
        "reasons": (),
        **result,
    }
    return Erasure(
        identity,
        "/dev/sda",
        None,
        None,
        "typed",
        NOW,
        NOW,
        (),
        verification,
        (),
        Result(**values),
        JournalRef(f"journals/{serial.strip()}.jsonl", sha256(JOURNAL).hexdigest(), "0" * 64, 1),
    )


def record(number: int = 1, **changes: Any) -> WipeRecord:
    """The `number`th record of a bench: one notebook, one disk, erased."""
    base = WipeRecord(
        schema=RECORD_SCHEMA,
        record_id=f"20261124-100000-{number:08x}",
        issued_at=NOW,
        software=(("name", "recond"), ("version", "0.1.0")),
        workshop=Workshop("Bricol’Café de Lens"),
        operator=Person("Ada"),
        verifier=Person("Ada"),
        lot=None,
        donor="Mairie",
        property_number=None,
        answers=(),
        bench=Bench("00112233aabbccdd", "banc 1", False, "6.1.0"),
        machine=notebook(f"NB{number:06d}"),
        assessments=(),
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
