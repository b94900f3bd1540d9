"""What this computer has for a long piece of work: mains or battery, and memory that is left.

Why: an erasure takes hours; on a battery it ends where the battery ends, and where memory runs out
the kernel ends a worker. psutil is asked, for it knows every name under which a kernel shows the
mains (AC, ACAD, ADP, a USB-C port) and what of the memory can be had without swapping. Asked of the
bench and before an erasure only: what a computer is, a capture tells too (`recond.inspect`).
"""

from __future__ import annotations

from typing import Protocol

from recond.frozen import dataclass
from recond.host.log import log_swallowed
from recond.model import Known, Reading, Unknown, Why


@dataclass(frozen=True, slots=True)
class Condition:
    """`on_mains` is unknown where there is no battery: what runs then has a cable."""

    on_mains: Reading[bool]
    charge_percent: Reading[int]
    available_bytes: Reading[int]  # memory that can be had without swapping


class Conditions(Protocol):
    """What a computer has at the moment."""

    def read(self) -> Condition:
        """The condition now; never raises for what cannot be read."""


class LocalConditions:
    """This computer's."""

    def read(self) -> Condition:
        """By psutil (`sensors_battery`, `virtual_memory`)."""
        import psutil  # late: it takes as long to load as all readers of an inventory

        try:
            battery = psutil.sensors_battery()
            plugged = None if battery is None else battery.power_plugged
            available = psutil.virtual_memory().available
        except Exception as error:  # what its readers raise on kernels without a file
            log_swallowed("condition", error)
            unread = Unknown(Why.UNREADABLE, "psutil")
            return Condition(unread, unread, unread)
        return Condition(
            Unknown(Why.ABSENT, "psutil:battery")
            if plugged is None
            else Known(bool(plugged), "psutil:sensors_battery"),
            Unknown(Why.ABSENT, "psutil:battery")
            if battery is None
            else Known(round(battery.percent), "psutil:sensors_battery"),
            Known(int(available), "psutil:virtual_memory"),
        )


class NoConditions:
    """Of a computer that is not here."""

    def read(self) -> Condition:
        """Nothing is known."""
        unread = Unknown(Why.NOT_READ, "capture")
        return Condition(unread, unread, unread)
