"""Whatever is changed in a certificate's folder is found, and nothing true is refused.

Each case is a folder with one thing changed, given to `recond verify`: whole, or some of its files.
It must not come out as good, and no library may have stumbled over it.
RECOND_SEED=N replays a failure, RECOND_HISTORIES=N asks for more.
"""

from __future__ import annotations

import itertools
import json
import random
from collections.abc import Iterator

import pytest

from recond.certify.verify.verdicts import Answer
from recond.codec import canonical_bytes
from tests.certify import tamper
from tests.certify.desk import Desk, desk, drawn_once
from tests.certify.journals import base_seed, chained, entries_of, how_many
from tests.certify.papers import KINDS, files_of
from tests.certify.tamper import JWS, PDF, RECORD, Files

__all__ = ["desk", "drawn_once"]
CHEAP = ("erased", "rejected", "refused", "interrupted")
SIGNED = tuple(kind for kind in KINDS if kind != "unsigned")
HOW_MANY = how_many(80)


def draws(about: str) -> Iterator[tuple[random.Random, str]]:
    """A draw for each case, with what a failure must say to be replayed."""
    for number in range(HOW_MANY):
        seed = f"{base_seed()} {about} {number}"
        yield random.Random(seed), f"RECOND_SEED={base_seed()}, {about} {number}"


def some_files(draw: random.Random, files: Files, must: str) -> Files:
    """`must` and some of the others; the record's signature where there would be none."""
    kept = {name: raw for name, raw in files.items() if name == must or draw.random() < 0.6}
    return kept if {PDF, JWS} & set(kept) else {**kept, JWS: files[JWS]}


# --- The true ones ----------------------------------------------------------------------------


@pytest.mark.parametrize("kind", SIGNED)
def test_the_true_ones_are_good_in_every_company(kind: str, desk: Desk) -> None:
    files = files_of(kind)
    found = desk.verify(files)
    assert found.exit_code == 0
    assert {answer for _, answer in found.found[0].answers} == {Answer.YES}
    if kind not in CHEAP:
        return
    main = [PDF, JWS, RECORD]
    for names in itertools.chain.from_iterable(
        itertools.combinations(main, count) for count in (1, 2, 3)
    ):
        if names == (RECORD,):
            continue
        evidence = {name: raw for name, raw in files.items() if name.startswith("journals/")}
        for some in ({}, evidence):
            given = {name: files[name] for name in names} | some
            assert desk.verify(given).exit_code == 0, (names, len(some))


# --- Anything, anywhere -----------------------------------------------------------------------


def test_changed_bytes_are_found_in_every_file(desk: Desk) -> None:
    for draw, told in draws("bytes"):
        kind = draw.choice(CHEAP)
        files = files_of(kind)
        name = draw.choice(list(files))
        how, raw = tamper.change_bytes(draw, files[name])
        if raw == files[name]:
            continue
        desk.refuses({**some_files(draw, files, name), name: raw}, f"{told}: {kind} {name} {how}")


def test_changed_digits_of_the_seal_are_found(desk: Desk) -> None:
    """Where a reader looks least: the signature's own place and its padding."""
    for draw, told in draws("digits"):
        raw = files_of(draw.choice(CHEAP))[PDF]
        start, end = tamper.hole(raw)
        start, end = (start, end) if draw.random() < 0.5 else (start - 120, end + 120)
        how, digits = tamper.change_bytes(draw, raw[start:end])
        if digits == raw[start:end]:
            continue
        if draw.random() < 0.7 and len(digits) != end - start:
            digits = digits[: end - start].ljust(end - start, b"0")
        if digits != raw[start:end]:
            desk.refuses({PDF: raw[:start] + digits + raw[end:]}, f"{told}: {how}")


def test_the_seal_s_last_bytes_may_be_zero_as_its_filling_is() -> None:
    """One signature in 256 ends so: what is tampered with is the whole of it, not one byte less."""
    raw = files_of(CHEAP[0])[PDF]
    for zeros in range(4):
        cms = tamper.Der(b"\x30", inner=[tamper.Der(b"\x04", b"seal" + bytes(zeros))]).dump()
        assert tamper.cms_of(tamper.with_cms(raw, cms)) == cms


def test_changed_structure_of_the_seal_is_found(desk: Desk) -> None:
    for draw, told in draws("der"):
        raw = files_of(draw.choice(CHEAP))[PDF]
        how, cms = tamper.change_der(draw, tamper.cms_of(raw))
        other = tamper.with_cms(raw, cms)
        if other != raw:
            desk.refuses({PDF: other}, f"{told}: {how}")


def test_another_spelling_of_the_record_is_found(desk: Desk) -> None:
    """In the file, under the old signature, or in the place of an attachment."""
    for draw, told in draws("json"):
        kind = draw.choice(CHEAP)
        files = files_of(kind)
        how, raw = tamper.change_json(draw, files[RECORD])
        if raw == files[RECORD]:
            continue
        jws = tamper.with_payload(files[JWS], raw)
        changed = draw.choice([{RECORD: raw}, {JWS: jws}, {RECORD: raw, JWS: jws}])
        must = next(iter(changed))
        kept = some_files(draw, files, must)
        desk.refuses({**kept, **changed}, f"{told}: {kind} {how} {sorted(changed)}")


def test_a_journal_with_its_chain_made_anew_is_found(desk: Desk) -> None:
    for draw, told in itertools.islice(draws("journal"), max(40, HOW_MANY // 4)):
        files = files_of(draw.choice(CHEAP))
        name = draw.choice([one for one in files if one.startswith("journals/")])
        entries = entries_of(files[name])
        how, raw = tamper.change_json(draw, canonical_bytes(entries))
        try:
            raw = chained(json.loads(raw))
        except (ValueError, TypeError, KeyError, UnicodeDecodeError):
            continue
        if raw != files[name]:
            desk.refuses({**some_files(draw, files, name), name: raw}, f"{told}: {name} {how}")


# --- One certificate's parts with another's ---------------------------------------------------


def test_parts_of_two_certificates_are_not_one(desk: Desk) -> None:
    for one, two in itertools.permutations(("erased", "rejected", "refused"), 2):
        mine, theirs = files_of(one), files_of(two)
        for count in (1, 2):
            for names in itertools.combinations((PDF, JWS, RECORD), count):
                mixed = {**mine, **{name: theirs[name] for name in names}}
                desk.refuses(mixed, f"{one} with {names} of {two}")
        foreign = {name: raw for name, raw in theirs.items() if name.startswith("journals/")}
        own = {name: mine[name] for name in (PDF, JWS, RECORD)}
        desk.refuses(own | foreign, f"{one} with the journals of {two}")
        name = next(one for one in mine if one.startswith("journals/"))
        desk.refuses({**mine, name: next(iter(foreign.values()))}, f"{one} {name} of {two}")
        desk.refuses(mine | foreign, f"{one} with journals of {two} besides")


def test_a_journal_that_is_missing_is_never_complete(desk: Desk) -> None:
    files = files_of("erased")
    journals = [name for name in files if name.startswith("journals/")]
    for name in journals:
        codes = desk.refuses({one: raw for one, raw in files.items() if one != name}, name)
        assert "certify.verify.journal.missing" in codes
    none = {one: raw for one, raw in files.items() if one not in journals}
    assert dict(desk.verify(none).found[0].answers)["complete"] is not Answer.YES
