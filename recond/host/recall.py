"""What was read of files that did not change since: an index that is never evidence.

Why: a bench has thousands of finished runs, and each command looked into all of them to find the
one that is open. Here lies, for each name, a stamp (what the file system said of it then) and what
was read. Whoever asks brings the stamp of now; where it is another, nothing is known. The file may
be taken away at any time: what it held is read again.

Why an image of an SQLite database and not a database in place: SQLite follows a link that was laid
there, waits for a pipe, and leaves a journal behind when it is killed. The image is read whole and
written whole as every file of ours is, so that a kill, a full disk and two processes at once leave
the old one or the new one. A checksum and the program's version stand before it; one that does not
fit, or holds anything but this one table, is none.
"""

from __future__ import annotations

import hashlib
import os
import sqlite3
import time
from contextlib import closing
from pathlib import Path
from typing import NamedTuple

from recond import __version__
from recond.host.log import log_swallowed
from recond.host.regular import read_regular
from recond.host.store import write_whole

Value = str | int | None
Values = tuple[Value, ...]

MOST_BYTES = 256 << 20
"""An index of a million names."""
YOUNG_NS = 3_000_000_000
"""What changed just now may change again without another time: FAT counts in two seconds."""
MOST_STEPS = 200
"""Millions of steps of SQLite's machine: an image that asks for more was made to."""


class Recall:
    """An index in a file. Its methods raise nothing: what cannot be read or kept is not known."""

    def __init__(self, file: Path, *fields: str) -> None:
        self._file, self._fields = file, fields
        self._rows = _read(file, fields)
        self._changed = False

    @property
    def names(self) -> tuple[str, ...]:
        """What something is known of."""
        return tuple(self._rows)

    def told(self, name: str, stamp: Stamp) -> Values | None:
        """What was read under a name when its stamp was this one; None: read it anew."""
        row = self._rows.get(name)
        return row[1:] if row is not None and row[0] == stamp.text else None

    def keep(self, name: str, stamp: Stamp, values: Values) -> None:
        """Keep what was read, unless it changed so lately that its stamp may lie."""
        if (
            not stamp.text
            or stamp.newest_ns > time.time_ns() - YOUNG_NS
            or not _is_text(name, *values)
        ):
            self.drop(name)
        elif self._rows.get(name) != (stamp.text, *values):
            self._rows[name] = (stamp.text, *values)
            self._changed = True

    def drop(self, name: str) -> None:
        """Know nothing of a name any more."""
        self._changed = self._rows.pop(name, None) is not None or self._changed

    def save(self) -> None:
        """Write the index where it changed, whole or not at all, into a folder that is there."""
        if not self._changed or not self._file.parent.is_dir():
            return
        try:
            write_whole(self._file, _image(self._fields, self._rows), mode=0o600)
        except (OSError, sqlite3.Error) as error:  # a full or read-only state costs time only
            log_swallowed("recall", error)
        self._changed = False


class Stamp(NamedTuple):
    """What the file system says of a thing: another text with each change, and for a copy that was
    put in its place; and when it changed last (nanoseconds). Empty: it is not there.
    """

    text: str = ""
    newest_ns: int = 0

    @staticmethod
    def of(status: os.stat_result) -> Stamp:
        """From what stat(2) answered."""
        numbers = status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns
        return Stamp(" ".join(map(str, numbers)), max(numbers[2:]))

    @staticmethod
    def at(path: str) -> Stamp:
        """Of what stands at a path; a text, as a `Path` for each of 10,000 costs more than the
        question.
        """
        try:
            return Stamp.of(os.stat(path))  # noqa: PTH116
        except OSError:
            return Stamp()


def stamped(folder: str) -> list[tuple[str, Stamp]]:
    """What lies in a folder, with its stamps, in order; nothing where it cannot be read."""
    try:
        with os.scandir(folder) as found:
            return sorted((one.name, Stamp.at(one.path)) for one in found)
    except OSError:
        return []


def listed(folder: str) -> list[str]:
    """The names of what lies in a folder, in order; nothing where it cannot be read."""
    try:
        with os.scandir(folder) as found:
            return sorted(one.name for one in found)
    except OSError:
        return []


def _is_text(*values: Value) -> bool:
    """Whether SQLite takes them: a folder's name may be no UTF-8."""
    try:
        "".join(one for one in values if isinstance(one, str)).encode("utf-8")
    except UnicodeEncodeError:
        return False
    return True


def _head(image: bytes) -> bytes:
    told = f"recond index 1 {__version__} {hashlib.sha256(image).hexdigest()}\n"
    return told.encode("ascii")


def _table(fields: tuple[str, ...]) -> str:
    columns = ", ".join(("name TEXT PRIMARY KEY", "stamp", *fields))
    return f"CREATE TABLE seen ({columns})"


def _read(file: Path, fields: tuple[str, ...]) -> dict[str, Values]:
    try:
        head, _, image = read_regular(file, MOST_BYTES).partition(b"\n")
        if head + b"\n" != _head(image):
            return {}
        with closing(sqlite3.connect(":memory:")) as database:
            database.deserialize(image)
            return _rows_of(database, fields)
    except FileNotFoundError:
        return {}
    except (OSError, ValueError, sqlite3.Error) as error:
        log_swallowed("recall", error)
        return {}


def _rows_of(database: sqlite3.Connection, fields: tuple[str, ...]) -> dict[str, Values]:
    """Every row. Raises `sqlite3.Error`, `ValueError` for another table, or a view in its place."""
    steps = iter(range(MOST_STEPS))
    database.set_progress_handler(lambda: int(next(steps, None) is None), 1_000_000)
    made = database.execute("SELECT sql FROM sqlite_master WHERE sql IS NOT NULL").fetchall()
    if made != [(_table(fields),)]:
        raise ValueError("another index")
    rows = database.execute(f"SELECT {', '.join(('name', 'stamp', *fields))} FROM seen")  # noqa: S608
    return {row[0]: row[1:] for row in rows}


def _image(fields: tuple[str, ...], rows: dict[str, Values]) -> bytes:
    marks = ", ".join("?" * (len(fields) + 2))
    with closing(sqlite3.connect(":memory:")) as database:
        database.execute(_table(fields))
        found = ((name, *values) for name, values in rows.items())
        database.executemany(f"INSERT INTO seen VALUES ({marks})", found)  # noqa: S608
        database.commit()
        image = database.serialize()
    return _head(image) + image
