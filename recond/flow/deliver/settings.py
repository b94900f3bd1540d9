"""The destinations of this bench: `destinations.toml` in the state folder, mode 0600.

Why a file of its own: it holds secrets. It is refused when others may read it, and a mistake in it
is named with its key, never with its value.
"""

from __future__ import annotations

import re
from pathlib import Path

import tomli_w

from recond.documents import read_toml
from recond.errors import UsageError
from recond.host.reason import os_reason
from recond.host.regular import read_regular
from recond.host.spool import Spool
from recond.host.store import is_private
from recond.upload.settings import Settings, check_settings

__all__ = ["Settings"]  # for what shows a destination
FILE = "destinations.toml"
MOST_BYTES = 1 << 20


def read_settings(state: Path) -> tuple[Settings, ...]:
    """The destinations in the file's order. Raises `UsageError` for a mistake in the file."""
    path = state / FILE
    try:
        if not is_private(path):
            raise UsageError("upload.config.mode", file=str(path))
        raw = read_toml(read_regular(path, MOST_BYTES).decode("utf-8"))
    except FileNotFoundError:
        return ()
    except (OSError, ValueError) as error:
        raise UsageError("upload.config.unreadable", file=str(path), reason=_place(error)) from None
    return tuple(check_settings(name, table) for name, table in raw.items())


def _place(error: Exception) -> str:
    # a parser's message may quote the line, and the line may be the token's
    found = re.search(r"at line \d+, column \d+", str(error))
    if found:
        return found[0]
    return os_reason(error) if isinstance(error, OSError) else type(error).__name__


def write_settings(state: Path, settings: tuple[Settings, ...]) -> None:
    """Write the file, whole or not at all."""
    tables = {one.name: {"kind": one.kind, **one.values} for one in settings}
    Spool(state).save(FILE, tomli_w.dumps(tables).encode(), mode=0o600)
