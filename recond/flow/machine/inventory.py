"""The inventory: `recond inspect`, of this computer or of a capture.

Why: it is asked more often than anything else, at the bench and by scripts; so nothing is imported
here that only a verdict, a plan or an erasure needs.
"""

from __future__ import annotations

from pathlib import Path

from recond.host import Host
from recond.inspect.machine import read_machine
from recond.model import Machine


def inventory(source: Path | None) -> Machine:
    """This machine, or the one of a capture. Raises `UsageError` for what is no capture."""
    return read_machine(host_of(source))


def host_of(source: Path | None) -> Host:
    """This computer, or a capture (an archive or a folder) in its place."""
    if source is None:
        return Host()
    from recond.flow.machine.capture import host_from

    return host_from(source)
