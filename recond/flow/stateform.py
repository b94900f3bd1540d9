"""The form of a state folder: one number, and the steps that lead from each form to the next.

Why: a bench is updated between two erasures, and its state outlives many versions. One that a newer
recond wrote may hold what this one does not understand: whatever writes refuses it before anything
is begun, and says so. An older one is brought forward once, file by file, and what changes is kept
first (`former/form-N`, with its sums). Killed between any two writes, it goes on at the next call:
every step looks at the files as they are, changes only what is still of the old form, and the
number is written last.

A state without the number is of form 1. A kept index (`.runs-index`, `.ledger-tree`) has no form
here: it names its own, and is made anew. Must not: touch a key, a journal or anything signed.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from recond import __version__
from recond.codec import canonical_bytes
from recond.documents import read_json
from recond.errors import BenchLacks
from recond.host.journalfile import sync_folder
from recond.host.reason import os_reason
from recond.host.regular import SMALL_BYTES, TooLarge, read_regular
from recond.host.state import FORMER, prepare_state
from recond.host.store import locked, write_whole

FILE = "form.json"
SCHEMA = "recond.state/1"
FIRST = 1
SUMS = "SHA256SUMS"


@dataclass(frozen=True, slots=True)
class Rewrite:
    """A file of the old form and what takes its place; `hold` keeps others from writing it
    meanwhile, and says whether it does.
    """

    file: Path
    before: bytes
    after: bytes
    hold: Callable[[], AbstractContextManager[bool]]


Step = Callable[[Path], Iterator[Rewrite]]
"""From a state folder: what is still of a form, as it will be in the next one."""


def name_journals(state: Path) -> Iterator[Rewrite]:
    """Form 1 to 2: the note of an issued run names the journals that its record was made from.

    Until 0.1.0 of November 2026 it did not, and they were read in the certificate each time. What
    is written is what was read there; a certificate that was moved away leaves its note as it is.
    """
    from dataclasses import replace

    from recond.codec import from_json
    from recond.errors import FormatError
    from recond.flow.runfolder import IssuedNote, all_runs
    from recond.flow.runnote import digests_in

    for run in all_runs(state):
        try:
            before = read_regular(run.issued)
            note = from_json(IssuedNote, read_json(before))
        except (OSError, ValueError, FormatError):
            continue  # none, or a damaged one: it proves nothing in any form
        found = () if note.journals or note.replacing else digests_in(Path(note.folder))
        if found:
            after = canonical_bytes(replace(note, journals=found))
            yield Rewrite(run.issued, before, after, partial(run.supervised, wait=False))


STEPS: tuple[Step, ...] = (name_journals,)
"""The first leads from form 1 to form 2, and so on; never shortened, never reordered."""


def newest_form(steps: tuple[Step, ...] = STEPS) -> int:
    """The form that this recond writes."""
    return FIRST + len(steps)


def read_form(folder: Path) -> int:
    """The form of a state folder, or of its copy on a stick. Raises `BenchLacks` for a number that
    cannot be read: nobody knows then who wrote the rest.
    """
    file = folder / FILE
    try:
        told = read_json(read_regular(file, SMALL_BYTES))
    except (FileNotFoundError, NotADirectoryError):
        return FIRST
    except (TooLarge, ValueError):
        raise BenchLacks("host.form.unreadable", file=str(file)) from None
    except OSError as error:
        raise BenchLacks("host.form.unread", file=str(file), reason=os_reason(error)) from None
    form = told.get("form") if isinstance(told, dict) and told.get("schema") == SCHEMA else None
    if not isinstance(form, int) or isinstance(form, bool) or form < FIRST:
        raise BenchLacks("host.form.unreadable", file=str(file))
    return form


def open_state(state: Path, steps: tuple[Step, ...] = STEPS) -> None:
    """Ask before anything is written whether this recond may, and bring an older form forward.

    Raises `BenchLacks` for a newer form, for a number that cannot be read, for a run of the older
    form that another process holds, and for a folder that cannot be written; `OSError`.
    """
    if _is_newest(state, steps) or not state.is_dir():
        return
    prepare_state(state)
    with locked(state / ".form-lock"):
        if not _is_newest(state, steps):  # by another process, meanwhile
            for number in range(read_form(state), newest_form(steps)):
                _bring_forward(state, number, steps[number - FIRST])


def write_form(folder: Path, form: int) -> None:
    """Write the number. Raises `OSError`."""
    told = canonical_bytes({"schema": SCHEMA, "form": form, "software": __version__})
    write_whole(folder / FILE, told, mode=0o600)


def _is_newest(state: Path, steps: tuple[Step, ...]) -> bool:
    """Raises `BenchLacks` where it is newer than what is known here."""
    found, newest = read_form(state), newest_form(steps)
    if found > newest:
        raise BenchLacks("host.form.newer", folder=str(state), form=found, known=newest)
    return found == newest


def _bring_forward(state: Path, number: int, step: Step) -> None:
    """One step; its number stands there once all of it is done."""
    rewrites = tuple(step(state))
    if rewrites:
        _keep(state, number, rewrites)
    for one in rewrites:
        with one.hold() as held:
            if not held or read_regular(one.file) != one.before:
                raise BenchLacks("host.form.busy", file=str(one.file))
            write_whole(one.file, one.after, mode=0o600)
    write_form(state, number + 1)


def _keep(state: Path, number: int, rewrites: tuple[Rewrite, ...]) -> None:
    """Copies of what will change, under a name that appears when they are whole on the disk. Each
    attempt keeps what it is about to change: what an earlier one changed lies beside it.
    """
    former = state / FORMER
    former.mkdir(mode=0o700, exist_ok=True)
    fresh = former / f".form-{number}.new"
    if fresh.exists():
        shutil.rmtree(fresh)  # of an attempt that was killed
    names = {str(one.file.relative_to(state)): one for one in rewrites}
    for name, one in names.items():
        write_whole(fresh / name, one.before, mode=0o600)
    sums = {name: hashlib.sha256(one.before).hexdigest() for name, one in names.items()}
    lines = "".join(f"{told}  {name}\n" for name, told in sorted(sums.items()))
    write_whole(fresh / SUMS, lines.encode(), mode=0o600)
    for name, told in sums.items():
        if hashlib.sha256(read_regular(fresh / name)).hexdigest() != told:
            raise BenchLacks("host.form.copy", file=str(fresh / name))
    for folder in {parent for name in names for parent in (fresh / name).parents}:
        if folder.is_relative_to(fresh):
            sync_folder(folder)
    os.rename(fresh, _free(former / f"form-{number}"))  # noqa: PTH104 - onto a name that is free
    sync_folder(former)


def _free(wanted: Path) -> Path:
    place, more = wanted, 2
    while place.exists():
        place, more = wanted.with_name(f"{wanted.name}-{more}"), more + 1
    return place
