"""How much memory the kernel sees: psutil on this computer, /proc/meminfo of a recording.

Why: psutil reads the running system only; a capture brings its own /proc. Both give MemTotal.
"""

from __future__ import annotations

import re
from pathlib import Path

from recond.host.files import Files
from recond.model import Known, Reading, Unknown, Why

MEMINFO = "/proc/meminfo"


def read_visible_bytes(files: Files) -> Reading[int]:
    """Bytes of RAM that the kernel uses (proc(5), MemTotal)."""
    if files.root == Path("/"):
        import psutil

        try:
            return Known(int(psutil.virtual_memory().total), "psutil:virtual_memory")
        except (OSError, KeyError, ValueError):
            return Unknown(Why.UNREADABLE, MEMINFO)
    text = files.read_text(MEMINFO)
    if isinstance(text, Unknown):
        return text
    found = re.search(r"^MemTotal:\s+([0-9]{1,12}) kB$", text, re.MULTILINE)
    return Known(int(found[1]) * 1024, MEMINFO) if found else Unknown(Why.UNPARSABLE, MEMINFO)
