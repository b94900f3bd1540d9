"""A mapped export: what a template may say, what a table holds, and the table as a destination."""

from __future__ import annotations

import csv
import dataclasses
import io
import json
import shutil
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest

from recond.certify.sign.jws import sign_jws
from recond.certify.sign.keys import make_bench_key
from recond.codec import canonical_bytes
from recond.erasure import Status
from recond.errors import UsageError
from recond.flow.deliver.export import export_table
from recond.flow.deliver.queue import export_queue
from recond.flow.deliver.upload import add_destination, queue_folder
from recond.upload.mapping import line_of, read_template
from recond.upload.package import make_package, pack
from recond.upload.sheet import table_bytes
from recond.upload.templates import known_templates, load_template
from tests.cli.command import recond
from tests.custody.shop import drive, workshop
from tests.readiness.machines import NOTHING
from tests.upload.bench import workbench
from tests.upload.ran import ran
from tests.upload.records import disk_erasure, files_of, notebook, record, write_run


def template(text: str) -> Any:
    return read_template("mine", tomllib.loads(text))


def rows(table: bytes, delimiter: str = ",") -> list[list[str]]:
    return list(csv.reader(io.StringIO(table.decode("utf-8-sig"), newline=""), delimiter=delimiter))


@pytest.mark.parametrize("name", known_templates())
def test_every_shipped_template_makes_a_line_of_a_run(name: str) -> None:
    form = load_template(name)
    line = line_of(form, ran().record, "ab" * 32)
    cells = dict(zip([column.title for column in form.columns], line, strict=True))
    shown = " ".join(map(str, line))
    assert "PF1ABCDE" in shown
    assert "LENOVO" in shown
    assert "INV-0042" in shown
    assert ran().record.record_id in shown
    assert "virtual=erased" in shown or "Disques ou images effacés, sans l’ordinateur" in shown
    if name == "tableur":
        assert (cells["Type"], cells["Mémoire (Go)"], cells["Disques (Go)"]) == ("Portable", 8, 0)
    assert table_bytes(form, [line]) == table_bytes(form, [line])


def test_there_are_three_and_more() -> None:
    assert set(known_templates()) >= {"odoo", "dolibarr", "homebox"}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", "upload.map.empty"),
        ("column = 3", "upload.map.empty"),
        ("colour = 1\n[[column]]\ntitle='a'\ntext='b'", "upload.map.key"),
        ("format = 'ods'\n[[column]]\ntitle='a'\ntext='b'", "upload.map.value"),
        ("delimiter = ';;'\n[[column]]\ntitle='a'\ntext='b'", "upload.map.value"),
        ("[[column]]\ntitle='a'", "upload.map.source"),
        ("[[column]]\ntitle='a'\ntext='b'\npath='record_id'", "upload.map.source"),
        ("[[column]]\ntext='b'", "upload.map.value"),
        ("[[column]]\ntitle='a'\ntext='b'\n[[column]]\ntitle='a'\ntext='c'", "upload.map.twice"),
        ("[[column]]\ntitle='a'\npath='machine.system.serail'", "upload.map.path"),
        ("[[column]]\ntitle='a'\npath='machine.system'", "upload.map.path"),
        ("[[column]]\ntitle='a'\npath='machine.system.serial.value'", "upload.map.path"),
        ("[[column]]\ntitle='a'\npath='facts.erased'", "upload.map.path"),
        ("[[column]]\ntitle='a'\npath='__class__.__init__'", "upload.map.path"),
        ("[[column]]\ntitle='a'\npath=''", "upload.map.path"),
        ("[[column]]\ntitle='a'\npath='record_id'\nunit='MB'", "upload.map.value"),
        ("[[column]]\ntitle='a'\npath='record_id'\nwords='x'", "upload.map.key"),
    ],
)
def test_a_mistake_in_a_template_is_named(text: str, code: str) -> None:
    with pytest.raises(UsageError) as caught:
        template(text)
    assert caught.value.message.code == code


def test_unknown_is_empty_and_never_zero() -> None:
    form = template(
        "[[column]]\ntitle='a'\npath='machine.memory.installed_bytes'\nunit='GiB'\n"
        "[[column]]\ntitle='b'\npath='machine.system.serial'\ndefault='?'\n"
        "[[column]]\ntitle='c'\npath='machine.displays.name'\n"
    )
    machine = notebook()
    blank = dataclasses.replace(
        machine,
        memory=dataclasses.replace(machine.memory, installed_bytes=NOTHING),
        system=dataclasses.replace(machine.system, serial=NOTHING),
        displays=(),
    )
    assert line_of(form, record(machine=blank), "d") == [None, "?", None]
    assert rows(table_bytes(form, [[None, "?", None]]))[1] == ["", "?", ""]


