"""The real programs, where they are: devicehub-django and glpi-agent's proxy, on this machine only.

RECOND_DEVICEHUB names a checkout of devicehub-django with its environment in `.venv`;
RECOND_GLPI_AGENT one of glpi-agent whose Perl modules are installed (docs/uploads.md). None of
their code is ours; without them these tests are skipped, and the stand-ins remain.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import shutil
import socket
import subprocess
import time
import uuid
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from recond.flow.deliver.check import check_destination
from recond.flow.deliver.upload import add_destination, queue_folder, upload
from recond.host.clock import SystemClock
from recond.host.http import Https, Request
from recond.model import Known
from recond.upload.devicehub_snapshot import device_id
from recond.upload.send import Urgency
from tests.upload.bench import workbench
from tests.upload.ran import ran
from tests.upload.records import record, write_run
from tests.upload.servers import Reply, Seen, make_certificates, serve
from tests.upload.test_glpi import Glpi

HUB, AGENT = os.environ.get("RECOND_DEVICEHUB"), os.environ.get("RECOND_GLPI_AGENT")
hub_only = pytest.mark.skipif(not HUB, reason="no devicehub-django here: RECOND_DEVICEHUB")
agent_only = pytest.mark.skipif(not AGENT, reason="no glpi-agent here: RECOND_GLPI_AGENT")
START_S = 60
JSON = (("Content-Type", "application/json"),)


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + START_S
    while time.monotonic() < end:
        assert process.poll() is None, "the program ended"
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.2)
    pytest.fail("the program did not begin to listen")


def wait_until(there: Callable[[], bool]) -> None:
    end = time.monotonic() + START_S
    while not there():
        assert time.monotonic() < end, "the program did not do what was waited for"
        time.sleep(0.2)


@contextlib.contextmanager
def running(
    argv: tuple[str, ...], port: int, folder: Path, environ: dict[str, str], log: Path
) -> Iterator[None]:
    with log.open("wb") as out:
        process = subprocess.Popen(argv, cwd=folder, env=environ, stdout=out, stderr=out)
        try:
            wait_for(port, process)
            yield
        finally:
            process.terminate()
            process.wait(20)


# --- devicehub -----------------------------------------------------------------------------------


class Hub:
    """A devicehub that runs, with one institution, one token and one lot."""

    def __init__(self, url: str, ca: str, token: str) -> None:
        self.url, self.ca, self.token = url, ca, token

    def get(self, path: str) -> Any:
        answer = Https(self.ca).send(
            Request(
                "GET", f"{self.url}/api/v1/{path}", (("Authorization", f"Bearer {self.token}"),)
            )
        )
        assert answer.status == 200
        return json.loads(answer.body)

    def post(self, snapshot: object) -> Any:
        headers = (
            ("Authorization", f"Bearer {self.token}"),
            ("Content-Type", "application/json"),
        )
        answer = Https(self.ca).send(
            Request("POST", f"{self.url}/api/v1/snapshot/", headers, json.dumps(snapshot).encode())
        )
        return answer.status, json.loads(answer.body)


@pytest.fixture(scope="module")
def hub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hub]:
    folder, place = Path(str(HUB)), tmp_path_factory.mktemp("hub")
    ca, certificate = make_certificates(place / "tls", host="localhost", days=30)
    port, token = free_port(), str(uuid.uuid4())
    environ = {
        **os.environ,
        "DEVICEHUB_SECRET_KEY_SECRET": "test",
        "DEVICEHUB_HOST": "localhost",
        "DEVICEHUB_DB_TYPE": "sqlite",
        "DEVICEHUB_EVIDENCES_DIR": str(place),
        "DEVICEHUB_ENABLE_EMAIL": "false",
    }
    lot = (
        "from lot.models import Lot, LotTag; from user.models import Institution;"
        "i = Institution.objects.get(); t = LotTag.objects.filter(owner=i).last();"
        "Lot.objects.create(name='LOT-7', owner=i, type=t)"
    )
    python = str(folder / ".venv" / "bin" / "python")
    for argv in (
        ("migrate",),
        ("add_institution", "asso"),
        ("add_user", "asso", "a@example.org", "secret", "True", token),
        ("shell", "-c", lot),
    ):
        subprocess.run(
            (python, "manage.py", *argv), cwd=folder, env=environ, check=True, capture_output=True
        )
    serving = (
        *(python, "-m", "gunicorn", "dhub.wsgi:application", "-b", f"127.0.0.1:{port}"),
        *("--certfile", str(certificate), "--keyfile", str(certificate)),
    )
    with running(serving, port, folder, environ, place / "log"):
        yield Hub(f"https://localhost:{port}", str(ca), token)


@hub_only
def test_devicehub_shows_the_erasure_of_a_run_and_keeps_it_once(hub: Hub, tmp_path: Path) -> None:
    bench, done = workbench(tmp_path), ran()
    values = {"url": hub.url, "ca": hub.ca, "token": hub.token}
    add_destination(bench.state, "hub", "devicehub", values)
    assert check_destination(bench.state, "hub", SystemClock()).exit_code == 0
    assert queue_folder(bench.state, done.folder).ids
    assert upload(bench.state, (), SystemClock(), urgency=Urgency()).exit_code == 0
    shutil.rmtree(bench.state / "queue")  # the bench forgot, and sends it again
    assert queue_folder(bench.state, done.folder).ids
    assert upload(bench.state, (), SystemClock(), urgency=Urgency()).exit_code == 0
    (device,) = hub.get("devices/")["devices"]
    machine = done.record.machine
    assert machine is not None
    assert isinstance(machine.identity.ereuse24, Known)
    assert device["ID"] == device_id(machine) == f"ereuse24:{machine.identity.ereuse24.value}"
    assert device["user_properties"]["recond-verdict"] == "approved"
    assert device["user_properties"]["recond-certificate"] == done.record.record_id
    assert (device["serial"], device["type"], device["cpu_cores"]) == ("PF1ABCDE", "Laptop", "4")
    (lot,) = hub.get("lots/LOT-7/devices/")["devices"]
    assert lot["ID"] == device["ID"]


@hub_only
def test_devicehub_refuses_a_token_and_nothing_is_lost(hub: Hub, tmp_path: Path) -> None:
    bench = workbench(tmp_path)
    values = {"url": hub.url, "ca": hub.ca, "token": str(uuid.uuid4())}
    add_destination(bench.state, "hub", "devicehub", values)
    bench.queue(1)
    done = bench.upload()
    assert (done.waiting, done.parked) == (1, 0)
    assert done.holds[0].words.code == "upload.token_refused"


@hub_only
def test_devicehub_makes_one_computer_of_two_records(hub: Hub, tmp_path: Path) -> None:
    bench = workbench(tmp_path)
    values = {"url": hub.url, "ca": hub.ca, "token": hub.token}
    add_destination(bench.state, "hub", "devicehub", values)
    first = record(8)
    again = record(9, machine=first.machine, property_number="A-9")
    for made in (first, again):
        assert queue_folder(bench.state, write_run(tmp_path / "out", made)).ids
    assert bench.upload().exit_code == 0
    found = [one for one in hub.get("devices/")["devices"] if one["serial"] == "NB000008"]
    assert len(found) == 1
    assert found[0]["user_properties"]["recond-asset"] == "A-9"


# --- glpi-agent's proxy --------------------------------------------------------------------------


@contextlib.contextmanager
def agent(place: Path, server: str, ca: str, certificate: Path) -> Iterator[str]:
    """The proxy behind TLS; `server` is the GLPI that it hands inventories to."""
    port, conf = free_port(), place / "etc"
    conf.mkdir(parents=True)
    (place / "var").mkdir()
    (conf / "agent.cfg").write_text(
        f"server = {server}/\nhttpd-port = {port}\nhttpd-trust = 127.0.0.1\n"
        f"ca-cert-file = {ca}\ndelaytime = 1\nvardir = {place}/var\n"
        "logger = stderr\ntasks = wakeonlan\nno-task = inventory\n"
    )
    (conf / "proxy-server-plugin.cfg").write_text("disabled = no\n")
    (conf / "ssl-server-plugin.cfg").write_text(
        f"disabled = no\nports = 0\nssl_cert_file = {certificate}\nssl_key_file = {certificate}\n"
    )
    argv = ("perl", "-Ilib", "bin/glpi-agent", f"--conf-file={conf}/agent.cfg")
    with running(
        (*argv, "--daemon", "--no-fork"), port, Path(str(AGENT)), dict(os.environ), place / "log"
    ):
        yield f"https://localhost:{port}/proxy/glpi"


@agent_only
@pytest.mark.parametrize("refuses", [False, True])
def test_the_proxy_takes_and_the_server_decides(tmp_path: Path, refuses: bool) -> None:
    glpi, bench = Glpi(), workbench(tmp_path)
    bench.queue(1, 2)

    def plan(packed: Seen) -> Reply:
        squeezed = packed.headers.get("content-type", "").startswith("application/x-compress")
        body = zlib.decompress(packed.body) if squeezed else packed.body
        seen = dataclasses.replace(packed, body=body)
        if body.startswith(b"<?xml"):  # asked in the old form: GLPI answers in the new one
            return Reply(200, b'{"status":"pending","expiration":0}', JSON)
        if refuses and seen.method == "POST" and b'"inventory",' in seen.body:
            return Reply(400, b'{"status":"error","message":"refused by a rule"}')
        return glpi.answer(seen)

    with serve(tmp_path / "tls", plan) as server:
        certificate = tmp_path / "tls" / "server.pem"
        with agent(tmp_path / "agent", server.url, server.ca, certificate) as url:
            wait_until(lambda: bool(glpi.contacts))  # it must know its server for a GLPI
            time.sleep(1)  # and have read the answer
            add_destination(bench.state, "parc", "glpi", {"url": url, "ca": server.ca})
            done = upload(bench.state, (), SystemClock(), urgency=Urgency())
    ours = [one for one in glpi.contacts if one["name"] == "recond"]
    assert len(ours) == 1
    if refuses:
        assert (done.parked, done.exit_code) == (2, 8)
        assert {d.words.code for _, d in done.deliveries} == {"upload.glpi.error"}
    else:
        assert done.exit_code == 0
        assert [one["content"]["hardware"]["name"] for one in glpi.kept] == ["NB000001", "NB000002"]
