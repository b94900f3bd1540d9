"""The demonstration: real benches as processes, real erasures of files, and every page says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from recond.board import demo
from tests.board.workshop import board, wait_for


def test_two_benches_erase_files_and_report(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first one's key is pinned, the second's is not; neither counts in a lot."""
    monkeypatch.setattr(demo, "BENCHES", 2)
    monkeypatch.setattr(demo, "COMPUTERS", 1)
    monkeypatch.setattr(demo, "STRANGER", 2)
    monkeypatch.setattr(demo, "KILLED", 1)
    with board(tmp_path / "tableau", demonstration=True) as workshop:
        children = demo.start_benches(workshop.opened, tmp_path, "fr", workshop.clock)
        try:
            reader = workshop.sign_in("demo", "demonstration")
            page = wait_for(lambda: done(reader.get("/search").text), 90)
        finally:
            for child in children:
                child.kill()
                child.wait()
        assert "DÉMONSTRATION" in page
        assert page.count("CLÉ NON RECONNUE") == 1
        assert page.count('<span class="tone good">DISQUES VIRTUELS EFFACÉS</span>') == 1
        lot = reader.get("/lots/D%C3%A9monstration").text
        assert "ne comptent dans aucun lot" in lot
        assert "<b>0</b>fiches" in lot
        assert "À régler" not in lot


def done(page: str) -> str:
    return page if page.count("/certificate.pdf") == 2 else ""
