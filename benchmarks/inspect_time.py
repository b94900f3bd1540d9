"""How long an inventory takes, by `python benchmarks/inspect_time.py`.

Prints medians over fresh processes, in milliseconds: wall time and processor time (children
included) of `recond --version`, `--help` and `inspect --json`, of `python -c pass` as the floor,
and of the peers that are installed, in the same rounds. The goals: 150 and 350 of processor time.
"""

from __future__ import annotations

import resource
import shutil
import statistics
import subprocess
import sys
import time

ROUNDS = 7
OURS = {
    "python -c pass": (sys.executable, "-c", "pass"),
    "recond --version": (sys.executable, "-m", "recond", "--version"),
    "recond --help": (sys.executable, "-m", "recond", "--help"),
    "recond inspect --json": (sys.executable, "-m", "recond", "inspect", "--json"),
}
PEERS = {
    "lshw -json": ("lshw", "-json", "-quiet"),
    "inxi -F": ("inxi", "-F", "-c0"),
    "glpi-inventory": ("glpi-inventory", "--json"),
}


def run_once(argv: tuple[str, ...]) -> tuple[float, float]:
    """(wall, processor) milliseconds of one run, its children included."""
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(argv, capture_output=True, check=False)
    wall, after = time.perf_counter() - begun, resource.getrusage(resource.RUSAGE_CHILDREN)
    spent = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    return wall * 1000, spent * 1000


def main() -> None:
    """Measure in turns, so that a busy moment hits all alike; print the medians."""
    chosen = dict(OURS)
    for name, argv in PEERS.items():
        if shutil.which(argv[0]):
            chosen[name] = argv
        else:
            print(f"{name}: not installed")
    taken: dict[str, list[tuple[float, float]]] = {name: [] for name in chosen}
    for _ in range(ROUNDS):
        for name, argv in chosen.items():
            taken[name].append(run_once(argv))
    for name, rounds in taken.items():
        wall, spent = (statistics.median(one[n] for one in rounds) for n in (0, 1))
        print(f"{name:24} wall {wall:7.0f} ms   processor {spent:7.0f} ms")


if __name__ == "__main__":
    main()
