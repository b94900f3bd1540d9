"""A day or a moment that the calendar does not have is refused where it is read, whoever signed."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from recond.certify.judge.journal_read import parse_journal
from recond.certify.ledger import opening_line, read_ledger
from recond.certify.record import parse_record
from recond.codec import canonical_bytes, to_json
from recond.documents import read_json
from recond.errors import FormatError, UsageError
from recond.flow.lot.lot import LotDatabase, new_lot
from recond.moments import is_day, is_moment
from tests.keys.bench import StillClock
from tests.upload.erased import journal
from tests.upload.records import NOW, disk_erasure, record

NONE = ("2026-02-31", "2026-02-29", "1900-02-29", "0000-01-01", "2026-00-10", "2026-13-01", "")


def test_a_day_is_what_the_calendar_has() -> None:
    for year in (1, 4, 100, 400, 1900, 1996, 2000, 2023, 2024, 2100, 2400, 9999):
        for month in range(14):
            for day in range(33):
                text = f"{year:04d}-{month:02d}-{day:02d}"
                try:
                    there = bool(date(year, month, day))
                except ValueError:
                    there = False
                assert is_day(text) is there is is_moment(f"{text}T23:59:59.999Z"), text
    for text in (*NONE, "2026-11-24\n", "٢٠٢٦-11-24", "2026-W48-2"):
        assert not is_day(text), text


@pytest.mark.parametrize("time", ["24:00:00Z", "10:00:60Z", "10:00:00", "10:00:00.1234567Z"])
def test_a_moment_is_one_everywhere(time: str) -> None:
    """What Python and a browser would read otherwise, or not at all, is none."""
    assert is_moment("2026-11-24T10:00:00Z")
    assert not is_moment(f"2026-11-24T{time}")


def test_a_record_of_no_day_is_no_record() -> None:
    value = to_json(record())
    assert isinstance(value, dict)
    assert parse_record(value) == record()
    for name in ("issued_at", "started_at", "inspected_at"):
        places = {
            "issued_at": value,
            "started_at": value["erasures"][0],  # type: ignore[index]
            "inspected_at": value["machine"],
        }
        broken, place = to_json(record()), places[name]
        assert isinstance(place, dict)
        kept, place[name] = place[name], "2026-02-31T10:00:00.000Z"
        with pytest.raises(FormatError, match=r"codec\.time"):
            parse_record(value)
        place[name] = kept
        assert value == broken


def test_a_journal_or_ledger_of_no_day_is_broken() -> None:
    raw = journal("20261124-100000-00000001", disk_erasure("D1").disk)
    whole = parse_journal(raw)
    assert not whole.problems
    first = raw.split(b"\n")[0]
    entry = read_json(first)
    assert isinstance(entry, dict)
    line = canonical_bytes({**entry, "time": "2026-02-31T10:00:00.000Z"})
    assert [one.code for one in parse_journal(line + b"\n").problems] == ["certify.journal.line"]
    assert not read_ledger(opening_line("ab" * 16, NOW)).problems
    assert read_ledger(opening_line("ab" * 16, "2026-02-31T10:00:00.000Z")).problems


def test_a_lot_has_a_day_of_the_calendar(tmp_path: Path) -> None:
    where = LotDatabase(tmp_path)
    for day in NONE:
        with pytest.raises(UsageError):
            new_lot(where, "L", StillClock(NOW), date=day)
    assert new_lot(where, "L", StillClock(NOW), date="2024-02-29").lot.date == "2024-02-29"
