"""tec.tech, emulated from its public audit script: looked up before made, never doubled."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from recond.erasure import Status
from recond.errors import RecordInvalid, UsageError
from recond.flow.deliver.upload import add_destination, queue_folder
from recond.model import Form
from recond.upload.tectech_row import COLUMNS, STATES, add_line, stock_line
from tests.readiness.machines import NOTHING, known
from tests.upload.bench import Workbench, workbench
from tests.upload.records import disk_erasure, notebook, record, write_run
from tests.upload.servers import Reply, Running, Seen, serve

MANDATORY = {
    "typeMateriel",
    "idMaterielReconditionneur",
    "statut",
    "idStock",
    "numeroSerie",
    "idLot",
}


class Stock:
    """The stock: what it keeps, and how it refuses."""

    def __init__(self, *there: dict[str, Any]) -> None:
        self.kept: list[dict[str, Any]] = [
            {"id": f"M-{n}", **one} for n, one in enumerate(there, start=1)
        ]
        self.lost = 0  # how many answers to a PUT get lost

    def answer(self, seen: Seen) -> Reply:
        if seen.path == "/api/auth-token":
            if json.loads(seen.body) != {"client_id": "me", "client_secret": "right"}:
                return Reply(401, b"who?")
            return Reply(200, b'{"access_token":"tok","token_type":"Bearer","expires_in":60}')
        if seen.headers.get("authorization") != "Bearer tok":
            return Reply(401)
        if seen.method == "GET":
            asked = parse_qs(urlsplit(seen.path).query)
            data = [
                one
                for one in self.kept
                for key in ("numeroSerie", "idMaterielReconditionneur")
                if asked.get(key) == [one.get(key)]
            ]
            return Reply(200, json.dumps({"total": len(data), "data": data[:2]}).encode())
        for line in json.loads(seen.body):
            if "id" in line:
                assert not {"idLot", "idStock"} & line.keys()
                next(one for one in self.kept if one["id"] == line["id"]).update(line)
            elif line.keys() < MANDATORY:
                return Reply(400, b"missing")
            else:
                self.kept.append({"id": f"M-{len(self.kept) + 1}", **line})
        if self.lost:
            self.lost -= 1
            return Reply(0)
        return Reply(201, b"[]")


def add(bench: Workbench, server: Running, secret: str = "right", **more: str) -> None:
    add_destination(
        bench.state,
        "tec",
        "tectech",
        {
            "url": server.url,
            "ca": server.ca,
            "client_id": "me",
            "client_secret": secret,
            "stock": "S-0094",
            "lot": "L-0048",
            **more,
        },
    )


def test_a_machine_is_made_with_what_is_known(tmp_path: Path) -> None:
    bench, stock = workbench(tmp_path), Stock()
    bench.queue(1)
    with serve(tmp_path / "tls", stock.answer) as server:
        add(bench, server, state="PRET_A_COMMANDER")
        assert bench.upload().exit_code == 0
    (line,) = stock.kept
    assert line.keys() >= MANDATORY
    assert (line["typeMateriel"], line["statut"], line["marque"], line["RAM"]) == (
        "ORDINATEUR_PORTABLE",
        "PRET_A_COMMANDER",
        "LENOVO",
        8,
    )
    assert (line["typeDisqueDur1"], line["tailleDisqueDur1"]) == ("SSD", 256)
    assert "systemeExploitation" not in line
    assert "webcam" not in line  # not seen is not absent
    assert record().record_id in line["commentaire"]
    assert "DISK000001=erased/approved/clear" in line["commentaire"]


def test_a_lost_answer_makes_no_double(tmp_path: Path) -> None:
    bench, stock = workbench(tmp_path), Stock()
    stock.lost = 1
    bench.queue(1)
    with serve(tmp_path / "tls", stock.answer) as server:
        add(bench, server)
        assert bench.upload().exit_code == 8
        done = bench.upload(now=True)
    assert (done.exit_code, len(stock.kept)) == (0, 1)
    assert done.deliveries[0][1].words.code == "upload.already"


def test_a_machine_that_is_there_keeps_what_it_has(tmp_path: Path) -> None:
    there = {
        "numeroSerie": "NB000001",
        "statut": {"libelle": "DISTRIBUE"},
        "RAM": 4,
        "idStock": "S-0001",
        "idLot": "L-1",
        "typeMateriel": "ORDINATEUR_PORTABLE",
        "idMaterielReconditionneur": "X1",
        "commentaire": "rayure",
        "marque": None,
    }
    bench, stock = workbench(tmp_path), Stock(there)
    bench.queue(1)
    with serve(tmp_path / "tls", stock.answer) as server:
        add(bench, server)
        assert bench.upload().exit_code == 0
    (line,) = stock.kept
    assert (line["statut"], line["RAM"], line["marque"], line["idStock"]) == (
        "DISTRIBUE",
        4,
        "LENOVO",
        "S-0001",
    )
    assert line["commentaire"].startswith("rayure recond 20261124-")


def test_doubles_are_left_to_a_person(tmp_path: Path) -> None:
    bench, stock = workbench(tmp_path), Stock(*({"numeroSerie": "NB000001"},) * 2)
    bench.queue(1, 2)
    with serve(tmp_path / "tls", stock.answer) as server:
        add(bench, server)
        done = bench.upload()
    assert (done.parked, len(stock.kept)) == (1, 3)
    assert done.deliveries[0][1].words.code == "upload.tectech.double"


@pytest.mark.parametrize("reply", [Reply(200, b"<html>"), Reply(200, b"[]"), Reply(502)])
def test_a_search_that_fails_is_not_an_absence(tmp_path: Path, reply: Reply) -> None:
    bench, stock = workbench(tmp_path), Stock()
    bench.queue(1)

    def plan(seen: Seen) -> Reply:
        return reply if seen.method == "GET" else stock.answer(seen)

    with serve(tmp_path / "tls", plan) as server:
        add(bench, server)
        assert bench.upload().waiting == 1
    assert not stock.kept


def test_a_wrong_secret_holds_all_and_does_not_show(tmp_path: Path) -> None:
    bench, stock = workbench(tmp_path), Stock()
    bench.queue(1, 2)
    with serve(tmp_path / "tls", stock.answer) as server:
        add(bench, server, secret="wr0ng")
        done = bench.upload()
        assert len(server.seen) == 1
    assert (done.waiting, done.parked) == (2, 0)
    assert "wr0ng" not in repr(done)


def test_a_disk_that_is_not_approved_does_not_make_a_machine_ready() -> None:
    failed = disk_erasure(status=Status.FAILED)
    for erasures in ((failed,), (disk_erasure(), failed), ()):
        line = stock_line(record(erasures=erasures), "d", "S", "PRET_A_DISTRIBUER")
        assert line["statut"] == "A_TRAITER"
    assert stock_line(record(), "d", "S", "PRET_A_DISTRIBUER")["statut"] == "PRET_A_DISTRIBUER"


@pytest.mark.parametrize(
    ("field", "value"), [("serial", NOTHING), ("form", NOTHING), ("form", known(Form.SERVER))]
)
def test_a_mandatory_column_is_never_invented(field: str, value: Any) -> None:
    machine = notebook()
    machine = dataclasses.replace(
        machine, system=dataclasses.replace(machine.system, **{field: value})
    )
    with pytest.raises(RecordInvalid, match=r"upload\.tectech\.unknown"):
        stock_line(record(machine=machine), "d", "S")


def test_the_import_table(tmp_path: Path) -> None:
    bench = workbench(tmp_path)
    target = tmp_path / "import"
    target.mkdir()
    add_destination(bench.state, "csv", "tectech-csv", {"path": str(target), "stock": "S-0094"})
    bench.queue(1, 2)
    assert bench.upload().exit_code == 0
    file = target / "tectech-2026-11-24.csv"
    rows = list(csv.DictReader(io.StringIO(file.read_text(encoding="utf-8"), newline="")))
    assert list(rows[0]) == list(COLUMNS.values())
    assert [row["Numero de serie"] for row in rows] == ["NB000001", "NB000002"]
    assert rows[0]["Statut"] == STATES["A_TRAITER"]
    # once more the same record: the table keeps one line for it
    again = add_line(file.read_bytes(), stock_line(record(1), "d", "S"), record(1).record_id)
    assert again.count(b"sha256:") == 2
    file.write_bytes("Type de matériel\n".encode("cp1252"))
    queue_folder(bench.state, write_run(tmp_path / "out", record(3)))
    assert bench.upload().deliveries[0][1].words.code == "upload.tectech.table"


def test_a_state_that_the_stock_does_not_know(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"upload\.config\.value"):
        add_destination(
            tmp_path, "csv", "tectech-csv", {"path": "/x", "stock": "S", "state": "PRET"}
        )
