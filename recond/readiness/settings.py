"""The remedies that a profile may name, with their place in "cheapest first".

Why: a setting costs minutes, a module or a disk costs money. Each firmware setting has its sentence
in the catalogue (`readiness.remedy.<name>`); `ram`, `disk` and `ssd` are computed from the machine.
Whoever is told to change a setting also wants to know which key opens the settings.
"""

from __future__ import annotations

from recond.model import Known, Message, Reading

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

COMPUTED: dict[str, tuple[str, ...]] = {
    "ram": ("memory.ram_bytes",),
    "disk": ("disk.size_bytes",),
    "ssd": ("disk.flash", "disk.medium", "disk.bus", "disk.health", "disk.size_bytes"),
}
"""Remedies that are computed from the machine, and the readings that they mend."""

_ROOM = "readiness.remedy."
_MAKERS = (
    "hewlett",
    "hp",
    "dell",
    "lenovo",
    "acer",
    "packard",
    "emachines",
    "asus",
    "toshiba",
    "dynabook",
    "fujitsu",
    "samsung",
    "sony",
    "msi",
    "micro-star",
    "gigabyte",
    "asrock",
    "medion",
    "microsoft",
)
"""Makers whose key is in the catalogue, `readiness.key.<name>`, by how their name begins."""


def is_setting(remedy: Message) -> bool:
    """Whether a remedy is a change in the firmware's settings."""
    return remedy.code.removeprefix(_ROOM) in SETTINGS


def part_of(remedy: Message) -> str:
    """The part that a computed remedy buys: "ram" or "disk"; empty for others."""
    name = remedy.code.removeprefix(_ROOM)
    return next((part for part in ("ram", "disk") if name.startswith(part + "_")), "")


def firmware_key(maker: Reading[str]) -> Message:
    """Which key opens the firmware's settings on this maker's computers."""
    name = maker.value.casefold() if isinstance(maker, Known) else ""
    found = next((known for known in _MAKERS if name.startswith(known)), "other")
    return Message.of("readiness.notice.firmware_key", key=f"@readiness.key.{found}")
