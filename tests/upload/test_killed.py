"""`kill -9` at drawn points, with a server that fails as well: once, in effect.

RECOND_HISTORIES=N kills N times.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import threading
from collections import Counter
from pathlib import Path

import pytest

from recond.flow.deliver.queue import read_queue
from recond.upload.package import read_folder
from tests.house import ROOT
from tests.upload.bench import workbench
from tests.upload.ran import GIVEN, ran
from tests.upload.records import record
from tests.upload.servers import Reply, Seen, serve

RECORDS = 12
ROUNDS = int(os.environ.get("RECOND_HISTORIES", "40"))


class Stock:
    """A stock system that keeps each key once, and fails before or after it has kept it."""

    def __init__(self, seed: int) -> None:
        self.kept: Counter[str] = Counter()
        self.bodies: dict[str, bytes] = {}
        self.asked: Counter[str] = Counter()
        self._draw = random.Random(seed)
        self._lock = threading.Lock()

    def answer(self, seen: Seen) -> Reply:
        key = seen.headers["idempotency-key"]
        with self._lock:
            self.asked[key] += 1
            fate = self._draw.random()
            if fate < 0.15:
                return (Reply(500), Reply(0), Reply(429, b"", (("Retry-After", "3"),)))[
                    int(fate * 20)
                ]
            if self.kept[key]:
                return Reply(409)
            self.kept[key] += 1
            self.bodies[key] = seen.body
            if fate < 0.4:  # kept, and the bench is not told
                return (Reply(500), Reply(0), Reply(201, b"x" * 500, cut=7))[int(fate * 20) % 3]
            return Reply(201)


@pytest.mark.parametrize("seed", [1, 2])
def test_killed_anywhere_every_record_arrives_once(tmp_path: Path, seed: int) -> None:
    bench, stock = workbench(tmp_path), Stock(seed)
    stick = bench.folder()
    with serve(tmp_path / "tls", stock.answer) as server:
        bench.endpoint(server.url, server.ca)
        done = subprocess.run(
            (
                sys.executable,
                "-m",
                "tests.upload.killed",
                str(tmp_path),
                str(seed),
                str(RECORDS),
                str(ROUNDS),
            ),
            cwd=ROOT,
            env={**os.environ, GIVEN: str(ran().folder)},
            capture_output=True,
            text=True,
            timeout=300,
            check=False,
        )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > ROUNDS // 2  # the points were really reached
    view = read_queue(bench.state)
    assert (view.entries, view.done) == ((), RECORDS), f"seed {seed}"
    for number in range(1, RECORDS + 1):
        folder = tmp_path / "out" / record(number).record_id
        sent = read_folder(folder)
        assert stock.kept[sent.signed_key] == 1, f"seed {seed}"
        assert json.loads(stock.bodies[sent.signed_key])["sha256"] == sent.digest
        for name in ("record.json", "certificate.pdf"):
            there = stick / sent.record_id / name
            assert there.read_bytes() == (folder / name).read_bytes()
    assert len(stock.kept) == RECORDS
    assert sorted(p.name for p in stick.glob("[!.]*")) == [
        record(n).record_id for n in range(1, RECORDS + 1)
    ]
    # what makes it a test: some answers were lost after the server had kept the record
    assert max(stock.asked.values()) > 1
    assert not list(stick.glob(".*.part"))