def test_lists_words_and_flags() -> None:
    form = template(
        "[[column]]\ntitle='a'\npath='erasures.disk.serial'\njoin=' + '\n"
        "[[column]]\ntitle='b'\npath='erasures.result.verdict'\n"
        "[column.words]\napproved='oui'\nrejected='non'\n"
        "[[column]]\ntitle='c'\npath='bench.demonstration'\nwords={false='réel'}\n"
        "[[column]]\ntitle='d'\npath='facts.approved'\nwords={false='à revoir'}\n"
    )
    made = record(erasures=(disk_erasure("A"), disk_erasure("B", Status.FAILED)))
    assert line_of(form, made, "d") == ["A + B", "oui, non", "réel", "à revoir"]


@pytest.mark.parametrize("text", ["=HYPERLINK(1)", "+1", "-1", "@x", "\t=1"])
def test_a_serial_is_no_formula(text: str) -> None:
    form = template("[[column]]\ntitle='a'\npath='machine.system.serial'\n")
    machine = notebook(text)
    table = table_bytes(form, [line_of(form, record(machine=machine), "d")])
    assert rows(table)[1] == [f"'{text}"]


def test_the_command_makes_the_three_kinds(tmp_path: Path) -> None:
    out = ran().folder.parent
    done = recond("export", "--map", "homebox", str(out), folder=tmp_path)
    assert done.code == 0, done.stderr
    first, second = csv.DictReader(io.StringIO(done.stdout)), None
    second = next(iter(first))
    assert (second["HB.import_ref"], second["HB.asset_id"]) == ("PF1ABCDE", "INV-0042")
    book = tmp_path / "inventaire.xlsx"
    done = recond(
        "export", "--map", "tableur", str(ran().folder), "--out", str(book), folder=tmp_path
    )
    assert (done.code, done.stdout) == (0, "")
    with zipfile.ZipFile(book) as archive:
        assert "PF1ABCDE" in archive.read("xl/sharedStrings.xml").decode()
    assert recond("export", "--map", "tableur", str(out), folder=tmp_path).code == 2
    mine = tmp_path / "mine.toml"
    mine.write_text("format='json'\n[[column]]\ntitle='Série'\npath='machine.system.serial'\n")
    done = recond("export", "--map", str(mine), str(out), folder=tmp_path)
    assert json.loads(done.stdout) == [{"Série": "PF1ABCDE"}]
    assert recond("export", "--map", "nothing", str(out), folder=tmp_path).code == 2


def test_what_may_not_leave_is_left_out_and_named(tmp_path: Path) -> None:
    demo = dataclasses.replace(record().bench, demonstration=True)
    write_run(tmp_path / "out", record(1))
    write_run(tmp_path / "out", record(2, bench=demo))
    bad = write_run(tmp_path / "out", record(3))
    (bad / "record.json").write_bytes(b"{}")
    raw = pack(make_package(files_of(record(4))))
    (tmp_path / "out" / f"{record(4).record_id}.zip").write_bytes(raw)
    done = export_table("odoo", (tmp_path / "out",), None, state=tmp_path)
    assert (done.lines, done.exit_code) == (2, 7)
    assert [name for name, _ in done.left_out] == [record(2).record_id, record(3).record_id]
    assert "NB000004" in done.text


@pytest.mark.parametrize("how", ["unsigned", "by a stranger", "of other journals"])
def test_a_record_that_nobody_made_is_in_no_table(tmp_path: Path, how: str) -> None:
    """A failed disk's record, which somebody made say that the disk is erased."""
    (one,) = workshop(tmp_path, "banc 1")
    folder = one.erase("20261124-100000-00000008", drive("D9"), fails=frozenset({"D9"})).folder
    value = json.loads((folder / "record.json").read_bytes())
    value["erasures"][0]["result"] |= {"status": "erased", "verdict": "approved", "reasons": []}
    if how == "unsigned":
        value["signature"] = "unsigned:certify.key.none"
        (folder / "record.jws").unlink()
    raw = canonical_bytes(value)
    (folder / "record.json").write_bytes(raw)
    if how != "unsigned":
        (folder / "record.jws").write_bytes(sign_jws(raw, make_bench_key("x", one.clock.now())))
    if how == "of other journals":
        other = one.erase("20261124-100000-00000009", drive("D9")).folder / "journals"
        shutil.copytree(other, folder / "journals", dirs_exist_ok=True)
    done = export_table("odoo", (folder,), None, state=one.state, allow_unsigned=True)
    assert (done.lines, done.exit_code) == (0, 7)


