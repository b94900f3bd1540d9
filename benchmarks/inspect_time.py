"""How long an inventory takes, by `python benchmarks/inspect_time.py`.

Prints medians over fresh processes, in milliseconds: wall time and processor time (children
included) of `recond --version`, `--help` and `inspect --json`, of `python -c pass` as the floor,
and of the peers that are installed, in the same rounds; and each as a multiple of the floor, which
another machine can be compared by. The goals: 150 and 350 of processor time.

recond is measured as pip leaves it, compiled: a first round that does not count fills a cache.
"""

from __future__ import annotations

import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

ROUNDS = 7
FLOOR = "python -c pass"
OURS = {
    FLOOR: (sys.executable, "-c", "pass"),
    "recond --version": (sys.executable, "-m", "recond", "--version"),
    "recond --help": (sys.executable, "-m", "recond", "--help"),
    "recond inspect --json": (sys.executable, "-m", "recond", "inspect", "--json"),
}
PEERS = {
    "lshw -json": ("lshw", "-json", "-quiet"),
    "inxi -F": ("inxi", "-F", "-c0"),
    "glpi-inventory": ("glpi-inventory", "--json"),
}


def run_once(argv: tuple[str, ...], environment: dict[str, str]) -> tuple[float, float]:
    """(wall, processor) milliseconds of one run, its children included."""
    before, begun = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    subprocess.run(argv, capture_output=True, check=False, env=environment)
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
    with tempfile.TemporaryDirectory() as cache:
        environment = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
        environment["PYTHONPYCACHEPREFIX"] = cache
        for number in range(ROUNDS + 1):
            for name, argv in chosen.items():
                measured = run_once(argv, environment)
                taken[name] += [measured] if number else []
    floor = statistics.median(spent for _, spent in taken[FLOOR])
    for name, rounds in taken.items():
        wall, spent = (statistics.median(one[n] for one in rounds) for n in (0, 1))
        times = f"{spent / floor:5.1f} times the floor"
        print(f"{name:24} wall {wall:7.0f} ms   processor {spent:7.0f} ms   {times}")


if __name__ == "__main__":
    main()
