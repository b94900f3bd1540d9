"""An attacker's journals: each lacks one piece of evidence or contradicts itself, its chain made
anew so that nothing but the judgement can notice. None may come out as erased.
"""

from __future__ import annotations

import copy
import hashlib
import json
import os
import random
from collections.abc import Callable
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from recond.certify.record import Belonging, fold_journal
from recond.codec import canonical_bytes, digest
from recond.erasure import Level, Status, Verdict, VerifyMode
from recond.host.target import read_target
from recond.wipe.job import Job
from recond.wipe.plan import Wish, plan_wipe
from recond.wipe.session import run_job
from recond.wipe.worker import real_seam

SIZE = 1 << 20
Entries = list[dict[str, Any]]
Attack = Callable[[Entries], None]


@cache
def true_journal(method: str = "dod-short", verify: str = "full") -> bytes:
    """A real erasure's journal, of an image of 1 MiB and 7 sectors."""
    with TemporaryDirectory() as folder:
        image, journal = Path(folder) / "disk.img", Path(folder) / "disk.jsonl"
        image.write_bytes(random.Random(7).randbytes(SIZE + 7 * 512))
        target = read_target(str(image), image=True)
        plan = plan_wipe(target, Wish(method=method, verify=VerifyMode(verify)), bytes(range(32)),
                         ())
        job = Job("run-1", plan, digest(plan), str(image), "typed", "disk.img", str(journal),
                  demonstration=False)
        assert run_job(job, real_seam(), lambda: False, lambda _event: None) == "completed"
        return journal.read_bytes()


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


def first(entries: Entries, kind: str, **fields: Any) -> dict[str, Any]:
    return next(e for e in entries if e["kind"] == kind and fields.items() <= e["data"].items())


def drop(kind: str, **fields: Any) -> Attack:
    def attack(entries: Entries) -> None:
        entries.remove(first(entries, kind, **fields))
    return attack


def put(kind: str, field: str, value: Any, **fields: Any) -> Attack:
    def attack(entries: Entries) -> None:
        first(entries, kind, **fields)["data"][field] = value
    return attack


def last_end(change: Callable[[dict[str, Any]], None]) -> Attack:
    def attack(entries: Entries) -> None:
        change([e for e in entries if e["kind"] == "step_end"][-1]["data"])
    return attack


def replan(change: Callable[[dict[str, Any]], None]) -> Attack:
    """Another plan than the one that was confirmed, with a right digest of its own."""
    def attack(entries: Entries) -> None:
        entry = first(entries, "plan")["data"]
        change(entry["plan"])
        entry["digest"] = hashlib.sha256(canonical_bytes(entry["plan"])).hexdigest()
    return attack


def no_read_back(entries: Entries) -> None:
    for kind in ("verify_start", "verify_end"):
        entries.remove(first(entries, kind))


def other_places(entries: Entries) -> None:
    for phase in ("before", "after"):
        first(entries, "canary", phase=phase)["data"]["seed"] = "11" * 32


def read_back_before_writing(entries: Entries) -> None:
    verify = [e for e in entries if e["kind"] in ("verify_start", "verify_end")]
    for entry in verify:
        entries.remove(entry)
    at = entries.index(first(entries, "step_start", step=2))
    entries[at:at] = verify


def swap_steps(entries: Entries) -> None:
    for entry in entries:
        if entry["kind"] in ("step_start", "step_end", "checkpoint") and entry["data"]["step"] < 2:
            entry["data"]["step"] ^= 1


def old_data_in_canary(entries: Entries) -> None:
    before, after = first(entries, "canary", phase="before"), first(entries, "canary",
                                                                    phase="after")
    after["data"]["places"][3]["sha256"] = before["data"]["places"][3]["sha256"]


def fewer_canaries(entries: Entries) -> None:
    after = first(entries, "canary", phase="after")
    after["data"]["places"] = after["data"]["places"][:1]


