"""Issuing: journals to record, signature, certificate, ledger and the folder that is handed over.

Why: the order matters. The record takes its place in the ledger as it stands, is signed, drawn and
sealed; then the ledger names it, then the folder appears. Whatever cannot be done leaves the
erasure's record all the same, unsigned and saying why: evidence is never lost for want of a key.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from recond.certify import ledger
from recond.certify.keys import SigningKey
from recond.certify.record import Issue, build_record, journal_file
from recond.codec import canonical_bytes
from recond.erasure import Context, LedgerPosition, WipeRecord
from recond.errors import BenchLacks, RecordInvalid
from recond.flow.keyring import Keyring
from recond.flow.software import versions
from recond.host.clock import Clock
from recond.host.store import append_line, locked, write_folder
from recond.locale import Lang
from recond.model import Assessment, Machine, Message

SIGNED, UNSIGNED = "certificate.pdf", "certificate-NON-SIGNE.pdf"


@dataclass(frozen=True, slots=True)
class Issued:
    """What was issued. `why_unsigned` is None where `signed`; `fingerprint` names the key."""

    folder: Path
    certificate: Path
    record: WipeRecord
    signed: bool
    why_unsigned: Message | None
    fingerprint: str | None
    self_made_key: bool


@dataclass(frozen=True, slots=True)
class Material:
    """What a record is made from."""

    context: Context
    machine: Machine | None
    assessments: tuple[Assessment, ...]
    journals: dict[str, bytes]
    record_id: str


def issue(
    state: Path, out: Path, material: Material, *, lang: Lang, clock: Clock
) -> Issued:
    """Make and write everything. Raises `BenchLacks` where the folder cannot be written."""
    keyring = Keyring(state)
    bench = material.context.bench
    name = bench.name or material.context.workshop.name or f"recond {bench.bench_id}"
    key: SigningKey | None = None
    why: Message | None = None
    try:
        key = keyring.signing_key(name, clock)
    except RecordInvalid as error:
        why = error.message
    except OSError:
        why = Message("certify.key.file")
    try:
        with locked(keyring.lock()):
            return _issue(keyring, out, material, key, why, lang, clock)
    except OSError as error:
        raise BenchLacks("certify.store.failed", folder=str(out), run=material.record_id,
                         reason=error.strerror or str(error)) from None


def _issue(
    keyring: Keyring, out: Path, material: Material, key: SigningKey | None,
    why: Message | None, lang: Lang, clock: Clock,
) -> Issued:
    reading = keyring.open_ledger(material.context.bench.bench_id, clock)
    now = clock.now()
    if now < reading.last_time:
        # a certificate that is older than the one before it would not be believed
        key, why = None, Message("certify.unsigned.clock")
    unsigned = None if key is not None else (why.code if why else "certify.unsigned.no-key")
    position = reading.position() if key is not None else None
    record = _record(material, now, position, unsigned)
    raw = canonical_bytes(record)
    files = {"record.json": raw}
    pdf, more = _draw(record, raw, key, lang)
    files |= more
    page, stale = (SIGNED, (UNSIGNED,)) if key else (UNSIGNED, (SIGNED, "record.jws"))
    files[page] = pdf
    for disk, journal in material.journals.items():
        files[journal_file(disk)] = journal
    if key is not None:
        line = ledger.ledger_line(reading, now, "issued", {
            "record_id": record.record_id,
            "record_sha256": hashlib.sha256(raw).hexdigest(),
            "jws_sha256": hashlib.sha256(files["record.jws"]).hexdigest(),
            "pdf_sha256": hashlib.sha256(pdf).hexdigest(),
        })
        append_line(keyring.ledger_file, line)
    folder = out / material.record_id
    write_folder(folder, files)
    for name in stale:  # of an earlier issue of the same run
        (folder / name).unlink(missing_ok=True)
    leaf = key.certificate if key else None
    return Issued(
        folder, folder / page, record, key is not None, why if key is None else None,
        _fingerprint(key), leaf is not None and leaf.issuer == leaf.subject)


def _fingerprint(key: SigningKey | None) -> str | None:
    from recond.certify.keys import fingerprint

    return fingerprint(key.certificate) if key else None


def _record(
    material: Material, now: str, position: LedgerPosition | None, unsigned: str | None
) -> WipeRecord:
    issue_ = Issue(material.record_id, now, versions(), position, unsigned)
    return build_record(
        material.context, material.machine, material.assessments, material.journals, issue_)


def _draw(
    record: WipeRecord, raw: bytes, key: SigningKey | None, lang: Lang
) -> tuple[bytes, dict[str, bytes]]:
    """The certificate, and what stands beside it where it is signed."""
    from recond.certify.jws import read_jws, sign_jws
    from recond.certify.pdf import Sheet, render
    from recond.certify.pdf_sign import sign_pdf
    from recond.certify.seal import make_seal
    from recond.certify.verify import signer_of

    if key is None:
        return render(Sheet(record, raw, None, None, None, lang)), {}
    jws, seal = sign_jws(raw, key), make_seal(record, raw, key)
    sheet = Sheet(record, raw, jws, seal, signer_of(read_jws(jws)), lang)
    return sign_pdf(render(sheet), key), {"record.jws": jws}
