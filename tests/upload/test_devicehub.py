"""devicehub, as faithful a stand-in as its seen behaviour allows (the real one: test_real.py).

The stand-in reads a snapshot by the same rules: what it would drop or merge, these tests see.
"""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from recond.erasure import Status
from recond.errors import RecordInvalid, UsageError
from recond.flow.deliver.upload import add_destination, queue_folder
from recond.inspect.dmidecode import parse_dmidecode
from recond.inspect.system import system_of
from recond.locale import LANGS, say
from recond.model import Known, Machine, NetworkCard
from recond.upload.devicehub_snapshot import device_id, snapshot
from tests.inspect.corpus import read_corpus
from tests.readiness.machines import NOTHING, disk, known
from tests.upload.bench import Workbench, workbench
from tests.upload.ran import ran
from tests.upload.records import disk_erasure, notebook, package, record, write_run
from tests.upload.servers import Reply, Seen, serve

UUID_TOKEN = "5f9f9b3e-0f8c-4a47-8a55-1d8d3c2b9a11"


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


def ereuse24(seen: dict[str, Any]) -> str:
    """The server's own identifier of what it read."""
    parts = (seen["maker"], seen["model"], seen["type"], seen["serial"], seen["mac"])
    return hashlib.sha3_256("".join(parts).encode()).hexdigest()


class Devicehub:
    """Keeps each uuid once; reads the snapshot as the real one's parser does; takes properties and
    lots by the same addresses.
    """

    def __init__(self) -> None:
        self.kept: dict[str, dict[str, Any]] = {}
        self.properties: dict[str, dict[str, str]] = {}
        self.lots: dict[str, list[str]] = {"LOT-7": []}

    def answer(self, seen: Seen) -> Reply:
        if seen.headers.get("authorization") != f"Bearer {UUID_TOKEN}":
            return Reply(401)
        body = json.loads(seen.body)
        if found := re.fullmatch(
            r"/api/v1/devices/devices/(ereuse24:[0-9a-f]{64})/properties/([a-z0-9-]+)/", seen.path
        ):
            if found[1] not in {f"ereuse24:{ereuse24(one)}" for one in self.kept.values()}:
                return Reply(404, b'{"detail":"Device does not exist"}')
            assert body["value"]
            there = self.properties.setdefault(found[1], {})
            new = found[2] not in there
            there[found[2]] = body["value"]
            return Reply(201 if new else 200, b'{"status":"success"}')
        if found := re.fullmatch(r"/api/v1/lots/([^/]+)/devices/", seen.path):
            if found[1] not in self.lots:
                return Reply(404, b'{"detail":"Lot not found"}')
            self.lots[found[1]] += body["device_ids"]
            return Reply(200, b'{"success":true}')
        if seen.path != "/api/v1/snapshot/":
            return Reply(404)
        if not re.fullmatch(
            r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}",
            body.get("uuid", ""),
        ):
            return Reply(422, b'{"detail":"uuid"}')
        if body["uuid"] in self.kept:
            return Reply(409, b'{"detail":"exists"}')
        self.kept[body["uuid"]] = read(body)
        page = f"https://y/device/ereuse24:{ereuse24(self.kept[body['uuid']])}/public/"
        return Reply(
            200,
            json.dumps(
                {"status": "success", "dhid": "A1B2C3", "url": page, "public_url": page}
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
            }
        for key, name in (("maker", "Mobo"), ("model", "model"), ("serial", "serial")):
            found[key] = found.get(key) or block.get(name, "")
        found["type"] = found.get("type") or block.get("Type", "")
    nets = sections["Network"]
    for one, following in pairwise(nets):
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
            {"url": server.url + "/", "token": UUID_TOKEN, "ca": server.ca},
        )
        done = bench.upload()
    assert done.exit_code == 0
    assert len(hub.kept) == 2
    assert "A1B2C3 https://y/" in str(dict(done.deliveries[0][1].words.args)["page"])
    seen = read(snapshot(record(), package().digest, package().key))
    assert (seen["maker"], seen["model"], seen["serial"], seen["type"]) == (
        "LENOVO",
        "20L6S01V00",
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
            bench.state,
            "hub",
            "devicehub",
            {"url": server.url, "token": UUID_TOKEN, "ca": server.ca},
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
            bench.state,
            "hub",
            "devicehub",
            {"url": server.url, "token": UUID_TOKEN, "ca": server.ca},
        )
        assert bench.upload().parked == 1


def hub_values(url: str, ca: str) -> dict[str, str]:
    return {"url": url, "token": UUID_TOKEN, "ca": ca}


def hub_bench(tmp_path: Path, url: str, ca: str, **more: str) -> Workbench:
    bench = workbench(tmp_path)
    add_destination(bench.state, "hub", "devicehub", {**hub_values(url, ca), **more})
    return bench


def test_the_erasure_of_a_run_is_seen_there(tmp_path: Path) -> None:
    """The record as `recond run` left it: its device has the properties and is in its lot."""
    hub, done = Devicehub(), ran()
    with serve(tmp_path / "tls", hub.answer) as server:
        bench = hub_bench(tmp_path, server.url, server.ca, link="https://asso.example/{record}")
        assert queue_folder(bench.state, done.folder).ids
        assert bench.upload().exit_code == 0
    machine = done.record.machine
    assert machine is not None
    assert isinstance(machine.identity.ereuse24, Known)
    device = f"ereuse24:{machine.identity.ereuse24.value}"  # as inspect computed it
    assert device_id(machine) == device
    assert hub.lots["LOT-7"] == [device]
    assert hub.properties[device] == {
        "recond-certificate": done.record.record_id,
        "recond-verdict": "disks",
        "recond-level": "clear",
        "recond-date": done.record.issued_at[:10],
        "recond-sha256": hashlib.sha256((done.folder / "record.json").read_bytes()).hexdigest(),
        "recond-asset": "INV-0042",
        "recond-link": f"https://asso.example/{done.record.record_id}",
    }


