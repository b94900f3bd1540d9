"""Terminals of any width: words are broken nowhere, and tables give way."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from recond.show.folding import EDGE, GAP, column_widths, columns, fold_line
from tests.cli.command import on_a_terminal, recond

WORDS = st.lists(st.text("abcé\u00a0-/.0", min_size=1, max_size=40), min_size=1, max_size=12)


@given(WORDS, st.integers(20, 100))
def test_a_line_keeps_its_words(words: list[str], width: int) -> None:
    words = [f"x{word}x" for word in words]  # a word of spaces alone is none
    folded = fold_line("  - " + " ".join(words), width)
    assert [w for line in folded.split("\n") for w in line.split(" ") if w] == ["-", *words]
    for line in folded.split("\n"):
        assert columns(line) <= width or len(line.split(" ")) <= 5  # a word wider than the line


@given(st.lists(st.tuples(*[st.text("abc é", max_size=30)] * 3), min_size=1), st.integers(10, 120))
def test_columns_hold_their_longest_word(rows: list[tuple[str, ...]], room: int) -> None:
    widths = column_widths(rows, room)
    least = [max(columns(w) for row in rows for w in row[n].split(" ")) for n in range(3)]
    if widths is None:
        assert sum(least) + 2 * GAP + EDGE > room
    else:
        assert sum(widths) + 2 * GAP + EDGE <= max(room, sum(least) + 2 * GAP + EDGE)
        assert all(width >= one for width, one in zip(widths, least, strict=True))


LONG = "un-nom-tres-long-de-fichier-image-SERIE-0123456789.img"


@pytest.fixture
def images(tmp_path: Path) -> Path:
    for name in ("a.img", LONG):
        with (tmp_path / name).open("wb") as stream:
            stream.truncate(8 << 20)
    return tmp_path


@pytest.mark.parametrize("width", [40, 60, 80, 120, 200])
def test_nothing_is_wider_and_no_name_is_broken(images: Path, width: int) -> None:
    shown = on_a_terminal(["plan", "--image", "a.img", LONG], images, width)
    assert LONG in shown
    assert "nist-clear" in shown
    for line in shown.splitlines():
        assert columns(line) <= width or LONG in line, line


def test_a_narrow_terminal_gets_blocks_and_a_wide_one_a_table(images: Path) -> None:
    arguments = ["plan", "--image", "a.img", LONG]
    assert f"\n{LONG}\n  Modèle" in on_a_terminal(arguments, images, 80)
    assert re.search(rf"\n {LONG} +— ", on_a_terminal(arguments, images, 200))


@pytest.mark.parametrize("width", [60, 80])
@pytest.mark.parametrize("command", [["methods"], ["check"], ["inspect"], ["doctor"]])
def test_no_line_of_any_command_is_broken_by_the_terminal(
    command: list[str], width: int, tmp_path: Path
) -> None:
    (tmp_path / "capture/sys").mkdir(parents=True)
    given = [*command, "--from", "capture"] if command[0] in ("check", "inspect") else command
    for line in on_a_terminal(given, tmp_path, width).splitlines():
        assert columns(line) <= width or len(line.split()) == 1, line


def test_what_a_script_reads_is_not_folded(images: Path) -> None:
    done = recond("plan", "--image", "a.img", LONG, folder=images)
    assert any(len(line) > 100 for line in done.stdout.splitlines())
    told = on_a_terminal(["plan", "--image", "a.img", "--json"], images, 40)
    assert '"nist-clear' in told
