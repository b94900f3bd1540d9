"""`recond plan` on every emulated computer: what is offered for each disk, and refused, is what its
own answers say, and those answers, by our transport, are the ones that hdparm and sg_inq get.
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.lab.machine import Lab

pytestmark = pytest.mark.lab

ANSWERS = r"""
import json, subprocess, sys
from recond.drive import requests as rq
from recond.host.drives import open_drive

def tool(*argv):
    return subprocess.run(argv, capture_output=True).stdout

found = {}
for path in sys.argv[1:]:
    drive, identity = open_drive(path)
    one = {"serial": identity.serial, "bus": identity.bus, "medium": identity.medium.value}
    if drive.scsi is not None:
        # as long as sg_inq asks: the emulation's own length field follows the length asked for
        one["inquiry"] = drive.scsi.execute(rq.scsi_inquiry(read_bytes=36)).data.hex()
        one["sg_inq"] = tool("sg_inq", "--raw", path).hex()
    if identity.bus == "sata":
        one["identify"] = drive.ata.execute(rq.ata_identify()).data.hex()
        words = [w for w in tool("hdparm", "--Istdout", path).decode().split() if len(w) == 4]
        one["hdparm"] = b"".join(bytes.fromhex(w)[::-1] for w in words).hex()
    if drive.nvme is not None:
        one["controller"] = drive.nvme.execute(rq.nvme_identify(1)).data.hex()
        one["log"] = drive.nvme.execute(rq.nvme_sanitize_log()).status
    drive.close()
    found[path] = one
json.dump(found, open("answers.json", "w"))
"""
COMMAND = r"""
for level in clear best purge; do
    python3 -m recond plan --all --usb --level $level --json >plan-$level.json 2>>/tmp/said
done
python3 answers.py $(lsblk -dnpo NAME,TYPE | awk '$2=="disk" && $1!~/boot|rpmb/ {print $1}')
"""
OVERWRITE, TWICE = ("overwrite",), ("overwrite", "overwrite")
FORMAT = ("nvme-format-user", "overwrite")  # QEMU's FNA knows no cryptographic erase, SANICAP is 0
# serial: what `--level best` offers; None: it may not be erased at all
MACHINES: dict[str, dict[str, tuple[str, ...] | None]] = {
    "plain": {"LABNV0": FORMAT, "LABROOT": None},
    "bench": {
        "S4EWNX0M123456/1": FORMAT,
        "S4EWNX0M123456/2": FORMAT,
        "WD-WCC6Y0AB1234": OVERWRITE,
        "S3Z8NB0K111111": OVERWRITE,
        "MOUNTED0001": None,
        "S0M3TH1NG": OVERWRITE,
        "K4G5PAAA": OVERWRITE,
        "4C530001230615113322": TWICE,
        "LABROOT": None,
    },
    "faulty": {
        "WBAD": OVERWRITE,
        "RBAD": OVERWRITE,
        "SATABAD": OVERWRITE,
        "NVBAD": FORMAT,
        "GONE": OVERWRITE,
        "USBGONE": TWICE,
        "NVGONE": FORMAT,
        "LABROOT": None,
    },
    "slow": {"SLOWHDD": OVERWRITE, "SLOWNVME": FORMAT, "SLOWSAS": OVERWRITE, "LABROOT": None},
    "laptop": {"S3Z1NB0K222222": OVERWRITE, "LABROOT": None},
    "laptop-bios": {"S3Z1NB0K222222": OVERWRITE, "LABROOT": None},
    "emmc": {"mmc0": TWICE, "LABROOT": None},
}


def name_of(disk: dict[str, Any], serials: list[str]) -> str:
    """The serial number, with the namespace where a controller has several."""
    serial = str(disk["serial"])
    several = serials.count(serial) > 1
    if disk["bus"] == "mmc":
        return "mmc0"
    return f"{serial}/{disk['namespace']}" if several else serial


@pytest.mark.parametrize("machine", MACHINES)
def test_what_is_offered_is_what_the_disk_says(lab: Lab, machine: str) -> None:
    (lab.share / "answers.py").write_text(ANSWERS)
    done = lab.run(machine, COMMAND, name=f"plans-{machine}")
    assert done.code == 0, done.output
    plans = {
        level: json.loads((lab.share / f"plan-{level}.json").read_bytes())["plans"]
        for level in ("clear", "best", "purge")
    }
    answers = json.loads((lab.share / "answers.json").read_bytes())
    serials = [plan["disk"]["serial"] for plan in plans["best"]]
    offered: dict[str, tuple[str, ...] | None] = {}
    for plan in plans["best"]:
        offered[name_of(plan["disk"], serials)] = (
            None if plan["refusals"] else tuple(step["technique"] for step in plan["steps"])
        )
    assert offered == MACHINES[machine], offered
    for plan in plans["purge"]:  # nothing here can purge, and nobody says so
        codes = {message["code"] for message in plan["refusals"]}
        assert codes, plan["path"]
        assert plan["level_promised"] != "purge"
    for plan in plans["clear"]:
        assert {step["technique"] for step in plan["steps"]} <= {"overwrite"}
    for plan in plans["best"]:
        says(plan, answers[plan["path"]])


def says(plan: dict[str, Any], answer: dict[str, Any]) -> None:
    """The drive's own bytes: equal to the tools', and without what the plan does not offer."""
    assert plan["disk"]["serial"] == answer["serial"]
    if "inquiry" in answer:
        ours, theirs = bytes.fromhex(answer["inquiry"]), bytes.fromhex(answer["sg_inq"])
        assert len(ours) == 36
        assert ours == theirs[:36]  # the kernel's own translation has more of it for SATA
    if "identify" in answer:
        raw = bytes.fromhex(answer["identify"])
        assert len(raw) == 512
        assert raw.hex() == answer["hdparm"]
        assert not int.from_bytes(raw[118:120], "little") & 0x1000  # word 59: no SANITIZE
        assert not int.from_bytes(raw[256:258], "little") & 1  # word 128: no SECURITY
        hidden = {message["code"] for message in plan["not_reached"]}
        assert "drive.not_reached.hidden" not in hidden
    if "controller" in answer and not plan["refusals"]:
        raw = bytes.fromhex(answer["controller"])
        assert raw[4:24].decode().strip() == answer["serial"]
        assert int.from_bytes(raw[256:258], "little") & 2  # OACS: Format
        assert not raw[524] & 4  # FNA: no cryptographic erase
        assert raw[328:332] == bytes(4)  # SANICAP
        assert answer["log"]  # and the sanitize log is refused
        level = plan["level_promised"]
        assert level == "clear"
