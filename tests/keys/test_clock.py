"""A clock that was ahead once: the way back is a person's word, and shows wherever one looks."""

from __future__ import annotations

import dataclasses
import json
import shutil
import subprocess
from pathlib import Path

import pytest

from recond.certify.ledger import (
    CLOCK,
    ledger_line,
    position_after,
    position_fault,
    read_ledger,
)
from recond.certify.verify.verdicts import Axis
from recond.codec import canonical_bytes
from recond.errors import RecordInvalid, UsageError
from recond.flow.keys import workshop as flow
from recond.flow.keys.keyring import Keyring
from recond.flow.keys.ledger_clock import put_clock_back
from recond.flow.keys.ledger_file import MARK, StoredLedger
from recond.flow.run.issue import Issued
from recond.flow.verify.files import verify_paths
from recond.flow.verify.ledger import verify_with_ledger
from recond.host.clock import SystemClock
from recond.locale import say
from tests.cli.command import recond
from tests.keys.bench import StillClock, certify

RIGHT = StillClock("2026-11-24T08:00:00.000Z")
AHEAD = StillClock("2031-03-02T10:00:00.000Z")
TODAY = "2026-11-24"


def run_id(number: int) -> str:
    return f"20261124-080000-{number:08x}"


def codes(found: Path, state: Path) -> set[str]:
    (one,) = verify_paths((found,), (), state=state).found
    return {check.message.code for check in one.checks}


@pytest.fixture
def ahead(tmp_path: Path, raw_journal: bytes) -> Issued:
    """A bench whose one certificate was made years too early."""
    flow.issue_bench(tmp_path, "Poste 1", None, None, RIGHT)
    ring, key = Keyring(tmp_path), None
    key = ring.signing_key("", RIGHT)
    assert key is not None
    early = StillClock("2028-11-01T10:00:00.000Z")  # within the key's two years
    found = certify(tmp_path, raw_journal, early, run_id(1))
    assert found.signed
    return found


def test_the_way_back_and_where_it_shows(tmp_path: Path, raw_journal: bytes, ahead: Issued) -> None:
    stuck = certify(tmp_path, raw_journal, RIGHT, run_id(2))
    assert not stuck.signed
    assert stuck.why_unsigned is not None
    assert "recond key clock" in say("fr", stuck.why_unsigned)
    done = put_clock_back(tmp_path, TODAY, "Camille", RIGHT)
    assert (done.number, done.fault) == (3, None)
    mended = certify(tmp_path, raw_journal, RIGHT.in_days(0), run_id(2))
    assert mended.signed
    assert mended.record.ledger is not None
    assert mended.record.ledger.clock == 3
    # on the certificate, to who has nothing else; not on the one from before
    for lone, told in ((mended, True), (ahead, False)):
        alone = codes(lone.certificate, tmp_path / "elsewhere")
        assert ("certify.verify.ledger.step" in alone) is told
        assert verify_paths((lone.folder,), (), state=tmp_path).exit_code == 0
    # in the ledger, with both times and the name
    report = verify_with_ledger(
        (tmp_path / "out",), (), Keyring(tmp_path).ledger_file, state=tmp_path
    )
    assert report.exit_code == 0
    said = [say("fr", one.message) for one in report.found[-1].checks]
    assert any("01/11/2028" in one and "24/11/2026" in one and "Camille" in one for one in said)
    assert dict(report.found[-1].answers)[Axis.COMPLETE] != "yes"
    # and on each one that follows, by the tree beside the ledger as by the whole of it
    assert isinstance(Keyring(tmp_path).ledger.open(Keyring(tmp_path).own()), StoredLedger)
    third = certify(tmp_path, raw_journal, RIGHT.in_days(1), run_id(3))
    (tmp_path / MARK).unlink()
    fourth = certify(tmp_path, raw_journal, RIGHT.in_days(2), run_id(4))
    assert [one.record.ledger and one.record.ledger.clock for one in (third, fourth)] == [3, 3]


def page(issued: Issued) -> str:
    done = subprocess.run(
        ["pdftotext", issued.certificate, "-"], check=True, capture_output=True, text=True
    )
    return " ".join(done.stdout.split())


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="pdftotext is not installed")
def test_the_page_says_it(tmp_path: Path, raw_journal: bytes, ahead: Issued) -> None:
    put_clock_back(tmp_path, TODAY, None, RIGHT)
    mended = certify(tmp_path, raw_journal, RIGHT, run_id(2))
    assert "remise en arrière" in page(mended)
    assert "ligne 3 du registre" in page(mended)
    assert "remise en arrière" not in page(ahead)


