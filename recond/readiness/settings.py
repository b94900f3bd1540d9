"""The remedies that a profile may name, with their place in "cheapest first".

Why: a setting costs minutes, a module or a disk costs money. Each firmware setting has its sentence
in the catalogue (`readiness.remedy.<name>`); `ram`, `disk` and `ssd` are computed from the machine.
"""

from __future__ import annotations

SETTINGS: dict[str, int] = {
    "secure-boot": 10,
    "nx": 11,
    "tpm": 12,
    "uefi-mode": 13,
    "virtualization": 14,
    "firmware-update": 20,
    "certificates-2023": 21,
}
"""Remedies without a purchase, with their cost rank."""

PARTS: dict[str, int] = {"ram": 100, "ssd": 200, "disk": 200, "battery": 150, "screen": 300}
REMEDIES = (*SETTINGS, *PARTS)
