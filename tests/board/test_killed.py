"""`kill -9` of the board and of its database while many benches upload: once each, in effect.

RECOND_HISTORIES=N kills N times, 25 at most.
"""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from http.client import HTTPException
from pathlib import Path

import sqlalchemy as sa

from recond.board import tokens
from recond.board.database import open_database
from recond.board.serve import BoardOrder, open_board
from recond.board.tables import RECORDS
from recond.host.clock import SystemClock
from recond.upload.package import Package, pack
from tests.board.workshop import Client, Maker, board, wait_for
from tests.house import ROOT
from tests.lot.databases import postgresql

KILLS = min(int(os.environ.get("RECOND_HISTORIES", "3")), 25)
BENCHES = KILLS * 4  # each kill comes one to four records later
PATIENCE_S = 240


def send_all(benches: list[Client], packages: list[Package], answered: list[int]) -> None:
    """Each bench sends its record until it is told that it is there, as the queue would."""

    def one(bench: Client, package: Package) -> None:
        end, told = time.monotonic() + PATIENCE_S, Counter[str]()
        while time.monotonic() < end:
            try:
                reply = bench.upload(package)
            except (OSError, ValueError, HTTPException) as error:  # cut off in the middle
                told[repr(error)] += 1
            else:
                if reply.status in (201, 409):
                    answered.append(reply.status)
                    return
                told[f"{reply.status} {reply.body[:200]!r}"] += 1
            time.sleep(0.2)
        print("never taken:", package.record_id, dict(told))

    threads = [
        threading.Thread(target=one, args=pair) for pair in zip(benches, packages, strict=True)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(PATIENCE_S + 30)


def kept(url: str | None, state: Path) -> Counter[str]:
    database = open_database(url, state / "board")
    with database.reading() as db:
        found = Counter(db.execute(sa.select(RECORDS.c.digest)).scalars())
    database.close()
    return found


def test_the_board_is_killed(tmp_path: Path, maker: Maker) -> None:
    seed = random.SystemRandom().getrandbits(32)
    print("seed", seed)
    draw = random.Random(seed)
    state = tmp_path / "state"
    opened = open_board(BoardOrder(state, listen="127.0.0.1:0"), SystemClock())
    with opened.database.writing() as db:
        bearers = [
            tokens.add_bench(db, f"banc {n}", SystemClock().now(), "test") for n in range(BENCHES)
        ]
    opened.judging.close()
    opened.database.close()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    packages = [maker.package() for _ in range(BENCHES)]
    answered: list[int] = []
    over = threading.Event()
    kills = threading.Thread(target=kill_again_and_again, args=(state, port, draw, over, answered))
    kills.start()
    try:
        send_all([Client(port, bearer=one) for one in bearers], packages, answered)
    finally:
        over.set()
        kills.join(60)
    assert len(answered) == BENCHES, (seed, len(answered))
    assert kept(None, state) == Counter(package.digest for package in packages), seed
    for package in packages:  # and each package lies whole in the store
        assert list((state / "board" / "packages").rglob(f"{sha256(pack(package))}.zip")), seed


def sha256(raw: bytes) -> str:
    import hashlib

    return hashlib.sha256(raw).hexdigest()


def kill_again_and_again(
    state: Path, port: int, draw: random.Random, over: threading.Event, answered: list[int]
) -> None:
    """Start the board; kill it some records later, at a drawn moment; `KILLS` times."""
    argv = [sys.executable, "-m", "recond", "--state", str(state), "board", "--listen"]
    for turn in range(KILLS + 1):
        process = subprocess.Popen(
            [*argv, f"127.0.0.1:{port}"],
            cwd=ROOT,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        until = len(answered) + draw.randint(1, 4)
        last = turn == KILLS
        while not over.is_set() and (last or len(answered) < until):
            over.wait(0.02)
        if not last:
            over.wait(draw.random())
        os.killpg(process.pid, signal.SIGKILL)  # with its judging process, as a power cut would
        process.wait()
        if over.is_set():
            return


def test_the_database_is_killed(tmp_path: Path, maker: Maker) -> None:
    """A backend of PostgreSQL is killed: the server throws all of them out and recovers."""
    seed = random.SystemRandom().getrandbits(32)
    print("seed", seed)
    draw = random.Random(seed)
    with postgresql() as url, board(tmp_path / "state", url) as workshop:
        benches = [workshop.bench(f"banc {n}") for n in range(BENCHES)]
        packages = [maker.package() for _ in range(BENCHES)]
        answered: list[int] = []
        over = threading.Event()
        kills = threading.Thread(target=kill_backends, args=(url, draw, over, answered))
        kills.start()
        try:
            send_all(benches, packages, answered)
        finally:
            over.set()
            kills.join(30)
        assert len(answered) == BENCHES, (seed, len(answered))
        found = wait_for(lambda: quietly(lambda: kept(url, tmp_path / "state")))
        assert found == Counter(package.digest for package in packages), seed


def quietly(ask: Callable[[], Counter[str]]) -> Counter[str] | None:
    from recond.errors import BenchLacks

    try:
        return ask()
    except BenchLacks:
        return None


def kill_backends(
    url: str, draw: random.Random, over: threading.Event, answered: list[int]
) -> None:
    engine = sa.create_engine(sa.make_url(url).set(drivername="postgresql+psycopg"))
    for _ in range(KILLS):
        until = len(answered) + draw.randint(1, 4)
        while not over.is_set() and len(answered) < until:
            over.wait(0.02)
        over.wait(draw.random() / 2)
        if over.is_set():
            return
        try:
            with engine.connect() as db:
                pids = db.execute(
                    sa.text(
                        "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend'"
                        " AND pid <> pg_backend_pid()"
                    )
                ).scalars()
                victims = list(pids)
            if victims:
                os.kill(draw.choice(victims), signal.SIGKILL)
        except (sa.exc.SQLAlchemyError, ProcessLookupError, PermissionError):
            over.wait(0.5)
        finally:
            engine.dispose()
