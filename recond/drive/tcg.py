"""Level 0 discovery of a self-encrypting drive: is its locking in use, is it locked now?

Why: a drive that somebody else's key locks keeps its data from the eraser and its next owner from
the drive; an inventory asks for it before anything else is planned. Security Receive only takes
something out of the drive: no session is opened, no password is tried, nothing changes in it. Pure.

Sources: TCG Storage Core 2.01 3.3.6 (level 0 discovery, Locking feature 0002h), Enterprise SSC 1.01
3.6.2.3 (0100h), NVMe Base 2.1 5.1.21 (Security Receive), SPC-5 6.40 (SECURITY PROTOCOL IN), SAT-4
8.16, ACS-4 7.13.6.20 (word 48).
"""

from __future__ import annotations

import struct
from enum import Enum

from recond.drive.identify import word_of
from recond.drive.requests import nvme_command
from recond.drive.types import CdbRequest, NvmeRequest

READ_BYTES = 2048
TIMEOUT_S = 10
_PROTOCOL, _DISCOVERY = 0x01, 0x0001
_HEADER, _LOCKING, _ENTERPRISE = 48, 0x0002, 0x0100


class Locking(Enum):
    """What a drive says of its locking. SHIPPED: in use from the factory on (Enterprise SSC), which
    says nothing of an owner.
    """

    NONE = "none"
    IN_USE = "in use"
    SHIPPED = "shipped"
    LOCKED = "locked"


def nvme_level_0() -> NvmeRequest:
    """Security Receive, 82h, protocol 01h, ComID 0001h."""
    return nvme_command(
        "Security Receive (level 0)",
        0x82,
        cdw10=_PROTOCOL << 24 | _DISCOVERY << 8,
        cdw11=READ_BYTES,
        read_bytes=READ_BYTES,
        timeout_s=TIMEOUT_S,
    )


def scsi_level_0() -> CdbRequest:
    """SECURITY PROTOCOL IN, A2h; the length is in bytes (INC_512 is 0). The kernel makes TRUSTED
    RECEIVE of it for a SATA drive, where it was started with libata.allow_tpm=1.
    """
    cdb = struct.pack(">BBHBxIxx", 0xA2, _PROTOCOL, _DISCOVERY, 0, READ_BYTES)
    return CdbRequest("SECURITY PROTOCOL IN (level 0)", cdb, b"", READ_BYTES, TIMEOUT_S)


def ata_trusted(identify: bytes) -> bool:
    """Whether an ATA drive has the Trusted Computing features (word 48, where bit 14 says so)."""
    return word_of(identify, 48) & 0xC001 == 0x4001


def nvme_security(controller: bytes) -> bool | None:
    """Whether a controller knows Security Receive (OACS bit 0); None for short or blank data."""
    return bool(controller[256] & 1) if len(controller) >= 4096 and any(controller) else None


def parse_level_0(data: bytes) -> Locking | None:
    """The Locking feature of an answer; None where it is cut short, blank or contradicts itself."""
    end = 4 + int.from_bytes(data[:4], "big")
    if not _HEADER < end <= len(data):
        return None
    features, at = dict[int, bytes](), _HEADER
    while at + 4 <= end:
        code, length = int.from_bytes(data[at : at + 2], "big"), data[at + 3]
        body = data[at + 4 : at + 4 + length]
        if len(body) < length or at + 4 + length > end or code in features:
            return None
        features[code] = body
        at += 4 + length
    return _locking(features.get(_LOCKING), enterprise=_ENTERPRISE in features)


def _locking(body: bytes | None, *, enterprise: bool) -> Locking | None:
    if body is None:
        return Locking.NONE
    if not body:
        return None
    enabled, locked = bool(body[0] & 2), bool(body[0] & 4)
    if locked:
        return Locking.LOCKED if enabled else None
    if enabled:
        return Locking.SHIPPED if enterprise else Locking.IN_USE
    return Locking.NONE
