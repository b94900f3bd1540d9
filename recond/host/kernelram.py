"""How much memory the kernel sees: /proc/meminfo, of this computer or of a recording."""

from __future__ import annotations

import re

from recond.host.files import Files
from recond.model import Known, Reading, Unknown, Why

MEMINFO = "/proc/meminfo"


def read_visible_bytes(files: Files) -> Reading[int]:
    """Bytes of RAM that the kernel uses (proc(5), MemTotal)."""
    text = files.read_text(MEMINFO)
    if isinstance(text, Unknown):
        return text
    found = re.search(r"^MemTotal:\s+([0-9]{1,12}) kB$", text, re.MULTILINE)
    return Known(int(found[1]) * 1024, MEMINFO) if found else Unknown(Why.UNPARSABLE, MEMINFO)
