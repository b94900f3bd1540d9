"""Finding a record while somebody types: the words of a record, and the question to the database.

Why the database's own index: FTS5 in SQLite and tsvector in PostgreSQL hold a million records and
answer for the beginning of any word. A label's end is what people read off a machine, so numbers
are kept backwards as well (`tails`) and `3456` finds DISK123456. Every word that is typed must be
met; the newest records come first. Pure but for the question.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import TSQUERY

from recond.board.judge import Kept

MOST_TERMS = 8
LONGEST_WORD = 64
SHORTEST_TAIL = 3
LATELY, SAMPLED = 20_000, 1_000
"""Among so many of the newest records a common word is looked for first; so many tell how common
one is."""
_TABLE = sa.table("board_search", sa.column("record"), sa.column("words"), sa.column("tails"))
_DAY = re.compile(r"(\d{4})-(\d{2})(?:-(\d{2}))?|(\d{2})/(\d{2})/(\d{4})")


def plain(text: str) -> str:
    """A text as it is compared: no case, no accents."""
    apart = unicodedata.normalize("NFKD", text.casefold())
    return "".join(one for one in apart if not unicodedata.combining(one))


def pieces(text: str) -> list[str]:
    """The words of a text, letters and digits only."""
    return [word[:LONGEST_WORD] for word in re.findall(r"[^\W_]+", plain(text))]


def words_of(kept: Kept) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """(words, numbers backwards) under which a record is found."""
    row = kept.row
    numbers = [row.record_id, row.serial, row.property_number]
    numbers += [disk.serial for disk in row.disks]
    names = [row.maker, row.model, kept.lot, kept.donor, row.bench, row.operator, kept.workshop]
    names += [disk.model for disk in row.disks]
    words = [word for text in (*numbers, *names) if text for word in pieces(text)]
    joined = ["".join(pieces(text))[:LONGEST_WORD] for text in numbers if text]
    day = row.issued_at[:10].replace("-", "")
    tails = [word[::-1] for word in joined if len(word) >= SHORTEST_TAIL]
    return _once((*words, *joined, day)), _once(tails)


def _once(words: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(word for word in words if word))


def terms_of(question: str) -> tuple[str, ...]:
    """What was typed, as words to be met."""
    found: list[str] = []
    for part in question.split()[: MOST_TERMS * 2]:
        day = _DAY.fullmatch(part)
        if day:
            year, month, date, *french = day.groups()
            found.append(
                french[2] + french[1] + french[0] if french[0] else year + month + (date or "")
            )
        else:
            found += pieces(part)
    return _once(found)[:MOST_TERMS]


def put_words(db: sa.Connection, record: int, words: Iterable[str], tails: Iterable[str]) -> None:
    """Write a record's words, in a `writing` transaction."""
    put_many(db, [(record, tuple(words), tuple(tails))])


def put_many(db: sa.Connection, rows: list[tuple[int, tuple[str, ...], tuple[str, ...]]]) -> None:
    """The words of several records."""
    if db.dialect.name == "postgresql":
        db.execute(
            sa.text(
                "INSERT INTO board_search (record, words, tails)"
                " VALUES (:record, array_to_tsvector(CAST(:words AS TEXT[])),"
                " array_to_tsvector(CAST(:tails AS TEXT[])))"
            ),
            [{"record": r, "words": list(w), "tails": list(t)} for r, w, t in rows],
        )
    else:
        db.execute(
            sa.text(
                "INSERT INTO board_search (rowid, words, tails) VALUES (:record, :words, :tails)"
            ),
            [{"record": r, "words": " ".join(w), "tails": " ".join(t)} for r, w, t in rows],
        )


def newest(
    db: sa.Connection,
    terms: tuple[str, ...],
    before: int | None,
    most: int,
    own: sa.Select[tuple[int]] | None = None,
) -> tuple[int, ...]:
    """The newest records that meet every term, below `before`, at most so many; newest first.
    `own`: of these records only. Terms are letters and digits (`terms_of`), so neither engine's
    operators can stand in them.
    """
    if db.dialect.name != "postgresql":
        return _newest_sqlite(db, terms, before, most, own)
    below = sa.true() if before is None else _TABLE.c.record < before
    if own is not None:
        theirs = own.cte("own").prefix_with("MATERIALIZED")
        held = _TABLE.join(theirs, theirs.c.id == _TABLE.c.record)
        found = sa.select(_TABLE.c.record).select_from(held).where(below, *_met(_TABLE, terms))
        with _guided(db):
            return _ids(db, found.order_by(_TABLE.c.record.desc()).limit(most))
    lately = _lately(LATELY, below)
    near = sa.select(lately.c.record).where(*_met(lately, terms))
    ids = _ids(db, near.order_by(lately.c.record.desc()).limit(most))
    return ids if len(ids) == most else _newest_of_all(db, terms, below, most)


