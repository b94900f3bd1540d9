"""A run's folder below the state: what is needed to go on, or to certify, after anything.

runs/<run id>/run.json        context, machine, assessments, output folder: written before the
                              first byte is erased
runs/<run id>/issued.json     where the certificate is, once there is one
runs/<run id>/jobs/<disk>.json, journals/<disk>.jsonl, errors/<disk>.txt
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from recond.codec import canonical_bytes, from_json, to_json
from recond.erasure import Context, DiskIdentity
from recond.errors import RecordInvalid, UsageError
from recond.host.clock import Clock
from recond.host.journalfile import sync_folder
from recond.host.spool import Spool
from recond.model import Assessment, Json, Machine

RECORD, JWS = "record.json", "record.jws"
SIGNED, UNSIGNED = "certificate.pdf", "certificate-NON-SIGNE.pdf"
"""The files of a certificate's folder, beside `receipt.jws` and `journals/`."""

OnEvent = Callable[[str, dict[str, Json]], None]
"""Hears a worker's progress: the disk's name in the run, and the event."""


@dataclass(frozen=True, slots=True)
class RunFacts:
    """What a run knew before it began."""

    run_id: str
    started_at: str
    out: str
    lang: str
    context: Context
    machine: Machine | None
    assessments: tuple[Assessment, ...]


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
    def issued(self) -> Path:
        """There once a certificate was issued; it names the folder."""
        return self.path / "issued.json"

    def journals(self) -> dict[str, bytes]:
        """Every journal by its disk's name, in order."""
        return {file.stem: file.read_bytes() for file in self.journal_files()}

    def journal_files(self) -> tuple[Path, ...]:
        """The journals' paths, in order."""
        return tuple(sorted((self.path / "journals").glob("*.jsonl")))

    def supervised(self, *, wait: bool) -> AbstractContextManager[bool]:
        """Hold the run: one process at a time starts its workers, closes its journals, certifies.

        False where another process holds it and `wait` is false.
        """
        return Spool(self.path).locked("supervisor", wait=wait)

    def facts(self) -> RunFacts:
        """What stands in run.json. Raises `RecordInvalid`."""
        try:
            return from_json(RunFacts, json.loads((self.path / "run.json").read_bytes()))
        except (OSError, ValueError):
            raise RecordInvalid("wipe.run.unreadable", run=self.run_id) from None


def new_run_id(clock: Clock) -> str:
    """`20261124-041130-1f2e3d4c`: sorts by time, and random enough to be one of its kind."""
    day, time = clock.now()[:19].split("T")
    return f"{day.replace('-', '')}-{time.replace(':', '')}-{clock.random_bytes(4).hex()}"


def create_run(state: Path, facts: RunFacts) -> RunFolder:
    """Make the run's folder with its facts, synced. Raises `OSError`."""
    folder = RunFolder(state / "runs" / facts.run_id)
    for name in ("jobs", "journals", "errors"):
        (folder.path / name).mkdir(parents=True, mode=0o700)
    write_json(folder.path / "run.json", to_json(facts))
    return folder


def write_json(path: Path, value: Json) -> None:
    """Canonical JSON, written whole or not at all."""
    temporary = path.with_name(f".{path.name}.new")
    with temporary.open("wb") as stream:
        stream.write(canonical_bytes(value))
        stream.flush()
        os.fsync(stream.fileno())
    temporary.replace(path)
    sync_folder(path.parent)


def find_run(state: Path, run: str) -> RunFolder:
    """A run by its id, the beginning of its id, or its folder. Raises `UsageError`."""
    if (Path(run) / "run.json").exists():
        return RunFolder(Path(run).resolve())
    found = [path for path in sorted((state / "runs").glob("*")) if path.name.startswith(run)]
    if len(found) != 1:
        raise UsageError("wipe.run.unknown" if not found else "wipe.run.ambiguous", run=run)
    return RunFolder(found[0])


def all_runs(state: Path) -> tuple[RunFolder, ...]:
    """Every run of this bench, oldest first."""
    return tuple(RunFolder(path) for path in sorted((state / "runs").glob("*")) if path.is_dir())


def disk_name(identity: DiskIdentity, taken: frozenset[str]) -> str:
    """A file name for a disk: its token, made safe; numbered where two disks share it."""
    token = identity.token + (f"-n{identity.namespace}" if identity.namespace else "")
    base = re.sub(r"[^A-Za-z0-9._-]+", "_", token).strip("._")[:80] or "disk"
    name, number = base, 2
    while name in taken:
        name, number = f"{base}_{number}", number + 1
    return name
