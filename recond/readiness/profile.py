"""What a readiness profile is, once it has been read: frozen values, no files, no decisions.

Why: a profile is data that a workshop writes and dates; the code that judges (`judge`, `score`)
must not know its file format, and the code that reads the file (`parse`) must not judge. The file
format is told in docs/readiness.md.
"""

from __future__ import annotations

from dataclasses import dataclass

from recond.locale import french_spaces
from recond.model import Message

FORMAT = 1
"""The number in a profile's `[profile] format`; raised when an old reader would misjudge."""

Scalar = bool | int | str


@dataclass(frozen=True, slots=True)
class ProfileText:
    """A text in both languages, as a profile's author wrote it."""

    fr: str
    en: str

    def message(self, code: str = "readiness.own", **args: str | int) -> Message:
        """The text, or another sentence around it, as a message of the catalogue.

        Authors write plain spaces, as translators do.
        """
        return Message.of(code, fr=french_spaces(self.fr), en=self.en, **args)


@dataclass(frozen=True, slots=True)
class Test:
    """One question to one reading. Sizes are in bytes; exactly one question is asked."""

    reading: str
    op: str  # is, one_of, at_least, at_most, has, contains, lacks, version_at_least
    wanted: tuple[Scalar, ...]


Condition = tuple[Test, ...]
"""Tests that must all hold."""


@dataclass(frozen=True, slots=True)
class Source:
    """Where a fact of the profile comes from and when it was read there."""

    key: str
    title: str
    url: str
    read: str  # YYYY-MM-DD


@dataclass(frozen=True, slots=True)
class Support:
    """A date after which something stops: updates, an extension, a certificate."""

    key: str
    ends: str  # YYYY-MM-DD
    text: ProfileText
    source: str
    sure: bool = True
    when: tuple[Condition, ...] = ()


@dataclass(frozen=True, slots=True)
class Tier:
    """A group of requirements. The verdict of the profile is that of the tiers that decide."""

    key: str
    title: ProfileText
    decides: bool


@dataclass(frozen=True, slots=True)
class Rule:
    """One requirement: met when `test` or one of `accept` holds and none of `refuse` does.

    An unmet one is `fixable` where one of `fixable` holds, `unknown` where one of `doubt` does.
    """

    key: str
    tier: str
    title: ProfileText
    source: str
    test: Test | None
    accept: tuple[Condition, ...]
    refuse: tuple[Condition, ...]
    when: tuple[Condition, ...]
    fixable: tuple[Condition, ...]
    doubt: tuple[Condition, ...]
    remedy: str  # "", ram, disk, ssd, or a firmware setting of the catalogue
    advice: ProfileText | None  # the author's own remedy
    required: ProfileText | None
    show: str  # the reading to show where there is no test
    cost: int | None


@dataclass(frozen=True, slots=True)
class Scale:
    """Points by limits: 0 below the first of `below`, 1 below the second, …"""

    key: str
    title: ProfileText
    reading: str
    below: tuple[int, ...]
    factor_percent: int
    when: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Bonus:
    """Points given where a condition holds."""

    key: str
    title: ProfileText
    points: int
    when: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Adjustment:
    """Points that a person gives, within bounds; `default` counts where nobody answered."""

    key: str
    title: ProfileText
    reading: str
    lowest: int
    highest: int
    default: int


@dataclass(frozen=True, slots=True)
class Cap:
    """The best category that a machine may have where a condition holds."""

    category: str
    title: ProfileText
    when: tuple[Condition, ...]
    assume: bool | None = None  # what an unknown condition counts as; None makes a range


@dataclass(frozen=True, slots=True)
class Category:
    """A name for points from `points` on; categories stand from the lowest to the best. `price`:
    the least and the most that the workshop asks for such a machine, in whole units of the
    profile's currency; None where it names none.
    """

    name: str
    points: int
    price: tuple[int, int] | None = None


@dataclass(frozen=True, slots=True)
class Profile:
    """A profile that was read without a mistake. `digest` is the SHA-256 of its file."""

    name: str
    version: str  # YYYY-MM-DD, the day its facts were checked
    review_after: str  # YYYY-MM-DD, the day from which it wants to be checked again
    title: ProfileText
    digest: str
    sources: tuple[Source, ...]
    support: tuple[Support, ...]
    tiers: tuple[Tier, ...]
    rules: tuple[Rule, ...]
    scales: tuple[Scale, ...] = ()
    bonuses: tuple[Bonus, ...] = ()
    adjustments: tuple[Adjustment, ...] = ()
    caps: tuple[Cap, ...] = ()
    categories: tuple[Category, ...] = ()
    currency: str = ""  # ISO 4217, of the categories' prices
    notes: tuple[ProfileText, ...] = ()


@dataclass(frozen=True, slots=True)
class Mistake:
    """One thing that is wrong in a profile file. `line` starts at 1; `key` is dotted."""

    line: int
    key: str
    message: Message
