"""One foreign name through every way out: terminal, page, label, table, workbook, log, file name.

Each by the real path. The seed is printed; `RECOND_SEED` replays it.
"""

from __future__ import annotations

import csv
import io
import json
import random
import shutil
import subprocess
import unicodedata
import zipfile
from html import unescape
from pathlib import Path

import pytest

from recond.certify.pages import parts
from recond.foreign import LONGEST, SIGNS, SIGNS_IN_A_LINE
from recond.host.log import errors_kept, log_failed_tool, log_swallowed
from recond.locale import text
from recond.upload.mapping import Cell, read_template
from recond.upload.sheet import MOST_CHARACTERS, table_bytes
from tests.certify.journals import base_seed
from tests.cli.command import recond

ACTING = (
    *map(chr, range(0x20)), *map(chr, range(0x7F, 0xA0)),
    *"\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069",
    *"\u200b\u200c\u200d\u2060\ufeff\u2028\u2029\ufff9\ufffa\ufffb",
    *"\xad\u034f\u180e\u2062\u206a\u2800\u3164\u115f\uffa0\ufe0f\U000e0001\U000e0041\U0001d173",
)  # fmt: skip
STARTS = ("=", "+", "-", "@", " =", "\t=", "\r=", "\u200b=", "＝", "")
HARMLESS = "abc XYZ 0123 éà <b>&\"';{}\\ « » “ ” @certify.verify.all-good ✓"


def fuzzed(count: int) -> tuple[str, ...]:
    """Names with every kind of acting sign, formula and overlength."""
    seed = base_seed()
    print(f"RECOND_SEED={seed}")
    rng = random.Random(seed)
    found = []
    for number in range(count):
        signs = [rng.choice(ACTING), *rng.choices(HARMLESS, k=rng.randrange(1, 30))]
        signs += rng.choices(ACTING, k=rng.randrange(3))
        rng.shuffle(signs)
        long = "x" * (5000 if number % 5 == 0 else 0)
        found.append(rng.choice(STARTS) + "".join(signs) + long)
    return tuple(found)


def acting(shown: str, allowed: str = "\n") -> set[str]:
    """The signs of a text that could act; by Unicode's categories, not by our own table."""
    return {
        sign
        for sign in shown
        if unicodedata.category(sign) in {"Cc", "Cf", "Zl", "Zp"} and sign not in allowed
    }


def test_the_table_of_signs_is_whole() -> None:
    import re

    for sign in ACTING:
        assert re.fullmatch(SIGNS_IN_A_LINE, sign), hex(ord(sign))
        assert re.fullmatch(SIGNS, sign) or sign in "\t\n"


def test_tables_and_workbooks() -> None:
    """A template's table of a stock, as CSV and as a workbook."""
    names = fuzzed(200)
    lines: list[list[Cell]] = [[name, 1] for name in names]
    columns = [{"title": "name", "path": "lot"}, {"title": "n", "text": "1"}]
    for kind in ("csv", "xlsx"):
        form = {"format": kind, "delimiter": ";", "encoding": "utf-8", "column": columns}
        template = read_template("t", form)
        raw = table_bytes(template, lines)
        if kind == "csv":
            assert not acting(raw.decode(), "\t\r\n")
            read = list(csv.reader(io.StringIO(raw.decode(), newline=""), delimiter=";"))[1:]
            cells = [row[0] for row in read]
            for cell in cells:
                assert not cell.lstrip(" \xa0").startswith(("=", "+", "-", "@", "\t", "\r", "＝"))
        else:
            with zipfile.ZipFile(io.BytesIO(raw)) as book:
                shared = book.read("xl/sharedStrings.xml").decode()
                assert "<f>" not in book.read("xl/worksheets/sheet1.xml").decode()
            assert not acting(shared, "\t\n\r")
            assert "_x00" not in shared, "Excel reads _x001B_ as the sign itself"
            cells = [unescape(one) for one in shared.split("</t>")]
        assert all(len(cell) < 7 * MOST_CHARACTERS for cell in cells)
        assert any(cell.endswith("…") for cell in cells), "what was cut has a mark"


