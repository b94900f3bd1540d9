"""The processes of this computer by their command line, from /proc: no tool that may be absent."""

from __future__ import annotations

import contextlib
import os
import re
import signal
from pathlib import Path


def pids_of(pattern: str) -> tuple[int, ...]:
    """The processes whose command line, joined by spaces, a regular expression finds."""
    found = []
    for place in Path("/proc").iterdir():
        if place.name.isdecimal() and int(place.name) != os.getpid():
            with contextlib.suppress(OSError):
                words = (place / "cmdline").read_bytes().decode("utf-8", "replace").split("\0")
                if re.search(pattern, " ".join(words)):
                    found.append(int(place.name))
    return tuple(found)


def kill_all(pattern: str) -> tuple[int, ...]:
    """SIGKILL to each of them; those that it was sent to."""
    found = pids_of(pattern)
    for pid in found:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    return found
