"""Where recond keeps its state: as it was given, from wherever its processes stand."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from recond.host.state import state_folder
from tests.cli.command import recond
from tests.flow.bench import donor_image


def test_a_state_folder_given_from_where_one_stands_is_found_by_the_workers(tmp_path: Path) -> None:
    """A worker's own folder is /: a relative one broke every erasure off before its first byte."""
    image = donor_image(tmp_path / "d.img")
    done = recond(
        "--state", "mine", "wipe", "d.img", "--image", "--confirm", "d.img", "--json",
        folder=tmp_path,
    )  # fmt: skip
    assert done.code == 0, done.stderr
    assert json.loads(done.stdout)["outcome"] == "erased"
    assert not any(image.read_bytes())
    assert (tmp_path / "mine" / "runs").is_dir()


def test_so_is_one_of_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RECOND_STATE", "mine")
    assert state_folder(None) == tmp_path / "mine"
    assert state_folder(Path("other")) == tmp_path / "other"
