"""What a session is given: the job that was confirmed, and its seam to the outside.

Why: whoever writes a job file or builds a seam need not know the session. Types only.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from recond.ends import ConfirmedBy, StepEnd
from recond.erasure import Target, WipePlan, WipeStep
from recond.host.block import BlockDevice, Opener
from recond.host.clock import Clock
from recond.host.tuning import REAL_PACE, Pace
from recond.host.write_switch import WriteSwitch
from recond.model import Json, Message
from recond.progress import ProgressEvent


@dataclass(frozen=True, slots=True)
class Job:
    """What a worker is given: a plan and the digest that was confirmed. `path`: where it is now."""

    run_id: str
    plan: WipePlan
    digest: str
    path: str
    confirmed_by: ConfirmedBy
    token: str
    journal: str
    demonstration: bool = False


Tell = Callable[[ProgressEvent], None]
FirmwareRunner = Callable[
    [
        WipeStep,
        int,
        BlockDevice,
        Callable[[str, dict[str, Json]], None],
        Callable[[], bool],
        Callable[[int], None],
        list[tuple[str, dict[str, Json]]],
    ],
    tuple[StepEnd, Message | None],
]


@dataclass(frozen=True, slots=True)
class Seam:
    """What a session needs of the outside; a test gives simulated forms."""

    open_disk: Opener
    read_target: Callable[[str, bool], Target]
    clock: Clock
    boot_id: str
    temperature: Callable[[str], tuple[int, int] | None]  # (now, limit) in °C of a path
    firmware: FirmwareRunner | None = None
    pace: Pace = REAL_PACE
    switch: WriteSwitch | None = None  # of the kernel's write protection
