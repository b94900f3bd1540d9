"""How long an inventory takes, by `python benchmarks/inspect_time.py`.

Prints, in milliseconds over fresh processes: the imports, the reading without smartctl, and both as
the command `recond inspect --json` from outside. The goal is under 1,000 of our own time.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

ROUNDS = 7
PROGRAM = """
import time
begin = time.perf_counter()
from recond.host import Host
from recond.inspect.machine import read_machine
loaded = time.perf_counter()
read_machine(Host(), smart=False)
print((loaded - begin) * 1000, (time.perf_counter() - loaded) * 1000)
"""


def main() -> None:
    """Measure and print medians."""
    inner = [
        subprocess.run(
            [sys.executable, "-c", PROGRAM], capture_output=True, text=True, check=True
        ).stdout.split()
        for _ in range(ROUNDS)
    ]
    outer = []
    for _ in range(ROUNDS):
        begin = time.perf_counter()
        subprocess.run(
            [sys.executable, "-m", "recond", "inspect", "--json"], capture_output=True, check=True
        )
        outer.append((time.perf_counter() - begin) * 1000)
    loads, reads = ([float(row[column]) for row in inner] for column in (0, 1))
    print(
        f"imports {statistics.median(loads):.0f} ms, reading {statistics.median(reads):.0f} ms, "
        f"command (with smartctl) {statistics.median(outer):.0f} ms, worst {max(outer):.0f} ms"
    )


if __name__ == "__main__":
    main()
