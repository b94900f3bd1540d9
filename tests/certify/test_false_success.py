"""An attacker's journals: each lacks one piece of evidence or contradicts itself, its chain made
anew so that nothing but the judgement can notice. None may come out as erased.
"""

from __future__ import annotations

import copy
import random

import pytest

from recond.certify.record import Belonging, fold_journal
from recond.erasure import Level, Status, Verdict
from tests.certify.journals import (
    SIZE,
    TAIL,
    Attack,
    Entries,
    at_last,
    base_seed,
    both_canaries,
    drop,
    entries_of,
    first,
    fold,
    how_many,
    insert,
    last,
    move,
    put,
    redisk,
    replan,
    resumed_journal,
    true_journal,
)

WHOLE = SIZE + TAIL


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
    before, after = (
        first(entries, "canary", phase="before"),
        first(entries, "canary", phase="after"),
    )
    after["data"]["places"][3]["sha256"] = before["data"]["places"][3]["sha256"]


def fewer_canaries(entries: Entries) -> None:
    after = first(entries, "canary", phase="after")
    after["data"]["places"] = after["data"]["places"][:1]


def own_expectation(entries: Entries) -> None:
    """The journal says that the old data was what had to be there."""
    before, after = (
        first(entries, "canary", phase="before"),
        first(entries, "canary", phase="after"),
    )
    for old, new in zip(before["data"]["places"], after["data"]["places"], strict=True):
        new["sha256"] = new["expected"] = old["sha256"]


def second_write_after(entries: Entries) -> None:
    start = copy.deepcopy([e for e in entries if e["kind"] == "step_start"][-1])
    entries.insert(len(entries) - 1, start)


def interrupted_at_the_end(entries: Entries) -> None:
    entries.append(
        {
            **entries[-1],
            "kind": "interrupted",
            "data": {"by": "worker", "reason": "signal", "signal": None},
        }
    )


def bad_then_fine(entries: Entries) -> None:
    at = entries.index(first(entries, "step_end", step=1))
    entries.insert(
        at,
        {
            **entries[at],
            "kind": "bad_range",
            "data": {"step": 1, "phase": "write", "range": [4096, 512], "errno": 5, "attempts": 3},
        },
    )


def refused_later(entries: Entries) -> None:
    entries.insert(
        len(entries) - 1,
        {
            **entries[-1],
            "kind": "refused",
            "data": {"refusals": [{"code": "wipe.refusal.mount", "args": {"path": "x"}}]},
        },
    )


def stopped_with_a_mismatch(entries: Entries) -> None:
    """The first reading saw old data and was stopped; the second one claims to see none."""
    at = entries.index(first(entries, "verify_start"))
    start, end = copy.deepcopy(entries[at]), copy.deepcopy(entries[at + 1])
    end["data"].update(outcome="stopped", mismatch=[[0, 512]], mismatch_bytes=512, ending="mixed")
    again = {**entries[0], "data": {**entries[0]["data"], "session": 2}}
    cut = {
        **end,
        "kind": "interrupted",
        "data": {"by": "worker", "reason": "signal", "signal": None},
    }
    entries[at:at] = [
        start,
        end,
        cut,
        again,
        copy.deepcopy(first(entries, "identity")),
        copy.deepcopy(first(entries, "flush")),
    ]


def interrupted_within(entries: Entries) -> None:
    at = entries.index(first(entries, "verify_start"))
    for by in ("resume", "supervisor"):
        entries.insert(
            at,
            {
                **entries[at],
                "kind": "interrupted",
                "data": {"by": by, "reason": "killed", "signal": None},
            },
        )


def begins_twice(entries: Entries) -> None:
    at = entries.index(first(entries, "step_end", step=1))
    entries.insert(at, copy.deepcopy(first(entries, "step_start", step=1)))


def begun_anew(entries: Entries) -> None:
    entries.append({**entries[0], "data": {**entries[0]["data"], "session": 2}})
    entries.append(copy.deepcopy(last(entries, "end")))


