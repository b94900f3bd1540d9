"""A command as a fork of a process that has loaded its libraries already.

A command that makes a certificate loads them twice (for the trial, and at the end): over a second
of processor time, and the tests start a thousand commands. What is forked has arguments,
environment, folder, standard streams and exit code of its own, as a started one has. What it cannot
show is what a start loads and what `-m` makes of it: `test_startup.py`, `test_streams.py` and the
packages' tests start a Python of their own, as `command.started` does.

A disk's worker is a fork of the same process (`worker_process`), whoever starts it here: its own
session, folder, environment and streams, its module run from the top as `python -m` does. What a
started command starts has a Python of its own, with its name in the process table.
"""

from __future__ import annotations

import functools
import multiprocessing.process
import os
import runpy
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from multiprocessing import forkserver
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import SimpleNamespace
from typing import IO, Any

from recond.host import workers

WORKER = "recond.wipe.worker"


@functools.cache
def server() -> ForkServerContext:
    """One for each process of the tests; it ends with it."""
    context = ForkServerContext()
    context.set_forkserver_preload(["tests.cli.preloaded"])
    return context


@dataclass(frozen=True)
class Streams:
    """The files that become standard input, output and errors."""

    stdin: Path
    stdout: Path
    stderr: Path


def start(
    arguments: Sequence[str], folder: Path, env: Mapping[str, str], streams: Streams
) -> BaseProcess:
    """Start `recond ARGUMENTS` in a folder."""
    process = server().Process(target=_command, args=(arguments, folder, dict(env), streams))
    process.start()
    return process


class WorkerProcess:
    """What `recond.host.workers` asks of a worker's process, as `subprocess.Popen` answers it."""

    def __init__(self, process: BaseProcess, stdout: int, stdin: int | None) -> None:
        self._process, self.pid = process, process.pid
        self.stdout = os.fdopen(stdout, "rb", buffering=0)
        self.stdin = None if stdin is None else os.fdopen(stdin, "wb")

    @property
    def returncode(self) -> int | None:
        return self._process.exitcode

    def poll(self) -> int | None:
        return self._process.exitcode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid or 0, number)


def worker_process(argv: Sequence[str], **given: Any) -> Any:
    """`subprocess.Popen` for `recond.host.workers`: a disk's worker as a fork, all else started."""
    if argv[:3] != [sys.executable, "-m", WORKER]:
        return subprocess.Popen(argv, **given)
    errors: IO[bytes] = given["stderr"]
    (ours, theirs), asked = os.pipe(), given["stdin"] == subprocess.PIPE
    told, tell = os.pipe() if asked else (os.open(os.devnull, os.O_RDONLY), None)
    streams = (
        Connection(told, writable=False),
        Connection(theirs, readable=False),
        Connection(os.dup(errors.fileno()), readable=False),
    )
    process = server().Process(
        target=_worker, args=(argv[3:], given["cwd"], given["env"], *streams)
    )
    process.start()
    multiprocessing.process._children.discard(process)  # type: ignore[attr-defined] # outlives us
    for one in streams:
        one.close()
    return WorkerProcess(process, ours, tell)


def fork_workers() -> None:
    """Have this process start its workers so from now on."""
    kept = {name: getattr(subprocess, name) for name in ("PIPE", "DEVNULL")}
    vars(workers)["subprocess"] = SimpleNamespace(Popen=worker_process, **kept)


def _worker(
    arguments: Sequence[str],
    folder: str,
    env: Mapping[str, str],
    stdin: Connection,
    stdout: Connection,
    stderr: Connection,
) -> None:
    os.setsid()
    _begin(folder, env, (stdin.fileno(), stdout.fileno(), stderr.fileno()))
    for one in (stdin, stdout, stderr):
        one.close()
    sys.argv = [WORKER, *arguments]
    runpy.run_module(WORKER, run_name="__main__", alter_sys=True)


def _begin(folder: str | Path, env: Mapping[str, str], streams: Sequence[int]) -> None:
    """Be as a process that was just started there: environment, folder, standard streams."""
    os.environ.clear()
    os.environ.update(env)
    os.chdir(folder)
    for number, opened in enumerate(streams):
        os.dup2(opened, number)
    sys.stdin = os.fdopen(0, encoding="utf-8", closefd=False)
    sys.stdout = os.fdopen(1, "w", encoding="utf-8", closefd=False)
    sys.stderr = os.fdopen(2, "w", encoding="utf-8", errors="backslashreplace", closefd=False)


def _command(arguments: Sequence[str], folder: Path, env: dict[str, str], streams: Streams) -> None:
    opened = [
        os.open(file, flags | os.O_NOCTTY)
        for file, flags in (
            (streams.stdin, os.O_RDONLY),
            (streams.stdout, os.O_WRONLY),
            (streams.stderr, os.O_WRONLY),
        )
    ]
    _begin(folder, env, opened)
    for one in opened:
        os.close(one)
    # a fork of the server has the server's address, and would all the same start one of its own
    vars(forkserver._forkserver)["ensure_running"] = lambda: None
    fork_workers()
    sys.argv = ["recond", *arguments]
    runpy.run_module("recond", run_name="__main__", alter_sys=True)
