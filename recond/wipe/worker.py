"""The worker: one process for one disk.

Why: a worker that hangs in the kernel, crashes or is killed takes down its own disk only. It gets
its job as a file, writes its journal itself, and tells its supervisor how far it is, one JSON line
at a time, on standard output; nothing that it says there is evidence. SIGTERM and SIGINT ask it to
stop at the next piece.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from pathlib import Path
from types import FrameType

from recond.codec import from_json
from recond.host.clock import SystemClock
from recond.host.drives import open_drive
from recond.host.files import Files
from recond.host.machineinfo import read_boot_id, read_temperature
from recond.host.realdisk import open_disk
from recond.host.target import read_target
from recond.model import Json
from recond.wipe.firmware import Firmware
from recond.wipe.job import Job, Seam
from recond.wipe.journal import read_entries
from recond.wipe.position import read_standing
from recond.wipe.session import resume_job, run_job

OUTCOME_EXIT = {"completed": 0, "failed": 5, "refused": 4, "interrupted": 130}


class _Stop:
    """Set by a signal, asked by the engine."""

    def __init__(self) -> None:
        self.asked = False

    def __call__(self) -> bool:
        return self.asked

    def handle(self, _number: int, _frame: FrameType | None) -> None:
        self.asked = True


def _tell(event: dict[str, Json]) -> None:
    try:
        sys.stdout.write(json.dumps(event) + "\n")
        sys.stdout.flush()
    except OSError:
        # the supervisor is gone: the erasure goes on, the journal is what counts
        sys.stdout = Path(os.devnull).open("w")  # noqa: SIM115 - for the rest of the process


def real_seam() -> Seam:
    """The session's seam to this computer."""
    files = Files()
    return Seam(
        open_disk=open_disk,
        read_target=lambda path, image: read_target(path, image=image),
        clock=SystemClock(),
        boot_id=read_boot_id(files),
        temperature=lambda path: read_temperature(files, path),
        firmware=Firmware(open_drive, SystemClock()),
    )


def main(argv: list[str]) -> int:
    """`python -m recond.wipe.worker JOB.json [resume]`. Returns the process's exit code."""
    stop = _Stop()
    signal.signal(signal.SIGTERM, stop.handle)
    signal.signal(signal.SIGINT, stop.handle)
    job = from_json(Job, json.loads(Path(argv[0]).read_text(encoding="utf-8")))
    seam = real_seam()
    if argv[1:] == ["resume"]:
        entries = read_entries(Path(job.journal).read_bytes())
        last_boot = next(
            (d.get("boot") for k, d in reversed(entries) if k in ("open", "resume")), None)
        standing = read_standing(entries, last_boot == seam.boot_id)
        outcome = resume_job(job, standing.position, seam, stop, _tell)
    else:
        outcome = run_job(job, seam, stop, _tell)
    return OUTCOME_EXIT.get(outcome, 1)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
