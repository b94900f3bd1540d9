"""Single drives of a record: what became of each, whatever became of the computer.

Why apart from the computer's verdict: a sticker on a loose disk speaks of that disk. A drive is
what a person can hold: its name spaces and an eMMC's areas are parts of it, and it is erased only
where every part of it is. Where nobody looked for further parts, nobody knows. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass

from recond.census import (
    Census,
    Kind,
    Look,
    Reach,
    StorageMedium,
    emmc_area,
    is_erasable_area,
)
from recond.computer import Overall, census_of, is_approved, is_stick, owners_of
from recond.erasure import Erasure, WipeRecord
from recond.model import Known, Medium


@dataclass(frozen=True, slots=True)
class Drive:
    """A drive that a person can hold, with every erasure of it: name spaces are parts of one.

    `outcome`: erased (each is approved, and the census shows no other part that may hold anything),
    partial (a part is left, or two drives have one number), unknown (nobody looked for further
    parts), not-erased. `token` is its serial number, or what stands for one.
    """

    token: str
    erasures: tuple[Erasure, ...]
    outcome: Overall


def is_area(erasure: Erasure) -> bool:
    """Whether it is of an eMMC's area (decision 39): part of a disk, and none of its own."""
    return _disk_of_area(erasure) is not None


def _disk_of_area(erasure: Erasure) -> str | None:
    name = erasure.path.rsplit("/", 1)[-1]
    serial, _, area = (erasure.disk.serial or "").rpartition("-")
    return serial if serial and is_erasable_area(name) and area == emmc_area(name) else None


def drives(record: WipeRecord) -> tuple[Drive, ...]:
    """The drives that a record speaks of, in its order, without the stick that recond runs from.

    What became of each alone: of the computer this says nothing (`conclude`).
    """
    census = census_of(record.machine)
    media = census.media if census else ()
    owners = owners_of(media, record.erasures)
    parts: dict[str, list[tuple[Erasure, tuple[StorageMedium, ...]]]] = {}
    for one, own in owners:
        if not is_stick(one, own):
            token = _disk_of_area(one) or one.disk.serial or one.disk.token
            parts.setdefault(token, []).append((one, own))
    known = {one for _, own in owners for one in own}
    others = [
        one
        for one in media
        if one not in known and not (one.kind is Kind.BOOT_AREA and one.reach is Reach.EMPTY)
    ]
    return tuple(
        Drive(token, tuple(one for one, _ in own), _outcome(token, own, others, census))
        for token, own in parts.items()
    )


def not_erased(record: WipeRecord) -> frozenset[str]:
    """The drives of which something is left, by their tokens."""
    ends = (Overall.NOT_ERASED, Overall.PARTIAL)
    return frozenset(one.token for one in drives(record) if one.outcome in ends)


def _outcome(
    token: str,
    parts: list[tuple[Erasure, tuple[StorageMedium, ...]]],
    others: list[StorageMedium],
    census: Census | None,
) -> Overall:
    if not all(is_approved(one) for one, _ in parts):
        return Overall.NOT_ERASED
    sure = all(len(own) <= 1 and all(m.reach is Reach.READY for m in own) for _, own in parts)
    whole = [one for one, _ in parts if not is_area(one)]
    if not whole or not sure or any(_may_be_of(one, token) for one in others):
        return Overall.PARTIAL
    look = next((look for one in whole if (look := _asked_for_parts(one)) is not None), None)
    seen = all(own for _, own in parts)
    if look is not None and (census is None or look not in census.looked or not seen):
        return Overall.UNKNOWN
    return Overall.ERASED


def _may_be_of(medium: StorageMedium, token: str) -> bool:
    """Whether a medium of which no erasure is known is a part of this drive, or may be."""
    if isinstance(medium.serial, Known):
        return medium.serial.value == token
    is_part = medium.kind in (Kind.BOOT_AREA, Kind.NAMESPACE)
    return is_part or isinstance(medium.namespace, Known)


def _asked_for_parts(erasure: Erasure) -> Look | None:
    """The question of a census that finds a drive's further parts; None: its kind has none."""
    disk = erasure.disk
    if disk.medium is Medium.EMMC:
        return Look.CARDS
    return Look.NVME if disk.bus == "nvme" or disk.namespace is not None else None
