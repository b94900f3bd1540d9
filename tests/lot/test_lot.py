"""Lots, the same tests in SQLite and PostgreSQL: what is counted, named and claimed."""

from __future__ import annotations

import csv
import dataclasses
import hashlib
import io
import itertools
import json
import re
import shutil
import subprocess
import sys
import threading
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import sqlalchemy as sa

from recond.certify.sign.jws import sign_jws
from recond.certify.sign.keys import Revocation, SigningKey, fingerprint, make_bench_key, pem
from recond.codec import canonical_bytes
from recond.erasure import (
    DiskIdentity,
    Erasure,
    Status,
    TargetKind,
    WipeRecord,
)
from recond.errors import BenchLacks, NotReady, RecordInvalid, UsageError
from recond.flow.deliver.queue import export_queue, import_queue
from recond.flow.keys.keyring import Keyring
from recond.flow.lot.closing import SignsFor, close_lot
from recond.flow.lot.counted import counted_status
from recond.flow.lot.impact import impact_of
from recond.flow.lot.lot import (
    LotDatabase,
    add_to_lot,
    list_lots,
    new_lot,
    report_lot,
    trust_of,
)
from recond.flow.lot.rows import Remainder, State
from recond.flow.lot.sheets import COLUMNS, impact_sentences
from recond.flow.lot.status import LotStatus
from recond.flow.lot.store import LotStore, open_lots
from recond.flow.lot.tables import META
from recond.host.clock import Clock, SystemClock
from recond.host.parallel import FEW
from recond.model import Assessment, Form, Known, Message, Outcome
from recond.upload.package import FILE_BYTES
from recond.upload.sheet import harmless
from tests.house import ROOT
from tests.lot.both import status_of
from tests.lot.databases import postgresql
from tests.readiness.machines import known
from tests.upload.bench import Still, workbench
from tests.upload.records import NOW, bench_key, disk_erasure, notebook, record, write_run

LATER = "2026-11-25T10:00:00.000Z"
LEDGER = record().ledger


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with postgresql() as url:
        yield url


_numbers = itertools.count()


@pytest.fixture(params=["sqlite", "postgresql"])
def where(request: pytest.FixtureRequest, tmp_path: Path) -> LotDatabase:
    if request.param == "sqlite":
        return LotDatabase(tmp_path / "state")
    import sqlalchemy as sa

    base, name = request.getfixturevalue("server"), f"t{next(_numbers)}"
    engine = sa.create_engine(
        base.replace("postgresql:", "postgresql+psycopg:"), isolation_level="AUTOCOMMIT"
    )
    with engine.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return LotDatabase(tmp_path / "state", base.rpartition("/")[0] + f"/{name}")


def assessed(outcome: Outcome, category: str | None = None) -> Assessment:
    return Assessment("windows-10", "1", "0" * 64, outcome, (), (), (), (), category)


def make_lot(where: LotDatabase, name: str, clock: Clock, **more: Any) -> None:
    """A lot of a bench that believes the key of the tests' records."""
    Keyring(where.state).pin((bench_key().certificate,))
    new_lot(where, name, clock, **more)


def put(out: Path, number: int, **changes: Any) -> WipeRecord:
    made = record(number, **changes)
    write_run(out, made)
    return made


def close(where: LotDatabase) -> LotStatus:
    """Close « L », with nobody who signs for anything."""
    done = close_lot(where, "L", where.state / "out", SignsFor(), lang="fr", clock=Still())
    assert done.stated is None
    return done.status


def manifest(tmp_path: Path, *serials: str) -> Path:
    file = tmp_path / "manifeste.csv"
    file.write_text("serial\n" + "\n".join(serials) + "\n")
    return file


def test_each_line_of_the_manifest_has_its_state(tmp_path: Path, where: LotDatabase) -> None:
    make_lot(
        where,
        "Mairie 7",
        Still(),
        donor="Mairie",
        manifest=manifest(tmp_path, "NB000001", "disk000002", "DISK000003", "NB000004", "PERDU"),
    )
    out = tmp_path / "out"
    put(out, 1)
    put(out, 2)
    put(out, 3, erasures=(disk_erasure("DISK000003", Status.FAILED),))
    put(out, 4, erasures=())
    put(out, 5)
    added = add_to_lot(where, "Mairie 7", (str(out),))
    assert (len(added.new), added.exit_code) == (5, 0)
    status = status_of(where, "Mairie 7")
    assert [line.state for line in status.lines] == [
        State.ERASED,
        State.ERASED,
        State.REJECTED,
        State.SEEN,
        State.MISSING,
    ]
    assert (status.seen, status.erased, status.rejected) == (4, 3, 1)
    assert status.unexpected == (record(5).record_id,)
    assert not status.complete
    assert status.lot.donor == "Mairie"


def test_adding_twice_changes_nothing(tmp_path: Path, where: LotDatabase) -> None:
    make_lot(where, "L", Still())
    put(tmp_path / "out", 1)
    add_to_lot(where, "L", (str(tmp_path / "out"),))
    before = status_of(where, "L")
    again = add_to_lot(where, "L", (str(tmp_path / "out"),))
    assert (again.new, again.known) == ((), 1)
    assert status_of(where, "L") == before


