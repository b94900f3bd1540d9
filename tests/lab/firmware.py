"""The machine `firmware`: recond erases its drives, is disturbed, and the images are read.

Why: what a record says of a drive's own erasure is only worth what the host reads in the image
afterwards. A scene is one boot or two with several drives; what comes of it is a row for each.
"""

from __future__ import annotations

import itertools
import json
import shutil
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tests.lab.machine import Lab, Run

MARK = b"LABDATA"
NV_ENABLED = 66
"""The lab's ATA drives keep user[32], master[32] and a 16-bit revision before `enabled`."""
NO_RECORD: dict[str, Any] = {
    "status": "no record",
    "verdict": "-",
    "level_achieved": "none",
    "reasons": [],
}
WATCH = r'''
"""watch.py PID COUNT ACTION: wait until the drives of COUNT journals erase, then act."""
import glob, json, os, signal, subprocess, sys, time

pid, count, action = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]
early = action == "reset" or "early" in sys.argv  # a Format says nothing before its end

def begun(path):
    kinds = [json.loads(line)["kind"] for line in open(path, "rb") if line.endswith(b"\n")]
    marks = {"end", "password", "progress", "step_end"}
    return bool(marks & set(kinds)) or (early and "step_start" in kinds)

def family(root):
    found = []
    for child in subprocess.run(["pgrep", "-P", str(root)], capture_output=True).stdout.split():
        found += family(int(child))
    return [root, *found]

while os.path.exists(f"/proc/{pid}"):
    time.sleep(0.05 if early else 1)
    paths = glob.glob(os.environ["RECOND_STATE"] + "/runs/*/journals/FW*.jsonl")
    if sum(map(begun, paths)) >= count:
        break
if action != "reset":
    time.sleep(4)  # a SECURITY ERASE shows no more than the password that stands before it
print("ACT", "NOW", flush=True)
if action == "term":
    os.kill(pid, signal.SIGTERM)
elif action == "kill":
    for one in family(pid):
        os.kill(one, signal.SIGKILL)
elif action == "reset":  # again and again, so that one falls into a command
    for _ in range(12):
        for one in glob.glob("/sys/class/nvme/nvme*/reset_controller"):
            try:
                open(one, "w").write("1")
            except OSError as error:
                print("RESET", error, flush=True)
        time.sleep(0.5)
elif action == "remove":
    shown = subprocess.run(["lsblk", "-dno", "NAME,SERIAL"], capture_output=True, text=True)
    for line in shown.stdout.splitlines():
        name, _, serial = line.partition(" ")
        if name.startswith("sd") and serial.strip().startswith("FW"):
            open("/sys/block/" + name + "/device/delete", "w").write("1")
    for one in glob.glob("/sys/class/nvme/nvme*/device/remove"):
        open(one, "w").write("1")
'''
AGAIN = (
    "for one in /sys/class/scsi_host/host*/scan; do echo '- - -' >$one; done;"
    " echo 1 >/sys/bus/pci/rescan; sleep 5"
)
RUN = (
    "python3 -m recond run --unattended --all --exclude LABROOT --level {level} --try-unreported"
    " --out out --json"
)
PLAN = "python3 -m recond plan --all --level best --json >locked.json 2>>said.txt"


@dataclass(frozen=True)
class Scene:
    """Drives of one machine, what disturbs them, and how the machine differs from the lab's."""

    name: str
    drives: tuple[str, ...]
    disturbance: str = "none"  # none, cut, term, kill, reset (NVMe), remove
    changes: tuple[str, ...] = ()  # QEMU's `-set device.` arguments
    level: str = "best"
    timeout_s: int = 1500
    again_s: int = 0  # resumed once more after so many seconds
    early: bool = False  # disturbed as soon as the step has begun


@dataclass(frozen=True)
class Row:
    """What the record says of one drive, and what its image holds."""

    scene: str
    drive: str
    technique: str
    disturbance: str
    outcome: str
    verdict: str
    level: str
    reasons: tuple[str, ...]
    marked_sectors: int
    sectors: int
    locked: bool
    seconds: int
    journal: str = field(default="", compare=False)

    @property
    def says_erased(self) -> bool:
        """Whether anything in the record calls the medium erased."""
        return self.outcome == "erased" or self.verdict == "approved"


