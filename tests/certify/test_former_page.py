"""A certificate that was drawn before the computer's verdict stood on page one.

The files in former/page-1 were made by recond as it stood then: a run of the emulated laptop over
an image, with the `page` of its software not yet numbered.
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

FORMER = Path(__file__).parent / "former" / "page-1"


def files() -> dict[str, bytes]:
    return {
        str(path.relative_to(FORMER)): path.read_bytes()
        for path in sorted(FORMER.rglob("*"))
        if path.is_file()
    }


def judged(given: dict[str, bytes]) -> Verdicts:
    signed = read_jws(files()["record.jws"])
    return verify_bundle(
        bundle_of(given), Trust(pinned=signed.chain, software=versions()), "former"
    )


def test_a_page_of_the_former_drawing_stays_intact() -> None:
    found = judged(files())
    said = dict(found.answers)
    assert (said["intact"], said["valid"], said["trusted"]) == (Answer.YES,) * 3, found.checks
    record = parse_record(json.loads(files()["record.json"]))
    assert "page" not in dict(record.software)
    assert PAGE != "1"


@pytest.mark.parametrize("name", ["certificate.pdf", "record.json", "record.jws"])
def test_a_changed_one_does_not(name: str) -> None:
    given = files()
    raw = bytearray(given[name])
    at = raw.index(b"S3Z8NX0K123456") if name == "record.json" else len(raw) // 2
    raw[at] ^= 1
    said = dict(judged({**given, name: bytes(raw)}).answers)
    assert said["intact"] is not Answer.YES or said["valid"] is not Answer.YES


def test_its_headline_says_no_more_than_today_of_the_same_record() -> None:
    """What it says of the disks holds; of the computer recond says today what the record shows."""
    record = parse_record(json.loads(files()["record.json"]))
    assert conclude(record).headline == "certify.verdict.erased-disks"
    assert not is_computer_erased(record)
    assert not is_computer_erased(replace(record, words=()))
