"""The wheels that the lock names, for each Python that a supported system has."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
import sys
import zipfile
from email.message import Message
from email.parser import BytesParser
from pathlib import Path

PYTHONS = ("3.11", "3.12", "3.13", "3.14")
"""Debian 12, Ubuntu 24.04, Debian 13, Ubuntu 26.04."""
_MANYLINUX = (17, 24, 26, 27, 28, 31, 34)
_STAMP = "whole"
_BUILD_ONLY = ("setuptools-", "pip-", "wheel-")


def fetch(lock: Path, machine: str, work: Path) -> dict[str, list[Path]] | None:
    """The wheels of `lock` by Python's version, checked by its hashes; None: not all exist.

    `machine` as the kernel names it (x86_64, aarch64). What an earlier run fetched for that lock
    is taken where each file is one that the lock names, by its hash.
    """
    sets: dict[str, list[Path]] = {}
    for python in PYTHONS:
        place = work / f"{machine}-{python}"
        if _is_there(place, lock):
            sets[python] = _of_use(place)
            continue
        shutil.rmtree(place, ignore_errors=True)
        place.mkdir(parents=True)
        tag = python.replace(".", "")
        argv = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
        argv += ["--require-hashes", "--no-deps", "--only-binary", ":all:", "--dest", str(place)]
        argv += ["--python-version", python, "--implementation", "cp"]
        for abi in (f"cp{tag}", "abi3", "none"):
            argv += ["--abi", abi]
        for minor in _MANYLINUX:
            argv += ["--platform", f"manylinux_2_{minor}_{machine}"]
        argv += ["--platform", f"manylinux2014_{machine}", "--requirement", str(lock)]
        done = subprocess.run(argv, capture_output=True, text=True, check=False)
        if done.returncode:
            lines = [one for one in done.stderr.splitlines() if one.startswith("ERROR")]
            sys.stderr.write("".join(f"{one}\n" for one in lines[:2]))
            return None
        (place / _STAMP).write_text(_sum(lock))
        sets[python] = _of_use(place)
    return sets


def _sum(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _is_there(place: Path, lock: Path) -> bool:
    """Whether a whole set of this lock lies there, unchanged."""
    stamp = place / _STAMP
    if not stamp.is_file() or stamp.read_text() != _sum(lock):
        return False
    named = set(re.findall(r"--hash=sha256:([0-9a-f]{64})", lock.read_text(encoding="utf-8")))
    return all(_sum(one) in named for one in place.glob("*.whl"))


def _of_use(place: Path) -> list[Path]:
    """The wheels of a set that run, without those that only build."""
    return [one for one in sorted(place.glob("*.whl")) if not one.name.startswith(_BUILD_ONLY)]


def shared(sets: dict[str, list[Path]]) -> set[str]:
    """The names of the wheels that serve every Python."""
    names = [{one.name for one in files} for files in sets.values()]
    return set.intersection(*names)


def read_metadata(wheel: Path) -> Message:
    """A wheel's METADATA."""
    with zipfile.ZipFile(wheel) as held:
        name = next(one for one in held.namelist() if one.endswith(".dist-info/METADATA"))
        return BytesParser().parsebytes(held.read(name))


def unpack(wheel: Path, place: Path) -> None:
    """A wheel's modules, metadata and data below `place`; its scripts stay out (PEP 427)."""
    with zipfile.ZipFile(wheel) as held:
        for entry in held.infolist():
            parts = entry.filename.split("/")
            if parts[0].endswith(".data"):
                if parts[1] not in ("purelib", "platlib"):
                    continue
                parts = parts[2:]
            if entry.is_dir() or ".." in parts:
                continue
            target = place.joinpath(*parts)
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(held.read(entry))
