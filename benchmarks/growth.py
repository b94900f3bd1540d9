"""What one more costs as there are more: `python benchmarks/growth.py [TOPIC…] [--max N]`.

Each topic is measured with 10, 1,000 and 100,000 (or what `--max` allows) things that are there
already, in processor time, and the exponent between the last two is printed: of what is done for
one thing (`certificate`, `verify`, `start`, `one more`, `add`) 0 means that it does not grow with
the others; of what looks at all of them (`status`, `report`, `told`) 1 means as they grow and no
faster.
"""

from __future__ import annotations

import argparse
import itertools
import math
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

SIZES = (10, 1_000, 100_000)
MOST = {"verify": 1_000, "start": 10_000, "queue": 10_000, "taken": 1_000}
"""What is made as files: more would take hours to make."""
ROUNDS = 5


def certificate(folder: Path, size: int) -> dict[str, float]:
    """The ledger's part of one more certificate; its page does not know of the others."""
    from tests.keys.test_ledger_file import Bench, grown, lengthen

    bench = Bench(folder / "state")
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
    return {"one more line": first / ROUNDS, "opened": second, "read whole": third}


def verify(folder: Path, size: int) -> dict[str, float]:
    """One of so many certificates in a folder, each whole."""
    from benchmarks.verify import lay
    from recond.certify.verify.verdicts import Trust
    from recond.flow.verify.files import groups_of, verify_groups

    lay(folder, size)
    began = used()
    found = sum(1 for _ in verify_groups(groups_of(tuple(sorted(folder.iterdir()))), Trust()))
    assert found == size
    return {"each": (used() - began) / size}


def start(folder: Path, size: int) -> dict[str, float]:
    """`recond resume` and `recond queue` with so many finished runs in the state, nothing of them
    sent; `first`: without an index.
    """
    from benchmarks.many_runs import make, multiply, seconds

    multiply(make(folder / "made"), folder / "state", size)
    time.sleep(4)  # what changed just now is not kept
    argv = [sys.executable, "-m", "recond"]
    first = seconds([*argv, "resume"], folder / "state")
    found = {"first": first}
    for name in ("resume", "queue"):
        found[name] = min(seconds([*argv, name], folder / "state") for _ in range(3))
    return found


def queue(folder: Path, size: int) -> dict[str, float]:
    """So many records that wait to be sent: one more of them, and `recond queue`, which tells of
    each.
    """
    from benchmarks.many_runs import seconds
    from recond.flow.deliver.upload import queue_of
    from recond.upload.package import make_package
    from tests.upload.records import files_of, record

    waiting = queue_of(folder / "state")
    for number in range(1, size + 1):
        waiting.add(make_package(files_of(record(number), signed=False)))
    more = [make_package(files_of(record(size + n), signed=False)) for n in range(1, ROUNDS + 1)]
    began = used()
    for one in more:
        assert waiting.add(one)
    added = (used() - began) / ROUNDS
    argv = [sys.executable, "-m", "recond", "queue", "--json"]
    return {"one more": added, "told": min(seconds(argv, folder / "state") for _ in range(3))}


def lot(folder: Path, size: int) -> dict[str, float]:
    """A lot with so many records: its status, its report, and one look and row more."""
    from recond.certify.verify.verdicts import Trust
    from recond.flow.lot.collect import collect, folder_sources
    from recond.flow.lot.store import open_lots
    from tests.upload.records import bench_key, disk_erasure, record, write_run

    for number in range(1, 21):
        serial = f"DISK{number:06d}"
        write_run(folder / "out", record(number, erasures=(disk_erasure(serial),)))
    filled(folder, size)
    began = used()
    with open_lots(folder / "state", None) as store:
        trust = Trust((bench_key().certificate,))
        done = collect(store, "L", folder_sources(folder / "out"), trust)
        assert len(done.new) == 20, done.problems
    add = (used() - began) / 20
    parts = {"status": "shown_status(where, 'L')", "report": REPORT}
    return {"add": add} | {name: apart(code, folder) for name, code in parts.items()}


def taken(folder: Path, size: int) -> dict[str, float]:
    """So many records, each another, taken into a new lot by a process of its own: what one costs
    with its part of the start, and by the clock what all do.
    """
    from benchmarks.lot import make

    make(folder, size)
    apart("new_lot(where, 'L', SystemClock())", folder)
    clock = time.perf_counter()
    whole = apart("add_to_lot(where, 'L', (sys.argv[1] + '/out',))", folder)
    return {"each": whole / size, "by the clock": time.perf_counter() - clock}


