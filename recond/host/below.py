"""The files below a folder, at any depth.

Why: a stranger's stick may hold a folder deeper than Python's stack, in which `Path.rglob` of
Python 3.11 ends with an error of its own. Follows no link to a folder; what cannot be listed holds
nothing.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from fnmatch import fnmatchcase
from pathlib import Path


def files_below(folder: Path, pattern: str) -> list[Path]:
    """The entries whose names match a pattern of the shell's, sorted by their paths."""
    return sorted(path for path in _all_below(folder) if fnmatchcase(path.name, pattern))


def _all_below(folder: Path) -> Iterator[Path]:
    left = [str(folder)]
    while left:
        try:
            with os.scandir(left.pop()) as listing:
                for entry in listing:
                    yield Path(entry.path)
                    if not entry.is_symlink() and entry.is_dir(follow_symlinks=False):
                        left.append(entry.path)
        except OSError:
            continue
