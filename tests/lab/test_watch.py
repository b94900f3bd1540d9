"""A dock bench on a real kernel: SCSI, USB and NVMe disks erased at once, one pulled in mid-pass
and put back, one pulled when it was done and put back, one that nobody listed.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.lab.machine import Lab

pytestmark = pytest.mark.lab
MIB = 1 << 20
FOLLOWER = r"""
import json, os, signal, sys, threading

def say(word, after=0.0):
    # a plug is free again once the kernel and the emulator have both let go of its disk
    threading.Timer(after, lambda: print(word, "NOW", flush=True)).start()

said, done = set(), set()
for line in sys.stdin:
    with open("/mnt/share/dock.jsonl", "a") as log:
        log.write(line)
    event = json.loads(line)
    if event["event"] != "slot":
        continue
    serial, state, code = event["serial"], event["state"], event["exit_code"]
    word = {
        ("USBGONE", "erasing"): "PULL USB" if (event["percent"] or 0) >= 15 else None,
        ("USBGONE", "pulled"): "PLUG USB" if code else None,
        ("NVGONE", "done"): "PULL NV", ("NVGONE", "pulled"): "PLUG NV",
        ("GONE", "erasing"): "PLUG FOREIGN",
    }.get((serial, state))
    if word and word not in said:
        said.add(word)
        say(word, 8.0 if word.startswith("PLUG") else 0.0)
    if (serial, state) in (("USBGONE", "done"), ("GONE", "done"), ("NVGONE", "certified"),
                           ("FOREIGN", "stranger")):
        done.add(serial)
    if len(done) == 4 and "end" not in said:
        said.add("end")
        os.kill(int(open("/tmp/watch.pid").read()), signal.SIGTERM)
"""
SCRIPT = r"""
printf 'serial\nGONE\nUSBGONE\nNVGONE\n' > /tmp/liste.csv
mkfifo /tmp/events
python3 -m recond watch --lot Quai --manifest /tmp/liste.csv --state /tmp/state --all --json \
    --out /mnt/share/dock > /tmp/events 2> /mnt/share/dock.txt &
echo $! > /tmp/watch.pid
python3 -u /mnt/share/follower.py < /tmp/events
wait $(cat /tmp/watch.pid); code=$?; echo "WATCH $code"; exit $code
"""


def qmp(command: str, **arguments: Any) -> str:
    return "qmp " + json.dumps({"execute": command, "arguments": arguments})


def test_disks_come_and_go(lab: Lab) -> None:
    (lab.share / "follower.py").write_text(FOLLOWER)
    foreign = lab.share / "foreign.img"
    foreign.write_bytes(b"SOMEBODY ELSE'S " * (MIB // 16))
    node = {
        "driver": "raw",
        "node-name": "foreign",
        "file": {"driver": "file", "filename": str(foreign)},
    }
    whens = {
        "PULL USB": "unplug usbgone",
        "PULL NV": "unplug nvgone",
        "PLUG USB": qmp(
            "device_add",
            driver="usb-storage",
            id="usbagain",
            bus="xhci.0",
            serial="USBGONE",
            removable=True,
            drive="usbgone-blk",
        ),
        "PLUG NV": qmp(
            "device_add",
            driver="nvme",
            id="nvagain",
            bus="rp0",
            serial="NVGONE",
            drive="nvgone-blk",
        ),
        "PLUG FOREIGN": qmp(
            "device_add",
            driver="scsi-hd",
            id="foreigner",
            serial="FOREIGN",
            bus="scsi0.0",
            drive="foreign",
        ),
    }
    options = [
        word for text, action in whens.items() for word in ("--when", f"{text} NOW:{action}")
    ]
    disks = [word for name in ("gone", "usbgone", "nvgone") for word in ("--disk", name)]
    done = lab.run(
        "faulty",
        SCRIPT,
        *disks,
        *options,
        "--at",
        "0:" + qmp("blockdev-add", **node),
        "--verbose",
        name="dock",
    )
    told = (lab.share / "dock.jsonl").read_text() if (lab.share / "dock.jsonl").exists() else ""
    assert done.code == 0, done.output + told[-4000:]
    *_, summary = map(json.loads, told.splitlines())
    assert (summary["exit_code"], summary["missing"]) == (0, []), summary
    ends = {one["serial"]: one["state"] for one in summary["disks"]}
    assert ends == {
        "GONE": "done",
        "USBGONE": "done",
        "NVGONE": "certified",
        "FOREIGN": "stranger",
        "LABROOT": "stranger",
    }
    slots = {one["serial"]: one["slot"].split()[0] for one in summary["disks"]}
    assert slots | {"LABROOT": ""} == {
        "GONE": "SCSI",
        "USBGONE": "USB",
        "NVGONE": "NVMe",
        "FOREIGN": "SCSI",
        "LABROOT": "",
    }
    check_records(lab.share / "dock")
    for name in ("gone", "usbgone", "nvgone"):
        assert b"LABDATA" not in (done.state / f"{name}.img").read_bytes(), name
    assert foreign.read_bytes() == b"SOMEBODY ELSE'S " * (MIB // 16)


def check_records(out: Path) -> None:
    """Two of the disk that was pulled, the first without proof; one of each other."""
    found: dict[str, list[dict[str, Any]]] = {}
    for folder in sorted(out.iterdir()):
        (one,) = json.loads((folder / "record.json").read_bytes())["erasures"]
        found.setdefault(one["disk"]["serial"], []).append(one)
    status = {name: [one["result"]["status"] for one in all_] for name, all_ in found.items()}
    assert status == {"GONE": ["erased"], "NVGONE": ["erased"], "USBGONE": ["failed", "erased"]}
    assert found["USBGONE"][0]["steps"][0]["outcome"] == "vanished"
