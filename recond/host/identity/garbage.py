"""Filler text in serials, UUIDs and names, recognised by the patterns of data/garbage.toml.

Why: "To Be Filled By O.E.M." is not a serial, and two machines that both carry it are not one. The
patterns are data, so that a workshop's finding is a line and not code. Must not judge what a person
typed on purpose.
"""

from __future__ import annotations

import functools
import re

from recond.data import read_table

_AROUND = " \t.,;:!?*_-=~#'\"`()[]{}<>/\\|–—…·•"
_BETWEEN = re.compile(r"[\s_/\\.,-]+")


@functools.cache
def _data() -> tuple[frozenset[str], re.Pattern[str], frozenset[str], frozenset[str]]:
    table = read_table("garbage.toml")
    # each pattern has its own group, so that a back-reference \1 means "of this pattern"
    patterns = [_renumber(p, 2 * n) for n, p in enumerate(table["patterns"])]
    return (
        frozenset(table["exact"]),
        re.compile("|".join(patterns), re.IGNORECASE),
        frozenset(table["uuids"]),
        frozenset(table["uuid_nodes"]),
    )


def _renumber(pattern: str, number: int) -> str:
    name = f"g{number}"
    return pattern.replace("(.)\\1", f"(?P<{name}>.)(?P={name})")


def is_garbage(text: str) -> bool:
    """Whether a maker's text is filler. Empty text is."""
    exact, patterns, _, _ = _data()
    value = text.strip().lower()
    # "None.", "(Not Specified)", "*Default string*": punctuation around it makes it no other word;
    # nor between its words: "to_be_filled_by_O.E.M", "N / A"
    bare = value.strip(_AROUND)
    return any(
        one in exact or (len(one) <= 100 and patterns.fullmatch(one) is not None)
        for one in (value, bare, _BETWEEN.sub(" ", bare).strip())
    )


@functools.cache
def _models() -> dict[str, list[str]]:
    found: dict[str, list[str]] = read_table("garbage.toml")["models"]
    return found


def is_model_of(text: str, maker: str) -> bool:
    """Whether a text that is filler elsewhere names a computer of this maker ("Laptop")."""
    return text.strip().lower() in _models().get(maker.strip().lower(), ())


def is_garbage_uuid(text: str) -> bool:
    """Whether a UUID is one that many boards share, or is not a UUID at all."""
    _, _, uuids, nodes = _data()
    digits = re.sub(r"[{}\s-]", "", text).lower()
    if re.fullmatch(r"[0-9a-f]{32}", digits) is None:
        return True
    return digits in uuids or digits[20:] in nodes or len(set(digits)) <= 2
