"""`recond upload check`: each way in which a destination is not ready, and nothing delivered."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from recond.flow.deliver.check import Checked, check_destination
from recond.flow.deliver.queue import read_queue
from recond.flow.deliver.settings import write_settings
from recond.flow.deliver.upload import add_destination
from recond.upload.settings import check_settings
from tests.cli.command import recond
from tests.upload.bench import TOKEN, Workbench, workbench
from tests.upload.servers import Reply, serve

UUID_TOKEN = "5f9f9b3e-0f8c-4a47-8a55-1d8d3c2b9a11"


def signs(found: Checked) -> dict[str, bool | None]:
    return {step.key: step.good for step in found.steps}


def ask(bench: Workbench, name: str = "there") -> Checked:
    return check_destination(bench.state, name, bench.clock)


KINDS = [
    ("https", {"token": TOKEN}, b""),
    ("glpi", {}, b'{"status":"ok","expiration":24}'),
    ("devicehub", {"token": UUID_TOKEN}, b'{"devices":[]}'),
    ("snipeit", {"token": TOKEN, "status": "2"}, b'{"total":0,"rows":[]}'),
    (
        "tectech",
        {"client_id": "me", "client_secret": "x", "stock": "S", "lot": "L"},
        b'{"access_token":"t"}',
    ),
]


@pytest.mark.parametrize(("kind", "values", "body"), KINDS, ids=[kind for kind, *_ in KINDS])
def test_a_destination_that_is_ready(
    tmp_path: Path, kind: str, values: dict[str, str], body: bytes
) -> None:
    bench = workbench(tmp_path)
    bench.queue(1)
    with serve(tmp_path / "tls", lambda seen: Reply(200, body)) as server:
        add_destination(bench.state, "there", kind, {"url": server.url, "ca": server.ca, **values})
        found = ask(bench)
        assert (found.exit_code, set(signs(found).values())) == (0, {True})
        assert len(server.seen) == 1
        assert not any(b"NB000001" in seen.body for seen in server.seen)  # nothing of a record
    assert dict(found.example)["verdict"] == "approved"
    assert read_queue(bench.state).entries[0].deliveries == ()


@pytest.mark.parametrize(("kind", "values", "body"), KINDS, ids=[kind for kind, *_ in KINDS])
def test_a_token_that_is_refused(
    tmp_path: Path, kind: str, values: dict[str, str], body: bytes
) -> None:
    bench = workbench(tmp_path)
    with serve(tmp_path / "tls", lambda seen: Reply(401)) as server:
        add_destination(bench.state, "there", kind, {"url": server.url, "ca": server.ca, **values})
        found = ask(bench)
    assert signs(found) == {"network": True, "certificate": True, "token": False, "answer": None}


def test_a_certificate_that_is_not_good(tmp_path: Path) -> None:
    bench = workbench(tmp_path)
    with serve(tmp_path / "tls", lambda seen: Reply()) as server:
        add_destination(bench.state, "there", "https", {"url": server.url, "token": TOKEN})
        found = ask(bench)
    assert signs(found) == {"network": True, "certificate": False, "token": None, "answer": None}
    assert (found.exit_code, server.seen) == (8, [])


def test_no_network(tmp_path: Path) -> None:
    bench = workbench(tmp_path)
    with serve(tmp_path / "tls", lambda seen: Reply()) as server:
        bench.endpoint(server.url, server.ca, name="there")
    assert signs(ask(bench))["network"] is False


@pytest.mark.parametrize("kind", ["glpi", "snipeit"])
def test_another_program_answers(tmp_path: Path, kind: str) -> None:
    bench = workbench(tmp_path)
    more = {"token": TOKEN, "status": "2"} if kind == "snipeit" else {}
    with serve(tmp_path / "tls", lambda seen: Reply(200, b"<html>login</html>")) as server:
        add_destination(bench.state, "there", kind, {"url": server.url, "ca": server.ca, **more})
        found = ask(bench)
    assert signs(found) == {"network": True, "certificate": True, "token": None, "answer": False}


def test_a_stick_that_is_not_plugged_in(tmp_path: Path) -> None:
    bench = workbench(tmp_path)
    stick = bench.folder("there")
    assert ask(bench).exit_code == 0
    stick.rename(tmp_path / "away")
    assert signs(ask(bench)) == {"folder": False}


def test_a_devicehub_token_from_before_it_was_looked_at(tmp_path: Path) -> None:
    bench = workbench(tmp_path)
    values = {"kind": "devicehub", "url": "https://localhost:1", "token": "short"}
    write_settings(bench.state, (check_settings("there", values),))
    found = ask(bench)
    assert found.exit_code == 8
    assert "short" not in str(found)


def test_the_command_says_it_in_ten_lines(tmp_path: Path) -> None:
    bench = workbench(tmp_path)
    bench.queue(1)
    with serve(tmp_path / "tls", lambda seen: Reply(401, b"no")) as server:
        bench.endpoint(server.url, server.ca)
        done = recond("--state", str(bench.state), "upload", "check", "asso", folder=tmp_path)
        found = recond(
            "--state", str(bench.state), "upload", "check", "asso", "--json", folder=tmp_path
        )
    assert done.code == found.code == 8
    assert len(done.stdout.splitlines()) <= 10
    assert "✗ jeton" in done.stdout
    assert TOKEN not in done.stdout + done.stderr + found.stdout
    assert json.loads(found.stdout)["steps"][2]["good"] is False
