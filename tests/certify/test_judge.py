"""Every reason that the judgement knows, reached by a journal that deserves it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from recond.certify.record import Belonging, fold_journal
from recond.erasure import Level, Status, Verdict
from tests.certify.journals import (
    SIZE,
    Attack,
    Entries,
    at_last,
    both_canaries,
    drop,
    entries_of,
    first,
    fold,
    insert,
    put,
    reasons,
    redisk,
    replan,
    resumed_journal,
    true_journal,
)
from tests.house import PACKAGE

R, E = Verdict.REJECTED, Verdict.ESCALATE


def only(count: int) -> Attack:
    """The journal ends after so many entries."""
    return lambda entries: entries.__delitem__(slice(count, None))


def by_the_drive(ending: str) -> Attack:
    """The last pass was the drive's own command, after which the medium read so."""

    def attack(entries: Entries) -> None:
        def change(plan: dict[str, Any]) -> None:
            plan["steps"][2].update(technique="nvme-format-user", fill=None)

        replan(change, everywhere=True)(entries)
        first(entries, "step_start", step=2)["data"]["technique"] = "nvme-format-user"
        first(entries, "verify_start")["data"]["expects"] = None
        first(entries, "verify_end")["data"]["ending"] = ending

    return attack


def silent_canaries(entries: Entries) -> None:
    by_the_drive("random")(entries)
    for place in first(entries, "canary", phase="before")["data"]["places"]:
        place.update(sha256=None, errno=5)


def old_data(entries: Entries) -> None:
    before, after = (
        first(entries, "canary", phase=p)["data"]["places"] for p in ("before", "after")
    )
    after[3]["sha256"] = before[3]["sha256"]


def strange_data(entries: Entries) -> None:
    first(entries, "canary", phase="after")["data"]["places"][3]["sha256"] = "ab" * 32


def unreadable_canary(entries: Entries) -> None:
    first(entries, "canary", phase="after")["data"]["places"][3].update(sha256=None, errno=5)


def no_canaries(entries: Entries) -> None:
    entries.remove(first(entries, "canary", phase="after"))


def no_plan(entries: Entries) -> None:
    entries.remove(first(entries, "plan"))


BAD = insert(
    "step_end",
    "bad_range",
    {"step": 2, "phase": "write", "range": [4096, 512], "errno": 5, "attempts": 3},
    step=2,
)

DESERVED: dict[str, tuple[Attack, Verdict]] = {
    "bad-ranges": (BAD, R),
    "destroy": (BAD, R),
    "canary-places": (both_canaries(lambda d: d.update(seed="11" * 32)), E),
    "canary-silent": (silent_canaries, E),
    "canary-unchanged": (old_data, R),
    "canary-unreadable": (unreadable_canary, R),
    "canary-wrong": (strange_data, R),
    "contradiction": (put("step_start", "offset", 4096, step=1), E),
    "drive-not-proven": (by_the_drive("zeros"), E),
    "ending": (by_the_drive("mixed"), E),
    "flush": (drop("flush"), E),
    "level-none": (redisk(kind="block", medium="usb-flash"), E),
    "mismatch": (put("verify_end", "mismatch", [[0, 512]]), R),
    "no-canaries": (no_canaries, E),
    "no-end": (drop("end"), E),
    "no-plan": (no_plan, E),
    "no-read-back": (drop("verify_end"), E),
    "not-all": (put("step_end", "done", [[0, SIZE]], step=1), E),
    "not-all-read": (put("verify_end", "compared", SIZE), E),
    "not-completed": (put("end", "outcome", "failed"), E),
    "not-verified": (replan(lambda p: p.update(verify="none"), everywhere=True), E),
    "nothing-done": (lambda e: e.__delitem__(slice(4, len(e) - 1)), E),
    "other-disk": (put("identity", "differences", ["serial"]), E),
    "read-back-unfinished": (put("verify_end", "outcome", "stopped"), E),
    "step-outcome": (put("step_end", "outcome", "failed", step=2), E),
    "step-unfinished": (drop("step_end", step=2), E),
    "unconfirmed": (drop("confirmation"), E),
    "unreadable": (put("verify_end", "unreadable", [[0, 512]]), R),
    "wrong-content": (put("verify_start", "expects", None), E),
}
OTHERWISE = {  # held by the tests below, and by those of hidden sectors in tests/drive
    "below-request",
    "demonstration",
    "erased-full",
    "erased-sample",
    "other-run",
    "medium-unproven",
    "reread",
    "hidden-content",
    "hidden-left",
    "hidden-unread",
    # who else had the disk: test_holders.py
    "held",
    "moved",  # test_holding.py
    "not-looked",
    "other-size",
    "partition-left",
    "written-meanwhile",
}


def test_no_reason_is_left_out() -> None:
    """A reason that nothing reaches is a sentence that nobody says."""
    catalogue = json.loads((PACKAGE / "locale" / "en" / "certify.json").read_text())
    known = {
        code.removeprefix("certify.reason.")
        for code in catalogue
        if code.startswith("certify.reason.")
    }
    assert known == DESERVED.keys() | OTHERWISE


