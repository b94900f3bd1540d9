"""A bench that is killed at a drawn line of its own code, again and again (see test_killed).

Each round is a process of its own: it makes a run known, uploads, and dies by SIGKILL at the nth
line that it executes in the rooms under test; the next round finds what is left. Run as
`python -m tests.upload.killed FOLDER SEED RECORDS ROUNDS`; prints how many rounds were killed.
"""

from __future__ import annotations

import os
import random
import signal
import sys
from pathlib import Path
from typing import Any

from recond.flow.deliver.upload import queue_of, upload
from recond.flow.keys.keyring import Keyring
from recond.flow.runfolder import RunFacts, begin_run, make_run, write_json
from recond.upload.outcome import later_than
from recond.upload.send import Urgency
from tests.lines import at_line
from tests.upload.bench import Still, Workbench
from tests.upload.records import NOW, bench_key, files_of, record, write_run

WATCHED = (
    "recond/upload/",
    "recond/flow/deliver/",
    "recond/host/spool",
    "recond/host/store",
    "recond/host/http",
    "recond/host/journalfile",
)
LINES = 1500
"""The points are drawn below this: more lines than a round with some records has."""


def die_at(point: int) -> None:
    """Have this process killed when it comes to its `point`th line."""
    at_line(point, WATCHED, lambda: os.kill(os.getpid(), signal.SIGKILL))


def one_round(bench: Workbench, number: int, point: int | None) -> bool:
    """Do a round's work in a child; whether it was killed."""
    child = os.fork()
    if child == 0:
        try:
            clock = Still(later_than(NOW, 5 * number))
            if point is not None:
                die_at(point)
            upload(bench.state, (), clock, urgency=Urgency(now=True))
        except BaseException:  # the child must not go on as a second parent
            sys.excepthook(*sys.exc_info())
            os._exit(1)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    if os.WIFEXITED(status) and os.WEXITSTATUS(status):
        raise SystemExit(f"round {number}, point {point}: the bench itself failed")
    return os.WIFSIGNALED(status)


def finish_run(bench: Workbench, number: int) -> None:
    """What a run leaves when it has its certificate: its facts, and the output folder."""
    made = record(number)
    run = make_run(bench.state, made.record_id)
    begin_run(
        run, RunFacts(made.record_id, NOW, str(bench.path / "out"), "fr", context(), None, ())
    )
    folder = write_run(bench.path / "out", made)
    Keyring(bench.state).pin((bench_key().certificate,))  # what it signed is its own
    write_json(run.issued, {"folder": str(folder), "signed": True})


def context() -> Any:
    """Whose bench it is."""
    from recond.erasure import Context

    made = record()
    return Context(made.workshop, made.operator, made.verifier, made.bench)


def main() -> None:
    """Kill `rounds` times while records keep coming, then let it end in peace."""
    folder, seed, records, rounds = Path(sys.argv[1]), *map(int, sys.argv[2:5])
    bench, draw, killed, known = Workbench(folder, Still()), random.Random(seed), 0, 0
    files_of(record())  # makes the key before the fork
    for number in range(rounds):
        if known < records and draw.random() < 0.5:
            known += 1
            finish_run(bench, known)
        killed += one_round(bench, number, draw.randrange(1, LINES))
    while known < records:
        known += 1
        finish_run(bench, known)
    for number in range(rounds, rounds + 100):
        one_round(bench, number, None)
        if not queue_of(bench.state).ids():
            break
    sys.stdout.write(f"{killed}\n")


if __name__ == "__main__":
    main()
