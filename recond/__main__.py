"""`python -m recond` and the installed `recond` command."""

from __future__ import annotations

import os
import signal
import sys

READER_GONE = 128 + 13
"""As of a program that SIGPIPE ends: what was to be said was not, so it is no success."""
NOT_WRITTEN = 9


def main() -> None:
    """Run the command line and exit with its code."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        # until the program can say something (`run_program`) Ctrl-C just ends it, as any program
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    from recond.cli import run_app

    code = 0
    try:
        code = run_app()
        sys.stdout.flush()
    except BrokenPipeError:
        # the reader of our output is gone (`recond inspect | head`): no traceback for that
        code = _lead_nowhere(code or READER_GONE)
    except OSError:  # of the flush, onto a full disk: the program answers for its own
        code = _lead_nowhere(code or NOT_WRITTEN)
    sys.exit(code)


def _lead_nowhere(code: int) -> int:
    """Let what is left in the buffer go: Python would fail by it once more at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return code


if __name__ == "__main__":
    main()