def test_a_disk_that_is_not_approved_is_told(tmp_path: Path) -> None:
    hub = Devicehub()
    bad = disk_erasure("D2", Status.FAILED)
    made = record(erasures=(disk_erasure(), bad))
    with serve(tmp_path / "tls", hub.answer) as server:
        bench = hub_bench(tmp_path, server.url, server.ca)
        assert queue_folder(bench.state, write_run(tmp_path / "out", made)).ids
        assert bench.upload().exit_code == 0
    (found,) = hub.properties.values()
    assert (found["recond-verdict"], found["recond-level"]) == ("rejected", "none")


@pytest.mark.parametrize("at", range(1, 8))
def test_an_answer_that_is_lost_anywhere_leaves_every_property(tmp_path: Path, at: int) -> None:
    hub = Devicehub()

    def plan(seen: Seen) -> Reply:
        reply = hub.answer(seen)
        return Reply(0) if len(server.seen) == at else reply

    with serve(tmp_path / "tls", plan) as server:
        bench = hub_bench(tmp_path, server.url, server.ca)
        assert queue_folder(bench.state, ran().folder).ids
        bench.upload()
        assert bench.upload(now=True).exit_code == 0
    assert len(hub.kept) == 1
    assert [len(found) for found in hub.properties.values()] == [6]


@pytest.mark.parametrize("lot", ["LOT-8", "2026"])
def test_a_lot_that_is_not_there_is_said(tmp_path: Path, lot: str) -> None:
    hub = Devicehub()
    hub.lots["2026"] = []  # the server would take it for its lot number 2026
    with serve(tmp_path / "tls", hub.answer) as server:
        bench = hub_bench(tmp_path, server.url, server.ca)
        assert queue_folder(bench.state, write_run(tmp_path / "out", record(lot=lot))).ids
        done = bench.upload()
    assert done.exit_code == 0
    assert lot in say("fr", done.deliveries[0][1].words)
    assert hub.lots["2026"] == []


def test_a_token_that_is_none_is_said_when_it_is_given(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"upload\.devicehub\.token") as caught:
        add_destination(
            tmp_path, "hub", "devicehub", {"url": "https://localhost:1", "token": "5f9f9b3e"}
        )
    assert "5f9f9b3e" not in str(caught.value)


TRACEBACK = b'Traceback (most recent call last):\n  File "/opt/x.py", line 3, in f\nKeyError: 1'


@pytest.mark.parametrize("body", [TRACEBACK, b"<!doctype html><h1>Server Error (500)</h1>"])
@pytest.mark.parametrize("status", [500, 422])
def test_a_servers_insides_are_kept_and_not_shown(tmp_path: Path, body: bytes, status: int) -> None:
    with serve(tmp_path / "tls", lambda seen: Reply(status, body)) as server:
        bench = hub_bench(tmp_path, server.url, server.ca)
        bench.queue(1)
        words = bench.upload().deliveries[0][1].words
    for lang in LANGS:
        shown = say(lang, words)
        assert "Traceback" not in shown
        assert "<" not in shown
    state = (bench.state / "queue" / "state" / f"{record(1).record_id}.json").read_text()
    assert ("KeyError: 1" if body is TRACEBACK else "Server Error") in state


def test_what_devicehub_reads_is_not_lost() -> None:
    body: dict[str, Any] = snapshot(ran().record, "d", "k")
    sections = {k: v for part in json.loads(body["data"]["inxi"]) for k, v in part.items()}
    cpu = next(block for block in sections["CPU"] if block.get("L1"))
    assert (cpu["cores"], cpu["threads"]) == ("4", "8")
    slots = next(block for block in sections["Memory"] if block.get("slots"))
    assert (slots["slots"], slots["modules"], slots["capacity"]) == ("2", "1", "32 GiB")
    assert "\tBIOS Revision: N24ET76W (1.51 )" in body["data"]["dmidecode"]
    assert sections["Battery"][0]["condition"] == "17.5/24.0 Wh (73.0%)"
    screen = next(block for block in sections["Graphics"] if block.get("Monitor"))
    assert (screen["model"], screen["res"], screen["vendor"]) == ("LP140WF6", "1920x1080", "LGD")
    gpu = next(block for block in sections["Graphics"] if block.get("Device"))
    assert gpu["vendor"] == "Intel"
    disk, health = sections["Drives"]
    assert disk["vendor"] == "Samsung"
    assert (health["health"], health["on"]) == ("PASSED", "180d 1h")


def test_a_machine_without_any_mark_is_not_merged_with_others() -> None:
    machine = notebook()
    machine = dataclasses.replace(
        machine, system=dataclasses.replace(machine.system, serial=NOTHING), networks=()
    )
    with pytest.raises(RecordInvalid, match=r"upload\.devicehub\.anonymous"):
        snapshot(record(machine=machine), "d", "k")


def test_every_real_machine_can_be_read() -> None:
    whole, erased = full_machine(), record()
    for sample in read_corpus("dmi"):
        system = system_of(parse_dmidecode(sample.text))
        machine = dataclasses.replace(whole, system=system)
        assert read(snapshot(dataclasses.replace(erased, machine=machine), "d", "k"))["maker"]
