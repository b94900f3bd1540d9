"""Is this certificate true, whole and signed by whom? Each question apart, each answer in words.

Why: "intact", "valid", "trusted" and "complete" are four questions, and none of them means
"erased": a failed erasure has a signed certificate too. What is not checked is "unknown", never
"yes"; every exception is a "no". Pure: bytes in, answers out.
"""

from __future__ import annotations

import hashlib

from recond.certify.marks import is_another_pdf
from recond.certify.pages.front import Signer
from recond.certify.record import parse_record
from recond.certify.sign.jws import CONTENT_TYPE, Signed, read_jws
from recond.certify.sign.keys import common_name, fingerprint
from recond.certify.verify import pdf_read
from recond.certify.verify.evidence import (
    check_journals,
    check_ledger,
    check_lone_journals,
    check_receipt,
    check_seal,
)
from recond.certify.verify.findings import BundleFindings, check_trust
from recond.certify.verify.verdicts import Answer, Axis, Bundle, Check, Trust, Verdicts
from recond.codec import canonical_bytes, to_json
from recond.computer import conclude, counts
from recond.documents import read_json
from recond.erasure import WipeRecord
from recond.errors import FormatError, RecordInvalid
from recond.locale import Lang
from recond.model import Known, Message
from recond.naming import computer_name

SAYS = {
    (False, False): "certify.verify.outcome",
    (True, False): "certify.verify.outcome.computer",
    (False, True): "certify.verify.outcome.lot",
    (True, True): "certify.verify.outcome.computer.lot",
}
"""What a document says, by whether its computer and its lot are known."""


def verify_bundle(bundle: Bundle, trust: Trust, name: str) -> Verdicts:
    """Check everything that a bundle holds against everything else in it."""
    work = BundleFindings(trust)
    try:
        _check(work, bundle)
    except Exception as error:  # whatever a forger thought of and we did not is no "yes"
        work.say(Axis.INTACT, Answer.NO, name, "certify.verify.failed", reason=type(error).__name__)
    return _sum_up(work, name)


def _digests(work: BundleFindings, bundle: Bundle, jws: tuple[str, bytes] | None) -> dict[str, str]:
    """The SHA-256 of the files that are at hand, by the ledger's names."""
    given = {
        "record": work.record_bytes,
        "jws": jws and jws[1],
        "pdf": bundle.pdf and bundle.pdf[1],
    }
    return {f"{name}_sha256": hashlib.sha256(raw).hexdigest() for name, raw in given.items() if raw}


def _check(work: BundleFindings, bundle: Bundle) -> None:
    if bundle.pdf is not None and bundle == Bundle(pdf=bundle.pdf):
        name, raw = bundle.pdf
        if is_another_pdf(raw):  # alone: beside a record it would stand in a certificate's place
            work.say(Axis.INTACT, Answer.UNKNOWN, name, "certify.verify.pdf.foreign")
            return
    inside = _open_pdf(work, bundle)
    jws = bundle.jws or inside.get("record.jws")
    _signature(work, jws)
    _record(work, bundle, inside)
    work.digests = _digests(work, bundle, jws)
    if bundle.pdf is not None:
        _page(work, bundle.pdf, inside)
    if work.record is not None:
        check_journals(work, work.record, bundle.journals)
        check_ledger(work, work.record)
    else:
        check_lone_journals(work, bundle.journals)
    if bundle.receipt is not None:
        check_receipt(work, *bundle.receipt)
    if bundle.seal is not None:
        check_seal(work, *bundle.seal)
    if "seal.txt" in inside:
        name, raw = inside["seal.txt"]
        check_seal(work, name, raw.decode("ascii", "replace"))


# --- Signature and record --------------------------------------------------------------------


def _open_pdf(work: BundleFindings, bundle: Bundle) -> dict[str, tuple[str, bytes]]:
    if bundle.pdf is None:
        return {}
    name, raw = bundle.pdf
    try:
        found = pdf_read.read_attachments(raw)
    except RecordInvalid as error:
        work.checks.append(Check(Axis.INTACT, Answer.NO, name, error.message))
        return {}
    known = {"record.json", "record.jws", "seal.txt"}
    if set(found) != known and set(found) != {"record.json"}:
        work.say(Axis.INTACT, Answer.NO, name, "certify.verify.pdf.attachments")
    return {key: (f"{name} → {key}", value) for key, value in found.items() if key in known}


def _signature(work: BundleFindings, jws: tuple[str, bytes] | None) -> None:
    if jws is None:
        return
    name, raw = jws
    try:
        signed = read_jws(raw)
    except RecordInvalid as error:
        work.checks.append(Check(Axis.VALID, Answer.NO, name, error.message))
        return
    if signed.content_type != CONTENT_TYPE:  # signed by a bench, but not as a record
        work.say(Axis.VALID, Answer.NO, name, "certify.jws.header")
        return
    if not signed.holds:
        work.say(Axis.VALID, Answer.NO, name, "certify.verify.jws.fails")
        work.say(Axis.INTACT, Answer.NO, name, "certify.verify.jws.fails")
        return
    work.signed = signed
    work.say(Axis.VALID, Answer.YES, name, "certify.verify.jws.holds")