ADDING = """
import os, sys
from pathlib import Path
from recond.flow.lot import collect
from recond.flow.lot.lot import LotDatabase, add_to_lot
me, look_at = os.getpid(), collect.look_at
def look(lot, source, package, trust):
    if source.endswith(sys.argv[4]) and os.getpid() != me:
        os.kill(os.getpid(), 9)
    return look_at(lot, source, package, trust)
collect.look_at = look
added = add_to_lot(LotDatabase(Path(sys.argv[1]), sys.argv[2] or None), "L", (sys.argv[3],))
print(len(added.new), added.known)
for source, why in added.problems:
    print(why.code, source)
"""


def add_elsewhere(where: LotDatabase, out: Path, killed_at: str = "-") -> list[str]:
    """The lines of an addition in a process of one thread, which takes others to help it; one of
    them is killed at the source of that ending.
    """
    argv = [sys.executable, "-c", ADDING, str(where.state), where.url or "", str(out), killed_at]
    done = subprocess.run(argv, cwd=ROOT, capture_output=True, text=True, check=True, timeout=120)
    return done.stdout.splitlines()


def test_many_are_looked_at_by_several_processes_and_none_is_passed_over(
    tmp_path: Path, where: LotDatabase
) -> None:
    make_lot(where, "L", Still())
    out, many = tmp_path / "out", FEW + 12
    for number in range(1, many + 1):
        put(out, number)
    killed = str(sorted(out.iterdir())[FEW + 5])
    first, *lost = add_elsewhere(where, out, killed)
    assert f"certify.verify.killed {killed}" in lost
    assert first == f"{many - len(lost)} 0"
    assert len(status_of(where, "L").problems) == len(lost)
    assert add_elsewhere(where, out) == [f"{len(lost)} {many - len(lost)}"]
    assert not status_of(where, "L").problems
    assert len(status_of(where, "L").machines) == many


def test_many_benches_by_folder_and_by_stick(tmp_path: Path, where: LotDatabase) -> None:
    make_lot(where, "L", Still())
    bench = workbench(tmp_path / "bench")
    bench.queue(1, 2)
    export_queue(bench.state, tmp_path / "usb")
    put(tmp_path / "out", 3)
    (tmp_path / "usb" / "photo.zip").write_bytes(b"not ours")
    added = add_to_lot(where, "L", (str(tmp_path / "usb"), str(tmp_path / "out")))
    assert (len(added.new), len(added.problems), added.exit_code) == (3, 1, 7)
    assert added.problems[0][0].endswith("photo.zip")


def test_an_altered_record_is_named_and_the_rest_goes_on(
    tmp_path: Path, where: LotDatabase
) -> None:
    make_lot(where, "L", Still())
    out = tmp_path / "out"
    for number in range(1, 6):
        put(out, number)
    folders = sorted(out.iterdir())
    raw = (folders[0] / "record.json").read_bytes()
    (folders[0] / "record.json").write_bytes(raw.replace(b"DISK000001", b"DISK000009"))
    jws = (folders[1] / "record.jws").read_bytes()
    (folders[1] / "record.jws").write_bytes(jws[:-4] + b"AAAA")
    (folders[2] / "record.json").unlink()
    found = json.loads((folders[3] / "record.json").read_bytes())
    found["erasures"][0]["result"]["status"] = "refused"
    (folders[3] / "record.json").write_text(json.dumps(found))  # not the canonical form
    (folders[4] / "journals" / "DISK000005.jsonl").write_bytes(b"{}\n")
    added = add_to_lot(where, "L", (str(out),))
    named = {Path(source).name: message.code for source, message in added.problems}
    assert added.new == ()
    assert named == {
        folders[0].name: "upload.package.signature",
        folders[1].name: "certify.verify.jws.fails",
        folders[3].name: "upload.package.altered",
        folders[4].name: "certify.verify.journal.sha256",
    }
    assert len(status_of(where, "L").problems) == 4
    write_run(out, record(1))  # mended: the anomaly goes
    assert add_to_lot(where, "L", (str(out),)).new == (record(1).record_id,)
    assert len(status_of(where, "L").problems) == 3


def test_a_page_is_not_read_for_a_lot(tmp_path: Path, where: LotDatabase) -> None:
    """Nothing in a lot rests on it, and it is two thirds of what lies on a stick."""
    make_lot(where, "L", Still())
    page = tmp_path / "out" / put(tmp_path / "out", 1).record_id / "certificate.pdf"
    page.unlink()
    page.symlink_to("/dev/full")
    assert len(add_to_lot(where, "L", (str(tmp_path / "out"),)).new) == 1
    page.unlink()
    with page.open("wb") as hole:
        hole.truncate(FILE_BYTES + 1)
    added = add_to_lot(where, "L", (str(tmp_path / "out"),))
    assert (added.known, added.problems) == (1, ())


