"""A run's folder below the state: what is needed to go on, or to certify, after anything.

runs/<run id>/jobs/<disk>.json  what was confirmed, all of it before
runs/<run id>/run.json        context, machine, assessments, output folder: once this is there the
                              run has begun, and before that no byte is erased
runs/<run id>/issued.json     where the certificate is, and which journals it was made from
runs/<run id>/journals/<disk>.jsonl, errors/<disk>.txt
runs/<run id>/photos/<sha256>.jpg  the operator's, whose digests the record bears
runs/<run id>/errors/_recond.txt  tracebacks and failed tools of who looks after the run

All of it is for the bench alone (0600, folders 0700): a run knows people and serial numbers.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

from recond.codec import canonical_bytes, from_json, to_json
from recond.documents import read_json
from recond.erasure import Context, DiskIdentity
from recond.errors import FormatError, RecordInvalid, UsageError
from recond.host.clock import Clock
from recond.host.journalfile import sync_folder
from recond.host.locks import is_taken
from recond.host.log import log_swallowed
from recond.host.regular import GROWN_BYTES, read_regular
from recond.host.spool import Spool
from recond.host.store import write_whole
from recond.model import Assessment, Json, Machine
from recond.progress import ProgressEvent

RECORD, JWS = "record.json", "record.jws"
SIGNED, UNSIGNED = "certificate.pdf", "certificate-NON-SIGNE.pdf"
"""The files of a certificate's folder, beside `receipt.jws` and `journals/`."""

FACTS, ISSUED = "run.json", "issued.json"
_SUPERVISOR = "supervisor"

OnEvent = Callable[[str, ProgressEvent], None]
"""Hears a worker's progress: the disk's name in the run, and the event."""


@dataclass(frozen=True, slots=True)
class RunFacts:
    """What a run knew before it began. `whole`: with `--all`, the computer was to be erased; `boot`
    is the id of the boot that its census was made in.
    """

    run_id: str
    started_at: str
    out: str
    lang: str
    context: Context
    machine: Machine | None
    assessments: tuple[Assessment, ...]
    whole: bool = field(default=False, metadata={"later": True})
    boot: str = field(default="", metadata={"later": True})


@dataclass(frozen=True, slots=True)
class IssuedBeside:
    """A signed issue that stands beside a better one: its folder, and the SHA-256 of each journal
    that it was made from, by its disk's name.
    """

    folder: str
    journals: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class IssuedNote:
    """What was issued for a run: the record's folder, and the SHA-256 of each journal that the
    record was made from, by its disk's name; none in a note of the former form. `replacing`: its
    files are being replaced, and until they are, some may be of this issue and some of the next.
    `beside`: the last issue that did not take its place, of journals that are others by now.
    """

    folder: str
    signed: bool
    journals: tuple[tuple[str, str], ...] = field(default=(), metadata={"later": True})
    replacing: bool = field(default=False, metadata={"later": True})
    beside: IssuedBeside | None = field(default=None, metadata={"later": True})


@dataclass(frozen=True, slots=True)
class RunFolder:
    """The paths of one run."""

    path: Path

    @property
    def run_id(self) -> str:
        """The run's id is its folder's name."""
        return self.path.name

    @property
    def day(self) -> str:
        """The day on which it began, `2026-11-24`, as its id says."""
        return f"{self.run_id[:4]}-{self.run_id[4:6]}-{self.run_id[6:8]}"

    def job(self, name: str) -> Path:
        """A disk's job file."""
        return self.path / "jobs" / f"{name}.json"

    def journal(self, name: str) -> Path:
        """A disk's journal."""
        return self.path / "journals" / f"{name}.jsonl"

    def errors(self, name: str) -> Path:
        """What a disk's worker wrote to standard error."""
        return self.path / "errors" / f"{name}.txt"

    @property
    def own_errors(self) -> Path:
        """What went wrong beside the workers; no disk's name begins with `_`."""
        return self.errors("_recond")

    @property
    def issued(self) -> Path:
        """The note of what was issued; read it by `note`."""
        return self.path / ISSUED

    @property
    def has_begun(self) -> bool:
        """Whether its disks were confirmed, all of them: what has only a folder erased nothing."""
        told = (self.path / FACTS).exists() or self.issued.exists()
        return told or bool(self.journal_files())

    def note(self) -> IssuedNote | None:
        """What was issued; None where nothing was, or the note is damaged: it proves nothing then,
        and the journals are there to issue from.
        """
        try:
            return from_json(IssuedNote, read_json(read_regular(self.issued)))
        except FileNotFoundError:
            return None
        except (OSError, ValueError, FormatError) as error:
            log_swallowed("flow.run", error)
            return None

    def jobs(self) -> tuple[str, ...]:
        """The names of the disks that were confirmed, in order."""
        return tuple(sorted(file.stem for file in (self.path / "jobs").glob("*.json")))

    def journals(self) -> dict[str, bytes]:
        """Every journal by its disk's name, in order."""
        return {file.stem: read_regular(file, GROWN_BYTES) for file in self.journal_files()}

    def journal_files(self) -> tuple[Path, ...]:
        """The journals' paths, in order."""
        return tuple(sorted((self.path / "journals").glob("*.jsonl")))

    def supervised(self, *, wait: bool) -> AbstractContextManager[bool]:
        """Hold the run: one process at a time starts its workers, closes its journals, certifies.

        False where another process holds it and `wait` is false.
        """
        return Spool(self.path).locked(_SUPERVISOR, wait=wait)

    def is_supervised(self) -> bool:
        """Whether a process holds the run; asks, and takes nothing."""
        return is_taken(self.path / _SUPERVISOR)

    def facts(self) -> RunFacts:
        """What stands in run.json. Raises `RecordInvalid`."""
        try:
            return from_json(RunFacts, read_json(read_regular(self.path / FACTS)))
        except (OSError, ValueError):
            raise RecordInvalid("wipe.run.unreadable", run=self.run_id) from None


