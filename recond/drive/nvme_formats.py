"""The formats of an NVMe namespace: which it has, and a plain one to give it. Exact bytes; pure.

Why: a format may carry metadata beside each block (512 + 8, 4096 + 64, with or without protection).
Nothing that Linux reads or writes reaches those bytes: it shows the namespace with size 0 or hides
them. The drive itself changes to a format without them. That is no erasure, whatever the drive
does: the namespace is erased and read back afterwards like any other.

Source: NVM Command Set 1.0 figure 97 (Identify Namespace), 98 (LBA Format); NVMe Base 2.1 5.1.10
(Format NVM).
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from recond.drive.requests import nvme_command
from recond.drive.sectors import Capacity
from recond.drive.types import NvmeRequest
from recond.model import Message

_USABLE = range(9, 13)  # 512 to 4096 bytes: what Linux takes
_MOST = 64


@dataclass(frozen=True, slots=True)
class NvmeFormat:
    """An LBA format by its number: bytes of data and of metadata in each block."""

    number: int
    data_bytes: int
    metadata_bytes: int


@dataclass(frozen=True, slots=True)
class NvmeFormats:
    """The format that a namespace has, all that it could have, and how many blocks it is of.

    `protected`: whether protection information stands in the metadata (DPS).
    """

    current: NvmeFormat
    formats: tuple[NvmeFormat, ...]
    blocks: int
    protected: bool

    @property
    def capacity(self) -> Capacity:
        """The blocks, each with its metadata."""
        return Capacity(self.blocks, self.current.data_bytes + self.current.metadata_bytes)

    @property
    def is_plain(self) -> bool:
        """Whether all of a block is data."""
        return not self.current.metadata_bytes and not self.protected


def parse_nvme_formats(data: bytes) -> NvmeFormats | None:
    """Identify Namespace data; None where it is short, blank, or names a format that it lacks."""
    if len(data) < 4096 or not any(data):
        return None
    count = min(data[25] + 1, _MOST)
    flbas = data[26]
    # the high bits of the number count only where there are more formats than 16
    number = flbas & 0x0F | ((flbas >> 5 & 3) << 4 if count > 16 else 0)
    found = []
    for one in range(count):
        metadata, exponent = struct.unpack_from("<HB", data, 128 + 4 * one)
        if exponent:
            found.append(NvmeFormat(one, 1 << min(exponent, 63), metadata))
    current = next((one for one in found if one.number == number), None)
    if current is None:
        return None
    blocks = int.from_bytes(data[:8], "little")
    return NvmeFormats(current, tuple(found), blocks, bool(data[29] & 7))


def plain_format(formats: NvmeFormats) -> NvmeFormat | None:
    """The format to give: without metadata, with the same data in a block if there is one; else the
    smallest that Linux takes. None where the drive has none.
    """
    plain = [
        one
        for one in formats.formats
        if not one.metadata_bytes and one.data_bytes in {1 << power for power in _USABLE}
    ]
    same = [one for one in plain if one.data_bytes == formats.current.data_bytes]
    return min(same or plain, key=lambda one: (one.data_bytes, one.number), default=None)


def nvme_reformat(nsid: int, number: int, *, timeout_s: int) -> NvmeRequest:
    """Format NVM, 80h, to another LBA format without protection: SES, PI and MSET are 0."""
    cdw10 = number & 0x0F | (number >> 4 & 3) << 12
    return nvme_command("Format NVM", 0x80, nsid=nsid, cdw10=cdw10, timeout_s=timeout_s)


def judge_format(
    before: NvmeFormats, after: NvmeFormats | None, wanted: NvmeFormat
) -> Message | None:
    """Why a namespace that was reformatted is not to be gone on with; None where it is.

    Less data than before would be a part of the medium that nothing reaches any more.
    """
    if after is None:
        return Message("drive.reason.no_answer")
    if not after.is_plain or after.current.data_bytes != wanted.data_bytes:
        return Message.of("drive.reason.sectors_kept", block=after.capacity.block_bytes)
    least = before.blocks * before.current.data_bytes // wanted.data_bytes
    if after.blocks < least:
        return Message.of("drive.reason.sectors_fewer", n=after.blocks, before=least)
    return None
