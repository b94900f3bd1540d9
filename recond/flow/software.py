"""The versions that a record states: whoever renders the page again must have the same."""

from __future__ import annotations

import platform
import zlib
from importlib import metadata

from recond import __version__
from recond.host.machineinfo import kernel_release

PAGE = "7"
"""Which drawing of the certificate: raised where the same record would give other pages."""


def versions() -> tuple[tuple[str, str], ...]:
    """(name, version) of recond, Python, the kernel and what draws the page, sorted by name."""
    found = {
        "recond": __version__,
        "page": PAGE,
        "python": platform.python_version(),
        "kernel": kernel_release() or "",
        "zlib": zlib.ZLIB_RUNTIME_VERSION,
    }
    for name in ("reportlab", "pikepdf"):
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = ""
    return tuple(sorted(found.items()))
