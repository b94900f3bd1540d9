"""Whether a live system's certificates together leave nothing: who could make a set say too much.

Records are folded from journals of simulated disks; the census is a really inspected laptop's.
"""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from recond.census import Look, OperatorWord, Said, StorageMedium, Suspicion
from recond.certify.record import Issue, build_record
from recond.codec import canonical_bytes
from recond.computer import is_computer_erased
from recond.erasure import Bench, Context, DiskIdentity, LedgerPosition, Person, WipeRecord
from recond.flow.live.mirror import Places
from recond.flow.live.remaining import is_whole
from recond.flow.software import versions
from recond.host.files import Files
from recond.model import Known, Message
from recond.workshop import Workshop
from tests.certify.papers import disk
from tests.computers import medium_of, read_census_of_a_run
from tests.upload.erased import BLOCK, DISK_BYTES
from tests.upload.erased import journal as erased_journal
from tests.upload.records import notebook

ONE, TWO = (
    dataclasses.replace(
        disk(n),
        size_bytes=DISK_BYTES,
        logical_block_bytes=BLOCK,
        physical_block_bytes=BLOCK,
        disk_seq=n,
    )
    for n in (1, 2)
)
BOTH = (medium_of(ONE), medium_of(TWO, "/dev/sdb"))
HOUR = 3600
SUSPICION = Suspicion(
    "vmd@0000:00:0e.0",
    "0000:00:0e.0",
    Message("certify.computer.no-census"),
    Message("certify.computer.ambiguous"),
)


class Start:
    """One start of a live system: its certificates, none of whose disks shows any more."""

    def __init__(self, folder: Path) -> None:
        self.places = Places(folder / "state", folder / "out")
        self.files = Files(folder / "root")

    def certify(
        self,
        number: int,
        *disks: tuple[DiskIdentity, bool],
        media: tuple[StorageMedium, ...] = BOTH,
        hour: int | None = None,
        words: tuple[OperatorWord, ...] = (),
        **changes: Any,
    ) -> WipeRecord:
        """The certificate `number` of the ledger, of (disk, whether it went well), begun in hour
        `hour`, which is `number` where the clock is right."""
        began = number if hour is None else hour
        run = f"20261128-{began:02}0000-0000000{number}"
        at = f"2026-11-28T{began:02}:00:00.000Z"
        census = dataclasses.replace(
            read_census_of_a_run(),
            **{"media": media, "taken_at": at, "looked": tuple(Look), "gaps": ()} | changes,
        )
        journals = {
            f"disk{n}": erased_journal(run, one, fails=not well, later_s=began * HOUR)
            for n, (one, well) in enumerate(disks)
        }
        record = build_record(
            dataclasses.replace(CONTEXT, words=words),
            dataclasses.replace(notebook(), disks=(), devices=(), census=Known(census, "census")),
            (),
            journals,
            Issue(run, at, versions(), LedgerPosition("l", number - 1, "0" * 64, "", number)),
        )
        self.write(record)
        return record

    def write(self, record: WipeRecord) -> None:
        folder = self.places.out / record.record_id
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "record.json").write_bytes(canonical_bytes(record))

    def whole(self) -> bool:
        return is_whole(self.files, self.places)


CONTEXT = Context(
    Workshop("Atelier"), Person("Ada"), Person("Ada"), Bench("0" * 16, None, False, None)
)


@pytest.fixture
def start(tmp_path: Path) -> Start:
    return Start(tmp_path)


def test_one_record_of_a_whole_computer_is_whole(start: Start) -> None:
    assert not start.whole()
    record = start.certify(1, (ONE, True), (TWO, True))
    assert is_computer_erased(record)
    assert start.whole()


def test_two_records_make_a_whole_where_neither_alone_does(start: Start) -> None:
    first = start.certify(1, (ONE, True))
    assert not start.whole()
    second = start.certify(2, (TWO, True))
    assert not is_computer_erased(first)
    assert not is_computer_erased(second)
    assert start.whole()


def test_a_failure_is_made_good_by_what_came_later_only(start: Start) -> None:
    start.certify(1, (ONE, True), (TWO, False))
    assert not start.whole()
    start.certify(2, (TWO, True))
    assert start.whole()
    start.certify(3, (ONE, False))
    assert not start.whole()


def test_a_clock_that_was_set_back_forgives_nothing(start: Start) -> None:
    """The good erasure looks the younger; the ledger knows better."""
    start.certify(1, (ONE, True), (TWO, True), hour=20)
    assert start.whole()
    start.certify(2, (TWO, False), hour=3)
    assert not start.whole()


def test_a_certificate_issued_again_is_no_later_erasure(start: Start) -> None:
    """`recond certify` on the first run: its record is the newest then, its erasure is not."""
    start.certify(2, (TWO, False))
    start.certify(3, (ONE, True), (TWO, True), hour=1)
    assert not start.whole()


def test_of_twins_one_does_not_answer_for_the_other(start: Start) -> None:
    """Two disks of one number and size: the failed one is not overlooked for the good one."""
    twin = dataclasses.replace(ONE, disk_seq=7)
    media = (medium_of(ONE),)
    start.certify(1, (twin, False), (ONE, True), media=media)
    assert not start.whole()


def test_the_newest_census_speaks(start: Start) -> None:
    start.certify(1, (ONE, True), media=BOTH[:1])
    assert start.whole()
    start.certify(2, (ONE, True), media=BOTH)
    assert not start.whole()


def test_a_census_whose_place_in_time_is_not_known_is_not_the_newest(start: Start) -> None:
    start.certify(2, (ONE, True), media=BOTH, hour=3)
    start.certify(1, (ONE, True), media=BOTH[:1], hour=20)
    assert not start.whole()


def test_a_record_that_cannot_be_read_or_has_no_census_is_not_passed_over(start: Start) -> None:
    whole = start.certify(1, (ONE, True), (TWO, True))
    assert start.whole()
    (start.places.out / "other").mkdir()
    assert not start.whole()
    (start.places.out / "other" / "record.json").write_bytes(b"{}")
    assert not start.whole()
    (start.places.out / "other" / "record.json").write_bytes(canonical_bytes(whole)[:-9])
    assert not start.whole()


def test_records_without_a_ledger_have_no_order(start: Start) -> None:
    start.write(dataclasses.replace(start.certify(1, (TWO, False)), ledger=None))
    start.write(dataclasses.replace(start.certify(2, (ONE, True), (TWO, True)), ledger=None))
    assert not start.whole()


@pytest.mark.parametrize(("at", "whole"), [(1, False), (3, True)])
def test_a_word_is_about_what_the_newest_census_saw(start: Start, at: int, whole: bool) -> None:
    """Taken out, said Marie; the census after that saw it again."""
    said = f"2026-11-28T{at:02}:30:00.000Z"
    word = OperatorWord(BOTH[1].key, Said.REMOVED, "Marie", said)
    start.certify(1, (ONE, True), words=(word,))
    start.certify(2, (ONE, True))
    assert start.whole() is whole


def test_a_word_without_a_name_or_on_another_kind_is_none(start: Start) -> None:
    for number, (name, whole) in enumerate((("", False), ("Marie", True)), start=1):
        word = OperatorWord(SUSPICION.key, Said.CHECKED, name, "2026-11-28T20:00:00.000Z")
        both = ((ONE, True), (TWO, True))
        start.certify(number, *both, words=(word,), suspicions=(SUSPICION,))
        assert start.whole() is whole
