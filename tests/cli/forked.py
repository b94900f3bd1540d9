"""A command as a fork of a process that has loaded its libraries already.

A command that makes a certificate loads them twice (for the trial, and at the end): over a second
of processor time, and the tests start a thousand commands. What is forked has arguments,
environment, folder, standard streams and exit code of its own, as a started one has. What it cannot
show is what a start loads and what `-m` makes of it: `test_startup.py`, `test_streams.py` and the
packages' tests start a Python of their own, as `command.started` does.
"""

from __future__ import annotations

import functools
import os
import runpy
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess
from pathlib import Path


@functools.cache
def _server() -> ForkServerContext:
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
    process = _server().Process(target=_command, args=(arguments, folder, dict(env), streams))
    process.start()
    return process


def _command(arguments: Sequence[str], folder: Path, env: dict[str, str], streams: Streams) -> None:
    os.environ.clear()
    os.environ.update(env)
    os.chdir(folder)
    for number, (file, flags) in enumerate(
        (
            (streams.stdin, os.O_RDONLY),
            (streams.stdout, os.O_WRONLY),
            (streams.stderr, os.O_WRONLY),
        )
    ):
        opened = os.open(file, flags | os.O_NOCTTY)
        os.dup2(opened, number)
        os.close(opened)
    sys.stdin = os.fdopen(0, encoding="utf-8", closefd=False)
    sys.stdout = os.fdopen(1, "w", encoding="utf-8", closefd=False)
    sys.stderr = os.fdopen(2, "w", encoding="utf-8", errors="backslashreplace", closefd=False)
    sys.argv = ["recond", *arguments]
    runpy.run_module("recond", run_name="__main__", alter_sys=True)
