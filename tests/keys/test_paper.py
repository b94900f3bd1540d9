"""The root on paper comes back, and a typing mistake names its line."""

from __future__ import annotations

import functools
import random
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recond.certify.pages import key_backup
from recond.certify.pages.key_backup import paper_codes, paper_lines, read_paper, render_paper
from recond.certify.sign import keys
from recond.errors import RecordInvalid
from tests.keys.bench import NOW, PHRASE


@functools.cache
def packed() -> bytes:
    return keys.pack_key(keys.make_root_key("Atelier", NOW), PHRASE)


@given(st.binary(max_size=3000))
def test_any_file_comes_back(raw: bytes) -> None:
    lines = paper_lines(raw)
    if len(lines) <= key_backup.MAX_LINES + 1:
        assert read_paper("\n".join(lines)) == raw


@given(st.randoms(use_true_random=False), st.sampled_from(["\n", "/", "\r\n", "\n\n"]))
def test_order_spacing_and_repetition_do_not_matter(order: random.Random, between: str) -> None:
    lines = [*paper_lines(packed()), *paper_lines(packed())[:3]]
    order.shuffle(lines)
    typed = between.join(" ".join(order.choice((line, line.lower()))) for line in lines)
    assert read_paper(typed) == packed()


@given(st.data())
def test_one_wrong_sign_names_its_line(data: st.DataObject) -> None:
    lines = list(paper_lines(packed()))
    row = data.draw(st.integers(1, len(lines) - 1))
    at = data.draw(st.integers(2, len(lines[row]) - 1))
    sign = data.draw(st.sampled_from("ABCDEF234567"))
    if lines[row][at] == sign:
        return
    lines[row] = lines[row][:at] + sign + lines[row][at + 1 :]
    with pytest.raises(RecordInvalid) as caught:
        read_paper("\n".join(lines))
    assert caught.value.message.code == "key.paper.line"
    assert dict(caught.value.message.args)["line"] == f"{row:02d}"


@given(st.integers(0, 31))
def test_a_missing_line_is_named(row: int) -> None:
    lines = list(paper_lines(packed()))
    del lines[row]
    with pytest.raises(RecordInvalid) as caught:
        read_paper("\n".join(lines))
    assert caught.value.message.code == "key.paper.missing"
    assert dict(caught.value.message.args)["line"] == f"{row:02d}"


def test_two_pages_mixed_up_are_no_key() -> None:
    other = paper_lines(bytes(reversed(packed())))
    with pytest.raises(RecordInvalid, match="digest"):
        read_paper("\n".join([paper_lines(packed())[0], *other[1:]]))
    for text in ("", "hello", "99", "/".join(other[:1])):
        with pytest.raises(RecordInvalid):
            read_paper(text)


def test_the_page_holds_the_locked_key_and_nothing_more(tmp_path: Path) -> None:
    page = render_paper(
        key_backup.PaperKey("Atelier", "AB" * 32, "2041-11-20", "2026-11-24", packed()), "fr"
    )
    file = tmp_path / "page.pdf"
    file.write_bytes(page)
    if shutil.which("pdftotext") is None:
        pytest.skip("needs pdftotext")
    text = subprocess.run(
        ["pdftotext", "-layout", str(file), "-"], capture_output=True, text=True, check=True
    ).stdout
    assert PHRASE not in text
    rows = [row for row in text.splitlines() if row[:2].isdigit()]
    assert read_paper("\n".join(rows)) == packed()
    pages = subprocess.run(["pdfinfo", str(file)], capture_output=True, text=True, check=True)
    assert "Pages:           1" in pages.stdout


def test_the_codes_of_the_page_can_be_read() -> None:
    assert read_paper("\n".join(reversed(paper_codes(paper_lines(packed()))))) == packed()
    assert all(
        set(code) <= set("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ/")
        for code in paper_codes(paper_lines(packed()))
    )