def new_run_id(clock: Clock) -> str:
    """`20261124-041130-1f2e3d4c`: sorts by time, and random enough to be one of its kind."""
    day, time = clock.now()[:19].split("T")
    return f"{day.replace('-', '')}-{time.replace(':', '')}-{clock.random_bytes(4).hex()}"


def make_run(state: Path, run_id: str) -> RunFolder:
    """Make a run's folder; it has not begun yet (`begin_run`). Raises `OSError`."""
    folder, runs = RunFolder(state / "runs" / run_id), state / "runs"
    runs.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder.path.mkdir(mode=0o700)
    for name in ("jobs", "journals", "errors"):
        (folder.path / name).mkdir(mode=0o700)
    sync_folder(runs)
    sync_folder(state)
    return folder


def begin_run(folder: RunFolder, facts: RunFacts) -> None:
    """Write a run's facts, once all that was confirmed stands in its jobs. Raises `OSError`."""
    write_json(folder.path / FACTS, to_json(facts))


def write_json(path: Path, value: Json) -> None:
    """Canonical JSON, written whole or not at all, for this bench alone. Raises `OSError`."""
    write_whole(path, canonical_bytes(value), mode=0o600)


def find_run(state: Path, run: str) -> RunFolder:
    """A run by its id, the beginning of its id, its number on a label (the id's last eight digits,
    in any case), or its folder. Raises `UsageError`.
    """
    if (Path(run) / FACTS).exists():
        return RunFolder(Path(run).resolve())
    runs, key = sorted((state / "runs").glob("*")), run.lower()
    found = [path for path in runs if path.name.startswith(key) or _is_named(path.name, key)]
    if len(found) != 1:
        raise UsageError("wipe.run.unknown" if not found else "wipe.run.ambiguous", run=run)
    return RunFolder(found[0])


def _is_named(run_id: str, key: str) -> bool:
    """Whether a lower-case word is a run's whole id, or its number on a label."""
    return bool(key) and key in (run_id, run_id.rpartition("-")[2])


def certificate_paths(state: Path, paths: tuple[Path, ...]) -> tuple[Path, ...]:
    """The paths as they are; for one that is not there and is a run's id, or its number on a label,
    the folder of that run's certificate, if it is known and the only one.
    """
    return tuple(path if path.exists() else _by_number(state, path) for path in paths)


def _by_number(state: Path, path: Path) -> Path:
    key = str(path).lower()
    named = [one for one in (state / "runs").glob("*") if _is_named(one.name, key)]
    note = RunFolder(named[0]).note() if len(named) == 1 else None
    return Path(note.folder) if note else path


def all_runs(state: Path) -> tuple[RunFolder, ...]:
    """Every run of this bench that has begun, oldest first."""
    found = (RunFolder(path) for path in sorted((state / "runs").glob("*")) if path.is_dir())
    return tuple(folder for folder in found if folder.has_begun)


def disk_name(identity: DiskIdentity, taken: frozenset[str]) -> str:
    """A file name for a disk: its token, made safe; numbered where two disks share it.

    A stick's file system (FAT) takes two names that differ by case for one.
    """
    token = identity.token + (f"-n{identity.namespace}" if identity.namespace else "")
    base = re.sub(r"[^A-Za-z0-9._-]+", "_", token).strip("._")[:80] or "disk"
    name, number = base, 2
    known = {one.casefold() for one in taken}
    while name.casefold() in known:
        name, number = f"{base}_{number}", number + 1
    return name
