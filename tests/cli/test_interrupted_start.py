"""Ctrl-C while recond is being loaded: it ends as any program does, without a traceback."""

from __future__ import annotations

import signal
import subprocess
import sys
from pathlib import Path

import pytest

PRESSED = """
import os, signal, sys

class Press:
    def find_spec(self, name, path=None, target=None):
        if name == {module!r}:
            os.kill(os.getpid(), signal.SIGINT)

# as on a terminal: who runs the tests in the background has it ignored, and so had we
signal.signal(signal.SIGINT, signal.default_int_handler)
sys.meta_path.insert(0, Press())
from recond.__main__ import main
sys.argv = ["recond", "--lang", "en", "--state", {state!r}, "queue"]
main()
"""


def pressed_at(module: str, state: Path) -> subprocess.CompletedProcess[str]:
    """`recond queue`, and Ctrl-C as `module` is looked for."""
    script = PRESSED.format(module=module, state=str(state))
    argv = (sys.executable, "-c", script)
    return subprocess.run(argv, capture_output=True, text=True, check=False, timeout=60)


@pytest.mark.parametrize("module", ["recond.cli", "recond.commands.program", "typer"])
def test_before_it_can_speak_the_signal_ends_it(tmp_path: Path, module: str) -> None:
    done = pressed_at(module, tmp_path / "state")
    assert (done.returncode, done.stderr) == (-signal.SIGINT, "")


def test_from_then_on_it_ends_with_its_own_code(tmp_path: Path) -> None:
    done = pressed_at("recond.flow.deliver.queue", tmp_path / "state")
    assert done.returncode == 128 + signal.SIGINT
    assert len(done.stderr.splitlines()) <= 1