def redisk_plan_only(entries: Entries) -> None:
    replan(lambda plan: plan["disk"].update(serial="ANOTHER"), everywhere=True)(entries)


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
    "the plan was refused": replan(
        lambda p: p["refusals"].append({"code": "wipe.refusal.mount", "args": {}})
    ),
    "the flush failed": put("flush", "errno", 5),
    "half written": at_last(
        "step_end", lambda d: d.update(done=[[0, SIZE // 2]], written=SIZE // 2)
    ),
    "half written, claims all": at_last("step_end", lambda d: d.update(done=[[0, SIZE // 2]])),
    "overlapping pieces": at_last(
        "step_end", lambda d: d.update(done=[[0, SIZE], [SIZE - 512, 8 * 512]])
    ),
    "a hole": at_last("step_end", lambda d: d.update(done=[[0, 4096], [8192, WHOLE - 8192]])),
    "bad range in the end": at_last("step_end", lambda d: d.update(bad=[[0, 512]])),
    "bad range on the way": bad_then_fine,
    "read back too little": put("verify_end", "compared", SIZE),
    "read back more than there is": put("verify_end", "compared", SIZE * 2),
    "mismatch": put("verify_end", "mismatch_bytes", 512),
    "mismatch ranges": put("verify_end", "mismatch", [[0, 512]]),
    "unreadable": put("verify_end", "unreadable", [[0, 512]]),
    "read-back stopped": put("verify_end", "outcome", "stopped"),
    "other mode": put("verify_start", "mode", "sample"),
    "compared with nothing": put("verify_start", "expects", None),
    "compared with zeros": put(
        "verify_start", "expects", {"kind": "constant", "hex": "00", "complement_of": None}
    ),
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
    "a disk without bytes": redisk(size_bytes=0),
    "blocks without bytes": redisk(logical_block_bytes=0),
    "blocks larger than the disk": redisk(logical_block_bytes=1 << 40),
    "canaries of my choice": both_canaries(lambda d: d.update(places=d["places"][:1])),
    "canaries beyond the end": both_canaries(
        lambda d: d.update(
            places=[{**place, "offset": place["offset"] + SIZE * 4} for place in d["places"]]
        )
    ),
    "no canaries at all": both_canaries(lambda d: d["places"].clear()),
    "canaries of one byte": both_canaries(lambda d: d.update(length=1)),
    "flushed after the reading": move("flush", "end"),
    "flushed between the readings": move("flush", "verify_start"),
    "flushed before the last pass ended": move("flush", "step_end", step=2),
    "a constant of no byte": replan(
        lambda p: p["steps"][1]["fill"].update(hex=""), everywhere=True
    ),
    "a key of three bytes": replan(
        lambda p: p["steps"][2]["fill"].update(hex="aabbcc"), everywhere=True
    ),
    "a key whose halves are one": replan(
        lambda p: p["steps"][2]["fill"].update(hex="5a" * 32), everywhere=True
    ),
    "a content of a former format": replan(
        lambda p: p["steps"][2]["fill"].update(kind="keystream"), everywhere=True
    ),
    "a pass without content": replan(lambda p: p["steps"][2].update(fill=None), everywhere=True),
    "a plan without a seed": replan(lambda p: p.update(seed=""), everywhere=True),
    "a plan without steps": replan(lambda p: p["steps"].clear(), everywhere=True),
    "a plan that asks for no read-back": replan(lambda p: p.update(verify="none"), everywhere=True),
    "a plan that asks for a sample": replan(lambda p: p.update(verify="sample"), everywhere=True),
    "stopped with a mismatch, then read well": stopped_with_a_mismatch,
    "interrupted and gone on in one session": insert(
        "verify_start", "interrupted", {"by": "supervisor", "reason": "killed", "signal": 9}
    ),
    "interrupted, and said to be resumed": interrupted_within,
    "resumed without a new session": insert(
        "verify_start",
        "resume",
        {"session": 1, "boot": "x", "step": 2, "offset": 0, "reread": None},
    ),
    "a pass that begins in the middle": put("step_start", "offset", 4096, step=1),
    "a pass that begins twice": begins_twice,
    "a write that was tried again after the pass": insert(
        "flush",
        "retry",
        {"step": 2, "phase": "write", "offset": 0, "length": 512, "errno": 5, "attempt": 1},
    ),
    "bad ranges in a checkpoint": insert(
        "step_end",
        "checkpoint",
        {"step": 0, "phase": "write", "done": [], "bad": [[0, 512]]},
        step=0,
    ),
    "two ends": lambda e: e.append(copy.deepcopy(e[-1])),
    "begun anew after the end": begun_anew,
    "confirmed after the first write": move("confirmation", "step_end", step=0),
    "identified after the first write": move("identity", "step_end", step=0),
    "planned after the first write": move("plan", "step_end", step=0),
    "canaries hashed after the first write": move("canary", "step_end", step=0),
    "the plan was confirmed for another disk": redisk_plan_only,
}


def test_the_true_journal_is_an_erasure() -> None:
    result = fold(entries_of(true_journal())).result
    assert (result.status, result.verdict, result.level_achieved) == (
        Status.ERASED,
        Verdict.APPROVED,
        Level.CLEAR,
    )


@pytest.mark.parametrize("name", ATTACKS)
def test_no_attack_is_an_erasure(name: str) -> None:
    entries = entries_of(true_journal())
    ATTACKS[name](entries)
    result = fold(entries).result
    assert result.status is not Status.ERASED
    assert result.level_achieved is Level.NONE
    assert result.verdict is not Verdict.APPROVED
    assert result.reasons, "a result without a reason helps nobody"


# --- Cut and taken up again ------------------------------------------------------------------


def go_on_further(entries: Entries) -> None:
    """The second session begins behind what the first one flushed."""
    for kind in ("resume", "step_start"):
        last(entries, kind, step=2)["data"]["offset"] += 4096


def no_checkpoints(entries: Entries) -> None:
    entries[:] = [e for e in entries if e["kind"] != "checkpoint"]


def never_read_back(entries: Entries) -> None:
    entries.remove(first(entries, "resume"))


def forget(kind: str) -> Attack:
    """What the second session has to do again was not done."""
    return lambda entries: entries.remove(last(entries, kind))


RESUMED: dict[str, Attack] = {
    "goes on behind the last flush": go_on_further,
    "no checkpoint holds what it goes on from": no_checkpoints,
    "the last stretch was not read back": never_read_back,
    "the last stretch did not hold": at_last("resume", lambda d: d["reread"].update(ok=False)),
    "identified before, not after": forget("identity"),
    "another disk after the cut": at_last(
        "identity", lambda d: d["identity"].update(serial="OTHER")
    ),
    "a smaller disk after the cut": at_last(
        "identity", lambda d: d["identity"].update(size_bytes=512)
    ),
    "the second session of another run": at_last("open", lambda d: d.update(run_id="run-2")),
    "the third session after the first": at_last("open", lambda d: d.update(session=3)),
    "a demonstration after the cut": at_last("open", lambda d: d.update(demonstration=True)),
    "resumed in another session": at_last("resume", lambda d: d.update(session=1)),
    "resumed with another pass": at_last("resume", lambda d: d.update(step=1)),
    "the first pass done after the cut": lambda e: last(e, "step_start", step=2)["data"].update(
        step=0
    ),
}


@pytest.mark.parametrize("power", [True, False])
def test_a_true_resumed_journal_is_an_erasure(power: bool) -> None:
    erasure = fold(entries_of(resumed_journal(power)))
    assert erasure.result.status is Status.ERASED
    assert len(erasure.interruptions) == 1, "the cut stays visible"


def test_another_dock_may_name_the_disk_otherwise() -> None:
    entries = entries_of(resumed_journal())
    last(entries, "identity")["data"]["identity"].update(
        model="USB 3.0 DOCK", bus="usb", wwn=None, medium="unknown", disk_seq=99
    )
    assert fold(entries).result.status is Status.ERASED


@pytest.mark.parametrize("name", RESUMED)
def test_no_attack_on_a_resumed_journal_is_an_erasure(name: str) -> None:
    entries = entries_of(resumed_journal())
    RESUMED[name](entries)
    assert fold(entries).result.status is not Status.ERASED


# --- A sample --------------------------------------------------------------------------------


def test_a_sample_is_what_its_seed_draws() -> None:
    true = entries_of(true_journal("nist-clear", "sample", size=48 << 20))
    assert fold(true).result.status is Status.ERASED
    end = first(true, "verify_end")["data"]
    assert end["places"] >= 1000
    for field, value in (
        ("compared", end["compared"] - 512),
        ("places", end["places"] - 1),
        ("compared", SIZE),
        ("compared", (48 << 20) // 512),
    ):
        entries = copy.deepcopy(true)
        first(entries, "verify_end")["data"][field] = value
        assert "certify.reason.not-all-read" in {
            reason.code for reason in fold(entries).result.reasons
        }, (field, value)
    seed = first(true, "plan")["data"]["plan"]["seed"]
    for known in (seed, None, "", "11" * 16):
        entries = copy.deepcopy(true)
        first(entries, "verify_start")["data"]["seed"] = known
        assert fold(entries).result.status is not Status.ERASED, known


# --- Elsewhere, cut, broken ------------------------------------------------------------------


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
    seed = base_seed()
    draw, raw = random.Random(seed), true_journal()
    for _ in range(how_many(200)):
        broken = bytearray(raw)
        # not in the last line: no line behind it holds its digest, the record does
        broken[draw.randrange(raw.rindex(b"\n", 0, -1))] ^= 1 << draw.randrange(8)
        result = fold_journal(bytes(broken), "journals/x.jsonl").result
        assert result.status is not Status.ERASED, f"RECOND_SEED={seed}"
        noise = draw.randbytes(draw.randrange(400))
        assert fold_journal(noise, "x").result.status is not Status.ERASED


def test_two_random_attacks_together_never_erase() -> None:
    seed = base_seed()
    draw = random.Random(seed)
    one_truth = {"other mode", "a plan that asks for a sample"}  # together: a sample, read as one
    for _ in range(how_many(150)):
        entries, names = entries_of(true_journal()), draw.sample(sorted(ATTACKS), 2)
        if set(names) == one_truth:
            continue
        for name in names:
            try:
                ATTACKS[name](entries)
            except (StopIteration, ValueError, IndexError, KeyError):
                continue  # the first took away what the second changes
        result = fold(entries).result
        assert result.status is not Status.ERASED, f"RECOND_SEED={seed}, {names}"
