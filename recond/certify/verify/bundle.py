"""Is this certificate true, whole and signed by whom? Each question apart, each answer in words.

Why: "intact", "valid", "trusted" and "complete" are four questions, and none of them means
"erased": a failed erasure has a signed certificate too. What is not checked is "unknown", never
"yes"; every exception is a "no". Pure: bytes in, answers out.
"""

from __future__ import annotations

import hashlib

from recond.certify.marks import is_another_pdf
from recond.certify.sign.jws import CONTENT_TYPE
from recond.certify.verify.evidence import (
    check_journals,
    check_ledger,
    check_lone_journals,
    check_receipt,
    check_seal,
)
from recond.certify.verify.findings import BundleFindings, check_trust
from recond.certify.verify.paper import (
    INSIDE,
    check_page_seal,
    check_signature,
    compare_page,
    language_of,
    open_pdf,
    settle_bytes,
    signer_of,
)
from recond.certify.verify.verdicts import Answer, Axis, Bundle, Check, Trust, Verdicts
from recond.codec import read_canonical
from recond.computer import conclude, counts
from recond.erasure import WipeRecord
from recond.errors import FormatError
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
    return _sum_up(_checked(bundle, trust, name), name)


def bundle_checks(bundle: Bundle, trust: Trust, name: str) -> tuple[Check, ...]:
    """The same checks, without the sum: for whoever asks only what is not true."""
    return tuple(_checked(bundle, trust, name).checks)


def _checked(bundle: Bundle, trust: Trust, name: str) -> BundleFindings:
    work = BundleFindings(trust)
    try:
        _check(work, bundle)
    except Exception as error:  # whatever a forger thought of and we did not is no "yes"
        work.say(Axis.INTACT, Answer.NO, name, "certify.verify.failed", reason=type(error).__name__)
    return work


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
    inside = open_pdf(work, bundle.pdf, INSIDE)
    jws = bundle.jws or inside.get("record.jws")
    check_signature(work, jws, CONTENT_TYPE)
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


def _record(work: BundleFindings, bundle: Bundle, inside: dict[str, tuple[str, bytes]]) -> None:
    """Which bytes are the record: the signed ones, if there are any; all others must equal them."""
    name = settle_bytes(work, bundle, inside, INSIDE)
    if name is None:
        return
    work.record = _parse(work, name)
    if work.record is not None and work.record.signature is not None:
        work.say(Axis.VALID, Answer.NO, name, "certify.verify.unsigned")
    if work.record is not None and work.signed is not None:
        check_trust(work, name, work.signed.chain, work.record.issued_at)


def _parse(work: BundleFindings, name: str) -> WipeRecord | None:
    try:
        # what is the canonical form of the record is that of its JSON too
        record, canonical = read_canonical(WipeRecord, work.record_bytes)
        if not canonical:
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
    record = work.record
    if (record is None or record.signature is None) and not check_page_seal(work, name, raw):
        return
    if record is None:
        return
    signer = signer_of(work.signed) if work.signed and record.signature is None else None
    seal, jws = inside.get("seal.txt"), inside.get("record.jws")

    def draw() -> bytes:
        from recond.certify.pages.certificate import Sheet, render

        return render(
            Sheet(
                work.record_bytes,
                jws[1] if jws else None,
                seal[1].decode("ascii") if seal else None,
                signer,
                language_of(raw),
            )
        )

    compare_page(work, name, raw, draw, record.software, signed=signer is not None)


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
        document=work.record_bytes,
    )


def _outcome(record: WipeRecord) -> Message:
    """What the document says, and of what: a certificate of another machine or lot shows here."""
    tally, system = counts(record), record.machine.system if record.machine else None
    whole, named = conclude(record), computer_name(system) if system else ""
    computer = [named] if named else []
    if system and isinstance(system.serial, Known):
        computer.append(system.serial.value)
    known = {"computer": " ".join(computer), "lot": record.lot or ""}
    told = {name: value for name, value in known.items() if value}
    return Message.of(
        SAYS["computer" in told, "lot" in told],  # what is not known is not said
        n=tally.approved,
        total=tally.approved + max(tally.others, len(whole.left)),
        verdict=f"@{whole.headline}",
        **told,
    )
