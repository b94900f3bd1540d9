"""`python -m recond` and the installed `recond` command."""

from __future__ import annotations

import os
import sys


def main() -> None:
    """Run the command line and exit with its code."""
    from recond.cli import run_app

    try:
        code = run_app()
        sys.stdout.flush()
    except BrokenPipeError:
        # the reader of our output is gone (`recond inspect | head`): no traceback for that
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        code = 0
    sys.exit(code)


if __name__ == "__main__":
    main()