def test_a_record_that_nobody_made_is_none(tmp_path: Path, where: LotDatabase) -> None:
    """Signed by the workshop's own key, and still: no journal, another's, or none that says so."""
    make_lot(where, "L", Still())
    out = tmp_path / "out"
    bare, borrowed, better = put(out, 1), put(out, 2), put(out, 3, erasures=(failed("DISK000003"),))
    shutil.rmtree(out / bare.record_id / "journals")
    sign_anew(out, replace_journal(out, borrowed, out / better.record_id / "journals"))
    won = dataclasses.replace(
        better.erasures[0],
        result=dataclasses.replace(borrowed.erasures[0].result),
    )
    sign_anew(out, dataclasses.replace(better, erasures=(won,)))
    added = add_to_lot(where, "L", (str(out),))
    assert added.new == ()
    assert [message.code for _, message in added.problems] == [
        "upload.package.journal",
        "certify.verify.journal.result",
        "certify.verify.journal.result",
    ]
    assert status_of(where, "L").erased == 0


def failed(serial: str) -> Erasure:
    return disk_erasure(serial, Status.FAILED)


def replace_journal(out: Path, made: WipeRecord, source: Path) -> WipeRecord:
    """The record with the journal of another disk in the place of its own."""
    (journal,) = source.iterdir()
    raw = journal.read_bytes()
    one = made.erasures[0]
    (out / made.record_id / one.journal.file).write_bytes(raw)
    digest = hashlib.sha256(raw).hexdigest()
    named = dataclasses.replace(one.journal, sha256=digest)
    return dataclasses.replace(made, erasures=(dataclasses.replace(one, journal=named),))


def sign_anew(out: Path, made: WipeRecord, key: SigningKey | None = None) -> None:
    raw = canonical_bytes(made)
    (out / made.record_id / "record.json").write_bytes(raw)
    (out / made.record_id / "record.jws").write_bytes(sign_jws(raw, key or bench_key()))


def test_a_strangers_record_stands_apart_and_changes_no_line(
    tmp_path: Path, where: LotDatabase
) -> None:
    """Whole and true by its own key, which nobody here knows: neither erased nor rejected."""
    make_lot(where, "L", Still(), manifest=manifest(tmp_path, "DISK000001", "DISK000002", "NB3"))
    stranger, out = make_bench_key("banc d'essai", NOW), tmp_path / "out"
    put(out, 1)
    for made in (
        put(out, 2),
        put(out, 3, machine=notebook("NB3"), assessments=(assessed(Outcome.PASS),)),
        put(out, 4, erasures=(failed("DISK000001"),), issued_at=LATER),
    ):
        sign_anew(out, made, stranger)
    added = add_to_lot(where, "L", (str(out),))
    assert (len(added.new), added.problems) == (4, ())
    status = status_of(where, "L")
    assert [line.state for line in status.lines] == [State.ERASED, State.MISSING, State.MISSING]
    assert (status.erased, status.rejected, len(status.machines)) == (1, 0, 1)
    assert [one.row.record_id for one in status.apart] == [record(n).record_id for n in (2, 3, 4)]
    assert impact_of(status.machines).machines == 0
    with pytest.raises(NotReady):
        close(where)
    table = report_lot(where, "L", tmp_path / "r", lang="fr", clock=SystemClock()).files[0]
    assert b"DISK000002" not in table.read_bytes()
    Keyring(where.state).pin((stranger.certificate,))  # a bench of the workshop after all
    status = status_of(where, "L")
    assert (status.erased, status.rejected, status.apart) == (2, 1, ())
    own = Revocation(fingerprint(bench_key().certificate), "compromised", NOW)
    Keyring(where.state).revoke((own,))
    assert [one.row.record_id for one in status_of(where, "L").apart] == [record(1).record_id]


def test_a_stranger_bars_no_bench(tmp_path: Path, where: LotDatabase) -> None:
    """His record with the number and the ledger's place of one that comes after it."""
    make_lot(where, "L", Still())
    stranger, out = make_bench_key("banc d'essai", NOW), tmp_path / "out"
    sign_anew(tmp_path / "his", put(tmp_path / "his", 1, donor="Autre"), stranger)
    sign_anew(tmp_path / "his", put(tmp_path / "his", 7, ledger=record(2).ledger), stranger)
    put(out, 1)
    put(out, 2)
    for source in ("his", "out"):
        added = add_to_lot(where, "L", (str(tmp_path / source),))
        assert (len(added.new), added.problems) == (2, ())
    status = status_of(where, "L")
    assert (status.erased, len(status.machines), len(status.apart)) == (2, 2, 1)


