"""Issuing a custody statement: its line in the ledger, its signature, its page and folder.

Why no unsigned one: an erasure that could not be signed is evidence all the same; a person's word
that nobody signed is none. So whatever is missing is said, and nothing is written.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path

from recond.certify.ledger import CUSTODY, digest_names, ledger_line, position_after
from recond.certify.receipt import RECEIPT_FILE, make_receipt
from recond.certify.sign.keys import SigningKey, fingerprint
from recond.certify.statement import EVENT_TYPE, statement_fault
from recond.codec import canonical_bytes
from recond.custody import (
    CUSTODY_SCHEMA,
    EVENT,
    EVENT_JWS,
    PAPER,
    Closing,
    CustodyEvent,
    CustodyKind,
    DeliveryNote,
    Destroyed,
    NamedCertificate,
    Thing,
    Waste,
)
from recond.erasure import Context, LedgerPosition
from recond.errors import BenchLacks, UsageError
from recond.flow.config import Overrides, bench_name, read_context
from recond.flow.keys.keyring import Keyring
from recond.flow.software import versions
from recond.flow.statementnote import keep_note
from recond.host.clock import Clock
from recond.host.reason import os_reason
from recond.host.store import locked, write_folder
from recond.locale import Lang
from recond.model import Json, Message


@dataclass(frozen=True, slots=True)
class Word:
    """What a person declares. `happened_on` None: today; `operator` None: the configuration's."""

    kind: CustodyKind
    things: tuple[Thing, ...] = ()
    happened_on: str | None = None
    operator: str | None = None
    lot: str | None = None
    party: str | None = None
    computer: str | None = None
    delivery: DeliveryNote | None = None
    destroyed: Destroyed | None = None
    certificates: tuple[NamedCertificate, ...] = ()
    waste: Waste | None = None
    closing: Closing | None = None
    note: str | None = None


@dataclass(frozen=True, slots=True)
class Stated:
    """A statement that was signed. `set_aside` says that the ledger was damaged and another begun;
    `self_made`: with a key that the bench made itself.
    """

    event: CustodyEvent
    folder: Path
    fingerprint: str
    self_made: bool
    set_aside: Message | None


def issue_statement(state: Path, out: Path, word: Word, *, lang: Lang, clock: Clock) -> Stated:
    """Sign what a person declares and write its folder, `OUT/NUMBER`.

    Raises `UsageError` for a statement that lacks something, `RecordInvalid` for a key that cannot
    sign or a clock that is behind the ledger, `BenchLacks` where the folder cannot be written.
    """
    context = read_context(state, Overrides(operator=word.operator, lot=word.lot), clock)
    keyring = Keyring(state)
    _refuse(_event(word, context, clock, LedgerPosition("?", 1, "", "", 2)))
    key = keyring.signing_key(bench_name(context), clock)
    try:
        with locked(keyring.lock()):
            return _issue(keyring, state, out, word, context, key, lang, clock)
    except OSError as error:
        reason = os_reason(error)
        raise BenchLacks("host.folder.unusable", folder=str(out), reason=reason) from None


def _refuse(event: CustodyEvent) -> None:
    """Before a key is asked for: what a person can mend. Raises `UsageError`."""
    fault = statement_fault(event)
    if fault is not None:
        raise UsageError(fault.code, **dict(fault.args))


def _issue(
    keyring: Keyring,
    state: Path,
    out: Path,
    word: Word,
    context: Context,
    key: SigningKey,
    lang: Lang,
    clock: Clock,
) -> Stated:
    standing, damage = keyring.open_ledger(context.bench.bench_id, clock)
    event = _event(word, context, clock, position_after(standing))
    _refuse(event)
    files = draw_statement(event, key, lang)
    line = ledger_line(standing, event.issued_at, CUSTODY, _line(event, files))
    keep_note(state, event.event_id, out)
    grown = keyring.ledger.append(standing, line)
    receipt = make_receipt(grown, grown.size, key, event.issued_at)
    keyring.ledger.mark(grown, receipt, key)
    folder = out / event.event_id
    write_folder(folder, {**files, RECEIPT_FILE: receipt})
    leaf = key.certificate
    return Stated(
        event,
        folder,
        fingerprint(leaf),
        leaf.issuer == leaf.subject,
        Message("certify.ledger.damaged", damage.args) if damage else None,
    )


def _event(word: Word, context: Context, clock: Clock, place: LedgerPosition) -> CustodyEvent:
    now = clock.now()
    stamp = now[:19].replace("-", "").replace(":", "").replace("T", "-")
    return CustodyEvent(
        schema=CUSTODY_SCHEMA,
        event_id=f"custody-{stamp}-{clock.random_bytes(4).hex()}",
        kind=word.kind,
        happened_on=word.happened_on or now[:10],
        issued_at=now,
        software=versions(),
        workshop=replace(context.workshop, logo_image=None),  # a statement shows none
        operator=context.operator,
        bench=context.bench,
        lot=word.lot,
        things=word.things,
        party=word.party,
        computer=word.computer,
        delivery=word.delivery,
        destroyed=word.destroyed,
        certificates=word.certificates,
        waste=word.waste,
        closing=word.closing,
        note=word.note,
        ledger=place,
    )


def draw_statement(event: CustodyEvent, key: SigningKey, lang: Lang) -> dict[str, bytes]:
    """The statement's bytes, their signature, and the sealed page that carries both."""
    from recond.certify.pages.statement import StatementSheet, render_statement
    from recond.certify.sign.jws import read_jws, sign_jws
    from recond.certify.sign.pdf_sign import sign_pdf
    from recond.certify.sign.seal import make_custody_seal
    from recond.certify.verify.paper import signer_of

    raw = canonical_bytes(event)
    jws, seal = sign_jws(raw, key, EVENT_TYPE), make_custody_seal(event, raw, key)
    page = render_statement(StatementSheet(raw, jws, seal, signer_of(read_jws(jws)), lang))
    return {EVENT: raw, EVENT_JWS: jws, PAPER: sign_pdf(page, key)}


def _line(event: CustodyEvent, files: dict[str, bytes]) -> dict[str, Json]:
    """What the ledger's line says of a statement: its number and its files' digests."""
    number, *names = digest_names(event)
    digests: dict[str, Json] = {
        name: hashlib.sha256(files[file]).hexdigest()
        for name, file in zip(names, (EVENT, EVENT_JWS, PAPER), strict=True)
    }
    return {number: event.event_id, **digests}
