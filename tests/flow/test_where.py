"""Where recond keeps its state: as it was given, from wherever its processes stand."""

from __future__ import annotations

import json
import os
from dataclasses import replace
from pathlib import Path

import pytest

from recond.errors import UsageError
from recond.flow.run.run import certify_again, prepare
from recond.host import Host
from recond.host.state import state_folder
from tests.cli.command import recond
from tests.flow.bench import Bench, donor_image


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


@pytest.mark.parametrize("place", ["", "runs", "runs/mine", "keys", "link"])
def test_certificates_are_not_put_among_recond_s_own_files(tmp_path: Path, place: str) -> None:
    bench, image = Bench(tmp_path), donor_image(tmp_path / "a.img")
    (bench.state / "runs").mkdir(mode=0o700, parents=True)
    bench.state.chmod(0o700)
    (bench.state / "link").symlink_to(bench.state / "runs")
    order = replace(bench.order(image), out=bench.state / place)
    with pytest.raises(UsageError, match=r"host\.folder\.own"):
        prepare(order, Host())
    bench.run(image)
    (folder,) = bench.runs()
    before = {file: file.read_bytes() for file in folder.path.rglob("*") if file.is_file()}
    with pytest.raises(UsageError, match=r"host\.folder\.own"):
        certify_again(folder, bench.state, Host(), bench.state / place, "fr")
    assert before == {file: file.read_bytes() for file in folder.path.rglob("*") if file.is_file()}
    prepare(replace(order, out=bench.state / "certificates"), Host())


def test_a_name_that_is_no_text_is_a_mistake_with_a_name(tmp_path: Path) -> None:
    """It ended with a traceback; a record has no way to hold it."""
    bench, image = Bench(tmp_path), donor_image(tmp_path / "a.img")
    strange = Path(os.fsdecode(bytes(tmp_path) + b"/\xff\xfe"))
    image.rename(strange)
    with pytest.raises(UsageError, match=r"host\.path\.not_text.*\\xff"):
        prepare(bench.order(strange), Host())
    strange.rename(image)
    with pytest.raises(UsageError, match=r"host\.path\.not_text"):
        prepare(replace(bench.order(image), out=strange), Host())
    assert any(image.read_bytes())
