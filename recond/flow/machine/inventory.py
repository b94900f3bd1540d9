"""The inventory: `recond inspect`, of this computer or of a capture.

Why: it is asked more often than anything else, at the bench and by scripts; so nothing is imported
here that only a verdict, a plan or an erasure needs.
"""

from __future__ import annotations

from pathlib import Path

from recond.host import Host
from recond.inspect.disks import read_disks
from recond.inspect.machine import read_machine
from recond.model import Known, Machine, Unknown


def inventory(bench: Host, source: Path | None) -> Machine:
    """The bench's machine, or the one of a capture. Raises `UsageError` for what is no capture."""
    return read_machine(host_of(bench, source))


def disk_words(host: Host) -> tuple[tuple[str, str | None], ...]:
    """Each disk of the computer by path and serial number, for a shell that completes a word."""
    found = read_disks(host)
    disks = () if isinstance(found, Unknown) else found
    return tuple((d.path, d.serial.value if isinstance(d.serial, Known) else None) for d in disks)


def host_of(bench: Host, source: Path | None) -> Host:
    """The bench, or a capture (an archive or a folder) in its place."""
    if source is None:
        return bench
    from recond.flow.machine.capture import host_from

    return host_from(source, bench)
