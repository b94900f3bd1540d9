"""A full dock of slow disks at once against one alone, and the memory that this takes.

    python benchmarks/dock.py [--disks 24] [--size-mib 32] [--mbps 2] [--method zero]

Needs nothing but this repository: no root, no kernel module, no emulator. The disks are image
files, and each worker's reading and writing is held to a speed by a token bucket in the worker
itself (a hook that only workers load): a call returns when a disk of that speed would have
answered. All the rest is the real command: its workers, their journals, its supervisor, its record.
What it cannot show is a crowd below the system calls (a controller, a cable, the kernel's queues).

Printed: how long the slowest of all took for its pass and its reading, against the one alone
(wanted: at most 1.05); how much memory a worker holds (`Pss` is what is its own, and its share of
what several hold), and the command itself while it waits.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
WORKER = "recond.wipe.worker"
MIB = 1 << 20
EACH_S = 0.5
HOOK = """
import sys
if "{worker}" in sys.orig_argv:
    import os, threading, time
    lock, free = threading.Lock(), [0.0]

    def paced(call):
        def answered(*given):
            count = call(*given)
            with lock:
                free[0] = max(time.monotonic(), free[0]) + count / {speed}
                until = free[0]
            time.sleep(max(0.0, until - time.monotonic()))
            return count
        return answered

    os.pwrite, os.preadv = paced(os.pwrite), paced(os.preadv)
"""


@dataclass
class Run:
    """What one command took: each disk's seconds, and memory (KiB) as it was looked at."""

    seconds: list[float]
    whole_s: float
    resident: list[int] = field(default_factory=list)
    own: list[int] = field(default_factory=list)
    waiting: int = 0
    waiting_own: int = 0


def main() -> None:
    """One disk, then all of them; the ratio and the memory."""
    reader = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    reader.add_argument("--disks", type=int, default=24)
    reader.add_argument("--size-mib", type=int, default=32)
    reader.add_argument("--mbps", type=float, default=2)
    reader.add_argument("--method", default="zero")
    asked = reader.parse_args()
    print(f"load before: {os.getloadavg()[0]:.1f}", flush=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        hook = folder / "hook"
        hook.mkdir()
        speed = int(asked.mbps * MIB)
        (hook / "sitecustomize.py").write_text(HOOK.format(worker=WORKER, speed=speed))
        alone = run(folder, hook, 1, asked)
        print(f"alone {max(alone.seconds):8.2f} s", flush=True)
        together = run(folder, hook, asked.disks, asked)
    slowest, quickest = max(together.seconds), min(together.seconds)
    print(
        f"{asked.disks:5} {slowest:8.2f} s (slowest), {quickest:.2f} s (quickest)"
        f"   ratio {slowest / max(alone.seconds):.3f}   wanted <= 1.05"
    )
    print(f"whole command {alone.whole_s:.1f} s and {together.whole_s:.1f} s")
    for what, found in (("alone", alone), (f"of {asked.disks}", together)):
        print(
            f"memory of a worker, {what}: {max(found.resident) / 1024:.1f} MiB at most, "
            f"{statistics.median(found.own) / 1024:.1f} MiB its own (Pss)   wanted <= 40; "
            f"the command while it waits {found.waiting / 1024:.0f} MiB, "
            f"{found.waiting_own / 1024:.0f} its own   wanted <= 80"
        )


def run(folder: Path, hook: Path, count: int, asked: argparse.Namespace) -> Run:
    """Erase so many images by one command, and look at its memory while it runs."""
    here = folder / str(count)
    here.mkdir()
    names = [f"slow{number:02}.img" for number in range(count)]
    for name in names:
        (here / name).write_bytes(os.urandom(asked.size_mib * MIB))
    argv = [sys.executable, "-m", "recond", "wipe", "--image", *names, "--method", asked.method]
    argv += ["--verify", "full", "--out", "out", "--json", "--state", str(folder / "state")]
    for name in names:
        argv += ["--confirm", name]
    paths = os.pathsep.join([str(hook), str(ROOT)])
    environment = {**os.environ, "PYTHONPATH": paths, "LANG": "C.UTF-8"}
    began = time.monotonic()
    errors = here / "errors"
    with errors.open("wb") as told:
        process = subprocess.Popen(
            argv, cwd=here, env=environment, stdout=subprocess.DEVNULL, stderr=told
        )
        found = Run([], 0.0)
        while process.poll() is None:
            look(process.pid, found)
            time.sleep(EACH_S)
    if process.returncode:
        raise SystemExit(errors.read_text()[-2000:])
    found.whole_s = time.monotonic() - began
    found.seconds = [seconds_of(one) for one in record_of(here / "out")["erasures"]]
    if len(found.seconds) != count:
        raise SystemExit(f"{len(found.seconds)} disks in the record")
    return found


def look(parent: int, found: Run) -> None:
    """Memory of the command and its workers, while all workers run."""
    workers = 0
    for entry in Path("/proc").iterdir():
        try:
            if (
                not entry.name.isdigit()
                or f"PPid:\t{parent}\n" not in (entry / "status").read_text()
            ):
                continue
            if WORKER.encode() not in (entry / "cmdline").read_bytes():
                continue
            workers += 1
            found.resident.append(kib(entry, "status", "VmHWM"))
            found.own.append(kib(entry, "smaps_rollup", "Pss"))
        except (OSError, ValueError):  # it ended meanwhile
            continue
    if workers:
        try:
            found.waiting = max(found.waiting, kib(Path(f"/proc/{parent}"), "status", "VmRSS"))
            own = kib(Path(f"/proc/{parent}"), "smaps_rollup", "Pss")
            found.waiting_own = max(found.waiting_own, own)
        except (OSError, ValueError):
            return


def kib(process: Path, file: str, name: str) -> int:
    """A figure of a process. Raises `OSError`, `ValueError` where there is none."""
    figure = re.search(rf"^{name}:\s+(\d+) kB$", (process / file).read_text(), re.MULTILINE)
    if figure is None:
        raise ValueError(name)
    return int(figure[1])


def record_of(folder: Path) -> dict[str, Any]:
    """The only record under a folder."""
    (found,) = folder.rglob("record.json")
    value: dict[str, Any] = json.loads(found.read_bytes())
    return value


def seconds_of(erasure: dict[str, Any]) -> float:
    """The pass and the reading, as the record has them."""
    if erasure["result"]["status"] != "erased":
        raise SystemExit(f"not erased: {erasure['result']}")
    spent = sum(step["duration_ms"] for step in erasure["steps"])
    return float(spent + erasure["verification"]["duration_ms"]) / 1000


if __name__ == "__main__":
    main()
