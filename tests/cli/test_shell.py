"""The command line about itself: help, mistyped words, completion in a real shell, the manual."""

from __future__ import annotations

import os
import pty
import select
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from recond.commands.index import ENTRIES
from tests.cli.command import ROOT, environment, recond


@pytest.mark.parametrize(
    ("typed", "near"),
    [
        (("inspct",), "inspect"),
        (("lot", "ad"), "add"),
        (("key", "isue"), "issue"),
        (("plan", "--al"), "--all"),
        (("wipe", "--confrim", "X"), "--confirm"),
    ],
)
def test_a_mistyped_word_gets_the_near_one(
    typed: tuple[str, ...], near: str, tmp_path: Path
) -> None:
    done = recond(*typed, folder=tmp_path)
    assert done.code == 2
    assert "Vouliez-vous dire" in done.stderr
    assert near in done.stderr


def test_nothing_near_is_nothing_offered(tmp_path: Path) -> None:
    assert "Vouliez-vous dire" not in recond("qqqqqq", folder=tmp_path).stderr


@pytest.mark.parametrize("words", [("plan",), ("lot", "add"), ("key", "revoke"), ("upload",)])
def test_three_ways_to_one_help(words: tuple[str, ...], tmp_path: Path) -> None:
    shown = {
        recond(*typed, folder=tmp_path).stdout
        for typed in ((*words, "--help"), (*words, "-h"), ("help", *words))
    }
    assert len(shown) == 1
    assert shown.pop().startswith(f"Utilisation\u00a0: recond {' '.join(words)} ")


def test_help_of_nothing_known_is_a_usage_error(tmp_path: Path) -> None:
    done = recond("help", "nope", folder=tmp_path)
    assert (done.code, done.stdout) == (2, "")
    assert "« nope »" in done.stderr.replace("\u00a0", " ")


def test_no_summary_is_cut(tmp_path: Path) -> None:
    for group in ("key", "lot", "upload", "board", "profile", "queue"):
        assert "..." not in recond(group, "-h", folder=tmp_path).stdout


@pytest.fixture
def path_with_recond(tmp_path: Path) -> dict[str, str]:
    """An environment where `recond` is a command: as installed."""
    found = tmp_path / "bin" / "recond"
    found.parent.mkdir()
    found.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -m recond "$@"\n')
    found.chmod(0o755)
    given = environment(tmp_path)
    return {**given, "PATH": f"{found.parent}:{os.environ['PATH']}"}


def complete_in_bash(words: list[str], given: dict[str, str], folder: Path) -> list[str]:
    """What bash offers for the last word."""
    script = (
        "source <(recond completion bash)\n"
        'COMP_WORDS=("$@"); COMP_CWORD=$(($# - 1))\n'
        "_recond_completion recond\n"
        'printf "%s\\n" "${COMPREPLY[@]}"'
    )
    done = subprocess.run(
        ["bash", "--norc", "-c", script, "bash", *words],
        env=given,
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.split()


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash on this computer")
def test_bash_completes(path_with_recond: dict[str, str], tmp_path: Path) -> None:
    done = recond("demo", "--out", str(tmp_path / "demo"), folder=tmp_path)
    assert done.code == 0, done.stderr
    runs = tmp_path / "demo/state/runs"
    given = {**path_with_recond, "RECOND_STATE": str(tmp_path / "demo/state")}

    def offered(*words: str) -> list[str]:
        return complete_in_bash(["recond", *words], given, tmp_path)

    assert offered("insp") == ["inspect"]
    assert set(offered("")) >= set(ENTRIES)
    assert offered("lot", "st") == ["status"]
    assert offered("wipe", "--conf") == ["--confirm"]
    assert offered("wipe", "--level", "pu") == ["purge"]
    assert "windows-10" in offered("check", "--profile", "win")
    assert "zero" in offered("wipe", "--method", "ze")
    assert offered("completion", "b") == ["bash"]
    if runs.exists():
        known = sorted(path.name for path in runs.iterdir())
        assert offered("certify", known[0][:6]) == [
            name for name in known if name[:6] == known[0][:6]
        ]


def typed_in_bash(keys: str, awaited: str, given: dict[str, str], folder: Path) -> str:
    """What a terminal shows when a person types these keys in an interactive bash, until what is
    awaited is there; a terminal that knows no pasting, so that nothing stands between the lines.
    """
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(folder)
        shell = ["bash", "--norc", "--noprofile", "-i"]
        os.execvpe("bash", shell, {**given, "PS1": "$ ", "TERM": "dumb"})
    try:
        os.write(terminal, b"source <(recond completion bash); echo rea''dy\n")
        read_until(terminal, "\nready")
        os.write(terminal, keys.encode())
        return read_until(terminal, awaited)
    finally:
        os.kill(pid, signal.SIGKILL)
        os.waitpid(pid, 0)
        os.close(terminal)


def read_until(terminal: int, sign: str, timeout_s: float = 60) -> str:
    """What comes until `sign` is there, or until nothing came for a time."""
    shown = ""
    while sign not in shown:
        if not select.select([terminal], [], [], timeout_s)[0]:
            break
        read = os.read(terminal, 4096).decode("utf-8", "replace")
        shown += read.replace("\r", "").replace("\x07", "")
    return shown


@pytest.mark.skipif(shutil.which("bash") is None, reason="no bash on this computer")
def test_a_person_presses_tab(path_with_recond: dict[str, str], tmp_path: Path) -> None:
    for keys, completed in (
        ("recond insp\t", "recond inspect "),
        ("recond lot st\t", "recond lot status "),
        ("recond wipe --level pu\t", "--level purge "),
    ):
        shown = typed_in_bash(keys, completed, path_with_recond, tmp_path)
        assert completed in shown, shown


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_that_is_here_takes_its_script(
    shell: str, path_with_recond: dict[str, str], tmp_path: Path
) -> None:
    script = recond("completion", shell, folder=tmp_path)
    assert script.code == 0
    assert "_RECOND_COMPLETE=complete_" + shell in script.stdout
    if shutil.which(shell) is None:
        pytest.skip(f"no {shell} on this computer")
    check = subprocess.run(
        [shell, "-n"], input=script.stdout, env=path_with_recond, capture_output=True, text=True
    )
    assert check.returncode == 0, check.stderr


def test_a_shell_that_is_not_known_is_said(tmp_path: Path) -> None:
    assert recond("completion", "tcsh", folder=tmp_path).code == 2


@pytest.mark.skipif(shutil.which("man") is None, reason="no man on this computer")
@pytest.mark.parametrize("lang", ["fr", "en"])
def test_the_manual_is_a_page_of_man(lang: str, tmp_path: Path) -> None:
    page = tmp_path / "recond.1"
    page.write_text(recond("--lang", lang, "help", "--man", folder=tmp_path).stdout)
    done = subprocess.run(
        ["man", "--warnings", "-l", str(page)],
        env={**os.environ, "LC_ALL": "C.UTF-8", "MANWIDTH": "100", "MANPAGER": "cat"},
        capture_output=True,
        text=True,
        check=True,
        cwd=ROOT,
    )
    assert done.stderr == ""
    shown = done.stdout.replace("\u00a0", " ")
    for name in ENTRIES:
        assert f"recond {name}" in shown
    assert "--json-events" in shown
