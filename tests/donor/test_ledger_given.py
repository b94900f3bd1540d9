"""`recond verify --ledger`: truncation, edits, gaps and forks, against the signed certificates."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path

import pytest

from recond.certify.verify.verdicts import Answer
from recond.codec import canonical_bytes
from recond.flow.verify.ledger import verify_with_ledger
from tests.cli.command import recond
from tests.keys.bench import StillClock, certify, journal_of

COUNT = 5


@pytest.fixture(scope="module")
def bench(tmp_path_factory: pytest.TempPathFactory, raw_journal: bytes) -> Path:
    """A bench with some certificates: `state/`, `out/RECORD/`."""
    folder = tmp_path_factory.mktemp("bench")
    for number in range(1, COUNT + 1):
        run = f"20261124-08000{number}-0000000{number}"
        certify(
            folder / "state",
            journal_of(raw_journal, run),
            StillClock().in_days(number),
            run,
            folder / "out",
        )
    return folder


def answers(folder: Path, *given: str, ledger: Path | None = None) -> dict[str, Answer]:
    report = verify_with_ledger(
        tuple(folder / name for name in given),
        (),
        ledger or folder / "state" / "ledger.jsonl",
        state=folder / "state",
    )
    return dict(report.found[-1].answers)


def codes(folder: Path, ledger: Path, *given: str) -> set[str]:
    report = verify_with_ledger(
        tuple(folder / name for name in given), (), ledger, state=folder / "state"
    )
    return {check.message.code for check in report.found[-1].checks} | {
        str(dict(check.message.args).get("reason")) for check in report.found[-1].checks
    }


def records(folder: Path) -> list[str]:
    return sorted(f"out/{path.name}" for path in (folder / "out").iterdir())


def test_a_whole_lot_is_complete(bench: Path) -> None:
    found = answers(bench, "out")
    assert set(found.values()) == {Answer.YES}
    done = recond(
        "verify",
        str(bench / "out"),
        "--ledger",
        str(bench / "state" / "ledger.jsonl"),
        "--state",
        str(bench / "state"),
        folder=bench,
    )
    assert done.code == 0, done.stdout


def test_one_certificate_confirms_what_was_before_it(bench: Path) -> None:
    found = answers(bench, records(bench)[2])
    assert (found["intact"], found["valid"], found["complete"]) == (
        Answer.YES,
        Answer.YES,
        Answer.UNKNOWN,
    )
    alone = answers(bench)
    assert (alone["intact"], alone["valid"]) == (Answer.YES, Answer.UNKNOWN)


def test_a_vanished_certificate_is_a_gap(bench: Path, tmp_path: Path) -> None:
    shutil.copytree(bench, tmp_path / "b")
    shutil.rmtree(tmp_path / "b" / records(bench)[1])
    found = answers(tmp_path / "b", "out")
    assert found["complete"] is Answer.NO
    assert "recheck.ledger.gap" in codes(tmp_path / "b", bench / "state" / "ledger.jsonl", "out")


def test_a_cut_tail_is_found(bench: Path, tmp_path: Path) -> None:
    lines = (bench / "state" / "ledger.jsonl").read_bytes().splitlines(keepends=True)
    assert len(lines) == COUNT + 1
    for left in range(len(lines)):
        cut = tmp_path / "cut.jsonl"
        cut.write_bytes(b"".join(lines[:left]))
        found = answers(bench, "out", ledger=cut)
        assert Answer.NO in found.values() or left == 0, left
        assert found["intact"] is not Answer.YES, left


@pytest.mark.parametrize("line", range(COUNT + 1))
def test_an_edit_even_with_the_chain_made_anew_is_found(
    line: int, bench: Path, tmp_path: Path
) -> None:
    """A forger recomputes every link behind his edit; the signed roots still show it."""
    lines = (bench / "state" / "ledger.jsonl").read_bytes().splitlines()
    plain = tmp_path / "plain.jsonl"
    plain.write_bytes(
        b"\n".join([*lines[:line], lines[line].replace(b"2026", b"2025", 1), *lines[line + 1 :]])
        + b"\n"
    )
    assert answers(bench, "out", ledger=plain)["intact"] is Answer.NO
    remade, prev = [], "0" * 64
    for number, raw in enumerate(lines):
        entry = json.loads(raw)
        if number == line:
            entry["data"]["note"] = "forged"
        entry["prev"] = prev
        remade.append(canonical_bytes(entry))
        prev = hashlib.sha256(remade[-1]).hexdigest()
    fork = tmp_path / "fork.jsonl"
    fork.write_bytes(b"\n".join(remade) + b"\n")
    assert answers(bench, "out", ledger=fork)["intact"] is Answer.NO
    if line < COUNT:  # a later certificate alone is enough
        assert answers(bench, records(bench)[-1], ledger=fork)["intact"] is Answer.NO


def test_a_ledger_of_another_bench_says_so(bench: Path, tmp_path: Path, raw_journal: bytes) -> None:
    run = "20261124-080009-00000009"
    certify(
        tmp_path / "state",
        journal_of(raw_journal, run),
        StillClock(calls=50),
        run,
        tmp_path / "out",
    )
    other = tmp_path / "state" / "ledger.jsonl"
    assert "certify.ledger.other" in codes(bench, other, records(bench)[0])
    empty = tmp_path / "empty.jsonl"
    empty.write_bytes(b"")
    assert answers(bench, ledger=empty)["intact"] is Answer.NO


def test_a_copied_ledger_is_a_fork(bench: Path, tmp_path: Path, raw_journal: bytes) -> None:
    """The state was copied, and both copies went on: two certificates bear one number."""
    run, twin = "20261124-080007-00000007", "20261124-080008-00000008"
    later = StillClock().in_days(9)
    copy = tmp_path / "copy"
    shutil.copytree(bench, copy)
    shutil.copytree(bench / "state", tmp_path / "set-back")
    certify(copy / "state", journal_of(raw_journal, run), later, run, copy / "out")
    certify(tmp_path / "set-back", journal_of(raw_journal, twin), later, twin, copy / "out")
    assert "recheck.ledger.fork" in codes(copy, copy / "state" / "ledger.jsonl", "out")
