"""Whether a JSON text surely is RFC 8785's form of its value, without that form being made.

Why: the standard library's writer is twenty times as fast, and byte for byte the same of all that a
record holds; and whoever reads a record need not write it again to know that it is spelt as it
would be. Where either may not be so, this says no, and the form is made and compared. Pure,
standard library only.
"""

from __future__ import annotations

import re
from functools import lru_cache

from recond.documents import levels_of


def is_plain_form(raw: bytes) -> bool:
    """Whether the standard library's form surely is RFC 8785's, of what has no fraction in it.

    It may not be where there is a number that a double may not hold, or a name beyond U+D7FF, which
    UTF-16 sorts otherwise. Without these the two are byte for byte the same, and the library's is
    twenty times as fast. What looks like one within a string only costs that time.
    """
    kinds = b"," + raw.translate(_KINDS)  # a text may be a number and nothing else
    if _SIXTEEN in kinds and (b"," + _SIXTEEN in kinds or b",-" + _SIXTEEN in kinds):
        return False
    return _sorts_alike(raw)


def _sorts_alike(raw: bytes) -> bool:
    """Whether UTF-16 sorts all that is written here as code points do: nothing is beyond U+D7FF."""
    return raw.isascii() or not raw.translate(None, _BELOW_D800)


FRACTION = re.compile(rb"[:,\[]-?(?:[0-9]+\.[0-9e+-]+|[0-9]+e[0-9+-]+|NaN|Infinity)(?:[],}]|$)")
_SIXTEEN = b"0" * 16
_KINDS = bytes.maketrans(b"123456789:[", b"000000000,,")
"""Every digit as a nought, and every sign before a number as a comma."""
_BELOW_D800 = bytes(range(0xED))  # the first bytes of what is above are higher (RFC 3629 3)


def is_spelt_once(value: object, raw: bytes) -> bool:
    """Whether bytes surely are RFC 8785's form of the value that was read from them, where they
    are whole, UTF-8, and hold no fraction. False where it would have to be written to know. Raises
    `NoDocument` where it is nested too deep.

    JSON leaves few things to whoever writes (RFC 8259 2 to 7), and each is looked for: space
    between tokens; escapes (there are none, so that each text stands as RFC 8785 3.2.2.2 wants it,
    and each quote begins or ends one); -0 and numbers that are rounded (none is below nothing, none
    has 16 digits); the order of names and names that stand twice.
    """
    if raw[:1] not in (b"{", b"[") or b"\\" in raw:
        return False
    kinds = raw.translate(_KINDS)
    if b",-" in kinds or b"," + _SIXTEEN in kinds or not _sorts_alike(raw):
        return False
    return not _has_space(raw) and _count_names(value) == raw.count(b'":')


def _has_space(raw: bytes) -> bool:
    """Whether there is space between the tokens of a JSON text without escapes."""
    if b"\n" in raw or b"\r" in raw or b"\t" in raw:  # which no text of JSON holds
        return True
    return b" " in raw and b" " in b"".join(raw.split(b'"')[::2])


def _count_names(value: object) -> int | None:
    """How many names a value's objects have; None where some do not ascend.

    In a text without escapes there are as many `":`, or more: where a name stands twice, of which
    the value has one, and where a text begins with a colon.
    """
    count = 0
    for level in levels_of(value):
        for one in level:
            if type(one) is dict:
                if not _ascend(tuple(one)):
                    return None
                count += len(one)
    return count


@lru_cache(maxsize=1024)
def _ascend(names: tuple[str, ...]) -> bool:
    """Whether names stand in order, which below U+D800 is that of UTF-16 (RFC 8785 3.2.3)."""
    return list(names) == sorted(names)
