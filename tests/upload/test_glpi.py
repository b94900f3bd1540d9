"""GLPI's native inventory: valid by its own schema for every real machine, and its protocol."""

from __future__ import annotations

import dataclasses
import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft7Validator

from recond import __version__
from recond.erasure import Status
from recond.flow.deliver.upload import add_destination, secrets_of
from recond.inspect.dmidecode import parse_dmidecode
from recond.inspect.memory import memory_of
from recond.inspect.system import system_of
from recond.locale import say
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
from tests.upload.ran import ran
from tests.upload.records import disk_erasure, notebook, package, record
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


def test_the_inventory_of_a_run_is_valid_and_says_what_is_known() -> None:
    """The record as `recond run` left it, nothing changed."""
    done = ran().record
    assert done.machine is not None
    message = inventory(done, done.machine, "ab" * 32)
    assert not [error.message for error in validator().iter_errors(message)]
    found: dict[str, Any] = message["content"]  # type: ignore[assignment]
    assert message["tag"] == "LOT-7"
    assert found["versionclient"] == f"recond_v{__version__}"
    assert found["versionprovider"]["version"] == __version__
    assert found["hardware"] == {
        "name": "PF1ABCDE",
        "uuid": "4c4c4544-0042-3510-8051-b4c04f4b4c32",
        "chassis_type": "Notebook",
        "memory": 8192,
        "description": found["hardware"]["description"],
    }
    comment = found["hardware"]["description"]
    assert f"certificate: {done.record_id}; verdict: disks; level: clear" in comment
    assert "asset: INV-0042" in comment
    assert found["bios"]["assettag"] == "INV-0042"
    assert "softwares" not in found  # an image was erased: nothing is said of the computer's disks
    assert found["storages"][0]["manufacturer"] == "Samsung"
    assert found["recond"]["erasures"][0]["verdict"] == "approved"


def test_no_software_is_left_where_the_whole_computer_was_erased() -> None:
    whole = record(machine=full_machine())
    assert whole.machine is not None
    found = inventory(whole, whole.machine, "ab" * 32)["content"]
    assert found["softwares"] == []  # type: ignore[index]


def test_software_is_left_where_a_disk_was_not_erased() -> None:
    bad = record(erasures=(disk_erasure(), disk_erasure("D2", Status.FAILED)))
    found = inventory(bad, full_machine(), "ab" * 32)["content"]
    assert "softwares" not in found  # type: ignore[operator]
    assert "verdict: rejected" in found["hardware"]["description"]  # type: ignore[index]


def test_every_part_of_a_full_machine_is_told() -> None:
    found = content(full_machine())
    assert found["cpus"][0]["core"] == 4
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
    check, dated, whole, erased = validator(), 0, full_machine(), record()
    for sample in read_corpus("dmi"):
        tables = parse_dmidecode(sample.text)
        machine = dataclasses.replace(
            whole,
            system=system_of(tables),
            memory=memory_of(tables, Unknown(Why.NOT_READ)),
        )
        message = inventory(erased, machine, "ab" * 32)
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
    hardware: dict[str, str] = message["content"]["hardware"]  # type: ignore[index]
    assert hardware.pop("description")
    assert hardware == {"name": record().record_id, "chassis_type": "Other"}


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
    """GLPI's inventory endpoint, as its agent's protocol describes it; with `later`, its proxy,
    which takes with 202 and says at the asking what the server behind it said.
    """

    def __init__(self, pending: int = 0, oauth: bool = False, login: str = "") -> None:
        self.kept: list[dict[str, Any]] = []
        self.contacts: list[dict[str, Any]] = []
        self.agents: set[str] = set()
        self.said = b'{"status":"ok"}'
        self._pending, self._oauth, self._login = pending, oauth, login
        self._left = 0

    def answer(self, seen: Seen) -> Reply:
        if seen.path == "/api.php/token":
            assert b"grant_type=client_credentials" in seen.body
            assert b"scope=inventory" in seen.body
            if b"client_secret=right" not in seen.body:
                return Reply(401, b'{"error":"invalid_client"}')
            return Reply(200, b'{"access_token":"oauth","token_type":"Bearer"}')
        if self._oauth and seen.headers.get("authorization") != "Bearer oauth":
            return Reply(401)
        if self._login and seen.headers.get("authorization") != self._login:
            return Reply(401, b"", (("WWW-Authenticate", 'Basic realm="GLPI"'),))
        self.agents.add(seen.headers[AGENT])
        if seen.method == "GET":
            assert seen.headers["glpi-request-id"] == "0000BEEF"
            self._left -= 1
        else:
            message = json.loads(seen.body)
            if message["action"] == "contact":
                self.contacts.append(message)
                return Reply(200, b'{"status":"ok","expiration":24}')
            if SCHEMA.exists():  # a skip in the server's thread would be a broken answer
                assert not list(validator().iter_errors(message))
            self.kept.append(message)
            self._left = self._pending
        if self._left:
            return Reply(
                202, b'{"status":"pending","expiration":"2s"}', (("GLPI-Request-ID", "0000BEEF"),)
            )
        return Reply(200, self.said)


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
    assert len(glpi.contacts) == 1  # for the whole pass
    assert glpi.contacts[0]["version"] == __version__
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


