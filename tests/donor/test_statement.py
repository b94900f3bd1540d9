"""Custody statements on the donor's page: told from a certificate, and never more than a word."""

from __future__ import annotations

import json
from functools import cache

import pytest

from recond.certify.sign.jws import sign_jws
from recond.certify.sign.keys import make_bench_key
from recond.certify.statement import EVENT_TYPE
from recond.codec import canonical_bytes
from recond.custody import (
    EVENT,
    EVENT_JWS,
    PAPER,
    CustodyKind,
    Destroyed,
    Destruction,
    Thing,
    ThingKind,
)
from recond.flow.custody.issue import Word, issue_statement
from recond.locale import text
from tests.certify.papers import corpus, files_of
from tests.custody.test_statement import BROKEN
from tests.donor.pages import JWS, RAW_CODE, RECORD, Files, Page, bench_key, never_erased
from tests.keys.bench import StillClock


@cache
def statement() -> Files:
    """A destruction, signed by the key that the page knows."""
    how = Destroyed(Destruction.SHRED, "H-5", "Ana Diaz", None)
    word = Word(
        CustodyKind.DESTROYED,
        (Thing(ThingKind.DISK, "WD-123", "WD5000"),),
        operator="Camille Martin",
        lot="L7",
        destroyed=how,
    )
    state = corpus().ring.state
    clock = StillClock(corpus().clock.now())
    stated = issue_statement(state, state / "said", word, lang="fr", clock=clock)
    return {path.name: path.read_bytes() for path in stated.folder.iterdir()}


def test_a_true_statement_is_shown_as_a_word(page: Page) -> None:
    files = statement()
    pair = {name: files[name] for name in (EVENT, EVENT_JWS)}
    for given in ({PAPER: files[PAPER]}, files, pair, {EVENT_JWS: files[EVENT_JWS]}):
        shown = page.one(given)
        assert shown.state == "word", shown
        assert shown.answers["complete"] != "yes"
        never_erased(shown)
        assert text("en", "custody.no-erasure") in shown.text
        assert all(said in shown.text for said in ("Camille Martin", "WD-123", "Ana Diaz"))
        assert not RAW_CODE.search(shown.text)


def forgeries() -> dict[str, Files]:
    files, record = statement(), files_of("erased")
    raw, key = files[EVENT], bench_key()
    stranger = make_bench_key("banc", corpus().clock.now())
    found: dict[str, Files] = {
        "another disk": {**files, EVENT: raw.replace(b"WD-123", b"WD-999")},
        "appended": {PAPER: files[PAPER] + b"%\n"},
        "a stranger": {EVENT_JWS: sign_jws(raw, stranger, EVENT_TYPE)},
        "signed as a record": {"record.jws": sign_jws(raw, key)},
        "a record signed as a statement": {EVENT_JWS: sign_jws(record[RECORD], key, EVENT_TYPE)},
        "a record's signature beside it": {EVENT: raw, JWS: record[JWS]},
        "a journal beside it": {**files, "j.jsonl": b'{"mono_ms":1}\n'},
    }
    for name, breaks in BROKEN.items():
        value = json.loads(raw)
        breaks(value)
        broken = canonical_bytes(value)
        found[name] = {EVENT: broken, EVENT_JWS: sign_jws(broken, key, EVENT_TYPE)}
    return found


FORGED = (
    "another disk",
    "appended",
    "a stranger",
    "signed as a record",
    "a record signed as a statement",
    "a record's signature beside it",
    "a journal beside it",
    *BROKEN,
)


@pytest.mark.parametrize("case", FORGED)
def test_a_forged_statement_is_no_word(page: Page, case: str) -> None:
    for shown in page.show(forgeries()[case]):
        if case != "a record's signature beside it" or shown.state != "erased":
            assert shown.state in ("false", "unproven"), (case, shown)
        assert shown.state != "word"