def test_a_lot_may_trust_other_keys_than_the_bench(tmp_path: Path, where: LotDatabase) -> None:
    partner, out = make_bench_key("banc du partenaire", NOW), tmp_path / "out"
    (tmp_path / "partner.pem").write_bytes(pem(partner.certificate))
    make_lot(where, "L", Still(), trust=(tmp_path / "partner.pem",))
    put(out, 1)
    sign_anew(out, put(out, 2), partner)
    add_to_lot(where, "L", (str(out),))
    status = status_of(where, "L")
    assert [row.record_id for row in status.machines] == [record(2).record_id]
    assert [one.row.record_id for one in status.apart] == [record(1).record_id]
    (tmp_path / "none.pem").write_bytes(b"-----BEGIN")
    for name in ("none.pem", "absent.pem"):
        with pytest.raises(RecordInvalid):
            make_lot(where, "M", Still(), trust=(tmp_path / name,))


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"kind": TargetKind.IMAGE}, "lot.apart.image"),
        ({"kind": TargetKind.LOOP}, "lot.apart.image"),
        ({"size_bytes": 1 << 20}, "lot.apart.small"),
    ],
)
def test_what_is_no_disk_stands_for_none(
    tmp_path: Path, where: LotDatabase, change: dict[str, Any], code: str
) -> None:
    make_lot(where, "L", Still(), manifest=manifest(tmp_path, "DISK000001"))
    one = disk_erasure("DISK000001")
    put(tmp_path / "out", 1, erasures=(dataclasses.replace(one, disk=changed(one.disk, change)),))
    added = add_to_lot(where, "L", (str(tmp_path / "out"),))
    assert [message.code for _, message in added.problems] == [code]
    status = status_of(where, "L")
    assert (status.lines[0].state, status.erased) == (State.MISSING, 0)
    assert not status.complete
    assert status.readiness == (), "that a record is of virtual disks is no profile"


@pytest.mark.parametrize("size_bytes", [4 << 20, 32 << 20])
def test_an_area_of_an_emmc_is_no_disk_of_its_own(
    tmp_path: Path, where: LotDatabase, size_bytes: int
) -> None:
    """Two disks are expected, and one came: its boot area is not the other one."""
    make_lot(where, "L", Still(), counts={"disk": 2})
    whole, wished = disk_erasure("EMMC1"), disk_erasure("EMMC1-boot0")
    area = dataclasses.replace(wished, disk=changed(wished.disk, {"size_bytes": size_bytes}))
    put(tmp_path / "out", 1, machine=None, erasures=(whole, area))
    added = add_to_lot(where, "L", (str(tmp_path / "out"),))
    status = status_of(where, "L")
    assert (added.problems, status.erased) == ((), 1)
    assert [(one.erased, one.missing) for one in status.counts] == [(1, 1)]
    assert not status.complete


def test_a_disk_of_which_an_area_is_not_erased_is_not(tmp_path: Path, where: LotDatabase) -> None:
    """And once all of it is, the area that failed before keeps nothing open."""
    make_lot(where, "L", Still(), counts={"disk": 1})
    whole, area = disk_erasure("EMMC1"), disk_erasure("EMMC1-boot0", Status.FAILED)
    put(tmp_path / "out", 1, machine=None, erasures=(whole, area))
    add_to_lot(where, "L", (str(tmp_path / "out"),))
    status = status_of(where, "L")
    assert (status.erased, status.rejected, status.complete) == (0, 1, False)
    put(
        tmp_path / "again",
        2,
        machine=None,
        issued_at=LATER,
        erasures=(whole, disk_erasure("EMMC1-boot0")),
    )
    add_to_lot(where, "L", (str(tmp_path / "again"),))
    status = status_of(where, "L")
    assert (status.erased, status.rejected, status.complete) == (1, 0, True)


def changed(disk: DiskIdentity, change: dict[str, Any]) -> DiskIdentity:
    return dataclasses.replace(disk, **change)


def test_a_disk_of_another_size_than_the_computer_s_is_not_it(
    tmp_path: Path, where: LotDatabase
) -> None:
    inside = notebook("NB1")
    serial = next(one.serial.value for one in inside.disks if isinstance(one.serial, Known))
    make_lot(where, "L", Still(), manifest=manifest(tmp_path, serial))
    put(tmp_path / "out", 1, machine=inside, erasures=(disk_erasure(serial),))
    added = add_to_lot(where, "L", (str(tmp_path / "out"),))
    assert [message.code for _, message in added.problems] == ["lot.apart.size"]
    assert status_of(where, "L").erased == 0


def test_a_record_issued_anew_takes_its_place(tmp_path: Path, where: LotDatabase) -> None:
    assert LEDGER is not None
    make_lot(where, "L", Still())
    put(tmp_path / "a", 1, erasures=(disk_erasure("DISK000001", Status.FAILED),))
    add_to_lot(where, "L", (str(tmp_path / "a"),))
    put(tmp_path / "b", 1, issued_at=LATER, ledger=dataclasses.replace(LEDGER, number=7))
    added = add_to_lot(where, "L", (str(tmp_path / "b"),))
    assert added.renewed == (record(1).record_id,)
    status = status_of(where, "L")
    assert (status.erased, status.rejected, len(status.machines)) == (1, 0, 1)
    assert add_to_lot(where, "L", (str(tmp_path / "a"),)).known == 1
    assert status_of(where, "L") == status


def test_two_contents_for_one_place_are_a_contradiction(tmp_path: Path, where: LotDatabase) -> None:
    make_lot(where, "L", Still())
    put(tmp_path / "a", 1)
    add_to_lot(where, "L", (str(tmp_path / "a"),))
    put(tmp_path / "b", 1, donor="Autre")  # the same number of the same ledger
    put(tmp_path / "c", 2, ledger=LEDGER)
    made = put(tmp_path / "d", 1, issued_at=LATER, ledger=None)
    other = make_bench_key("another", NOW)
    folder = tmp_path / "d" / made.record_id
    (folder / "record.jws").write_bytes(sign_jws((folder / "record.json").read_bytes(), other))
    added = add_to_lot(where, "L", tuple(str(tmp_path / name) for name in "bcd"))
    assert [message.code for _, message in added.problems] == [
        "lot.record.fork",
        "lot.record.fork",
        "lot.record.other_key",
    ]
    assert status_of(where, "L").machines[0].digest is not None


