"""A folder is walked as its paths sort, and the first files are told before it is walked whole."""

from __future__ import annotations

import os
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from recond.host.below import files_below

NAMES = (
    "record.json",
    "b/record.json",
    "b.zip",
    "b/a/record.json",
    "a-b/record.json",
    "a/z/x.zip",
    "a/record.json",
    "a.zip/record.json",
    "é/record.json",
    "Z/.x.zip",
    "a/record.json.zip",
)
PATTERNS = ("record.json", "[!.]*.zip")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in NAMES:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(b"")
    (tmp_path / "c").symlink_to(tmp_path / "b")  # its files are told of `b`
    return tmp_path


def test_what_matches_is_told_as_paths_sort_by_one_pattern_after_the_other(folder: Path) -> None:
    there = [Path(top, n) for top, inner, own in os.walk(folder) for n in (*inner, *own)]
    assert list(files_below(folder, *PATTERNS)) == [
        path
        for pattern in PATTERNS
        for path in sorted(there, key=lambda path: path.parts)
        if fnmatchcase(path.name, pattern)
    ]


def test_the_first_is_told_before_the_rest_is_listed(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ten thousand folders take seconds from a disk, in which the first records are looked at."""
    listed: list[str] = []
    scandir = os.scandir

    def listing(path: str) -> object:
        listed.append(path)
        return scandir(path)

    monkeypatch.setattr(os, "scandir", listing)
    assert next(files_below(folder, *PATTERNS)) == folder / "a" / "record.json"
    assert str(folder / "b") not in listed


def test_what_cannot_be_listed_holds_nothing(tmp_path: Path) -> None:
    assert list(files_below(tmp_path / "nowhere", *PATTERNS)) == []
