"""What all pages of one board share: database, records, room, words, and how it was started."""

from __future__ import annotations

import sys
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

import sqlalchemy as sa
from jinja2 import Environment, PackageLoader, StrictUndefined, pass_context
from jinja2.runtime import Context as Words
from starlette.responses import HTMLResponse, Response

from recond.board import tokens
from recond.board.database import Database
from recond.board.live import Certificate, Room
from recond.board.pace import BoardPace
from recond.board.people import BoardPerson, sha256
from recond.board.records import Records
from recond.board.tables import DISKS, RECORDS
from recond.board.tokens import BenchToken
from recond.host.clock import Clock
from recond.locale import Lang, date, duration, has, number, say, size, size_binary, text
from recond.model import Message

LANES = {"record": 4, "password": 2}
"""Threads for what takes long. Judging waits its turn for a minute and more, and Argon2 takes
64 MiB each time, on purpose: in the pages' own threads forty of them would hold up the room."""
MOST_LARGE, MOST_LARGE_EACH = 32, 2
"""Large bodies that are read or judged at a time: of all benches, and of one."""
BENCH_S = 5.0
"""How long a bench's token is believed without asking the database: a revocation takes so long."""


class Reader(Protocol):
    """Who reads a page."""

    @property
    def lang(self) -> Lang:
        """Their language."""

    @property
    def person(self) -> BoardPerson | None:
        """Who they are."""


@dataclass(slots=True)
class BoardContext:
    """One board. `address` is where it is reached; `secure` says that it speaks TLS. `cards` are
    the benches' cards as they were last drawn, with the version that they show.
    """

    state: Path
    database: Database
    records: Records
    room: Room
    clock: Clock
    pace: BoardPace
    address: str
    secure: bool
    demonstration: bool
    pages: Environment = field(default_factory=lambda: make_pages())
    closing: bool = False
    counted: tuple[float, object] | None = None  # `recond.board.numbers`'s, and when
    cards: dict[tuple[int, Lang], tuple[int, str]] = field(default_factory=dict)
    lanes: dict[str, ThreadPoolExecutor] = field(
        default_factory=lambda: {
            name: ThreadPoolExecutor(most, name) for name, most in LANES.items()
        }
    )
    _large: Counter[int] = field(default_factory=Counter)
    _benches: dict[str, tuple[float, BenchToken | None]] = field(default_factory=dict)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def cookie(self) -> str:
        """The session's cookie; over TLS its name binds it to this host (RFC 6265bis §4.1.3.2)."""
        return "__Host-recond" if self.secure else "recond"

    def bench_of(self, token: str) -> BenchToken | None:
        """Whose token it is, asked of the database every few seconds only."""
        if not token:
            return None
        key, now = sha256(token), self.clock.monotonic_s()
        with self._lock:
            known = self._benches.get(key)
            if known is not None and now - known[0] < BENCH_S:
                return known[1]
        with self.database.reading() as db:
            found = tokens.bench_of(db, token)
        with self._lock:
            if len(self._benches) > 10_000:
                self._benches.clear()
            if found is not None:
                self._benches[key] = (now, found)
            else:
                self._benches.pop(key, None)
        return found

    def hold(self, bench: int) -> bool:
        """Whether a bench may send another large body now; then `let_go` gives the place back."""
        with self._lock:
            if self._large[bench] >= MOST_LARGE_EACH or self._large.total() >= MOST_LARGE:
                return False
            self._large[bench] += 1
            return True

    def let_go(self, bench: int) -> None:
        """A large body was dealt with."""
        with self._lock:
            self._large[bench] -= 1

    def close(self) -> None:
        """End the threads; what waits for them is not begun."""
        for lane in self.lanes.values():
            lane.shutdown(wait=False, cancel_futures=True)

    def forget_tokens(self) -> None:
        """A bench was shut out: no token is believed unasked."""
        with self._lock:
            self._benches.clear()

    def look_up(self, runs: tuple[str, ...]) -> None:
        """Tell the room what the database holds for runs."""
        if not runs:
            return
        found: dict[str, Certificate | None] = dict.fromkeys(runs)
        with self.database.reading() as db:
            rows = db.execute(
                sa.select(
                    RECORDS.c.record_id, RECORDS.c.id, RECORDS.c.outcome, RECORDS.c.trusted
                ).where(RECORDS.c.record_id.in_(runs), RECORDS.c.current)
            ).all()
            held = sa.select(DISKS.c.record, DISKS.c.found_by).where(
                DISKS.c.record.in_([row.id for row in rows]), DISKS.c.found_by.is_not(None)
            )
            serials: dict[int, set[str]] = {row.id: set() for row in rows}
            for record, serial in db.execute(held):
                serials[record].add(serial)
        for row in rows:
            disks = frozenset(serials[row.id])
            found[row.record_id] = Certificate(row.id, row.outcome, row.trusted, disks)
        self.room.certify(found)

    def render(self, reader: Reader, page: str, status: int = 200, **values: object) -> Response:
        """A page in the reader's language."""
        return HTMLResponse(self.draw(reader.lang, page, person=reader.person, **values), status)

    def draw(self, lang: Lang, page: str, **values: object) -> str:
        """A page's or a piece's text."""
        return self.pages.get_template(page).render(
            lang=lang, demonstration=self.demonstration, **values
        )

    def note(self, error: Exception) -> None:
        """Say to whoever runs the board what went wrong; never what was sent."""
        reason = getattr(error, "orig", None) or error
        sys.stderr.write(f"recond board: {type(error).__name__}: {str(reason)[:300]}\n")


def make_pages() -> Environment:
    """The templates. Everything put into them is escaped; what is not there is an error."""
    pages = Environment(
        loader=PackageLoader("recond.board", "pages"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    pages.globals["t"] = _t
    pages.globals["say"] = _say
    pages.globals["has"] = has
    pages.filters["size"] = _in(size)
    pages.filters["duration"] = _in(duration)
    pages.filters["ram"] = _in(size_binary)
    pages.filters["number"] = _in(number)
    pages.filters["day"] = _in(date)
    return pages


@pass_context
def _t(words: Words, code: str, **args: str | int) -> str:
    return text(words["lang"], code, **args)


@pass_context
def _say(words: Words, message: Message) -> str:
    return say(words["lang"], message)


def _in(function: object) -> object:
    """A function of (language, value) as a filter."""

    @pass_context
    def put(words: Words, value: object) -> str:
        if value is None:
            return "—"
        return str(function(words["lang"], value))  # type: ignore[operator]

    return put
