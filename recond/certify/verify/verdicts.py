"""The questions and answers of a verification, as types.

Why: whoever shows a report imports no cryptography; `recond.certify.verify.bundle` does.
"""

from __future__ import annotations

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
    """Everything found about one bundle. `outcome` is what the document itself says."""

    name: str
    answers: tuple[tuple[str, Answer], ...]
    checks: tuple[Check, ...]
    outcome: Message | None
    demonstration: bool
    record_id: str | None

    @property
    def good(self) -> bool:
        """True, whole and from a trusted key; evidence that was not given does not count."""
        found = dict(self.answers)
        return all(found[axis] is Answer.YES for axis in ("intact", "valid", "trusted")) and (
            found["complete"] is not Answer.NO
        )

    @classmethod
    def of(
        cls,
        name: str,
        checks: Iterable[Check],
        outcome: Message | None = None,
        *,
        demonstration: bool = False,
        record_id: str | None = None,
    ) -> Verdicts:
        """The sum of what was looked at."""
        told = tuple(checks)
        return cls(name, answers_of(told), told, outcome, demonstration, record_id)
