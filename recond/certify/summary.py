"""What a record comes to in one word: the verdict that stands first on the page.

Why: page, seal, label and screen must say the same; they all ask here. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass

from recond.erasure import Erasure, Status, Verdict, WipeRecord
from recond.model import Text


class Overall(Text):
    """The outcome of a whole record."""

    ERASED = "erased"  # every disk erased and approved
    PARTIAL = "partial"  # some are, some are not
    NOT_ERASED = "not-erased"
    NOTHING = "nothing"  # no disk was to be erased


@dataclass(frozen=True, slots=True)
class Counts:
    """How many disks were approved, how many not, and how many boot media stand beside."""

    approved: int
    others: int
    media: int


def is_approved(erasure: Erasure) -> bool:
    """Whether this disk's erasure holds: the status and the verdict, both."""
    result = erasure.result
    return result.status is Status.ERASED and result.verdict is Verdict.APPROVED


def is_boot_medium(erasure: Erasure) -> bool:
    """Whether the disk was refused only for being the stick that recond itself runs from.

    An inner disk that merely has the stick's label is refused by another word
    (`wipe.refusal.label`) and counts as not erased.
    """
    codes = {reason.code for reason in erasure.result.reasons}
    return erasure.result.status is Status.REFUSED and codes == {"wipe.refusal.medium"}


def counts(record: WipeRecord) -> Counts:
    """Count the record's disks."""
    approved = sum(is_approved(one) for one in record.erasures)
    media = sum(is_boot_medium(one) for one in record.erasures)
    return Counts(approved, len(record.erasures) - approved - media, media)


def overall(record: WipeRecord) -> Overall:
    """The record's outcome."""
    found = counts(record)
    if found.approved and not found.others:
        return Overall.ERASED
    if found.approved:
        return Overall.PARTIAL
    return Overall.NOT_ERASED if found.others else Overall.NOTHING