def test_a_contradiction_within_one_addition_is_seen(tmp_path: Path, where: LotDatabase) -> None:
    """Rows are written many at a time: what is not written yet counts as if it were."""
    make_lot(where, "L", Still())
    put(tmp_path / "a", 1)
    put(tmp_path / "b", 1, donor="Autre")  # the same number of the same ledger
    put(tmp_path / "c", 2, ledger=LEDGER)  # and so is this, of another record
    made = put(tmp_path / "d", 1, issued_at=LATER, ledger=None)
    sign_anew(tmp_path / "d", made, make_bench_key("another", NOW))
    put(tmp_path / "e", 3)
    put(tmp_path / "f", 3, issued_at=LATER, ledger=None)  # issued anew
    shutil.copytree(tmp_path / "e", tmp_path / "g" / "again")
    added = add_to_lot(where, "L", (str(tmp_path),))
    assert [message.code for _, message in added.problems] == [
        "lot.record.fork",
        "lot.record.fork",
        "lot.record.other_key",
    ]
    assert (len(added.new), added.renewed, added.known) == (2, (record(3).record_id,), 1)
    rows = status_of(where, "L").machines
    assert [row.issued_at for row in rows] == [NOW, LATER]
    assert [len(row.disks) for row in rows] == [1, 1]


def test_what_does_not_belong_here(tmp_path: Path, where: LotDatabase) -> None:
    make_lot(where, "L", Still())
    put(tmp_path / "out", 1, lot="Autre")
    put(tmp_path / "out", 2, lot="L")
    put(tmp_path / "out", 3, bench=dataclasses.replace(record().bench, demonstration=True))
    added = add_to_lot(where, "L", (str(tmp_path / "out"),))
    assert (added.new, added.others) == ((record(2).record_id,), 1)
    assert added.problems[0][1].code == "upload.demonstration"


def test_a_disk_seen_twice_counts_once_and_its_last_result_decides(
    tmp_path: Path, where: LotDatabase
) -> None:
    make_lot(where, "L", Still())
    put(tmp_path / "out", 1, erasures=(disk_erasure("D", Status.FAILED),))
    put(tmp_path / "out", 2, erasures=(disk_erasure(" d "),), issued_at=LATER)
    add_to_lot(where, "L", (str(tmp_path / "out"),))
    status = status_of(where, "L")
    assert (status.erased, status.rejected) == (1, 0)
    assert status.duplicates == (("D", (record(1).record_id, record(2).record_id)),)


def test_the_live_stick_is_no_disk_of_the_lot(tmp_path: Path, where: LotDatabase) -> None:
    make_lot(where, "L", Still())
    stick = disk_erasure(
        "STICK",
        status=Status.REFUSED,
        reasons=(Message.of("wipe.refusal.medium", path="/dev/sdb", where="/run/live"),),
    )
    put(tmp_path / "out", 1, erasures=(disk_erasure("D"), stick))
    add_to_lot(where, "L", (str(tmp_path / "out"),))
    assert (status_of(where, "L").erased, status_of(where, "L").rejected) == (1, 0)


def test_a_gap_in_a_ledger_shows_unless_another_lot_has_it(
    tmp_path: Path, where: LotDatabase
) -> None:
    make_lot(where, "L", Still())
    make_lot(where, "M", Still())
    for number in (1, 2, 5):
        put(tmp_path / "out", number)
    put(tmp_path / "other", 3)
    add_to_lot(where, "L", (str(tmp_path / "out"),))
    assert status_of(where, "L").gaps[0].numbers == (3, 4)
    add_to_lot(where, "M", (str(tmp_path / "other"),))
    assert status_of(where, "L").gaps[0].numbers == (4,)


def test_a_lot_is_closed_when_it_is_complete(tmp_path: Path, where: LotDatabase) -> None:
    make_lot(where, "L", Still(), manifest=manifest(tmp_path, "DISK000001", "DISK000002"))
    put(tmp_path / "out", 1)
    add_to_lot(where, "L", (str(tmp_path / "out"),))
    with pytest.raises(NotReady):
        close(where)
    put(tmp_path / "out", 2)
    add_to_lot(where, "L", (str(tmp_path / "out"),))
    assert close(where).lot.closed_at == NOW
    for again in (lambda: add_to_lot(where, "L", ()), lambda: close(where)):
        with pytest.raises(UsageError, match=r"lot\.closed"):
            again()


