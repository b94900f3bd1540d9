"""Manifests as spreadsheets write them: every encoding and mark, and nothing guessed."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recond.erasure import LevelWish, WipePlan
from recond.errors import UsageError
from recond.flow.lot.manifest import Manifest, Named, is_named, read_manifest
from recond.flow.serials import compared
from tests.upload.records import disk_erasure

TABLE = "N° de série;Modèle;Étiquette\r\nAB123;Latitude 5490;42\r\nCD456;EliteBook;43\r\n"


def manifest(tmp_path: Path, raw: bytes | str) -> Manifest:
    file = tmp_path / "manifeste.csv"
    file.write_bytes(raw if isinstance(raw, bytes) else raw.encode())
    return read_manifest(file)


def serials(found: Manifest) -> list[str]:
    return [one.serial for one in found.expected]


def codes(found: Manifest) -> list[tuple[str, object]]:
    return [(one.code.rsplit(".", 1)[1], dict(one.args)["line"]) for one in found.problems]


@pytest.mark.parametrize(
    ("raw", "encoding"),
    [
        (TABLE.encode(), "utf-8-sig"),
        (TABLE.encode("utf-8-sig"), "utf-8-sig"),
        (TABLE.encode("cp1252"), "cp1252"),
        (TABLE.encode("utf-16"), "utf-16"),
        (TABLE.replace(";", ",").encode(), "utf-8-sig"),
        (TABLE.replace(";", "\t").encode(), "utf-8-sig"),
        (("sep=;\r\n" + TABLE).encode(), "utf-8-sig"),
        (("\r\n;;\r\n" + TABLE).encode(), "utf-8-sig"),
        (TABLE.replace("\r\n", "\n").encode(), "utf-8-sig"),
    ],
)
def test_however_a_spreadsheet_writes_it(tmp_path: Path, raw: bytes, encoding: str) -> None:
    found = manifest(tmp_path, raw)
    assert (serials(found), found.encoding, found.problems) == (["AB123", "CD456"], encoding, ())
    assert (found.expected[0].model, found.expected[0].number) == ("Latitude 5490", "42")


@pytest.mark.parametrize(
    "heading",
    [
        "Serial",
        "SERIAL NUMBER",
        "S/N",
        "Service Tag",
        "Numéro de série",
        "n° série",
        "Nº de série",
        "NUMERO DE SERIE",
        " Numéro\u00a0de série ",
        "N° de série du disque",
        "Disk serial",
    ],
)
def test_headings_that_mean_a_serial(tmp_path: Path, heading: str) -> None:
    assert serials(manifest(tmp_path, f"Site;{heading}\nLens;AB123\n")) == ["AB123"]


def test_what_is_wrong_is_named_with_its_line(tmp_path: Path) -> None:
    found = manifest(
        tmp_path, "serial;modele\nA1;x\n;y\nN/A;z\na1 ;w\n\n1,23457E+11;v\n--;u\nB2;t\n"
    )
    assert serials(found) == ["A1", "B2"]
    assert codes(found) == [
        ("missing", 3),
        ("missing", 4),
        ("double", 5),
        ("mangled", 7),
        ("missing", 8),
    ]


def test_line_numbers_count_lines_inside_quotes(tmp_path: Path) -> None:
    found = manifest(tmp_path, 'serial;note\nA1;"deux\nlignes"\n;x\n')
    assert codes(found) == [("missing", 4)]


def test_one_machine_on_a_line_for_each_of_its_disks(tmp_path: Path) -> None:
    found = manifest(tmp_path, "serial,disk serial\nPC1,D1\nPC1,D2\nPC2,\nPC2,D1\n")
    assert serials(found) == ["PC1", "D1", "D2", "PC2"]
    assert codes(found) == [("double", 5)]


def test_excel_keeps_zeros_in_its_own_way(tmp_path: Path) -> None:
    found = manifest(tmp_path, 'serial\n"=""00123"""\n\'00456\n')
    assert serials(found) == ["00123", "00456"]


def test_a_bare_list(tmp_path: Path) -> None:
    assert serials(manifest(tmp_path, "AB123\nCD456\n")) == ["AB123", "CD456"]


@pytest.mark.parametrize(
    ("raw", "code"),
    [
        (b"", "empty"),
        (b"\n\n", "empty"),
        (b"serial\n", "empty"),
        (b"PK\x03\x04...", "workbook"),
        (b"\xd0\xcf\x11\xe0...", "workbook"),
        (b"a\x00b\x81", "binary"),
        (b"\x81\x8d", "binary"),
        (b"modele;site\nx;y\n", "no_serial"),
        (b'serial\n"AB\nCD\n', "broken"),
    ],
)
def test_a_file_that_is_no_manifest(tmp_path: Path, raw: bytes, code: str) -> None:
    with pytest.raises(UsageError) as caught:
        manifest(tmp_path, raw)
    assert caught.value.message.code == f"lot.manifest.{code}"


def test_an_absent_file(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"lot\.manifest\.unreadable"):
        read_manifest(tmp_path / "none.csv")


@given(st.binary(max_size=300))
def test_no_bytes_break_the_reader(tmp_path_factory: pytest.TempPathFactory, raw: bytes) -> None:
    file = tmp_path_factory.mktemp("m") / "m.csv"
    file.write_bytes(raw)
    try:
        found = read_manifest(file)
    except UsageError:
        return
    assert found.expected or found.problems
    assert len(set(serials(found))) == len(serials(found))


# --- What a manifest allows ------------------------------------------------------------------


def plan(serial: str | None) -> WipePlan:
    disk = dataclasses.replace(disk_erasure().disk, serial=serial, wwn="5000c500a1b2c3d4")
    names = {f.name for f in dataclasses.fields(WipePlan)}
    values = dict.fromkeys(names) | {
        "disk": disk,
        "path": "/dev/sdx",
        "refusals": (),
        "level_requested": LevelWish.CLEAR,
    }
    return WipePlan(**{k: v for k, v in values.items() if k in names})  # type: ignore[arg-type]


def test_only_an_equal_serial_is_allowed(tmp_path: Path) -> None:
    found = manifest(tmp_path, "serial\nS3Z8NX0K1\n0012\n")
    serials = ("S3Z8NX0K1", "s3z8nx0k1 ", "S3Z8NX0K", "S3Z8NX0K12", "12", "0012", None, "")
    disks = [plan(serial).disk for serial in serials]
    said = {
        disk.serial: is_named(found, disk, tuple(other for other in disks if other is not disk))
        for disk in disks
    }
    assert [serial for serial, one in said.items() if one is Named.ONCE] == ["0012"]
    assert [serial for serial, one in said.items() if one is Named.TWICE] == list(serials[:2])
    assert sum(one is Named.NOT for one in said.values()) == 5


def test_a_serial_is_compared_without_case_and_outer_space_only() -> None:
    assert compared(" ab-1 2\u00a0") == "AB-1 2"
    assert compared("00A") != compared("A")
