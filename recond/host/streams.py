"""The standard streams that a caller closed (`<&-`).

Why: Python has no stream then, and the next file that is opened, which may be a disk, takes its
number: what writes to standard error by number would write there.
"""

from __future__ import annotations

import os
import sys


def open_streams() -> None:
    """Lead each of them nowhere. Call first of all."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: PTH123, SIM115