@pytest.mark.parametrize("today", [None, "2026-11-23", "2028-11-01", "24/11/2026", ""])
def test_without_todays_date_nothing_is_put_back(
    tmp_path: Path, ahead: Issued, today: str | None
) -> None:
    before = Keyring(tmp_path).ledger_file.read_bytes()
    with pytest.raises(UsageError) as caught:
        put_clock_back(tmp_path, today, None, RIGHT)
    told = say("fr", caught.value.message)
    assert ("--today" in told) is (today is None)
    assert Keyring(tmp_path).ledger_file.read_bytes() == before


def test_a_clock_that_is_not_behind_puts_nothing_back(tmp_path: Path, ahead: Issued) -> None:
    """Else it would be a way to any date: one step at a time, each into the past."""
    before = Keyring(tmp_path).ledger_file.read_bytes()
    for clock in (StillClock("2028-11-01T10:00:00.000Z"), AHEAD):
        with pytest.raises(UsageError, match="right"):
            put_clock_back(tmp_path, clock.at[:10], None, clock)
    with pytest.raises(UsageError, match="right"):
        put_clock_back(tmp_path / "none", TODAY, None, RIGHT)
    assert Keyring(tmp_path).ledger_file.read_bytes() == before


def test_a_record_that_hides_the_step_is_contradicted_by_the_ledger(
    tmp_path: Path, raw_journal: bytes, ahead: Issued, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A record's maker that leaves it unsaid."""
    put_clock_back(tmp_path, TODAY, None, RIGHT)
    certify(tmp_path, raw_journal, RIGHT, run_id(2))
    monkeypatch.setattr(
        "recond.flow.run.issue.position_after",
        lambda ledger: dataclasses.replace(position_after(ledger), clock=0),
    )
    hidden = certify(tmp_path, raw_journal, RIGHT.in_days(1), run_id(3))
    assert hidden.record.ledger is not None
    whole = Keyring(tmp_path).read_ledger()
    assert position_fault(whole, hidden.record.ledger) == "certify.ledger.step-unsaid"
    report = verify_with_ledger(
        (tmp_path / "out",), (), Keyring(tmp_path).ledger_file, state=tmp_path
    )
    assert report.exit_code == 7


def test_a_mark_that_somebody_edited_hides_no_step(
    tmp_path: Path, raw_journal: bytes, ahead: Issued
) -> None:
    put_clock_back(tmp_path, TODAY, None, RIGHT)
    certify(tmp_path, raw_journal, RIGHT, run_id(2))
    mark = tmp_path / MARK
    note = json.loads(mark.read_bytes())
    for number in (0, 1, 2, 3, 4, 99, -1, True, "3", None):  # what this bench's key did not sign
        mark.write_text(json.dumps({**note, "clock": number}))
        assert not isinstance(Keyring(tmp_path).ledger.open(Keyring(tmp_path).own()), StoredLedger)
    record = certify(tmp_path, raw_journal, RIGHT.in_days(1), run_id(3)).record
    assert record.ledger is not None
    assert record.ledger.clock == 3


def rewritten(raw: bytes, number: int, **change: object) -> bytes:
    """The ledger with a line changed, and all digests made anew, as a forger leaves it."""
    import hashlib

    out, prev = b"", "0" * 64
    for at, line in enumerate(raw.splitlines(), 1):
        entry = {**json.loads(line), "prev": prev, **(change if at == number else {})}
        anew = canonical_bytes(entry)
        prev, out = hashlib.sha256(anew).hexdigest(), out + anew + b"\n"
    return out


def test_only_a_line_that_says_it_may_be_older_than_the_one_above(
    tmp_path: Path, raw_journal: bytes, ahead: Issued
) -> None:
    put_clock_back(tmp_path, TODAY, "Camille", RIGHT)
    certify(tmp_path, raw_journal, RIGHT, run_id(2))
    raw = Keyring(tmp_path).ledger_file.read_bytes()
    assert not read_ledger(rewritten(raw, 3)).problems
    true = json.loads(raw.splitlines()[2])
    assert true["kind"] == CLOCK
    changes: tuple[dict[str, object], ...] = (
        {"kind": "issued"},
        {"kind": "clocks"},
        {"time": "2029-01-01T00:00:00.000Z"},
        {"data": {}},
        {"data": {"last": true["time"], "operator": "Camille"}},
        {"data": {"last": true["data"]["last"]}},
        {"data": {**true["data"], "operator": 1}},
        {"data": {**true["data"], "more": ""}},
    )
    for change in changes:
        found = read_ledger(rewritten(raw, 3, **change))
        assert [dict(one.args)["line"] for one in found.problems] == [3], change
        assert found.size == 2


def test_without_the_word_a_line_into_the_past_is_still_refused(
    ahead: Issued, tmp_path: Path
) -> None:
    standing = Keyring(tmp_path).read_ledger()
    with pytest.raises(RecordInvalid, match="clock"):
        ledger_line(standing, RIGHT.at, "issued", {})


def test_a_position_names_the_last_step_before_it_and_no_other(
    tmp_path: Path, raw_journal: bytes, ahead: Issued
) -> None:
    put_clock_back(tmp_path, TODAY, None, RIGHT)
    certify(tmp_path, raw_journal, RIGHT, run_id(2))
    certify(tmp_path, raw_journal, RIGHT.in_days(600), run_id(3))
    put_clock_back(tmp_path, "2026-11-26", None, RIGHT.in_days(2))
    whole = Keyring(tmp_path).read_ledger()
    place = position_after(whole)
    assert (whole.size, place.clock) == (6, 6)
    grown = read_ledger(
        Keyring(tmp_path).ledger_file.read_bytes()
        + ledger_line(whole, whole.last_time, "issued", {})
    )
    assert position_fault(grown, place) is None
    for clock in (0, 3, 5, 7):
        false = dataclasses.replace(place, clock=clock)
        assert position_fault(grown, false) == "certify.ledger.step-unsaid"
    assert [whole.clock_before(size) for size in range(7)] == [0, 0, 0, 3, 3, 3, 6]


# --- The key of a bench that was first started at a wrong date ---------------------------------


@pytest.mark.parametrize("first", ["2015-01-01T00:00:10.000Z", "2031-03-02T10:00:00.000Z"])
def test_a_key_made_at_a_wrong_date_is_made_anew_and_what_it_signed_holds(
    tmp_path: Path, raw_journal: bytes, first: str
) -> None:
    wrong = StillClock(first)
    old = certify(tmp_path, raw_journal, wrong, run_id(1))
    assert old.signed
    assert old.self_made_key
    said = []
    for _ in range(4):  # whoever does what each message says gets there
        now = certify(tmp_path, raw_journal, RIGHT, run_id(2))
        if now.signed:
            break
        assert now.why_unsigned is not None
        said.append(now.why_unsigned.code)
        told = say("fr", now.why_unsigned)
        if "recond key clock" in told:
            put_clock_back(tmp_path, TODAY, None, RIGHT)
        elif "recond key issue --self-signed" in told:
            flow.issue_bench(tmp_path, None, None, None, RIGHT)
        else:
            pytest.fail(told)
    assert now.signed
    behind = first > RIGHT.at
    assert said == [*(["certify.unsigned.clock"] if behind else []), "certify.key.expired-self"]
    for one in (old, now):
        assert verify_paths((one.folder,), (), state=tmp_path).exit_code == 0


def test_the_command(tmp_path: Path, ahead: Issued) -> None:
    """By the real program, under this computer's own clock."""
    today = SystemClock().now()[:10]
    if today >= ahead.record.issued_at:
        pytest.skip("this computer's clock has come to the test's year")
    words = ("key", "clock", "--state", str(tmp_path))
    for more, told in (((), "--today"), (("--today", "1999-01-01"), "timedatectl")):
        asked = recond(*words, *more, folder=tmp_path)
        assert (asked.code, asked.stdout) == (2, "")
        assert told in asked.stderr
    done = recond(*words, "--today", today, "--operator", "Camille", "--json", folder=tmp_path)
    assert done.code == 0, done.stderr
    assert json.loads(done.stdout)["number"] == 3
    assert recond(*words, "--today", today, folder=tmp_path).code == 2
