"""The worker: one process for one disk.

Why: a worker that hangs in the kernel, crashes or is killed takes down its own disk only. It gets
its job as a file, writes its journal itself, and tells its supervisor how far it is, one JSON line
at a time, on standard output; nothing that it says there is evidence. SIGTERM and SIGINT ask it to
stop at the next piece.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import stat
import sys
from pathlib import Path
from types import FrameType

from recond.codec import from_json
from recond.documents import read_json
from recond.ends import JournalEnd
from recond.errors import FormatError, RecondError, RecordInvalid, UsageError
from recond.host.clock import SystemClock
from recond.host.drives import open_drive
from recond.host.files import Files
from recond.host.journal_lines import read_entries
from recond.host.log import errors_kept, start_log
from recond.host.machineinfo import read_boot_id, read_temperature
from recond.host.process import LocalProcesses
from recond.host.realdisk import open_disk
from recond.host.reason import as_lack
from recond.host.regular import GROWN_BYTES, SMALL_BYTES, read_regular
from recond.host.target import read_target
from recond.host.write_switch import WriteSwitch
from recond.progress import ProgressEvent, WorkerEnd, ended
from recond.wipe.drive.opal import Opal
from recond.wipe.drive.runner import DriveRunner
from recond.wipe.job import Job, Seam
from recond.wipe.position import read_standing
from recond.wipe.start import resume_job, run_job

OUTCOME_EXIT = {
    JournalEnd.COMPLETED: 0,
    JournalEnd.FAILED: 5,
    JournalEnd.REFUSED: 4,
    JournalEnd.INTERRUPTED: 130,
}


class _Stop:
    """Set by a signal, asked by the engine."""

    def __init__(self) -> None:
        self.asked = False

    def __call__(self) -> bool:
        return self.asked

    def handle(self, _number: int, _frame: FrameType | None) -> None:
        self.asked = True


class _Voice:
    """Says how far it is, one JSON line at a time; never waits for a listener, nor needs one.

    A supervisor that was stopped or is gone must not hold the erasure up: the journal is what
    counts. A line shorter than PIPE_BUF goes into a pipe whole or not at all (pipe(7)).
    """

    def __init__(self) -> None:
        self._descriptor = sys.stdout.fileno()
        if stat.S_ISFIFO(os.fstat(self._descriptor).st_mode):
            os.set_blocking(self._descriptor, False)

    def __call__(self, event: ProgressEvent) -> None:
        with contextlib.suppress(OSError):
            os.write(self._descriptor, json.dumps(event.fields()).encode() + b"\n")


def real_seam(psid: str | None = None) -> Seam:
    """The session's seam to this computer; `psid` as the operator typed it for this disk."""
    files = Files()
    return Seam(
        open_disk=open_disk,
        read_target=lambda path, image: read_target(path, image=image),
        clock=SystemClock(),
        boot_id=read_boot_id(files),
        temperature=lambda path: read_temperature(files, path),
        firmware=DriveRunner(open_drive, SystemClock(), Opal(LocalProcesses(), psid)),
        switch=WriteSwitch(files),
    )


def main(argv: list[str]) -> int:
    """`python -m recond.wipe.worker JOB.json [resume] [psid]`. Returns the process's exit code.

    With `psid`, the PSID is the one line of standard input: arguments are seen by everybody.
    """
    start_log()
    stop, tell = _Stop(), _Voice()
    signal.signal(signal.SIGTERM, stop.handle)
    signal.signal(signal.SIGINT, stop.handle)
    try:
        job = _job(argv[0])
        psid = sys.stdin.readline().strip() if "psid" in argv[1:] else None
        with errors_kept(None):
            outcome = _work(job, real_seam(psid), stop, tell, again="resume" in argv[1:])
    except RecondError as error:
        tell(ended(WorkerEnd.LOST, error.message))
        sys.stderr.write(f"{error}\n")
        return error.exit_code
    return OUTCOME_EXIT[outcome]


def _job(path: str) -> Job:
    """What is to be done. Raises `BenchLacks`, `RecordInvalid` for a file that is no job."""
    try:
        return from_json(Job, read_json(_read(path, SMALL_BYTES)))
    except (ValueError, FormatError):
        run = Path(path).absolute().parents[1].name
        raise RecordInvalid("wipe.run.unreadable", run=run) from None


def _read(path: str, most_bytes: int) -> bytes:
    """The job or the journal; no disk is open yet. Raises `BenchLacks`."""
    try:
        return read_regular(Path(path), most_bytes)
    except OSError as error:
        raise as_lack(error) from None


def _work(job: Job, seam: Seam, stop: _Stop, tell: _Voice, *, again: bool) -> JournalEnd:
    if not again:
        return run_job(job, seam, stop, tell)
    entries = read_entries(_read(job.journal, GROWN_BYTES))
    boots = [data.get("boot") for kind, data in entries if kind == "open"]
    standing = read_standing(entries, boots[-1:] == [seam.boot_id])
    if standing.ended:
        raise UsageError("wipe.resume.ended", run=standing.run_id)
    return resume_job(job, standing.position, seam, stop, tell)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
