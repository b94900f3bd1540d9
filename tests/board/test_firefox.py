"""The pages in Firefox too, where it is installed: other engine, same board."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from recond.board.people import Role
from recond.board.room import refresh
from recond.codec import canonical_bytes
from tests.board.firefox import FIREFOX, Firefox
from tests.board.test_pages import MANIFEST
from tests.board.test_room import said
from tests.board.workshop import PASSWORD, Maker, Workshop


@pytest.fixture
def firefox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Firefox]:
    if FIREFOX is None:
        pytest.skip("firefox is not installed")
    try:
        made = Firefox(tmp_path_factory.mktemp("firefox"))
    except (AssertionError, OSError) as error:
        pytest.skip(f"firefox does not start here: {error}")
    try:
        yield made
    finally:
        made.close()


def test_room_search_and_a_dropped_list(
    firefox: Firefox, workshop: Workshop, maker: Maker, tmp_path: Path
) -> None:
    workshop.trust(maker)
    bench = workshop.bench("banc 1")
    for serial in ("PF1XYZ42", "PF2ABC77"):
        assert bench.upload(maker.package(serial=serial)).status == 201
    operator = workshop.person("Olivier", Role.OPERATOR)
    assert operator.post("/lots", name="lot A", donor="Mairie").status == 303
    refresh(workshop.opened.context)
    here = f"http://127.0.0.1:{workshop.port}"
    firefox.open(f"{here}/sign-in")
    assert firefox.ask("document.activeElement.id") == "name"
    firefox.type("Olivier\ue004")  # Tab (WebDriver §17.4.2)
    firefox.type(f"{PASSWORD}\ue006")  # Return
    firefox.until("document.getElementById('benches')")
    live = said(serial="<img src=x onerror=document.title=1>", phase="write", steps=2, percent=42)
    assert bench.send("POST", "/api/v1/live", canonical_bytes(live)).status == 204
    firefox.until("document.querySelector('.slot.work progress[value=\"42\"]')")
    assert firefox.ask("document.querySelectorAll('main img').length") == 0
    firefox.type("/")
    firefox.until("document.activeElement.id === 'q'")
    firefox.type("yz42")
    firefox.until("document.querySelectorAll('#found tbody tr').length === 1")
    assert "PF1XYZ42" in firefox.ask("document.getElementById('found').innerText")
    file = tmp_path / "liste.csv"
    file.write_text(MANIFEST, encoding="utf-8")
    firefox.open(f"{here}/lots/lot%20A")
    firefox.choose("#manifest", file)
    firefox.until("document.body.innerText.includes('liste.csv (1)')")
    assert "ABSENT-1" in json.dumps(firefox.ask("document.body.innerText"))
