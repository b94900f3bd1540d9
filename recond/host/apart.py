"""Something tried in a process of its own, so that what it loads does not stay here.

Why: a command waits for hours while its workers erase. The libraries of a certificate (fonts, PDF,
signatures) are 60 MiB that nobody needs until the end. The process is forked: what the trial needs
is there. A process with several threads must not fork; then nothing is tried.

One that stays is asked once, hours later: until then it holds no file, no lock and no terminal of
whoever forked it, and it is the first that a system short of memory takes.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import signal
import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from recond.host.regular import write_regular

PR_SET_PDEATHSIG = 1  # Linux, <sys/prctl.h>
_DONE = b"\1"
_SUM_BYTES = 32
_PIECE = 1 << 16


class Waiting:
    """A process that did its work and waits for one question. Its answer is bytes: whoever asks
    looks at what they are.
    """

    def __init__(self, process: int, handle: int, line: socket.socket) -> None:
        self._process, self._handle, self._line = process, handle, line

    def ask(self, question: bytes, patience_s: float) -> bytes | None:
        """What it answers, whole; None where it is gone, failed, or said nothing in that time. It
        is there no more afterwards.
        """
        try:
            answer = self._answer(question, time.monotonic() + patience_s)
        except OSError:  # gone, or stopped: TimeoutError too
            return None
        finally:
            self.end()
        body, check = answer[:-_SUM_BYTES], answer[-_SUM_BYTES:]
        return body if check == hashlib.sha256(body).digest() else None

    def _answer(self, question: bytes, until: float) -> bytes:
        self._line.settimeout(max(until - time.monotonic(), 0.001))
        self._line.sendall(question)
        self._line.shutdown(socket.SHUT_WR)
        pieces: list[bytes] = []
        while True:
            self._line.settimeout(max(until - time.monotonic(), 0.001))
            piece = self._line.recv(_PIECE)
            if not piece:
                return b"".join(pieces)
            pieces.append(piece)

    def end(self) -> None:
        """It is not needed any more. A second time does nothing."""
        if self._handle < 0:
            return
        self._line.close()
        # by a handle: who started us may ignore the end of children, and a number be another's
        with suppress(ProcessLookupError):
            signal.pidfd_send_signal(self._handle, signal.SIGKILL)
        os.close(self._handle)
        self._handle = -1
        with suppress(ChildProcessError):
            os.waitpid(self._process, 0)


def waits_apart(work: Callable[[], object], answer: Callable[[bytes], bytes]) -> Waiting | None:
    """A process in which `work` ended without an exception, and which then waits to `answer`.

    None says nothing of why: whoever must know does it here. It ends with its parent at the latest.
    """
    if threading.active_count() > 1:
        return None
    parent = os.getpid()
    here, there = socket.socketpair()
    try:
        child = os.fork()
    except OSError:  # too many processes, no memory
        here.close()
        there.close()
        return None
    if child == 0:
        _end_with(lambda: _stay(work, answer, there), parent)
    there.close()
    try:
        waiting = Waiting(child, os.pidfd_open(child), here)
    except OSError:  # it ended already and nobody waits for it, or a kernel before 5.3
        here.close()  # which ends it
        return None
    try:
        done = here.recv(1) == _DONE
    except OSError:
        done = False
    except BaseException:  # Ctrl-C: nobody waits any more
        waiting.end()
        raise
    if not done:
        waiting.end()
        return None
    return waiting


def _stay(
    work: Callable[[], object], answer: Callable[[bytes], bytes], line: socket.socket
) -> None:
    """The child's life. The question ends with the line's other side, as does waiting for one."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    nothing = os.open(os.devnull, os.O_RDWR | os.O_CLOEXEC)
    # in their place and not closed: what holds a number here closes it some time
    for number in [int(one.name) for one in Path("/proc/self/fd").iterdir()]:
        if number > 2 and number not in (nothing, line.fileno()):
            with suppress(OSError):  # the list's own
                os.fstat(number)
                os.dup2(nothing, number, inheritable=False)
    work()
    for number in range(3):
        os.dup2(nothing, number)
    with suppress(OSError):
        write_regular(Path("/proc/self/oom_score_adj"), b"1000")
    line.sendall(_DONE)
    question = b"".join(iter(lambda: line.recv(_PIECE), b""))
    if question:
        found = answer(question)
        line.sendall(found + hashlib.sha256(found).digest())


def _end_with(work: Callable[[], object], parent: int) -> None:
    """The child: nothing of the parent's is flushed, unlocked or removed by its end."""
    code = 1
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the parent's
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() == parent:
            work()
            code = 0
    except BaseException:
        code = 1
    finally:
        os._exit(code)
