"""JSON and TOML that somebody else may have written: the one way to read them.

Why: each parser has corners where two readers see two things, or where a reader dies. A name that
stands twice in an object has two values, and which one counts depends on who reads; `NaN`,
`Infinity` and `1e999` are numbers that nothing can be computed with; brackets without end exhaust
the stack far from where they were read; a number of a million digits, or a TOML key of 60,000
parts, takes minutes; half of a surrogate pair ("\\ud800") is a text that no file holds, and fails
wherever it is written. All of that is no document here, and every reader of foreign bytes catches
one error, `ValueError`. Pure.

Sources: RFC 8259 4 (names "SHOULD be unique"), 6 (no NaN, no infinity), 8.2 (unpaired surrogates)
and 9 (a parser "may set limits"); RFC 7493 2.1 (no surrogates), 2.3 (names must be unique); TOML
1.0.0 "Integer" (64 bits).
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator
from typing import Any

MOST_DEEP = 64
"""How deep brackets may be nested: three times what any record, tool or profile needs."""

MOST_DIGITS = 40
"""What an integer may have: a drive's counters have 128 bits (NVM Express base 2.0, 5.16.1.3)."""

MOST_PARTS = 500
"""How many dots a line of TOML may hold: the parser needs the square of a key's parts."""
_TOO_LONG = 10**MOST_DIGITS
_SURROGATE = re.compile(r"\\[uU][dD][89a-fA-F]|[\ud800-\udfff]")
"""What a text must hold for a value to have half of a pair in it."""


class NoDocument(ValueError):
    """The text is no JSON or TOML that every reader would read alike."""


def read_json(raw: bytes | str) -> Any:
    """The value of a JSON text in UTF-8. Raises `ValueError` for anything else."""
    text = raw if isinstance(raw, str) else raw.decode("utf-8-sig")
    try:
        value = _DECODER.decode(text)
    except RecursionError:
        raise NoDocument("nested too deep") from None
    if text.count("[") + text.count("{") > MOST_DEEP:
        check_depth(value)
    # of bytes a half can only come by an escape
    suspect = "\\u" in text or "\\U" in text or text is raw
    if suspect and _SURROGATE.search(text):
        _check_text(value)
    return value


def read_to_compare(text: str) -> Any:
    """The value of a JSON text, for who then holds the text against its one form: a name that
    stands twice, a long number, half of a pair and any other spelling show there, and need not be
    looked for while it is read. Raises `ValueError` for what does not show there: a fraction. How
    deep it is, is to be asked (`check_depth`).
    """
    try:
        value, end = _TO_COMPARE.raw_decode(text)  # no space around it is looked for
    except RecursionError:
        raise NoDocument("nested too deep") from None
    if end != len(text):
        raise NoDocument("something behind it")
    return value


def read_toml(text: str) -> dict[str, Any]:
    """The tables of a TOML text. Raises `ValueError` (its place in the text, where known)."""
    import tomllib

    if any(line.count(".") > MOST_PARTS for line in text.splitlines()):
        raise NoDocument("a line of too many dots")
    try:
        tables = tomllib.loads(text, parse_float=_finite)
    except RecursionError:
        raise NoDocument("nested too deep") from None
    check_depth(tables)
    _check_numbers(tables)
    return tables


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        seen = set[str]()
        for name, _ in pairs:
            if name in seen:
                raise NoDocument(f"name twice: {name[:40]!r}")
            seen.add(name)
    return found


def _whole(digits: str) -> int:
    if len(digits) > MOST_DIGITS:
        raise NoDocument("number too long")
    return int(digits)


def _no_fraction(_digits: str) -> float:
    raise NoDocument("fraction")


def _finite(digits: str) -> float:
    found = float(digits)
    if not math.isfinite(found):
        raise NoDocument("number without a value")
    return found


def check_depth(value: object) -> None:
    """Raises `NoDocument` for brackets that are nested too deep."""
    for _ in levels_of(value):
        pass


def levels_of(value: object) -> Iterator[list[Any]]:
    """The objects and lists of a value, level by level, without a stack of calls. Raises
    `NoDocument` where they are nested too deep.
    """
    level: list[Any] = [value] if type(value) in _BOXES else []
    for _ in range(MOST_DEEP):
        if not level:
            return
        yield level
        below: list[Any] = []
        for one in level:
            below += one.values() if type(one) is dict else one
        level = [one for one in below if type(one) in _BOXES]
    if level:
        raise NoDocument("nested too deep")


_BOXES = frozenset((dict, list))


def _check_numbers(value: object) -> None:
    """Raises `NoDocument` for a number that is too long, anywhere in a value."""
    left: list[Any] = [value]
    while left:
        one = left.pop()
        if isinstance(one, dict):
            left += one.values()
        elif isinstance(one, list):
            left += one
        elif isinstance(one, int) and abs(one) >= _TOO_LONG:
            raise NoDocument("number too long")


def _check_text(value: Any) -> None:
    """Raises `NoDocument` where a name or a text of a value (not too deep) is not Unicode."""
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        raise NoDocument("half of a surrogate pair") from None


_DECODER = json.JSONDecoder(
    object_pairs_hook=_pairs, parse_int=_whole, parse_float=_finite, parse_constant=_finite
)
_TO_COMPARE = json.JSONDecoder(parse_float=_no_fraction, parse_constant=_no_fraction)
