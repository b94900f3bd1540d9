"""Worker processes: started, listened to, stopped. The supervisor's hands.

Why: one process a disk; each in a session of its own, so that Ctrl-C reaches only the supervisor,
which then asks the workers. A worker's output is a pipe of JSON lines; its errors go to a file.
"""

from __future__ import annotations

import contextlib
import os
import selectors
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from recond.host.log import SECRETS
from recond.host.regular import open_regular
from recond.progress import ProgressEvent, read_event


def worker_environment(paths: list[str]) -> dict[str, str]:
    """This process's environment with the folders that recond is loaded from, and without secrets:
    a worker erases and needs none.
    """
    kept = {name: value for name, value in os.environ.items() if not SECRETS.match(name)}
    return kept | {"PYTHONPATH": os.pathsep.join(paths), "PYTHONDONTWRITEBYTECODE": "1"}


@dataclass(slots=True)
class Worker:
    """One running worker. `silent_since` is when it last said something (monotonic seconds)."""

    name: str
    process: subprocess.Popen[bytes]
    errors: Path
    silent_since: float
    pending: bytes = b""
    ended: bool = False
    killed: bool = field(default=False)


class Workers:
    """A set of workers; `events` yields what they say until all have ended."""

    def __init__(self) -> None:
        self._all: list[Worker] = []
        self._selector = selectors.DefaultSelector()

    def start(
        self,
        name: str,
        module: str,
        argv: tuple[str, ...],
        errors: Path,
        *,
        secret: str | None = None,
    ) -> Worker:
        """Start `python -m module argv…`. `secret` is one line on its standard input."""
        paths = [entry for entry in sys.path if entry and Path(entry).is_dir()]
        env = worker_environment(paths)
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC
        with os.fdopen(open_regular(errors, flags), "wb") as stderr:
            process = subprocess.Popen(
                [sys.executable, "-m", module, *argv],
                stdin=subprocess.PIPE if secret else subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=stderr,
                start_new_session=True,
                env=env,
                cwd="/",
            )
        if secret and process.stdin is not None:
            with contextlib.suppress(OSError), process.stdin as pipe:
                pipe.write(secret.encode() + b"\n")
        worker = Worker(name, process, errors, time.monotonic())
        self._all.append(worker)
        if process.stdout is not None:
            os.set_blocking(process.stdout.fileno(), False)
            self._selector.register(process.stdout, selectors.EVENT_READ, worker)
        return worker

    @property
    def running(self) -> tuple[Worker, ...]:
        """The workers that have not ended."""
        return tuple(worker for worker in self._all if not worker.ended)

    def ended_by(self, name: str) -> int | None:
        """The signal that ended a worker; None where it ended by itself, or has not."""
        for worker in self._all:
            code = worker.process.poll() if worker.name == name else None
            if code is not None and code < 0:
                return -code
        return None

    def signal(self, number: int) -> None:
        """Send a signal to every running worker."""
        for worker in self.running:
            with contextlib.suppress(ProcessLookupError):
                worker.process.send_signal(number)

    def kill(self, worker: Worker) -> None:
        """End a worker at once. One that hangs in the kernel dies when its request returns."""
        worker.killed = True
        with contextlib.suppress(ProcessLookupError):
            worker.process.send_signal(signal.SIGKILL)

    def events(self, tick_s: float = 0.2) -> Iterator[tuple[Worker, ProgressEvent] | None]:
        """(worker, event) for each line, None at each tick; ends when every worker has ended."""
        while self.running:
            for key, _ in self._selector.select(tick_s):
                worker: Worker = key.data
                yield from self._read(worker)
            for worker in self.running:
                if worker.process.poll() is not None:
                    yield from self._read(worker)
                    self.forget(worker)
            yield None

    def forget(self, worker: Worker) -> None:
        """Stop listening to a worker: it ended, or it hangs and was given up."""
        worker.ended = True
        if worker.process.stdout is not None and not worker.process.stdout.closed:
            with contextlib.suppress(KeyError, ValueError):
                self._selector.unregister(worker.process.stdout)
            worker.process.stdout.close()

    def _read(self, worker: Worker) -> Iterator[tuple[Worker, ProgressEvent]]:
        stream = worker.process.stdout
        if stream is None or stream.closed:
            return
        while True:
            try:
                raw = os.read(stream.fileno(), 65536)
            except (BlockingIOError, ValueError, OSError):
                return
            if not raw:
                return
            worker.silent_since = time.monotonic()
            *lines, worker.pending = (worker.pending + raw).split(b"\n")
            for line in lines:
                event = read_event(line)
                if event is not None:
                    yield worker, event
