"""The memory: `memtester` writes patterns into a part of it and reads them back.

Why a part: what the system and we ourselves use cannot be tried from within. The sentence says how
much was; a whole test is memtest86+ from a stick. Source: memtester(8), "EXIT CODE".
"""

from __future__ import annotations

from recond.host import Host
from recond.host.process import Completed
from recond.inspect.trial import PartSeen, Trial
from recond.model import Unknown

MIB = 1 << 20
MOST_MIB = 512
ABOUT_S = 120
LIMIT_S = 900
_NOT_HELD = b"unlocked memory"
_CANNOT, _ADDRESS, _OTHER = 0x01, 0x02, 0x04


def try_memory(host: Host) -> Trial:
    """At most half of what is free, and at most `MOST_MIB`."""
    free = host.conditions.read().available_bytes
    if isinstance(free, Unknown):
        return (PartSeen.unknown("memory_unread"),)
    mib = min(MOST_MIB, free.value // 2 // MIB)
    if mib < 1:
        return (PartSeen.unknown("memory_full"),)
    tool = host.parts.start(("memtester", f"{mib}M", "1"))
    began = host.clock.monotonic_s()
    try:
        while (ended := tool.poll()) is None:
            if host.clock.monotonic_s() - began > LIMIT_S:
                return (PartSeen.unknown("memory_slow", limit_s=LIMIT_S),)
            yield None
    finally:
        tool.stop()
    return (judge_memory(ended, mib * MIB),)


def judge_memory(ended: Completed, tried_bytes: int) -> PartSeen:
    """What its end means; any fault that it found is one, whatever else went wrong."""
    if ended.missing:
        return PartSeen.unknown("no_tool", tool="memtester")
    if ended.returncode > 0 and ended.returncode & (_ADDRESS | _OTHER):
        return PartSeen.failed("memory_failed", tried_ram_bytes=tried_bytes)
    if _NOT_HELD in ended.stdout:  # what is not held in place may never have been in the memory
        return PartSeen.unknown("memory_not_held")
    if ended.returncode != 0:
        return PartSeen.unknown("memory_refused", exit=ended.returncode)
    return PartSeen.passed("memory_passed", tried_ram_bytes=tried_bytes)
