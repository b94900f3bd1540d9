"""What a person types, or a barcode scanner, to confirm one disk.

Why: a word confirms a disk only where it tells it apart from the others of the command. Asked for
is the end of its number; its whole serial, its world-wide name and, of a computer's only disk, the
computer's inventory number do as well, for that is what a scanner reads. Capitals do not count: a
label and a drive write them differently. A file's ending tells nothing apart, so an image is known
by the name before it. Unattended orders (`--confirm`) stay exact. Pure.
"""

from __future__ import annotations

from pathlib import PurePath

from recond.erasure import TargetKind, WipePlan
from recond.flow.serials import bare_wwn

TYPED_CHARACTERS = 4
_LEAST_PREFIXED = 6  # characters of a number before which a label's own letters are passed over
_LABEL_PREFIXES = ("s", "sn", "s/n", "1s", "wwn")


def folded(word: str) -> str:
    """A word without spaces and capitals."""
    return "".join(word.split()).casefold()


def typed_end(plan: WipePlan, plans: tuple[WipePlan, ...] = ()) -> str:
    """What an operator is asked to type: the end of the disk's number, of an image's name before
    its ending; longer where another disk of `plans` ends alike, or is called so. Where another has
    the same number, the place where it is plugged in. Spaces do not count: an end that begins with
    one could never be typed.
    """
    if plan.place:
        return plan.place
    number = "".join(_number(plan, plans).split())
    others = [folded(_number(other, plans)) for other in _others(plan, plans)]
    named = {name for one in plans if one.path != plan.path for name in _whole(one, plans)}
    for length in range(min(TYPED_CHARACTERS, len(number)), len(number)):
        end = folded(number[-length:])
        if end not in named and not any(other.endswith(end) for other in others):
            return number[-length:]
    return number


def split_end(plan: WipePlan, plans: tuple[WipePlan, ...] = ()) -> tuple[str, str, str]:
    """A disk's token: what stands before the end that is typed, the end with its spaces, and an
    image's ending.
    """
    number, left = _number(plan, plans), len(typed_end(plan, plans))
    rest = plan.disk.token[len(number) :]
    for at in range(len(number) - 1, -1, -1):
        left -= not number[at].isspace()
        if left == 0:
            return number[:at], number[at:], rest
    return "", number, rest


def confirms(
    plan: WipePlan,
    answer: str,
    plans: tuple[WipePlan, ...] = (),
    property_number: str | None = None,
) -> bool:
    """Whether a word confirms this disk, and no other one of `plans`.

    `property_number` counts only where the disk is the only one: it names the computer.
    """
    word = folded(answer)
    if not word:
        return False
    if plan.place:
        return word == folded(plan.place)
    if any(word in _whole(other, plans) for other in plans if other.path != plan.path):
        return False  # whoever typed it means that one
    if word == folded(typed_end(plan, plans)) or word in _whole(plan, plans):
        return True
    alone = not _others(plan, plans)
    return alone and property_number is not None and word == folded(property_number)


def _others(plan: WipePlan, plans: tuple[WipePlan, ...]) -> list[WipePlan]:
    return [one for one in plans if one.path != plan.path and not one.refusals]


def _number(plan: WipePlan, plans: tuple[WipePlan, ...]) -> str:
    """What the end is taken from: the token, without a file's ending where that leaves a name that
    no other image has.
    """
    stem = _stem(plan)
    if any(folded(_stem(other)) == folded(stem) for other in _others(plan, plans)):
        return plan.disk.token
    return stem


def is_file(plan: WipePlan) -> bool:
    """Whether the disk is called by a file: an image, or a loop device's."""
    return plan.disk.kind is TargetKind.IMAGE or plan.disk.bus == "loop"


def _stem(plan: WipePlan) -> str:
    disk = plan.disk
    if is_file(plan):
        return PurePath(disk.token).stem or disk.token
    return disk.token


def _whole(plan: WipePlan, plans: tuple[WipePlan, ...]) -> set[str]:
    """Every whole name of a disk, folded: as its label, its drive and its file have it."""
    disk = plan.disk
    found = {folded(_number(plan, plans)), folded(disk.token)}
    if disk.serial and disk.serial_of == "disk":
        serial = folded(disk.serial)
        found.add(serial)
        if len(serial) >= _LEAST_PREFIXED:
            found |= {prefix + serial for prefix in _LABEL_PREFIXES}
        if len(short := serial.removeprefix("wd-")) >= _LEAST_PREFIXED:
            found.add(short)  # Western Digital's barcodes leave its letters out
    if disk.wwn:
        wwn = folded(disk.wwn)
        bare = bare_wwn(wwn)
        found |= {wwn, bare, f"wwn{bare}", f"0x{bare}"}
    return found - {""}
