"""Which disks "all" means: the computer's own, and what sits in a declared dock.

Why: the volunteer's own backup disk hangs on USB, and is no gift; erased by `--all` it cannot be
brought back. So what is plugged in from outside is taken only where somebody says so, and what was
left out is named, with the word that would take it. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass

from recond.census import Kind, Place, StorageMedium
from recond.errors import SafetyRefusal
from recond.model import Disk, Known, Machine, Medium, Message

OUTSIDE = frozenset({Place.USB, Place.READER, Place.UNKNOWN})
"""Where a disk sits that is not erased unasked; of an unknown place the computer is not whole
without it (`recond.computer`)."""
OUTER_BUSES = frozenset({"usb", "firewire"})


@dataclass(frozen=True, slots=True)
class Choice:
    """The paths to plan, and for each disk that was left out the reason."""

    paths: tuple[str, ...]
    left_out: tuple[Message, ...] = ()


def choose(machine: Machine, *, usb: bool, exclude: tuple[str, ...] = ()) -> Choice:
    """The disks that "all" means. `usb` takes USB disks and cards too; `exclude` are the serial
    numbers, world-wide names or box numbers of disks that stay as they are, or the census's keys of
    areas of an eMMC (`recond.flow.run.areas` leaves those).

    Raises `SafetyRefusal` for a word of `exclude` that names no disk here: whoever wrote it meant
    one, and it would be erased.
    """
    areas = {one.key for one in _media(machine) if one.kind is Kind.BOOT_AREA}
    wrong = tuple(
        Message.of("cli.exclude.no_such_disk", word=word)
        for word in exclude
        if word not in areas and not any(_is_named(disk, word) for disk in machine.disks)
    )
    if wrong:
        raise SafetyRefusal(wrong)
    places, paths, left = _places(machine), list[str](), list[Message]()
    left += [Message.of("cli.left_out.area", area=word) for word in exclude if word in areas]
    for disk in machine.disks:
        word = next((word for word in exclude if _is_named(disk, word)), None)
        if word is not None:
            left.append(Message.of("cli.left_out.excluded", path=disk.path, word=word))
        elif not usb and places.get(disk.path, _place(disk)) in OUTSIDE:
            model = disk.model.value if isinstance(disk.model, Known) else "—"
            doubtful = places.get(disk.path) is Place.UNKNOWN
            code = "cli.left_out.unsure" if doubtful else "cli.left_out.usb"
            left.append(Message.of(code, path=disk.path, model=model))
        else:
            paths.append(disk.path)
    return Choice(tuple(paths), tuple(left))


def _is_named(disk: Disk, word: str) -> bool:
    told = {one.value for one in (disk.serial, disk.wwn) if isinstance(one, Known)}
    return word in told | {disk.box_serial} - {None}


def _media(machine: Machine) -> tuple[StorageMedium, ...]:
    return machine.census.value.media if isinstance(machine.census, Known) else ()


def _places(machine: Machine) -> dict[str, Place]:
    return {path: one.place for one in _media(machine) for path in one.paths}


def _place(disk: Disk) -> Place:
    """Without a census: by the bus alone."""
    bus = disk.bus.value if isinstance(disk.bus, Known) else ""
    if bus in OUTER_BUSES:
        return Place.USB
    return Place.READER if disk.medium is Medium.SD else Place.INNER


def is_outside(machine: Machine, path: str) -> bool:
    """Whether a disk is plugged in from outside, by its path in the inventory."""
    disk = next((one for one in machine.disks if path in (one.path, *one.paths)), None)
    return disk is not None and _places(machine).get(disk.path, _place(disk)) in OUTSIDE