def _record(work: BundleFindings, bundle: Bundle, inside: dict[str, tuple[str, bytes]]) -> None:
    """Which bytes are the record: the signed ones, if there are any; all others must equal them."""
    given = [one for one in (bundle.record, inside.get("record.json")) if one is not None]
    other = inside.get("record.jws")
    if bundle.jws is not None and other is not None and bundle.jws[1] != other[1]:
        work.say(Axis.INTACT, Answer.NO, bundle.jws[0], "certify.verify.jws.differs")
    if work.signed is not None:
        work.record_bytes = work.signed.payload
        for name, raw in given:
            same = raw == work.signed.payload
            work.say(
                Axis.INTACT,
                Answer.YES if same else Answer.NO,
                name,
                "certify.verify.record.same" if same else "certify.verify.record.differs",
            )
    elif given:
        name, work.record_bytes = given[0]
        work.say(Axis.INTACT, Answer.UNKNOWN, name, "certify.verify.record.unsigned")
        work.say(Axis.VALID, Answer.UNKNOWN, name, "certify.verify.record.unsigned")
        if any(raw != work.record_bytes for _, raw in given):
            work.say(Axis.INTACT, Answer.NO, name, "certify.verify.record.differs")
    else:
        return
    name = given[0][0] if given else (bundle.jws or ("",))[0]
    work.record = _parse(work, name)
    if work.record is not None and work.record.signature is not None:
        work.say(Axis.VALID, Answer.NO, name, "certify.verify.unsigned")
    if work.record is not None and work.signed is not None:
        if not given:
            work.say(Axis.INTACT, Answer.YES, name, "certify.verify.jws.holds")
        check_trust(work, name, work.signed.chain, work.record.issued_at)


def _parse(work: BundleFindings, name: str) -> WipeRecord | None:
    try:
        value = read_json(work.record_bytes)
        record = parse_record(value)
        canonical = canonical_bytes(value) == work.record_bytes
        if not canonical or canonical_bytes(to_json(record)) != work.record_bytes:
            work.say(Axis.INTACT, Answer.NO, name, "certify.verify.record.canonical")
        return record
    except FormatError as error:
        reason = error.message.code
    except (ValueError, TypeError) as error:
        reason = type(error).__name__
    work.say(Axis.INTACT, Answer.NO, name, "certify.verify.record.form", reason=reason)
    return None


# --- Page ------------------------------------------------------------------------------------


def _page(
    work: BundleFindings, pdf: tuple[str, bytes], inside: dict[str, tuple[str, bytes]]
) -> None:
    """The seal first: a page whose seal does not hold is not worth drawing again."""
    name, raw = pdf
    if work.record is None or work.record.signature is None:
        chain = work.signed.chain if work.signed else ()
        try:
            fault = pdf_read.read_sealed(raw).fault(chain)
            reason = Message.of(fault) if fault else None
        except RecordInvalid as error:
            reason = error.message
        for axis in (Axis.INTACT, Axis.VALID):
            if reason is None:
                work.say(axis, Answer.YES, name, "certify.verify.pdf.signed")
            else:
                work.checks.append(Check(axis, Answer.NO, name, reason))
        if reason is not None:
            return
    if work.record is not None:
        _same_page(work, name, raw, inside)


def _same_page(
    work: BundleFindings, name: str, raw: bytes, inside: dict[str, tuple[str, bytes]]
) -> None:
    """Render the record again: the result must be the file, or the signed file's beginning."""
    from recond.certify.pages.certificate import Sheet, render

    record = work.record
    if record is None:
        return
    signer = signer_of(work.signed) if work.signed and record.signature is None else None
    seal = inside.get("seal.txt")
    lang: Lang = "en" if pdf_read.read_language(raw) == "en" else "fr"
    jws = inside.get("record.jws")
    page = b""
    try:
        page = render(
            Sheet(
                work.record_bytes,
                jws[1] if jws else None,
                seal[1].decode("ascii") if seal else None,
                signer,
                lang,
            )
        )
    except Exception:
        page = b"\0"
    same = raw.startswith(page) if signer else raw == page
    if same:
        work.say(Axis.INTACT, Answer.YES, name, "certify.verify.pdf.same")
        return
    ours, theirs = dict(work.trust.software), dict(record.software)
    makers = ("recond", "page", "reportlab", "pikepdf", "zlib")
    if any(ours.get(one) != theirs.get(one) for one in makers) and signer is not None:
        # the seal covers every byte all the same; only the comparison cannot be made here
        work.say(
            Axis.COMPLETE,
            Answer.UNKNOWN,
            name,
            "certify.verify.pdf.software",
            version=theirs.get("recond", "?"),
            ours=ours.get("recond", "?"),
        )
    else:
        work.say(Axis.INTACT, Answer.NO, name, "certify.verify.pdf.differs")


def signer_of(signed: Signed) -> Signer:
    """The signer as the page names it."""
    leaf = signed.chain[0]
    return Signer(common_name(leaf), fingerprint(leaf), leaf.issuer == leaf.subject)


# --- Sum -------------------------------------------------------------------------------------


def _sum_up(work: BundleFindings, name: str) -> Verdicts:
    record = work.record
    told = dict.fromkeys(work.checks)  # each thing once
    if record is None:
        return Verdicts.of(name, told)
    return Verdicts.of(
        name,
        told,
        _outcome(record),
        demonstration=record.bench.demonstration,
        record_id=record.record_id,
    )


def _outcome(record: WipeRecord) -> Message:
    """What the document says, and of what: a certificate of another machine or lot shows here."""
    tally, system = counts(record), record.machine.system if record.machine else None
    computer = [computer_name(system)] if system and computer_name(system) else []
    if system and isinstance(system.serial, Known):
        computer.append(system.serial.value)
    known = {"computer": " ".join(computer), "lot": record.lot or ""}
    told = {name: value for name, value in known.items() if value}
    return Message.of(
        SAYS["computer" in told, "lot" in told],  # what is not known is not said
        n=tally.approved,
        total=tally.approved + max(tally.others, len(conclude(record).left)),
        verdict=f"@{conclude(record).headline}",
        **told,
    )
