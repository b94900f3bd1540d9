"""Processes: the only place that starts one.

Why: one fixed environment (`LC_ALL=C.UTF-8`, no standard input, a time limit, bytes kept as they
came) so that a parser sees the same text everywhere and a recording can stand in for the machine.
No shell, ever. A missing tool is an answer (`returncode` 127), not an exception.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import time
from typing import IO, Protocol

from recond.frozen import dataclass
from recond.host.log import log_failed_tool

NOT_FOUND = 127
TIMED_OUT = 124
AFTER_KILL_S = 2.0
"""How long a killed tool may take to be gone; one in an uninterruptible wait takes for ever."""
SILENT_S = 1.0
"""What a tool wrote before its end is read at once; after so long nothing of it is left."""
MOST_BYTES = 64 << 20
"""What is kept of a tool's words; one that says more is ended, before it fills the memory."""
PIECE_BYTES = 1 << 16
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True, slots=True)
class Completed:
    """A process that ended. `returncode` is 127 for a missing tool, 124 past the time limit or for
    one that said more than `MOST_BYTES`.
    """

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
        try:
            code, out, err = _finish(start_process(argv), timeout_s)
        except (FileNotFoundError, PermissionError) as error:
            code, out, err = NOT_FOUND, b"", str(error).encode()
        elapsed = int((time.monotonic() - started) * 1000)
        if code not in (0, NOT_FOUND):
            log_failed_tool(tuple(argv), code, err)
        return Completed(tuple(argv), code, out, err, elapsed)


def start_process(argv: tuple[str, ...], words: IO[bytes] | None = None) -> subprocess.Popen[bytes]:
    """Start a tool; what it says goes into the file `words`, else into pipes. Raises `OSError`."""
    return subprocess.Popen(
        argv,
        stdin=subprocess.DEVNULL,
        stdout=words or subprocess.PIPE,
        stderr=subprocess.STDOUT if words else subprocess.PIPE,
        env={"LC_ALL": "C.UTF-8", "PATH": _path(), "HOME": "/nonexistent"},
        cwd="/",
        start_new_session=True,  # what it started itself is killed with it
    )


def _finish(process: subprocess.Popen[bytes], timeout_s: float) -> tuple[int, bytes, bytes]:
    """Its end, or 124 with what it said so far: past the time limit, or past what anybody reads. A
    tool that no signal ends (it hangs in the kernel) is left behind: the bench goes on, the tool
    dies when its request returns.
    """
    heard, end_s = _Heard(process), time.monotonic() + timeout_s
    if heard.until(end_s) and _has_ended(process, end_s):
        return process.returncode, *heard.said()
    _kill(process)
    end_s = time.monotonic() + AFTER_KILL_S
    heard.until(end_s)
    _has_ended(process, end_s)
    return TIMED_OUT, *heard.said()


def _has_ended(process: subprocess.Popen[bytes], end_s: float) -> bool:
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(max(0.0, end_s - time.monotonic()))
    return process.returncode is not None


class _Heard:
    """What a tool says, both of its streams, up to `MOST_BYTES`."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self._streams = [one for one in (process.stdout, process.stderr) if one is not None]
        self._parts: dict[int, list[bytes]] = {one.fileno(): [] for one in self._streams}
        self._left = MOST_BYTES
        self._open = selectors.DefaultSelector()
        for one in self._streams:
            self._open.register(one, selectors.EVENT_READ)

    def until(self, end_s: float) -> bool:
        """Hear it to its end; False where it is not at its end by then, or says too much.

        A tool that is gone and whose stream is silent has said all: what it left running (a
        printer's filter) may hold the stream open for as long as it likes.
        """
        while self._open.get_map():
            left_s = max(0.0, end_s - time.monotonic())
            ready = self._open.select(min(SILENT_S, left_s))
            if not ready and self._process.poll() is not None:
                return True
            if not ready and left_s <= SILENT_S:
                return False
            for key, _ in ready:
                if not self._left:
                    return False
                part = os.read(key.fd, min(PIECE_BYTES, self._left))
                self._left -= len(part)
                self._parts[key.fd].append(part)
                if not part:
                    self._open.unregister(key.fileobj)
        return True

    def said(self) -> tuple[bytes, bytes]:
        """Standard output and standard error; nothing is heard after it."""
        self._open.close()
        for one in self._streams:
            one.close()
        out, err = (b"".join(parts) for parts in self._parts.values())
        return out, err


def end_process(process: subprocess.Popen[bytes]) -> None:
    """Kill a tool with all that it started, and wait until it is gone."""
    _kill(process)
    _has_ended(process, time.monotonic() + AFTER_KILL_S)


def _kill(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)


def _path() -> str:
    # sbin first: a plain user's PATH on Debian has no smartctl
    return _PATH + ":" + os.environ.get("PATH", "")
