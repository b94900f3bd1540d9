"""What a pass must have left at a place, computed again from the plan.

Why: a journal says which digest was expected at a canary; the fold does not take its word but
computes the bytes itself from the plan's fill. Independent of `recond.wipe` on purpose: two
writings of the same rule, so that one mistake cannot prove itself. Pure.
"""

from __future__ import annotations

import hashlib
from functools import lru_cache

from recond.certify.judge.journal_schema import fill_is_sound
from recond.ends import StepEnd
from recond.erasure import XTS_UNIT_BYTES, Erasure, Fill, FillKind, Technique

MAX_PLACE_BYTES = 1 << 20
_BLOCK = 16  # AES block: XTS takes whole ones
_UNIFORM = {"zeros": "00", "ones": "ff"}


def fill_bytes(fill: Fill, offset_bytes: int, length_bytes: int) -> bytes:
    """The content of `length_bytes` bytes from `offset_bytes` on (`recond.erasure.Fill`)."""
    unit = bytes.fromhex(fill.hex)
    if fill.kind is FillKind.CONSTANT:
        phase = offset_bytes % len(unit)
        count = (phase + length_bytes) // len(unit) + 1
        return (unit * count)[phase : phase + length_bytes]
    first, last = offset_bytes // XTS_UNIT_BYTES, (offset_bytes + length_bytes) // XTS_UNIT_BYTES
    begin = first * XTS_UNIT_BYTES
    return b"".join(
        _xts_unit(
            unit, number, min(XTS_UNIT_BYTES, offset_bytes + length_bytes - number * XTS_UNIT_BYTES)
        )
        for number in range(first, last + 1)
    )[offset_bytes - begin :]


def _xts_unit(key: bytes, number: int, length_bytes: int) -> bytes:
    """The first bytes of a data unit of zeros, encrypted (IEEE 1619-2018 5.3)."""
    from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

    if length_bytes == 0:
        return b""
    cipher = Cipher(algorithms.AES(key), modes.XTS(number.to_bytes(_BLOCK, "little"))).encryptor()
    return cipher.update(bytes(-(-length_bytes // _BLOCK) * _BLOCK))[:length_bytes]


def fill_sha256(fill: Fill, offset_bytes: int, length_bytes: int) -> str:
    """SHA-256 in hex of what the pass leaves at a place."""
    if fill.kind is FillKind.CONSTANT:  # the same at each place of the same phase
        offset_bytes %= len(bytes.fromhex(fill.hex))
    return _sha256(fill, offset_bytes, length_bytes)


@lru_cache(maxsize=256)  # the places of a disk are asked for twice
def _sha256(fill: Fill, offset_bytes: int, length_bytes: int) -> str:
    return hashlib.sha256(fill_bytes(fill, offset_bytes, length_bytes)).hexdigest()


def are_complements(one: Fill, other: Fill) -> bool:
    """Whether two constant fills are each other's bitwise complement at every byte."""
    if one.kind is not FillKind.CONSTANT or other.kind is not FillKind.CONSTANT:
        return False
    whole = 12  # the least common multiple of 1, 2, 3 and 4 bytes
    left, right = fill_bytes(one, 0, whole), fill_bytes(other, 0, whole)
    return all(a ^ b == 0xFF for a, b in zip(left, right, strict=True))


def ending_of(fill: Fill) -> frozenset[str]:
    """The words that `verify_end.ending` may use for a disk that holds exactly this fill."""
    if fill.kind is FillKind.XTS:
        return frozenset({"expected", "random"})
    if set(fill.hex) == {"0"}:
        return frozenset({"expected", "zeros"})
    if set(fill.hex) == {"f"}:
        return frozenset({"expected", "ones"})
    return frozenset({"expected", "pattern"})


def expected_fill(erasure: Erasure) -> Fill | None:
    """The content that the disk was left with by its last step; None where that is not a content
    that can be computed (noise, a mixture, nothing was finished).
    """
    ending = erasure.verification.ending
    done = [step for step in erasure.steps if step.outcome is StepEnd.DONE]
    if ending == "expected" and done and done[-1].technique is Technique.OVERWRITE:
        fill = done[-1].fill  # of a record that nobody has verified yet
        return fill if fill is not None and fill_is_sound(fill) else None
    if ending in _UNIFORM:
        return Fill(FillKind.CONSTANT, _UNIFORM[ending])
    return None
