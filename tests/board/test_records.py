"""A record comes in, is verified as `recond verify` does, is kept once, and is found again."""

from __future__ import annotations

import dataclasses
import itertools

import pytest
import sqlalchemy as sa

from recond.board.app import judge_again
from recond.board.people import Role
from recond.board.tables import APART, RECORDS
from recond.upload.package import make_package, pack
from tests.board.workshop import Maker, Workshop, board, resigned

COUNT = itertools.count(1)


def rows(workshop: Workshop, table: sa.Table, **where: object) -> list[sa.Row[tuple[object, ...]]]:
    wanted = sa.select(table).where(*(table.c[name] == value for name, value in where.items()))
    with workshop.opened.database.reading() as db:
        return list(db.execute(wanted).all())


def test_a_true_record_is_kept_and_its_files_come_back_byte_for_byte(
    either: Workshop, maker: Maker
) -> None:
    either.trust(maker)
    bench = either.bench(f"banc {next(COUNT)}")
    package = maker.package(serial="5CG0123XYZ", lot="lot A", donor="Mairie de Lens")
    answer = bench.upload(package)
    assert (answer.status, answer.json["answer"]) == (201, "kept")
    (row,) = rows(either, RECORDS, record_id=package.record_id)
    assert (row.trusted, row.current, row.lot) == (True, True, "lot A")
    assert row.outcome == "erased-virtual"
    reader = either.person(f"lectrice {next(COUNT)}", Role.READER)
    page = reader.get(f"/records/{row.id}")
    assert "DISQUES VIRTUELS EFFACÉS" in page.text
    assert "CLÉ NON RECONNUE" not in page.text
    certificate = reader.get(f"/records/{row.id}/certificate.pdf")
    assert certificate.body == package.certificate[1] if package.certificate else False
    assert certificate.headers["content-type"] == "application/pdf"
    assert reader.get(f"/records/{row.id}/package.zip").body == pack(package)


def test_sent_twice_it_is_there_once(either: Workshop, maker: Maker) -> None:
    bench, package = either.bench(f"banc {next(COUNT)}"), maker.package()
    assert bench.upload(package).status == 201
    again = bench.upload(package)
    assert (again.status, again.json["answer"]) == (409, "known")
    assert len(rows(either, RECORDS, record_id=package.record_id)) == 1


def test_by_a_key_that_nobody_pinned_it_is_shown_apart_until_it_is_pinned(
    workshop: Workshop, maker: Maker
) -> None:
    bench, package = workshop.bench("banc"), maker.package()
    answer = bench.upload(package)
    assert (answer.status, answer.json["answer"]) == (201, "untrusted")
    reader = workshop.person("Lise", Role.READER)
    (row,) = rows(workshop, RECORDS, record_id=package.record_id)
    page = reader.get(f"/records/{row.id}").text
    assert '<span class="tone care">CLÉ NON RECONNUE</span>' in page
    assert "tone good" not in page
    assert "tone good" not in reader.get(f"/search?q={package.record_id}").text
    workshop.trust(maker)
    judge_again(workshop.opened.context)
    page = reader.get(f"/records/{row.id}").text
    assert "CLÉ NON RECONNUE" not in page
    assert '<span class="tone good">DISQUES VIRTUELS EFFACÉS</span>' in page


def test_a_package_that_is_gone_proves_nothing_and_holds_up_no_other(
    workshop: Workshop, maker: Maker
) -> None:
    bench = workshop.bench("banc")
    gone, there = maker.package(), maker.package()
    for package in (gone, there):
        assert bench.upload(package).json["answer"] == "untrusted"
    (file,) = (workshop.state / "board" / "packages").rglob(
        f"{rows(workshop, RECORDS, record_id=gone.record_id)[0].package}.zip"
    )
    file.unlink()
    workshop.trust(maker)
    judge_again(workshop.opened.context)
    trusted = {row.record_id: row.trusted for row in rows(workshop, RECORDS)}
    assert trusted == {gone.record_id: False, there.record_id: True}


@pytest.mark.parametrize("what", ["page", "journal", "signature", "unsigned", "thin"])
def test_what_does_not_verify_is_kept_apart_with_its_reason(
    workshop: Workshop, maker: Maker, what: str
) -> None:
    """The forger holds a bench's token and changes one thing; the key is trusted all the same."""
    workshop.trust(maker)
    files = dict(maker.package().files)
    if what == "page":
        files["certificate.pdf"] += b"\n"
    elif what == "journal":
        name = next(name for name in files if name.startswith("journals/"))
        files[name] = files[name].replace(b"completed", b"complete ")
    elif what == "signature":
        files["record.jws"] = files["record.jws"][:-8] + b"AAAAAAAA"
    elif what == "unsigned":
        del files["record.jws"]
    elif what == "thin":
        files["certificate.pdf"] = b"%PDF-1.7\n" + b"certificate " * 50
    package = make_package(files)
    answer = workshop.bench("banc").upload(package)
    assert answer.status == 422
    assert answer.json["reason"]
    assert rows(workshop, RECORDS) == []
    (row,) = rows(workshop, APART)
    assert row.record_id == package.record_id
    lead = workshop.person("Ada", Role.LEAD)
    assert package.record_id in lead.get("/apart").text
    assert lead.get(f"/apart/{row.id}/file").body == pack(package)


