"""The questions and answers of a verification, as types.

Why: whoever shows a report imports no cryptography; `recond.certify.verify.bundle` does.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from recond.model import Message, Text

if TYPE_CHECKING:
    from cryptography import x509

    from recond.certify.ledger import Ledger
    from recond.certify.sign.keys import Revocation


class Axis(Text):
    """The four questions."""

    INTACT = "intact"
    VALID = "valid"
    TRUSTED = "trusted"
    COMPLETE = "complete"


class Answer(Text):
    """The three answers."""

    YES = "yes"
    NO = "no"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was looked at. `about` is the file or part."""

    axis: Axis
    answer: Answer
    about: str
    message: Message


def answers_of(checks: Iterable[Check]) -> tuple[tuple[str, Answer], ...]:
    """The four questions' answers: one "no" is a no, and "yes" is what every check says."""
    found: dict[Axis, set[Answer]] = {axis: set() for axis in Axis}
    for check in checks:
        found[check.axis].add(check.answer)
    return tuple(
        (
            axis.value,
            Answer.NO
            if Answer.NO in said
            else Answer.YES
            if said == {Answer.YES}
            else Answer.UNKNOWN,
        )
        for axis, said in found.items()
    )


class Belief(Text):
    """What a reader may take away of a file, before what the document says."""

    WHOLE = "whole"  # true, by a trusted key, and the evidence gives the same result
    SIGNED = "signed"  # true, by a trusted key; the evidence was not given
    PARTLY = "partly"  # true, by a trusted key; something could not be compared here
    WORD = "word"  # a custody statement, by a trusted key: a person's word, whatever it says
    UNPROVEN = "unproven"  # nothing is shown to be false, nor to be true
    FOREIGN = "foreign"  # no certificate of recond: there is nothing to judge
    FALSE = "false"


FOREIGN_CODES = frozenset({"certify.verify.pdf.foreign", "certify.verify.not-ours"})
"""What is said of a file that has nothing of recond in it, and never beside anything else."""
NOT_GIVEN = "certify.verify.journal.none"
WORD = "custody.verify.word"
"""Said of every custody statement, and of nothing else."""


@dataclass(frozen=True, slots=True)
class Bundle:
    """Files that belong, or claim to belong, to one certificate; names as the user gave them."""

    pdf: tuple[str, bytes] | None = None
    record: tuple[str, bytes] | None = None
    jws: tuple[str, bytes] | None = None
    seal: tuple[str, str] | None = None
    receipt: tuple[str, bytes] | None = None
    journals: tuple[tuple[str, bytes], ...] = ()


@dataclass(frozen=True, slots=True)
class Trust:
    """Whom the verifier believes: pinned certificates, this bench's own, what is revoked."""

    pinned: tuple[x509.Certificate, ...] = ()
    own: tuple[x509.Certificate, ...] = ()
    revoked: tuple[Revocation, ...] = ()
    ledger: Ledger | None = None
    software: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Verdicts:
    """Everything found about one bundle. `outcome` is what the document itself says; a certificate
    has a `record_id`, a custody statement an `event_id`; `document_sha256` is of its own bytes.
    """

    name: str
    answers: tuple[tuple[str, Answer], ...]
    checks: tuple[Check, ...]
    outcome: Message | None
    demonstration: bool
    record_id: str | None
    event_id: str | None = None
    document_sha256: str | None = None

    def is_of(self, raw: bytes) -> bool:
        """Whether these bytes are the record or statement that was looked at: whoever reads a file
        once more may find another one in its place.
        """
        return self.document_sha256 == hashlib.sha256(raw).hexdigest()

    @property
    def good(self) -> bool:
        """True, whole and from a trusted key; evidence that was not given does not count."""
        found = dict(self.answers)
        return all(found[axis] is Answer.YES for axis in ("intact", "valid", "trusted")) and (
            found["complete"] is not Answer.NO
        )

    @property
    def belief(self) -> Belief:
        """The one word for all four answers."""
        found = dict(self.answers)
        codes = {check.message.code for check in self.checks}
        if codes and codes <= FOREIGN_CODES:
            return Belief.FOREIGN
        if Answer.NO in found.values():
            return Belief.FALSE
        if not self.good:
            return Belief.UNPROVEN
        if WORD in codes:
            return Belief.WORD
        if found["complete"] is Answer.YES:
            return Belief.WHOLE
        open_ = {
            check.message.code
            for check in self.checks
            if check.axis is Axis.COMPLETE and check.answer is Answer.UNKNOWN
        }
        return Belief.SIGNED if open_ <= {NOT_GIVEN} else Belief.PARTLY

    @classmethod
    def of(
        cls,
        name: str,
        checks: Iterable[Check],
        outcome: Message | None = None,
        *,
        demonstration: bool = False,
        record_id: str | None = None,
        event_id: str | None = None,
        document: bytes | None = None,
    ) -> Verdicts:
        """The sum of what was looked at; `document` are the bytes of the record or statement."""
        told = tuple(checks)
        return cls(
            name,
            answers_of(told),
            told,
            outcome,
            demonstration,
            record_id,
            event_id,
            None if document is None else hashlib.sha256(document).hexdigest(),
        )
