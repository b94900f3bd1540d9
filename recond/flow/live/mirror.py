"""State and certificates of a live system, carried to its stick and back.

Why: what counts lives in memory, where no pulled or full stick can disturb an erasure; the stick
gets a copy of what changed, again and again. A journal grows on the stick by its new lines only, so
that after a power cut it is there up to the last seconds, and `resume` has what it needs.

    RECOND/certificats/<record id>/…      what is handed over
    RECOND/recond/keys, queue, runs       shared by all computers that the stick starts
    RECOND/recond/form.json               the newest form that anything there was written in
    RECOND/recond/benches/<bench id>/…    bench-id, ledger and keys/ with the public certificates:
                                          of one start of one computer, for two computers may run
                                          from one stick at once, and a ledger that two of them
                                          continue would be no ledger. A stick has one signing key,
                                          that of the computer that came first; what another one
                                          signed is known by the certificate that it leaves here.

Mounts nothing; keeps no time.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from recond.documents import read_json
from recond.errors import BenchLacks, UsageError
from recond.flow.config import read_bench_id
from recond.flow.photos import FOLDER as PHOTOS
from recond.flow.runfolder import ISSUED, RunFolder
from recond.flow.runnote import is_issued
from recond.flow.stateform import newest_form, read_form, write_form
from recond.flow.statementnote import all_statements
from recond.host.regular import GROWN_BYTES, open_regular, read_regular
from recond.host.stick import LABEL
from recond.host.store import append_bytes, write_whole
from recond.model import Message

CERTIFICATES = "certificats"
STATE = "recond"
SHARED = ("keys", "queue", "runs", "issues", "reformats", "unlocks")
KEYS = f"{STATE}/keys/"

Stamp = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Places:
    """The folders in memory. `state` as of `recond.host.state`, `out` as of `--out`."""

    state: Path
    out: Path

    def issued(self) -> tuple[Path, ...]:
        """Every folder with a certificate: below `out`, and where a run or a custody
        statement says that it has one.
        """
        found = [path for path in sorted(self.out.glob("*")) if path.is_dir()]
        for file in sorted((self.state / "runs").glob(f"*/{ISSUED}")):
            note = RunFolder(file.parent).note()
            found += [Path(note.folder).resolve()] if note is not None else []
        found += [Path(one.folder).resolve() for one in all_statements(self.state)]
        return tuple(dict.fromkeys(found))

    def pairs(self) -> tuple[tuple[Path, str], ...]:
        """(file in memory, its name on the stick), certificates first, then what points to them."""
        found = [
            (path, f"{CERTIFICATES}/{path.relative_to(folder.parent)}")
            for folder in self.issued()
            for path in _files(folder)
        ]
        for name in SHARED:
            found += [
                (path, f"{STATE}/{path.relative_to(self.state)}")
                for path in _files(self.state / name)
            ]
        if bench := _bench_id(self.state):
            folder = f"{STATE}/benches/{bench}"
            found += [
                (path, f"{folder}/{path.name}")
                for path in _files(self.state)
                if path.parent == self.state and path.name.startswith(("bench-", "ledger"))
            ]
            found += [
                (path, f"{folder}/{path.relative_to(self.state)}")
                for path in _files(self.state / "keys")
                if _is_public(path)
            ]
        return tuple(sorted(found, key=_turn))


def _turn(pair: tuple[Path, str]) -> int:
    """A run that says "issued" must find its certificate and its journals beside it; pictures are
    large, and a stick that they fill lacks nothing else.
    """
    return 2 if pair[0].parent.name == PHOTOS else int(pair[0].name == ISSUED)


def _bench_id(state: Path) -> str | None:
    """None for a damaged one too: it is said where something is to be erased."""
    with contextlib.suppress(UsageError, OSError):
        return read_bench_id(state)
    return None


def on_stick(certificate: Path) -> str:
    """How a person finds a certificate on the stick, on whatever computer."""
    return f"{LABEL}/{CERTIFICATES}/{certificate.parent.name}/{certificate.name}"


def _files(folder: Path) -> Iterator[Path]:
    """Every whole file below; names that begin with a dot are being written, or locks. A link is
    nobody's file: what it leads to is not ours to carry.
    """
    if folder.is_dir():
        for path in sorted(folder.rglob("*")):
            hidden = any(part.startswith(".") for part in path.relative_to(folder).parts)
            whole = path.is_file() and not path.is_symlink()
            if whole and not hidden and not path.name.endswith("lock"):
                yield path


def has_private_key(places: Places) -> bool:
    """Whether memory holds a key, or where one is, that would be lost with it."""
    return any(not _is_public(path) for path in _files(places.state / "keys"))


def _is_public(key: Path) -> bool:
    """Whether a file of the keys' folder may lie where nothing ever signs with it again."""
    return key.suffix == ".pem" or key.name == "revoked.json"


