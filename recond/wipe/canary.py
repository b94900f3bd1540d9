"""Canaries: places hashed before the first write and read again after the last.

Why: a drive that acknowledges everything and writes nothing keeps its old data; these places show
it, whatever the drive says. A place that held the expected content before proves nothing and is
counted apart by the judgement. Reads only.
"""

from __future__ import annotations

import errno
import hashlib
from collections.abc import Callable

from recond.host.block import BlockDevice, aligned_buffer
from recond.model import Json

PLACES = 64
LENGTH_BYTES = 4096
READ_ATTEMPTS = 3


def canary_places(seed: bytes, size: int, block: int) -> tuple[int, ...]:
    """The offsets, in order: the first and last block and up to 64 drawn from the seed."""
    length = canary_length(block)
    blocks = max(1, size // length)
    drawn = {
        int.from_bytes(hashlib.sha256(seed + b"canary %d" % i).digest()[:8], "big") % blocks
        for i in range(PLACES)
    }
    last = max(0, (size - length) // block * block)
    return tuple(sorted({0, last} | {index * length for index in drawn}))


def canary_length(block: int) -> int:
    """Bytes a place: a page, or the disk's block where that is larger."""
    return max(block, LENGTH_BYTES)


def read_canaries(
    device: BlockDevice,
    seed: bytes,
    size: int,
    block: int,
    phase: str,
    expected: Callable[[int, int], bytes] | None,
) -> dict[str, Json]:
    """A journal's `canary` entry: each place with its hash, or the errno of its reading.

    `expected(offset, length)` gives what must stand there after an overwrite, else None.
    """
    length = canary_length(block)
    places: list[Json] = []
    for offset in canary_places(seed, size, block):
        count = min(length, size - offset)
        buffer = aligned_buffer(length)[:count]
        entry: dict[str, Json] = {
            "offset": offset,
            "sha256": None,
            "uniform": False,
            "expected": None,
            "errno": None,
        }
        if expected is not None:
            entry["expected"] = hashlib.sha256(expected(offset, count)).hexdigest()
        failure = _read(device, offset, buffer)
        if failure is None:
            raw = bytes(buffer)
            entry["sha256"] = hashlib.sha256(raw).hexdigest()
            entry["uniform"] = raw == raw[:1] * count
        entry["errno"] = failure
        places.append(entry)
    return {"phase": phase, "seed": seed.hex(), "length": length, "places": places}


def _read(device: BlockDevice, offset: int, buffer: memoryview) -> int | None:
    """None when the buffer is full, else the errno of the last attempt."""
    failure = errno.EIO
    for _ in range(READ_ATTEMPTS):
        try:
            if device.read_into(offset, buffer) == len(buffer):
                return None
        except OSError as error:
            failure = error.errno or errno.EIO
    return failure