REPORT = "report_lot(where, 'L', Path(sys.argv[1]) / 'report', lang='fr', clock=SystemClock())"


def apart(code: str, folder: Path) -> float:
    """Processor time of a process of its own, imports included."""
    head = (
        "import sys; from pathlib import Path; from recond.flow.lot.lot import *\n"
        "from recond.host.clock import SystemClock\n"
        "where = LotDatabase(Path(sys.argv[1]) / 'state')\n"
    )
    began = used()
    argv = [sys.executable, "-c", head + code, str(folder)]
    subprocess.run(argv, check=True, cwd=ROOT, capture_output=True)
    return used() - began


def filled(folder: Path, size: int) -> None:
    """A lot with a list, and rows of one real record under other numbers."""
    import sqlalchemy as sa

    from recond.certify.sign.keys import fingerprint, pem
    from recond.codec import canonical_bytes
    from recond.flow.keys.keyring import Keyring
    from recond.flow.lot.collect import machine_row
    from recond.flow.lot.manifest import ExpectedDisk
    from recond.flow.lot.remainder import remainder_of
    from recond.flow.lot.rows import Lot
    from recond.flow.lot.store import open_lots
    from recond.flow.lot.tables import DISKS, ISSUES, MACHINES, REMAINDERS
    from tests.upload.records import NOW, bench_key, record

    key, made = bench_key().certificate, record(21)
    Keyring(folder / "state").pin((key,))
    row, left = machine_row(made, "0", fingerprint(key), "there"), remainder_of(made)
    rows: dict[sa.Table, list[dict[str, object]]] = {}
    for n in range(21, 21 + size):
        one: dict[str, object] = {"lot": "L", "record_id": f"R{n:07d}"}
        computer, disk = f"NB{n:07d}", f"DISK{n:07d}"
        values = asdict(replace(row, disks=())) | one
        del values["disks"]
        more = {"found_by": computer, "serial": computer, "number": n, "digest": str(n)}
        rows.setdefault(MACHINES, []).append(values | more)
        inside = asdict(row.disks[0]) | one | {"serial": disk, "found_by": disk}
        rows.setdefault(DISKS, []).append(inside)
        place = {"ledger": row.ledger, "number": n, "digest": str(n)}
        rows.setdefault(ISSUES, []).append(one | place)
        body = canonical_bytes(replace(left, serial=computer, held=(disk,))).decode()
        rows.setdefault(REMAINDERS, []).append(one | {"body": body})
    with open_lots(folder / "state", None) as store:
        serials = (f"DISK{n:07d}" for n in range(21, 21 + size))
        listed = [ExpectedDisk(n, one, one, "disk") for n, one in enumerate(serials)]
        store.make(Lot("L", None, None, NOW), listed, {})
        store.sign("L", fingerprint(key), pem(key))
        for table, values_of in rows.items():
            store.connection.execute(sa.insert(table), values_of)


def used() -> float:
    """Processor time of this process and of those that ended."""
    whose = (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    return sum(one.ru_utime + one.ru_stime for one in map(resource.getrusage, whose))


TOPICS: dict[str, Callable[[Path, int], dict[str, float]]] = {
    one.__name__: one for one in (certificate, verify, start, queue, lot, taken)
}


def main() -> None:
    """For each topic a row for each size, then the exponents."""
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("topics", nargs="*", choices=[*TOPICS, []], metavar="TOPIC")
    asked.add_argument("--max", type=int, default=SIZES[-1])
    given = asked.parse_args()
    for name in given.topics or TOPICS:
        most, found = min(given.max, MOST.get(name, given.max)), []
        sizes = sorted({min(size, most) for size in SIZES})
        for size in sizes:
            with tempfile.TemporaryDirectory() as folder:
                found.append(TOPICS[name](Path(folder), size))
            told = ", ".join(f"{what} {1000 * one:.1f} ms" for what, one in found[-1].items())
            print(f"{name} {size:7}: {told}", flush=True)
        if len(found) > 1:
            step = math.log(sizes[-1] / sizes[-2])
            pairs = zip(found[-2].values(), found[-1].items(), strict=True)
            told = ", ".join(f"{what} {math.log(b / a) / step:.2f}" for a, (what, b) in pairs)
            print(f"{name} exponent: {told}", flush=True)


if __name__ == "__main__":
    main()
