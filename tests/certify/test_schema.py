"""The published schema is what the types say, and a real record is valid by it."""

from __future__ import annotations

import importlib.util
import json
from typing import Any

import jsonschema
import pytest

from recond.certify.record import Issue, build_record
from recond.codec import to_json
from recond.erasure import Bench, Context, LedgerPosition, Person
from recond.workshop import Workshop
from tests.certify.journals import true_journal
from tests.house import ROOT

SCHEMA = ROOT / "docs" / "record.schema.json"


def made() -> Any:
    spec = importlib.util.spec_from_file_location("schema", ROOT / "packaging" / "schema.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def record(journals: dict[str, bytes]) -> Any:
    context = Context(Workshop("A"), Person("B"), Person(), Bench("b", None, False, None))
    issue = Issue(
        "run-1",
        "2026-11-24T00:00:00.000Z",
        (("recond", "0"),),
        LedgerPosition("l", 1, "00", "00", 2),
    )
    return to_json(build_record(context, None, (), journals, issue))


def test_the_published_schema_is_the_types() -> None:
    assert SCHEMA.read_text(encoding="utf-8") == made().text(), "run packaging/schema.py"


@pytest.mark.parametrize("raw", [b"", b"noise\n", true_journal(), true_journal()[:9000]])
def test_every_record_is_valid(raw: bytes) -> None:
    jsonschema.validate(record({"x": raw}), json.loads(SCHEMA.read_bytes()))


def test_a_field_too_many_or_too_few_is_not() -> None:
    schema, value = json.loads(SCHEMA.read_bytes()), record({"x": true_journal()})
    for broken in ({**value, "more": 1}, {k: v for k, v in value.items() if k != "erasures"}):
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.validate(broken, schema)
