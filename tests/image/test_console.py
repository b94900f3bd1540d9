"""The image's console: recond is loaded while the stick is read, and goes by what stands on it."""

from __future__ import annotations

import fcntl
import json
import os
import pty
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pytest

from recond.commands import console
from recond.flow.live.order import StickOrder, environment
from recond.flow.live.stick import Live
from recond.host import Host

ROOT = Path(__file__).parents[2]
CONSOLE = ROOT / "packaging/image/root/usr/lib/recond/console"
STARTING = "recond démarre et lit la clé\nrecond is starting and reads the stick\n"

PREPARE = """
import json, os, sys
from pathlib import Path
from recond.commands.console import prepare
from recond.flow.live.stick import Live
from recond.flow.live.mirror import Places
from recond.host import Files, Host
from recond.locale import language

base = Path(sys.argv[1])
live = Live(base / "run", base / "recond.toml", Places(base / "state", base / "results/out"))
words = prepare(Host(files=Files(base / "machine")), live, 3)
(base / "told").write_text(json.dumps({
    "words": words, "folder": os.getcwd(), "lot": os.environ.get("RECOND_LOT"),
    "language": language(None, dict(os.environ)), "loaded": sorted(sys.modules),
}))
"""


class Prepared:
    """A process of its own that prepares; it waits until `the_stick_is_read`."""

    def __init__(self, base: Path, terminal: int | None = None) -> None:
        self.base = base
        for name in ("run", "results", "machine"):
            (base / name).mkdir()
        read, self._held = os.pipe()
        self.process = subprocess.Popen(
            [sys.executable, "-c", PREPARE, str(base), str(read)],
            env={**os.environ, "LANG": "fr_FR.UTF-8", "TERM": "linux", "PYTHONPATH": str(ROOT)},
            stdin=subprocess.DEVNULL if terminal is None else terminal,
            stdout=subprocess.PIPE if terminal is None else terminal,
            stderr=None if terminal is None else terminal,
            pass_fds=(read,),
        )
        os.close(read)

    def the_stick_is_read(self, order: StickOrder | None) -> tuple[dict[str, object], str]:
        """What it has come to, and what it said; `order`: None where the service failed."""
        if order is not None:
            text = environment(order, str(self.base / "results/out"), 0)
            (self.base / "run/console.env").write_text(text, encoding="utf-8")
        assert self.process.poll() is None, "it did not wait"
        assert not (self.base / "told").exists()
        os.close(self._held)
        said = self.process.communicate(timeout=60)[0]
        assert self.process.returncode == 0
        told: dict[str, object] = json.loads((self.base / "told").read_text())
        return told, (said or b"").decode()


def test_it_goes_by_what_was_read_while_it_loaded(tmp_path: Path) -> None:
    prepared = Prepared(tmp_path)
    assert prepared.process.stdout is not None
    said = prepared.process.stdout.readline() + prepared.process.stdout.readline()
    assert said.decode() == STARTING  # at once, and in both: the language stands on the stick
    told, later = prepared.the_stick_is_read(StickOrder(language="en", lot="2026-11-A"))
    out = str(tmp_path / "results/out")
    assert told["words"] == ["guided", "--out", out, "--lot", "2026-11-A"]
    assert (told["language"], told["lot"]) == ("en", "2026-11-A")
    assert told["folder"] == str(tmp_path / "results")
    assert later.startswith("This computer’s command line")
    loaded = told["loaded"]
    assert isinstance(loaded, list)
    assert "recond.guided.start" in loaded
    assert not {"typer", "recond.commands.frame", "textual"} & set(loaded)  # no words settled yet


def test_the_firmwares_own_font_has_its_letters() -> None:
    """A screen gets recond's font when the drivers of the display have come, which is later."""
    assert STARTING.encode("cp437").decode("cp437") == STARTING


def test_what_draws_is_loaded_where_it_is_drawn(tmp_path: Path) -> None:
    leader, follower = pty.openpty()
    fcntl.ioctl(follower, termios.TIOCSWINSZ, struct.pack("HHHH", 25, 80, 0, 0))
    told, _ = Prepared(tmp_path, follower).the_stick_is_read(StickOrder())
    os.close(follower)
    os.close(leader)
    assert isinstance(told["loaded"], list)
    assert {"recond.guided.app", "textual.drivers.linux_driver"} <= set(told["loaded"])
    assert "typer" not in told["loaded"]


def test_an_unattended_run_is_only_watched(tmp_path: Path) -> None:
    told, said = Prepared(tmp_path).the_stick_is_read(StickOrder(mode="unattended", erase="all"))
    assert (told["words"], said) == ([], STARTING)


def test_a_failed_service_leaves_a_dialogue(tmp_path: Path) -> None:
    told, _ = Prepared(tmp_path).the_stick_is_read(None)
    assert told["words"] == ["guided", "--out", "recond-out"]
    assert told["language"] == "fr"


def test_a_console_says_how_it_stands_before_it_asks(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    said: list[str] = []
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(console, "welcome", lambda *_: said.append("welcome"))
    monkeypatch.setattr(console, "ask", lambda *_: said.append("ask"))
    monkeypatch.setattr(console, "wait_for_end", lambda _: said.append("waited"))
    assert console.prepare(Host(), Live(tmp_path), -1) == ["guided", "--out", "recond-out"]
    assert said == ["waited", "welcome", "ask"]


@pytest.mark.parametrize(
    ("mode", "code", "settled", "called"),
    [
        ("guided", 0, 0, ["stick settled", "stick welcome"]),
        ("guided", 5, 0, ["stick welcome"]),
        ("unattended", 0, 0, ["journalctl --unit"]),
    ],
)
def test_what_the_console_calls(
    tmp_path: Path, mode: str, code: int, settled: int, called: list[str]
) -> None:
    """As the script stands, on a terminal: what reads the stick ends while recond is loaded."""
    tools, log, env = tmp_path / "bin", tmp_path / "log", tmp_path / "console.env"
    tools.mkdir()
    answers = {
        "systemctl": f"echo RECOND_MODE={mode} >{env}; echo RECOND_OUT={tmp_path}/out >>{env}",
        "dialogue": f"read -r _ <&3; grep -q RECOND_MODE={mode} {env} || exit 99; exit {code}",
        "stick": f"exit {settled}",
        **dict.fromkeys(("journalctl", "setfont", "clear", "login"), "exit 0"),
    }
    for name, text in answers.items():
        if name not in ("clear", "setfont"):
            text = f'echo "{name} $1" >>{log}; {text}'
        (tools / name).write_text(f"#!/bin/sh\n{text}\n")
        (tools / name).chmod(0o755)
    script = CONSOLE.read_text(encoding="utf-8")
    for old, new in (
        ("PATH=/usr/local/sbin:", f"PATH={tools}:/usr/local/sbin:"),
        ("/usr/lib/recond/", f"{tools}/"),
        ("/run/recond/console.env", str(env)),
        ("/dev/tty[0-9]*)", "/dev/pts/*)"),
        ("exec bash --login", f"{tools}/login $RECOND_OUT"),
    ):
        assert old in script
        script = script.replace(old, new)
    leader, follower = pty.openpty()
    subprocess.run(["/bin/bash", "-c", script], check=True, stdin=follower, stdout=follower)
    os.close(follower)
    os.close(leader)
    lines = log.read_text().splitlines()
    assert sorted(lines[:2]) == ["dialogue ", "systemctl start"]
    assert lines[2:] == [*called, f"login {tmp_path}/out"]
