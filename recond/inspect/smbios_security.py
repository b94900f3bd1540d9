"""What SMBIOS tells of passwords and of remote management.

Why: raw tables hold bits and bytes, `dmidecode` prints words for the one and the bytes themselves
for the other; both forms end here. Pure.

Sources: DMTF DSP0134 SMBIOS 3.7 7.25.1 (type 24); Intel vPro, SMBIOS type 130.
"""

from __future__ import annotations

PASSWORDS = ("disabled", "enabled", "not implemented", None)
"""By their two bits; the last is "unknown"."""


def passwords_of(settings: int | None) -> tuple[str | None, str | None]:
    """The words of 7.25.1 for the power-on (bits 7:6) and the administrator's password (3:2)."""
    if settings is None:
        return None, None
    return PASSWORDS[settings >> 6 & 3], PASSWORDS[settings >> 2 & 3]


def amt_of(structure: bytes) -> tuple[bool, bool] | None:
    """(there, switched on) by Intel's own structure; None for another maker's type 130.

    Source: Intel vPro "SMBIOS table type 130": "$AMT", then a byte each for both.
    """
    if structure[4:8] != b"$AMT" or len(structure) < 10:
        return None
    return structure[8] != 0, structure[9] != 0
