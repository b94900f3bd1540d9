"""Commands of a bench with 10 runs and with 10,000: `python benchmarks/many_runs.py [RUNS]`.

One real run is made and copied under other ids (its certificate's folder stays one). For each
command the processor time of a whole process, best of three, with few and with many runs in the
state, and how they compare; before that, once, the start that reads all of them because there is
no index.
"""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

FEW, MANY, ROUNDS = 10, 10_000, 3
COMMANDS = (("queue",), ("resume",), ("attach", "--plain"), ("key", "show"))
ASKS = {
    "read_past": "from recond.flow.run.history import read_past as ask\n"
    "from recond.flow.run.supervisor import plan_targets\n"
    "from recond.wipe.plan import Wish\nfrom recond.host import Host\n"
    "plan, = plan_targets((sys.argv[2],), Wish(), image=True, host=Host())\n"
    "ask(Path(sys.argv[1]), plan, None)",
}


def make(folder: Path) -> Path:
    """A bench with one real run; the run's folder."""
    from tests.flow.bench import Bench, donor_image

    bench = Bench(folder)
    bench.run(donor_image(folder / "disk.img"))
    return bench.runs()[0].path


def multiply(run: Path, state: Path, count: int) -> None:
    """A state with the run under so many ids."""
    shutil.copytree(run.parent.parent, state, ignore=shutil.ignore_patterns("runs", ".runs-index"))
    for number in range(count):
        shutil.copytree(
            run, state / "runs" / f"2026{number:06d}-{number:06d}-{number:08x}", copy_function=_link
        )


def _link(source: str, target: str) -> None:
    """A name more for what no command changes; a copy of what it may."""
    if source.endswith("supervisor"):
        return
    os.link(source, target)


def seconds(argv: list[str], state: Path) -> float:
    """Processor time of a whole process and of those that it started."""
    environment = {**os.environ, "RECOND_STATE": str(state), "PYTHONPATH": str(ROOT)}
    began = used()
    subprocess.run(argv, env=environment, capture_output=True, stdin=subprocess.DEVNULL)
    return used() - began


def used() -> float:
    """Processor time of the processes that have ended."""
    found = resource.getrusage(resource.RUSAGE_CHILDREN)
    return found.ru_utime + found.ru_stime


def main() -> None:
    """A row for each command."""
    many = int(sys.argv[1]) if len(sys.argv) > 1 else MANY
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        run = make(folder / "made")
        states = {FEW: folder / "few", many: folder / "many"}
        for count, state in states.items():
            multiply(run, state, count)
        time.sleep(4)  # what changed just now is not kept
        other = folder / "other.img"
        other.write_bytes(bytes(1 << 20))
        python = [sys.executable, "-m", "recond"]
        once = seconds([*python, "resume"], states[many])
        print(f"no index yet, {many} runs: {once:.2f} s; load {os.getloadavg()[0]:.1f}")
        asked = {" ".join(one): [*python, *one] for one in COMMANDS}
        for what, code in ASKS.items():
            head = "import sys\nfrom pathlib import Path\n"
            asked[what] = [sys.executable, "-c", head + code]
        for what, argv in asked.items():
            extra = [] if what not in ASKS else ["{state}", str(other)]
            best = {}
            for count, state in states.items():
                whole = [*argv, *(one.format(state=state) for one in extra)]
                best[count] = min(seconds(whole, state) for _ in range(ROUNDS))
            few, lots = best[FEW], best[many]
            print(f"{what:16} {FEW}: {few:.2f} s  {many}: {lots:.2f} s  ratio {lots / few:.2f}")


if __name__ == "__main__":
    main()
