"""QEMU's eMMC with its areas: recond erases the card, is disturbed, and the host reads the image.

Why: boot0, boot1 and a general-purpose area are media of their own with a switch of the kernel's.
What a record says of each is held against its own part of the image: QEMU keeps boot0, boot1, gp0
and the user area one behind the other in one file.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.lab.firmware import NO_RECORD, Row, seconds
from tests.lab.machine import Lab

MIB = 1 << 20
MARK = b"LABDATA"
SERIAL = "0xdeadbeef"
KILL = r'''
"""kill.py PID SERIAL WHAT: once this area is being written, kill recond and its workers."""
import glob, json, os, signal, sys, time

pid, serial, what = int(sys.argv[1]), sys.argv[2], sys.argv[3]

def workers():
    found = []
    for name in glob.glob("/proc/[0-9]*/cmdline"):
        try:
            if b"recond.wipe.worker" in open(name, "rb").read():
                found.append(int(name.split("/")[2]))
        except OSError:
            pass
    return found

def kinds():
    names = glob.glob(os.environ["RECOND_STATE"] + f"/runs/*/journals/{serial}.jsonl")
    return [json.loads(line)["kind"] for name in names for line in open(name, "rb")
            if line.endswith(b"\n")]

while os.path.exists(f"/proc/{pid}") and "step_start" not in kinds():
    time.sleep(0.05)
print("ACT", "NOW", kinds().count("write_protect"), flush=True)
if what == "kill":
    for one in (pid, *workers()):
        try:
            os.kill(one, signal.SIGKILL)
        except ProcessLookupError:
            pass
'''
RUN = (
    "python3 -m recond run --unattended --all --exclude LABROOT {more} --level best --out out"
    " --json >run.json 2>said.txt"
)
RESUME = "python3 -m recond resume --json >resume.json 2>>said.txt; echo resume $?"
SWITCHES = "for one in /sys/block/mmcblk?*/force_ro; do echo SWITCH $one $(cat $one); done"


@dataclass(frozen=True)
class Card:
    """A scene with one card: QEMU's options of it, what is done before and what disturbs it."""

    name: str
    options: str = ""
    disturbance: str = "none"  # none, kill, cut
    before: str = "true"
    more: str = ""
    gp_mib: int = 0
    bps: int = 0
    left: tuple[str, ...] = ()  # areas that must be as they were
    total_mib: int = 16  # a power of two (QEMU 10.0)

    @property
    def areas(self) -> tuple[tuple[str, int], ...]:
        """Name and length of each area in the image, in order."""
        beside = [("boot0", MIB), ("boot1", MIB)]
        beside += [("gp0", self.gp_mib * MIB)] if self.gp_mib else []
        return (*beside, ("user", self.total_mib * MIB - sum(size for _, size in beside)))

    @property
    def device(self) -> str:
        """QEMU's option for it."""
        gp = f",gp0-size={self.gp_mib * MIB}" if self.gp_mib else ""
        return f"-device emmc,drive=card,boot-partition-size={MIB}{gp}{self.options}"


@dataclass(frozen=True)
class Played:
    """What a scene left: a row for each area, the kernel's switches, the record's computer."""

    rows: tuple[Row, ...]
    switches: dict[str, str]
    computer: dict[str, Any]
    output: str


def fill(path: Path, card: Card) -> None:
    """Each sector says which area and which sector it is; no byte is zero."""
    tail = bytes(range(1, 256)) * 2
    with path.open("wb") as stream:
        for name, size in card.areas:
            for sector in range(size // 512):
                head = b"LABDATA %s %010d " % (name.encode(), sector)
                stream.write(head + tail[: 512 - len(head)])


def play(lab: Lab, card: Card) -> Played:
    """Boot, erase, disturb, go on."""
    folder = lab.share / card.name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    (folder / "kill.py").write_text(KILL)
    image = lab.share.parent / f"{card.name}.img"
    fill(image, card)
    first = f"{card.before}; {RUN.format(more=card.more)}"
    if card.disturbance != "none":
        first += f" & python3 kill.py $! {SERIAL}-boot0 {card.disturbance}; wait $!"
    first += f"; echo run $?; {SWITCHES}"
    when = ("--when", "ACT NOW:cut") if card.disturbance == "cut" else ()
    again = f"{RESUME}; {SWITCHES}"
    if card.disturbance == "kill":
        first += f"; echo BETWEEN; {again}"
    done = _boot(lab, card, image, first, *when)
    assert done[0] in (0, 97), done[1]
    output = done[1]
    if card.disturbance == "cut":
        code, output = _boot(lab, card, image, again, "--keep")
        assert code == 0, output
    return _played(card, folder, image.read_bytes(), output)


def _boot(lab: Lab, card: Card, image: Path, command: str, *options: str) -> tuple[int, str]:
    file = f"driver=file,node-name=file,filename={image}"
    block = f"-blockdev {file} -blockdev driver=raw,node-name=raw,file=file"
    if card.bps:
        limit = f'{{"qom-type":"throttle-group","id":"slow","limits":{{"bps-total":{card.bps}}}}}'
        block += f" -object '{limit}' -blockdev driver=throttle,node-name=card,throttle-group=slow"
        block += ",file=raw"
    else:
        block = block.replace("node-name=raw", "node-name=card")
    line = f"cd {card.name}; export RECOND_STATE=$PWD/state; {command}; true"
    added = f"--qemu={block} {card.device}"
    run = lab.run("emmc", line, "--disk", "none", added, *options, name=card.name, timeout_s=1200)
    return run.code, run.output


def _played(card: Card, folder: Path, image: bytes, output: str) -> Played:
    records = [json.loads(one.read_bytes()) for one in (folder / "out").glob("*/record.json")]
    told = max(records, key=lambda one: str(one["issued_at"]))
    ran = folder / ("run.json" if card.disturbance == "none" else "resume.json")
    rows, at = [], 0
    for name, size in card.areas:
        serial = SERIAL if name == "user" else f"{SERIAL}-{name}"
        own = [one for one in told["erasures"] if one["disk"]["serial"] == serial]
        rows.append(_row(card, name, own, folder, image[at : at + size]))
        at += size
    words = [line.split() for line in output.splitlines() if line.startswith("SWITCH ")]
    switches = {one[1].split("/")[3].removeprefix("mmcblk0") or "user": one[2] for one in words}
    computer = json.loads(ran.read_bytes())["computer"]
    return Played(tuple(rows), switches, computer, output)


def _row(card: Card, name: str, told: list[Any], folder: Path, part: bytes) -> Row:
    result = told[0]["result"] if told else NO_RECORD
    steps = told[0]["steps"] if told else []
    serial = SERIAL if name == "user" else f"{SERIAL}-{name}"
    journals = list((folder / "state" / "runs").glob(f"*/journals/{serial}.jsonl"))
    lines = [json.loads(one) for path in journals for one in path.read_bytes().splitlines()]
    done = [f"{one['technique']}: {one['outcome']}" for one in steps if one["outcome"] != "not-run"]
    return Row(
        f"emmc-{card.name}",
        f"emmc0 {name}",
        ", ".join(done),
        card.disturbance,
        result["status"],
        result["verdict"],
        result["level_achieved"],
        tuple(str(one["code"]) for one in result["reasons"]),
        sum(part[at : at + 7] == MARK for at in range(0, len(part), 512)),
        len(part) // 512,
        False,
        seconds(lines),
        str(journals[0]) if journals else "",
    )
