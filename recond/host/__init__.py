"""The seam to the hardware: the only rooms that touch the outside.

`Host` is one frozen bundle, passed explicitly to whoever needs it. Each part has a real form and
one for the tests; nothing else in recond starts a process, opens a device, or asks the time.
"""

from __future__ import annotations

from dataclasses import field

from recond.frozen import dataclass
from recond.host.clock import Clock, SystemClock
from recond.host.condition import Conditions, LocalConditions
from recond.host.files import Files
from recond.host.opened_drives import Drives, LocalDrives
from recond.host.parts import LocalParts, Parts
from recond.host.process import LocalProcesses, Processes
from recond.host.selftest import SelfTests, SmartSelfTests
from recond.host.senses import LocalSenses, Senses


@dataclass(frozen=True, slots=True)
class Host:
    """One computer as recond sees it. `origin` is "live" or "capture".

    `bench` are the files of the computer that recond runs on: the same one, or not where the
    machine is a capture; lists of names are the bench's.
    """

    processes: Processes = field(default_factory=LocalProcesses)
    files: Files = field(default_factory=Files)
    clock: Clock = field(default_factory=SystemClock)
    origin: str = "live"
    drives: Drives = field(default_factory=LocalDrives)
    self_tests: SelfTests = field(default_factory=SmartSelfTests)
    bench: Files = field(default_factory=Files)
    conditions: Conditions = field(default_factory=LocalConditions)
    parts: Parts = field(default_factory=LocalParts)
    senses: Senses = field(default_factory=LocalSenses)