def _newest_of_all(
    db: sa.Connection, terms: tuple[str, ...], below: sa.ColumnElement[bool], most: int
) -> tuple[int, ...]:
    """By the index, asked for the rare words alone where there are any.

    Why in two steps: a word that is in every fifth record is met fifty times among the newest few
    thousand, and collecting all that have it would take long; a serial number is found by the index
    at once, and looking for it from the newest on would read the whole table. The planner cannot
    tell one from the other: of the beginning of a word it has no statistics.
    """
    rare = _rare(db, terms, below)
    met = sa.select(_TABLE).where(below, *_met(_TABLE, rare)).cte("met").prefix_with("MATERIALIZED")
    rest = tuple(term for term in terms if term not in rare)
    found = sa.select(met.c.record).where(*_met(met, rest))
    with _guided(db):
        return _ids(db, found.order_by(met.c.record.desc()).limit(most))


def _rare(
    db: sa.Connection, terms: tuple[str, ...], below: sa.ColumnElement[bool]
) -> tuple[str, ...]:
    """The terms that few of the newest records meet; all of them where none is rare."""
    if len(terms) == 1:
        return terms
    some = _lately(SAMPLED, below)
    counts = [sa.func.count().filter(*_met(some, (term,))) for term in terms]
    row = db.execute(sa.select(*counts).select_from(some)).one()
    few = SAMPLED // 100
    rare = tuple(term for term, n in zip(terms, row, strict=True) if n <= few)
    return rare or terms


def _lately(most: int, below: sa.ColumnElement[bool]) -> sa.Subquery:
    return sa.select(_TABLE).where(below).order_by(_TABLE.c.record.desc()).limit(most).subquery()


def _ids(db: sa.Connection, found: sa.Select[tuple[int]]) -> tuple[int, ...]:
    return tuple(row.record for row in db.execute(found))


@contextmanager
def _guided(db: sa.Connection) -> Iterator[None]:
    """Plans of these very words (one for any words would collect the commonest of them), by index;
    until the block or the transaction ends.
    """
    named = ("enable_seqscan", "enable_hashjoin", "enable_mergejoin")
    db.execute(sa.text("SET LOCAL plan_cache_mode = force_custom_plan"))
    for name in named:
        db.execute(sa.text(f"SET LOCAL {name} = off"))
    yield
    for name in named:
        db.execute(sa.text(f"SET LOCAL {name} TO DEFAULT"))


def _newest_sqlite(
    db: sa.Connection,
    terms: tuple[str, ...],
    before: int | None,
    most: int,
    own: sa.Select[tuple[int]] | None,
) -> tuple[int, ...]:
    found = _sqlite(terms)
    row = sa.literal_column("board_search.rowid", sa.Integer)
    if before is not None:
        found = found.where(row < before)
    if own is not None:
        found = found.where(row.in_(own))
    return tuple(one.rowid for one in db.execute(found.order_by(row.desc()).limit(most)))


def _sqlite(terms: tuple[str, ...]) -> sa.Select[tuple[int]]:
    one = " AND ".join(
        f'(words : "{term}" *'
        + (f' OR tails : "{term[::-1]}" *' if len(term) >= SHORTEST_TAIL else "")
        + ")"
        for term in terms
    )
    table = sa.table("board_search", sa.column("rowid", sa.Integer))
    return sa.select(table.c.rowid).where(
        sa.literal_column("board_search").op("MATCH")(sa.bindparam("fts", one))
    )


def _met(table: sa.FromClause, terms: tuple[str, ...]) -> list[sa.ColumnElement[bool]]:
    met = []
    for term in terms:
        one: sa.ColumnElement[bool] = table.c.words.op("@@")(_begins(term))
        if len(term) >= SHORTEST_TAIL:
            one = one | table.c.tails.op("@@")(_begins(term[::-1]))
        met.append(one)
    return met


def _begins(word: str) -> sa.Cast[str]:
    return sa.cast(sa.literal(f"'{word}':*"), TSQUERY)
