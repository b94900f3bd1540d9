"""The judge asks who else had the disk; journals of the former form are judged as they were."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from recond.certify.record import fold_journal
from recond.erasure import Status, Verdict
from tests.certify.journals import Entries, entries_of, fold, resumed_journal, true_journal

FORMER = Path(__file__).parent / "former"
HOLDER = {"kind": "open", "node": "sda1", "where": "fuse2fs (pid 4242)"}


def looks(entries: Entries, phase: str) -> list[dict[str, Any]]:
    return [
        entry["data"]
        for entry in entries
        if entry["kind"] == "holders" and entry["data"]["phase"] == phase
    ]


def codes(entries: Entries) -> set[str]:
    result = fold(entries).result
    assert result.status is not Status.ERASED
    assert result.verdict is not Verdict.APPROVED
    return {message.code for message in result.reasons}


@pytest.mark.parametrize("phase", ["write", "read", "end"])
@pytest.mark.parametrize("journal", [true_journal, resumed_journal])
def test_each_look_is_demanded(journal: Callable[[], bytes], phase: str) -> None:
    whole = entries_of(journal())
    assert fold(whole).result.verdict is Verdict.APPROVED
    for look in looks(whole, phase):
        assert codes([e for e in whole if e["data"] is not look]) == {"certify.reason.not-looked"}


@pytest.mark.parametrize("phase", ["write", "read", "end"])
def test_nobody_may_be_found(phase: str) -> None:
    entries = entries_of(true_journal())
    looks(entries, phase)[0]["holders"] = [HOLDER]
    assert codes(entries) == {"certify.reason.held"}


def test_a_partition_that_stayed() -> None:
    entries = entries_of(true_journal())
    looks(entries, "write")[0]["partitions"] = [{"name": "sda1", "range": [0, 512], "errno": 16}]
    assert codes(entries) == {"certify.reason.partition-left"}


@pytest.mark.parametrize("phase", ["read", "end"])
@pytest.mark.parametrize(
    ("field", "value", "code"),
    [
        ("writes", "sda 12 0", "certify.reason.written-meanwhile"),
        ("writes", None, "certify.reason.written-meanwhile"),
        ("size_bytes", 1 << 30, "certify.reason.other-size"),
        ("size_bytes", 512, "certify.reason.other-size"),
    ],
)
def test_nothing_may_change_while_it_is_read(
    phase: str, field: str, value: object, code: str
) -> None:
    entries = entries_of(true_journal())
    looks(entries, phase)[0][field] = value
    assert codes(entries) == {code}


def test_a_look_counts_where_it_stands() -> None:
    """The look before the reading, put before the last write, says nothing of what came after."""
    entries = entries_of(true_journal())
    (at,) = (i for i, e in enumerate(entries) if e["data"] is looks(entries, "read")[0])
    entries.insert(5, entries.pop(at))
    assert codes(entries) == {"certify.reason.not-looked"}


def test_what_could_not_be_looked_at_is_said() -> None:
    entries = entries_of(true_journal())
    for phase in ("write", "read", "end"):
        looks(entries, phase)[0]["unseen"] = [{"code": "host.unseen.processes", "args": {"n": 3}}]
    result = fold(entries).result
    assert result.verdict is Verdict.APPROVED
    assert [message.code for message in result.reasons] == [
        "certify.reason.erased-full",
        "host.unseen.processes",
    ]


@pytest.mark.parametrize(
    ("name", "form"), [("whole", 1), ("unheld-whole", 2), ("unheld-resumed", 2)]
)
def test_a_journal_of_a_former_form_counts_as_it_did(name: str, form: int) -> None:
    """Written before holders were asked for."""
    raw = (FORMER / f"{name}.jsonl").read_bytes()
    assert f'"recond.journal/{form}"'.encode() in raw
    result = fold_journal(raw, "j").result
    assert (result.status, result.verdict) == (Status.ERASED, Verdict.APPROVED)


def test_no_session_goes_back_to_the_former_form() -> None:
    entries = entries_of(resumed_journal())
    second = [entry for entry in entries if entry["kind"] == "open"][1]
    second["data"]["schema"] = "recond.journal/2"
    assert "certify.reason.contradiction" in codes(entries)


def test_a_former_run_that_goes_on_now_needs_the_looks_of_now() -> None:
    entries = entries_of(resumed_journal())
    first = next(entry for entry in entries if entry["kind"] == "open")
    first["data"]["schema"] = "recond.journal/2"
    entries.remove(next(e for e in entries if e["data"] is looks(entries, "write")[0]))
    assert fold(entries).result.verdict is Verdict.APPROVED
    entries.remove(next(e for e in entries if e["data"] is looks(entries, "write")[0]))
    assert codes(entries) == {"certify.reason.not-looked"}
