"""The last line of a journal whose worker is gone, and the journal of a disk that never had one.

Why: what was confirmed is evidence. A power cut between two disks of one run leaves the second
without a journal, and a record made of journals alone would not speak of it: the donor would read
"erased" of the one and nothing of the other. So each confirmed disk has a journal before a record
is made; where its worker wrote none, the journal holds the plan, and that it was interrupted.
"""

from __future__ import annotations

import errno
from pathlib import Path

from recond import __version__
from recond.codec import from_json, to_json
from recond.documents import read_json
from recond.erasure import JOURNAL_SCHEMA
from recond.errors import FormatError, RecordInvalid
from recond.flow.runfolder import RunFolder
from recond.host import Host
from recond.host.diskid import read_strings
from recond.host.files import Files
from recond.host.journal_lines import read_entries
from recond.host.machineinfo import read_boot_id
from recond.host.realdisk import open_disk
from recond.host.regular import GROWN_BYTES, read_regular
from recond.host.write_switch import WriteSwitch
from recond.model import Json
from recond.wipe.job import Job
from recond.wipe.journal import Journal
from recond.wipe.position import Entries, is_lifted
from recond.wipe.write_protect import WriteProtect


def read_job(folder: RunFolder, name: str) -> Job:
    """A disk's job as it was confirmed. Raises `RecordInvalid`."""
    try:
        return from_json(Job, read_json(read_regular(folder.job(name))))
    except (OSError, ValueError, FormatError):
        raise RecordInvalid("wipe.run.unreadable", run=folder.run_id) from None


def close_unbegun(folder: RunFolder, host: Host) -> None:
    """Give each confirmed disk its journal. The caller holds the run, and no worker of it lives.

    Raises `RecordInvalid` where a job cannot be read: a record would leave its disk out.
    """
    for name in folder.jobs():
        _close(folder, name, host, left_open=False)


def close_left(folder: RunFolder, host: Host) -> None:
    """The same, and a last line for each journal that nobody goes on with before a record is made:
    its closing was cut off, or its disk is not here, or another run had it since.
    """
    for name in folder.jobs():
        _close(folder, name, host, left_open=True)


def _close(folder: RunFolder, name: str, host: Host, *, left_open: bool) -> None:
    path = folder.journal(name)
    raw = read_regular(path, GROWN_BYTES) if path.exists() else b""
    entries = read_entries(raw)
    unbegun = not any(kind == "plan" for kind, _ in entries)
    # a damaged journal stays as it is: with a line more it would pass for one that went on
    if unbegun or (left_open and len(entries) == raw.count(b"\n")):
        close_journal(path, read_job(folder, name), host, "power")


def close_journal(
    path: Path, job: Job, host: Host, reason: str, *, abandoned: bool = False
) -> bool:
    """Say in a journal without an end how its worker ended; whether that was needed. A write
    protection that the worker lifted is set again first, unless the computer has started since,
    another card stands there now, or somebody is at the area: another run's erasure would fail.

    `abandoned` as in `JournalFile.reopen`. Raises `OSError`, `BenchLacks`.
    """
    raw = read_regular(path, GROWN_BYTES) if path.exists() else b""
    entries = read_entries(raw)
    if entries and entries[-1][0] in ("end", "interrupted"):
        return False
    if path.exists():
        journal, _ = Journal.reopen(path, host.clock, abandoned=abandoned)
    else:
        journal = Journal.create(path, host.clock)
    kinds = {kind for kind, _ in entries}
    if "open" not in kinds:
        journal.log("open", _opening(job, host.files))
    if "plan" not in kinds:
        journal.log("plan", {"plan": to_json(job.plan), "digest": job.digest})
    ours = is_lifted(entries) and _is_of_this_boot(entries, host.files)
    if ours and _is_area_of(job, host.files) and (abandoned or not _is_in_use(job, host.files)):
        protection = WriteProtect(job.path, journal.log, WriteSwitch(host.files))
        protection.take_over()
        protection.restore()
    journal.log("interrupted", {"by": "supervisor", "reason": reason, "signal": None})
    journal.close()
    return True


def _is_of_this_boot(entries: Entries, files: Files) -> bool:
    """Whether the journal's last session was in this boot: each start sets the switches anew."""
    boots = [data.get("boot") for kind, data in entries if kind == "open"]
    return boots[-1:] == [read_boot_id(files)]


def _is_area_of(job: Job, files: Files) -> bool:
    """Whether the card that the job was confirmed for is the one at its path."""
    return read_strings(files, job.path.rpartition("/")[2]).serial == job.plan.disk.serial


def _is_in_use(job: Job, files: Files) -> bool:
    """Whether a file system or another run holds the area."""
    try:
        open_disk(str(files.at(job.path)), True).close()
    except OSError as error:
        return isinstance(error, BlockingIOError) or error.errno == errno.EBUSY
    return False


def _opening(job: Job, files: Files) -> dict[str, Json]:
    return {
        "schema": JOURNAL_SCHEMA,
        "run_id": job.run_id,
        "path": job.path,
        "software": {"name": "recond", "version": __version__},
        "session": 1,
        "boot": read_boot_id(files),
        "demonstration": job.demonstration,
    }