def play(lab: Lab, scene: Scene) -> tuple[Row, ...]:
    """Boot, erase, disturb, go on; the rows."""
    folder = lab.share / scene.name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    (folder / "watch.py").write_text(WATCH)
    sets = [part for one in scene.changes for part in ("--qemu", f"-set device.{one}")]
    disks = [part for one in scene.drives for part in ("--disk", one)]
    first = _first(scene)
    done = _boot(lab, scene, first, *disks, *sets, *_actions(scene))
    assert done.code in (0, 97), done.output
    if scene.disturbance == "cut":
        done = _boot(lab, scene, f"{PLAN}; {_resume(scene)}; true", "--keep", *disks, *sets)
        assert done.code == 0, done.output
    return rows(scene, folder, done.state)


def _boot(lab: Lab, scene: Scene, command: str, *options: str) -> Run:
    line = f"cd {scene.name}; export RECOND_STATE=$PWD/state; {command}"
    return lab.run("firmware", line, *options, name=scene.name, timeout_s=scene.timeout_s)


def _resume(scene: Scene) -> str:
    """A stuck drive is waited for by half an hour and more: such a resume is stopped."""
    line = "timeout -s TERM 240 python3 -m recond resume --json >resume.json 2>>said.txt"
    line = f"{line}; echo resume $?"
    return f"{line}; sleep {scene.again_s}; {line}" if scene.again_s else line


def _first(scene: Scene) -> str:
    run = f"{RUN.format(level=scene.level)} >run.json 2>said.txt"
    if scene.disturbance == "none":
        return f"{run}; echo run $?; true"
    early = "early" if scene.early else ""
    watch = f"python3 watch.py $! {len(scene.drives)} {scene.disturbance} {early}"
    line = f"{run} & {watch}; wait $!; echo run $?"
    if scene.disturbance == "remove":
        line += f"; {AGAIN}"
    line += f"; {PLAN}; {_resume(scene)}"
    return f"{line}; true"


def _actions(scene: Scene) -> tuple[str, ...]:
    return ("--when", "ACT NOW:cut") if scene.disturbance == "cut" else ()


def rows(scene: Scene, folder: Path, state: Path) -> tuple[Row, ...]:
    """What each drive's record and image hold. Where no record was written, the journal's words."""
    records = [json.loads(one.read_bytes()) for one in (folder / "out").glob("*/record.json")]
    records.sort(key=lambda one: str(one["issued_at"]))
    found = []
    for drive in scene.drives:
        serial = f"FW{drive.upper()}"
        (journal,) = (folder / "state" / "runs").glob(f"*/journals/{serial}*.jsonl")
        told = [
            one
            for record in records
            for one in record["erasures"]
            if one["disk"]["serial"] == serial
        ]
        found.append(_row(scene, drive, told[-1] if told else None, journal, state))
    return tuple(found)


def _row(scene: Scene, drive: str, told: dict[str, Any] | None, journal: Path, state: Path) -> Row:
    entries = [json.loads(line) for line in journal.read_bytes().splitlines()]
    result: dict[str, Any] = told["result"] if told else NO_RECORD
    steps = told["steps"] if told else []
    image = (state / f"{drive}.img").read_bytes()
    nv = state / f"{drive}.nv"
    ata = not drive.startswith(("nv", "sas"))
    return Row(
        scene.name,
        drive,
        ", ".join(
            f"{one['technique']}: {one['outcome']}" for one in steps if one["outcome"] != "not-run"
        ),
        scene.disturbance,
        result["status"],
        result["verdict"],
        result["level_achieved"],
        tuple(str(one["code"]) for one in result["reasons"]),
        sum(image[at : at + 7] == MARK for at in range(0, len(image), 512)),
        len(image) // 512,
        ata and nv.exists() and bool(nv.read_bytes()[NV_ENABLED]),
        seconds(entries),
        str(journal),
    )


def seconds(entries: list[dict[str, Any]]) -> int:
    """By the journal's own monotonic clock; it falls where the computer was booted again."""
    times = [int(one["mono_ms"]) for one in entries]
    return sum(max(0, b - a) for a, b in itertools.pairwise(times)) // 1000


def as_json(row: Row) -> str:
    """A row as one line."""
    return json.dumps(asdict(row))
