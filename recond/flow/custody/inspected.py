"""Earlier inspections that somebody kept: the answer of `recond inspect --json`, or a capture.

Why: which disk was in which computer is often known only from the day it came in, before anybody
erased anything. Nobody signed such a file: it joins a disk to its computer as a file says it, and
proves nothing. What is no inspection is passed over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from recond.codec import from_json
from recond.documents import read_json
from recond.errors import RecondError
from recond.flow.serials import compared
from recond.flow.verify.files import FileGroup
from recond.host.regular import read_given
from recond.model import Known, Machine, Reading

INSPECTION_SCHEMA = "recond.inspect/1"
MOST_BYTES = 16 << 20
_CAPTURES = (".tgz", ".tar.gz")

ReadCapture = Callable[[Path], Machine]
"""The machine of a capture. Raises `RecondError` for what is none."""


@dataclass(frozen=True, slots=True)
class Inspection:
    """A file, and the computer that it is of. `at` is RFC 3339, as the file says it."""

    file: Path
    at: str
    computer: str
    disks: frozenset[str]


def inspections_of(groups: tuple[FileGroup, ...], capture: ReadCapture) -> Iterator[Inspection]:
    """The inspections among files and folders that were given, as `groups_of` found them."""
    for group in groups:
        for file in group.files:
            try:
                machine = _machine(file, capture)
            except (RecondError, OSError, ValueError, OverflowError):
                continue
            if machine is not None and (serial := _serial(machine.system.serial)):
                yield Inspection(file, machine.inspected_at, serial, _inside(machine))


def _machine(file: Path, capture: ReadCapture) -> Machine | None:
    if file.name.lower().endswith(_CAPTURES):
        return capture(file)
    if file.suffix.lower() != ".json":
        return None
    value = read_json(read_given(file, MOST_BYTES))
    if not isinstance(value, dict) or value.pop("schema", None) != INSPECTION_SCHEMA:
        return None
    return from_json(Machine, value)


def _inside(machine: Machine) -> frozenset[str]:
    """What was in or at it, without what recond was started from."""
    census = machine.census
    if isinstance(census, Known):
        readings = [one.serial for one in census.value.media if not one.of_bench]
    else:
        readings = [disk.serial for disk in machine.disks]
    return frozenset(found for one in readings if (found := _serial(one)))


def _serial(reading: Reading[str]) -> str:
    return compared(reading.value) if isinstance(reading, Known) else ""
