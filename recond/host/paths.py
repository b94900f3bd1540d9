"""Several names of one disk: two ports of a SAS drive, two controllers before one namespace.

Why: a dual-ported drive shows as two disks. Planned twice it would be written by two workers at
once; held by one name it would look free under the other. So whoever plans, guards or asks who
holds a medium takes all its names from here. Two names are one disk only where nothing speaks
against it: a wrong "same" would leave a disk unerased, so contradictions are named and refused.

Not every bus can have several paths. A SATA or USB plug has one disk: there equal numbers are two
disks whose maker or box gave one number twice. Sources: SPC-5 7.7.6 (logical unit designators),
NVM Express base 2.0 4.5 (NGUID, EUI64), SAM-5 (ports of a logical unit).
"""

from __future__ import annotations

import itertools

from recond.frozen import dataclass
from recond.host.diskid import read_size, read_strings
from recond.host.files import Files
from recond.host.identity.names import DiskStrings
from recond.host.identity.nodisk import is_loop, is_no_disk

SEVERAL = frozenset({"sas", "scsi", "fc", "iscsi", "nvme"})
"""The buses on which one disk may be reached by several paths."""


@dataclass(frozen=True, slots=True)
class Paths:
    """All names of one disk ("sda", "sdb"), sorted; one name where it has one path.

    `contradicted` are names that claim to be this disk too while something else says that they are
    not: nobody can tell which disk an erasure would reach.
    """

    names: tuple[str, ...]
    contradicted: tuple[str, ...] = ()


def read_paths(files: Files, name: str) -> Paths:
    """All names of the disk `name`, itself among them; from sysfs, opening nothing."""
    return group_paths(files).get(name, Paths((name,)))


def medium_numbers(files: Files, name: str) -> tuple[str, ...]:
    """The device numbers ("8:16") under which the disk `name` can be opened, all its paths'."""
    found = [
        files.read_text(f"/sys/block/{one}/dev")
        for one in read_paths(files, name).names
        if files.exists(f"/sys/block/{one}/dev")
    ]
    return tuple(number for number in found if isinstance(number, str))


def group_paths(files: Files) -> dict[str, Paths]:
    """Every disk's names, by each of them. One reading of sysfs, whatever the number of disks."""
    names = [n for n in files.list("/sys/block") if not is_no_disk(n) and not is_loop(n)]
    disks = {name: (read_strings(files, name), read_size(files, name)) for name in names}
    return group(disks, {name: _is_ata(files, name) for name in names})


def group(
    disks: dict[str, tuple[DiskStrings, int | None]], ata: dict[str, bool]
) -> dict[str, Paths]:
    """`group_paths` of what was read: names with sizes in bytes; `ata` has one plug a disk."""
    claims: dict[tuple[object, ...], list[str]] = {}
    for name, (strings, _) in disks.items():
        if strings.bus in SEVERAL and not ata.get(name):
            for key in _keys(strings):
                claims.setdefault(key, []).append(name)
    same: dict[str, set[str]] = {name: {name} for name in disks}
    against: dict[str, set[str]] = {name: set() for name in disks}
    for claimed in claims.values():
        for one, other in itertools.permutations(claimed, 2):
            wwns = disks[one][0].wwn, disks[other][0].wwn
            if None not in wwns and wwns[0] != wwns[1]:
                continue  # two units of one maker's number: a drive's two actuators, an array
            agree = _agree(disks[one], disks[other])
            (same if agree else against)[one].add(other)
    return {name: _paths(name, same, against) for name in disks}


def _paths(name: str, same: dict[str, set[str]], against: dict[str, set[str]]) -> Paths:
    """The names that agree with this one, by way of each other too."""
    found, todo = set[str](), [name]
    while todo:
        one = todo.pop()
        if one not in found:
            found.add(one)
            todo += same[one]
    doubted = {other for one in found for other in against[one]}
    return Paths(tuple(sorted(found)), tuple(sorted(doubted)))


def _keys(strings: DiskStrings) -> list[tuple[object, ...]]:
    """What only one disk has: its world-wide name, and the maker's serial number."""
    where = (strings.bus, strings.namespace)
    keys: list[tuple[object, ...]] = []
    if strings.wwn and not strings.wwn.startswith("nvme."):  # the kernel's, made of the serial
        keys.append((*where, "wwn", strings.wwn))
    if strings.serial:
        keys.append((*where, "serial", strings.vendor, strings.model, strings.serial))
    return keys


def _agree(one: tuple[DiskStrings, int | None], other: tuple[DiskStrings, int | None]) -> bool:
    """Whether nothing that both tell differs: serial, model, size."""
    pairs = (
        (one[0].serial, other[0].serial),
        (one[0].model, other[0].model),
        (one[1] or None, other[1] or None),
    )
    return all(a == b for a, b in pairs if a is not None and b is not None)


def _is_ata(files: Files, name: str) -> bool:
    """Whether a disk behind a SAS or SCSI adapter is a SATA one (SAT-4 8.1: vendor "ATA")."""
    vendor = files.read_text(f"/sys/block/{name}/device/vendor")
    return vendor == "ATA"
