"""A small file that unpacks to gigabytes is refused before it is unpacked."""

from __future__ import annotations

import csv
import io
from pathlib import Path

import pytest

from recond.errors import UsageError
from recond.flow.config import timestamp_server
from recond.flow.deliver.settings import read_settings
from recond.upload.tectech_row import COLUMNS, add_line, stock_line
from recond.upload.templates import load_template
from tests.certify.bombs import BOMBS, answer
from tests.upload.records import notebook, record

SAID = {
    "pdf_file": "certify.verify.pdf.broken",
    "pdf_objects": "certify.verify.pdf.foreign",
    "capture_header": "inspect.capture.too_large",
    "capture_files": "inspect.capture.too_large",
    "package_record": "upload.package.too_large",
    "package_names": "upload.package.too_large",
    "manifest": "lot.manifest.broken",
}


@pytest.mark.parametrize("kind", BOMBS)
def test_a_bomb_is_refused_in_little_room(tmp_path: Path, kind: str) -> None:
    ending = "zip" if kind.startswith("package") else "file"
    file = tmp_path / f"bomb.{ending}"
    file.write_bytes(BOMBS[kind]())
    assert answer(kind, file) == SAID[kind]


def test_brackets_without_end_are_a_mistake_with_a_name(tmp_path: Path) -> None:
    nested = "a = " + "[" * 100_000
    (tmp_path / "recond.toml").write_text(nested)
    with pytest.raises(UsageError, match=r"cli\.config\.unreadable"):
        timestamp_server(tmp_path)
    (tmp_path / "destinations.toml").write_text(nested)
    (tmp_path / "destinations.toml").chmod(0o600)
    with pytest.raises(UsageError, match=r"upload\.config\.unreadable"):
        read_settings(tmp_path)
    (tmp_path / "map.toml").write_text(nested)
    with pytest.raises(UsageError, match=r"upload\.map\.unreadable"):
        load_template(str(tmp_path / "map.toml"))


@pytest.mark.parametrize("text", ['=HYPERLINK("http://x";"y")', "+1", "-1", "@x", " =1", "＝1"])
def test_the_stock_s_table_holds_no_formula(text: str) -> None:
    """Also not where a table that is there already holds one."""
    line = stock_line(record(machine=notebook(text)), "d", "S")
    old = io.StringIO()
    csv.DictWriter(old, list(COLUMNS.values())).writerows(
        [{title: title for title in COLUMNS.values()}, {COLUMNS["model"]: text}]
    )
    table = add_line(old.getvalue().encode(), line, "R")
    kept, made = csv.DictReader(io.StringIO(table.decode(), newline=""))
    assert kept[COLUMNS["model"]] == f"'{text}"
    assert made[COLUMNS["numeroSerie"]] == f"'{text}"
    assert add_line(table, line, "R").count(f"''{text[0]}".encode()) == 0
