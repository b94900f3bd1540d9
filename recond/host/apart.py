"""Something tried in a process of its own, so that what it loads does not stay here.

Why: a command waits for hours while its workers erase. The libraries of a certificate (fonts, PDF,
signatures) are 60 MiB that nobody needs until the end. The process is forked: what the trial needs
is there. A process with several threads must not fork; then nothing is tried.
"""

from __future__ import annotations

import ctypes
import os
import signal
import threading
from collections.abc import Callable

PR_SET_PDEATHSIG = 1  # Linux, <sys/prctl.h>


def succeeds_apart(work: Callable[[], object]) -> bool:
    """Whether `work` ended without an exception in a process of its own.

    False says nothing of why: whoever must know does it here. The process ends with its parent.
    """
    if threading.active_count() > 1:
        return False
    parent = os.getpid()
    try:
        child = os.fork()
    except OSError:  # too many processes, no memory
        return False
    if child == 0:
        _end_with(work, parent)
    try:
        return os.waitpid(child, 0)[1] == 0
    except ChildProcessError:  # who started us ignores SIGCHLD: nobody knows how it ended
        return False
    except BaseException:  # Ctrl-C: nobody waits any more
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        raise


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
