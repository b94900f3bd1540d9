"""Workers as forks of their supervisor, for what starts thousands of them."""

from __future__ import annotations

import contextlib
import os
import sys
import time
from pathlib import Path
from typing import Any

import recond.wipe.worker as worker_room
from recond.host.workers import Worker, Workers
from tests.flow.struck import fork


class Forked:
    """A worker as a fork of its supervisor, which costs a hundredth of a new interpreter."""

    def __init__(self, pid: int, out: int) -> None:
        self.pid = pid
        self.stdout = os.fdopen(out, "rb", buffering=0)
        self.stdin = None
        self.returncode: int | None = None

    def poll(self) -> int | None:
        if self.returncode is None:
            with contextlib.suppress(ChildProcessError):
                found, status = os.waitpid(self.pid, os.WNOHANG)
                if found:
                    self.returncode = status
        return self.returncode

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)


class ForkedWorkers(Workers):
    """Workers as forks, whose changes of files count on from their supervisor's; `pids` is a file
    that names each.
    """

    def __init__(self, pids: Path) -> None:
        super().__init__()
        self._pids = pids

    def start(
        self,
        name: str,
        module: str,
        argv: tuple[str, ...],
        errors: Path,
        *,
        secret: str | None = None,
    ) -> Worker:
        read, write = os.pipe()

        def work() -> None:
            sys.settrace(None)
            os.close(read)
            os.dup2(write, 1)
            sys.stdout = os.fdopen(1, "w", closefd=False)
            self.work(argv)

        pid = fork(work, errors)
        os.close(write)
        with self._pids.open("a") as stream:
            stream.write(f"{pid}\n")
        process: Any = Forked(pid, read)
        worker = Worker(name, process, errors, time.monotonic())
        self._all.append(worker)
        os.set_blocking(process.stdout.fileno(), False)
        self._selector.register(process.stdout, 1, worker)
        return worker

    def work(self, argv: tuple[str, ...]) -> None:
        """What the fork does."""
        worker_room.main(list(argv))
