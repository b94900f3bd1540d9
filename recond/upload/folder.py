"""The destination that is a folder: a USB stick, a share.

Why the mark: an empty mount point looks like a folder. `recond upload add` leaves a file in it;
where the mark is not seen the stick is not there, and nothing is written below it. A record's
folder appears under its name when it is whole; one that is there already is compared, never
overwritten.
"""

from __future__ import annotations

import hashlib
from pathlib import Path

from recond.errors import UsageError
from recond.host.clock import Clock
from recond.host.reason import os_reason, unwritten
from recond.host.spool import Spool
from recond.model import Message
from recond.upload.outcome import Delivered, Later, Outcome, Parked
from recond.upload.package import Package
from recond.upload.settings import Settings

MARK = ".recond-destination"


class Folder:
    """Delivers into a folder."""

    def __init__(self, settings: Settings) -> None:
        self._path = settings.get("path")
        if not Path(self._path).is_absolute():
            raise UsageError("upload.folder.relative", path=self._path)
        self._spool = Spool(Path(self._path))

    def prepare(self) -> None:
        """Leave the mark. Raises `UsageError` where the folder is absent or not writable,
        `BenchLacks` where it is full or fails.
        """
        if not self._spool.has(""):  # never made here: it may be where a stick is to be mounted
            raise UsageError("upload.folder.absent", path=self._path)
        try:
            self._spool.save(MARK, b"recond\n", mode=0o644)
        except OSError as error:
            raise unwritten(error, "upload.folder.unusable", path=self._path) from None

    def check(self, clock: Clock) -> Outcome:
        """Whether the marked folder is there and can be written."""
        del clock
        try:
            if not self._spool.has(MARK):
                return Later(Message.of("upload.folder.absent", path=self._path), whole=True)
            self._spool.save(MARK, b"recond\n", mode=0o644)
        except OSError as error:
            return Later(Message.of("upload.folder.unusable", **self._why(error)), whole=True)
        return Delivered(Message("upload.check.folder"))

    def deliver(self, package: Package, clock: Clock) -> Outcome:
        """Copy the record's folder, byte for byte."""
        del clock
        try:
            if not self._spool.has(MARK):
                return Later(Message.of("upload.folder.absent", path=self._path), whole=True)
            return self._put(package)
        except OSError as error:
            return Later(Message.of("upload.folder.unusable", **self._why(error)), whole=True)

    def _put(self, package: Package) -> Outcome:
        for name in (package.record_id, f"{package.record_id}-{package.digest[:8]}"):
            if not self._spool.has(name):
                self._spool.deposit(name, package.files)
                return Delivered(Message.of("upload.folder.sent", name=name))
            if self._holds(name, package):
                return Delivered(Message("upload.already"))
        return Parked(Message.of("upload.folder.taken", name=package.record_id))

    def _holds(self, name: str, package: Package) -> bool:
        """Whether a folder there is this one: a record's bytes are no secret, and others may have
        signed them and written there.
        """
        there = self._spool.read(f"{name}/{package.main}")
        if there is None or hashlib.sha256(there).hexdigest() != package.digest:
            return False
        return self._spool.read(f"{name}/{package.signature}") == package.file(package.signature)

    def _why(self, error: OSError) -> dict[str, str]:
        return {"path": self._path, "reason": os_reason(error)}
