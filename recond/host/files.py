"""Files of the machine: /sys, /proc, /run/udev, below a root that a recording can replace.

Why: readers name absolute paths; where they come from is decided once. Reading never follows a link
out of the root, never raises for an absent file, and never reads more than a bound.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import IO

from recond.frozen import dataclass
from recond.host.regular import open_regular
from recond.model import Unknown, Why

MAX_BYTES = 16 << 20


@dataclass(frozen=True, slots=True)
class Files:
    """A tree of files. `root` is `/` on a live machine, or the folder of a capture."""

    root: Path = Path("/")

    def at(self, path: str) -> Path:
        """Where a path of the tree lies on this machine; links in it lead anywhere."""
        return self.root / path.lstrip("/")

    def read(self, path: str, limit_bytes: int = MAX_BYTES) -> bytes | Unknown:
        """The bytes of a file, at most `limit_bytes`; `Unknown` with the reason otherwise."""
        try:
            with self._open(self._inside(path)) as stream:
                parts, left = [], limit_bytes
                # small requests: /proc/sys answers ENOMEM to one of many MiB
                while left > 0 and (part := stream.read(min(left, 65536))):
                    parts.append(part)
                    left -= len(part)
                return b"".join(parts)
        except OSError as error:
            return Unknown(_why(error), path)

    def _open(self, place: Path) -> IO[bytes]:
        if self.root == Path("/"):
            return place.open("rb", buffering=0)
        # nobody writes into a recording's pipe, and a device's bytes are not the machine's
        return os.fdopen(open_regular(place.resolve(), os.O_RDONLY), "rb", buffering=0)

    def read_text(self, path: str) -> str | Unknown:
        """A small text file, stripped of white space and NULs at its ends."""
        raw = self.read(path)
        if isinstance(raw, Unknown):
            return raw
        return raw.decode("utf-8", "replace").strip("\0 \t\r\n")

    def list(self, path: str) -> tuple[str, ...]:
        """The names in a folder, sorted; empty where there is none."""
        try:
            return tuple(sorted(os.listdir(self._inside(path))))  # noqa: PTH208 - names only
        except OSError:
            return ()

    def looked(self, path: str) -> bool:  # noqa: ARG002 - a recording decides by it
        """Whether what is absent at the path is absent on the machine: on a live one, always."""
        return True

    def answers(self, path: str) -> bool:  # noqa: ARG002 - a recording decides by it
        """Whether what stands at the path, or its absence, was read: on a live machine, always."""
        return True

    def whole(self) -> bool:
        """Whether the tree holds all that an inspection asks for, as a computer's own does."""
        return True

    def exists(self, path: str) -> bool:
        """Whether the path exists (a dangling link does not)."""
        try:
            return self._inside(path).exists()
        except OSError:
            return False

    def resolve(self, path: str) -> str | None:
        """The absolute path without links, as seen from the root; None where it does not exist."""
        try:
            real = self._inside(path).resolve(strict=True)
            return "/" + str(real.relative_to(self.root.resolve()))
        except (OSError, ValueError, RuntimeError):
            return None

    def _inside(self, path: str) -> Path:
        full = self.at(path)
        if self.root == Path("/"):
            return full
        # a recording is somebody's archive: a link in it must not lead out of it
        try:
            inside = full.resolve().is_relative_to(self.root.resolve())
        except (RuntimeError, ValueError):  # links in a circle; a name with a NUL
            inside = False
        if not inside:
            raise FileNotFoundError(path)
        return full


def _why(error: OSError) -> Why:
    if isinstance(error, FileNotFoundError | NotADirectoryError):
        return Why.ABSENT
    if isinstance(error, PermissionError):
        return Why.DENIED
    return Why.UNREADABLE
