"""The receipt: it shows a certificate in its ledger, this one and no other, and signs for nothing
more.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from recond.certify.merkle import Tree
from recond.certify.receipt import CONTENT_TYPE, Receipt, make_receipt, read_receipt
from recond.certify.sign.jws import read_jws, sign_jws
from recond.certify.sign.keys import SigningKey, issue_bench_key, make_bench_key, make_root_key
from recond.certify.verify.verdicts import Answer, Trust
from recond.codec import canonical_bytes, to_json
from recond.errors import RecordInvalid
from tests.certify.desk import Desk, desk, drawn_once
from tests.certify.papers import corpus, files_of, issued
from tests.certify.tamper import JWS, PDF, RECORD, Files

__all__ = ["desk", "drawn_once"]
RECEIPT = "receipt.jws"


def own_key() -> SigningKey:
    return corpus().ring.signing_key("", corpus().clock)


def of(kind: str) -> Receipt:
    return read_receipt(read_jws(files_of(kind)[RECEIPT]))


def resigned(receipt: Receipt, key: SigningKey | None = None) -> bytes:
    return sign_jws(canonical_bytes(to_json(receipt)), key or own_key(), CONTENT_TYPE)


def away() -> Trust:
    """A donor, who has no ledger."""
    return replace(corpus().trust(), ledger=None)


def complete(desk: Desk, files: Files) -> Answer:
    return dict(desk.verify(files, away()).found[0].answers)["complete"]


def test_a_receipt_shows_the_line_to_who_has_no_ledger(desk: Desk) -> None:
    files = files_of("erased")
    assert complete(desk, files) is Answer.YES
    codes = {check.message.code for check in desk.verify(files, away()).found[0].checks}
    assert "certify.verify.receipt.holds" in codes
    assert desk.verify({PDF: files[PDF], RECEIPT: files[RECEIPT]}, away()).exit_code == 0


def test_a_later_receipt_reaches_a_later_root(desk: Desk) -> None:
    files = files_of("erased")
    for kind in ("rejected", "refused", "interrupted"):
        issued(kind)
    reading = corpus().ring.read_ledger()
    number = of("erased").number
    assert len(reading.lines) > number
    later = make_receipt(reading, number, own_key(), corpus().clock.now())
    assert read_receipt(read_jws(later)).root == Tree.of(reading.lines).root()
    assert complete(desk, {**files, RECEIPT: later}) is Answer.YES


def test_a_receipt_is_of_one_certificate_only(desk: Desk) -> None:
    files = files_of("erased")
    for other in ("rejected", "refused"):
        codes = desk.refuses({**files, RECEIPT: files_of(other)[RECEIPT]}, other, away())
        assert "certify.verify.receipt.not" in codes


def test_the_benchs_key_cannot_sign_a_receipt_that_does_not_add_up(desk: Desk) -> None:
    """It signs what it likes; the path, the line and the record's own root speak against it."""
    files, true, foreign = files_of("erased"), of("erased"), of("rejected")
    entry = json.loads(true.entry)
    entry["data"]["pdf_sha256"] = "00" * 32
    lies = {
        "another line": replace(true, entry=foreign.entry),
        "an edited line": replace(true, entry=canonical_bytes(entry).decode()),
        "another spelling": replace(true, entry=true.entry + " "),
        "no line": replace(true, entry=""),
        "another number": replace(true, number=true.number + 1),
        "number 0": replace(true, number=0),
        "size 0": replace(true, size=0),
        "another ledger": replace(true, ledger_id="other"),
        "another root": replace(true, root=foreign.root),
        "no root": replace(true, root=""),
        "no path": replace(true, inclusion=()),
        "no consistency": replace(true, consistency=()),
        "longer path": replace(true, inclusion=(*true.inclusion, "00" * 32)),
        "no hash": replace(true, inclusion=("x", *true.inclusion[1:])),
        "a root of this line alone": replace(
            true, inclusion=(), size=1, number=1, root=Tree.of([true.entry.encode()]).root()
        ),
        "another schema": replace(true, schema="recond.receipt/2"),
    }
    for told, lie in lies.items():
        desk.refuses({**files, RECEIPT: resigned(lie)}, told, away())


def test_a_fork_of_the_ledger_is_found_by_the_records_own_root(desk: Desk) -> None:
    """A second ledger that holds the line in its place, with other lines before it."""
    files, true, reading = files_of("erased"), of("erased"), corpus().ring.read_ledger()
    lines = list(reading.lines[: true.number])
    lines[0] = lines[0][:-1] + b" }"
    forged = replace(reading, lines=tuple(lines))
    raw = make_receipt(forged, true.number, own_key(), corpus().clock.now())
    codes = desk.refuses({**files, RECEIPT: raw}, "fork", away())
    assert "certify.verify.receipt.not" in codes


@pytest.mark.parametrize("who", ["a stranger", "the root's twin"])
def test_only_a_trusted_key_signs_receipts(who: str, desk: Desk) -> None:
    now = corpus().clock.now()
    key = (
        make_bench_key("x", now)
        if who == "a stranger"
        else issue_bench_key(make_root_key("Bricol’Café de Lens", now), "banc 1", now)
    )
    files = files_of("erased")
    desk.refuses({**files, RECEIPT: resigned(of("erased"), key)}, who, away())


def test_a_receipt_is_no_record_and_alone_it_is_nothing(desk: Desk, tmp_path: Path) -> None:
    files = files_of("erased")
    assert desk.verify({RECEIPT: files[RECEIPT]}, away()).exit_code == 7
    desk.refuses({JWS: files[RECEIPT]}, "in the place of the record", away())
    desk.refuses({**files, JWS: files[RECEIPT]}, "in the place of the record's", away())
    desk.refuses({**files, RECEIPT: files[JWS]}, "the record in its place", away())
    with pytest.raises(RecordInvalid):
        read_receipt(read_jws(files[JWS]))


def test_an_unsigned_certificate_has_no_receipt() -> None:
    assert RECEIPT not in files_of("unsigned")
    assert {RECORD, JWS, PDF, RECEIPT} < set(files_of("erased"))
