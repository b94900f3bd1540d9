"""What a stock system asks of a record, as plain values: a name, a size, one line of remark. Pure.

Why: every stock has its own form, and all of them want the same few answers. What the record does
not know stays empty here (None), and is left out there: an empty field is not a reading of zero.
"""

from __future__ import annotations

import hashlib
from typing import TypeVar

from recond.computer import Scope, conclude, is_approved, is_boot_medium, is_computer_erased
from recond.erasure import Erasure, Level, Verdict, WipeRecord
from recond.model import Disk, Known, Machine, Reading, Unknown

T = TypeVar("T")
_DISK_MAKERS = (
    ("Western Digital", ("WDC ", "WD ", "WDS")),
    ("Seagate", ("ST1", "ST2", "ST3", "ST4", "ST5", "ST6", "ST8", "ST9", "SEAGATE")),
    ("Crucial", ("CT1", "CT2", "CT4", "CT5", "CRUCIAL")),
    ("SK hynix", ("SK HYNIX", "HFS", "SKHYNIX", "HYNIX")),
    ("Samsung", ("SAMSUNG", "MZ7", "MZN", "MZV")),
    ("Toshiba", ("TOSHIBA", "MK", "THNS")),
    ("Hitachi", ("HITACHI", "HTS", "HDS")),
    ("Intel", ("INTEL", "SSDS", "SSDPE")),
    ("Micron", ("MICRON", "MTFD")),
    ("SanDisk", ("SANDISK", "SD8", "SD9")),
    ("Lite-On", ("LITEON", "LITE-ON")),
    ("Kingston", ("KINGSTON", "SA400", "SUV")),
    *((name, (name.upper(),)) for name in ("HGST", "KIOXIA", "ADATA", "Transcend", "Maxtor")),
    *((name, (name.upper(),)) for name in ("Fujitsu", "PNY", "Corsair", "Lexar", "Patriot")),
)
_OF_THE_BENCH = frozenset({"medium", "system"})


def known(reading: Reading[T]) -> T | None:
    """A reading's value; None where it is unknown."""
    return reading.value if isinstance(reading, Known) else None


def filled(**values: object) -> dict[str, object]:
    """The values that are there."""
    return {key: value for key, value in values.items() if value not in (None, "", [], {})}


def name_of(machine: Machine, otherwise: str) -> str:
    """What a machine is called: its serial, else its chassis' or board's, else the record's id."""
    system = machine.system
    return (
        known(system.serial)
        or known(system.chassis_serial)
        or known(system.board_serial)
        or otherwise
    )


def own_disks(machine: Machine) -> tuple[Disk, ...]:
    """The machine's disks without the live medium that the bench was started from."""
    return tuple(
        disk for disk in machine.disks if not any(use.kind in _OF_THE_BENCH for use in disk.uses)
    )


def disk_maker(disk: Disk) -> str | None:
    """Who made a disk: what it says, else what its model begins with (SATA has no field for it)."""
    said = known(disk.vendor)
    if said and said.strip().upper() != "ATA":
        return said
    model = (known(disk.model) or "").upper()
    return next((name for name, starts in _DISK_MAKERS if model.startswith(starts)), None)


def memory_bytes(machine: Machine) -> int | None:
    """The modules' sum, else what the kernel sees."""
    return known(machine.memory.installed_bytes) or known(machine.memory.visible_bytes)


def erasures_of(record: WipeRecord) -> tuple[Erasure, ...]:
    """The erasures without the stick that recond itself ran from (refused: it is the bench's)."""
    return tuple(one for one in record.erasures if not is_boot_medium(one))


def verdict_of(record: WipeRecord) -> str:
    """One word for the whole computer: "approved" only where `is_computer_erased` says so;
    "incomplete": each erasure is approved and something of the computer is left or not known;
    "disks": each is approved and the record speaks of disks only; "none": nothing was to be erased.
    """
    found = erasures_of(record)
    if not found:
        return "none"
    if is_computer_erased(record):
        return str(Verdict.APPROVED)
    if all(map(is_approved, found)):
        return "disks" if conclude(record).scope is not Scope.COMPUTER else "incomplete"
    verdicts = {one.result.verdict for one in found if not is_approved(one)}
    return str(Verdict.REJECTED if verdicts - {Verdict.ESCALATE} else Verdict.ESCALATE)


def level_of(record: WipeRecord) -> str:
    """The lowest level that a disk of the record reached; "none" without an erasure."""
    levels = [one.result.level_achieved for one in erasures_of(record)]
    return str(min(levels, key=lambda level: level.rank, default=Level.NONE))


def notes_of(record: WipeRecord) -> str:
    """What the operator answered about looks, keyboard, screen…, as one line."""
    return "; ".join(f"{key}: {value}" for key, value in record.answers)


def evidence_of(record: WipeRecord, digest: str) -> dict[str, str]:
    """What every stock is told of the erasure, each under one name; what is not known is absent."""
    values = {
        "certificate": record.record_id,
        "verdict": verdict_of(record),
        "level": level_of(record),
        "date": record.issued_at[:10],
        "sha256": digest,
        "grade": category_of(record) or "",
        "price": price_of(record),
        "asset": record.property_number or "",
        "notes": notes_of(record),
    }
    return {name: value for name, value in values.items() if value}


def category_of(record: WipeRecord) -> str | None:
    """The first category that a scored profile gave."""
    return next((one.category for one in record.assessments if one.category), None)


def price_of(record: WipeRecord) -> str:
    """What the workshop asks for it, by the first profile that says so: "80-120 EUR"."""
    for one in record.assessments:
        if one.price is not None:
            low, high = one.price
            return f"{low} {one.currency}" if low == high else f"{low}-{high} {one.currency}"
    return ""


def remark(record: WipeRecord, digest: str) -> str:
    """One line of evidence, the same words in each language: record, digest, each disk's result."""
    disks = "; ".join(
        f"{one.disk.token}={one.result.status}/{one.result.verdict}/{one.result.level_achieved}"
        for one in erasures_of(record)
    )
    found = conclude(record)
    left = "".join(f" left:{one.key}" for one in found.left)
    whole = f"{found.scope}={found.outcome}{left}"
    return f"recond {record.record_id} sha256:{digest} {whole} {disks}".strip()


def stable_uuid(seed: str, version: int) -> str:
    """A UUID (RFC 9562) that is always the same for the same seed, so that a retry is known."""
    raw = bytearray(hashlib.sha256(b"recond uuid\0" + seed.encode()).digest()[:16])
    raw[6] = raw[6] & 0x0F | version << 4
    raw[8] = raw[8] & 0x3F | 0x80
    text = raw.hex()
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


def machine_seed(record: WipeRecord) -> str:
    """What makes the machine itself the same in each of its records; else the record's id."""
    machine = record.machine
    if machine is None or isinstance(machine.identity.machine_id, Unknown):
        return record.record_id
    return machine.identity.machine_id.value
