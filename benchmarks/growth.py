"""How the ledger's part of a certificate grows: `python benchmarks/growth.py`.

Processor time with 10, 1,000 and 100,000 lines in the ledger, and the exponent between the last
two: 0 does not grow, 1 grows with the lines. Beside it what reading the whole ledger costs.
"""

from __future__ import annotations

import itertools
import math
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

SIZES = (10, 1_000, 100_000)
ROUNDS = 5


def measured(folder: Path, size: int) -> tuple[float, float, float]:
    """Processor seconds: one more line with its receipt, opening, reading the whole."""
    from tests.keys.test_ledger_file import Bench, grown, lengthen

    bench = Bench(folder / str(size) / "state")
    bench.issue()
    lengthen(bench, size)
    bench.issue()
    marks = [time.process_time()]
    grown(bench, ROUNDS)
    marks.append(time.process_time())
    bench.open()
    marks.append(time.process_time())
    whole = bench.file.read()
    whole.root(whole.size)
    marks.append(time.process_time())
    first, second, third = (after - before for before, after in itertools.pairwise(marks))
    return first / ROUNDS, second, third


def main() -> None:
    """A row for each size, then the exponents."""
    with tempfile.TemporaryDirectory() as folder:
        rows = [measured(Path(folder), size) for size in SIZES]
    for size, row in zip(SIZES, rows, strict=True):
        line, opened, whole = (1000 * one for one in row)
        print(f"{size:7} lines: one more {line:.1f} ms, opened {opened:.1f}, whole {whole:.1f}")
    step = math.log(SIZES[-1] / SIZES[-2])
    exponents = [math.log(b / a) / step for a, b in zip(rows[-2], rows[-1], strict=True)]
    print("exponent: " + ", ".join(f"{one:.2f}" for one in exponents))


if __name__ == "__main__":
    main()
