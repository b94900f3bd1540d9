"""Journals for the tests of the record: true ones, made by real erasures, and forged ones.

A forger makes the chain anew after each change, so that nothing but the judgement can notice.
"""

from __future__ import annotations

import hashlib
import json
import os
import random
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from recond.certify.record import Belonging, fold_journal
from recond.codec import canonical_bytes, digest
from recond.ends import ConfirmedBy
from recond.erasure import Erasure, VerifyMode
from recond.host.sim.drive import Killed, PowerCut
from recond.host.target import read_target
from recond.wipe.job import Job
from recond.wipe.plan import Wish, plan_wipe
from recond.wipe.start import run_job
from recond.wipe.worker import real_seam
from tests.wipe.disks import HDD, bay

SIZE = 1 << 20
TAIL = 7 * 512
Entries = list[dict[str, Any]]
Attack = Callable[[Entries], None]


def base_seed() -> int:
    """Printed by a failing test; RECOND_SEED=N replays it."""
    return int(os.environ.get("RECOND_SEED", "20261124"))


def how_many(default: int) -> int:
    """RECOND_HISTORIES=N asks for more."""
    return int(os.environ.get("RECOND_HISTORIES", str(default)))


@cache
def true_journal(
    method: str = "dod-short",
    verify: str = "full",
    name: str = "disk.img",
    size: int = SIZE,
    run: str = "run-1",
    demonstration: bool = False,
) -> bytes:
    """A real erasure's journal, of an image file of `size` bytes and 7 sectors."""
    with TemporaryDirectory() as folder:
        image, journal = Path(folder) / name, Path(folder) / "journal.jsonl"
        image.write_bytes(random.Random(7).randbytes(size + TAIL))
        target = read_target(str(image), image=True)
        plan = plan_wipe(
            target, Wish(method=method, verify=VerifyMode(verify)), bytes(range(32)), ()
        )
        job = Job(
            run,
            plan,
            digest(plan),
            str(image),
            ConfirmedBy.TYPED,
            name,
            str(journal),
            demonstration=demonstration,
        )
        assert run_job(job, real_seam(), lambda: False, lambda _event: None) == "completed"
        return journal.read_bytes()


@cache
def resumed_journal(power: bool = True) -> bytes:
    """A simulated disk's erasure that was cut in its last pass and taken up again."""
    here = bay(replace(HDD, size_bytes=128 * 1024), "dod-short")
    written = 0

    def cut(moment: str) -> None:
        nonlocal written
        here.clock.sleep(2)  # so that there is a checkpoint before
        written += moment == "write"
        if written == 40 and not cut_already:
            cut_already.append(moment)
            raise PowerCut if power else Killed

    cut_already: list[str] = []
    here.drive.strike = cut
    with pytest.raises(PowerCut if power else Killed):
        here.run()
    if power:
        here.drive.power_cut()
        here.boot = "boot1"
    assert here.resume() == "completed"
    return here.sink.raw


def entries_of(raw: bytes) -> Entries:
    return [json.loads(line) for line in raw.splitlines()]


def chained(entries: Entries) -> bytes:
    """The entries as a journal whose chain, numbers and clock are right."""
    lines, prev, mono = [], "0" * 64, 0
    for seq, entry in enumerate(entries):
        mono = max(mono, entry["mono_ms"]) if entry["kind"] != "open" else entry["mono_ms"]
        line = canonical_bytes({**entry, "seq": seq, "prev": prev, "mono_ms": mono})
        prev = hashlib.sha256(line).hexdigest()
        lines.append(line + b"\n")
    return b"".join(lines)


def fold(entries: Entries, belongs: Belonging | None = None) -> Erasure:
    return fold_journal(chained(entries), "journals/x.jsonl", belongs)


def reasons(erasure: Erasure) -> set[str]:
    """Without what nobody could look at: that depends on who runs the tests, and where."""
    found = {reason.code for reason in erasure.result.reasons}
    return {code for code in found if not code.startswith("host.unseen.")}


def first(entries: Entries, kind: str, **fields: Any) -> dict[str, Any]:
    return next(e for e in entries if e["kind"] == kind and fields.items() <= e["data"].items())


def last(entries: Entries, kind: str, **fields: Any) -> dict[str, Any]:
    return first(entries[::-1], kind, **fields)


# --- What a forger does --------------------------------------------------------------------


def drop(kind: str, **fields: Any) -> Attack:
    def attack(entries: Entries) -> None:
        entries.remove(first(entries, kind, **fields))

    return attack


def put(kind: str, field: str, value: Any, **fields: Any) -> Attack:
    def attack(entries: Entries) -> None:
        first(entries, kind, **fields)["data"][field] = value

    return attack


def at_last(kind: str, change: Callable[[dict[str, Any]], None]) -> Attack:
    def attack(entries: Entries) -> None:
        change(last(entries, kind)["data"])

    return attack


def replan(change: Callable[[dict[str, Any]], None], *, everywhere: bool = False) -> Attack:
    """Another plan with a right digest of its own; `everywhere`: also where it was confirmed."""

    def attack(entries: Entries) -> None:
        entry = first(entries, "plan")["data"]
        change(entry["plan"])
        entry["digest"] = hashlib.sha256(canonical_bytes(entry["plan"])).hexdigest()
        if everywhere:
            first(entries, "confirmation")["data"]["digest"] = entry["digest"]

    return attack


def redisk(**fields: Any) -> Attack:
    """Another disk, in the plan, its confirmation and the open descriptor alike."""

    def attack(entries: Entries) -> None:
        replan(lambda plan: plan["disk"].update(fields), everywhere=True)(entries)
        for entry in entries:
            if entry["kind"] == "identity":
                entry["data"]["identity"].update(fields)

    return attack


def both_canaries(change: Callable[[dict[str, Any]], None]) -> Attack:
    def attack(entries: Entries) -> None:
        for phase in ("before", "after"):
            change(first(entries, "canary", phase=phase)["data"])

    return attack


def insert(before: str, kind: str, data: dict[str, Any], **fields: Any) -> Attack:
    """A new entry before the first entry of a kind."""

    def attack(entries: Entries) -> None:
        at = entries.index(first(entries, before, **fields))
        entries.insert(at, {**entries[at], "kind": kind, "data": data})

    return attack


def move(kind: str, before: str, **fields: Any) -> Attack:
    def attack(entries: Entries) -> None:
        entry = first(entries, kind)
        entries.remove(entry)
        entries.insert(entries.index(first(entries, before, **fields)), entry)

    return attack
