"""Issuing: journals to record, signature, certificate, ledger and the folder that is handed over.

Why: the order matters. The record takes its place in the ledger as it stands, is signed, drawn and
sealed; then the ledger names it, then the folder appears. Whatever cannot be done leaves the
erasure's record all the same, unsigned and saying why: evidence is never lost for want of a key.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from recond.certify.ledger import Ledger, ledger_line, position_after
from recond.certify.receipt import RECEIPT_FILE, make_receipt
from recond.certify.record import Issue, build_record, journal_file
from recond.certify.sign.keys import SigningKey
from recond.codec import canonical_bytes
from recond.erasure import Context, LedgerPosition, WipeRecord
from recond.errors import BenchLacks, RecondError
from recond.flow.config import bench_name
from recond.flow.keys.keyring import Keyring
from recond.flow.keys.ledger_file import LedgerFile
from recond.flow.run.earlier import (
    files_of_issue,
    find_earlier,
    is_worse,
    issues_beside,
    put_beside,
)
from recond.flow.runfolder import JWS, RECORD, SIGNED, UNSIGNED
from recond.flow.software import versions
from recond.host.clock import Clock
from recond.host.log import log_swallowed
from recond.host.reason import os_reason
from recond.host.store import locked, write_folder
from recond.locale import Lang
from recond.model import Assessment, Json, Machine, Message


@dataclass(frozen=True, slots=True)
class Issued:
    """What was issued. `why_unsigned` is None where `signed`; `fingerprint` names the key;
    `set_aside` says that the ledger was damaged and a new one begun; `kept` is the folder of an
    earlier, better certificate of this run, which stays the one to hand over.
    """

    folder: Path
    certificate: Path
    record: WipeRecord
    signed: bool
    why_unsigned: Message | None
    fingerprint: str | None
    self_made_key: bool
    set_aside: Message | None = None
    kept: Path | None = None

    @property
    def handed_over(self) -> Path:
        """The folder of the certificate to hand over: the better one, where two stand."""
        return self.kept or self.folder


@dataclass(frozen=True, slots=True)
class Material:
    """What a record is made from."""

    context: Context
    machine: Machine | None
    assessments: tuple[Assessment, ...]
    journals: dict[str, bytes]
    record_id: str


@dataclass(frozen=True, slots=True)
class DrawnRecord:
    """A record with the files that show it."""

    record: WipeRecord
    files: dict[str, bytes]


Draw = Callable[[WipeRecord, SigningKey, Lang], DrawnRecord]
"""Who signs, draws and seals a record: `draw`, here or in a process that waited for it."""


def issue(
    state: Path,
    out: Path,
    material: Material,
    *,
    lang: Lang,
    clock: Clock,
    named: Path | None = None,
    by: Draw | None = None,
) -> Issued:
    """Make and write everything, drawn `by` whom. `named` is the folder of the run's certificate so
    far.

    A better one is not replaced (`recond.flow.run.earlier`). Raises `BenchLacks` where the folder
    cannot be written.
    """
    keyring = Keyring(state)
    key: SigningKey | None = None
    why: Message | None = None
    try:
        key = keyring.signing_key(bench_name(material.context), clock)
    except RecondError as error:
        why = error.message
    except OSError:
        why = Message("certify.key.file")
    try:
        with locked(keyring.lock()):
            places = (out / material.record_id, *((named,) if named else ()))
            return _issue(keyring, places, material, key, why, lang, clock, by or draw)
    except OSError as error:
        raise BenchLacks(
            "certify.store.failed",
            folder=str(out),
            run=material.record_id,
            reason=os_reason(error),
        ) from None


def _issue(
    keyring: Keyring,
    places: tuple[Path, ...],
    material: Material,
    key: SigningKey | None,
    why: Message | None,
    lang: Lang,
    clock: Clock,
    by: Draw,
) -> Issued:
    standing, damage = keyring.open_ledger(material.context.bench.bench_id, clock)
    set_aside = Message("certify.ledger.damaged", damage.args) if damage else None
    now = clock.now()
    if now < standing.last_time:
        # a certificate that is older than the one before it would not be believed
        key, why = None, Message("certify.unsigned.clock")
    drawn = None
    if key is not None:
        try:
            drawn = by(record_of(material, now, position_after(standing), None), key, lang)
        except RecondError as error:  # a token that was pulled out
            key, why = None, error.message
        except Exception as error:
            log_swallowed("flow.issue", error)
            key, why = None, Message.of("certify.unsigned.library", reason=type(error).__name__)
    if drawn is None:
        code = why.code if why else "certify.unsigned.no-key"
        drawn = _unsigned(record_of(material, now, None, code), lang)
    files = {
        **drawn.files,
        **{journal_file(disk): journal for disk, journal in material.journals.items()},
    }
    if key is not None:
        line = ledger_line(standing, now, "issued", _line(drawn.record.record_id, files))
        grown = keyring.ledger.append(standing, line)
        files |= _receipt(keyring.ledger, grown, key, now)
    folder, kept = _put(keyring, places, drawn.record, files)
    page = next((file for file in (SIGNED, UNSIGNED) if file in files), RECORD)
    leaf = key.certificate if key else None
    return Issued(
        folder,
        folder / page,
        drawn.record,
        key is not None,
        why if key is None else None,
        _fingerprint(key),
        leaf is not None and leaf.issuer == leaf.subject,
        set_aside,
        kept,
    )


def _put(
    keyring: Keyring, places: tuple[Path, ...], record: WipeRecord, files: dict[str, bytes]
) -> tuple[Path, Path | None]:
    """Write an issue's files; their folder, and the folder of a better issue that stays."""
    kept = issues_beside(keyring.state, record.record_id)
    earlier = find_earlier(keyring, (*places, *kept), record.record_id)
    folder = places[0]
    if earlier is not None:
        if is_worse(record, JWS in files, files, earlier.record):
            if earlier.folder == folder:
                folder = put_beside(keyring.state, record.record_id, files)
                return folder, earlier.folder
            write_folder(folder, files)
            return folder, earlier.folder
        if earlier.folder == folder:
            put_beside(keyring.state, record.record_id, files_of_issue(earlier))
    write_folder(folder, files)
    for name in {RECORD, JWS, SIGNED, UNSIGNED, RECEIPT_FILE} - set(files):  # of an earlier issue
        (folder / name).unlink(missing_ok=True)
    return folder, None