def test_the_report_holds_every_disk_and_its_evidence(tmp_path: Path, where: LotDatabase) -> None:
    make_lot(where, "Lot n° 7/é"[:6], Still(), manifest=manifest(tmp_path, "DISK000001", "PERDU"))
    name = list_lots(where)[0].name
    put(
        tmp_path / "out",
        1,
        property_number="=cmd|'/c calc'!A1",
        erasures=(disk_erasure("DISK000001"), disk_erasure("DISK1B", Status.FAILED)),
    )
    put(tmp_path / "out", 2)
    add_to_lot(where, name, (str(tmp_path / "out"),))
    done = report_lot(where, name, tmp_path / "rapport", lang="fr", clock=SystemClock())
    table, book, paper = done.files
    raw = table.read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    rows = list(csv.reader(io.StringIO(raw.decode("utf-8-sig"), newline=""), delimiter=";"))
    assert [len(row) for row in rows] == [len(COLUMNS)] * 4
    assert rows[0][0] == "Certificat n°"
    at = {column: number for number, column in enumerate(COLUMNS)}
    assert [row[at["status"]] for row in rows[1:]] == ["EFFACÉ", "ÉCHEC", "EFFACÉ"]
    assert rows[1][at["digest"]] == status_of(where, name).machines[0].digest
    assert rows[1][at["property"]].startswith("'=cmd")
    assert rows[3][at["remark"]] == "hors liste"
    assert not [cell for row in rows for cell in row if "computer=" in cell or "disks=" in cell]
    with zipfile.ZipFile(book) as workbook:
        sheets = [n for n in workbook.namelist() if n.startswith("xl/worksheets/sheet")]
        everything = b"".join(workbook.read(n) for n in workbook.namelist())
    assert len(sheets) == 4
    assert b"<f>" not in everything  # no formula
    assert b"DISK1B" in everything
    assert done.exit_code == 0
    _check_paper(paper, name, raw, where)


def test_a_spreadsheet_sorts_its_dates_and_sizes(tmp_path: Path, where: LotDatabase) -> None:
    """Numbers as numbers, days and moments as dates, no small disk of 0 GB."""
    make_lot(where, "L", Still(), date="2026-11-28")
    put(tmp_path / "out", 1, erasures=(disk_erasure("DISK000001"),))
    add_to_lot(where, "L", (str(tmp_path / "out"),))
    done = report_lot(where, "L", tmp_path / "rapport", lang="fr", clock=SystemClock())
    with zipfile.ZipFile(done.files[1]) as book:
        machines = cells_of(book, 2)
        summary = cells_of(book, 1)
        styles = book.read("xl/styles.xml").decode()
    letters = {name: chr(ord("A") + at) for at, name in enumerate(COLUMNS)}
    found = {name: machines[1].get(letter) for name, letter in letters.items()}
    disk = status_of(where, "L").machines[0].disks[0]
    assert found["issued"]
    assert found["ended"]
    assert found["issued"][0] == found["ended"][0] == "n"
    epoch = datetime(1899, 12, 30, tzinfo=UTC)
    ended = epoch + timedelta(days=float(found["ended"][1]))
    told = datetime.fromisoformat(disk.ended_at or "")
    assert abs((ended - told).total_seconds()) <= 1
    assert found["size_gb"] == ("n", f"{disk.size_bytes / 1e9:.3g}")
    days = [one for row in summary for one in row.values() if one == ("n", "46354")]
    assert len(days) == 1, "28/11/2026 as a spreadsheet counts days"
    assert 'formatCode="dd/mm/yyyy"' in styles
    assert 'formatCode="dd/mm/yyyy hh:mm"' in styles


def cells_of(book: zipfile.ZipFile, sheet: int) -> list[dict[str, tuple[str, str]]]:
    """(kind, value) of each cell by its column's letter: "n" a number or date, "t" a text."""
    name = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
    tree = ElementTree.fromstring(book.read(f"xl/worksheets/sheet{sheet}.xml"))
    return [
        {
            cell.attrib["r"].rstrip("0123456789"): (
                "t" if cell.get("t") else "n",
                "".join(cell.itertext()),
            )
            for cell in row.iter(f"{name}c")
        }
        for row in tree.iter(f"{name}row")
    ]


def _check_paper(paper: Path, name: str, table: bytes, where: LotDatabase) -> None:
    """PDF/A with every disk, number and digest; sealed, and the seal covers the table inside."""
    import pikepdf
    from pyhanko.pdf_utils.reader import PdfFileReader
    from pyhanko.sign.validation import validate_pdf_signature
    from pyhanko_certvalidator import ValidationContext

    with paper.open("rb") as stream:
        (signature,) = PdfFileReader(stream).embedded_signatures
        found = validate_pdf_signature(signature, ValidationContext())
        assert found.intact
        assert found.valid
        assert found.coverage.name == "ENTIRE_FILE"
    with pikepdf.open(paper) as pdf:
        (inside,) = pdf.attachments.values()
        assert inside.get_file().read_bytes() == table
        assert pdf.open_metadata().pdfa_status == "3B"
    if not shutil.which("pdftotext"):
        return
    shown = subprocess.run(
        ("pdftotext", "-layout", str(paper), "-"), capture_output=True, text=True, check=True
    ).stdout
    for machine in status_of(where, name).machines:
        assert machine.digest in shown
        assert machine.record_id in shown
        for disk in machine.disks:
            assert disk.serial is not None
            assert disk.serial in shown
    assert "PERDU" in shown
    assert "MANQUANT" in shown


