"""What the operator says on the command line: into the record, the judgement and the tables."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from recond.codec import from_json
from recond.documents import read_json
from recond.erasure import WipeRecord
from recond.flow.answers import parse_answers
from recond.readiness import assess_machine, parse_profile
from recond.upload.facts import evidence_of
from tests.cli.command import recond
from tests.guided.stage import MIB, images
from tests.readiness.test_grade import DAY, GOOD, PRICES, priced, worn


def test_answers_and_note_go_into_the_record_and_the_tables(tmp_path: Path) -> None:
    images(tmp_path, "a.img", size_bytes=MIB)
    said = ("--answer", "screen=broken", "--answer", "looks=used", "--note", "Chargeur absent")
    erase = ("wipe", "--image", "a.img", "--confirm", "a.img", "--out", "out")
    done = recond(*erase, *said, folder=tmp_path)
    assert done.code == 0, done.stderr
    (file,) = (tmp_path / "out").glob("*/record.json")
    record = from_json(WipeRecord, read_json(file.read_bytes()))
    assert dict(record.answers) == {
        "looks": "used",
        "note": "Chargeur absent",
        "screen": "broken",
    }
    assert recond("verify", str(file.parent), folder=tmp_path).code == 0
    told = parse_answers((*GOOD, "looks=used"))
    profile = parse_profile(priced(PRICES), "x.toml")
    judged = replace(record, assessments=(assess_machine(worn(10), profile, DAY, None, told),))
    found = evidence_of(judged, "0" * 64)
    assert (found["grade"], found["price"]) == ("B", "80-120 EUR")
    assert "note: Chargeur absent" in found["notes"]
    assert "price" not in evidence_of(record, "0" * 64)


def test_a_wrong_answer_stops_before_anything_is_written(tmp_path: Path) -> None:
    (image,) = images(tmp_path, "a.img", size_bytes=MIB)
    erase = ("wipe", "--image", "a.img", "--confirm", "a.img", "--out", "out")
    assert recond(*erase, "--answer", "screen=bad", folder=tmp_path).code == 2
    assert recond(*erase, "--note", "x" * 301, folder=tmp_path).code == 2
    assert b"DONOR" in Path(image).read_bytes()[:64]


def test_run_judges_by_what_is_said(tmp_path: Path) -> None:
    images(tmp_path, "a.img", size_bytes=MIB)
    run = ("run", "--image", "a.img", "--confirm", "a.img", "--profile", "grade", "--out", "out")
    done = recond(*run, "--answer", "looks=damaged", folder=tmp_path)
    assert done.code == 0, done.stderr
    (file,) = (tmp_path / "out").glob("*/record.json")
    record = from_json(WipeRecord, read_json(file.read_bytes()))
    assert [one.category for one in record.assessments] == ["C"]
