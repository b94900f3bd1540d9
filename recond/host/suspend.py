"""A nap of some seconds, after which a drive that the BIOS froze is not frozen any more.

Why: the BIOS sends SECURITY FREEZE LOCK at the start, and only a drive without power forgets it
(ACS-3 7.46); suspending to memory takes its power away, the BIOS of many computers does not freeze
again on waking. Only where the kernel knows that deep state: a shallow one leaves drives powered.
Whether anything is going on that must not sleep is the caller's to know.
"""

from __future__ import annotations

from recond.host.files import Files
from recond.host.process import Processes
from recond.model import Unknown

SECONDS = 5
STATES, DEPTHS = "/sys/power/state", "/sys/power/mem_sleep"
ALARM = "/sys/class/rtc/rtc0/wakealarm"


def can_nap(files: Files) -> bool:
    """Whether the machine sleeps without power to its drives and its clock can wake it
    (Documentation/admin-guide/pm/sleep-states.rst).
    """
    states, depths = files.read_text(STATES), files.read_text(DEPTHS)
    if isinstance(states, Unknown) or isinstance(depths, Unknown) or not files.exists(ALARM):
        return False
    return "mem" in states.split() and "deep" in depths.replace("[", " ").replace("]", " ").split()


def nap(files: Files, processes: Processes) -> bool:
    """Sleep and wake up; whether it did. Blocks as long as that takes."""
    try:
        (files.root / DEPTHS.lstrip("/")).write_text("deep", encoding="ascii")
    except OSError:
        return False
    return (
        processes.run(("rtcwake", "-m", "mem", "-s", str(SECONDS)), timeout_s=120.0).returncode == 0
    )
