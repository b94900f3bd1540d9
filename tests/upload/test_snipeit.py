"""Snipe-IT, a stand-in after its API's documentation: found, made, completed, never doubled."""

from __future__ import annotations

import dataclasses
import html
import json
import re
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import pytest

from recond.errors import UsageError
from recond.flow.deliver.upload import add_destination, queue_folder
from recond.locale import say
from tests.readiness.machines import NOTHING
from tests.upload.bench import TOKEN, Workbench, workbench
from tests.upload.ran import ran
from tests.upload.records import notebook, package, record, write_run
from tests.upload.servers import Reply, Seen, serve


class SnipeIt:
    """Answers 200 with an error inside, shows its texts as HTML, keeps tags unique."""

    def __init__(self, *assets: dict[str, Any], models: tuple[str, ...] = ("20L6S01V00",)) -> None:
        self.assets = [{"id": n, "notes": None, **one} for n, one in enumerate(assets, start=1)]
        self.models: list[dict[str, Any]] = [
            {"id": 10 + n, "name": name} for n, name in enumerate(models)
        ]
        self.files: dict[int, list[str]] = {}

    def answer(self, seen: Seen) -> Reply:
        if seen.headers.get("authorization") != f"Bearer {TOKEN}":
            return Reply(401, b'{"error":"Unauthenticated."}')
        path = urlsplit(seen.path).path.removeprefix("/api/v1/")
        if seen.method == "GET":
            return self._get(path, parse_qs(urlsplit(seen.path).query))
        if found := re.fullmatch(r"hardware/(\d+)/files", path):
            name = re.search(rb'name="file\[\]"; filename="([^"]+)"', seen.body)
            assert name
            assert b"%PDF-" in seen.body
            self.files.setdefault(int(found[1]), []).append(f"hardware-1-x-{name[1].decode()}")
            return self._good({})
        body = json.loads(seen.body)
        if path == "models":
            self.models.append({"id": 10 + len(self.models), **body})
            return self._good(self.models[-1])
        if path == "hardware":
            if body["asset_tag"] in [one["asset_tag"] for one in self.assets]:
                return self._bad({"asset_tag": ["The asset tag has already been taken."]})
            self.assets.append({"id": len(self.assets) + 1, **body})
            return self._good(self.assets[-1])
        asset = self.assets[int(path.removeprefix("hardware/")) - 1]
        asset |= body
        return self._good(asset)

    def _get(self, path: str, query: dict[str, list[str]]) -> Reply:
        for way, key in (("byserial", "serial"), ("bytag", "asset_tag")):
            if path.startswith(f"hardware/{way}/"):
                wanted = unquote(path.rpartition("/")[2])
                rows = [one for one in self.assets if one.get(key) == wanted]
                if not rows:
                    return self._bad("Asset does not exist.")
                if way == "bytag":
                    return self._json(self._shown(rows[0]))
                return self._json({"total": len(rows), "rows": [self._shown(r) for r in rows]})
        if path == "models":
            rows = [one for one in self.models if query["search"][0] in one["name"]]
            return self._json({"total": len(rows), "rows": rows})
        if found := re.fullmatch(r"hardware/(\d+)/files", path):
            names = self.files.get(int(found[1]), [])
            return self._json({"total": len(names), "rows": [{"filename": n} for n in names]})
        assert path == "hardware"
        return self._json({"total": len(self.assets), "rows": []})

    def _shown(self, one: dict[str, Any]) -> dict[str, Any]:
        notes = one.get("notes")
        return {**one, "notes": notes and f"<p>{html.escape(notes)}</p>"}

    def _json(self, value: object) -> Reply:
        return Reply(200, json.dumps(value).encode())

    def _good(self, payload: object) -> Reply:
        return self._json({"status": "success", "messages": "ok", "payload": payload})

    def _bad(self, messages: object) -> Reply:
        return self._json({"status": "error", "messages": messages, "payload": None})


def bench_for(tmp_path: Path, server: Any, **more: str) -> Workbench:
    bench = workbench(tmp_path)
    values = {"url": server.url, "ca": server.ca, "token": TOKEN, "status": "2", **more}
    add_destination(bench.state, "parc", "snipeit", values)
    return bench


def test_a_run_becomes_an_asset_with_its_certificate(tmp_path: Path) -> None:
    stock, done = SnipeIt(), ran()
    with serve(tmp_path / "tls", stock.answer) as server:
        bench = bench_for(tmp_path, server)
        assert queue_folder(bench.state, done.folder).ids
        assert bench.upload().exit_code == 0
    (asset,) = stock.assets
    assert (asset["asset_tag"], asset["serial"], asset["model_id"], asset["status_id"]) == (
        "INV-0042",
        "PF1ABCDE",
        10,
        2,
    )
    assert done.record.record_id in asset["notes"]
    assert "verdict: disks" in asset["notes"]
    assert len(stock.files[asset["id"]]) == 1


