"""Work on all processors: every thing is answered for, in order, whatever becomes of a process."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from recond.host.parallel import AHEAD, CHUNK, FEW, for_each
from tests.house import ROOT

PROGRAM = """
import os, sys, time
from pathlib import Path
from recond.host.parallel import for_each
me, here, asked = os.getpid(), Path(sys.argv[1]), 0
def things():
    global asked
    for asked in range(200):
        yield asked
def work(n):
    {work}
    return (n, os.getpid() != me)
for n, elsewhere in for_each(work, things(), lambda n: (n, None), 2, int(sys.argv[2])):
    print(n, elsewhere, asked, flush=True)
"""


def run(folder: Path, work: str, chunk: int = CHUNK) -> list[tuple[int, str, int]]:
    """A process of one thread that prints, for each thing, who answered and how many were asked."""
    program = [sys.executable, "-c", PROGRAM.replace("{work}", work), str(folder), str(chunk)]
    done = subprocess.run(program, cwd=ROOT, capture_output=True, text=True, timeout=60, check=True)
    lines = [line.split() for line in done.stdout.splitlines()]
    return [(int(n), elsewhere, int(asked)) for n, elsewhere, asked in lines]


def test_many_are_done_elsewhere_in_order_and_no_more_than_needed_are_asked_for(
    tmp_path: Path,
) -> None:
    found = run(tmp_path, "time.sleep(0.001)")
    assert [n for n, _, _ in found] == list(range(200))
    assert {elsewhere for _, elsewhere, _ in found} == {"True"}
    ahead = max(asked - n for n, _, asked in found)
    assert ahead <= max(FEW, (AHEAD * 2 + 1) * CHUNK)


def test_what_a_killed_process_had_in_hand_is_said_to_be_lost_and_the_rest_goes_on(
    tmp_path: Path,
) -> None:
    found = run(tmp_path, "os.kill(os.getpid(), 9) if n == 50 else None")
    assert [n for n, _, _ in found] == list(range(200))
    lost = [n for n, elsewhere, _ in found if elsewhere == "None"]
    assert 50 in lost
    assert len(lost) <= 2 * AHEAD * CHUNK
    assert {elsewhere for n, elsewhere, _ in found if n > max(lost)} == {"True"}


def test_nothing_is_left_when_the_parent_is_killed(tmp_path: Path) -> None:
    work = "(here / str(os.getpid())).touch(); time.sleep(60)"
    program = [sys.executable, "-c", PROGRAM.replace("{work}", work), str(tmp_path), "4"]
    with subprocess.Popen(program, cwd=ROOT) as parent:
        end = time.monotonic() + 30
        while len(list(tmp_path.iterdir())) < 2 and time.monotonic() < end:
            time.sleep(0.05)
        children = [int(one.name) for one in tmp_path.iterdir()]
        parent.send_signal(signal.SIGKILL)
    assert len(children) == 2
    while any(map(is_alive, children)) and time.monotonic() < end:
        time.sleep(0.05)
    assert not any(map(is_alive, children))


def is_alive(process: int) -> bool:
    """Whether a process runs; one that nobody has buried yet does not."""
    try:
        stat = Path(f"/proc/{process}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] != "Z"


@pytest.mark.parametrize("count", [0, 1, FEW - 1])
def test_few_are_done_here(count: int) -> None:
    here = os.getpid()
    found = list(for_each(lambda n: (n, os.getpid()), range(count), lambda n: (n, 0), 2))
    assert found == [(n, here) for n in range(count)]


def test_a_process_of_several_threads_does_not_fork() -> None:
    gate = threading.Event()
    other = threading.Thread(target=gate.wait)
    other.start()
    try:
        pids = set(for_each(lambda _: os.getpid(), range(3 * FEW), lambda _: 0, 2))
    finally:
        gate.set()
        other.join()
    assert pids == {os.getpid()}


def test_as_many_are_in_hand_at_once_as_who_asks_says(tmp_path: Path) -> None:
    found = run(tmp_path, "os.kill(os.getpid(), 9) if n == 50 else None", chunk=32)
    assert [n for n, _, _ in found] == list(range(200))
    lost = [n for n, elsewhere, _ in found if elsewhere == "None"]
    assert set(range(32, 64)) <= set(lost)  # none of them was answered alone
    assert min(lost) % 32 == 0
