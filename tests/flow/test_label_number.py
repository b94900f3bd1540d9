"""The number that is written on a label finds its run and its certificate, in any case."""

from __future__ import annotations

from pathlib import Path

import pytest

from recond.codec import to_json
from recond.errors import UsageError
from recond.flow.runfolder import (
    IssuedNote,
    RunFolder,
    certificate_paths,
    find_run,
    make_run,
    write_json,
)

RUN, OTHER = "20261129-112210-b7936986", "20261129-112210-736bb72a"


@pytest.fixture
def state(tmp_path: Path) -> Path:
    for run in (RUN, OTHER):
        folder = make_run(tmp_path, run)
        note = IssuedNote(str(tmp_path / "out" / run), signed=True)
        write_json(folder.issued, to_json(note))
    return tmp_path


@pytest.mark.parametrize("word", ["B7936986", "b7936986", "B7936986".title(), RUN, RUN.upper()])
def test_a_run_is_found(word: str, state: Path) -> None:
    assert find_run(state, word) == RunFolder(state / "runs" / RUN)
    assert certificate_paths(state, (Path(word),)) == (state / "out" / RUN,)


@pytest.mark.parametrize("word", ["20261129", "6986", "793698", "-b7936986", ""])
def test_a_piece_of_two_is_no_number(word: str, state: Path) -> None:
    """The end of a number is none: another disk's run must not be taken for it."""
    with pytest.raises(UsageError):
        find_run(state, word)
    assert certificate_paths(state, (Path(word),)) == (Path(word),)


def test_a_file_that_is_there_goes_first(state: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(state)
    Path("B7936986").mkdir()
    assert certificate_paths(state, (Path("B7936986"), Path("736BB72A"))) == (
        Path("B7936986"),
        state / "out" / OTHER,
    )


def test_a_number_of_two_runs_is_said_and_not_guessed(state: Path) -> None:
    make_run(state, "20261130-080000-b7936986")
    with pytest.raises(UsageError) as caught:
        find_run(state, "B7936986")
    assert caught.value.message.code == "wipe.run.ambiguous"
    assert certificate_paths(state, (Path("B7936986"),)) == (Path("B7936986"),)