def test_what_a_proxy_takes_is_not_what_the_server_has(tmp_path: Path) -> None:
    """202 and "pending" first, the server's refusal later: nothing was delivered."""
    bench, glpi = workbench(tmp_path), Glpi(pending=2)
    glpi.said = b'{"status":"error","message":"server0 forward failure"}'
    bench.queue(1)
    with serve(tmp_path / "tls", glpi.answer) as server:
        add_destination(bench.state, "parc", "glpi", {"url": server.url, "ca": server.ca})
        done = bench.upload()
        assert (done.parked, done.exit_code) == (1, 8)
        words = done.deliveries[0][1].words
        assert words.code == "upload.glpi.error"
        assert "server0 forward failure" in say("fr", words)
        glpi.said = b'{"status":"ok"}'
        assert bench.upload(parked=True).exit_code == 0
    assert glpi.kept[0] == glpi.kept[1]  # the same computer there


@pytest.mark.parametrize("forgets", [True, False])
def test_a_proxy_that_never_says_what_became_of_it(tmp_path: Path, forgets: bool) -> None:
    bench, glpi = workbench(tmp_path), Glpi(pending=1000)
    bench.queue(1)

    def plan(seen: Seen) -> Reply:
        forgotten = forgets and seen.method == "GET"
        return Reply(404, b"Unknown status") if forgotten else glpi.answer(seen)

    with serve(tmp_path / "tls", plan) as server:
        add_destination(bench.state, "parc", "glpi", {"url": server.url, "ca": server.ca})
        done = bench.upload()
    assert (done.waiting, done.parked) == (1, 0)
    assert done.deliveries[0][1].words.code == "upload.glpi.pending"
    assert len(server.seen) == (3 if forgets else 14)


@pytest.mark.parametrize("status", [200, 201, 202, 207, 409])
@pytest.mark.parametrize("body", [b"", b"{}", b'{"status":"fine"}', b"ok"])
def test_only_ok_delivers(tmp_path: Path, status: int, body: bytes) -> None:
    bench, glpi = workbench(tmp_path), Glpi()
    bench.queue(1)

    def plan(seen: Seen) -> Reply:
        return Reply(status, body) if b'"inventory",' in seen.body else glpi.answer(seen)

    with serve(tmp_path / "tls", plan) as server:
        add_destination(bench.state, "parc", "glpi", {"url": server.url, "ca": server.ca})
        assert (bench.upload().parked, len(server.seen)) == (1, 2)


def test_basic(tmp_path: Path) -> None:
    bench, glpi = workbench(tmp_path), Glpi(login="Basic YmFuYzptb3QgZGUgcGFzc8Op")
    bench.queue(1)
    with serve(tmp_path / "tls", glpi.answer) as server:
        values = {"url": server.url, "ca": server.ca, "user": "banc"}
        assert secrets_of("glpi", values) == ("password",)
        add_destination(bench.state, "parc", "glpi", values | {"password": "faux"})
        done = bench.upload()
        assert (done.waiting, done.parked) == (1, 0)
        assert done.holds[0].words.code == "upload.token_refused"
        add_destination(bench.state, "parc", "glpi", values | {"password": "mot de passé"})
        assert bench.upload(now=True).exit_code == 0