def test_a_statement_among_the_records_keeps_no_table_from_being_made(tmp_path: Path) -> None:
    """As `recond queue export` puts both onto one stick; named by itself it has no line."""
    (one,) = workshop(tmp_path, "banc 1")
    assert queue_folder(one.state, one.erase("20261124-100000-00000007", drive("D20")).folder).ids
    one.destroy("D21")
    stick = tmp_path / "stick"
    export_queue(one.state, stick)
    (told,) = stick.glob("custody-*.zip")
    done = export_table("odoo", (stick,), None, state=tmp_path)
    assert (done.lines, done.left_out) == (1, ())
    named = export_table("odoo", (stick, told), None, state=tmp_path)
    assert (named.lines, [name for name, _ in named.left_out]) == (1, [told.name])


# --- The table as a destination ------------------------------------------------------------------


def table_bench(tmp_path: Path, name: str = "odoo") -> Any:
    bench = workbench(tmp_path)
    (tmp_path / "share").mkdir()
    add_destination(bench.state, "tab", "table", {"path": str(tmp_path / "share"), "map": name})
    return bench, tmp_path / "share"


def test_one_line_a_record_and_one_table_a_day(tmp_path: Path) -> None:
    bench, share = table_bench(tmp_path)
    bench.queue(1, 2)
    assert bench.upload().exit_code == 0
    bench.queue(3)
    assert bench.upload().exit_code == 0
    (table,) = share.glob("[!.]*.csv")
    assert table.name == "odoo-2026-11-24.csv"
    assert [row[0] for row in rows(table.read_bytes())] == [
        "id",
        "NB000001",
        "NB000002",
        "NB000003",
    ]


def test_a_record_issued_anew_changes_its_line(tmp_path: Path) -> None:
    bench, share = table_bench(tmp_path)
    bench.queue(1)
    bench.upload()
    ledger = record().ledger
    assert ledger is not None
    anew = record(1, property_number="A-9", ledger=dataclasses.replace(ledger, number=9, size=8))
    assert queue_folder(bench.state, write_run(tmp_path / "anew", anew)).ids
    assert bench.upload().exit_code == 0
    (table,) = share.glob("[!.]*.csv")
    lines = rows(table.read_bytes())
    assert len(lines) == 2
    assert "A-9" in lines[1]


@pytest.mark.parametrize("hand", ["edited", "taken away"])
def test_a_table_that_a_person_touched_is_theirs(tmp_path: Path, hand: str) -> None:
    bench, share = table_bench(tmp_path)
    bench.queue(1)
    bench.upload()
    table = share / "odoo-2026-11-24.csv"
    if hand == "edited":
        table.write_text("mine")
    else:
        table.unlink()
    bench.queue(2)
    assert bench.upload().exit_code == 0
    assert (table.read_text() == "mine") if hand == "edited" else not table.exists()
    second = rows((share / "odoo-2026-11-24-2.csv").read_bytes())
    assert [row[0] for row in second] == ["id", "NB000002"]


def test_killed_before_the_table_the_line_is_made_at_the_next_try(tmp_path: Path) -> None:
    bench, share = table_bench(tmp_path)
    bench.queue(1)
    bench.upload()
    table = share / "odoo-2026-11-24.csv"
    whole = table.read_bytes()
    beside = share / ".odoo-2026-11-24.lines.json"
    bench.queue(2)
    bench.upload()
    after = beside.read_bytes()
    # as a kill between the two files leaves it: the lines are there, the table is the one before
    beside.write_bytes(after)
    table.write_bytes(whole)
    add_destination(bench.state, "tab", "table", {"path": str(share), "map": "odoo"})
    bench.queue(3)
    assert bench.upload().exit_code == 0
    lines = [row[0] for row in rows(table.read_bytes())]
    assert lines == ["id", "NB000001", "NB000002", "NB000003"]


def test_a_workbook_can_be_added_to(tmp_path: Path) -> None:
    bench, share = table_bench(tmp_path, "tableur")
    bench.queue(1)
    bench.upload()
    bench.queue(2)
    assert bench.upload().exit_code == 0
    (book,) = share.glob("[!.]*.xlsx")
    with zipfile.ZipFile(book) as archive:
        shared = archive.read("xl/sharedStrings.xml").decode()
    assert "NB000001" in shared
    assert "NB000002" in shared


def test_a_mistake_in_the_template_is_said_at_add(tmp_path: Path) -> None:
    (tmp_path / "share").mkdir()
    for wrong in ("nothing", "relative.toml", "/nonexistent/x.toml"):
        values = {"path": str(tmp_path / "share"), "map": wrong}
        with pytest.raises(UsageError):
            add_destination(tmp_path, "tab", "table", values)
