"""One NVMe subsystem with two controllers, as in a server with two paths to its drives.

Why: a namespace shows by two names, another one at the other controller only, and a third at none.
What was not confirmed must be whole afterwards, whatever the drive's commands could take along.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.lab.firmware import MARK, NO_RECORD, Row, seconds
from tests.lab.machine import Lab

SIZE = 16 << 20
SERIAL = "FWSUB"
ATTACHED = {
    "n1": "nsid=1,bus=c0,shared=on",
    "n2": "nsid=2,bus=c0,shared=on,detached=on",
    "n3": "nsid=3,bus=c1,shared=off",
}
ALL = "run --unattended --all --exclude LABROOT"
SHARED = (
    "SHARED=$(for one in /sys/block/nvme*; do [ $(cat $one/hidden)$(cat $one/nsid) = 01 ]"
    " && echo /dev/${one##*/}; done); ONE=$(echo $SHARED | cut -d' ' -f1);"
    " OTHER=/dev/${SHARED##*/dev/}"
)
"""The shared namespace's first name and its last, which are two without native multipath; which
number a subsystem gets is a matter of luck.
"""
ONE = f"wipe $ONE --confirm {SERIAL}"


@dataclass(frozen=True)
class Subsystem:
    """A scene. `orders`: what recond is asked, one after the other; `multipath`: the kernel's."""

    name: str
    namespaces: tuple[str, ...]
    orders: tuple[str, ...]
    multipath: bool
    options: str = ""
    before: str = "true"
    erased: tuple[str, ...] = ()

    @property
    def devices(self) -> str:
        """QEMU's options."""
        parts = ["-device nvme-subsys,id=sub0,nqn=lab"]
        for one in ("c0", "c1"):
            parts.append(
                f"-device nvme,id={one},serial={SERIAL},subsys=sub0,sanitize=on{self.options}"
            )
        return " ".join(parts)


@dataclass(frozen=True)
class Left:
    """What a scene left: the exit codes, the records' erasures by namespace, marked sectors."""

    codes: tuple[int, ...]
    told: dict[int, dict[str, Any]]
    marked: dict[str, int]
    left: tuple[str, ...]
    output: str
    rows: tuple[Row, ...]


def play(lab: Lab, scene: Subsystem) -> Left:
    """Boot, ask recond, read the images."""
    folder = lab.share / scene.name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    devices = scene.devices
    for one in scene.namespaces:
        image = lab.share.parent / f"{scene.name}-{one}.img"
        fill(image, one)
        block = f"driver=raw,node-name={one},discard=unmap,file.driver=file,file.discard=unmap"
        devices += f" -blockdev {block},file.filename={image}"
        devices += f" -device nvme-ns,drive={one},{ATTACHED[one]}"
    lines = [f"cd {scene.name}", "export RECOND_STATE=$PWD/state", SHARED, scene.before]
    for number, order in enumerate(scene.orders):
        kept = f">{number}.json 2>>said.txt; echo ASKED $?"
        lines.append(f"python3 -m recond {order} --level best --out out --json {kept}")
    command = "; ".join((*lines, "tail -n 5 said.txt; ls /sys/block"))
    run = lab.run("plain", command, "--disk", "none", f"--qemu={devices}", name=scene.name)
    assert run.code == 0, run.output
    codes = tuple(int(x.split()[1]) for x in run.output.splitlines() if x.startswith("ASKED "))
    marked = {one: marks(lab.share.parent / f"{scene.name}-{one}.img") for one in scene.namespaces}
    records = [json.loads(one.read_bytes()) for one in (folder / "out").glob("*/record.json")]
    told = {e["disk"]["namespace"]: e for record in records for e in record["erasures"]}
    answers = [json.loads(one.read_bytes()) for one in sorted(folder.glob("?.json"))]
    left = tuple(
        one["key"]
        for answer in answers
        if "computer" in answer
        for one in answer["computer"]["left"]
    )
    rows = tuple(_row(scene, one, told, marked[one], folder) for one in scene.namespaces)
    return Left(codes, told, marked, left, run.output, rows)


def fill(path: Path, name: str) -> None:
    """Each sector says which namespace and which sector it is."""
    tail = bytes(range(1, 256)) * 2
    with path.open("wb") as stream:
        for sector in range(SIZE // 512):
            head = b"LABDATA %s %010d " % (name.encode(), sector)
            stream.write(head + tail[: 512 - len(head)])


def marks(path: Path) -> int:
    """How many sectors are still marked."""
    raw = path.read_bytes()
    return sum(raw[at : at + 7] == MARK for at in range(0, len(raw), 512))


def _row(
    scene: Subsystem, name: str, told: dict[int, dict[str, Any]], marked: int, folder: Path
) -> Row:
    erasure = told.get(int(name[1:]))
    result = erasure["result"] if erasure else NO_RECORD
    steps = erasure["steps"] if erasure else []
    journals = list((folder / "state").glob(f"runs/*/journals/{SERIAL}*{name}*.jsonl"))
    lines = [json.loads(one) for path in journals[:1] for one in path.read_bytes().splitlines()]
    done = [f"{one['technique']}: {one['outcome']}" for one in steps if one["outcome"] != "not-run"]
    return Row(
        scene.name,
        f"two controllers, {name}",
        ", ".join(done),
        "none",
        result["status"],
        result["verdict"],
        result["level_achieved"],
        tuple(str(one["code"]) for one in result["reasons"]),
        marked,
        SIZE // 512,
        False,
        seconds(lines) if lines else 0,
        str(journals[0]) if journals else "",
    )
