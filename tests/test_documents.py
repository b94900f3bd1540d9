"""The one reader of foreign JSON and TOML, and that what it refuses reaches nobody behind it."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from recond.certify.judge.journal_read import parse_journal
from recond.certify.ledger import parse_line
from recond.documents import MOST_DEEP, MOST_DIGITS, read_json, read_toml
from recond.errors import RecondError, RecordInvalid, UsageError
from recond.flow import config
from recond.flow.live.order import read_order
from recond.flow.run.closing import read_job
from recond.flow.runfolder import RunFolder
from recond.host.journal_lines import read_entries
from recond.inspect.smart import parse_smart
from recond.model import Unknown
from recond.upload.package import parse_record
from recond.wipe import worker

JSON_ATTACKS = {
    "doubled": b'{"kind": "end", "data": {}, "kind": "open"}',
    "doubled inside": b'[{"a": {"b": 1, "b": 2}}]',
    "nan": b'{"kind": NaN}',
    "infinity": b"[-Infinity]",
    "beyond every double": b'{"a": 1e999}',
    "minus that": b"[-1e999]",
    "digits without end": b"[" + b"9" * 5000 + b"]",
    "more digits than any counter": b"[" + b"9" * (MOST_DIGITS + 1) + b"]",
    "lists": b"[" * 100_000,
    "closed lists": b"[" * 900 + b"]" * 900,
    "objects": b'{"a":' * 300 + b"1" + b"}" * 300,
    "no UTF-8": b'"\xff"',
    "half a pair": b'{"a": "\\ud800"}',
    "the other half, in a name": b'[{"\\uDFFF x": 1}]',
    "the halves the wrong way round": b'["\\udc00\\ud800"]',
    "nothing": b"",
}

TOML_ATTACKS = {
    "doubled": "a = 1\na = 2",
    "nan": "a = nan",
    "infinity": "a = -inf",
    "beyond every double": "a = 1e999",
    "digits without end": "a = " + "9" * 5000,
    "more digits than any counter": "a = " + "9" * 400,
    "lists": "a = " + "[" * 100_000,
    "closed lists": "a = " + "[" * 300 + "]" * 300,
    "keys": "a" + ".a" * 400 + " = 1",
    "a key of very many parts": "a" + ".a" * 5000 + " = 1",
}


@pytest.mark.parametrize("name", JSON_ATTACKS)
def test_what_two_readers_read_differently_is_no_json(name: str) -> None:
    with pytest.raises(ValueError):
        read_json(JSON_ATTACKS[name])


@pytest.mark.parametrize("name", TOML_ATTACKS)
def test_nor_is_it_toml(name: str) -> None:
    with pytest.raises(ValueError):
        read_toml(TOML_ATTACKS[name])


def test_what_everybody_reads_alike_is_read() -> None:
    deep: object = 340282366920938463463374607431768211455  # a counter of 128 bits
    for _ in range(MOST_DEEP - 1):
        deep = [deep]
    assert read_json(json.dumps(deep)) == deep
    assert read_json('{"a": [1, -2.5, null, true, "é\\u0000"]}') == {
        "a": [1, -2.5, None, True, "é\0"]
    }
    assert read_json(b"\xef\xbb\xbf{}") == {}, "some servers begin with a byte order mark"
    assert read_toml("a = 1\nb.c = [0.5]") == {"a": 1, "b": {"c": [0.5]}}


def test_a_key_of_very_many_parts_is_found_at_once() -> None:
    """It took the square of their number: a minute for these."""
    before = time.process_time()
    for text in (
        "a" + " . a" * 60_000 + " = 1",
        "[" + "a." * 60_000 + "a]",
        'x."a"' + '."a"' * 60_000,
    ):
        with pytest.raises(ValueError):
            read_toml(text)
    assert time.process_time() - before < 2


def unknown(raw: bytes) -> None:
    if isinstance(parse_smart(raw), Unknown):
        raise RecordInvalid("test.unknown")


def no_line(raw: bytes) -> None:
    if parse_line(raw) is None:
        raise RecordInvalid("test.no_line")


def no_journal(raw: bytes) -> None:
    if parse_journal(raw + b"\n").problems:
        raise RecordInvalid("test.no_journal")


def no_entries(raw: bytes) -> None:
    if not read_entries(raw + b"\n"):
        raise RecordInvalid("test.no_entries")


@pytest.mark.parametrize("reader", [parse_record, unknown, no_line, no_journal, no_entries])
@pytest.mark.parametrize("name", JSON_ATTACKS)
def test_a_reader_of_evidence_says_no_and_does_not_break(
    name: str, reader: Callable[[bytes], None]
) -> None:
    with pytest.raises(RecondError):
        reader(JSON_ATTACKS[name])


@pytest.mark.parametrize("name", JSON_ATTACKS)
def test_a_file_of_a_run_that_was_damaged_is_named(tmp_path: Path, name: str) -> None:
    folder = RunFolder(tmp_path / "20261129-000000-00000000")
    (folder.path / "jobs").mkdir(parents=True)
    for file in ("run.json", "issued.json", "jobs/a.json"):
        (folder.path / file).write_bytes(JSON_ATTACKS[name])
    assert folder.note() is None
    with pytest.raises(RecordInvalid):
        folder.facts()
    with pytest.raises(RecordInvalid):
        read_job(folder, "a")
    assert worker.main([str(folder.job("a"))]) == RecordInvalid.exit_code


@pytest.mark.parametrize("name", TOML_ATTACKS)
def test_a_configuration_that_was_damaged_is_named(tmp_path: Path, name: str) -> None:
    (tmp_path / "recond.toml").write_text(TOML_ATTACKS[name])
    with pytest.raises(UsageError):
        config.declared_docks(tmp_path)
    with pytest.raises(UsageError):
        read_order(TOML_ATTACKS[name], "recond.toml", "")


def test_a_name_twice_behind_very_many_is_found_at_once() -> None:
    """It took the square of their number: an hour for these."""
    text = "{" + ",".join(f'"a{n}":0' for n in range(300_000)) + ',"a299999":1}'
    before = time.process_time()
    with pytest.raises(ValueError, match="a299999"):
        read_json(text)
    assert time.process_time() - before < 10
