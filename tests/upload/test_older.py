"""A destination that was added later gets the older records, and the queue says what is true."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from recond.errors import UsageError
from recond.flow.deliver.older import EVERY_DAY, parse_day, reopen_older, send_older
from recond.flow.deliver.queue import read_queue
from recond.flow.deliver.upload import queue_of, upload
from recond.host.clock import SystemClock
from recond.upload.send import Urgency
from tests.cli.command import recond
from tests.upload.bench import Workbench, workbench
from tests.upload.killed import finish_run
from tests.upload.records import record
from tests.upload.servers import Reply, serve


def bench_with_a_past(tmp_path: Path, count: int) -> Workbench:
    """Records that were certified here and went to the only destination of their day."""
    bench = workbench(tmp_path)
    bench.folder("first")
    for number in range(1, count + 1):
        finish_run(bench, number)
    assert bench.upload().exit_code == 0
    return bench


def send(bench: Workbench, *names: str, since: str = EVERY_DAY) -> Any:
    return send_older(
        bench.state, names, (), since=since, parked=False, allow_unsigned=False, clock=SystemClock()
    )


def test_what_was_sent_everywhere_is_not_everywhere_any_more(tmp_path: Path) -> None:
    bench = bench_with_a_past(tmp_path, 3)
    assert (read_queue(bench.state).done, read_queue(bench.state).lacking) == (3, ())
    later = bench.folder("later")
    view = read_queue(bench.state)
    assert (view.done, view.lacking) == (0, (("later", 3),))
    assert bench.upload().deliveries == ()  # not by itself
    done = send(bench, "later")
    assert (done.exit_code, len(done.queued), len(done.deliveries)) == (0, 3, 3)
    assert {d.destination for _, d in done.deliveries} == {"later"}
    for number in (1, 2, 3):
        assert (later / record(number).record_id / "record.json").exists()
    view = read_queue(bench.state)
    assert (view.done, view.lacking, view.entries) == (3, (), ())


def test_only_since_a_day(tmp_path: Path) -> None:
    bench = bench_with_a_past(tmp_path, 2)
    bench.folder("later")
    assert send(bench, "later", since="2026-11-25").queued == ()
    assert len(send(bench, "later", since="2026-11-24").queued) == 2


@pytest.mark.parametrize("day", ["", "yesterday", "2026-13-01", "24/11/2026", "20261124"])
def test_a_day_that_is_none(day: str) -> None:
    with pytest.raises(UsageError, match=r"upload\.since\.form"):
        parse_day(day)


def test_a_record_whose_files_are_gone_is_named(tmp_path: Path) -> None:
    bench = bench_with_a_past(tmp_path, 2)
    bench.folder("later")
    shutil.rmtree(tmp_path / "out" / record(1).record_id)
    done = send(bench, "later")
    assert [name for name, _ in done.refused] == [record(1).record_id]
    assert (done.exit_code, len(done.deliveries)) == (8, 1)
    assert read_queue(bench.state).lacking == (("later", 1),)


def test_killed_between_its_files_nothing_is_lost_or_doubled(tmp_path: Path) -> None:
    bench = bench_with_a_past(tmp_path, 1)
    queue, name = queue_of(bench.state), record(1).record_id
    receipt = bench.state / "queue" / "done" / f"{name}.json"
    state = bench.state / "queue" / "state" / f"{name}.json"
    kept = receipt.read_bytes()
    state.write_bytes(kept)  # killed after the first of the three
    queue.sweep()
    assert (state.exists(), receipt.exists()) == (False, True)
    later = bench.folder("later")
    assert reopen_older(bench.state, ("later",), EVERY_DAY).ids == (name,)
    receipt.write_bytes(kept)  # killed before the last
    done = upload(bench.state, (), bench.clock, urgency=Urgency())
    assert [d.destination for _, d in done.deliveries] == ["later"]
    assert (later / name).is_dir()
    assert read_queue(bench.state).done == 1


def test_a_server_that_already_has_it_keeps_it_once(tmp_path: Path) -> None:
    bench, kept = workbench(tmp_path), set[str]()

    def plan(seen: Any) -> Reply:
        key = seen.headers["idempotency-key"]
        there = key in kept
        kept.add(key)
        return Reply(409 if there else 201)

    with serve(tmp_path / "tls", plan) as server:
        bench.endpoint(server.url, server.ca)
        finish_run(bench, 1)
        assert bench.upload().exit_code == 0
        bench.folder("later")
        assert send(bench).exit_code == 0
    assert len(server.seen) == 1


def test_a_certified_record_that_nobody_offered_is_said(tmp_path: Path) -> None:
    bench = workbench(tmp_path)
    finish_run(bench, 1)
    assert read_queue(bench.state).not_queued == (record(1).record_id,)
    shown = recond("--state", str(bench.state), "queue", folder=tmp_path)
    assert "1 fiche certifiée" in shown.stderr
    assert "Rien n’attend" not in shown.stderr


def test_what_the_commands_say(tmp_path: Path) -> None:
    bench = workbench(tmp_path)
    listed = recond("--state", str(bench.state), "upload", "list", folder=tmp_path)
    assert (listed.code, "Aucune destination" in listed.stderr) == (0, True)
    bench = bench_with_a_past(tmp_path, 1)
    bench.folder("later")
    shown = recond("--state", str(bench.state), "queue", folder=tmp_path)
    assert "upload --to later --all" in shown.stderr
    assert "envoyée partout" not in shown.stderr
    sent = recond("--state", str(bench.state), "upload", "--to", "later", "--all", folder=tmp_path)
    assert sent.code == 0, sent.stderr
    assert record(1).record_id in sent.stdout.replace("\n", "")
    as_json = recond("--state", str(bench.state), "queue", "--json", folder=tmp_path)
    assert json.loads(as_json.stdout)["done"] == 1