def _line(record_id: str, files: Mapping[str, bytes]) -> dict[str, Json]:
    """What the ledger's line says of a certificate: its number and its files' digests."""
    digests: dict[str, Json] = {
        f"{name}_sha256": hashlib.sha256(files[file]).hexdigest()
        for name, file in (("record", RECORD), ("jws", JWS), ("pdf", SIGNED))
    }
    return {"record_id": record_id, **digests}


def _fingerprint(key: SigningKey | None) -> str | None:
    from recond.certify.sign.keys import fingerprint

    return fingerprint(key.certificate) if key else None


def record_of(
    material: Material, now: str, position: LedgerPosition | None, unsigned: str | None
) -> WipeRecord:
    """The record of what is at hand, judged from its journals."""
    issue_ = Issue(material.record_id, now, versions(), position, unsigned)
    return build_record(
        material.context, material.machine, material.assessments, material.journals, issue_
    )


def draw(record: WipeRecord, key: SigningKey, lang: Lang) -> DrawnRecord:
    """The record signed, drawn and sealed."""
    from recond.certify.pages.certificate import Sheet, render
    from recond.certify.sign.jws import read_jws, sign_jws
    from recond.certify.sign.pdf_sign import sign_pdf
    from recond.certify.sign.seal import make_seal
    from recond.certify.verify.paper import signer_of

    raw = canonical_bytes(record)
    jws, seal = sign_jws(raw, key), make_seal(record, raw, key)
    page = render(Sheet(raw, jws, seal, signer_of(read_jws(jws)), lang))
    return DrawnRecord(record, {RECORD: raw, JWS: jws, SIGNED: sign_pdf(page, key)})


def _receipt(file: LedgerFile, grown: Ledger, key: SigningKey, now: str) -> dict[str, bytes]:
    """The last line's receipt; nothing of a certificate waits for it."""
    try:
        receipt = make_receipt(grown, grown.size, key, now)
    except Exception as error:
        log_swallowed("flow.receipt", error)
        return {}
    file.mark(grown, receipt, key)
    return {RECEIPT_FILE: receipt}


def _unsigned(record: WipeRecord, lang: Lang) -> DrawnRecord:
    """The record without signature; if it cannot even be drawn, its bytes alone."""
    raw = canonical_bytes(record)
    try:
        from recond.certify.pages.certificate import Sheet, render

        page = render(Sheet(raw, None, None, None, lang))
    except Exception as error:
        log_swallowed("flow.issue", error)
        return DrawnRecord(record, {RECORD: raw})
    return DrawnRecord(record, {RECORD: raw, UNSIGNED: page})
