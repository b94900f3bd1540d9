"""The board under load: `python benchmarks/board.py live [SECONDS]`, `… search [RECORDS]`.

`live`: 200 benches of 8 disks say their state each second, over connections that stay open, while
somebody asks for the room's page again and again and a screen follows it; PostgreSQL holds the
database. Prints p50 and p99 of both, and the processor time of the board. `search`: the tables of
records (made up: the words are what is measured, nothing is verified), then 400 questions as people
type them. Both start a PostgreSQL of their own (tests/lot/databases.py), or SQLite with `--sqlite`.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import random
import resource
import statistics
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

BENCHES, SLOTS = 200, 8
QUESTIONS = 400
MODELS = ("ThinkPad T480", "Latitude 5490", "EliteBook 840 G5", "ProDesk 600", "Lifebook U748")
MAKERS = ("Lenovo", "Dell", "HP", "HP", "Fujitsu")


@contextlib.contextmanager
def database() -> Iterator[str | None]:
    """PostgreSQL's URL, or None for SQLite."""
    from tests.lot.databases import postgresql

    if "--sqlite" in sys.argv:
        yield None
        return
    with postgresql() as url:
        yield url


def shown(name: str, seconds: list[float]) -> None:
    """One line of figures, in milliseconds."""
    ordered = sorted(seconds)

    def at(share: float) -> float:
        return 1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))]

    print(
        f"{name:28} n={len(ordered):6}  p50 {at(0.5):7.1f}  p95 {at(0.95):7.1f}"
        f"  p99 {at(0.99):7.1f}  max {1000 * ordered[-1]:7.1f} ms"
    )


# --- Live ------------------------------------------------------------------------------------


def message(number: int, seq: int) -> bytes:
    """A bench's state, in which each disk is a little further each time."""
    slots = [
        {
            "place": f"SATA {slot}",
            "state": "working",
            "serial": f"DISK{number:04d}{slot}",
            "model": "SSD 860 EVO",
            "size_bytes": 256_060_514_304,
            "run": f"20261128-{number:06d}-{slot:08x}",
            "phase": "write",
            "step": 0,
            "steps": 1,
            "percent": (seq + slot) % 100,
            "left_s": 3000 - seq,
            "message": None,
        }
        for slot in range(SLOTS)
    ]
    return json.dumps(
        {
            "schema": "recond.live/1",
            "session": f"{number:016x}",
            "seq": seq,
            "computer": None,
            "lot": "lot A",
            "operator": "Ada",
            "ended": False,
            "slots": slots,
        }
    ).encode()


def say(port: int, token: str, number: int, until: float, taken: list[float]) -> None:
    """One bench: a message a second until the end."""
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    time.sleep(random.Random(number).random())
    seq = 0
    while time.monotonic() < until:
        seq += 1
        began = time.perf_counter()
        line.request("POST", "/api/v1/live", message(number, seq), headers)
        answer = line.getresponse()
        answer.read()
        took = time.perf_counter() - began
        assert answer.status == 204, answer.status
        taken.append(took)
        time.sleep(max(0.0, 1 - took))
    line.close()


