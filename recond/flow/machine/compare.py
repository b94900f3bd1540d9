"""Two inventories side by side: `recond inspect --diff A B`, what was taken out, put in or changed.

Why: between the donor's door and the bench a module or a disk goes missing, and nobody remembers.
Parts are known by their serial, else by their place and what they are; a reading that one of the
two could not make is no change. Pure.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from recond.flow.machine.inventory import inventory
from recond.host import Host
from recond.model import Battery, Disk, Known, Machine, MemoryModule, Message, NetworkCard, Reading
from recond.naming import computer_name, disk_name, part_name, processor_name, screen_name

SAME_COMPUTER = ("serial", "uuid", "board_serial")


@dataclass(frozen=True, slots=True)
class PartChange:
    """A part that is not the same: `was` or `now` is empty where it was put in or taken out."""

    part: str  # computer, cpu, memory, disk, battery, display, network, device, firmware
    was: str
    now: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """What differs, and what makes the comparison doubtful."""

    changes: tuple[PartChange, ...]
    doubts: tuple[Message, ...]


def compare_captures(bench: Host, first: Path, second: Path) -> Comparison:
    """The two captures compared. Raises `UsageError` for what is no capture."""
    return compare_machines(inventory(bench, first), inventory(bench, second))


def compare_machines(was: Machine, now: Machine) -> Comparison:
    """Every part of the one against the other."""
    changes = [
        *_one("computer", computer_name(was.system), computer_name(now.system)),
        *_one("cpu", processor_name(was.cpu), processor_name(now.cpu)),
        *_one("firmware", _text(was.system.bios_version), _text(now.system.bios_version)),
        *_parts("memory", map(_module, _modules(was)), map(_module, _modules(now))),
        *_parts("disk", map(_disk, was.disks), map(_disk, now.disks)),
        *_parts("battery", map(_battery, was.batteries), map(_battery, now.batteries)),
        *_parts("display", _screens(was), _screens(now)),
        *_parts("network", map(_card, was.networks), map(_card, now.networks)),
        *_parts("device", _devices(was), _devices(now)),
    ]
    return Comparison(tuple(changes), _doubts(was, now))


def _doubts(was: Machine, now: Machine) -> tuple[Message, ...]:
    found = []
    for name in SAME_COMPUTER:
        one, other = getattr(was.system, name), getattr(now.system, name)
        if isinstance(one, Known) and isinstance(other, Known) and one.value != other.value:
            found.append(Message.of("inspect.diff.other_computer", was=one.value, now=other.value))
            break
    if not isinstance(was.memory.modules, Known) or not isinstance(now.memory.modules, Known):
        found.append(Message.of("inspect.diff.memory_unread"))
    if any(p.code == "inspect.problem.disks" for p in (*was.problems, *now.problems)):
        found.append(Message.of("inspect.diff.disks_unread"))
    return tuple(found)


def _one(part: str, was: str, now: str) -> list[PartChange]:
    """A reading that one of the two lacks is no change."""
    return [PartChange(part, was, now)] if was and now and was != now else []


def _parts(part: str, was: Iterable[str], now: Iterable[str]) -> list[PartChange]:
    """What the one has more often than the other."""
    before, after = Counter(was), Counter(now)
    gone, new = sorted((before - after).elements()), sorted((after - before).elements())
    return [
        *(PartChange(part, one, "") for one in gone),
        *(PartChange(part, "", one) for one in new),
    ]


def _text(reading: Reading[str]) -> str:
    return reading.value if isinstance(reading, Known) else ""


def _number(reading: Reading[int], unit: int, word: str) -> str:
    return f"{round(reading.value / unit)} {word}" if isinstance(reading, Known) else ""


def _line(*words: str) -> str:
    return " ".join(word for word in words if word)


def _modules(machine: Machine) -> tuple[MemoryModule, ...]:
    modules = machine.memory.modules
    return modules.value if isinstance(modules, Known) else ()


def _module(one: MemoryModule) -> str:
    size = _number(one.size_bytes, 1 << 20, "MiB")
    return _line(
        size,
        _text(one.kind),
        _text(one.maker),
        _text(one.part),
        _text(one.serial) or _text(one.slot),
    )


def _disk(one: Disk) -> str:
    name = disk_name(_text(one.vendor) or None, _text(one.model) or None)
    number = _text(one.serial) or _text(one.wwn) or one.path
    return _line(name, number, _number(one.size_bytes, 10**9, "GB"))


def _battery(one: Battery) -> str:
    return _line(_text(one.maker), _text(one.model), _text(one.serial) or one.name)


def _card(one: NetworkCard) -> str:
    return _line(_text(one.description) or _text(one.kind), _text(one.mac) or one.name)


def _screens(machine: Machine) -> list[str]:
    """The screens of its own: one that was plugged in is the bench's."""
    inside = [d for d in machine.displays if isinstance(d.internal, Known) and d.internal.value]
    return [_line(screen_name(one), _text(one.serial)) for one in inside]


def _devices(machine: Machine) -> list[str]:
    return [_line(one.role, part_name(one)) for one in machine.devices if one.bus != "usb"]
