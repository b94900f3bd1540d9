"""What a start may load: help, version and inventory pay for nothing that they do not use."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from recond.commands.index import ENTRIES, OPTIONS
from recond.locale import text
from recond.show.help import placeholder
from tests.cli.command import ROOT, recond

HELP = {
    "recond",
    "recond.__main__",
    "recond.cli",
    "recond.commands",
    "recond.commands.index",
    "recond.foreign",
    "recond.locale",
    "recond.show",
    "recond.show.help",
    "recond.show.streams",
}
"""All of recond that `--help` may load; `--version` less."""

NEVER_FOR_INSPECT = (
    "pydantic",
    "rich",
    "cryptography",
    "psutil",
    "concurrent.futures",
    "secrets",
    "recond.certify",
    "recond.drive.answers",
    "recond.drive.requests",
    "recond.drive.types",
    "recond.erasure",
    "recond.flow.machine.check",
    "recond.flow.machine.capture",
    "recond.flow.run",
    "recond.guided",
    "recond.readiness",
    "recond.upload",
    "recond.wipe",
)


def loaded(*arguments: str) -> set[str]:
    """The modules that a command has loaded when it ends."""
    code = (
        "import sys; before = set(sys.modules); sys.argv = ['recond', *sys.argv[1:]]\n"
        "from recond.cli import run_app\n"
        "code = run_app()\n"
        "sys.stderr.write(' '.join(set(sys.modules) - before)); sys.exit(code)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return set(done.stderr.split())


@pytest.mark.parametrize(
    ("arguments", "most"),
    [
        (("--help",), HELP),
        (("--lang", "en", "--help"), HELP),
        (("--version",), {"recond", "recond.cli", "recond.show", "recond.show.streams"}),
    ],
)
def test_help_and_version_load_next_to_nothing(arguments: tuple[str, ...], most: set[str]) -> None:
    found = loaded(*arguments)
    assert {name for name in found if name.split(".")[0] == "recond"} <= most
    assert not {name for name in found if name.split(".")[0] in ("typer", "click", "rich")}


def test_the_inventory_loads_nothing_of_an_erasure() -> None:
    found = loaded("inspect", "--json")
    bad = [n for n in found if n.startswith(tuple(f"{x}." for x in NEVER_FOR_INSPECT))]
    assert not bad + sorted(found & set(NEVER_FOR_INSPECT))
    commands = {n.rpartition(".")[2] for n in found if n.startswith("recond.commands.")}
    assert commands == {"complete", "frame", "index", "inventory", "program", "values"}


def test_the_boards_judging_process_loads_no_database() -> None:
    code = "import sys, recond.board.judge; sys.exit('sqlalchemy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False).returncode == 0


def test_the_index_is_what_the_modules_declare() -> None:
    from recond.commands.frame import app

    for module in {entry.module for entry in ENTRIES.values()}:
        importlib.import_module(f"recond.commands.{module}")
    found: list[Any] = [*app.registered_commands, *app.registered_groups]
    declared: dict[str, Any] = {str(one.name): one for one in found}
    assert set(declared) == set(ENTRIES)
    for name, one in declared.items():
        told = one.help if isinstance(one.help, str) else one.typer_instance.info.help
        assert told == text("fr", ENTRIES[name].about), name


def test_help_names_each_command_and_option(tmp_path: Path) -> None:
    shown = recond("--help", folder=tmp_path).stdout
    for name in (*ENTRIES, *(placeholder("fr", option) for option, _ in OPTIONS)):
        assert f"\n  {name} " in shown, name
    assert all(len(line) <= 80 for line in shown.splitlines())


@pytest.mark.parametrize(
    ("encoding", "arguments"),
    [
        ("iso-8859-15", ("--help",)),
        ("iso-8859-15", ("check",)),
        ("iso-8859-15", ("inspect",)),
        ("iso-8859-15", ("inspect", "--json")),
        ("iso-8859-15", ("wipe", "--help")),
        ("iso-8859-15", ("nope",)),
        # other letters are lacking, one function writes them all
        *((one, ("check",)) for one in ("ascii", "cp1252", "iso-8859-1")),
        ("ascii", ("--help",)),
    ],
)
def test_any_locale_prints(encoding: str, arguments: tuple[str, ...], tmp_path: Path) -> None:
    (tmp_path / "capture/sys").mkdir(parents=True)
    given = (
        (*arguments, "--from", str(tmp_path / "capture")) if len(arguments[0]) > 4 else arguments
    )
    if arguments[0] in ("--help", "wipe", "nope"):
        given = arguments
    done = subprocess.run(
        [sys.executable, "-m", "recond", *given],
        cwd=ROOT,
        env={**os.environ, "PYTHONIOENCODING": f"{encoding}:strict", "LANG": "fr_FR.ISO-8859-15"},
        capture_output=True,
        check=False,
    )
    assert b"Traceback" not in done.stderr, done.stderr[-500:]
    assert done.returncode in (0, 2, 3)
    if encoding != "ascii":  # the framework writes UTF-8 there, for it believes no such locale
        (done.stdout + done.stderr).decode(encoding)
    assert b"?" not in done.stdout.replace(b"[?]", b"") or arguments[0] in ("inspect", "check")


@pytest.mark.parametrize(
    ("encoding", "arguments"),
    [
        ("iso-8859-15", ("plan", "--from", "capture")),
        ("iso-8859-15", ("inspect", "--diff", "capture", "capture")),
        ("iso-8859-15", ("doctor",)),
        ("iso-8859-15", ("methods",)),
        ("iso-8859-15", ("verify", "paper")),
        ("iso-8859-15", ("wipe", "paper", "--image")),
        ("iso-8859-15", ("run", "paper", "--image")),
        ("iso-8859-15", ("guided", "--plain")),
        ("iso-8859-15", ("key",)),
        ("iso-8859-15", ("queue",)),
        ("ascii", ("doctor",)),
        ("ascii", ("run", "paper", "--image")),
        ("ascii", ("guided", "--plain")),
    ],
)
def test_any_locale_runs_every_command(
    encoding: str, arguments: tuple[str, ...], tmp_path: Path
) -> None:
    """The C locale and an 8-bit one: sentences with letters that they lack, and no traceback."""
    (tmp_path / "capture/sys").mkdir(parents=True)
    (tmp_path / "paper").write_bytes(bytes(1 << 20))
    done = subprocess.run(
        [sys.executable, "-m", "recond", "--lang", "fr", "--state", "state", *arguments],
        cwd=tmp_path,
        env={
            **os.environ,
            "PYTHONPATH": str(ROOT),
            "PYTHONIOENCODING": f"{encoding}:strict",
            "PYTHONUTF8": "0",
            "PYTHONCOERCECLOCALE": "0",
            "LC_ALL": "C",
        },
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    assert b"Traceback" not in done.stderr, done.stderr[-500:]
    assert done.returncode in (0, 2, 4, 7, 9, 130)
    assert done.stdout or done.stderr


@pytest.mark.parametrize("closed", ["<&-", "<&- >&- 2>&-"])
def test_a_closed_stream_leads_nowhere(tmp_path: Path, closed: str) -> None:
    """Python has no stream then, and what is opened next, a disk perhaps, takes its number."""
    done = subprocess.run(
        ["sh", "-c", f'exec "$0" -m recond sitting {closed}', sys.executable],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT), "RECOND_STATE": str(tmp_path / "state")},
        capture_output=True,
        check=False,
    )
    assert (done.returncode, b"Traceback" in done.stderr) == (0, False)
