"""GLPI's native inventory: valid by its own schema for every real machine, and its protocol."""

from __future__ import annotations

import dataclasses
import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from recond.flow.deliver.upload import add_destination
from recond.inspect.dmidecode import parse_dmidecode
from recond.inspect.memory import memory_of
from recond.inspect.system import system_of
from recond.model import (
    Battery,
    Display,
    Machine,
    NetworkCard,
    Unknown,
    Why,
)
from recond.upload.glpi_inventory import inventory
from tests.inspect.corpus import CORPUS, read_corpus
from tests.readiness.machines import NOTHING, known
from tests.upload.bench import workbench
from tests.upload.records import notebook, record
from tests.upload.servers import Reply, Seen, serve

SCHEMA = CORPUS.parent / "glpi-inventory.schema.json"
AGENT = "glpi-agent-id"


@cache
def validator() -> Draft7Validator:
    if not SCHEMA.exists():
        pytest.skip(f"GLPI's schema is not beside the project: {SCHEMA.name}")
    return Draft7Validator(json.loads(SCHEMA.read_text()))


def full_machine() -> Machine:
    """A machine of which everything is known."""
    return dataclasses.replace(
        notebook(),
        batteries=(
            Battery(
                "BAT0",
                known("SMP"),
                known("DELL 7FR"),
                known("1"),
                known("Li-ion"),
                known("mWh"),
                known(68000),
                known(51000),
                known(25),
                known(310),
                known(80),
            ),
            Battery(
                "BAT1",
                NOTHING,
                NOTHING,
                NOTHING,
                NOTHING,
                known("mAh"),
                known(4000),
                known(3000),
                NOTHING,
                NOTHING,
                NOTHING,
            ),
        ),
        networks=(
            NetworkCard(
                "enp0s31f6",
                known("ethernet"),
                known("10:20:30:40:50:60"),
                known("pci"),
                known("I219-LM"),
                known(1000),
            ),
            NetworkCard("wwan0", known("mobile"), NOTHING, known("usb"), NOTHING, NOTHING),
        ),
        displays=(
            *notebook().displays,
            Display("HDMI-1", known(False), known("SAM"), known(2), *([NOTHING] * 6)),
        ),
    )


def content(machine: Machine) -> dict[str, Any]:
    found = inventory(record(), machine, "ab" * 32)
    return found["content"]  # type: ignore[return-value]


def test_the_inventory_is_valid_and_says_what_is_known() -> None:
    message = inventory(record(lot="LOT-7"), full_machine(), "ab" * 32)
    assert not [error.message for error in validator().iter_errors(message)]
    found = content(full_machine())
    assert message["tag"] == "LOT-7"
    assert found["hardware"] == {"name": "5CG0123XYZ", "chassis_type": "Notebook", "memory": 8192}
    assert found["storages"] == [
        {"name": "sda", "type": "disk", "interface": "SATA", "disksize": 256_000}
    ]  # without the live stick
    assert found["cpus"][0]["core"] == 4
    assert found["cpus"][0]["thread"] == 2
    assert [one.get("capacity") for one in found["batteries"]] == [68000, None]
    assert [one.get("type") for one in found["networks"]] == ["ethernet", None]
    assert [one["port"] for one in found["monitors"]] == ["eDP-1"]  # not the bench's screen
    assert "operatingsystem" not in found
    assert found["recond"]["erasures"][0] == {
        "serial": "DISK000001",
        "wwn": "5002538e40a1b2c3",
        "model": "SSD 860 EVO",
        "status": "erased",
        "verdict": "approved",
        "level": "clear",
    }


def test_the_schema_sees_a_fault() -> None:
    message = inventory(record(), full_machine(), "ab" * 32)
    assert list(validator().iter_errors(message | {"recond": 1}))
    bios = dict(content(full_machine())["bios"], bdate="2021-05-04T00:00:00+01:00")
    assert list(
        validator().iter_errors(message | {"content": content(full_machine()) | {"bios": bios}})
    )


def test_every_real_machine_gives_a_valid_inventory() -> None:
    check, dated = validator(), 0
    for sample in read_corpus("dmi"):
        tables = parse_dmidecode(sample.text)
        machine = dataclasses.replace(
            full_machine(),
            system=system_of(tables),
            memory=memory_of(tables, Unknown(Why.NOT_READ)),
        )
        message = inventory(record(), machine, "ab" * 32)
        faults = [f"{list(error.path)}: {error.message}" for error in check.iter_errors(message)]
        assert not faults, f"{sample}: {faults}"
        dated += "bdate" in message["content"]["bios"]  # type: ignore[index]
    assert dated > 1500


