"""Many certificates in one command: only what is wrong is shown, and nothing is passed over."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path

import pytest

from recond.certify.sign.keys import pem
from recond.flow.lot.collect import folder_sources
from recond.flow.lot.statements import statement_sources
from recond.flow.verify.files import groups_of
from recond.host.parallel import FEW
from recond.show.verify_many import MANY
from tests.certify.papers import corpus, files_of
from tests.cli.command import Done, recond, valid

TRUE = FEW + 4


def lay(folder: Path, files: dict[str, bytes]) -> Path:
    for name, raw in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(raw)
    return folder


@pytest.fixture
def pile(tmp_path: Path) -> Path:
    """True certificates, each in a folder of its own that is given; the page is left out, for time:
    the record, its signature and its journals are a certificate.
    """
    files = {name: raw for name, raw in files_of("erased").items() if not name.endswith(".pdf")}
    for n in range(TRUE):
        lay(tmp_path / "pile" / f"{n:02}", files)
    return tmp_path / "pile"


def verify(pile: Path, *more: str) -> Done:
    given = sorted(str(one.relative_to(pile.parent)) for one in pile.iterdir())
    return recond("verify", *given, *believing(pile), *more, folder=pile.parent)


def believing(pile: Path) -> tuple[str, str]:
    root = pile.parent / "root.pem"
    root.write_bytes(pem(corpus().root.certificate))
    return "--trust", str(root)


def test_all_true_is_said_once_and_not_thirty_times(pile: Path) -> None:
    done = verify(pile)
    assert (done.code, done.stderr) == (0, "")
    lines = done.stdout.splitlines()
    assert len(lines) == 2
    assert all(str(TRUE) in line for line in lines)
    assert lines[-1].startswith("✓")


def test_each_that_is_wrong_has_its_line(pile: Path) -> None:
    assert TRUE > MANY
    changed = pile / "03" / "record.json"
    changed.write_bytes(changed.read_bytes().replace(b'"', b" ", 1))
    (pile / "07" / "record.jws").write_bytes(b"")
    lay(pile / "11" / "journals", {"stranger.jsonl": b"{}\n"})
    os.mkfifo(pile / "12" / "pipe")
    (pile / "13" / "loop").symlink_to(pile / "13")
    (pile / "14" / "circle").symlink_to("circle")  # it ended the whole command, with 9
    done = verify(pile)
    assert done.code == 7
    wrong = [line for line in done.stdout.splitlines() if "pile/" in line]
    assert [line.split(" – ")[0] for line in wrong] == [
        "✗ pile/03",
        "? pile/07",
        "✗ pile/07/record.jws",
        "✗ pile/11",
    ]
    assert f"{TRUE - 3}" in done.stdout


def test_a_folder_may_be_deeper_than_a_stack(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It ended in a traceback, with 1, and nothing beside it was looked at."""
    monkeypatch.chdir(tmp_path)
    deep = sys.getrecursionlimit() + 100
    for _ in range(deep):
        Path("d").mkdir()
        os.chdir("d")
    files = {"certificate.pdf": b"%PDF-1.7\n", "record.json": b"{}", "event.json": b"{}"}
    for name, raw in files.items():
        Path(name).write_bytes(raw)
    try:
        found = groups_of((tmp_path / "d",))
        (record,), (statement,) = folder_sources(tmp_path / "d"), statement_sources(tmp_path / "d")
    finally:  # pytest's own removal is not so deep, and would end the whole session
        for name in files:
            Path(name).unlink()
        for _ in range(deep):
            os.chdir("..")
            Path("d").rmdir()
    assert record == statement == str(found[0].folder)
    assert [one.folder is not None for one in found] == [True]


def test_a_program_gets_one_object_with_each_of_them(pile: Path) -> None:
    changed = pile / "03" / "record.json"
    changed.write_bytes(changed.read_bytes().replace(b'"', b" ", 1))
    done = verify(pile, "--json")
    (line,) = done.stdout.splitlines()
    answer = valid(json.loads(line))
    assert list(answer) == ["schema", "found", "exit_code"]
    assert answer["exit_code"] == done.code == 7
    assert [Path(one["name"]).name for one in answer["found"]] == [f"{n:02}" for n in range(TRUE)]
    assert [one["good"] for one in answer["found"]].count(False) == 1


def test_the_same_certificate_in_two_places_of_one_folder_counts_once(pile: Path) -> None:
    done = recond("verify", "pile", *believing(pile), folder=pile.parent)
    assert done.code == 7
    assert done.stdout.count("✗ pile/") == TRUE - 1
