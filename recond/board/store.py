"""Where the packages lie: a folder, or the S3 bucket of one of the destinations.

Why by their digest: the same bytes stand at the same place however often they come, nothing is ever
overwritten with something else, and whoever restores a backup can tell what is whole. A package is
on the disk before the database names it, so that a killed board leaves at most a file that nothing
names, which the next delivery of the same record finds again.
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Protocol

from recond.errors import RecordInvalid, UploadFailed, UsageError
from recond.host.spool import Spool
from recond.upload.s3 import S3
from recond.upload.settings import Settings


class Store(Protocol):
    """Bytes by the SHA-256 of them. Methods raise `OSError` or `UploadFailed`."""

    def put(self, raw: bytes) -> str:
        """Keep bytes; their digest. They are on the disk when this returns."""

    def get(self, digest: str) -> bytes:
        """The bytes. Raises `RecordInvalid` where they are gone or are others."""


def _checked(raw: bytes | None, digest: str) -> bytes:
    if raw is None:
        raise RecordInvalid("board.store.gone", digest=digest)
    if hashlib.sha256(raw).hexdigest() != digest:
        raise RecordInvalid("board.store.altered", digest=digest)
    return raw


class FolderStore:
    """Packages in a folder, 256 folders below it."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def put(self, raw: bytes) -> str:
        """Keep bytes."""
        digest = hashlib.sha256(raw).hexdigest()
        there = Spool(self._folder / digest[:2])
        if not there.has(f"{digest}.zip"):
            there.save(f"{digest}.zip", raw)
        return digest

    def get(self, digest: str) -> bytes:
        """The bytes, checked."""
        return _checked(Spool(self._folder / digest[:2]).read(f"{digest}.zip"), digest)


class BucketStore:
    """Packages in a bucket."""

    def __init__(self, settings: Settings) -> None:
        self._s3 = S3(settings)

    def put(self, raw: bytes) -> str:
        """Keep bytes."""
        digest = hashlib.sha256(raw).hexdigest()
        self._s3.put(f"board/{digest[:2]}/{digest}.zip", raw)
        return digest

    def get(self, digest: str) -> bytes:
        """The bytes, checked."""
        try:
            raw = self._s3.get_below(f"board/{digest[:2]}/{digest}.zip")
        except UploadFailed:
            raise RecordInvalid("board.store.gone", digest=digest) from None
        return _checked(raw, digest)


def open_store(where: str | None, folder: Path, destinations: tuple[Settings, ...]) -> Store:
    """`None`: the folder; a path: that folder; `s3:NAME`: the bucket of a destination.

    Raises `UsageError` for a name that is no bucket's.
    """
    if where is None:
        return FolderStore(folder / "packages")
    if not where.startswith("s3:"):
        return FolderStore(Path(where).absolute())
    for one in destinations:
        if one.name == where[3:] and one.kind == "s3":
            return BucketStore(one)
    raise UsageError("lot.source.unknown", source=where)
