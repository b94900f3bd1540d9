"""Is this custody statement true, whole and signed by whom? By the questions of a certificate.

Why: it is a person's word, and its signature says whose; nothing here can turn it into an erasure.
So it has its own answer (`Belief.WORD`), which no evidence can raise. Pure.
"""

from __future__ import annotations

import hashlib

from recond.certify.ledger import digest_names
from recond.certify.sign.seal import CUSTODY_PREFIX, custody_claims, read_signed_claims, seal_holds
from recond.certify.statement import EVENT_TYPE, read_statement
from recond.certify.verify.evidence import check_ledger, check_receipt
from recond.certify.verify.findings import BundleFindings, check_trust
from recond.certify.verify.paper import (
    BytesWords,
    Files,
    Inside,
    check_page_seal,
    check_signature,
    compare_page,
    language_of,
    open_pdf,
    settle_bytes,
    signer_of,
)
from recond.certify.verify.verdicts import WORD, Answer, Axis, Bundle, Check, Trust, Verdicts
from recond.codec import canonical_bytes
from recond.custody import EVENT, EVENT_JWS, CustodyEvent
from recond.errors import RecordInvalid
from recond.model import Message

INSIDE = Inside(EVENT, EVENT_JWS, "seal.txt")
OF_EVENT = BytesWords(
    "custody.verify.event.same",
    "custody.verify.event.differs",
    "custody.verify.event.unsigned",
)


def verify_statement(bundle: Bundle, trust: Trust, name: str) -> Verdicts:
    """Check everything that a statement's files hold against everything else in them; the bundle's
    `record` is `event.json`.
    """
    work = BundleFindings(trust)
    try:
        _check(work, bundle)
    except Exception as error:  # whatever a forger thought of and we did not is no "yes"
        work.say(Axis.INTACT, Answer.NO, name, "certify.verify.failed", reason=type(error).__name__)
    event = work.event
    return Verdicts.of(
        name,
        dict.fromkeys(work.checks),
        statement_says(event) if event else None,
        event_id=event.event_id if event else None,
        document=work.record_bytes if event else None,
    )


def _check(work: BundleFindings, bundle: Bundle) -> None:
    inside = open_pdf(work, bundle.pdf, INSIDE)
    jws = bundle.jws or inside.get(EVENT_JWS)
    check_signature(work, jws, EVENT_TYPE)
    name = settle_bytes(work, bundle, inside, INSIDE, OF_EVENT)
    if name is not None:
        _event(work, name)
    if bundle.pdf is not None and check_page_seal(work, *bundle.pdf) and work.event is not None:
        _same_page(work, work.event, bundle.pdf, inside)
    for file, _ in bundle.journals:
        work.say(Axis.COMPLETE, Answer.NO, file, "certify.verify.journal.extra")
    if work.event is not None:
        work.digests = _digests(work, work.event, jws, bundle.pdf)
        check_ledger(work, work.event)
    if bundle.receipt is not None:
        check_receipt(work, *bundle.receipt)
    seals = [(name, text.encode()) for name, text in filter(None, (bundle.seal,))]
    for name, raw in (*seals, *(inside[one] for one in (INSIDE.seal,) if one in inside)):
        _seal(work, name, raw.decode("ascii", "replace"))


def _event(work: BundleFindings, name: str) -> None:
    try:
        work.event = read_statement(work.record_bytes)
    except RecordInvalid as error:
        work.checks.append(Check(Axis.INTACT, Answer.NO, name, error.message))
        return
    work.say(Axis.COMPLETE, Answer.UNKNOWN, name, WORD)
    if work.signed is not None:
        check_trust(work, name, work.signed.chain, work.event.issued_at)


def _digests(
    work: BundleFindings,
    event: CustodyEvent,
    jws: tuple[str, bytes] | None,
    pdf: tuple[str, bytes] | None,
) -> dict[str, str]:
    """The SHA-256 of the files that are at hand, by the ledger's names."""
    given = (work.record_bytes, jws and jws[1], pdf and pdf[1])
    named = zip(digest_names(event)[1:], given, strict=True)
    return {name: hashlib.sha256(raw).hexdigest() for name, raw in named if raw}


def _same_page(
    work: BundleFindings, event: CustodyEvent, pdf: tuple[str, bytes], inside: Files
) -> None:
    name, raw = pdf
    signed, seal, jws = work.signed, inside.get(INSIDE.seal), inside.get(EVENT_JWS)
    if signed is None or seal is None or jws is None:
        work.say(Axis.INTACT, Answer.NO, name, "certify.verify.pdf.attachments")
        return

    def draw() -> bytes:
        from recond.certify.pages.statement import StatementSheet, render_statement

        return render_statement(
            StatementSheet(
                work.record_bytes,
                jws[1],
                seal[1].decode("ascii"),
                signer_of(signed),
                language_of(raw),
            )
        )

    compare_page(work, name, raw, draw, event.software, signed=True)


def _seal(work: BundleFindings, name: str, text: str) -> None:
    """The QR code's claims are signed, and are the statement's."""
    if work.signed is None or work.event is None:
        work.say(Axis.TRUSTED, Answer.UNKNOWN, name, "certify.verify.seal.key")
        return
    try:
        claims, signature, body = read_signed_claims(text.strip(), CUSTODY_PREFIX)
    except RecordInvalid as error:
        work.checks.append(Check(Axis.INTACT, Answer.NO, name, error.message))
        return
    leaf = work.signed.chain[0]
    holds = seal_holds(signature, body, leaf)
    code = "certify.verify.seal.holds" if holds else "certify.verify.seal.fails"
    for axis in (Axis.VALID, Axis.INTACT):
        work.say(axis, Answer.YES if holds else Answer.NO, name, code)
    wanted = custody_claims(work.event, work.record_bytes, leaf)
    if canonical_bytes(claims) != canonical_bytes(wanted):
        work.say(Axis.INTACT, Answer.NO, name, "certify.verify.seal.differs")


def statement_says(event: CustodyEvent) -> Message:
    """What the document says, as a person's word."""
    return Message.of(
        "custody.says",
        n=len(event.things),
        event=f"@custody.event.{event.kind.value}",
        who=event.operator.name or "—",
        on_date=event.happened_on,
    )
