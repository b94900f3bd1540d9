"""Which records count in a lot: those of keys that it trusts, of disks that are disks.

Why: a lot's report says "erased" to a donor under this workshop's own seal. Anybody can make a key,
and an image may be named like the disk that is listed. So a record by a key that the lot does not
trust stands apart, whatever it says, and what is no disk is no line. Asked anew each time that the
lot is shown: a key that is revoked today counts no more today.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from recond.certify.sign.keys import chain_fault, read_certificates
from recond.certify.verify.verdicts import Trust
from recond.erasure import Erasure, TargetKind, WipeRecord
from recond.flow.lot.rows import MachineRow
from recond.model import Known, Message

if TYPE_CHECKING:
    from cryptography import x509

LEAST_DISK_BYTES = 32_000_000
"""Below this no disk of a computer that anybody gives away: the smallest flash modules hold 64 MB.
A RAM disk or a test's image does not pass for one."""


@dataclass(frozen=True, slots=True)
class Apart:
    """A record that is there and does not count, and why."""

    row: MachineRow
    why: Message


def stand(
    machines: Iterable[MachineRow], chains: dict[str, bytes], trust: Trust
) -> tuple[tuple[MachineRow, ...], tuple[Apart, ...]]:
    """The rows that count, and those apart. `chains` holds each signer's certificates in PEM."""
    by_signer: dict[str | None, list[MachineRow]] = {}
    for row in machines:
        by_signer.setdefault(row.signer, []).append(row)
    counted: list[MachineRow] = []
    apart: list[Apart] = []
    for signer, rows in by_signer.items():
        if signer is None:
            apart += [Apart(row, Message("lot.remark.unsigned")) for row in rows]
            continue
        for row, fault in _faults(rows, chains.get(signer), trust):
            if fault is None:
                counted.append(row)
            else:
                why = Message.of("lot.apart.key", reason=f"@{fault}", fingerprint=signer[:19])
                apart.append(Apart(row, why))
    return (
        tuple(sorted(counted, key=lambda row: row.record_id)),
        tuple(sorted(apart, key=lambda one: one.row.record_id)),
    )


def _faults(
    rows: list[MachineRow], pem: bytes | None, trust: Trust
) -> Iterable[tuple[MachineRow, str | None]]:
    """Why each of one signer's records is not believed. What is believed at two moments is so
    between them (validity is one stretch, a retirement has one beginning): ten thousand rows of
    one bench are two questions.
    """
    chain = read_certificates(pem) if pem else ()
    if not chain:
        return [(row, "certify.trust.unknown") for row in rows]

    def fault(at: str) -> str | None:
        return key_fault(chain, at, trust)

    # UTC in one form (RFC 3339 with `Z`) sorts as text; another form is asked alone below
    times = sorted(row.issued_at for row in rows)
    if all(map(_plain, times)) and is_believed_between(chain, times[0], times[-1], trust):
        return [(row, None) for row in rows]
    return [(row, fault(row.issued_at)) for row in rows]


def is_believed_between(
    chain: tuple[x509.Certificate, ...], first: str, last: str, trust: Trust
) -> bool:
    """Whether a chain's first key is to be believed at two times, and so at each between them."""
    return all(key_fault(chain, at, trust) is None for at in (first, last))


def key_fault(chain: tuple[x509.Certificate, ...], at: str, trust: Trust) -> str | None:
    """Why a chain's first key was not to be believed at a time; None where it was."""
    try:
        return chain_fault(chain, (*trust.pinned, *trust.own), at, trust.revoked)
    except (ValueError, TypeError):
        return "certify.trust.expired"  # of a time that is none


def _plain(at: str) -> bool:
    return len(at) == len("2026-11-24T10:00:00.000Z") and at.endswith("Z")


def no_disk(record: WipeRecord, erasure: Erasure) -> Message | None:
    """Why an erasure stands for no disk of a list; None where it does."""
    disk = erasure.disk
    name = disk.serial or erasure.path
    if disk.kind is not TargetKind.BLOCK:
        return Message.of("lot.apart.image", disk=name)
    if 0 < disk.size_bytes < LEAST_DISK_BYTES:
        return Message.of("lot.apart.small", disk=name, size_bytes=disk.size_bytes)
    for one in record.machine.disks if record.machine else ():
        same = disk.serial and isinstance(one.serial, Known) and one.serial.value == disk.serial
        size = one.size_bytes
        if same and isinstance(size, Known) and size.value != disk.size_bytes:
            return Message.of(
                "lot.apart.size",
                disk=name,
                inventory_bytes=size.value,
                journal_bytes=disk.size_bytes,
            )
    return None
