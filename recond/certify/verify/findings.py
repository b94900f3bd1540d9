"""What is known of a bundle of files while it is verified, and what was found so far.

Why: the parts of a verification (signature, record, page, evidence) each add to one list of checks
and lean on what the parts before them found. No part judges another's findings. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from cryptography import x509

from recond.certify.ledger import Document
from recond.certify.sign.jws import Signed
from recond.certify.sign.keys import chain_fault, common_name, fingerprint
from recond.certify.verify.verdicts import Answer, Axis, Check, Trust
from recond.custody import CustodyEvent
from recond.erasure import WipeRecord
from recond.model import Message


@dataclass(slots=True)
class BundleFindings:
    """`signed`, `record` (or `event`, of a statement) and its bytes stay empty where they do not
    hold.
    """

    trust: Trust
    checks: list[Check] = field(default_factory=list)
    signed: Signed | None = None
    record: WipeRecord | None = None
    event: CustodyEvent | None = None
    record_bytes: bytes = b""
    digests: dict[str, str] = field(default_factory=dict)  # of the files that the ledger names

    @property
    def document(self) -> Document | None:
        """What the bytes are: a record or a statement."""
        return self.record or self.event

    def say(self, axis: Axis, answer: Answer, about: str, code: str, **args: str | int) -> None:
        """Add a finding."""
        self.checks.append(Check(axis, answer, about, Message.of(code, **args)))


def check_trust(
    work: BundleFindings, name: str, chain: tuple[x509.Certificate, ...], at: str
) -> None:
    """Whether a chain was to be believed at a time."""
    trust, leaf = work.trust, chain[0]
    try:
        fault = chain_fault(chain, (*trust.pinned, *trust.own), at, trust.revoked)
    except (ValueError, TypeError):
        fault = "certify.trust.expired"  # of a time that is none
    if fault is None:
        own = leaf in trust.own and leaf not in trust.pinned
        work.say(
            Axis.TRUSTED,
            Answer.YES,
            name,
            "certify.verify.trust.own" if own else "certify.verify.trust.ok",
            name=common_name(leaf),
        )
        return
    unknown = fault == "certify.trust.unknown"
    work.say(
        Axis.TRUSTED,
        Answer.UNKNOWN if unknown else Answer.NO,
        name,
        "certify.verify.trust.no",
        reason=f"@{fault}",
        fingerprint=fingerprint(leaf),
    )
