"""Whether two models, or two sizes, can be of one thing.

Why: a label rounds and abbreviates, a person mistypes; a drive, a census and a list write a name
each in its own way. Two models with no word in common, or two sizes that no label rounds to one
another, are two things. Pure, standard library only.
"""

from __future__ import annotations

import re
import unicodedata

_FILLER = frozenset(
    (
        *("portable", "pc", "ordinateur", "laptop", "notebook", "computer", "desktop", "tour"),
        *("disque", "dur", "disk", "drive", "hdd", "ssd", "nvme", "sata", "interne"),
        *("unite", "centrale", "fixe", "go", "gb", "to", "tb", "de", "le", "la", "un"),
    )
)
"""Words that any computer or disk is called by."""


def sizes_differ(one: int | None, other: int | None) -> bool:
    """Whether two sizes are of two disks: a label rounds, and may mean binary gigabytes."""
    if one is None or other is None:
        return False
    small, large = sorted((one, other))
    binary = abs(large * 10**9 - small * 2**30) * 100 <= large * 10**9
    return not (large - small) * 40 <= large and not binary


def models_differ(one: str | None, other: str | None) -> bool:
    """Whether two models have no word in common; words that any computer or disk has are none."""
    first, second = _words(one), _words(other)
    if not first or not second:
        return False
    return not any(
        a == b or (min(len(a), len(b)) >= 3 and (a in b or b in a)) for a in first for b in second
    )


def _words(model: str | None) -> frozenset[str]:
    plain = unicodedata.normalize("NFKD", model or "").lower()
    return frozenset(re.findall(r"[a-z0-9]+", plain)) - _FILLER
