"""The collections of real machines beside the project; tests skip where they are absent."""

from __future__ import annotations

import tarfile
from dataclasses import dataclass
from pathlib import Path

import pytest

CORPUS = Path(__file__).resolve().parents[2].parent / "shared" / "corpus"


@dataclass(frozen=True)
class Sample:
    """One file: the folders above it (the collection's own judgement) and its bytes."""

    folders: tuple[str, ...]
    raw: bytes

    @property
    def text(self) -> str:
        return self.raw.decode("utf-8", "replace")

    def __str__(self) -> str:
        return "/".join(self.folders)


def read_corpus(name: str) -> list[Sample]:
    """All samples of a collection: "dmi", "lscpu" or "edid"."""
    archive = CORPUS / f"{name}.tar.xz"
    if not archive.exists():
        pytest.skip(f"no collection of real machines: {archive.name} is not beside the project")
    found = []
    with tarfile.open(archive) as packed:
        for member in packed:
            stream = packed.extractfile(member) if member.isfile() else None
            if stream is not None:
                parts = Path(member.name).parts
                found.append(Sample(parts[1:] if parts[0] == name else parts, stream.read()))
    return found
