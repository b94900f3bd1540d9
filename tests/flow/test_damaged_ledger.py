"""A damaged ledger is kept aside, a new one begins, and the operator is told."""

from __future__ import annotations

import json
from pathlib import Path

from tests.cli.command import recond


def test_a_damaged_ledger_is_set_aside_and_said(tmp_path: Path) -> None:
    image = tmp_path / "a.img"
    image.write_bytes(b"donor data, here" * 4096)
    wipe = ("wipe", str(image), "--image", "--confirm", "a.img")
    first = json.loads(recond(*wipe, "--json", folder=tmp_path).stdout)
    assert first["ledger_set_aside"] is None
    ledger = tmp_path / "state" / "ledger.jsonl"
    damaged = ledger.read_bytes().replace(b'"seq":0', b'"seq":7')
    assert damaged != ledger.read_bytes()
    ledger.write_bytes(damaged)

    again = recond("certify", first["run"], "--lang", "fr", folder=tmp_path)
    assert again.code == 0
    assert "Le registre de ce poste est abîmé à la ligne 1" in again.stdout
    kept = list((tmp_path / "state").glob("ledger-damaged-*.jsonl"))
    assert [path.read_bytes() for path in kept] == [damaged]
    assert recond("verify", first["folder"], folder=tmp_path).code == 0
