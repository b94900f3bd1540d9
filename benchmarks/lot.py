"""A lot of 10,000 records: how long and how much memory, by `python benchmarks/lot.py [RECORDS]`.

Makes signed records in a scratch folder (not timed), then measures, each in a fresh process, taking
them in, `lot status` and `lot report`. The goals: 10,000 taken in under 15 s, status under 1 s,
report under 60 s. Before that the floor: each record's files read and hashed, its signature
verified, by one process and nothing else; how many times that taking in needs is printed last.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

STEPS = ("floor", "add", "status", "report")


def make(folder: Path, count: int) -> None:
    """Signed output folders, and a manifest that names each disk and one more."""
    from recond.flow.keys.keyring import Keyring
    from tests.upload.records import bench_key, disk_erasure, record, write_run

    Keyring(folder / "state").pin((bench_key().certificate,))  # else none of them counts
    for number in range(1, count + 1):
        write_run(
            folder / "out" / f"{number // 1000:03d}",
            record(number, erasures=(disk_erasure(f"DISK{number:06d}"),)),
        )
    serials = "\n".join(f"DISK{number:06d}" for number in range(1, count + 2))
    (folder / "manifest.csv").write_text(f"serial\n{serials}\n", encoding="utf-8")


def floor(folder: Path) -> str:
    """What nobody can leave out: read the files and verify one signature for each record."""
    import hashlib

    from recond.certify.sign.jws import read_jws
    from recond.flow.lot.collect import folder_sources

    count = 0
    for source in folder_sources(folder):
        for file in Path(source).rglob("*"):
            if file.is_file():
                hashlib.sha256(file.read_bytes()).digest()
        count += read_jws((Path(source) / "record.jws").read_bytes()).holds
    return f"{count} signatures hold"


def own_peak_mib() -> float:
    """This process' memory at most: its `ru_maxrss` counts that of the process that started it."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1024


def run_step(name: str, folder: Path) -> None:
    """One step, timed from the outside world's view: imports included."""
    began = time.perf_counter()
    from recond.flow.lot.lot import LotDatabase, add_to_lot, new_lot, report_lot, status_of
    from recond.host.clock import SystemClock

    where = LotDatabase(folder / "state")
    if name == "floor":
        done = floor(folder / "out")
    elif name == "add":
        new_lot(where, "L", SystemClock(), manifest=folder / "manifest.csv")
        done = f"{len(add_to_lot(where, 'L', (str(folder / 'out'),)).new)} records"
    elif name == "status":
        status = status_of(where, "L")
        done = f"{status.erased} erased, {len(status.lines) - status.seen} missing"
    else:
        files = report_lot(where, "L", folder / "report", lang="fr", clock=SystemClock()).files
        done = ", ".join(f"{file.suffix} {file.stat().st_size / 1e6:.1f} MB" for file in files)
    taken = time.perf_counter() - began
    own, helped = map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    processor = own.ru_utime + own.ru_stime + helped.ru_utime + helped.ru_stime
    peak = max(own_peak_mib(), helped.ru_maxrss / 1024)
    print(
        f"{name:7} {taken:7.2f} s  ({processor:.2f} s of processor)  {peak:6.0f} MiB at most  "
        f"{done}"
    )
    with (folder / "spent").open("a") as spent:
        spent.write(f"{name} {processor}\n")


def main() -> None:
    """Make the lot and run each step in a process of its own."""
    if len(sys.argv) == 3 and sys.argv[1] in STEPS:
        run_step(sys.argv[1], Path(sys.argv[2]))
        return
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 10_000
    with tempfile.TemporaryDirectory() as folder:
        make(Path(folder), count)
        print(f"{count} records; load before: {os.getloadavg()[0]:.1f}")
        for step in STEPS:
            subprocess.run([sys.executable, __file__, step, folder], check=True)
        pairs = (line.split() for line in (Path(folder) / "spent").read_text().splitlines())
        spent = {step: float(processor) for step, processor in pairs}
        each = 1000 * spent["add"] / count
        ratio = spent["add"] / spent["floor"]
        print(f"taken in: {each:.1f} ms of processor each, {ratio:.1f} times the floor")


if __name__ == "__main__":
    main()
