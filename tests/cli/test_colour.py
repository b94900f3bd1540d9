"""Colour: on a terminal that wants it, and never instead of a word."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recond.show.tones import Tone, paint, paint_sign
from tests.cli.command import on_a_terminal, recond, uncoloured

COLOUR = re.compile(r"\x1b\[(?:[0-9]+;)*(?:3[0-7]|38;[0-9;]+|9[0-7])(?:;[0-9]+)*m")
RED = re.compile(r"\x1b\[(?:[0-9]+;)*(?:[39]1|38;5;(?:1|9|19[67]|16[01]|197)|38;2;249;38;114)m")
"""Red, and the pink of the library's own bar in the palettes of 16, 256 and all colours."""
WIPE = ["wipe", "--image", "d.img", "--confirm", "d.img"]
COLOURED = {"NO_COLOR": "", "COLORTERM": "truecolor"}


@pytest.fixture
def bench(tmp_path: Path) -> Path:
    (tmp_path / "d.img").write_bytes(b"donor " * 4096)
    return tmp_path


def test_all_is_well_and_nothing_is_red(bench: Path) -> None:
    shown = on_a_terminal(WIPE, bench, env=COLOURED)
    assert re.search(r"\x1b\[[0-9;]*32m[^\x1b]*DISQUES VIRTUELS EFFACÉS", shown)
    assert re.search(r"\x1b\[[0-9;]*32m *✓", shown)
    assert not RED.search(shown)
    (folder,) = (bench / "recond-out").iterdir()
    whole = on_a_terminal(["verify", str(folder)], bench, env=COLOURED)
    assert "\x1b[32m✓" in whole
    assert not RED.search(whole)
    record = folder / "record.json"
    record.write_bytes(record.read_bytes().replace(b"d.img", b"e.img"))
    forged = on_a_terminal(["verify", str(folder)], bench, env=COLOURED)
    assert re.search(r"\x1b\[31m *✗ À ne pas croire", forged)


@pytest.mark.parametrize(
    ("arguments", "red"),
    [
        (["plan", "nowhere.img"], "Erreur"),
        (["wipe", "--image", "d.img"], "Refusé"),
        (["plan", "--image", "d.img", "--level", "purge"], "REFUSÉ"),
    ],
)
def test_what_is_wrong_is_red(arguments: list[str], red: str, bench: Path) -> None:
    shown = on_a_terminal(arguments, bench, env=COLOURED)
    assert re.search(rf"\x1b\[[0-9;]*31m *{red}", shown)
    plain = on_a_terminal(arguments, bench)
    assert uncoloured(shown) == plain  # nobody is told by colour alone
    assert red in plain


def test_the_bench_is_coloured_by_its_words(bench: Path) -> None:
    shown = on_a_terminal(["doctor"], bench, env=COLOURED)
    assert re.search(r"\x1b\[[0-9;]*32m[^\x1b]*présent", shown)
    assert not re.search(r"\x1b\[[0-9;]*32m[^\x1b]*(absent|ABSENT|IMPOSSIBLE)", shown)


@pytest.mark.parametrize("env", [{"NO_COLOR": "1"}, {"NO_COLOR": "", "TERM": "dumb"}])
def test_who_wants_none_gets_none(env: dict[str, str], bench: Path) -> None:
    assert not COLOUR.search(on_a_terminal(WIPE, bench, env=env))
    assert not COLOUR.search(on_a_terminal(["plan", "nowhere.img"], bench, env=env))


def test_a_file_gets_none(bench: Path) -> None:
    for arguments in (WIPE, ["plan", "nowhere.img"], ["doctor"]):
        done = recond(*arguments, folder=bench)
        assert "\x1b" not in done.stdout + done.stderr


@given(st.text(" ab✓✗?!\n", max_size=20))
def test_paint_adds_nothing_else(words: str) -> None:
    assert uncoloured(paint(words, Tone.BAD)) == words
    assert uncoloured(paint_sign(words)) == words
    assert all(line.endswith("\x1b[0m") for line in paint(words, Tone.GOOD).split("\n"))


def test_only_a_sign_that_leads_is_painted() -> None:
    assert paint_sign("  ✗ non") == "  \x1b[31m✗\x1b[0m non"
    assert paint_sign("?x") == "?x"
    assert paint_sign("a ! b") == "a ! b"
