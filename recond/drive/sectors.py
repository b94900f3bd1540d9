"""The sector size of a SCSI disk: what it is, and how another is asked for. Exact bytes; pure.

Why: disks of storage arrays have sectors of 520, 524 or 528 bytes, which Linux does not read. The
drive itself changes to 512 by MODE SELECT and FORMAT UNIT. That is no erasure, whatever the drive
writes: the disk is erased and read back afterwards like any other.

Source: SBC-4 5.16, 5.17 (READ CAPACITY), 6.5.2 (block descriptors); SPC-5 6.12, 6.15, 7.5.5
(MODE SELECT(10), MODE SENSE(10), mode parameter header).
"""

from __future__ import annotations

from dataclasses import dataclass

from recond.drive.requests import scsi_read_capacity, scsi_read_capacity_10
from recond.drive.types import CdbRequest
from recond.model import Message

_HEADER_BYTES, _SHORT_BYTES, _LONG_BYTES = 8, 8, 16


@dataclass(frozen=True, slots=True)
class Capacity:
    """How many sectors a disk has, and of how many bytes."""

    blocks: int
    block_bytes: int

    @property
    def size_bytes(self) -> int:
        """All of them."""
        return self.blocks * self.block_bytes


def parse_capacity(data: bytes) -> Capacity | None:
    """READ CAPACITY(16); None for an answer that is none."""
    return _capacity(data[:8], data[8:12]) if len(data) >= 12 else None


def parse_capacity_10(data: bytes) -> Capacity | None:
    """READ CAPACITY(10); a last address of FFFFFFFFh says only that (16) has to be asked."""
    if len(data) < 8 or data[:4] == b"\xff" * 4:
        return None
    return _capacity(data[:4], data[4:8])


def _capacity(last: bytes, block: bytes) -> Capacity | None:
    block_bytes = int.from_bytes(block, "big")
    return Capacity(int.from_bytes(last, "big") + 1, block_bytes) if block_bytes else None


CAPACITIES = (
    (scsi_read_capacity(), parse_capacity),
    (scsi_read_capacity_10(), parse_capacity_10),
)
"""How the capacity is asked for and read: (16), then (10) for drives from before it."""


def scsi_block_descriptor() -> CdbRequest:
    """MODE SENSE(10), 5Ah: a short page (01h) for the block descriptor that stands before it."""
    return CdbRequest("MODE SENSE(10)", bytes([0x5A, 0, 0x01, 0, 0, 0, 0, 0, 252, 0]), b"", 252)


def scsi_set_block(answer: bytes, block_bytes: int, *, save: bool = True) -> CdbRequest | None:
    """MODE SELECT(10), 55h, PF and SP: other sectors from the next FORMAT UNIT on.

    `answer` is that of `scsi_block_descriptor`. The number of blocks is 0: as many as the medium
    has room for. None where the answer holds no block descriptor. `save` is SP: a drive that saves
    no mode pages refuses it (SPC-5 6.12).
    """
    if len(answer) < _HEADER_BYTES:
        return None
    long, length = answer[4] & 1, int.from_bytes(answer[6:8], "big")
    size = _LONG_BYTES if long else _SHORT_BYTES
    if length < size or len(answer) < _HEADER_BYTES + size:
        return None
    width = 4 if long else 3
    descriptor = bytes(size - width) + block_bytes.to_bytes(width, "big")
    data = bytes([0, 0, 0, 0, long, 0, 0, size]) + descriptor
    cdb = bytes([0x55, 0x10 | save, 0, 0, 0, 0, 0, 0, len(data), 0])
    return CdbRequest("MODE SELECT(10)", cdb, data)


def judge_sectors(before: Capacity, after: Capacity | None, block_bytes: int) -> Message | None:
    """Why a disk that was reformatted is not to be gone on with; None where it is.

    Fewer sectors than before would be a part of the medium that nothing reaches any more.
    """
    if after is None:
        return Message("drive.reason.no_answer")
    if after.block_bytes != block_bytes:
        return Message.of("drive.reason.sectors_kept", block=after.block_bytes)
    if after.blocks < before.blocks:
        return Message.of("drive.reason.sectors_fewer", n=after.blocks, before=before.blocks)
    return None
