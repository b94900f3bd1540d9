"""`recond certify` again: a better certificate is never replaced by a worse one, nor lost."""

from __future__ import annotations

import dataclasses
import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from recond.certify.record import build_record
from recond.erasure import Level, Result, Status, Verdict, WipeRecord
from recond.flow.run.issue import Issued
from recond.flow.runfolder import SIGNED, UNSIGNED
from recond.flow.verify.files import verify_paths
from tests.cli.command import recond
from tests.keys.bench import StillClock, certify
from tests.keys.test_waits_unsigned import (
    CLOCK,
    Break,
    damaged,
    folder_open,
    gone,
    list_damaged,
    readable_by_others,
    repair,
    revoked,
    workshop,
)


def contents(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def verified(folder: Path, state: Path) -> bool:
    return verify_paths((folder,), (), state=state).exit_code == 0


@pytest.mark.parametrize(
    "hurt",
    [gone, damaged, readable_by_others, folder_open, list_damaged, revoked],
    ids=lambda one: one.__name__,
)
def test_a_key_that_cannot_be_used_for_a_moment_takes_no_certificate_away(
    hurt: Break, tmp_path: Path, raw_journal: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    ring = workshop(tmp_path)
    first = certify(tmp_path, raw_journal, CLOCK)
    before = contents(first.folder)
    hurt(ring, monkeypatch)
    for _ in range(3):
        again = certify(tmp_path, raw_journal, CLOCK)
        assert not again.signed
        assert again.handed_over == again.kept == first.folder
        assert contents(first.folder) == before
        assert again.certificate.name == UNSIGNED
        assert again.certificate.is_file()
    assert len(list((tmp_path / "issues" / first.folder.name).iterdir())) == 1  # fills no disk
    repair(ring)
    assert verified(first.folder, tmp_path)
    mended = certify(tmp_path, raw_journal, CLOCK)
    assert (mended.signed, mended.kept, mended.folder) == (True, None, first.folder)
    beside = tmp_path / "issues" / first.folder.name / "1"
    assert contents(beside) == before
    assert verified(beside, tmp_path)
    assert verified(first.folder, tmp_path)


def test_a_clock_that_is_behind_takes_no_certificate_away(
    tmp_path: Path, raw_journal: bytes
) -> None:
    first = certify(tmp_path, raw_journal, CLOCK)
    before = contents(first.folder)
    again = certify(tmp_path, raw_journal, StillClock("2026-11-24T07:00:00.000Z"))
    assert again.why_unsigned is not None
    assert again.why_unsigned.code == "certify.unsigned.clock"
    assert again.kept == first.folder
    assert contents(first.folder) == before


def test_a_later_judge_takes_no_certificate_away(
    tmp_path: Path, raw_journal: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A recond that asks for more than the journal holds, as one did of resumed sessions."""
    first = certify(tmp_path, raw_journal, CLOCK)
    before = contents(first.folder)

    def stricter(*given: Any) -> WipeRecord:
        made = build_record(*given)
        one = made.erasures[0]
        failed = Result(Status.FAILED, one.result.level_requested, Level.NONE, Verdict.ESCALATE, ())
        return dataclasses.replace(made, erasures=(dataclasses.replace(one, result=failed),))

    monkeypatch.setattr("recond.flow.run.issue.build_record", stricter)
    again = certify(tmp_path, raw_journal, CLOCK)
    assert again.signed
    assert again.record.erasures[0].result.status is Status.FAILED
    assert again.kept == first.folder
    assert contents(first.folder) == before
    assert (again.folder / SIGNED).is_file()
    monkeypatch.undo()
    assert verified(first.folder, tmp_path)


def test_what_went_on_since_takes_the_place(tmp_path: Path, raw_journal: bytes) -> None:
    """The certificate of the interruption stands beside."""
    lines = raw_journal.splitlines(keepends=True)
    run = "20261124-080000-0000000a"
    stopped = certify(tmp_path, b"".join(lines[: len(lines) // 2]), CLOCK, run)
    assert stopped.record.erasures[0].result.status is not Status.ERASED
    before = contents(stopped.folder)
    done = certify(tmp_path, raw_journal, CLOCK, run)
    assert (done.kept, done.folder) == (None, stopped.folder)
    assert contents(tmp_path / "issues" / run / "1") == before
    # and less evidence than before is no reason to take it back
    back = certify(tmp_path, b"".join(lines[: len(lines) // 2]), CLOCK, run)
    assert back.kept == done.folder


def test_a_certificate_that_this_bench_did_not_sign_is_not_kept(
    tmp_path: Path, raw_journal: bytes
) -> None:
    """Whoever writes into the output folder does not keep the truth out of it."""
    his = certify(tmp_path / "his", raw_journal, CLOCK)
    folder = tmp_path / "state" / "out" / his.folder.name
    shutil.copytree(his.folder, folder)
    lines = raw_journal.splitlines(keepends=True)
    ours: Issued = certify(tmp_path / "state", b"".join(lines[:-3]), CLOCK, his.folder.name)
    assert (ours.kept, ours.folder) == (None, folder)
    assert ours.record.erasures[0].result.status is not Status.ERASED
    assert contents(folder)["record.jws"] != contents(his.folder)["record.jws"]


def test_the_command_says_which_one_to_hand_over(tmp_path: Path) -> None:
    image = tmp_path / "disque.img"
    image.write_bytes(b"donor data " * 6000)
    done = recond("wipe", str(image), "--image", "--confirm", image.name, "--json", folder=tmp_path)
    found = json.loads(done.stdout)
    before = contents(Path(found["folder"]))
    (tmp_path / "state" / "keys" / "bench.p12").chmod(0o644)
    again = recond("certify", found["run"], folder=tmp_path)
    assert again.code == 7
    assert found["folder"] in again.stdout.replace("\n", "")
    elsewhere = recond(
        "certify", found["run"], "--out", str(tmp_path / "other"), "--json", folder=tmp_path
    )
    assert elsewhere.code == 7
    assert json.loads(elsewhere.stdout)["kept"] == found["folder"]
    assert contents(Path(found["folder"])) == before
    named = json.loads((tmp_path / "state" / "runs" / found["run"] / "issued.json").read_bytes())
    assert (named["folder"], named["signed"]) == (found["folder"], True)
