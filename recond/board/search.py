"""Finding a record while somebody types: the words of a record, and the question to the database.

Why the database's own index: FTS5 in SQLite and tsvector in PostgreSQL hold a million records and
answer for the beginning of any word. A label's end is what people read off a machine, so numbers
are kept backwards as well (`tails`) and `3456` finds DISK123456. Every word that is typed must be
met; the newest records come first. Pure but for the question.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import TSQUERY

from recond.board.judge import Kept

MOST_TERMS = 8
LONGEST_WORD = 64
SHORTEST_TAIL = 3
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


def matching(db: sa.Connection, terms: tuple[str, ...]) -> sa.ColumnElement[bool]:
    """The condition on `board_records.id` that every term is met. Terms are letters and digits
    only (`terms_of`), so neither engine's operators can stand in them.
    """
    asked = _postgres(terms) if db.dialect.name == "postgresql" else _sqlite(terms)
    return sa.literal_column("board_records.id").in_(asked)


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


def _postgres(terms: tuple[str, ...]) -> sa.Select[tuple[int]]:
    table = sa.table("board_search", sa.column("record"), sa.column("words"), sa.column("tails"))
    met = []
    for term in terms:
        one: sa.ColumnElement[bool] = table.c.words.op("@@")(_begins(term))
        if len(term) >= SHORTEST_TAIL:
            one = one | table.c.tails.op("@@")(_begins(term[::-1]))
        met.append(one)
    return sa.select(table.c.record).where(*met)


def _begins(word: str) -> sa.Cast[str]:
    return sa.cast(sa.literal(f"'{word}':*"), TSQUERY)
