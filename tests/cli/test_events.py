"""`--json-events`: every line is what docs/events.md says, and nothing is said that it lacks."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.cli.command import recond
from tests.house import PACKAGE, ROOT

PAGE = (ROOT / "docs" / "events.md").read_text(encoding="utf-8")
FIELDS = {
    phase: set(re.findall(r"`(\w+)`", fields))
    for phase, fields in re.findall(r"^\| `(\w+)` \| ([^|]*) \|", PAGE, re.MULTILINE)
}


def events(*arguments: str, folder: Path) -> list[dict[str, Any]]:
    done = recond(*arguments, "--json-events", "--json", folder=folder)
    assert done.code == 0, done.stderr
    assert isinstance(json.loads(done.stdout), dict), "standard output is the answer alone"
    return [json.loads(line) for line in done.stderr.splitlines() if line.startswith("{")]


def test_each_line_of_an_erasure_is_on_the_page(tmp_path: Path) -> None:
    (tmp_path / "d.img").write_bytes(b"donor" * 200_000)
    found = events(
        "wipe", "d.img", "--image", "--confirm", "d.img", "--method", "dod-short", folder=tmp_path
    )
    for one in found:
        assert one.keys() - {"disk", "phase"} <= FIELDS[one["phase"]], one
    last = {(one["phase"], one.get("step")): one for one in found}
    for step in range(3):
        assert last["write", step]["done"] == last["write", step]["total"] == 1_000_000
    assert last["verify", 3]["steps"] == 3
    assert last["end", None] == {"disk": "d.img", "phase": "end", "outcome": "completed"}
    assert found[-1] == {"disk": "", "phase": "certify"}


@pytest.mark.parametrize("room", ["wipe/session.py", "flow/run/supervisor.py", "flow/run/run.py"])
def test_every_phase_that_the_code_tells_is_on_the_page(room: str) -> None:
    text = (PACKAGE / room).read_text(encoding="utf-8")
    told = set(re.findall(r'(?:_tell|on_event)\([^)]*?"phase": "(\w+)"', text))
    assert told
    assert told <= FIELDS.keys()
