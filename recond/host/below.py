"""The files below a folder, at any depth.

Why: a stranger's stick may hold a folder deeper than Python's stack, in which `Path.rglob` of
Python 3.11 ends with an error of its own. Follows no link to a folder; what cannot be listed holds
nothing.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import suppress
from fnmatch import translate
from operator import attrgetter
from pathlib import Path


def files_below(folder: Path, *patterns: str) -> Iterator[Path]:
    """The entries whose names match the first of the shell's patterns, then those of the second, …,
    each in the order of their paths. The first are told while the folders are walked.
    """
    now, *later = [re.compile(translate(pattern)).match for pattern in patterns]
    kept: list[list[str]] = [[] for _ in later]
    for name, path in _all_below(folder):
        if now(name):
            yield Path(path)
        for matches, found in zip(later, kept, strict=True):
            if matches(name):
                found.append(path)
    for found in kept:
        yield from map(Path, found)


def _all_below(folder: Path) -> Iterator[tuple[str, str]]:
    """The name and the path of each entry, as paths sort: a folder's before the next name's."""
    left = [_entries(str(folder))]
    while left:
        entry = next(left[-1], None)
        if entry is None:
            left.pop()
            continue
        yield entry.name, entry.path
        if _is_folder(entry):
            left.append(_entries(entry.path))


def _entries(folder: str) -> Iterator[os.DirEntry[str]]:
    found: list[os.DirEntry[str]] = []
    with suppress(OSError), os.scandir(folder) as listing:
        found += listing
    return iter(sorted(found, key=attrgetter("name")))


def _is_folder(entry: os.DirEntry[str]) -> bool:
    with suppress(OSError):
        return entry.is_dir(follow_symlinks=False)
    return False