def test_a_report_that_nobody_can_sign_says_so(tmp_path: Path) -> None:
    where = LotDatabase(tmp_path / "state")
    make_lot(where, "L", Still())
    (where.state / "keys" / "bench.p12").write_bytes(b"not a key")
    (where.state / "keys" / "bench.p12").chmod(0o600)
    done = report_lot(where, "L", tmp_path / "r", lang="fr", clock=SystemClock())
    assert (done.exit_code, done.files[2].name) == (7, "L-NON-SIGNE.pdf")


@pytest.mark.parametrize("cell", ["=1+1", "+33", "-1", "@x", "\tx"])
def test_a_cell_is_never_a_formula(cell: str) -> None:
    assert harmless(cell) == f"'{cell}"
    assert harmless("S3Z8NX") == "S3Z8NX"


def test_impact_claims_a_range_for_notebooks_that_live_and_nothing_else(
    tmp_path: Path, where: LotDatabase
) -> None:
    make_lot(where, "L", Still())
    out, good = tmp_path / "out", (assessed(Outcome.PASS, "B"),)
    put(out, 1, assessments=good)
    put(out, 2, assessments=good, machine=notebook("NB000001"))  # the same machine again
    put(out, 3, assessments=(assessed(Outcome.FAIL),))
    put(out, 4, assessments=())
    put(out, 5, assessments=good, erasures=(disk_erasure("X", Status.FAILED),))
    desktop = notebook("PC9")
    desktop = dataclasses.replace(
        desktop, system=dataclasses.replace(desktop.system, form=known(Form.DESKTOP))
    )
    put(out, 6, assessments=good, machine=desktop)
    add_to_lot(where, "L", (str(out),))
    status = status_of(where, "L")
    found = impact_of(status.machines)
    assert (found.machines, found.without_figure) == (1, 1)
    assert (found.co2e_kg, found.material_kg, found.ewaste_kg) == ((54, 135), (254, 635), (0, 1))
    assert found.co2e_kg[1] < 170.3 + 12.3, "more than making and shipping a new one emits"
    assert status.categories == (("B", 4),)
    assert ("windows-10=pass", 4) in status.readiness


def test_impact_figures_are_those_of_the_source() -> None:
    facts = ROOT.parent / "shared" / "readiness.md"
    if not facts.exists():
        pytest.skip("needs ../shared/readiness.md")
    found = impact_of(())
    assert (
        f"avoids {found.co2e_kg_per_year} kg CO2e, {found.material_kg_per_year} kg of raw "
        f"materials and {found.ewaste_g_per_year} g of e-waste per year of use"
    ) in facts.read_text(encoding="utf-8")
    assert list(impact_sentences(found, "fr")) == [], "nothing is claimed where nothing is reused"


# --- Mistakes --------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["", " ", "a/b", "x" * 81, "a\nb"])
def test_a_name_that_is_none(tmp_path: Path, name: str) -> None:
    with pytest.raises(UsageError, match=r"lot\.name"):
        new_lot(LotDatabase(tmp_path), name, Still())


def test_a_state_folder_that_cannot_be_made_is_said(tmp_path: Path) -> None:
    bench = workbench(tmp_path / "bench")
    bench.queue(1)
    export_queue(bench.state, tmp_path / "usb")
    state = tmp_path / "a file" / "state"
    state.parent.write_bytes(b"")
    for use in (
        lambda: new_lot(LotDatabase(state), "L", Still()),
        lambda: status_of(LotDatabase(state), "L"),
        lambda: import_queue(state, tmp_path / "usb"),
    ):
        with pytest.raises(BenchLacks):
            use()


def test_mistakes_are_named(tmp_path: Path, where: LotDatabase) -> None:
    with pytest.raises(UsageError, match=r"lot\.unknown"):
        status_of(where, "L")
    make_lot(where, "L", Still())
    with pytest.raises(UsageError, match=r"lot\.taken"):
        make_lot(where, "L", Still())
    for source in (str(tmp_path / "none"), "s3:none"):
        with pytest.raises(UsageError, match=r"lot\.source\.unknown"):
            add_to_lot(where, "L", (source,))


@pytest.mark.parametrize("url", ["nonsense", "oracle://x/y", "postgresql"])
def test_a_database_url_that_is_none(tmp_path: Path, url: str) -> None:
    with pytest.raises(UsageError, match=r"lot\.database\.url"):
        list_lots(LotDatabase(tmp_path, url))


def test_a_database_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(BenchLacks) as caught:
        list_lots(LotDatabase(tmp_path, "postgresql://me:s3cr3t@127.0.0.1:1/x"))
    assert "s3cr3t" not in str(caught.value)


def test_an_addition_that_fails_leaves_the_lot_as_it_was(
    tmp_path: Path, where: LotDatabase
) -> None:
    make_lot(where, "L", Still())
    put(tmp_path / "out", 1)
    with pytest.raises(UsageError):
        add_to_lot(where, "L", (str(tmp_path / "out"), str(tmp_path / "none")))
    assert status_of(where, "L").machines == ()


