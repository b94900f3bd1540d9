"""Single drives of a record: what became of each, whatever became of the computer.

Why apart from the computer's verdict: a sticker on a loose disk speaks of that disk. A drive is
what a person can hold: its name spaces and an eMMC's areas are parts of it, and it is erased only
where every part of it is. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass

from recond.census import Kind, Reach
from recond.computer import census_of, is_approved, is_stick, owners_of
from recond.erasure import Erasure, WipeRecord
from recond.model import Known


@dataclass(frozen=True, slots=True)
class Drive:
    """A drive that a person can hold, with every erasure of it: name spaces are parts of one.

    `erased`: each of these is approved, and the census shows no other part of it that may hold
    anything. `token` is its serial number, or what stands for one.
    """

    token: str
    erasures: tuple[Erasure, ...]
    erased: bool


def drives(record: WipeRecord) -> tuple[Drive, ...]:
    """The drives that a record speaks of, in its order, without the stick that recond runs from.

    An eMMC's area is part of its disk (decision 39). What became of each alone: of the computer
    this says nothing (`conclude`).
    """
    census = census_of(record.machine)
    media = census.media if census else ()
    owners = owners_of(media, record.erasures)
    areas = {one.key: one for one in media if one.kind is Kind.BOOT_AREA}
    parts: dict[str, list[Erasure]] = {}
    unsure: set[str] = set()
    for erasure, own in owners:
        if not is_stick(erasure, own):
            token = erasure.disk.serial or erasure.disk.token
            area = areas.get(token)
            of = area.serial.value if area and isinstance(area.serial, Known) else token
            parts.setdefault(of, []).append(erasure)
            if len(own) > 1 or any(one.reach is not Reach.READY for one in own):
                unsure.add(of)
    known = {one for _, own in owners for one in own}
    others = [
        one
        for one in media
        if one not in known and not (one.kind is Kind.BOOT_AREA and one.reach is Reach.EMPTY)
    ]
    unsure |= {one.serial.value for one in others if isinstance(one.serial, Known)}
    parts_of_none = any(
        one.kind in (Kind.BOOT_AREA, Kind.NAMESPACE) and not isinstance(one.serial, Known)
        for one in others
    )
    return tuple(
        Drive(
            token,
            tuple(own),
            all(map(is_approved, own)) and token not in unsure and not parts_of_none,
        )
        for token, own in parts.items()
    )
