"""The worker as a process: killed, stopped, unheard, resumed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from recond.certify.judge.expected_content import fill_bytes
from recond.certify.record import fold_journal
from recond.codec import canonical_bytes
from recond.erasure import Status
from recond.host.target import read_target
from recond.wipe.job import Job
from recond.wipe.plan import Wish, plan_wipe
from tests.wipe.disks import MIB, SEED, job_for, letters

ROOT = Path(__file__).resolve().parents[2]
SIZE = 16 * MIB + 7 * 512


def make_job(folder: Path, method: str = "gutmann") -> tuple[Path, Job]:
    image = folder / "disque.img"
    image.write_bytes(letters(MIB) * 16 + letters(7 * 512))
    plan = plan_wipe(read_target(str(image), image=True), Wish(method=method), SEED, ())
    job = job_for(plan, str(folder / "disque.jsonl"))
    (folder / "job.json").write_bytes(canonical_bytes(job))
    return image, job


def start(folder: Path, *more: str, **how: Any) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, "-m", "recond.wipe.worker", str(folder / "job.json"), *more],
        cwd=ROOT,
        stdin=subprocess.DEVNULL,
        **{"stdout": subprocess.PIPE, **how},
    )


def read_until(process: subprocess.Popen[bytes], step: int) -> None:
    assert process.stdout is not None
    for line in process.stdout:
        event = json.loads(line)
        if event["phase"] == "write" and event["step"] >= step:
            return
    raise AssertionError(f"ended before step {step}")


def erasure_of(job: Job) -> Any:
    return fold_journal(Path(job.journal).read_bytes(), "journals/disque.jsonl")


def is_erased(image: Path, job: Job) -> bool:
    fill = job.plan.steps[-1].fill
    assert fill is not None
    return image.read_bytes() == fill_bytes(fill, 0, SIZE)


@pytest.mark.parametrize("step", [0, 9])
def test_a_worker_that_is_killed_leaves_a_journal_that_goes_on(tmp_path: Path, step: int) -> None:
    image, job = make_job(tmp_path)
    process = start(tmp_path)
    read_until(process, step)
    process.kill()
    process.wait()
    assert erasure_of(job).result.status is Status.INTERRUPTED
    assert not is_erased(image, job)
    with (tmp_path / "disque.jsonl").open("ab") as journal:
        journal.write(b'{"data":{"bad":[],"done":[[0,')  # the line under the power cut
    assert start(tmp_path, "resume", stdout=subprocess.DEVNULL).wait() == 0
    assert is_erased(image, job)
    erasure = erasure_of(job)
    assert erasure.result.status is Status.ERASED
    assert len(erasure.interruptions) == 1


def test_a_worker_that_is_asked_to_stop_says_so_and_goes_on_later(tmp_path: Path) -> None:
    image, job = make_job(tmp_path)
    process = start(tmp_path)
    read_until(process, 2)
    process.send_signal(signal.SIGTERM)
    assert process.wait() == 130
    assert erasure_of(job).result.status is Status.INTERRUPTED
    assert start(tmp_path, "resume", stdout=subprocess.DEVNULL).wait() == 0
    assert erasure_of(job).result.status is Status.ERASED
    assert is_erased(image, job)


def test_a_listener_that_is_gone_holds_nothing_up(tmp_path: Path) -> None:
    image, job = make_job(tmp_path, "dod")
    process = start(tmp_path)
    read_until(process, 0)
    assert process.stdout is not None
    process.stdout.close()
    assert process.wait() == 0
    assert is_erased(image, job)


def test_a_listener_that_does_not_listen_holds_nothing_up(tmp_path: Path) -> None:
    image, job = make_job(tmp_path, "dod")
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    while True:  # the pipe is full before the worker says its first word
        try:
            os.write(writer, bytes(65536))
        except BlockingIOError:
            break
    os.set_blocking(writer, True)
    assert start(tmp_path, stdout=writer).wait() == 0
    os.close(reader)
    os.close(writer)
    assert is_erased(image, job)


def test_a_journal_that_cannot_be_made_is_said_in_one_line(tmp_path: Path) -> None:
    image, job = make_job(tmp_path)
    before = image.read_bytes()
    Path(job.journal).write_bytes(b"")
    process = start(tmp_path, stderr=subprocess.PIPE)
    out, err = process.communicate()
    assert process.returncode == 9
    assert json.loads(out)["why"] == {"code": "wipe.journal.lost", "args": {"errno": "EEXIST"}}
    assert err.count(b"\n") == 1
    assert image.read_bytes() == before


def test_a_journal_without_a_confirmed_plan_is_not_gone_on_with(tmp_path: Path) -> None:
    image, job = make_job(tmp_path)
    before = image.read_bytes()
    Path(job.journal).write_bytes(b"")
    process = start(tmp_path, "resume", stderr=subprocess.PIPE)
    out, _ = process.communicate()
    assert process.returncode == 7
    assert json.loads(out)["why"]["code"] == "wipe.resume.no_plan"
    assert image.read_bytes() == before


def test_an_ended_journal_is_not_written_to_again(tmp_path: Path) -> None:
    _, job = make_job(tmp_path, "zero")
    assert start(tmp_path, stdout=subprocess.DEVNULL).wait() == 0
    before = Path(job.journal).read_bytes()
    assert start(tmp_path, "resume", stdout=subprocess.DEVNULL).wait() == 2
    assert Path(job.journal).read_bytes() == before


def test_a_worker_stays_below_its_memory(tmp_path: Path) -> None:
    """Read from its own memory map: `ru_maxrss` also counts the process that forked it."""
    make_job(tmp_path, "dod-short")
    code = (
        "import sys; from recond.wipe.worker import main; "
        f"code = main([{str(tmp_path / 'job.json')!r}]); "
        "peak = [one for one in open('/proc/self/status') if one.startswith('VmHWM')]; "
        "sys.stderr.write(peak[0].split()[1]); sys.exit(code)"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, check=True)
    assert 8 * 1024 < int(done.stderr) < 120 * 1024