def child_benches(port: int, tokens_: list[str], seconds: float) -> None:
    """All benches, in a process of their own: the board's time is measured apart."""
    until = time.monotonic() + seconds
    taken: list[float] = []
    threads = [
        threading.Thread(target=say, args=(port, token, n, until, taken))
        for n, token in enumerate(tokens_)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    print(json.dumps(taken))


def live(seconds: float) -> None:
    """200 benches × 8 disks, the room's page and a screen that follows it."""
    import subprocess

    from recond.board import tokens
    from recond.board.people import Role
    from tests.board.workshop import board

    with (
        tempfile.TemporaryDirectory() as folder,
        database() as url,
        board(Path(folder) / "state", url) as workshop,
    ):
        with workshop.opened.database.writing() as db:
            bearers = [
                tokens.add_bench(db, f"banc {n:03d}", workshop.clock.now(), "load")
                for n in range(BENCHES)
            ]
        reader = workshop.person("mur", Role.READER)
        watcher = threading.Thread(target=follow, args=(workshop.port, reader.cookies), daemon=True)
        watcher.start()
        before, began = _processor(), time.monotonic()
        child = subprocess.Popen(
            [sys.executable, __file__, "benches", str(workshop.port), str(seconds)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        if child.stdin is not None:
            child.stdin.write(json.dumps(bearers))
            child.stdin.close()
        pages: list[float] = []
        while time.monotonic() - began < seconds:
            asked = time.perf_counter()
            assert reader.get("/").status == 200
            pages.append(time.perf_counter() - asked)
            time.sleep(0.25)
        taken = json.loads(child.stdout.read()) if child.stdout else []
        child.wait()
        span = time.monotonic() - began
        print(f"load average {os.getloadavg()[0]:.1f}; {'SQLite' if url is None else 'PostgreSQL'}")
        print(f"{len(taken) / span:.0f} messages a second, {BENCHES} benches × {SLOTS} disks")
        print(f"processor of the board: {100 * (_processor() - before) / span:.0f} % of one core")
        shown("live message", taken)
        shown("the room's page", pages)


def follow(port: int, cookies: dict[str, str]) -> None:
    """A screen on the wall."""
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    line.request(
        "GET", "/room/events", headers={"Cookie": "; ".join(f"{k}={v}" for k, v in cookies.items())}
    )
    answer = line.getresponse()
    with contextlib.suppress(OSError, ValueError):
        while answer.readline():
            pass


def _processor() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


# --- Search ----------------------------------------------------------------------------------


def fill(db: Any, start: int, count: int, draw: random.Random, trust: str) -> None:
    """Rows as `recond.board.records` writes them, with the same words."""
    import sqlalchemy as sa

    from recond.board import search
    from recond.board.tables import DISKS, RECORDS

    rows, disks, words = [], [], []
    for number in range(start, start + count):
        kind = draw.randrange(len(MODELS))
        day = f"2026-{1 + number % 12:02d}-{1 + number % 28:02d}"
        record_id = f"{day.replace('-', '')}-{number % 240000:06d}-{draw.getrandbits(32):08x}"
        serial, disk = f"PF{draw.getrandbits(40):010X}", f"S{draw.getrandbits(56):014X}"
        lot, donor = f"lot {number % 400}", f"Mairie {number % 90}"
        rows.append(
            {
                "id": number,
                "record_id": record_id,
                "digest": f"{number:064x}",
                "package": f"{number:064x}",
                "bench": 1,
                "received_at": f"{day}T10:00:00.000Z",
                "issued_at": f"{day}T10:00:00.000Z",
                "signer": "AAAA",
                "trusted": True,
                "trust_seen": trust,
                "current": True,
                "outcome": "erased",
                "computer": f"{number // 2:064x}",
                "maker": MAKERS[kind],
                "model": MODELS[kind],
                "serial": serial,
                "form": "notebook",
                "lot": lot,
                "donor": donor,
                "readiness": "windows-11=pass",
                "bytes": 90_000,
            }
        )
        disks.append(
            {
                "record": number,
                "position": 0,
                "serial": disk,
                "found_by": disk,
                "model": "SSD 860 EVO",
                "medium": "ssd",
                "status": "erased",
                "verdict": "approved",
                "level": "clear",
                "size_bytes": 256_060_514_304,
                "approved": True,
            }
        )
        texts = (record_id, serial, disk, MAKERS[kind], MODELS[kind], lot, donor, "SSD 860 EVO")
        found = [word for text in texts for word in search.pieces(text)]
        tails = [word[::-1] for word in (serial.lower(), disk.lower())]
        words.append((number, tuple(dict.fromkeys(found)), tuple(tails)))
    db.execute(sa.insert(RECORDS), rows)
    db.execute(sa.insert(DISKS), disks)
    search.put_many(db, words)


def questions(db: Any, draw: random.Random, most: int) -> list[str]:
    """What people type: beginnings that grow, ends of numbers, two words, a date, nonsense."""
    import sqlalchemy as sa

    from recond.board.tables import RECORDS

    found: list[str] = []
    while len(found) < QUESTIONS:
        row = db.execute(sa.select(RECORDS).where(RECORDS.c.id == draw.randint(1, most))).first()
        serial = row.serial
        found += [serial[:3], serial[:5], serial, serial[-4:], row.record_id[-8:]]
        found += [row.model, f"{row.maker} {row.lot}", f"{row.donor} {row.model.split()[0]}"]
        found += [row.issued_at[:10], row.issued_at[:7], "zzzzzz", f"lenovo dell {serial[:4]}"]
    return found[:QUESTIONS]


def search_(count: int) -> None:
    """Fill the tables, then ask."""
    import sqlalchemy as sa

    from recond.board import reading, tokens
    from recond.board.judge import trust_digest
    from recond.board.people import BoardPerson, Role
    from tests.board.workshop import board

    draw = random.Random(23)
    print("seed 23")
    with (
        tempfile.TemporaryDirectory() as folder,
        database() as url,
        board(Path(folder) / "state", url) as workshop,
    ):
        opened, began = workshop.opened.database, time.monotonic()
        trust = trust_digest(workshop.state)
        with opened.writing() as db:
            tokens.add_bench(db, "banc", workshop.clock.now(), "load")
        for start in range(1, count + 1, 5000):
            with opened.writing() as db:
                fill(db, start, min(5000, count + 1 - start), draw, trust)
        with opened.writing() as db:
            db.execute(sa.text("ANALYZE"))
        print(f"{count} records written in {time.monotonic() - began:.0f} s")
        reader = BoardPerson(0, "load", Role.READER, "")
        with opened.reading() as db:
            asked = questions(db, draw, count)
        draw.shuffle(asked)
        taken: list[float] = []
        slowest: list[tuple[float, str]] = []
        for question in asked:
            start_s = time.perf_counter()
            with opened.reading() as db:
                reading.find(db, reader, question)
            taken.append(time.perf_counter() - start_s)
            slowest.append((taken[-1], question))
        print(f"load average {os.getloadavg()[0]:.1f}; {'SQLite' if url is None else 'PostgreSQL'}")
        shown(f"search in {count}", taken)
        print("mean", f"{1000 * statistics.mean(taken):.1f} ms; slowest:", sorted(slowest)[-5:])


def main() -> None:
    """Which of the two, and how long or how many."""
    given = [word for word in sys.argv[1:] if not word.startswith("--")]
    what = given[0] if given else "live"
    if what == "benches":
        child_benches(int(given[1]), json.loads(sys.stdin.read()), float(given[2]))
    elif what == "search":
        search_(int(given[1]) if len(given) > 1 else 100_000)
    else:
        live(float(given[1]) if len(given) > 1 else 30)


if __name__ == "__main__":
    main()
