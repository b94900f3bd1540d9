"""The command line as a person uses it: a process of its own, its own folder and state."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Done:
    code: int
    stdout: str
    stderr: str


def environment(folder: Path) -> dict[str, str]:
    return {
        **{key: value for key, value in os.environ.items() if key not in ("LC_ALL", "LC_MESSAGES")},
        "PYTHONPATH": str(ROOT),
        "RECOND_STATE": str(folder / "state"),
        "LANG": "fr_FR.UTF-8",
        "XDG_CONFIG_HOME": str(folder / "config"),
        "PYTHONIOENCODING": "utf-8",
    }


def recond(*arguments: str, folder: Path, stdin: str = "", timeout_s: int = 120) -> Done:
    done = subprocess.run(
        [sys.executable, "-m", "recond", *arguments],
        cwd=folder,
        env=environment(folder),
        input=stdin,
        capture_output=True,
        text=True,
        timeout=timeout_s,
    )
    return Done(done.returncode, done.stdout, done.stderr)
