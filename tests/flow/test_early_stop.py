"""How a worker ended that wrote no end of its own: asked to stop, killed, or crashed."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from recond.certify.record import fold_journal
from recond.ends import ConfirmedBy
from recond.erasure import Status
from recond.flow.run import supervisor
from recond.flow.run.supervisor import Supervisor, confirm_all, write_jobs
from recond.flow.runfolder import make_run
from recond.host import Host
from recond.host.signals import StopCount
from recond.wipe.plan import Wish

WAITS = "import time\nopen({here!r}, 'w').close()\ntime.sleep(60)\n"


@pytest.mark.parametrize(
    ("source", "stops", "sent", "word"),
    [
        (WAITS, 1, None, "signal"),  # still importing: it has no ear for signals yet
        (WAITS, 0, signal.SIGKILL, "killed"),
        (WAITS, 0, signal.SIGTERM, "killed"),  # by somebody else: no operator asked here
        ("raise SystemExit(1)\n", 0, None, "crash"),
        ("import os\nos.abort()\n", 0, None, "crash"),
    ],
)
def test_the_record_says_how_it_ended(
    source: str,
    stops: int,
    sent: int | None,
    word: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    here = tmp_path / "started"
    (tmp_path / "slow_worker.py").write_text(source.format(here=str(here)))
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(supervisor, "WORKER", "slow_worker")
    image = tmp_path / "a.img"
    image.write_bytes(b"DONOR" * 1000)
    host, asked = Host(), StopCount()
    plans = supervisor.plan_targets((str(image),), Wish(), image=True, host=host)
    folder = make_run(tmp_path, "20261129-000000-aaaaaaaa")
    jobs = write_jobs(folder, confirm_all(plans, ConfirmedBy.FLAG), demonstration=False)
    work = Supervisor(folder, jobs, lambda _name, _event: None, asked, host)
    tick = work._tick

    def act() -> None:
        if here.exists() and stops and not asked.count:
            asked.handle(signal.SIGTERM, None)
        elif here.exists() and sent:
            for worker in work._workers.running:
                os.kill(worker.process.pid, sent)
        tick()

    monkeypatch.setattr(work, "_tick", act)
    work.run()
    (name,) = jobs
    raw = folder.journal(name).read_bytes()
    erasure = fold_journal(raw, f"journals/{name}.jsonl")
    assert erasure.result.status is Status.INTERRUPTED
    (why,) = erasure.interruptions
    assert dict(why.args)["reason"] == f"@certify.interrupted.{word}"
    assert image.read_bytes() == b"DONOR" * 1000
