"""Custody statements leave the bench as records do: queued, sent, carried, stamped, taken in."""

from __future__ import annotations

import dataclasses
import shutil
import zipfile
from pathlib import Path

import pytest

from recond.certify.receipt import RECEIPT_FILE, read_receipt
from recond.certify.sign.jws import read_jws
from recond.custody import EVENT, EVENT_JWS, CustodyKind
from recond.errors import RecordInvalid
from recond.flow.deliver.older import EVERY_DAY, send_older
from recond.flow.deliver.queue import export_queue, import_queue, read_queue
from recond.flow.deliver.upload import (
    add_destination,
    find_package,
    queue_folder,
    queue_of,
    upload,
)
from recond.flow.keys.stamp import stamp
from recond.flow.lot.lot import LotDatabase, add_to_lot, new_lot, status_of
from recond.flow.lot.rows import State
from recond.flow.statementnote import all_statements, keep_note
from recond.upload.package import make_package, pack, read_folder, unpack
from recond.upload.queue import Queue
from recond.upload.send import Urgency
from tests.custody.shop import Shop, drive, workshop
from tests.upload.bench import TOKEN
from tests.upload.servers import Reply, serve

RUN = "20261124-100000-00000007"


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Shop:
    """A bench that erased D20, and whose people shredded D21. The record waits in its queue."""
    (one,) = workshop(tmp_path_factory.mktemp("shop"), "banc 1")
    one.erase(RUN, drive("D20"))
    one.destroy("D21")
    assert queue_folder(one.state, one.out / RUN).ids == (RUN,)
    return one


@pytest.fixture
def bench(told: Shop, tmp_path: Path) -> Shop:
    """The same, to be changed; its notes still name the first one's folders."""
    shutil.copytree(told.state, tmp_path / "bench" / "state")
    return dataclasses.replace(told, path=tmp_path / "bench")


def number(bench: Shop) -> str:
    (note,) = all_statements(bench.state)
    return note.event_id


def send(bench: Shop) -> int:
    return upload(bench.state, (), bench.clock, urgency=Urgency()).exit_code


def stick(bench: Shop, name: str = "stick") -> Path:
    folder = bench.path / name
    folder.mkdir()
    add_destination(bench.state, name, "folder", {"path": str(folder)})
    return folder


def test_a_statement_reaches_a_folder_whole(bench: Shop) -> None:
    there = stick(bench)
    assert send(bench) == 0
    (note,) = all_statements(bench.state)
    made = {one.name: one.read_bytes() for one in Path(note.folder).iterdir()}
    assert {one.name: one.read_bytes() for one in (there / note.event_id).iterdir()} == made
    assert (there / RUN / "record.json").is_file()
    view = read_queue(bench.state)
    assert (view.entries, view.not_queued, view.lacking, view.done) == ((), (), (), 2)
    assert upload(bench.state, (), bench.clock, urgency=Urgency()).deliveries == ()


def test_a_stock_is_told_of_no_statement(bench: Shop, tmp_path: Path) -> None:
    with serve(tmp_path / "tls", lambda seen: Reply()) as server:
        given = {"url": server.url + "/records", "ca": server.ca, "token": TOKEN}
        add_destination(bench.state, "stock", "https", given)
        assert send(bench) == 0
        assert queue_of(bench.state).ids() == (), "it waits for nobody"
        assert read_queue(bench.state).not_queued == ()
        there = stick(bench)
        assert send(bench) == 0
        assert [one.headers["idempotency-key"][:24] for one in server.seen] == [RUN]
        assert read_queue(bench.state).lacking == (("stick", 1),), "the record that had left before"
    assert (there / number(bench)).is_dir()


def test_an_example_is_shown_of_a_record(bench: Shop) -> None:
    (note,) = all_statements(bench.state)
    assert queue_folder(bench.state, Path(note.folder)).ids == (note.event_id,)
    newest = find_package(bench.state)
    assert newest is not None
    assert newest.record_id == RUN, "a stock would be told of that one"


def test_a_destination_that_was_added_later_gets_it(bench: Shop) -> None:
    stick(bench)
    assert send(bench) == 0
    later = stick(bench, "later")
    assert read_queue(bench.state).lacking == (("later", 2),)
    done = send_older(
        bench.state,
        ("later",),
        (),
        since=EVERY_DAY,
        parked=False,
        allow_unsigned=False,
        clock=bench.clock,
    )
    assert [name for name, _ in done.refused] == [RUN], "no run of this bench made it"
    assert {one.name for one in later.glob("[!.]*")} == {number(bench)}


def test_an_exported_statement_settles_a_disk_of_a_lot(bench: Shop, tmp_path: Path) -> None:
    export_queue(bench.state, tmp_path / "carried")
    assert {one.stem for one in (tmp_path / "carried").glob("*.zip")} == {RUN, number(bench)}
    where = LotDatabase(bench.state)
    (tmp_path / "l.csv").write_text("N° de série disque\nD20\nD21\n", encoding="utf-8")
    new_lot(where, "L7", bench.clock, manifest=tmp_path / "l.csv")
    added = add_to_lot(where, "L7", (str(tmp_path / "carried"),))
    assert (added.problems, set(added.new)) == ((), {RUN, number(bench)})
    states = {line.expected.serial: line.state for line in status_of(where, "L7").lines}
    assert states == {"D20": State.ERASED, "D21": State.DESTROYED}
    again = add_to_lot(where, "L7", (str(tmp_path / "carried"),))
    assert (again.new, again.known, again.problems) == ((), 2, ())


