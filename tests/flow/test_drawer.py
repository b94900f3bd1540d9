"""The certificate of a run is drawn by the process that rehearsed it, or here, and is the same."""

from __future__ import annotations

import dataclasses
import os
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from recond.certify.sign.keys import SigningKey, make_bench_key
from recond.certify.verify.bundle import verify_bundle
from recond.certify.verify.verdicts import Answer, Axis, Bundle, Trust
from recond.codec import canonical_bytes
from recond.erasure import WipeRecord
from recond.flow.run import drawer
from recond.flow.run.drawer import Drawer, rehearse_apart
from recond.flow.run.issue import DrawnRecord, draw
from recond.flow.runfolder import JWS, RECORD, SIGNED
from recond.flow.software import versions
from recond.locale import Lang
from tests.upload.records import NOW, bench_key, record

Hurt = Callable[[Drawer], object]


def of_today(number: int = 1) -> WipeRecord:
    return dataclasses.replace(record(number), software=versions())


@pytest.fixture
def where(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file that says which processes drew something."""
    told = tmp_path / "drawn"

    def noted(one: WipeRecord, key: SigningKey, lang: Lang) -> DrawnRecord:
        with told.open("a") as file:
            file.write(f"{os.getpid()}\n")
        return draw(one, key, lang)

    monkeypatch.setattr(drawer, "draw", noted)
    return told


def rehearsed() -> Drawer:
    found = rehearse_apart(lambda: None)
    assert found is not None
    return found


def is_true(drawn: DrawnRecord, one: WipeRecord) -> bool:
    """Whether these are the files of a true certificate of a record."""
    named = {name: (name, raw) for name, raw in drawn.files.items()}
    bundle = Bundle(named[SIGNED], named[RECORD], named[JWS])
    checks = verify_bundle(bundle, Trust(software=versions()), "drawn").checks
    same = (drawn.record, drawn.files[RECORD]) == (one, canonical_bytes(one))
    return same and {c.answer for c in checks if c.axis in (Axis.INTACT, Axis.VALID)} == {
        Answer.YES
    }


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_who_rehearsed_draws(lang: Lang, where: Path) -> None:
    by, one = rehearsed(), of_today()
    drawn = by(one, bench_key(), lang)
    assert where.read_text().split() == [str(by.waiting._process)]
    assert is_true(drawn, one)
    again = by(one, bench_key(), lang)  # asked once: then here
    assert where.read_text().split()[1:] == [str(os.getpid())]
    assert is_true(again, one)


def test_a_page_of_a_chain_is_drawn_there_too(where: Path) -> None:
    """The key that signs is the one that is there at the end, not the one that was rehearsed."""
    key, by, one = make_bench_key("later", NOW), rehearsed(), of_today()
    drawn = by(one, key, "fr")
    assert where.read_text().split() == [str(by.waiting._process)]
    assert is_true(drawn, one)


HURTS: dict[str, Hurt] = {
    "killed": lambda by: os.kill(by.waiting._process, signal.SIGKILL),
    "frozen": lambda by: os.kill(by.waiting._process, signal.SIGSTOP),
    "over": lambda by: by.close(),
}


@pytest.mark.parametrize("name", HURTS)
def test_one_that_is_gone_or_frozen_is_not_missed(
    name: str, where: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(drawer, "PATIENCE_S", 0.3)
    by, one = rehearsed(), of_today()
    HURTS[name](by)
    assert is_true(by(one, bench_key(), "fr"), one)
    assert where.read_text().split() == [str(os.getpid())]


def test_libraries_of_another_version_draw_nothing(
    where: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An update while the disks were erased: the record names what is installed now."""
    monkeypatch.setattr(drawer, "versions", lambda: (("reportlab", "1.0"),))
    by, one = rehearsed(), of_today()
    assert is_true(by(one, bench_key(), "fr"), one)
    assert where.read_text().split() == [str(os.getpid())]


def lies() -> dict[str, Callable[[], bytes]]:
    one, other = of_today(), of_today(2)
    mine, strange = bench_key(), make_bench_key("stranger", NOW)

    def packed(**changes: bytes) -> bytes:
        files = draw(one, mine, "fr").files
        names = {"record": RECORD, "jws": JWS, "pdf": SIGNED}
        return drawer._pack(files | {names[name]: raw for name, raw in changes.items()})

    return {
        "another record": lambda: drawer._pack(draw(other, mine, "fr").files),
        "another's key": lambda: drawer._pack(draw(one, strange, "fr").files),
        "the page of another record": lambda: packed(pdf=draw(other, mine, "fr").files[SIGNED]),
        "a page that another sealed": lambda: packed(pdf=draw(one, strange, "fr").files[SIGNED]),
        "a signature of another": lambda: packed(jws=draw(other, mine, "fr").files[JWS]),
        "a page with something behind it": lambda: packed(
            pdf=draw(one, mine, "fr").files[SIGNED] + b"%"
        ),
        "no page": lambda: packed(pdf=b""),
        "no files": lambda: drawer._pack({}),
        "no form": lambda: b"[1, 2]",
        "nothing": lambda: b"",
    }


@pytest.mark.parametrize("name", lies())
def test_an_answer_that_is_not_this_records_is_not_taken(
    name: str, where: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told, one = lies()[name](), of_today()
    monkeypatch.setattr(drawer, "_answer", lambda *_: told)
    assert is_true(rehearsed()(one, bench_key(), "fr"), one)
    assert where.read_text().split() == [str(os.getpid())]


def test_a_rehearsal_that_fails_leaves_nobody() -> None:
    def fails() -> None:
        raise OSError("no")

    assert rehearse_apart(fails) is None
