"""What a caller handed on: standard streams that it closed (`<&-`), children that it ignores.

Why: Python has no stream then, and the next file that is opened, which may be a disk, takes its
number: what writes to standard error by number would write there.
"""

from __future__ import annotations

import os
import signal
import sys


def open_streams() -> None:
    """Lead each standard stream that is closed nowhere. Call first of all."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: PTH123, SIM115


def hear_children() -> None:
    """Undo an ignored SIGCHLD that was inherited: each tool and worker would seem to have ended
    well, whatever it did (waitpid(2), ECHILD).
    """
    if signal.getsignal(signal.SIGCHLD) == signal.SIG_IGN:
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)


def hear_interrupts() -> None:
    """Make Ctrl-C an exception again, which ends with a sentence; while the program was loaded it
    ended the process (`recond.__main__`). Who was started with SIGINT ignored keeps it so.
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_DFL:
        signal.signal(signal.SIGINT, signal.default_int_handler)