def test_an_imported_statement_goes_on(bench: Shop, tmp_path: Path) -> None:
    (other,) = workshop(tmp_path / "other", "bureau")
    export_queue(bench.state, tmp_path / "carried")
    there = stick(other)
    moved = import_queue(other.state, tmp_path / "carried")
    assert (moved.problems, len(moved.new)) == ((), 2)
    assert send(other) == 0
    assert (there / number(bench) / EVENT_JWS).is_file()


def repack(file: Path, files: dict[str, bytes]) -> None:
    with zipfile.ZipFile(file, "w") as archive:
        for name, raw in files.items():
            archive.writestr(name, raw)


def forged(files: dict[str, bytes], how: str) -> dict[str, bytes]:
    if how == "other words":
        return {**files, EVENT: files[EVENT].replace(b"Ana Diaz", b"Eva Diaz")}
    if how == "no signature":
        return {name: raw for name, raw in files.items() if name != EVENT_JWS}
    if how == "nonsense signature":
        head, payload, _ = files[EVENT_JWS].split(b".")
        return {**files, EVENT_JWS: b".".join((head, payload, b"AAAA" * 21 + b"AA"))}
    if how == "a record beside":
        return {**files, "record.json": b"{}"}
    return {
        **files,
        "statement.pdf": files["statement.pdf"][:-99],
    }


@pytest.mark.parametrize(
    "how", ["other words", "no signature", "nonsense signature", "a record beside", "cut page"]
)
def test_a_forged_statement_is_neither_queued_nor_taken_in(
    told: Shop, tmp_path: Path, how: str
) -> None:
    (note,) = all_statements(told.state)
    files = dict(read_folder(Path(note.folder)).files)
    (tmp_path / "carried").mkdir()
    repack(tmp_path / "carried" / f"{note.event_id}.zip", forged(files, how))
    (other,) = workshop(tmp_path / "other", "bureau")
    moved = import_queue(other.state, tmp_path / "carried")
    assert (moved.new, len(moved.problems)) == ((), 1)
    if how == "cut page":
        return  # a lot reads the signed words alone
    new_lot(LotDatabase(other.state), "L7", told.clock)
    added = add_to_lot(LotDatabase(other.state), "L7", (str(tmp_path / "carried"),))
    assert (added.new, len(added.problems), added.exit_code) == ((), 1, 7)


def test_what_became_untrue_in_the_queue_does_not_leave(bench: Shop) -> None:
    (note,) = all_statements(bench.state)
    there = stick(bench)
    assert queue_folder(bench.state, Path(note.folder)).ids == (note.event_id,)
    files = forged(dict(read_folder(Path(note.folder)).files), "nonsense signature")
    repack(bench.state / "queue" / f"{note.event_id}.zip", files)
    assert send(bench) == 8
    assert not (there / note.event_id).exists()


def test_a_record_may_not_bear_a_statements_number(told: Shop) -> None:
    (note,) = all_statements(told.state)
    whole = read_folder(Path(note.folder))
    assert unpack(pack(whole), note.event_id) == whole
    with pytest.raises(RecordInvalid):
        whole.record()
    record = read_folder(told.out / RUN)
    files = {n: raw for n, raw in record.files if n == "record.json"}
    files["record.json"] = files["record.json"].replace(RUN.encode(), note.event_id.encode())
    with pytest.raises(RecordInvalid, match="name"):
        make_package(files)


def test_a_stamp_renews_a_statements_receipt(told: Shop, tmp_path: Path) -> None:
    (one,) = workshop(tmp_path, "banc 9")
    first = one.destroy("D21")
    one.say(CustodyKind.REMOVED, "D22", computer="NB22")
    before = read_receipt(read_jws((first.folder / RECEIPT_FILE).read_bytes()))
    done = stamp(one.state, one.clock)
    after = read_receipt(read_jws((first.folder / RECEIPT_FILE).read_bytes()))
    assert (before.size, after.size, done.size) == (2, 3, 3)
    assert (len(done.renewed), done.away) == (2, ())
    (first.folder / RECEIPT_FILE).unlink()
    assert stamp(one.state, one.clock).away == (first.event.event_id,)


def test_a_note_that_leads_nowhere_changes_nothing(bench: Shop) -> None:
    """Killed between the note and the folder; and notes that are none."""
    keep_note(bench.state, "custody-20261124-080000-00000000", bench.out)
    (bench.state / "statements" / "custody-20261124-080000-00000001.json").write_bytes(b"{")
    named = (bench.state / "statements" / f"{number_of_first(bench)}.json").read_bytes()
    (bench.state / "statements" / "custody-20261124-080000-00000002.json").write_bytes(named)
    there = stick(bench)
    assert send(bench) == 0
    assert {one.name for one in there.glob("[!.]*")} == {RUN, number_of_first(bench)}
    assert Queue(bench.state / "queue").ids() == ()


def number_of_first(bench: Shop) -> str:
    return next(n.event_id for n in all_statements(bench.state) if Path(n.folder).is_dir())
