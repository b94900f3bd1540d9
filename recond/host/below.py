"""The files below a folder, at any depth.

Why: a stranger's stick may hold a folder deeper than Python's stack, in which `Path.rglob` of
Python 3.11 ends with an error of its own. Follows no link to a folder; what cannot be listed holds
nothing.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from fnmatch import translate
from pathlib import Path


def files_below(folder: Path, *patterns: str) -> tuple[list[Path], ...]:
    """Of each pattern of the shell's the entries whose names match, sorted by their paths."""
    asked = [(re.compile(translate(pattern)).match, list[str]()) for pattern in patterns]
    for name, path in _all_below(folder):
        for matches, found in asked:
            if matches(name):
                found.append(path)
    # as paths sort
    return tuple(list(map(Path, sorted(found, key=_parts))) for _, found in asked)


def _parts(path: str) -> list[str]:
    return path.split("/")


def _all_below(folder: Path) -> Iterator[tuple[str, str]]:
    """The name and the path of each entry."""
    left = [str(folder)]
    while left:
        try:
            with os.scandir(left.pop()) as listing:
                for entry in listing:
                    yield entry.name, entry.path
                    if entry.is_dir(follow_symlinks=False):
                        left.append(entry.path)
        except OSError:
            continue