@pytest.mark.parametrize("name", DESERVED)
def test_each_reason_is_said_where_it_is_deserved(name: str) -> None:
    entries = entries_of(true_journal("nist-clear" if name == "level-none" else "dod-short"))
    attack, verdict = DESERVED[name]
    attack(entries)
    found = fold(entries)
    assert f"certify.reason.{name}" in reasons(found)
    assert found.result.verdict is verdict
    assert found.result.status is (Status.INTERRUPTED if name == "no-end" else Status.FAILED)
    assert found.result.level_achieved is Level.NONE


def test_purge_asked_and_clear_reached_is_said_and_not_approved() -> None:
    entries = entries_of(true_journal())
    replan(lambda p: p.update(level_requested="purge"), everywhere=True)(entries)
    found = fold(entries)
    assert (found.result.status, found.result.level_achieved, found.result.verdict) == (
        Status.ERASED,
        Level.CLEAR,
        Verdict.ESCALATE,
    )
    assert reasons(found) == {"certify.reason.below-request"}


def test_a_journal_of_elsewhere_says_so() -> None:
    raw = true_journal()
    assert "certify.reason.other-run" in reasons(fold_journal(raw, "x", Belonging("run-2", False)))
    assert "certify.reason.demonstration" in reasons(
        fold_journal(raw, "x", Belonging("run-1", True))
    )


def test_writes_that_a_power_cut_took_back_are_not_believed() -> None:
    entries = entries_of(resumed_journal())
    at_last("resume", lambda d: d["reread"].update(ok=False))(entries)
    assert "certify.reason.reread" in reasons(fold(entries))


PROOFS: dict[str, Attack] = {
    "no reading of the canaries' places": lambda e: e.remove(
        next(one for one in e if one["data"].get("phase") == "resume")
    ),
    "no word of going on": drop("resume"),
    "a place holds another thing": lambda e: next(
        one for one in e if one["data"].get("phase") == "resume"
    )["data"]["places"][5].update(sha256="ab" * 32),
    "the places of another seed": lambda e: next(
        one for one in e if one["data"].get("phase") == "resume"
    )["data"].update(seed="ab" * 32),
    "the last stretch does not hold": at_last("resume", lambda d: d["reread"].update(ok=False)),
    "another stretch was read": at_last("resume", lambda d: d["reread"].update(range=[0, 512])),
    "no stretch was read": at_last("resume", lambda d: d.update(reread=None)),
    "the first stretch was not read": at_last("resume", lambda d: d.pop("head")),
    "the first stretch does not hold": at_last("resume", lambda d: d["head"].update(ok=False)),
}


@pytest.mark.parametrize("name", PROOFS)
@pytest.mark.parametrize("power", [True, False])
def test_a_resumed_session_has_to_prove_its_medium(name: str, power: bool) -> None:
    entries = entries_of(resumed_journal(power))
    assert fold(entries).result.status is Status.ERASED
    PROOFS[name](entries)
    found = fold(entries)
    assert "certify.reason.medium-unproven" in reasons(found)
    assert found.result.status is Status.FAILED


def test_what_is_approved_says_how_it_was_read_back() -> None:
    assert reasons(fold_journal(true_journal(), "x")) == {"certify.reason.erased-full"}
    sample = true_journal("nist-clear", "sample", size=48 << 20)
    assert reasons(fold_journal(sample, "x")) == {"certify.reason.erased-sample"}


# --- Refused, and never begun ----------------------------------------------------------------


def refused(entries: Entries, keep: int) -> None:
    refusal = {
        **entries[-1],
        "kind": "refused",
        "data": {"refusals": [{"code": "wipe.refusal.mount", "args": {"path": "/dev/x"}}]},
    }
    end = {**entries[-1], "data": {"outcome": "refused", "reason": None}}
    entries[keep:] = [refusal, end]


def test_a_refusal_before_any_write_is_a_refusal() -> None:
    entries = entries_of(true_journal())
    refused(entries, 4)
    found = fold(entries)
    assert (found.result.status, found.result.verdict) == (Status.REFUSED, Verdict.REJECTED)
    assert reasons(found) == {"wipe.refusal.mount"}


def test_a_refusal_after_a_write_is_no_refusal() -> None:
    entries = entries_of(true_journal())
    refused(entries, 8)
    assert fold(entries).result.status is Status.FAILED


@pytest.mark.parametrize("count", range(1, 5))
def test_what_stops_before_the_first_write_has_written_nothing(count: int) -> None:
    entries = entries_of(true_journal())
    only(count)(entries)
    found = fold(entries)
    assert found.result.status is Status.INTERRUPTED
    assert "certify.reason.no-end" in reasons(found)
    assert not any(step.bytes_written for step in found.steps)


def test_a_journal_that_is_all_contradiction_is_said_in_a_few_lines() -> None:
    entries = entries_of(true_journal())
    entries[5:5] = [entries[6]] * 5000
    assert len(fold(entries).result.reasons) < 40


def test_a_broken_chain_is_named_with_its_line() -> None:
    raw = true_journal().replace(b'"outcome":"completed"', b'"outcome":"completex"')
    found = fold_journal(raw, "x")
    assert found.result.status is Status.FAILED
    line = raw.count(b"\n")
    assert ("certify.journal.data", line) in {
        (reason.code, dict(reason.args).get("line")) for reason in found.result.reasons
    }
