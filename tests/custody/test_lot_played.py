"""One lot from its delivery note to its closing: two benches, a dock, and every way to end.

12 computers and 15 disks are listed. Ten computers are erased, one holds a dead disk that is taken
out and shredded, one goes back; of the loose disks one is erased in the dock, one is shredded, one
is never seen.
"""

from __future__ import annotations

import csv
import io
import itertools
import json
import os
import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from recond.custody import CustodyKind, DeliveryNote, ThingKind, Waste
from recond.errors import NotReady, UsageError
from recond.flow.custody.history import History, read_history
from recond.flow.lot.closing import SignsFor, close_lot
from recond.flow.lot.lot import (
    LotDatabase,
    add_to_lot,
    new_lot,
    report_lot,
    write_waste,
)
from recond.flow.lot.rows import State
from recond.locale import text
from tests.custody.shop import Shop, capture, drive, laptop, workshop
from tests.lot.both import status_of
from tests.lot.databases import postgresql

K = CustodyKind
LIST = "\n".join(
    (
        "N° de série ordinateur;N° de série disque;modèle disque;taille",
        *(f"NB{n:02};D{n:02};SSD 860 EVO;" for n in range(1, 13)),
        *(f";D{n};SSD 860 EVO;" for n in range(13, 16)),
    )
)

ERASED = text("fr", "cli.status.erased")


def run(n: int) -> str:
    return f"20261124-100000-{n:08x}"


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> list[Shop]:
    """What both benches did and said."""
    one, two = workshop(tmp_path_factory.mktemp("shop"), "banc 1", "banc 2")
    one.say(
        K.RECEIVED,
        party="Mairie de Lens",
        delivery=DeliveryNote("BL-12", 12, 3, 12, 2),
        of=ThingKind.COMPUTER,
    )
    for n in range(1, 9):
        inside = drive(f"D{n:02}")
        one.erase(run(n), inside, machine=laptop(f"NB{n:02}", inside))
    dead = drive("D09")
    one.erase(run(9), dead, machine=laptop("NB09", dead), fails=frozenset({"D09"}))
    one.say(K.REMOVED, "D09", computer="NB09")
    one.destroy("D09", "D14")
    one.say(K.REMOVED, "D10", computer="NB10")
    two.erase(run(10), drive("D10"))  # in the dock
    two.erase(run(11), machine=laptop("NB10"))  # and the computer that it came from is empty
    last = drive("D12")
    two.erase(run(12), last, machine=laptop("NB12", last))
    two.erase(run(13), drive("D13"))
    two.say(K.RETURNED, "NB11", party="Mairie de Lens", of=ThingKind.COMPUTER)
    two.say(K.RETURNED, "D11", party="Mairie de Lens")
    waste = Waste("16 02 14", "petits équipements", 2, 1_250, "BSD-9")
    two.say(K.SCRAPPED, party="Ecologic", waste=waste)
    return [one, two]


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    with postgresql() as url:
        yield url


_numbers = itertools.count()


@pytest.fixture(params=["sqlite", "postgresql"])
def where(request: pytest.FixtureRequest, played: list[Shop], tmp_path: Path) -> LotDatabase:
    """An empty database beside the first bench's keys."""
    state = tmp_path / "state"
    shutil.copytree(played[0].state, state)
    if request.param == "sqlite":
        return LotDatabase(state)
    import sqlalchemy as sa

    base, name = request.getfixturevalue("server"), f"c{next(_numbers)}"
    engine = sa.create_engine(
        base.replace("postgresql:", "postgresql+psycopg:"), isolation_level="AUTOCOMMIT"
    )
    with engine.connect() as connection:
        connection.execute(sa.text(f"CREATE DATABASE {name}"))
    engine.dispose()
    return LotDatabase(state, base.rpartition("/")[0] + f"/{name}")


