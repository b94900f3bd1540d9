"""What should be put right before a long erasure: the cable, the memory. Nothing is refused for it.

Why: a laptop that is erased on its battery stops in the middle of the night, half erased, and a
worker that the kernel ends for want of memory has erased nothing that counts. Both are said before
the question "erase?", when they cost a minute.
"""

from __future__ import annotations

from recond.host.condition import Condition
from recond.model import Known, Message

MIB = 1 << 20
COMMAND_BYTES, WORKER_BYTES = 118 * MIB, 51 * MIB
"""What the command and each worker take at most (docs/benchmarks.md, eight disks at once)."""


def memory_needed(disks: int) -> int:
    """Bytes that a run over some disks takes at most."""
    return COMMAND_BYTES + disks * WORKER_BYTES


def warnings_before(condition: Condition, disks: int) -> tuple[Message, ...]:
    """What to put right before so many disks are erased; empty where nothing is known to be wrong.

    A computer without a battery is not warned of: it runs, so it has its cable.
    """
    found = []
    mains, charge = condition.on_mains, condition.charge_percent
    if isinstance(mains, Known) and not mains.value:
        found.append(
            Message.of("cli.run.on_battery", n=charge.value)
            if isinstance(charge, Known)
            else Message("cli.run.on_battery_unknown")
        )
    available, needed = condition.available_bytes, memory_needed(disks)
    if isinstance(available, Known) and available.value < needed:
        found.append(
            Message.of(
                "cli.run.little_memory", left_ram_bytes=available.value, needed_ram_bytes=needed
            )
        )
    return tuple(found)
