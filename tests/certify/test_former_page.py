"""Certificates of every former drawing stay intact; a new drawing adds its last one's files here.

The files in former/page-N were made by recond as it stood then, over an image. Page 1 is a run of
the emulated laptop, drawn before the computer's verdict stood on page one, with the `page` of its
software not yet numbered; the erasure of page 2 broke off.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from recond.certify.record import parse_record
from recond.certify.sign.jws import read_jws
from recond.certify.verify.bundle import verify_bundle
from recond.certify.verify.verdicts import Answer, Trust, Verdicts
from recond.computer import conclude, is_computer_erased
from recond.flow.software import PAGE, versions
from tests.certify.papers import bundle_of

FORMER = Path(__file__).parent / "former"
PAGES = sorted((path.name.removeprefix("page-") for path in FORMER.glob("page-*")), key=int)


def files(page: str = "1") -> dict[str, bytes]:
    folder = FORMER / f"page-{page}"
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


def judged(given: dict[str, bytes], page: str = "1") -> Verdicts:
    signed = read_jws(files(page)["record.jws"])
    return verify_bundle(
        bundle_of(given), Trust(pinned=signed.chain, software=versions()), "former"
    )


def test_every_former_drawing_is_held() -> None:
    assert [str(number) for number in range(1, int(PAGE))] == PAGES


@pytest.mark.parametrize("page", PAGES)
def test_a_page_of_a_former_drawing_stays_intact(page: str) -> None:
    found = judged(files(page), page)
    said = dict(found.answers)
    assert (said["intact"], said["valid"], said["trusted"]) == (Answer.YES,) * 3, found.checks
    record = parse_record(json.loads(files(page)["record.json"]))
    assert dict(record.software).get("page", "1") == page


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("name", ["certificate.pdf", "record.json", "record.jws"])
def test_a_changed_one_does_not(name: str, page: str) -> None:
    given = files(page)
    raw = bytearray(given[name])
    at = raw.index(b"S3Z8NX0K123456") if name == "record.json" else len(raw) // 2
    raw[at] ^= 1
    said = dict(judged({**given, name: bytes(raw)}, page).answers)
    assert said["intact"] is not Answer.YES or said["valid"] is not Answer.YES


def test_its_headline_says_no_more_than_today_of_the_same_record() -> None:
    """What it says of the disks holds; of the computer recond says today what the record shows."""
    record = parse_record(json.loads(files()["record.json"]))
    assert conclude(record).headline == "certify.verdict.erased-virtual"
    assert not is_computer_erased(record)
    assert not is_computer_erased(replace(record, words=()))
