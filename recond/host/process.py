"""Processes: the only place that starts one.

Why: one fixed environment (`LC_ALL=C.UTF-8`, no standard input, a time limit, bytes kept as they
came) so that a parser sees the same text everywhere and a recording can stand in for the machine.
No shell, ever. A missing tool is an answer (`returncode` 127), not an exception.
"""

from __future__ import annotations

import os
import subprocess
import time
from dataclasses import dataclass
from typing import Protocol

NOT_FOUND = 127
TIMED_OUT = 124
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True, slots=True)
class Completed:
    """A process that ended. `returncode` is 127 for a missing tool, 124 past the time limit."""

    argv: tuple[str, ...]
    returncode: int
    stdout: bytes
    stderr: bytes
    duration_ms: int

    @property
    def text(self) -> str:
        """Standard output as text; bytes that are not UTF-8 are replaced."""
        return self.stdout.decode("utf-8", "replace")

    @property
    def missing(self) -> bool:
        """Whether the tool is not installed."""
        return self.returncode == NOT_FOUND


class Processes(Protocol):
    """Starts processes, or replays recorded ones."""

    def run(self, argv: tuple[str, ...], *, timeout_s: float = 30.0) -> Completed:
        """Run a tool to its end; never raises for what the tool does."""


class LocalProcesses:
    """Processes of this computer."""

    def run(self, argv: tuple[str, ...], *, timeout_s: float = 30.0) -> Completed:
        """Run a tool to its end; a hanging one is killed after `timeout_s` seconds."""
        started = time.monotonic()
        env = {"LC_ALL": "C.UTF-8", "PATH": _path(), "HOME": "/nonexistent"}
        try:
            done = subprocess.run(
                argv,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=timeout_s,
                env=env,
                check=False,
                cwd="/",
            )
            code, out, err = done.returncode, done.stdout, done.stderr
        except (FileNotFoundError, PermissionError) as error:
            code, out, err = NOT_FOUND, b"", str(error).encode()
        except subprocess.TimeoutExpired as error:
            code, out, err = TIMED_OUT, error.stdout or b"", error.stderr or b""
        elapsed = int((time.monotonic() - started) * 1000)
        return Completed(tuple(argv), code, out, err, elapsed)


def _path() -> str:
    # sbin first: a plain user's PATH on Debian has no smartctl
    return _PATH + ":" + os.environ.get("PATH", "")
