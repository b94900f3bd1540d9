"""Where the canaries and the samples lie: computed again from their seeds.

Why: a journal says which places were hashed and how much of a sample was read; the fold does not
take its word but draws the same places from the same seed, so that a sampler that looks at the
wrong part of a disk cannot pass. Independent of `recond.wipe` on purpose: a second writing of the
rules of docs/journal-format.md. Pure.

Source of the sample's size: NIST SP 800-88 Rev. 1 4.7.2 (1,000 subsections, two places in each,
first and last block, a tenth of the medium).
"""

from __future__ import annotations

import hashlib

from recond.certify.judge.coverage import merged
from recond.model import Range

CANARIES = 64
PAGE_BYTES = 4096
SECTIONS = 1000
SHARE = 10  # one tenth of the medium
_EACH = 2


def canary_bytes(block_bytes: int) -> int:
    """How long a canary is: a page, or the disk's block where that is larger."""
    return max(PAGE_BYTES, block_bytes)


def canary_offsets(seed: bytes, size_bytes: int, block_bytes: int) -> tuple[int, ...]:
    """The canaries' offsets in order: the first, the last and up to 64 drawn ones.

    None on a disk without blocks, which only a forger's plan has.
    """
    if not 0 < block_bytes <= size_bytes:
        return ()
    length = canary_bytes(block_bytes)
    whole = max(1, size_bytes // length)
    found = {0, max(0, (size_bytes - length) // block_bytes * block_bytes)}
    for index in range(CANARIES):
        found.add(_draw(seed + b"canary %d" % index, whole) * length)
    return tuple(sorted(found))


def sample_ranges(seed: bytes, size_bytes: int, block_bytes: int) -> tuple[Range, ...]:
    """The stretches that a sample reads, in order; all of a medium that is too small for them."""
    if not 0 < block_bytes <= size_bytes:
        return ()
    section = size_bytes // SECTIONS // block_bytes * block_bytes
    length = -(-size_bytes // (SECTIONS * _EACH * SHARE * block_bytes)) * block_bytes
    if section < 2 * _EACH * length:
        return ((0, size_bytes),)
    half = section // _EACH // block_bytes * block_bytes
    choices = (half - length) // block_bytes + 1
    found = [(0, block_bytes), (size_bytes - block_bytes, block_bytes)]
    for number in range(SECTIONS * _EACH):
        index, place = divmod(number, _EACH)
        start = index * section + place * half
        found.append(
            (start + _draw(seed + b"/%d/%d" % (index, place), choices) * block_bytes, length)
        )
    tail = SECTIONS * section
    if size_bytes - tail > block_bytes:
        found.append((tail, min(length, size_bytes - tail)))
    return merged(found)


def _draw(label: bytes, choices: int) -> int:
    return int.from_bytes(hashlib.sha256(label).digest()[:8], "big") % choices
