"""Which level a technique reaches on which medium, and whether its evidence is in the journal.

Why: the level in a record is computed here from what was done to the medium, never copied from the
plan; the table is the law of the whole program and is written a second time on purpose, apart from
the planner's, so that one mistake cannot promise and prove itself. Pure.

Source: NIST SP 800-88 Rev. 2 3.1, IEEE 2883-2022 as quoted publicly; for flash media that hide
spare area, two passes (a pattern and its complement) are asked for where a stick has no command.
"""

from __future__ import annotations

import itertools

from recond.certify.judge.expected_content import are_complements
from recond.erasure import DiskIdentity, Fill, Level, TargetKind, Technique
from recond.model import Medium

_CLEAR, _PURGE = Level.CLEAR, Level.PURGE
_REMOVABLE_FLASH = frozenset({Medium.USB_FLASH, Medium.SD, Medium.EMMC})

# where the evidence of the technique is whole; a medium that is not named counts as the second
FIRMWARE: dict[Technique, tuple[frozenset[Medium], Level, Level]] = {
    Technique.ATA_SECURITY_ERASE: (frozenset(), _CLEAR, _CLEAR),
    # sources disagree on flash: purge only for a magnetic disk
    Technique.ATA_SECURITY_ERASE_ENHANCED: (frozenset({Medium.HDD}), _PURGE, _CLEAR),
    Technique.ATA_SANITIZE_CRYPTO: (frozenset({Medium.HDD, Medium.SSD}), _PURGE, _CLEAR),
    Technique.ATA_SANITIZE_BLOCK: (frozenset({Medium.SSD}), _PURGE, _CLEAR),
    Technique.ATA_SANITIZE_OVERWRITE: (frozenset({Medium.HDD}), _PURGE, _CLEAR),
    Technique.NVME_SANITIZE_CRYPTO: (frozenset({Medium.SSD}), _PURGE, _CLEAR),
    Technique.NVME_SANITIZE_BLOCK: (frozenset({Medium.SSD}), _PURGE, _CLEAR),
    Technique.NVME_SANITIZE_OVERWRITE: (frozenset({Medium.SSD}), _PURGE, _CLEAR),
    Technique.NVME_FORMAT_USER: (frozenset(), _CLEAR, _CLEAR),
    Technique.NVME_FORMAT_CRYPTO: (frozenset(), _CLEAR, _CLEAR),
    Technique.SCSI_SANITIZE_CRYPTO: (frozenset({Medium.HDD, Medium.SSD}), _PURGE, _CLEAR),
    Technique.SCSI_SANITIZE_BLOCK: (frozenset({Medium.SSD}), _PURGE, _CLEAR),
    Technique.SCSI_SANITIZE_OVERWRITE: (frozenset({Medium.HDD}), _PURGE, _CLEAR),
    Technique.SCSI_FORMAT_UNIT: (frozenset(), _CLEAR, _CLEAR),
    Technique.MMC_SECURE_ERASE: (frozenset(), _CLEAR, _CLEAR),
    Technique.MMC_SANITIZE: (frozenset(), _CLEAR, _CLEAR),
    Technique.OPAL_PSID_REVERT: (frozenset({Medium.SSD, Medium.HDD}), _PURGE, _CLEAR),
}


def overwrite_level(disk: DiskIdentity, fills: tuple[Fill, ...]) -> Level:
    """What whole, verified overwrite passes reach on this medium: clear at most."""
    if not fills:
        return Level.NONE
    doubtful = disk.bus == "usb" and disk.medium is Medium.UNKNOWN
    if disk.kind is not TargetKind.IMAGE and (disk.medium in _REMOVABLE_FLASH or doubtful):
        pairs = itertools.pairwise(fills)
        return Level.CLEAR if any(are_complements(a, b) for a, b in pairs) else Level.NONE
    return Level.CLEAR


def firmware_level(technique: Technique, disk: DiskIdentity) -> Level:
    """What a firmware technique reaches on this medium, its evidence given; none for an image."""
    if technique not in FIRMWARE or disk.kind is not TargetKind.BLOCK:
        return Level.NONE
    media, there, elsewhere = FIRMWARE[technique]
    return there if disk.medium in media else elsewhere