@pytest.mark.parametrize("lost", range(1, 8))
def test_an_answer_lost_anywhere_doubles_nothing(tmp_path: Path, lost: int) -> None:
    stock = SnipeIt(models=())

    def plan(seen: Seen) -> Reply:
        reply = stock.answer(seen)
        return Reply(0) if len(server.seen) == lost else reply

    with serve(tmp_path / "tls", plan) as server:
        bench = bench_for(tmp_path, server, category="3")
        bench.queue(1)
        bench.upload()
        assert bench.upload(now=True).exit_code == 0
    assert (len(stock.assets), len(stock.models)) == (1, 1)
    assert [len(names) for names in stock.files.values()] == [1]


def test_without_a_serial_the_record_is_found_again_by_its_tag(tmp_path: Path) -> None:
    stock, machine = SnipeIt(), notebook()
    blank = dataclasses.replace(
        machine.system, serial=NOTHING, chassis_serial=NOTHING, board_serial=NOTHING
    )
    made = record(machine=dataclasses.replace(machine, system=blank))

    def plan(seen: Seen) -> Reply:
        reply = stock.answer(seen)
        return Reply(0) if len(server.seen) == 3 else reply  # after it was made

    with serve(tmp_path / "tls", plan) as server:
        bench = bench_for(tmp_path, server)
        assert queue_folder(bench.state, write_run(tmp_path / "out", made)).ids
        bench.upload()
        assert bench.upload(now=True).exit_code == 0
    assert [one["asset_tag"] for one in stock.assets] == [made.record_id]


@pytest.mark.parametrize("notes", ["rayure & choc, vu par Ada", "recond older sha256:1 x", None])
def test_what_is_there_keeps_what_it_has(tmp_path: Path, notes: str | None) -> None:
    there = {"serial": "NB000001", "asset_tag": "A-1", "name": "Poste 4", "notes": notes}
    stock = SnipeIt(there)
    with serve(tmp_path / "tls", stock.answer) as server:
        bench = bench_for(tmp_path, server)
        bench.queue(1)
        assert bench.upload().exit_code == 0
    (asset,) = stock.assets
    assert (asset["asset_tag"], asset["name"]) == ("A-1", "Poste 4")
    assert (package().digest in asset["notes"]) == (notes is None or notes.startswith("recond"))
    assert notes is None or notes.startswith("recond") or asset["notes"] == notes
    assert len(stock.files[1]) == 1


@pytest.mark.parametrize(
    ("assets", "code"),
    [
        ([{"serial": "NB000001", "asset_tag": str(n)} for n in (1, 2)], "upload.snipeit.double"),
        ([{"serial": "OTHER", "asset_tag": "NB000001"}], "upload.snipeit.tag"),
    ],
)
def test_what_is_not_sure_is_left_to_a_person(
    tmp_path: Path, assets: list[dict[str, Any]], code: str
) -> None:
    stock = SnipeIt(*assets)
    before = json.dumps(stock.assets)
    with serve(tmp_path / "tls", stock.answer) as server:
        bench = bench_for(tmp_path, server)
        bench.queue(1)
        done = bench.upload()
    assert (done.parked, done.deliveries[0][1].words.code) == (1, code)
    assert json.dumps(stock.assets) == before


def test_a_model_that_is_not_there(tmp_path: Path) -> None:
    stock = SnipeIt(models=())
    with serve(tmp_path / "tls", stock.answer) as server:
        bench = bench_for(tmp_path, server)
        bench.queue(1)
        assert bench.upload().deliveries[0][1].words.code == "upload.snipeit.model"
        bench_for(tmp_path, server, model="4")
        assert bench.upload(parked=True).exit_code == 0
    assert stock.assets[0]["model_id"] == 4


@pytest.mark.parametrize(
    "reply",
    [
        Reply(200, b"<html>login</html>"),
        Reply(200, b'{"status":"error","messages":{"status_id":["invalid"]}}'),
        Reply(200, b"[]"),
        Reply(302, b"", (("Location", "/login"),)),
        Reply(409, b"{}"),
        Reply(422, b'{"status":"error","messages":"no"}'),
    ],
)
def test_an_odd_answer_to_the_making_delivers_nothing(tmp_path: Path, reply: Reply) -> None:
    stock = SnipeIt()

    def plan(seen: Seen) -> Reply:
        return reply if seen.method == "POST" else stock.answer(seen)

    with serve(tmp_path / "tls", plan) as server:
        bench = bench_for(tmp_path, server)
        bench.queue(1)
        done = bench.upload()
    assert (done.parked, done.exit_code) == (1, 8)
    assert "<" not in say("fr", done.deliveries[0][1].words)


def test_numbers_are_numbers(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"upload\.config\.value"):
        add_destination(
            tmp_path,
            "parc",
            "snipeit",
            {"url": "https://localhost:1", "token": TOKEN, "status": "Prêt"},
        )
