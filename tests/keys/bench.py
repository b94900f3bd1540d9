"""A bench with a clock that stands where the test puts it, and an erasure to certify on it."""

from __future__ import annotations

import datetime as dt
import functools
import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from recond.codec import canonical_bytes
from recond.erasure import Bench, Context, Person
from recond.flow.run.issue import Issued, Material, issue
from recond.workshop import Workshop
from tests.cli.command import recond

PHRASE = "cinq mots tires au hasard"
NOW = "2026-11-24T08:00:00.000Z"


@dataclass
class StillClock:
    """Stands still; `random_bytes` differ at each call."""

    at: str = NOW
    calls: int = 0

    def now(self) -> str:
        return self.at

    def monotonic_s(self) -> float:
        return 0.0

    def sleep(self, seconds: float) -> None:
        raise AssertionError("nothing here may wait")

    def random_bytes(self, count: int) -> bytes:
        self.calls += 1
        return hashlib.sha256(str(self.calls).encode()).digest()[:count]

    def in_days(self, days: int) -> StillClock:
        moment = dt.datetime.fromisoformat(self.at) + dt.timedelta(days=days)
        return StillClock(moment.strftime("%Y-%m-%dT%H:%M:%S.000Z"))


@functools.cache
def journal(folder: Path) -> bytes:
    """The journal of a real erasure of a small image, by another process, once."""
    image = folder / "disque.img"
    image.write_bytes(b"donor data " * 6000)
    with image.open("r+b") as stream:
        stream.truncate(64 * 1024)
    done = recond("wipe", str(image), "--image", "--confirm", image.name, "--json", folder=folder)
    assert done.code == 0, done.stderr
    return (Path(json.loads(done.stdout)["folder"]) / "journals" / "disque.img.jsonl").read_bytes()


def journal_of(raw: bytes, run: str) -> bytes:
    """The same journal as if another run had written it: its id, and each link of the chain."""
    out, prev = [], "0" * 64
    for line in raw.splitlines():
        entry = json.loads(line)
        if "run_id" in entry["data"]:
            entry["data"]["run_id"] = run
        entry["prev"] = prev
        out.append(canonical_bytes(entry))
        prev = hashlib.sha256(out[-1]).hexdigest()
    return b"\n".join(out) + b"\n"


def material(raw: bytes, record_id: str | None = None) -> Material:
    record_id = record_id or str(json.loads(raw.split(b"\n")[0])["data"]["run_id"])
    context = Context(
        workshop=Workshop(name="Atelier d’essai"),
        operator=Person("Camille"),
        verifier=Person("Camille"),
        bench=Bench(bench_id="00aa11bb22cc33dd", name="Poste 1", demonstration=False, kernel=None),
    )
    return Material(context, None, (), {"disque": raw}, record_id)


def certify(
    state: Path, raw: bytes, clock: Any, record_id: str | None = None, out: Path | None = None
) -> Issued:
    return issue(state, out or state / "out", material(raw, record_id), lang="fr", clock=clock)
