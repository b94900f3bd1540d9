"""What a stock system asks of a record, as plain values: a name, a size, one line of remark. Pure.

Why: every stock has its own form, and all of them want the same few answers. What the record does
not know stays empty here (None), and is left out there: an empty field is not a reading of zero.
"""

from __future__ import annotations

import hashlib
from typing import TypeVar

from recond.erasure import Erasure, Status, Verdict, WipeRecord
from recond.model import Disk, Known, Machine, Reading, Unknown

T = TypeVar("T")
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


def memory_bytes(machine: Machine) -> int | None:
    """The modules' sum, else what the kernel sees."""
    return known(machine.memory.installed_bytes) or known(machine.memory.visible_bytes)


def all_approved(record: WipeRecord) -> bool:
    """Whether each disk of the record is erased and approved; a record without a disk is not."""
    found = erasures_of(record)
    return bool(found) and all(map(is_approved, found))


def erasures_of(record: WipeRecord) -> tuple[Erasure, ...]:
    """The erasures without the stick that recond itself ran from (refused: it is the bench's)."""
    return tuple(
        one
        for one in record.erasures
        if not (
            one.result.status is Status.REFUSED
            and {reason.code for reason in one.result.reasons} == {"wipe.refusal.medium"}
        )
    )


def is_approved(erasure: Erasure) -> bool:
    """Whether the record's own judgement of a disk is "erased" and "approved"."""
    return erasure.result.status is Status.ERASED and erasure.result.verdict is Verdict.APPROVED


def category_of(record: WipeRecord) -> str | None:
    """The first category that a scored profile gave."""
    return next((one.category for one in record.assessments if one.category), None)


def remark(record: WipeRecord, digest: str) -> str:
    """One line of evidence, the same words in each language: record, digest, each disk's result."""
    disks = "; ".join(
        f"{one.disk.token}={one.result.status}/{one.result.verdict}/{one.result.level_achieved}"
        for one in erasures_of(record)
    )
    return f"recond {record.record_id} sha256:{digest} {disks}".strip()


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