class Api:
    """GLPI's REST API, as its documentation has it: a session, a search that is looser than
    equality, documents with a file.
    """

    def __init__(self, computers: list[dict[str, Any]]) -> None:
        self.computers = computers
        self.documents: list[dict[str, Any]] = []
        self.lose = 0

    def answer(self, seen: Seen) -> Reply:
        path = seen.path.removeprefix("/apirest.php")
        if path == "/initSession":
            if seen.headers.get("authorization") != "user_token right":
                return Reply(401, b'["ERROR_GLPI_LOGIN_USER_TOKEN","token seems invalid"]')
            return Reply(200, b'{"session_token":"s1"}')
        assert seen.headers["session-token"] == "s1"
        if seen.method == "POST":
            assert path == "/Document"
            _, _, rest = seen.body.partition(b'name="uploadManifest"')
            assert b"%PDF-" in rest
            manifest = json.loads(rest.partition(b"\r\n\r\n")[2].partition(b"\r\n--")[0])
            self.documents.append({"id": 9, **manifest["input"]})
            if self.lose:
                self.lose -= 1
                return Reply(0)
            return Reply(201, b'{"id":9,"message":"Document added"}')
        items = self.documents if path.startswith("/Document/") else self.computers
        return Reply(200, json.dumps(items).encode())


@pytest.mark.parametrize("lost", [0, 1])
def test_the_certificate_is_attached_once(tmp_path: Path, lost: int) -> None:
    api = Api([{"id": 3, "name": "NB000001"}, {"id": 4, "name": "NB0000011"}])
    api.lose = lost
    bench, glpi = workbench(tmp_path), Glpi()
    bench.queue(1)

    def plan(seen: Seen) -> Reply:
        return (api if seen.path.startswith("/apirest.php") else glpi).answer(seen)

    with serve(tmp_path / "tls", plan) as server:
        values = {"url": server.url, "ca": server.ca, "api": server.url + "/apirest.php"}
        assert secrets_of("glpi", values) == ("user_token", "app_token")
        add_destination(bench.state, "parc", "glpi", values | {"user_token": "right"})
        bench.upload()
        done = bench.upload(now=True)
    assert done.exit_code == 0
    assert [(one["items_id"], one["itemtype"]) for one in api.documents] == [(3, "Computer")]
    assert api.documents[0]["name"] == package().key


@pytest.mark.parametrize("names", [[], ["NB000001", "NB000001"]])
def test_a_certificate_is_attached_to_no_guess(tmp_path: Path, names: list[str]) -> None:
    api = Api([{"id": n, "name": name} for n, name in enumerate(names)])
    bench, glpi = workbench(tmp_path), Glpi()
    bench.queue(1)

    def plan(seen: Seen) -> Reply:
        return (api if seen.path.startswith("/apirest.php") else glpi).answer(seen)

    with serve(tmp_path / "tls", plan) as server:
        values = {"url": server.url, "ca": server.ca, "api": server.url + "/apirest.php"}
        add_destination(bench.state, "parc", "glpi", values | {"user_token": "right"})
        done = bench.upload()
    assert (done.parked, api.documents) == (1, [])


@pytest.mark.parametrize("body", [b"<html>login</html>", b'{"status":"error","message":"no"}', b""])
def test_an_address_that_is_not_glpi_is_said(tmp_path: Path, body: bytes) -> None:
    bench = workbench(tmp_path)
    bench.queue(1)
    with serve(tmp_path / "tls", lambda seen: Reply(200, body)) as server:
        add_destination(bench.state, "parc", "glpi", {"url": server.url, "ca": server.ca})
        done = bench.upload()
    assert done.parked == 1
    words = done.deliveries[0][1].words
    assert words.code in ("upload.glpi.refused", "upload.glpi.error")
    assert "<html>" not in say("fr", words)


def test_a_record_without_a_machine_is_not_a_computer(tmp_path: Path) -> None:
    from recond.flow.deliver.upload import queue_folder
    from tests.upload.records import write_run

    bench = workbench(tmp_path)
    assert queue_folder(bench.state, write_run(tmp_path / "out", record(1, machine=None))).ids
    add_destination(bench.state, "parc", "glpi", {"url": "https://localhost:1"})
    assert bench.upload().deliveries[0][1].words.code == "upload.no_machine"
