"""The runs of a bench: which are settled, what was issued for them, which had a disk.

Why: a bench makes 10,000 runs a year, and each start looked into all of them for the one that is
open. What was found in a settled run is kept in an index (`recond.host.recall`) and not read again
as long as the run's folder did not change. The index is never evidence, and nothing that it says
makes a run appear: what is listed are the folders; what is not settled, and whatever is acted on,
is read from the run's own files; which runs had a disk is asked of the journals' names. A lie could
only call settled what is not: so some rows, drawn by chance, are held against the files each time
(all of them on a small bench), and where one is wrong the whole index is made anew.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from recond.errors import RecondError
from recond.flow.runfolder import ISSUED, IssuedNote, RunFolder
from recond.flow.runnote import digests_of
from recond.host.journal_lines import has_ended, read_entries
from recond.host.parallel import for_each
from recond.host.recall import Recall, Stamp, listed, stamped

INDEX = ".runs-index"
DRAWN = 16
"""Rows that are held against their run's files, at each look."""
RECENT = 256
"""The newest runs, whose files are looked at beside their folder: that is where people are at."""
SAVED_EACH = 2_000
"""Runs looked into before what was found is kept: a rebuild that is killed goes on."""


@dataclass(frozen=True, slots=True)
class SeenRun:
    """A run as it stands. `settled`: every disk has its end and the certificate is of these
    journals, so that nothing is left to do. `certificate`: the folder of what was issued for it,
    None where nothing was. `replacing`: its files are just being replaced.
    """

    path: str
    settled: bool
    certificate: str | None
    signed: bool
    replacing: bool = False

    @property
    def folder(self) -> RunFolder:
        """Its folder."""
        return RunFolder(Path(self.path))

    @property
    def run_id(self) -> str:
        """The run's id is its folder's name."""
        return self.path.rpartition("/")[2]


class _Look(NamedTuple):
    """A run as its files show it; `run` None: it has not begun. The stamps, of the folder and of
    its files, were taken before.
    """

    run: SeenRun | None
    folder: Stamp = Stamp()
    files: Stamp = Stamp()


def seen_runs(state: Path) -> tuple[SeenRun, ...]:
    """Every run of this bench that has begun, oldest first."""
    names = run_names(state)
    index = Recall(state / INDEX, "files", "certificate", "signed")
    for name in set(index.names).difference(names):
        index.drop(name)
    recent = frozenset(names[-RECENT:])
    known = (_known(state, name, index, name in recent) for name in names)
    found = {one.run_id: one for one in known if one is not None}
    if _is_lying(found):
        for name in index.names:
            index.drop(name)
        found = {}
    for number, look in enumerate(_looks(state, [one for one in names if one not in found])):
        run = look.run
        if run is None:
            continue
        found[run.run_id] = run
        if run.settled:
            stamp = Stamp(look.folder.text, max(look.folder.newest_ns, look.files.newest_ns))
            index.keep(run.run_id, stamp, (look.files.text, run.certificate, int(run.signed)))
        else:
            index.drop(run.run_id)
        if number % SAVED_EACH == SAVED_EACH - 1:
            index.save()
    index.save()
    return tuple(found[name] for name in names if name in found)


def open_folders(state: Path) -> tuple[RunFolder, ...]:
    """The runs that have begun and are not settled, oldest first."""
    return tuple(one.folder for one in seen_runs(state) if not one.settled)


def run_names(state: Path) -> list[str]:
    """What lies among the runs, oldest first; whether one has begun is not asked."""
    return listed(f"{state}/runs")


def newest_runs(state: Path, begin: str = "") -> Iterator[RunFolder]:
    """The runs of this bench that have begun and whose ids begin so, newest first, each looked at
    when it is asked for.
    """
    for name in reversed(run_names(state)):
        folder = RunFolder(state / "runs" / name)
        if name.startswith(begin) and folder.path.is_dir() and folder.has_begun:
            yield folder


class JournalNames:
    """The journals of a bench by their names, as the folders show them when first asked."""

    def __init__(self, state: Path) -> None:
        self._state = state
        self._names: list[tuple[str, list[str]]] | None = None

    def of_disk(
        self, name: str, *, newest_first: bool = False
    ) -> tuple[tuple[RunFolder, Path], ...]:
        """The journals whose names begin with a disk's (`disk_name`), the oldest run first."""
        if self._names is None:
            runs = f"{self._state}/runs"
            self._names = [
                (run, listed(f"{runs}/{run}/journals")) for run in run_names(self._state)
            ]
        return tuple(
            (RunFolder(self._state / "runs" / run), self._state / "runs" / run / "journals" / file)
            for run, files in (reversed(self._names) if newest_first else self._names)
            for file in files
            if file.startswith(name) and file.endswith(".jsonl")
        )


# --- One run ---------------------------------------------------------------------------------


def _known(state: Path, name: str, index: Recall, recent: bool) -> SeenRun | None:
    """A settled run as the index knows it; None: look into it."""
    path = f"{state}/runs/{name}"
    row = index.told(name, Stamp.at(path))
    if row is None or (recent and row[0] != _files_stamp(path).text):
        return None
    _, certificate, signed = row
    if not isinstance(certificate, str) or signed not in (0, 1):
        return None
    return SeenRun(path, settled=True, certificate=certificate, signed=bool(signed))


def _is_lying(found: dict[str, SeenRun]) -> bool:
    """Whether a row that was drawn by chance is not what the run's files show."""
    drawn = random.sample(list(found.values()), min(DRAWN, len(found)))
    return any(_look(one.path).run != one for one in drawn)


def _looks(state: Path, names: list[str]) -> Iterator[_Look]:
    return for_each(_look, (f"{state}/runs/{name}" for name in names), _lost)


def _lost(path: str) -> _Look:
    """A run whose reader was killed is not settled, for all that is known."""
    return _Look(SeenRun(path, settled=False, certificate=None, signed=False))


def _look(path: str) -> _Look:
    """What a run's files show. Raises nothing."""
    folder, stamp, files = RunFolder(Path(path)), Stamp.at(path), _files_stamp(path)
    if not folder.path.is_dir() or not folder.has_begun:
        return _Look(None)
    note = folder.note()
    if note is None:
        return _Look(SeenRun(path, settled=False, certificate=None, signed=False))
    settled = _is_settled(folder, note)
    run = SeenRun(path, settled, note.folder, note.signed, note.replacing)
    return _Look(run, stamp, files)


def _is_settled(folder: RunFolder, note: IssuedNote) -> bool:
    """Whether `recond resume` would leave the run as it is, whatever disks are here.

    A note of the former form names no journals: its certificate would have to be read each time.
    """
    try:
        journals = folder.journals()
        certified = (note.journals, note.beside.journals if note.beside else ())
        if note.replacing or not note.journals or digests_of(journals) not in certified:
            return False
        entries = {name: read_entries(raw) for name, raw in journals.items()}
        planned = {name for name, one in entries.items() if any(kind == "plan" for kind, _ in one)}
        return all(map(has_ended, entries.values())) and planned.issuperset(folder.jobs())
    except (OSError, RecondError):
        return False


def _files_stamp(path: str) -> Stamp:
    """Of all that a run is settled by, as one."""
    found = [Stamp.at(f"{path}/{ISSUED}"), Stamp.at(f"{path}/jobs")]
    found += [stamp for _, stamp in stamped(f"{path}/journals")]
    return Stamp(" / ".join(one.text for one in found), max(one.newest_ns for one in found))
