"""Many certificates verified: `python benchmarks/verify.py [COUNT]`, whole ones with their page.

Processor time (this process and its children) and peak memory for a tenth, and for all of them: the
cost of one must not grow with how many there are.
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

DIFFERENT = 200
"""Certificates of computers and disks of their own: more words than `pages.quick` keeps."""


def lay(folder: Path, count: int) -> None:
    """True certificates, each in a folder of its own: so many different ones, and then copies."""
    from tests.upload.records import files_of, record

    made = []
    for number in range(count):
        if number < DIFFERENT:
            made.append(files_of(record(number + 1)))
        for name, raw in made[number % DIFFERENT].items():
            file = folder / f"{number:06d}" / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(raw)


def own_peak_mib() -> float:
    """This process' memory at most: its `ru_maxrss` counts that of the process that started it."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1024


def measure(folder: Path) -> None:
    """Verify them as many that were given; what it took on standard output."""
    from recond.certify.verify.verdicts import Trust
    from recond.flow.verify.files import groups_of, verify_groups

    began = time.perf_counter()
    found = verify_groups(groups_of(tuple(sorted(folder.iterdir()))), Trust())
    count = sum(1 for _ in found)
    wall = time.perf_counter() - began
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    processor = sum(one.ru_utime + one.ru_stime for one in used)
    peak = max(own_peak_mib(), used[1].ru_maxrss / 1024)
    each = 1000 * processor / count
    print(f"{count:7} certificates: {wall:.1f} s, {each:.0f} ms of processor each, {peak:.0f} MiB")


def main() -> None:
    """Two sizes, each in a process of its own."""
    if len(sys.argv) == 3 and sys.argv[1] == "measure":
        measure(Path(sys.argv[2]))
        return
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000
    print(f"load before: {os.getloadavg()[0]:.1f}", flush=True)
    for size in (max(count // 10, 1), count):
        with tempfile.TemporaryDirectory() as folder:
            lay(Path(folder), size)
            subprocess.run([sys.executable, __file__, "measure", folder], check=True)


if __name__ == "__main__":
    main()
