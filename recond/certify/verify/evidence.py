"""What lies beside a record and must agree with it: journals, ledger, receipt, seal.

Why: a record is worth what its evidence is; each kind of evidence is asked for itself, and what was
not given is "unknown". Called by `recond.certify.verify.bundle` once the record is known. Pure.
"""

from __future__ import annotations

import base64
import datetime as dt
import hashlib

from recond.certify.judge.journal_read import parse_journal
from recond.certify.ledger import Document, line_fault, position_fault
from recond.certify.receipt import Receipt, read_receipt, receipt_fault
from recond.certify.record import Belonging, fold_journal
from recond.certify.sign.jws import read_jws
from recond.certify.sign.keys import fingerprint, instant, is_time_authority
from recond.certify.sign.seal import claims_of, read_seal, seal_holds
from recond.certify.verify.findings import BundleFindings, check_trust
from recond.certify.verify.verdicts import Answer, Axis, Check
from recond.codec import is_same
from recond.erasure import Erasure, WipeRecord
from recond.errors import RecordInvalid
from recond.model import Message

_FORMER = "certify.verify.journal.former"
CLOCKS = dt.timedelta(minutes=5)  # two clocks that are both right may differ by so much


def check_journals(
    work: BundleFindings, record: WipeRecord, journals: tuple[tuple[str, bytes], ...]
) -> None:
    """Each journal of the record is there, is the one it names, and folds to the same result."""
    if not journals:
        work.say(Axis.COMPLETE, Answer.UNKNOWN, "journals", "certify.verify.journal.none")
        return
    given = {hashlib.sha256(raw).hexdigest(): (name, raw) for name, raw in journals}
    names = {name.rsplit("/", 1)[-1]: digest for digest, (name, _) in given.items()}
    used = set()
    belongs = Belonging(record.record_id, record.bench.demonstration)
    for one in record.erasures:
        file = one.journal.file
        found = given.get(one.journal.sha256)
        if found is None:
            other = names.get(file.rsplit("/", 1)[-1])
            used.add(other)
            code = (
                "certify.verify.journal.missing"
                if other is None
                else ("certify.verify.journal.sha256")
            )
            axis = Axis.COMPLETE if other is None else Axis.INTACT
            work.say(axis, Answer.NO, file, code)
            continue
        used.add(one.journal.sha256)
        work.checks.append(same_result(found[1], file, belongs, one))
    for digest, (name, _) in given.items():
        if digest not in used:
            work.say(Axis.COMPLETE, Answer.NO, name, "certify.verify.journal.extra")


def same_result(raw: bytes, file: str, belongs: Belonging, said: Erasure) -> Check:
    """Whether the journal proves what the record says of the disk, by today's rules or, of a
    record from before them, by those of its day, which is said.
    """
    answer, code = Answer.NO, "certify.verify.journal.result"
    same = "certify.verify.journal.same"
    for bare, formerly, word in ((0, 0, same), (1, 0, same), (0, 1, _FORMER), (1, 1, _FORMER)):
        found = fold_journal(raw, file, belongs, as_formerly=bool(formerly), bare=bool(bare))
        if is_same(found, said):
            answer, code = Answer.YES, word
            break
    return Check(Axis.COMPLETE, answer, file, Message.of(code))


def check_lone_journals(work: BundleFindings, journals: tuple[tuple[str, bytes], ...]) -> None:
    """Journals without a record: their chain is all that can be said."""
    for name, raw in journals:
        reading = parse_journal(raw)
        for problem in reading.problems:
            work.checks.append(Check(Axis.INTACT, Answer.NO, name, problem))
        if not reading.problems:
            work.say(
                Axis.INTACT,
                Answer.YES,
                name,
                "certify.verify.journal.chain",
                n=len(reading.entries),
            )
            if reading.torn:
                work.say(Axis.COMPLETE, Answer.UNKNOWN, name, "certify.verify.journal.torn")
        work.say(Axis.VALID, Answer.UNKNOWN, name, "certify.verify.journal.alone")


def check_ledger(work: BundleFindings, document: Document) -> None:
    """The bench's own ledger, where it is at hand, holds the document's line."""
    ledger, position = work.trust.ledger, document.ledger
    if position is not None and position.clock:
        step = position.clock
        work.say(Axis.COMPLETE, Answer.YES, "ledger", "certify.verify.ledger.step", line=step)
    if ledger is None or position is None or ledger.ledger_id != position.ledger_id:
        return
    fault = position_fault(ledger, position) or line_fault(
        ledger, position.number, document, work.digests
    )
    if fault is None:
        work.say(
            Axis.COMPLETE,
            Answer.YES,
            "ledger",
            "certify.verify.ledger.there",
            number=position.number,
        )
    else:
        work.say(
            Axis.COMPLETE, Answer.NO, "ledger", "certify.verify.ledger.not", reason=f"@{fault}"
        )