def test_a_machine_that_nothing_is_known_of() -> None:
    empty = Machine(
        **{
            field.name: _nothing(getattr(notebook(), field.name))
            for field in dataclasses.fields(Machine)
        }
    )
    message = inventory(record(machine=empty), empty, "ab" * 32)
    assert not list(validator().iter_errors(message))
    assert message["content"]["hardware"] == {  # type: ignore[index]
        "name": record().record_id,
        "chassis_type": "Other",
    }


def _nothing(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return dataclasses.replace(
            value,
            **{
                f.name: NOTHING
                for f in dataclasses.fields(value)
                if type(getattr(value, f.name)).__name__ in ("Known", "Unknown")
            },
        )
    return () if isinstance(value, tuple) else value


class Glpi:
    """GLPI's inventory endpoint, as its agent's protocol describes it."""

    def __init__(self, pending: int = 0, oauth: bool = False) -> None:
        self.kept: list[dict[str, Any]] = []
        self.agents: set[str] = set()
        self._pending, self._oauth = pending, oauth

    def answer(self, seen: Seen) -> Reply:
        if seen.path == "/api.php/token":
            assert b"grant_type=client_credentials" in seen.body
            assert b"scope=inventory" in seen.body
            if b"client_secret=right" not in seen.body:
                return Reply(401, b'{"error":"invalid_client"}')
            return Reply(200, b'{"access_token":"oauth","token_type":"Bearer"}')
        if self._oauth and seen.headers.get("authorization") != "Bearer oauth":
            return Reply(401)
        self.agents.add(seen.headers[AGENT])
        if seen.method == "GET":
            assert seen.headers["glpi-request-id"] == "0000BEEF"
            self._pending -= 1
        else:
            message = json.loads(seen.body)
            if message["action"] == "contact":
                return Reply(200, b'{"status":"ok","expiration":24}')
            if SCHEMA.exists():  # a skip in the server's thread would be a broken answer
                assert not list(validator().iter_errors(message))
            self.kept.append(message)
        if self._pending:
            return Reply(
                200, b'{"status":"pending","expiration":2}', (("GLPI-Request-ID", "0000BEEF"),)
            )
        return Reply(200, b'{"status":"ok"}')


@pytest.mark.parametrize("pending", [0, 3])
def test_contact_then_inventory(tmp_path: Path, pending: int) -> None:
    bench, glpi = workbench(tmp_path), Glpi(pending)
    bench.queue(1, 2)
    with serve(tmp_path / "tls", glpi.answer) as server:
        add_destination(
            bench.state,
            "parc",
            "glpi",
            {"url": server.url + "/front/inventory.php", "ca": server.ca},
        )
        assert bench.upload().exit_code == 0
    assert len(glpi.kept) == 2
    assert glpi.kept[0]["content"]["hardware"]["name"] == "NB000001"


def test_oauth(tmp_path: Path) -> None:
    bench, glpi = workbench(tmp_path), Glpi(oauth=True)
    bench.queue(1)
    with serve(tmp_path / "tls", glpi.answer) as server:
        values = {
            "url": server.url,
            "token_url": server.url + "/api.php/token",
            "ca": server.ca,
            "client_id": "me",
        }
        add_destination(bench.state, "parc", "glpi", values | {"client_secret": "wrong"})
        done = bench.upload()
        assert (done.waiting, done.parked) == (1, 0)
        assert done.holds[0].words.code == "upload.token_refused"
        add_destination(bench.state, "parc", "glpi", values | {"client_secret": "right"})
        assert bench.upload(now=True).exit_code == 0


@pytest.mark.parametrize("body", [b"<html>login</html>", b'{"status":"error","message":"no"}', b""])
def test_an_address_that_is_not_glpi_is_said(tmp_path: Path, body: bytes) -> None:
    bench = workbench(tmp_path)
    bench.queue(1)
    with serve(tmp_path / "tls", lambda seen: Reply(200, body)) as server:
        add_destination(bench.state, "parc", "glpi", {"url": server.url, "ca": server.ca})
        done = bench.upload()
    assert done.parked == 1
    assert done.deliveries[0][1].words.code == "upload.glpi.refused"


def test_a_record_without_a_machine_is_not_a_computer(tmp_path: Path) -> None:
    from recond.flow.deliver.upload import queue_folder
    from tests.upload.records import write_run

    bench = workbench(tmp_path)
    assert queue_folder(bench.state, write_run(tmp_path / "out", record(1, machine=None))).ids
    add_destination(bench.state, "parc", "glpi", {"url": "https://localhost:1"})
    assert bench.upload().deliveries[0][1].words.code == "upload.no_machine"