def own_expectation(entries: Entries) -> None:
    """The journal says that the old data was what had to be there."""
    before, after = first(entries, "canary", phase="before"), first(entries, "canary",
                                                                    phase="after")
    for old, new in zip(before["data"]["places"], after["data"]["places"], strict=True):
        new["sha256"] = new["expected"] = old["sha256"]


def second_write_after(entries: Entries) -> None:
    start = copy.deepcopy([e for e in entries if e["kind"] == "step_start"][-1])
    entries.insert(len(entries) - 1, start)


def interrupted_at_the_end(entries: Entries) -> None:
    entries.append({**entries[-1], "kind": "interrupted",
                    "data": {"by": "worker", "reason": "signal", "signal": None}})


def bad_then_fine(entries: Entries) -> None:
    at = entries.index(first(entries, "step_end", step=1))
    entries.insert(at, {**entries[at], "kind": "bad_range", "data": {
        "step": 1, "phase": "write", "range": [4096, 512], "errno": 5, "attempts": 3}})


def refused_later(entries: Entries) -> None:
    entries.insert(len(entries) - 1, {**entries[-1], "kind": "refused", "data": {
        "refusals": [{"code": "wipe.refusal.mount", "args": {"path": "x"}}]}})


ATTACKS: dict[str, Attack] = {
    "no confirmation": drop("confirmation"),
    "no identity": drop("identity"),
    "no plan": drop("plan"),
    "no end": drop("end"),
    "no flush": drop("flush"),
    "no read-back": no_read_back,
    "no start of the read-back": drop("verify_start"),
    "no canaries before": drop("canary", phase="before"),
    "no canaries after": drop("canary", phase="after"),
    "a pass never ended": drop("step_end", step=1),
    "a pass never began": drop("step_start", step=1),
    "a pass failed": put("step_end", "outcome", "failed", step=0),
    "the disk vanished": put("step_end", "outcome", "vanished", step=2),
    "another disk answered": put("identity", "differences", ["serial"]),
    "another serial": lambda e: first(e, "identity")["data"]["identity"].update(serial="OTHER"),
    "a smaller disk": lambda e: first(e, "identity")["data"]["identity"].update(size_bytes=512),
    "confirmed another plan": put("confirmation", "digest", "ab" * 32),
    "digest of another plan": put("plan", "digest", "ab" * 32),
    "the plan changed": replan(lambda p: p.update(method="nist-clear")),
    "the plan lost a pass": replan(lambda p: p["steps"].pop()),
    "the plan became small": replan(lambda p: p["disk"].update(size_bytes=512)),
    "the plan was refused": replan(lambda p: p["refusals"].append(
        {"code": "wipe.refusal.mount", "args": {}})),
    "the flush failed": put("flush", "errno", 5),
    "half written": last_end(lambda d: d.update(done=[[0, SIZE // 2]], written=SIZE // 2)),
    "half written, claims all": last_end(lambda d: d.update(done=[[0, SIZE // 2]])),
    "overlapping pieces": last_end(lambda d: d.update(
        done=[[0, SIZE], [SIZE - 512, 8 * 512]])),
    "a hole": last_end(lambda d: d.update(done=[[0, 4096], [8192, SIZE + 7 * 512 - 8192]])),
    "bad range in the end": last_end(lambda d: d.update(bad=[[0, 512]])),
    "bad range on the way": bad_then_fine,
    "read back too little": put("verify_end", "compared", SIZE),
    "read back more than there is": put("verify_end", "compared", SIZE * 2),
    "mismatch": put("verify_end", "mismatch_bytes", 512),
    "mismatch ranges": put("verify_end", "mismatch", [[0, 512]]),
    "unreadable": put("verify_end", "unreadable", [[0, 512]]),
    "read-back stopped": put("verify_end", "outcome", "stopped"),
    "other mode": put("verify_start", "mode", "sample"),
    "compared with nothing": put("verify_start", "expects", None),
    "compared with zeros": put("verify_start", "expects", {
        "kind": "constant", "hex": "00", "complement_of": None}),
    "ending mixed": put("verify_end", "ending", "mixed"),
    "ending unknown": put("verify_end", "ending", None),
    "read back before the last pass": read_back_before_writing,
    "passes in another order": swap_steps,
    "a canary holds old data": old_data_in_canary,
    "one canary only": fewer_canaries,
    "other places": other_places,
    "the journal sets its own expectation": own_expectation,
    "written again after the read-back": second_write_after,
    "interrupted after the end": interrupted_at_the_end,
    "refused after writing": refused_later,
    "end says failed": put("end", "outcome", "failed"),
    "two beginnings": lambda e: e.insert(1, copy.deepcopy(e[0])),
    "unknown kind": lambda e: e.insert(2, {**e[2], "kind": "erased", "data": {}}),
    "technique of another": put("step_start", "technique", "nvme-format-user", step=1),
    "negative length": put("step_end", "done", [[0, -1]], step=1),
}


def test_the_true_journal_is_an_erasure() -> None:
    result = fold_journal(chained(entries_of(true_journal())), "journals/x.jsonl").result
    assert (result.status, result.verdict, result.level_achieved) == (
        Status.ERASED, Verdict.APPROVED, Level.CLEAR)


@pytest.mark.parametrize("name", ATTACKS)
def test_no_attack_is_an_erasure(name: str) -> None:
    entries = entries_of(true_journal())
    ATTACKS[name](entries)
    result = fold_journal(chained(entries), "journals/x.jsonl").result
    assert result.status is not Status.ERASED
    assert result.level_achieved is Level.NONE
    assert result.verdict is not Verdict.APPROVED
    assert result.reasons, "a result without a reason helps nobody"


@pytest.mark.parametrize("belongs", [Belonging("run-2", False), Belonging("run-1", True)])
def test_a_journal_of_elsewhere_proves_nothing(belongs: Belonging) -> None:
    found = fold_journal(true_journal(), "journals/x.jsonl", belongs)
    assert found.result.status is Status.FAILED


def test_without_read_back_nothing_is_approved() -> None:
    result = fold_journal(true_journal("nist-clear", "none"), "journals/x.jsonl").result
    assert (result.status, result.verdict) == (Status.FAILED, Verdict.ESCALATE)


def test_any_cut_is_no_erasure() -> None:
    raw = true_journal()
    size = len(raw)
    for at in [*range(0, size, 997), size - 1]:
        assert fold_journal(raw[:at], "journals/x.jsonl").result.status is not Status.ERASED


def test_random_bytes_and_flips_never_raise_and_never_erase() -> None:
    seed = int(os.environ.get("RECOND_SEED", "20261124"))
    draw, raw = random.Random(seed), true_journal()
    for _ in range(int(os.environ.get("RECOND_HISTORIES", "300"))):
        broken = bytearray(raw)
        broken[draw.randrange(len(raw))] ^= 1 << draw.randrange(8)
        result = fold_journal(bytes(broken), "journals/x.jsonl").result
        assert result.status is not Status.ERASED, f"seed {seed}"
        noise = draw.randbytes(draw.randrange(400))
        assert fold_journal(noise, "x").result.status is not Status.ERASED


def test_two_random_attacks_together_never_erase() -> None:
    seed = int(os.environ.get("RECOND_SEED", "20261124"))
    draw = random.Random(seed)
    for _ in range(int(os.environ.get("RECOND_HISTORIES", "200"))):
        entries, names = entries_of(true_journal()), draw.sample(sorted(ATTACKS), 2)
        for name in names:
            try:
                ATTACKS[name](entries)
            except (StopIteration, ValueError, IndexError, KeyError):
                continue  # the first took away what the second changes
        result = fold_journal(chained(entries), "journals/x.jsonl").result
        assert result.status is not Status.ERASED, f"seed {seed}, {names}"