@dataclass
class Mirror:
    """What one stick holds of this computer's files. A new stick is a new, empty mirror.

    `foreign`: its keys are another's, and are left alone; ours are not carried into their place.
    `own`: it is the medium that this start came from, or that a person named: no other gets keys,
    for whoever takes it along could sign with them. `newer`: its state is of a newer recond, or
    nobody can tell: it gets certificates, and its state stays as it is.
    """

    places: Places
    stamps: dict[str, Stamp] = field(default_factory=dict)
    foreign: bool = False
    own: bool = False
    newer: bool = False

    def pending(self) -> tuple[tuple[Path, str, Stamp], ...]:
        """What the stick does not have yet."""
        found = []
        for path, name in self.places.pairs():
            if (self.foreign or not self.own) and name.startswith(KEYS):
                continue
            if self.newer and name.startswith(f"{STATE}/"):
                continue
            try:
                status = path.stat()
            except FileNotFoundError:
                continue  # sent and gone between the listing and now
            stamp = (status.st_size, status.st_mtime_ns)
            if self.stamps.get(name) != stamp:
                found.append((path, name, stamp))
        return tuple(found)

    def gone(self) -> tuple[str, ...]:
        """What the stick has from us and memory no longer: sent packages, replaced pages."""
        here = {name for _, name in self.places.pairs()}
        return tuple(name for name in self.stamps if name not in here)

    def write(self, stick: Path) -> None:
        """Carry over all that changed. Raises `OSError`; what was carried stays carried."""
        self.newer = form_fault(stick) is not None
        self.foreign = self._has_foreign_keys(stick)
        if not self.newer and read_form(stick / STATE) < newest_form():
            write_form(stick / STATE, newest_form())
        for path, name, stamp in self.pending():
            self._copy(path, stick / name, self.stamps.get(name))
            self.stamps[name] = stamp
        for name in self.gone():
            (stick / name).unlink(missing_ok=True)
            del self.stamps[name]

    def _has_foreign_keys(self, stick: Path) -> bool:
        """Another workshop's or computer's keys on this stick are not ours to replace."""
        for name in ("bench.pem", "bench.p12"):
            ours, theirs = self.places.state / "keys" / name, stick / KEYS / name
            if KEYS + name in self.stamps or not theirs.exists():
                continue
            if not ours.exists() or read_regular(ours) != read_regular(theirs):
                return True
        return False

    def _copy(self, path: Path, target: Path, before: Stamp | None) -> None:
        raw = read_regular(path, GROWN_BYTES)
        held = before[0] if before is not None and path.suffix == ".jsonl" else 0
        if not held or not _begins(target, raw[:held]):
            write_whole(target, raw)
            return
        append_bytes(target, raw[held:])


def form_fault(stick: Path) -> Message | None:
    """Why this recond must not touch the state on a stick; None where it may. What an older one
    left there is brought forward in memory.
    """
    try:
        form = read_form(stick / STATE)
    except BenchLacks as error:
        return error.message
    return Message("stick.newer") if form > newest_form() else None


def _begins(target: Path, held: bytes) -> bool:
    """Whether the stick's file is what we carried: a resumed journal first loses its torn line."""
    tail = held[-4096:]
    try:
        descriptor = open_regular(target, os.O_RDONLY)
    except OSError:
        return False
    with os.fdopen(descriptor, "rb") as stream:
        try:
            stream.seek(len(held) - len(tail))
            return stream.read(len(tail) + 1) == tail
        except OSError:
            return False


def restore(stick: Path, places: Places, disks: frozenset[str]) -> Mirror:
    """Take keys, queue, and the unfinished runs of disks that are here (`disks`: their serials and
    WWNs) into memory. Returns the mirror of this stick. Raises `OSError`.

    A file that is here already stays, whatever the stick holds: a journal that is replaced under
    its worker loses every line from then on. At a start there is none, and the stick's times (of
    two seconds, in a local time) could not tell which of two is the newer.
    """
    mirror = Mirror(places, own=True)
    wanted = [stick / STATE / "keys", stick / STATE / "queue", *_unfinished(stick, disks)]
    for folder in wanted:
        for path in _files(folder):
            name = str(path.relative_to(stick))
            target = places.state / path.relative_to(stick / STATE)
            private = "keys" in target.parts or "runs" in target.parts
            raw = read_regular(path, GROWN_BYTES)
            target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            if not target.exists():
                write_whole(target, raw, mode=0o600 if private else 0o644)
            status = target.stat()
            if read_regular(target, GROWN_BYTES) == raw:  # else it is carried onto the stick again
                mirror.stamps[name] = (status.st_size, status.st_mtime_ns)
    return mirror


def _unfinished(stick: Path, disks: frozenset[str]) -> list[Path]:
    """Runs without a certificate whose disks are in this computer.

    Another computer that runs from the same stick has such runs too: without this choice, resuming
    here would close its journals as interrupted.
    """
    found = []
    for run in sorted((stick / STATE / "runs").glob("*")):
        if not is_issued(RunFolder(run)) and any(
            _names(job) & disks for job in (run / "jobs").glob("*.json")
        ):
            found.append(run)
    return found


def _names(job: Path) -> frozenset[str]:
    try:
        disk = read_json(read_regular(job))["plan"]["disk"]
        return frozenset(str(disk[key]) for key in ("serial", "wwn") if disk.get(key))
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        return frozenset()


def unfinished_here(places: Places) -> int:
    """How many runs in memory have begun, and have no certificate yet."""
    return len(unfinished_runs(places))


def unfinished_runs(places: Places) -> tuple[Path, ...]:
    """Their folders, oldest first."""
    return tuple(
        run
        for run in sorted((places.state / "runs").glob("*"))
        if RunFolder(run).has_begun and not is_issued(RunFolder(run))
    )