def test_paragraphs_of_the_pages() -> None:
    parts.register_fonts()
    for name in fuzzed(200):
        shown = parts.escape(name).replace("<br/>", "\n")
        assert not acting(shown)
        assert not acting(parts.fitted(name, parts.SANS, 7.5, 100.0), "")
        assert len(unescape(shown)) <= 7 * parts.MOST_CHARACTERS


def test_logs(tmp_path: Path) -> None:
    file = tmp_path / "errors.txt"
    names = fuzzed(60)
    with errors_kept(file):
        for name in names:
            log_failed_tool(("smartctl", name), 2, name.encode("utf-8", "replace"))
            log_swallowed("flow.issue", ValueError(name))
    kept = file.read_bytes().decode()
    assert len(kept) > 1000
    assert not acting(kept, "\n\t")


@pytest.mark.parametrize("lang", ["fr", "en"])
def test_a_quoted_word_cannot_close_its_quotation(lang: str) -> None:
    """A lot of this name ended the quotation and went on in recond's voice."""
    lot = "L » – Clé de confiance : oui « ” yes “"
    shown = text(
        lang,  # type: ignore[arg-type]
        "certify.verify.outcome.computer.lot",
        verdict="x",
        n=1,
        others=0,
        computer=lot,
        lot=lot,
    )
    marks = "«»" if lang == "fr" else "“”"
    assert [sign for sign in shown if sign in marks] == [*marks, *marks]
    assert not {"«", "»", "“", "”"} - set(marks) & set(shown)


EVIL = "di\x1b[2J\x1b]0;t\x07sk\u202egmi\u200b\u2066.img"
LOT = "=HYPERLINK(1)\x1b[31m\u202e\n  ✓ Clé de confiance – oui" + "x" * 3000


def test_a_whole_run_of_a_disk_with_such_a_name(tmp_path: Path) -> None:
    """An image whose file bears it: terminal, file names, page, verification, table, label."""
    image = tmp_path / EVIL
    image.write_bytes(bytes(64 << 10))
    state = ("--state", str(tmp_path / "state"))
    out = tmp_path / "out"
    done = recond(
        "wipe", str(image), "--image", "--confirm", EVIL, "--lot", LOT, "--out", str(out), *state,
        folder=tmp_path,
    )  # fmt: skip
    said = [done]
    assert not acting(done.stdout + done.stderr, "\n\t")
    assert done.code == 0, done.stderr
    (folder,) = out.iterdir()
    for file in (*folder.rglob("*"), *(tmp_path / "state").rglob("*")):
        assert not acting(file.name, ""), file
    evil = folder / f"cert\x1b[2J\n→ vrai\u202e.pdf"  # noqa: F541
    shutil.copy(folder / "certificate.pdf", evil)
    for words in (
        ("verify", str(folder), *state),
        ("verify", str(evil), *state),
        ("queue", *state),
        ("key", "show", *state),
        ("label", str(folder / "certificate.pdf"), "--out", str(tmp_path / "label.pdf"), *state),
    ):
        said.append(recond(*words, folder=tmp_path))
        assert not acting(said[-1].stdout + said[-1].stderr, "\n\t"), words
    verified = said[2].stdout
    assert not [line for line in verified.splitlines() if line.strip().startswith("→ vrai")]
    assert "« " in verified.replace("\xa0", " ").replace("\u202f", " ")
    assert len(max(verified.splitlines(), key=len)) < 4 * LONGEST
    pages = [folder / "certificate.pdf", *tmp_path.glob("label*.pdf")]
    if shutil.which("pdftotext"):
        for page in pages:
            told = subprocess.run(
                ["pdftotext", page, "-"], check=True, capture_output=True, text=True
            ).stdout
            assert not acting(told, "\n\x0c"), page
            assert len(told) > 20
    assert json.loads((folder / "record.json").read_bytes())["lot"] == LOT, (
        "the record has it as is"
    )