def test_a_strangers_record_cannot_take_a_benchs_place(
    workshop: Workshop, maker: Maker, raw_journal: bytes, tmp_path: object
) -> None:
    """Whoever holds a token signs a record of the same id, or of the same place in the ledger."""
    workshop.trust(maker)
    honest = maker.package()
    forger = Maker(maker.state / "forger", raw_journal)
    forger.state.mkdir()
    (forger.state / "ledger.jsonl").write_bytes((maker.state / "ledger.jsonl").read_bytes())
    same_id = forger.package(record_id=honest.record_id)
    bench = workshop.bench("banc")
    assert bench.upload(honest).status == 201
    assert bench.upload(same_id).status == 422
    (row,) = rows(workshop, RECORDS)
    assert (row.digest, row.current, row.trusted) == (honest.digest, True, True)


def test_a_strangers_earlier_record_does_not_bar_the_trusted_one(
    workshop: Workshop, maker: Maker, raw_journal: bytes
) -> None:
    forger = Maker(maker.state / "forger", raw_journal)
    forger.state.mkdir()
    workshop.trust(maker)
    maker.package()
    (forger.state / "ledger.jsonl").write_bytes((maker.state / "ledger.jsonl").read_bytes())
    honest = maker.package()
    squatter = forger.package(record_id=honest.record_id)
    bench = workshop.bench("banc")
    assert bench.upload(squatter).json["answer"] == "untrusted"
    assert bench.upload(honest).json["answer"] == "kept"
    current = rows(workshop, RECORDS, current=True)
    assert [row.digest for row in current] == [honest.digest]


def test_the_same_record_signed_by_a_stranger_first_bars_nothing(
    workshop: Workshop, maker: Maker, raw_journal: bytes
) -> None:
    """The bytes of a record are in every PDF: signed by another key and sent first, they were taken
    for the record, and the bench was told that its own was there already.
    """
    forger = Maker(maker.state / "forger", raw_journal)
    forger.state.mkdir()
    workshop.trust(maker)
    honest = maker.package()
    copied = resigned(honest, forger)
    bench = workshop.bench("banc")
    assert bench.upload(copied).json["answer"] == "untrusted"
    assert bench.upload(copied).json["answer"] == "known"
    assert bench.upload(honest).json["answer"] == "kept"
    (row,) = rows(workshop, RECORDS)
    assert (row.digest, row.current, row.trusted) == (honest.digest, True, True)
    reader = workshop.person("Lise", Role.READER)
    assert reader.get(f"/records/{row.id}/package.zip").body == pack(honest)
    for late in (copied, honest):
        assert bench.upload(late).json["answer"] == "known"
    assert rows(workshop, RECORDS) == [row]


def test_a_record_issued_anew_takes_the_place_of_its_older_self(
    workshop: Workshop, maker: Maker
) -> None:
    workshop.trust(maker)
    bench = workshop.bench("banc")
    first = maker.package(record_id="20261128-120000-00000001")
    second = maker.package(record_id="20261128-120000-00000001")
    assert bench.upload(second).status == 201
    assert bench.upload(first).status == 201  # late, from another queue
    assert {row.digest: row.current for row in rows(workshop, RECORDS)} == {
        first.digest: False,
        second.digest: True,
    }


def test_one_place_in_a_ledger_holds_one_record(workshop: Workshop, maker: Maker) -> None:
    """A ledger that was set back: the same key signs two records of one number."""
    workshop.trust(maker)
    maker.package()
    before = (maker.state / "ledger.jsonl").read_bytes()
    first = maker.package()
    (maker.state / "ledger.jsonl").write_bytes(before)
    second = maker.package()
    bench = workshop.bench("banc")
    assert bench.upload(first).status == 201
    answer = bench.upload(second)
    assert answer.status == 422
    assert rows(workshop, APART)[0].code == "lot.record.fork"


def test_a_demonstration_is_no_record_and_a_record_no_demonstration(
    maker: Maker, tmp_path_factory: pytest.TempPathFactory
) -> None:
    with board(tmp_path_factory.mktemp("demo"), demonstration=True) as demo:
        answer = demo.bench("banc").upload(maker.package())
        assert answer.status == 422
        assert rows(demo, APART)[0].code == "board.apart.real"


@pytest.mark.parametrize(
    "key", ["", "x", "../../etc/passwd.0123456789abcdef", "a" * 200 + ".0" * 8]
)
def test_a_wrong_key_is_refused_before_anything_is_looked_at(
    workshop: Workshop, maker: Maker, key: str
) -> None:
    package = maker.package()
    answer = workshop.bench("banc").deliver(key, pack(package))
    assert answer.status == 400
    assert not rows(workshop, RECORDS)
    assert not rows(workshop, APART)


def test_another_records_key_keeps_nothing(workshop: Workshop, maker: Maker) -> None:
    one, other = maker.package(), maker.package()
    answer = workshop.bench("banc").deliver(f"{one.record_id}.{other.digest[:16]}", pack(one))
    assert answer.status == 422
    assert not rows(workshop, RECORDS)


def test_the_tables_are_what_the_steps_make(workshop: Workshop) -> None:
    """tables.py and the migrations cannot drift apart."""
    from alembic.autogenerate import compare_metadata
    from alembic.migration import MigrationContext

    from recond.board.tables import META

    with workshop.opened.database.reading() as db:
        context = MigrationContext.configure(
            db,
            opts={
                "include_name": lambda name, kind, _: kind != "table" or name in META.tables,
                "compare_type": True,
            },
        )
        assert compare_metadata(context, META) == []


def test_a_record_knows_its_form() -> None:
    """Every column that a page reads is one that the tables have."""
    from recond.board.reading import RecordLine

    names = {one.name for one in dataclasses.fields(RecordLine)} - {"disks"}
    assert names <= set(RECORDS.c.keys())