def test_the_lot_is_played_to_its_end(
    played: list[Shop], where: LotDatabase, tmp_path: Path
) -> None:
    one, two = played
    (tmp_path / "liste.csv").write_text(LIST, encoding="utf-8")
    new_lot(where, "L7", one.clock, donor="Mairie de Lens", manifest=tmp_path / "liste.csv")
    added = add_to_lot(where, "L7", (str(one.out), str(two.out)))
    assert (added.problems, added.others) == ((), 0)
    status = status_of(where, "L7")
    states = {line.expected.serial: line.state for line in status.lines}
    wanted = dict.fromkeys(states, State.ERASED)
    wanted |= dict.fromkeys(("NB09", "D09", "D14"), State.DESTROYED)
    wanted |= dict.fromkeys(("NB11", "D11"), State.RETURNED)
    wanted["D15"] = State.MISSING
    assert states == wanted
    found = status.balance
    assert (found.expected, found.erased, found.destroyed, found.returned, found.opened) == (
        (27, 21, 3, 2, 1)
    )
    assert [(item.serial, item.state) for item in status.open_items] == [("D15", State.MISSING)]
    assert (status.conflicts, status.said_twice, status.computers_left) == ((), (), ())
    assert (status.erased, status.rejected) == (11, 1), "a dead disk stays one that was not erased"
    assert status.gaps == (), "statements stand in the ledger too"
    closing_needs_a_name(where, one)
    closed = close_lot(
        where,
        "L7",
        tmp_path / "said",
        SignsFor(("d15",), operator="Jo Le Goff"),
        lang="fr",
        clock=one.clock,
    )
    assert closed.status.lot.closed_at
    assert closed.stated is not None
    (thing,) = closed.stated.event.things
    assert (thing.serial, thing.state) == ("D15", "missing")
    the_report_says_so(where, tmp_path, one)
    the_waste_is_a_table(where, tmp_path)


def closing_needs_a_name(where: LotDatabase, one: Shop) -> None:
    for signs, error in (
        (SignsFor(), NotReady),
        (SignsFor(("D14",), operator="Jo"), UsageError),
        (SignsFor(every=True, operator="??"), UsageError),
    ):
        with pytest.raises(error):
            close_lot(where, "L7", one.out, signs, lang="fr", clock=one.clock)
        assert status_of(where, "L7").lot.closed_at is None


def the_report_says_so(where: LotDatabase, tmp_path: Path, one: Shop) -> None:
    done = report_lot(where, "L7", tmp_path / "rapport", lang="fr", clock=one.clock)
    table, book, paper = done.files
    rows = list(csv.DictReader(io.StringIO(table.read_text("utf-8-sig")), delimiter=";"))
    erased = {row["N° de série du disque"] for row in rows if row["Statut"] == ERASED}
    assert erased == {f"D{n:02}" for n in (*range(1, 9), 10, 12, 13)}
    dead = next(row for row in rows if row["N° de série du disque"] == "D09")
    assert "détruit (parole)" in dead["Remarque"]
    assert not {"D14", "D11", "D15"} & {row["N° de série du disque"] for row in rows}
    with zipfile.ZipFile(book) as archive:
        strings = b"".join(archive.read(name) for name in archive.namelist())
    assert b"Destruction" not in strings
    assert "détruit".encode() in strings
    if not shutil.which("pdftotext"):
        pytest.skip("pdftotext is not installed")
    shown = (
        subprocess.run(
            ("pdftotext", "-l", "1", "-layout", str(paper), "-"),
            capture_output=True,
            text=True,
            check=True,
        )
        .stdout.replace(chr(0xA0), " ")
        .replace(chr(0x202F), " ")
    )
    first = " ".join(shown.split())
    assert "LE LOT N’EST PAS SOLDÉ" in first, "a missing disk that is signed for is missing still"
    assert "27 attendus = 21 effacés + 3 détruits + 2 rendus + 1 ouvert ou manquant" in first
    verdict = "21 sur 27 effacés, 1 manquant, 3 détruits (parole), 2 rendus (parole)"
    assert verdict in first.replace("⚠ ", "")
    assert "Jo Le Goff, qui signe pour 1 point ouvert" in first
    if keep := os.environ.get("RECOND_TEST_KEEP"):
        shutil.copy(paper, keep)


