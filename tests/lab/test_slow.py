"""The power goes off in the first pass, in the second, and in the reading; each time the bench is
turned on again and the run goes on. After each cut, what a journal claims stands in the image that
the host reads; at the end the images hold the last pass, and the record shows three interruptions.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from recond.certify.judge.expected_content import fill_bytes
from recond.erasure import Fill
from recond.host.journal_lines import read_entries
from recond.wipe.position import Standing, read_standing
from tests.lab.machine import Lab

pytestmark = pytest.mark.lab

IMAGES = {"SLOWHDD": "hdd0", "SLOWNVME": "nv0", "SLOWSAS": "sas0"}
CUTS = (("write", 0, 40), ("write", 1, 60), ("verify", 2, 50))  # phase, step, percent
FIRST = "run --unattended --all --method flash-clear --out /mnt/share/slow-out"
WATCH = r"""
export RECOND_STATE=/mnt/share/slow-state
python3 -m recond %(command)s --json-events --json 2>&1 >/tmp/result | python3 -uc '
import json, sys
for line in sys.stdin:
    try: event = json.loads(line)
    except ValueError: print(line, end=""); continue
    if (event["disk"] == "SLOWHDD" and event.get("phase") == "%(phase)s"
            and event["step"] == %(step)d and event["done"] * 100 >= event["total"] * %(percent)d):
        print("POWER", "OFF", "NOW", flush=True)
'
exit ${PIPESTATUS[0]}
"""


def standings(share: Path) -> dict[str, Standing]:
    (run,) = (share / "slow-state" / "runs").iterdir()
    found = [
        read_standing(read_entries(path.read_bytes()), same_boot=False)
        for path in (run / "journals").glob("SLOW*.jsonl")
    ]
    return {str(standing.plan.disk.serial): standing for standing in found}


def holds(image: Path, fill: Fill, start: int, length: int) -> bool:
    with image.open("rb") as stream:
        stream.seek(start)
        return stream.read(length) == fill_bytes(fill, start, length)


def test_the_power_goes_off_three_times(lab: Lab) -> None:
    for number, (phase, step, percent) in enumerate(CUTS):
        command = WATCH % {
            "command": "resume" if number else FIRST,
            "phase": phase,
            "step": step,
            "percent": percent,
        }
        more = ("--keep",) if number else ()
        done = lab.run("slow", command, *more, "--when", "POWER OFF NOW:cut", name="slow")
        assert done.code == 97, (number, done.output)
        found = standings(lab.share)
        assert found.keys() == IMAGES.keys()
        for name, standing in found.items():
            assert not standing.ended, (number, name)
            position = standing.position
            assert position.step == step or name != "SLOWHDD", (number, position)
            for start, length in position.done:  # what the last checkpoint claims of this pass
                fill = standing.plan.steps[position.step].fill
                assert fill is not None
                image = done.state / f"{IMAGES[name]}.img"
                assert holds(image, fill, start, length), (number, name, start)
    done = lab.run(
        "slow",
        WATCH % {"command": "resume", "phase": "none", "step": 9, "percent": 0},
        "--keep",
        name="slow",
    )
    assert done.code == 0, done.output
    (folder,) = (lab.share / "slow-out").iterdir()
    record = json.loads((folder / "record.json").read_bytes())
    found_names = set()
    for one in record["erasures"]:
        name = one["disk"]["serial"]
        if name not in IMAGES:
            continue
        found_names.add(name)
        assert one["result"]["status"] == "erased", (name, one["result"])
        assert len(one["interruptions"]) == len(CUTS), (name, one["interruptions"])
        image = done.state / f"{IMAGES[name]}.img"
        size = one["disk"]["size_bytes"]
        assert image.stat().st_size == size
        raw = bytes.fromhex(one["plan"]["steps"][-1]["fill"]["hex"])
        assert image.read_bytes() == raw * (size // len(raw)), name
    assert found_names == IMAGES.keys()