def plans_of(store: LotStore, ask: Callable[[], object]) -> list[str]:
    """How the database answers each question that `ask` leads to."""
    asked: list[tuple[str, Any]] = []
    db = store.connection

    def hear(_c: Any, _cursor: Any, statement: str, values: Any, *_more: Any) -> None:
        if statement.startswith("SELECT"):
            asked.append((statement, values))

    sa.event.listen(db.engine, "before_cursor_execute", hear)
    ask()
    sa.event.remove(db.engine, "before_cursor_execute", hear)
    if db.dialect.name == "postgresql":  # of an empty table it reads all
        db.exec_driver_sql("SET enable_seqscan = off")
    word = "EXPLAIN " + ("" if db.dialect.name == "postgresql" else "QUERY PLAN ")
    return [
        " ".join(str(row) for row in db.exec_driver_sql(word + text, values))
        for text, values in asked
    ]


def test_what_is_asked_for_each_record_is_found_by_an_index(where: LotDatabase) -> None:
    """Else an addition of so many records costs the square of it."""
    with open_lots(where.state, where.url) as store:

        def ask() -> None:
            store.issued("ledger", 1)
            store.machine("L", "record")
            store.numbers("ledger")
            store.unkept("L")

        plans = plans_of(store, ask)
    assert len(plans) == 4
    for plan in plans:
        assert "Seq Scan" not in plan, plan
        assert not re.search(r"\bSCAN\b", plan), plan
    assert "issues_by_number" in plans[0]


def test_what_is_counted_for_a_status_is_found_by_an_index(
    tmp_path: Path, where: LotDatabase
) -> None:
    """Each table by its lot, and none of them once for each row of another."""
    make_lot(where, "L", Still())
    put(tmp_path / "out", 1)
    add_to_lot(where, "L", (str(tmp_path / "out"),))
    with open_lots(where.state, where.url) as store:
        trust = trust_of(store, "L", where.state)
        plans = plans_of(store, lambda: counted_status(store, "L", trust))
    assert len(plans) > 10
    of_lots = "|".join(META.tables.keys() - {"lots"})
    for plan in plans:
        assert not re.search(rf"\b(Seq Scan on|SCAN) ({of_lots})\b", plan), plan
    assert all(any(f"{name}_by_serial" in plan for plan in plans) for name in ("machines", "disks"))


def test_a_database_of_before_gets_its_index(tmp_path: Path) -> None:
    where = LotDatabase(tmp_path)
    with open_lots(where.state, where.url) as store:
        for name in ("issues_by_number", "disks_by_serial"):
            store.connection.exec_driver_sql(f"DROP INDEX {name}")
    with open_lots(where.state, where.url) as store:
        look = sa.inspect(store.connection)
        assert look.get_indexes("issues")
        assert look.get_indexes("disks")


def test_programs_that_come_to_a_new_database_at_once_make_its_tables_once(
    tmp_path: Path, where: LotDatabase
) -> None:
    """The one that is late waits; it was refused with "table machines already exists"."""
    for number in range(8):
        state = tmp_path / f"new{number}"
        with open_lots(where.state, where.url) as store:
            META.drop_all(store.connection)  # PostgreSQL's is one for all of these
        gate = threading.Barrier(4)

        def come(folder: Path = state, gate: threading.Barrier = gate) -> int:
            gate.wait()
            return len(list_lots(LotDatabase(folder, where.url)))

        with ThreadPoolExecutor(4) as people:
            assert [one.result() for one in [people.submit(come) for _ in range(4)]] == [0] * 4


def test_a_remainder_that_names_nothing_is_known_without_reading_it(where: LotDatabase) -> None:
    """What a record's serials may hold never makes something left look like nothing."""
    nasty = ('"left":[],"nameless":0,"removed":[],', "]", "[", '"', "\\", "é\u2028")
    found: dict[str, Remainder] = {
        "bare": Remainder("PC1", (), 0, (), (), ("D1", "D2")),
        "no serial": Remainder(None, (), 0, (), (), ()),
        "left": Remainder("PC1", ("D1",), 0, (), (), ("D1",)),
        "nameless": Remainder("PC1", (), 1, (), (), ()),
        "removed": Remainder("PC1", (), 0, ("D1",), (), ()),
        "destroyed": Remainder("PC1", (), 0, (), ("D1",), ()),
    }
    for number, text in enumerate(nasty):
        found |= {
            f"held {number}": Remainder(text, (), 0, (), (), (text,)),
            f"left {number}": Remainder(text, (text,), 0, (), (), (text,)),
            f"removed {number}": Remainder(text, (), 0, (text,), (), (text,)),
            f"nameless {number}": Remainder(text, (), 10, (), (), (text,)),
        }
    make_lot(where, "L", Still())
    with open_lots(where.state, where.url) as store:
        for name, one in found.items():
            store.keep_remainder("L", name, one)
        kept = store.remainders("L")
        assert dict(kept) == found
        for name, one in found.items():
            nothing = not (one.left or one.nameless or one.removed or one.destroyed)
            assert nothing or not kept.names_nothing(name), name
        assert kept.names_nothing("bare")
        assert kept.names_nothing("no serial")
        assert not kept.names_nothing("unknown")
