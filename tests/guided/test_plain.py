"""Line by line: the same job without a screen, and where it is spoken instead of drawn."""

from __future__ import annotations

import json
import os
import pty
import select
import subprocess
import sys
from pathlib import Path

import pytest

from recond.host.terminal import can_draw
from tests.cli.command import environment, recond
from tests.guided.stage import images
from tests.guided.test_attach import begin_and_kill, cut_power, new_owner


def test_the_whole_job_line_by_line(tmp_path: Path) -> None:
    targets = images(tmp_path, "alpha.img", "beta.img")
    words = ("2", "", "", "", "9", "2", "BETA.img")
    done = recond(
        "guided", *targets, "--image", "--plain", folder=tmp_path, stdin="\n".join(words) + "\n"
    )
    assert done.code == 0, done.stderr
    assert "Disques effacés et validés : 1 sur 1" in done.stdout.replace("\u00a0", " ")
    assert "\x1b" not in done.stdout + done.stderr, "nothing moves a cursor"
    assert not set("█▀▄░·") & set(done.stdout), "no bars, no letters of blocks: both are for eyes"
    assert "Résultat : IMAGE EFFACÉE" in done.stdout.replace("\u00a0", " ")
    assert "beta.img : terminé" in done.stdout.replace("\u00a0", " ")
    assert b"DONOR" in Path(targets[0]).read_bytes()[:64], "only the second was named"
    assert b"DONOR" not in Path(targets[1]).read_bytes()
    (record,) = (tmp_path / "recond-out").glob("*/record.json")
    assert json.loads(record.read_bytes())["answers"] == {"looks": "used"}


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("", "", "", "", "", "1", ".img"), 130),  # wrong, then no more input
        (("", "", "", "", "", "1", ""), 4),
        (("", "", "", "", "", "7"), 4),
        ((), 130),
    ],
)
def test_nothing_is_erased_without_every_answer(
    words: tuple[str, ...], code: int, tmp_path: Path
) -> None:
    (target,) = images(tmp_path, "alpha.img")
    before = Path(target).read_bytes()
    done = recond(
        "guided",
        target,
        "--image",
        "--plain",
        folder=tmp_path,
        stdin="".join(f"{word}\n" for word in words),
    )
    assert done.code == code, done.stderr
    assert "Traceback" not in done.stderr
    assert ("Abandonné avant de commencer" in done.stderr) == (code == 130)
    assert "recond resume" not in done.stderr
    assert Path(target).read_bytes() == before


def test_what_was_left_is_offered_line_by_line(tmp_path: Path) -> None:
    target, _ = begin_and_kill(tmp_path, 8 << 20)
    done = recond("guided", str(target), "--image", "--plain", folder=tmp_path, stdin="o\n")
    assert done.code == 0, done.stderr
    assert "n’est pas fini (disque alpha.img)" in done.stdout
    assert "Disques effacés et validés : 1 sur 1" in done.stdout.replace("\u00a0", " ")
    assert b"DONOR" not in target.read_bytes()


@pytest.mark.parametrize(("words", "code"), [("o\n", 130), ("o\no\n\n", 4), ("o\n.IMG\n\n", 4)])
def test_what_stopped_is_not_gone_on_with_by_one_letter(
    words: str, code: int, tmp_path: Path
) -> None:
    target, _ = cut_power(tmp_path, 8 << 20)
    theirs = new_owner(target)
    done = recond("guided", str(target), "--image", "--plain", folder=tmp_path, stdin=words)
    assert done.code == code, done.stderr
    assert target.read_bytes() == theirs
    done = recond("guided", str(target), "--image", "--plain", folder=tmp_path, stdin="o\nlpha\n")
    assert done.code == 5, done.stderr
    assert target.read_bytes() == theirs, "its content is neither the old one nor ours"


# --- `recond` alone ---------------------------------------------------------------------------


def test_alone_without_a_terminal_it_is_the_help(tmp_path: Path) -> None:
    done = recond(folder=tmp_path)
    assert (done.code, done.stderr) == (0, "")
    assert "guided" in done.stdout
    assert "Utilisation" in done.stdout


def test_alone_on_a_terminal_without_a_screen_it_is_the_dialogue(tmp_path: Path) -> None:
    """The state is no folder, so that it ends before a disk of this computer is looked at."""
    (tmp_path / "state").write_text("no folder")
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [sys.executable, "-m", "recond"],
        cwd=tmp_path,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        env=environment(tmp_path) | {"TERM": "dumb"},
        start_new_session=True,
    )
    os.close(theirs)
    said = b""
    while select.select([ours], [], [], 60)[0]:
        try:
            said += os.read(ours, 65536)
        except OSError:  # the other end is closed
            break
    os.close(ours)
    assert process.wait(60) == 9
    shown = said.decode()
    assert "Lecture de cet ordinateur" in shown
    assert "Erreur" in shown
    assert "\x1b" not in shown


@pytest.mark.parametrize(
    ("term", "size", "terminal", "draws"),
    [
        ("linux", (80, 25), True, True),
        ("xterm-256color", (200, 60), True, True),
        ("linux", (80, 24), True, True),
        ("linux", (79, 25), True, False),
        ("linux", (0, 0), True, False),
        ("dumb", (80, 25), True, False),
        ("vt220", (80, 25), True, False),
        ("", (80, 25), True, False),
        ("linux", (80, 25), False, False),
    ],
)
def test_where_a_screen_can_be_drawn(
    term: str, size: tuple[int, int], terminal: bool, draws: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Stream:
        def isatty(self) -> bool:
            return terminal

        def fileno(self) -> int:
            return 1

    for name in ("stdin", "stdout", "stderr"):
        monkeypatch.setattr(sys, name, Stream())
    monkeypatch.setattr(os, "get_terminal_size", lambda _: os.terminal_size(size))
    monkeypatch.setenv("TERM", term)
    assert can_draw() is draws
