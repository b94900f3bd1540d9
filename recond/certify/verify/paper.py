"""What is asked of every signed document alike: its files inside, its signature, its page.

Why: a certificate and a custody statement are read by the same rules, so that neither can be forged
where the other cannot. What the signed bytes say is for `bundle` and `statement`. Pure.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, NamedTuple

from recond.certify.sign.jws import Signed, read_jws
from recond.certify.sign.keys import common_name, fingerprint
from recond.certify.verify import pdf_read
from recond.certify.verify.findings import BundleFindings
from recond.certify.verify.verdicts import Answer, Axis, Bundle, Check
from recond.errors import RecordInvalid
from recond.locale import Lang
from recond.model import Message

if TYPE_CHECKING:
    from recond.certify.pages.front import Signer

Files = dict[str, tuple[str, bytes]]


class Inside(NamedTuple):
    """The names of the files in a document's PDF."""

    source: str
    jws: str
    seal: str


class BytesWords(NamedTuple):
    """What is said of a document's bytes: codes of the catalogue."""

    same: str
    differs: str
    unsigned: str


OF_RECORD = BytesWords(
    "certify.verify.record.same",
    "certify.verify.record.differs",
    "certify.verify.record.unsigned",
)
INSIDE = Inside("record.json", "record.jws", "seal.txt")
_MAKERS = ("recond", "page", "reportlab", "pikepdf", "zlib")
"""The software that gives a page its bytes."""


def open_pdf(work: BundleFindings, pdf: tuple[str, bytes] | None, names: Inside) -> Files:
    """The files in a PDF, each by how a person finds it; others than `names` are said."""
    if pdf is None:
        return {}
    name, raw = pdf
    try:
        found = pdf_read.read_attachments(raw)
    except RecordInvalid as error:
        work.checks.append(Check(Axis.INTACT, Answer.NO, name, error.message))
        return {}
    if set(found) != set(names) and set(found) != {names.source}:
        work.say(Axis.INTACT, Answer.NO, name, "certify.verify.pdf.attachments")
    return {key: (f"{name} → {key}", value) for key, value in found.items() if key in names}


def check_signature(work: BundleFindings, jws: tuple[str, bytes] | None, content_type: str) -> None:
    """Whether a JWS of this content holds; it is then `work.signed`."""
    if jws is None:
        return
    name, raw = jws
    try:
        signed = read_jws(raw)
    except RecordInvalid as error:
        work.checks.append(Check(Axis.VALID, Answer.NO, name, error.message))
        return
    if signed.content_type != content_type:  # signed by a bench, but as something else
        work.say(Axis.VALID, Answer.NO, name, "certify.jws.header")
        return
    if not signed.holds:
        work.say(Axis.VALID, Answer.NO, name, "certify.verify.jws.fails")
        work.say(Axis.INTACT, Answer.NO, name, "certify.verify.jws.fails")
        return
    work.signed = signed
    work.say(Axis.VALID, Answer.YES, name, "certify.verify.jws.holds")


def settle_bytes(
    work: BundleFindings,
    bundle: Bundle,
    inside: Files,
    names: Inside,
    words: BytesWords = OF_RECORD,
) -> str | None:
    """Which bytes are the document: the signed ones, if there are any; all others must equal them.
    What they are called; None where there are none.
    """
    given = [one for one in (bundle.record, inside.get(names.source)) if one is not None]
    other = inside.get(names.jws)
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
                words.same if same else words.differs,
            )
        name = given[0][0] if given else (bundle.jws or ("",))[0]
        if not given:
            work.say(Axis.INTACT, Answer.YES, name, "certify.verify.jws.holds")
        return name
    if not given:
        return None
    name, work.record_bytes = given[0]
    work.say(Axis.INTACT, Answer.UNKNOWN, name, words.unsigned)
    work.say(Axis.VALID, Answer.UNKNOWN, name, words.unsigned)
    if any(raw != work.record_bytes for _, raw in given):
        work.say(Axis.INTACT, Answer.NO, name, words.differs)
    return name


def check_page_seal(work: BundleFindings, name: str, raw: bytes) -> bool:
    """Whether the PDF's own signature holds, by the key that signed what is inside: a page whose
    seal does not hold is not worth drawing again.
    """
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
    return reason is None


def compare_page(
    work: BundleFindings,
    name: str,
    raw: bytes,
    draw: Callable[[], bytes],
    software: tuple[tuple[str, str], ...],
    *,
    signed: bool,
) -> None:
    """Draw the page again: the result must be the file, or the signed file's beginning."""
    try:
        page = draw()
    except Exception:
        page = b"\0"
    if raw.startswith(page) if signed else raw == page:
        work.say(Axis.INTACT, Answer.YES, name, "certify.verify.pdf.same")
        return
    ours, theirs = dict(work.trust.software), dict(software)
    if any(ours.get(one) != theirs.get(one) for one in _MAKERS) and signed:
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


def language_of(raw: bytes) -> Lang:
    """The language that a PDF says it is in; French for another."""
    return "en" if pdf_read.read_language(raw) == "en" else "fr"


def signer_of(signed: Signed) -> Signer:
    """The signer as the page names it."""
    from recond.certify.pages.front import Signer  # with what draws the page

    leaf = signed.chain[0]
    return Signer(common_name(leaf), fingerprint(leaf), leaf.issuer == leaf.subject)