def the_waste_is_a_table(where: LotDatabase, tmp_path: Path) -> None:
    file, count = write_waste(where, "L7", tmp_path / "dechets.csv", lang="fr")
    assert count == 1
    (row,) = csv.DictReader(io.StringIO(file.read_text("utf-8-sig")), delimiter=";")
    assert (row["Code déchet"], row["Nombre"], row["Poids (kg)"]) == ("16 02 14", "2", "1,250")
    assert row["N° du bordereau"] == "BSD-9"


def test_a_list_of_counts(played: list[Shop], where: LotDatabase) -> None:
    one, two = played
    new_lot(where, "L7", one.clock, counts={"computer": 13, "disk": 3})
    add_to_lot(where, "L7", (str(one.out), str(two.out)))
    computers, disks = status_of(where, "L7").counts
    assert (computers.expected, computers.erased, computers.destroyed) == (13, 10, 1)
    assert (computers.returned, computers.missing, computers.surplus) == (1, 1, 0)
    # D11 was in a computer that nobody inspected: it is one more loose disk to whoever counts
    assert (disks.erased, disks.destroyed, disks.returned, disks.missing) == (1, 1, 1, 0)
    assert [item.serial for item in status_of(where, "L7").open_items] == ["× 1"]


def test_adding_again_changes_nothing(played: list[Shop], where: LotDatabase) -> None:
    one, _ = played
    new_lot(where, "L7", one.clock)
    first = add_to_lot(where, "L7", (str(one.out),))
    before = status_of(where, "L7")
    again = add_to_lot(where, "L7", (str(one.out),))
    assert (again.new, again.known) == ((), len(first.new))
    assert status_of(where, "L7") == before
    assert json.dumps(before.balance.expected) == "0"


# --- Histories -------------------------------------------------------------------------------


def told(found: History) -> list[tuple[str, str, str]]:
    return [(one.about, str(one.worth), one.what.code.rpartition(".")[2]) for one in found.entries]


def test_a_disk_erased_in_a_dock_is_joined_to_its_computer(played: list[Shop]) -> None:
    one, two = played
    found = read_history("d10", (one.out, two.out), state=one.state, capture=capture)
    assert (found.computers, found.disks) == (("NB10",), ("D10",))
    worth = {(about, said): value for about, value, said in told(found)}
    assert worth[("D10", "approved")] == "proven"
    assert worth[("D10", "to")] == "word"
    again = read_history(run(10), (one.out, two.out), state=one.state, capture=capture)
    assert [entry.number for entry in again.entries] == [e.number for e in found.entries]


def test_a_computer_tells_of_its_disks(played: list[Shop]) -> None:
    one, two = played
    found = read_history("NB09", (one.out, two.out), state=one.state, capture=capture)
    assert (found.computers, found.disks) == (("NB09",), ("D09",))
    assert sorted(told(found)) == [
        ("D09", "proven", "not"),
        ("D09", "word", "said"),
        ("D09", "word", "to"),
        ("NB09", "proven", "computer"),
    ]
    with pytest.raises(UsageError):
        read_history("PERDU", (one.out,), state=one.state, capture=capture)


def test_a_changed_record_is_told_as_false(played: list[Shop], tmp_path: Path) -> None:
    one, two = played
    shutil.copytree(two.out, tmp_path / "two")
    record = tmp_path / "two" / run(10) / "record.json"
    record.write_bytes(record.read_bytes().replace(b'"Ada"', b'"Bob"'))
    found = read_history("D10", (one.out, tmp_path / "two"), state=one.state, capture=capture)
    assert "proven" not in [entry.worth for entry in found.entries if entry.about == "D10"]
