"""`--json-events`: every line is what docs/events.md says, and nothing is said that it lacks."""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path
from typing import Any

from recond.progress import Phase, ProgressEvent, WorkerEnd
from tests.cli.command import recond, valid
from tests.house import ROOT

PAGE = (ROOT / "docs" / "events.md").read_text(encoding="utf-8")
FIELDS = {
    phase: set(re.findall(r"`(\w+)`", fields))
    for phase, fields in re.findall(r"^\| `(\w+)` \| ([^|]*) \|", PAGE, re.MULTILINE)
    if phase != "phase"
}


def events(*arguments: str, folder: Path) -> list[dict[str, Any]]:
    done = recond(*arguments, "--json-events", "--json", folder=folder)
    assert done.code == 0, done.stderr
    assert isinstance(json.loads(done.stdout), dict), "standard output is the answer alone"
    return [valid(json.loads(line)) for line in done.stderr.splitlines() if line.startswith("{")]


def test_the_schema_and_the_page_name_the_same_fields() -> None:
    schema = json.loads((ROOT / "docs" / "answers.schema.json").read_bytes())
    fields = schema["$defs"]["recond.event-1"]["properties"].keys() - {"schema", "disk", "phase"}
    assert fields == set().union(*FIELDS.values())


def test_each_line_of_an_erasure_is_on_the_page(tmp_path: Path) -> None:
    (tmp_path / "d.img").write_bytes(b"donor" * 200_000)
    found = events(
        "wipe", "d.img", "--image", "--confirm", "d.img", "--method", "dod-short", folder=tmp_path
    )
    for one in found:
        assert one.keys() - {"schema", "disk", "phase"} <= FIELDS[one["phase"]], one
    last = {(one["phase"], one.get("step")): one for one in found}
    for step in range(3):
        assert last["write", step]["done"] == last["write", step]["total"] == 1_000_000
    assert last["verify", 3]["steps"] == 3
    named = {"schema": "recond.event/1"}
    assert last["end", None] == {**named, "disk": "d.img", "phase": "end", "outcome": "completed"}
    assert found[-1] == {**named, "disk": "", "phase": "certify"}


def test_the_page_and_the_code_have_the_same_phases_and_fields() -> None:
    assert FIELDS.keys() == set(Phase)
    fields = {field.name for field in dataclasses.fields(ProgressEvent)} - {"phase"}
    assert set().union(*FIELDS.values()) == fields
    for outcome in WorkerEnd:
        assert f"`{outcome}`" in PAGE
