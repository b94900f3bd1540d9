"""The seam to the hardware: the only rooms that touch the outside.

`Host` is one frozen bundle, passed explicitly to whoever needs it. Each part has a real form and
one for the tests; nothing else in recond starts a process, opens a device, or asks the time.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from recond.host.clock import Clock, SystemClock
from recond.host.files import Files
from recond.host.process import LocalProcesses, Processes


@dataclass(frozen=True, slots=True)
class Host:
    """One computer as recond sees it. `origin` is "live" or "capture"."""

    processes: Processes = field(default_factory=LocalProcesses)
    files: Files = field(default_factory=Files)
    clock: Clock = field(default_factory=SystemClock)
    origin: str = "live"
