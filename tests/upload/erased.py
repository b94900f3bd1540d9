"""Erasures of simulated disks, each with the journal that a worker of its run left."""

from __future__ import annotations

import functools
import re
from dataclasses import replace

from recond.certify.record import Belonging, fold_journal, journal_file
from recond.erasure import DiskIdentity, Erasure
from recond.host.sim.disk import Faults, SimCells
from recond.host.sim.drive import SimClock
from recond.host.tuning import REAL_PACE
from recond.model import Message
from recond.wipe.journal import Journal
from recond.wipe.session import Session
from tests.wipe.disks import Bay, job_for, letters, plan_for

DISK_BYTES = 32 << 20
BLOCK = 4096
PATH = "/dev/sda"
AREA = re.compile(r"-((?:boot|gp)\d)$")  # of an eMMC, behind its disk's number


@functools.cache
def _donated() -> bytes:
    return letters(DISK_BYTES)


@functools.cache
def journal(
    run: str,
    disk: DiskIdentity,
    *,
    fails: bool = False,
    refusals: tuple[Message, ...] = (),
    later_s: int = 0,
) -> bytes:
    """The journal of one disk of a run: erased, not written in one place, or refused."""
    clock = SimClock(3)
    clock.sleep(later_s)
    area = AREA.search(disk.serial or "")
    faults = Faults(bad_writes=frozenset({7})) if fails else None
    bay = Bay(
        SimCells(disk, _donated()[: disk.size_bytes], clock, 1, faults),
        clock,
        plan_for(disk, path=f"/dev/mmcblk0{area[1]}" if area else PATH, refusals=refusals),
        pace=REAL_PACE,
    )
    job = replace(job_for(bay.plan), run_id=run)
    seam, lines = bay.seam(), Journal(bay.sink, clock)
    Session(job, seam, lines, bay.should_stop, bay.told.append).run()
    return bay.sink.raw


def erasure(run: str, raw: bytes, serial: str) -> Erasure:
    """What the journal proves, in a record of its run."""
    return fold_journal(raw, journal_file(serial.strip() or "disk"), Belonging(run, False))