def check_receipt(work: BundleFindings, name: str, raw: bytes) -> None:
    """The bench's word, given after it, that the ledger holds this certificate's line."""
    try:
        signed = read_jws(raw)
        receipt = read_receipt(signed)
    except RecordInvalid as error:
        work.checks.append(Check(Axis.INTACT, Answer.NO, name, error.message))
        return
    if not signed.holds:
        for axis in (Axis.VALID, Axis.INTACT):
            work.say(axis, Answer.NO, name, "certify.verify.jws.fails")
        return
    work.say(Axis.VALID, Answer.YES, name, "certify.verify.jws.holds")
    check_trust(work, name, signed.chain, receipt.signed_at)
    document = work.document
    if document is None:
        work.say(Axis.INTACT, Answer.UNKNOWN, name, "certify.verify.receipt.alone")
        return
    fault = receipt_fault(receipt, document, work.digests)
    if fault is None:
        work.say(
            Axis.COMPLETE,
            Answer.YES,
            name,
            "certify.verify.receipt.holds",
            number=receipt.number,
            n=receipt.size,
        )
        if receipt.stamp is not None:
            _check_stamp(work, name, receipt, receipt.stamp, document.issued_at)
    else:
        work.say(Axis.COMPLETE, Answer.NO, name, "certify.verify.receipt.not", reason=f"@{fault}")


def _check_stamp(
    work: BundleFindings, name: str, receipt: Receipt, stamp: str, issued_at: str
) -> None:
    """When an authority saw the root that covers this certificate."""
    from recond.certify.sign.timestamp import stamp_time

    authorities = tuple(filter(is_time_authority, work.trust.pinned))
    try:
        token = base64.b64decode(stamp, validate=True)
        at = stamp_time(token, receipt.checkpoint, authorities, work.trust.revoked)
    except ValueError:
        work.say(Axis.INTACT, Answer.NO, name, "certify.stamp.form")
        return
    except RecordInvalid as error:
        unknown = error.message.code == "certify.stamp.unknown"
        work.checks.append(
            Check(
                Axis.COMPLETE if unknown else Axis.INTACT,
                Answer.UNKNOWN if unknown else Answer.NO,
                name,
                error.message,
            )
        )
        return
    ahead = instant(issued_at) - instant(at) > CLOCKS
    work.say(
        Axis.COMPLETE,
        Answer.UNKNOWN if ahead else Answer.YES,
        name,
        "certify.stamp.ahead" if ahead else "certify.stamp.holds",
        day_date=at,
        time=at[11:16],
    )


def check_seal(work: BundleFindings, name: str, text: str) -> None:
    """The QR code's claims are signed, and are the record's."""
    try:
        claims, signature, body = read_seal(text.strip())
    except RecordInvalid as error:
        work.checks.append(Check(Axis.INTACT, Answer.NO, name, error.message))
        return
    known = (*work.trust.pinned, *work.trust.own)
    signers = (
        (work.signed.chain[0],)
        if work.signed
        else tuple(one for one in known if fingerprint(one).replace(" ", "").startswith(claims.key))
    )
    if not signers:
        work.say(Axis.TRUSTED, Answer.UNKNOWN, name, "certify.verify.seal.key")
        return
    holds = any(seal_holds(signature, body, one) for one in signers)
    for axis in (Axis.VALID, Axis.INTACT):
        work.say(
            axis,
            Answer.YES if holds else Answer.NO,
            name,
            "certify.verify.seal.holds" if holds else "certify.verify.seal.fails",
        )
    if work.record is not None:
        if claims != claims_of(work.record, work.record_bytes, signers[0]):
            work.say(Axis.INTACT, Answer.NO, name, "certify.verify.seal.differs")
    elif holds:
        check_trust(work, name, signers, claims.issued_at)
        work.say(
            Axis.COMPLETE,
            Answer.UNKNOWN,
            name,
            "certify.verify.seal.claims",
            id=claims.record_id,
            issued_date=claims.issued_at,
            n=claims.approved,
            total=claims.approved + claims.others,
        )
