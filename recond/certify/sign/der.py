"""DER, written: the few elements that recond puts together itself.

Why: what is written out anew and compared byte for byte leaves a forger no second spelling. Writes
only: others' DER is read by `cryptography`. Pure.

Source: X.690 8.1 and 10.1 (definite lengths in their shortest form), 11.6 (order in a SET OF).
"""

from __future__ import annotations

SEQUENCE, SET, INTEGER, OCTETS, BITS, OID, NULL = 0x30, 0x31, 2, 4, 3, 6, 5


def field(tag: int, *contents: bytes) -> bytes:
    """An element: tag, length, contents."""
    content = b"".join(contents)
    length = len(content)
    if length < 0x80:
        return bytes((tag, length)) + content
    octets = length.to_bytes((length.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 | len(octets))) + octets + content


def integer(value: int) -> bytes:
    """An INTEGER that is not negative."""
    return field(INTEGER, value.to_bytes(value.bit_length() // 8 + 1, "big"))


def oid(dotted: str) -> bytes:
    """An OBJECT IDENTIFIER."""
    first, second, *rest = (int(part) for part in dotted.split("."))
    out = bytearray()
    for number in (40 * first + second, *rest):
        digits = [number & 0x7F]
        while number := number >> 7:
            digits.insert(0, 0x80 | number & 0x7F)
        out += bytes(digits)
    return field(OID, bytes(out))


def unordered(*elements: bytes) -> bytes:
    """The contents of a SET OF."""
    return b"".join(sorted(elements))
