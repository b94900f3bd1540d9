"""devicehub, as faithful a stand-in as its documented behaviour allows.

The real one cannot be installed here (its search engine's bindings are not in the package index).
The stand-in reads a snapshot by the same rules: what it would drop or merge, these tests see.
"""

from __future__ import annotations

import dataclasses
import json
import re
from pathlib import Path
from typing import Any

import pytest

from recond.errors import RecordInvalid
from recond.flow.deliver.upload import add_destination
from recond.inspect.dmidecode import parse_dmidecode
from recond.inspect.system import system_of
from recond.model import Machine, NetworkCard
from recond.upload.devicehub_snapshot import snapshot
from tests.inspect.corpus import read_corpus
from tests.readiness.machines import NOTHING, disk, known
from tests.upload.bench import TOKEN, workbench
from tests.upload.records import notebook, package, record
from tests.upload.servers import Reply, Seen, serve


def full_machine() -> Machine:
    return dataclasses.replace(
        notebook(),
        disks=(disk(serial=known("S1"), model=known("SSD 860")), disk()),
        networks=(
            NetworkCard(
                "enx1",
                known("ethernet"),
                known("aa:aa:aa:aa:aa:aa"),
                known("usb"),
                NOTHING,
                NOTHING,
            ),
            NetworkCard(
                "enp0",
                known("ethernet"),
                known("10:20:30:40:50:60"),
                known("pci"),
                known("I219-LM"),
                NOTHING,
            ),
        ),
    )


class Devicehub:
    """Keeps each uuid once; reads the snapshot as the real one's parser does."""

    def __init__(self) -> None:
        self.kept: dict[str, dict[str, Any]] = {}

    def answer(self, seen: Seen) -> Reply:
        if seen.path != "/api/v1/snapshot/":
            return Reply(404)
        if seen.headers.get("authorization") != f"Bearer {TOKEN}":
            return Reply(401)
        body = json.loads(seen.body)
        if not re.fullmatch(
            r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}",
            body.get("uuid", ""),
        ):
            return Reply(422, b'{"detail":"uuid"}')
        if body["uuid"] in self.kept:
            return Reply(409, b'{"detail":"exists"}')
        self.kept[body["uuid"]] = read(body)
        return Reply(
            200,
            json.dumps(
                {
                    "status": "success",
                    "dhid": "A1B2C3",
                    "url": "https://x/",
                    "public_url": "https://y/",
                }
            ).encode(),
        )


def read(body: dict[str, Any]) -> dict[str, Any]:
    """What devicehub makes of a snapshot; raises where its parser would."""
    assert body["software"] == "workbench-script"
    assert re.fullmatch(r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d", body["timestamp"])
    assert json.loads(body["data"]["smartctl"]) == []
    assert re.search(r"^BIOS Information\n\tVendor: ", body["data"]["dmidecode"], re.M)
    sections = {k: v for part in json.loads(body["data"]["inxi"]) for k, v in part.items()}
    assert all(
        isinstance(v, str) for blocks in sections.values() for b in blocks for v in b.values()
    )
    found: dict[str, Any] = {"disks": [], "mac": ""}
    for block in sections["Machine"]:
        if block.get("System"):
            found |= {
                "maker": block["System"],
                "model": block.get("product", ""),
                "serial": block.get("serial", ""),
                "type": block["Type"],
            }
    nets = sections["Network"]
    for one, following in zip(nets[::2], nets[1::2], strict=True):
        if one.get("port"):
            found["mac"] = following.get("mac", "")
            break
    waiting: dict[str, str] = {}
    for block in sections["Drives"]:
        if block.get("serial"):
            waiting = block
        elif block.get("cycles"):
            found["disks"].append(waiting["serial"])
    return found


def test_a_snapshot_is_read_as_it_was_meant(tmp_path: Path) -> None:
    bench, hub = workbench(tmp_path), Devicehub()
    bench.queue(1, 2)
    with serve(tmp_path / "tls", hub.answer) as server:
        add_destination(
            bench.state,
            "hub",
            "devicehub",
            {"url": server.url + "/", "token": TOKEN, "ca": server.ca},
        )
        done = bench.upload()
    assert done.exit_code == 0
    assert len(hub.kept) == 2
    assert dict(done.deliveries[0][1].words.args) == {"page": "A1B2C3 https://y/"}
    seen = read(snapshot(record(), package().digest, package().key))
    assert (seen["maker"], seen["model"], seen["serial"], seen["type"]) == (
        "Dell Inc.",
        "Latitude 5490",
        "NB000001",
        "Laptop",
    )
    seen = read(snapshot(record(machine=full_machine()), "d", "k"))
    assert seen["mac"] == "10:20:30:40:50:60"  # not the bench's adapter
    assert seen["disks"] == ["S1"]


def test_the_same_record_is_the_same_snapshot(tmp_path: Path) -> None:
    bench, hub = workbench(tmp_path), Devicehub()
    bench.queue(1)

    def lose_the_first(seen: Seen) -> Reply:
        reply = hub.answer(seen)
        return Reply(0) if len(server.seen) == 1 else reply

    with serve(tmp_path / "tls", lose_the_first) as server:
        add_destination(
            bench.state, "hub", "devicehub", {"url": server.url, "token": TOKEN, "ca": server.ca}
        )
        bench.upload()
        done = bench.upload(now=True)
    assert (done.exit_code, len(hub.kept)) == (0, 1)
    assert done.deliveries[0][1].words.code == "upload.already"


@pytest.mark.parametrize("body", [b"<html>", b"{}", b'{"status":"fail"}', b"[]"])
def test_an_odd_answer_is_not_success(tmp_path: Path, body: bytes) -> None:
    bench = workbench(tmp_path)
    bench.queue(1)
    with serve(tmp_path / "tls", lambda seen: Reply(200, body)) as server:
        add_destination(
            bench.state, "hub", "devicehub", {"url": server.url, "token": TOKEN, "ca": server.ca}
        )
        assert bench.upload().parked == 1


def test_a_machine_without_any_mark_is_not_merged_with_others() -> None:
    machine = notebook()
    machine = dataclasses.replace(
        machine, system=dataclasses.replace(machine.system, serial=NOTHING)
    )
    with pytest.raises(RecordInvalid, match=r"upload\.devicehub\.anonymous"):
        snapshot(record(machine=machine), "d", "k")


def test_every_real_machine_can_be_read() -> None:
    for sample in read_corpus("dmi"):
        system = system_of(parse_dmidecode(sample.text))
        machine = dataclasses.replace(full_machine(), system=system)
        assert read(snapshot(record(machine=machine), "d", "k"))["maker"]
